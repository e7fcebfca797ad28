{#- Open items of customers or suppliers, by how long they are overdue on the day they were loaded. -#}
{% macro aged_open_items(contact, sign) -%}
with items as (

    select
        *,
        {{ dbt.datediff('coalesce(due_date, posting_date)', 'loaded_on', 'day') }} as days_overdue,
        {{ sign }}balance as open_amount
    from {{ ref('stg_poweroffice__' ~ contact ~ '_open_items') }}
    where {{ in_reports() }}

)

select
    company,
    loaded_on as as_of_date,
    {{ contact }}_id,
    {{ contact }}_account_no,
    max({{ contact }}_name) as {{ contact }}_name,
    sum(open_amount) as open_amount,
    {% for name, first, last in [
        ('not_due', none, 0), ('overdue_1_30', 1, 30), ('overdue_31_60', 31, 60),
        ('overdue_61_90', 61, 90), ('overdue_over_90', 91, none),
    ] -%}
    sum(
        case
            when {{ 'days_overdue >= ' ~ first if first is not none }}{{ ' and ' if first is not none and last is not none }}{{ 'days_overdue <= ' ~ last if last is not none }}
                then open_amount
            else 0
        end
    ) as {{ name }}{{ ',' if not loop.last }}
    {% endfor -%}
from items
group by company, loaded_on, {{ contact }}_id, {{ contact }}_account_no
{%- endmacro %}
