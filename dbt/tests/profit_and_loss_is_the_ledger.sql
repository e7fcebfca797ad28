-- The result of each month is what the entries of classes 3 to 8, without appropriations, sum to, the sign turned.
with expected as (

    select entries.company, entries.date_month, -sum(entries.amount) as amount
    from {{ ref('stg_poweroffice__account_transactions') }} as entries
    inner join {{ ref('int_poweroffice__accounts') }} as accounts
        on entries.company = accounts.company
        and entries.account_id = accounts.account_id
    where accounts.financial_statement = 'profit_and_loss' and {{ in_reports('entries.company') }}
    group by entries.company, entries.date_month

),

found as (

    select company, date_month, sum(amount) as amount
    from {{ ref('poweroffice__profit_and_loss') }}
    group by company, date_month

)

select
    coalesce(expected.company, found.company) as company,
    coalesce(expected.date_month, found.date_month) as date_month
from expected
full outer join found
    on expected.company = found.company
    and expected.date_month = found.date_month
where coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
