{{ config(enabled=var('poweroffice_using_open_items')) }}

select
    _company as company,
    id as entry_id,
    supplier_id,
    supplier_account_no,
    supplier_name,
    invoice_no,
    voucher_no,
    voucher_type,
    posting_date,
    due_date,
    amount,
    balance,
    currency_code,
    currency_amount,
    {{ utc_date('_loaded_at') }} as loaded_on
from {{ source('poweroffice', 'supplierledger_open_items') }}
where _deleted_at is null
