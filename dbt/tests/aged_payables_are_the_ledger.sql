{{ config(enabled=var('poweroffice_using_open_items')) }}

-- What each supplier has open is the balance of its entries in the ledger, on accounts of the balance sheet.
with ledger as (

    select company, supplier_account_no, sum(amount) as balance
    from {{ ref('poweroffice__general_ledger') }}
    where supplier_account_no is not null and financial_statement = 'balance_sheet'
    group by company, supplier_account_no

),

items as (

    select company, supplier_account_no, sum(balance) as balance
    from {{ ref('stg_poweroffice__supplier_open_items') }}
    group by company, supplier_account_no

)

select
    coalesce(ledger.company, items.company) as company,
    coalesce(ledger.supplier_account_no, items.supplier_account_no) as supplier_account_no,
    ledger.balance as in_the_ledger,
    items.balance as open_items
from ledger
full outer join items
    on ledger.company = items.company
    and ledger.supplier_account_no = items.supplier_account_no
where coalesce(ledger.balance, 0) <> coalesce(items.balance, 0)
