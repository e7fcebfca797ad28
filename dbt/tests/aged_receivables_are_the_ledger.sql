{{ config(enabled=var('poweroffice_using_open_items')) }}

-- What each customer has open is the balance of its entries in the ledger, on accounts of the balance sheet.
with ledger as (

    select company, customer_account_no, sum(amount) as balance
    from {{ ref('poweroffice__general_ledger') }}
    where customer_account_no is not null and financial_statement = 'balance_sheet'
    group by company, customer_account_no

),

items as (

    select company, customer_account_no, sum(balance) as balance
    from {{ ref('stg_poweroffice__customer_open_items') }}
    group by company, customer_account_no

)

select
    coalesce(ledger.company, items.company) as company,
    coalesce(ledger.customer_account_no, items.customer_account_no) as customer_account_no,
    ledger.balance as in_the_ledger,
    items.balance as open_items
from ledger
full outer join items
    on ledger.company = items.company
    and ledger.customer_account_no = items.customer_account_no
where coalesce(ledger.balance, 0) <> coalesce(items.balance, 0)
