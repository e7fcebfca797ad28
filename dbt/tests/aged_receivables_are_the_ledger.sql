{{ config(enabled=var('poweroffice_using_open_items')) }}

-- What each customer has open is the balance of its entries in the ledger, and the columns of days sum to it.
with ledger as (

    select company, customer_account_no, sum(amount) as open_amount
    from {{ ref('poweroffice__general_ledger') }}
    where customer_account_no is not null
    group by company, customer_account_no

)

select
    coalesce(ledger.company, aged.company) as company,
    coalesce(ledger.customer_account_no, aged.customer_account_no) as customer_account_no,
    ledger.open_amount as in_the_ledger,
    aged.open_amount as open_items
from ledger
full outer join {{ ref('poweroffice__aged_receivables') }} as aged
    on ledger.company = aged.company
    and ledger.customer_account_no = aged.customer_account_no
where coalesce(ledger.open_amount, 0) <> coalesce(aged.open_amount, 0)
    or aged.not_due + aged.overdue_1_30 + aged.overdue_31_60 + aged.overdue_61_90 + aged.overdue_over_90
        <> aged.open_amount
