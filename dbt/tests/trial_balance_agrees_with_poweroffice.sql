{{ config(enabled=var('poweroffice_using_trial_balance')) }}

-- Each account has the balance that PowerOffice says. An entry that was not loaded shows here, and so does an opening
-- balance that is in no entry.
with ledger as (

    select company, account_id, sum(amount) as balance
    from {{ ref('poweroffice__general_ledger') }}
    group by company, account_id

),

theirs as (

    select company, account_id, balance
    from {{ ref('stg_poweroffice__trial_balance') }}
    where {{ in_reports() }}

)

select
    coalesce(ledger.company, theirs.company) as company,
    coalesce(ledger.account_id, theirs.account_id) as account_id,
    ledger.balance as in_the_ledger,
    theirs.balance as in_poweroffice
from ledger
full outer join theirs
    on ledger.company = theirs.company
    and ledger.account_id = theirs.account_id
where coalesce(ledger.balance, 0) <> coalesce(theirs.balance, 0)
