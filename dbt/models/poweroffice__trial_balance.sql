-- A row for each company, account and month, from the account's first posting to the last month of the reports.
{% if var('poweroffice_using_trial_balance') -%}
-- Stands on the test against PowerOffice's trial balance: depends_on: {{ ref('stg_poweroffice__trial_balance') }}
{%- endif %}
with recursive ledger as (

    select
        company,
        account_id,
        date_month,
        sum(debit_amount) as debit_amount,
        sum(credit_amount) as credit_amount,
        sum(amount) as net_change
    from {{ ref('poweroffice__general_ledger') }}
    group by company, account_id, date_month

),

bounds as (

    select
        company,
        min(date_month) as first_month,
        greatest(max(date_month), {{ report_through() }}) as last_month
    from ledger
    group by company

),

months as (

    select min(first_month) as date_month, max(last_month) as last_month from bounds
    union all
    select cast({{ dbt.dateadd('month', 1, 'date_month') }} as date) as date_month, last_month
    from months
    where date_month < last_month

),

beginnings as (

    select company, account_id, min(date_month) as first_month
    from ledger
    group by company, account_id

),

account_months as (

    select
        beginnings.company,
        beginnings.account_id,
        months.date_month,
        {{ financial_year('beginnings.company', 'months.date_month') }} as financial_year,
        coalesce(ledger.debit_amount, 0) as debit_amount,
        coalesce(ledger.credit_amount, 0) as credit_amount,
        coalesce(ledger.net_change, 0) as net_change
    from beginnings
    inner join bounds
        on beginnings.company = bounds.company
    inner join months
        on months.date_month between beginnings.first_month and bounds.last_month
    left join ledger
        on beginnings.company = ledger.company
        and beginnings.account_id = ledger.account_id
        and months.date_month = ledger.date_month

),

balances as (

    select
        *,
        sum(net_change) over (
            partition by company, account_id
            order by date_month rows between unbounded preceding and current row
        ) as closing_balance,
        sum(net_change) over (
            partition by company, account_id, financial_year
            order by date_month rows between unbounded preceding and current row
        ) as year_to_date_change
    from account_months

)

select
    balances.company,
    balances.date_month,
    balances.financial_year,
    accounts.account_id,
    accounts.account_no,
    accounts.account_name,
    accounts.account_class,
    accounts.account_class_name,
    accounts.financial_statement,
    accounts.section,
    accounts.section_name,
    accounts.section_order,
    balances.closing_balance - balances.net_change as opening_balance,
    balances.debit_amount,
    balances.credit_amount,
    balances.net_change,
    balances.closing_balance,
    balances.year_to_date_change
from balances
inner join {{ ref('int_poweroffice__accounts') }} as accounts
    on balances.company = accounts.company
    and balances.account_id = accounts.account_id
