-- Income above zero, expenses below: the sum of any rows is their result. Appropriation of the result (88, 89) is none.
select
    company,
    date_month,
    financial_year,
    account_id,
    account_no,
    account_name,
    account_class,
    account_class_name,
    section,
    section_name,
    section_order,
    -net_change as amount,
    -year_to_date_change as year_to_date_amount
from {{ ref('poweroffice__trial_balance') }}
where financial_statement = 'profit_and_loss'
