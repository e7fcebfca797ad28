-- The rows of a voucher sum to zero.
select company, voucher_id, sum(amount) as difference
from {{ ref('stg_poweroffice__account_transactions') }}
group by company, voucher_id
having sum(amount) <> 0
