{% set months = var('poweroffice_year_end_months') %}
{{ config(enabled=months | length > 0) }}

-- Each alias that has a last month of its own is a company with a chart: a misspelt one would have that of all others.
{% for alias in months -%}
{% set company = dbt.string_literal(dbt.escape_single_quotes(alias)) -%}
select {{ company }} as company
where not exists (select 1 from {{ ref('stg_poweroffice__general_ledger_accounts') }} where company = {{ company }})
{{ 'union all' if not loop.last }}
{% endfor %}
