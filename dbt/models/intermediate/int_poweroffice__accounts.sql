-- Every account of the chart or of the ledger, with its place in the reports. An account is its id: numbers may
-- be shared (agriculture), and change.
with used as (

    select company, account_id, max(account_no) as account_no
    from {{ ref('stg_poweroffice__account_transactions') }}
    group by company, account_id

),

accounts as (

    select
        coalesce(chart.company, used.company) as company,
        coalesce(chart.account_id, used.account_id) as account_id,
        coalesce(chart.account_no, used.account_no) as account_no,
        chart.account_name,
        chart.account_type,
        used.account_id is not null as has_transactions
    from {{ ref('stg_poweroffice__general_ledger_accounts') }} as chart
    full outer join used
        on chart.company = used.company
        and chart.account_id = used.account_id

)

select
    accounts.company,
    accounts.account_id,
    accounts.account_no,
    accounts.account_name,
    accounts.account_type,
    accounts.has_transactions,
    classes.account_class,
    classes.account_class_name,
    classes.financial_statement,
    classes.section,
    classes.section_name,
    classes.section_order
from accounts
left join {{ ref('ns4102_account_classes') }} as classes
    on substr(cast(accounts.account_no as {{ dbt.type_string() }}), 1, 2) between classes.first_group and classes.last_group
