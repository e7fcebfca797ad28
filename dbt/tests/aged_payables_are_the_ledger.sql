{{ config(enabled=var('poweroffice_using_open_items')) }}

-- Stands on what is compared: depends_on: {{ ref('poweroffice__general_ledger') }}, {{ ref('stg_poweroffice__supplier_open_items') }}
{{ open_items_not_in_the_ledger('supplier') }}
