{#- A condition: the company is in the reports. -#}
{% macro in_reports(company='company') -%}
    {{ company }} not in (select left_out.company from {{ ref('poweroffice__companies_left_out') }} as left_out)
{%- endmacro %}
