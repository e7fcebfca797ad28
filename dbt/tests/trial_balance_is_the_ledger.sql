-- The closing balance of each account and month is the sum of its entries up to the month's end, added up anew from
-- the entries; the last month has all of them.
with entries as (

    select company, account_id, date_month, sum(amount) as amount
    from {{ ref('stg_poweroffice__account_transactions') }}
    where {{ in_reports() }}
    group by company, account_id, date_month

),

accounts as (

    select company, account_id, sum(amount) as amount
    from entries
    group by company, account_id

),

latest as (

    select company, account_id, closing_balance
    from (
        select
            company,
            account_id,
            closing_balance,
            row_number() over (partition by company, account_id order by date_month desc) as place
        from {{ ref('poweroffice__trial_balance') }}
    ) as ranked
    where place = 1

),

monthly as (

    select balance.company, balance.account_id, balance.date_month
    from {{ ref('poweroffice__trial_balance') }} as balance
    left join entries
        on balance.company = entries.company
        and balance.account_id = entries.account_id
        and balance.date_month >= entries.date_month
    group by balance.company, balance.account_id, balance.date_month, balance.closing_balance
    having balance.closing_balance <> coalesce(sum(entries.amount), 0)

)

select company, account_id, date_month from monthly
union all
select
    coalesce(accounts.company, latest.company) as company,
    coalesce(accounts.account_id, latest.account_id) as account_id,
    null as date_month
from accounts
full outer join latest
    on accounts.company = latest.company
    and accounts.account_id = latest.account_id
where accounts.amount is null
    or latest.closing_balance is null
    or accounts.amount <> latest.closing_balance
