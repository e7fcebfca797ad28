-- Each company, month and statement: accounts as in the trial balance, and the result what all other accounts sum to.
with expected as (

    select
        company,
        date_month,
        case when financial_statement = 'balance_sheet' then 1 else 0 end as is_account,
        sum(closing_balance) as balance
    from {{ ref('poweroffice__trial_balance') }}
    group by company, date_month, case when financial_statement = 'balance_sheet' then 1 else 0 end

),

found as (

    select
        company,
        date_month,
        case when account_id is null then 0 else 1 end as is_account,
        sum(balance) as balance
    from {{ ref('poweroffice__balance_sheet') }}
    group by company, date_month, case when account_id is null then 0 else 1 end

)

select
    coalesce(expected.company, found.company) as company,
    coalesce(expected.date_month, found.date_month) as date_month
from expected
full outer join found
    on expected.company = found.company
    and expected.date_month = found.date_month
    and expected.is_account = found.is_account
where coalesce(expected.balance, 0) <> coalesce(found.balance, 0)
