{#- What customers or suppliers have open and the balance of their entries on accounts of the balance sheet, where these differ. -#}
{% macro open_items_not_in_the_ledger(contact) -%}
with ledger as (

    select company, {{ contact }}_account_no, sum(amount) as balance
    from {{ ref('poweroffice__general_ledger') }}
    where {{ contact }}_account_no is not null and financial_statement = 'balance_sheet'
    group by company, {{ contact }}_account_no

),

items as (

    select company, {{ contact }}_account_no, sum(balance) as balance
    from {{ ref('stg_poweroffice__' ~ contact ~ '_open_items') }}
    where {{ in_reports() }}
    group by company, {{ contact }}_account_no

)

select
    coalesce(ledger.company, items.company) as company,
    coalesce(ledger.{{ contact }}_account_no, items.{{ contact }}_account_no) as {{ contact }}_account_no,
    ledger.balance as in_the_ledger,
    items.balance as open_items
from ledger
full outer join items
    on ledger.company = items.company
    and ledger.{{ contact }}_account_no = items.{{ contact }}_account_no
where coalesce(ledger.balance, 0) <> coalesce(items.balance, 0)
{%- endmacro %}
