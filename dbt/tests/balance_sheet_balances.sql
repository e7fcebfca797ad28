-- Assets are equity and liabilities.
select company, date_month
from {{ ref('poweroffice__balance_sheet') }}
group by company, date_month
having sum(balance) <> 0
    or sum(case when account_class = 1 then amount else 0 end) <> sum(case when account_class = 2 then amount else 0 end)
