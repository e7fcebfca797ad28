{{ config(enabled=var('poweroffice_using_open_items')) }}

-- Stands on the test against the ledger: depends_on: {{ ref('poweroffice__general_ledger') }}
{{ aged_open_items('supplier', '-') }}
