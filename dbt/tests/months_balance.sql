-- So do the rows of a month: a balance sheet of its last day can balance.
select company, date_month, sum(amount) as difference
from {{ ref('poweroffice__general_ledger') }}
group by company, date_month
having sum(amount) <> 0
