-- Every entry is in the general ledger once, with its amount, and nothing else is.
with expected as (

    select company, count(*) as entries, sum(amount) as amount
    from {{ ref('stg_poweroffice__account_transactions') }}
    where {{ in_reports() }}
    group by company

),

found as (

    select company, count(*) as entries, sum(debit_amount) - sum(credit_amount) as amount
    from {{ ref('poweroffice__general_ledger') }}
    group by company

)

select coalesce(expected.company, found.company) as company
from expected
full outer join found
    on expected.company = found.company
where coalesce(expected.entries, 0) <> coalesce(found.entries, 0)
    or coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
