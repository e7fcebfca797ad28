{#- The day of a moment in UTC; in DuckDB the tables have moments in UTC without a zone. -#}
{% macro utc_date(moment) -%}
    {{ return(adapter.dispatch('utc_date', 'dbt_poweroffice')(moment)) }}
{%- endmacro %}

{% macro default__utc_date(moment) -%}
    cast({{ moment }} as date)
{%- endmacro %}

{% macro postgres__utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}
