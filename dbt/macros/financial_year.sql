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
            when {{ dbt.string_literal(dbt.escape_single_quotes(alias)) }} then {{ checked_month(month) }}
            {% endfor -%}
            else {{ checked_month(var('poweroffice_year_end_month')) }}
        end
    {%- else -%}
        {{ checked_month(var('poweroffice_year_end_month')) }}
    {%- endif -%}
{%- endmacro %}

{%- macro checked_month(month) -%}
    {%- if (month | int) not in range(1, 13) -%}
        {{ exceptions.raise_compiler_error('the last month of a financial year is 1 to 12, not ' ~ month) }}
    {%- endif -%}
    {{ month | int }}
{%- endmacro %}

{#- The month that balances are carried on to at least. -#}
{% macro report_through() -%}
    {%- set month = (var('poweroffice_report_through') or run_started_at.strftime('%Y-%m')) | string -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])', month) -%}
        {{ exceptions.raise_compiler_error('poweroffice_report_through is YYYY-MM, not ' ~ month) }}
    {%- endif -%}
    cast('{{ month }}-01' as date)
{%- endmacro %}
