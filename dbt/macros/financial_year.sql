{#- The year in which the financial year of a month ends. -#}
{% macro financial_year(company, date_month) -%}
    cast(extract(year from {{ date_month }}) as integer)
    + case
        when extract(month from {{ date_month }}) > {{ year_end_month(company) }} then 1
        else 0
    end
{%- endmacro %}

{%- macro year_end_month(company) -%}
    {%- set months = var('poweroffice_year_end_months') -%}
    {%- if months -%}
        case {{ company }}
            {% for alias, month in months.items() -%}
            when {{ dbt.string_literal(dbt.escape_single_quotes(alias)) }} then {{ month | int }}
            {% endfor -%}
            else {{ var('poweroffice_year_end_month') | int }}
        end
    {%- else -%}
        {{ var('poweroffice_year_end_month') | int }}
    {%- endif -%}
{%- endmacro %}

{#- The month that balances are carried on to at least. -#}
{% macro report_through() -%}
    cast('{{ var('poweroffice_report_through') or run_started_at.strftime('%Y-%m') }}-01' as date)
{%- endmacro %}
