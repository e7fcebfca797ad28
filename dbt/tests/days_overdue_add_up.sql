{{ config(enabled=var('poweroffice_using_open_items')) }}

-- The columns of days sum to what is open.
{% for report in ['poweroffice__aged_receivables', 'poweroffice__aged_payables'] -%}
select company, '{{ report }}' as report
from {{ ref(report) }}
where not_due + overdue_1_30 + overdue_31_60 + overdue_61_90 + overdue_over_90 <> open_amount
{{ 'union all' if not loop.last }}
{% endfor %}
