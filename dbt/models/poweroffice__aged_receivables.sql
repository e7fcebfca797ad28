{{ config(enabled=var('poweroffice_using_open_items')) }}

{{ aged_open_items('customer', '') }}
