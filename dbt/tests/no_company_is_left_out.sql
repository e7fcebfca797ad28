-- The chart of each company is one that the reports can be made of. A build that leaves one out names it and is red,
-- once all other reports are there: depends_on: {{ ref('poweroffice__profit_and_loss') }}, {{ ref('poweroffice__balance_sheet') }}
{% set left_out = ref('poweroffice__companies_left_out') %}
{% if execute and flags.WHICH in ['build', 'test'] %}
{% for row in run_query('select company, account_no, reason from ' ~ left_out ~ ' order by company, account_no') %}
{% do log('[' ~ row[0] ~ '] is in no report: account ' ~ row[1] ~ ': ' ~ row[2], info=true) %}
{% endfor %}
{% endif %}
select company, account_no, reason
from {{ left_out }}
