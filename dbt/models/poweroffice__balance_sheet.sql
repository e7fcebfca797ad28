-- The balances of classes 1 and 2, and what classes 3 to 8 add up to: the result that is not in equity yet.
with accounts as (

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
        closing_balance as balance
    from {{ ref('poweroffice__trial_balance') }}
    where financial_statement = 'balance_sheet'

),

results as (

    select
        company,
        date_month,
        financial_year,
        sum(year_to_date_change) as this_year,
        sum(closing_balance - year_to_date_change) as earlier_years
    from {{ ref('poweroffice__trial_balance') }}
    where financial_statement <> 'balance_sheet'
    group by company, date_month, financial_year

),

lines as (

    select * from accounts
    {% for column, name in [
        ('this_year', 'Result of the year, not appropriated'),
        ('earlier_years', 'Result of earlier years, not appropriated'),
    ] %}
    union all
    select
        company,
        date_month,
        financial_year,
        null as account_id,
        null as account_no,
        '{{ name }}' as account_name,
        2 as account_class,
        'Equity and liabilities' as account_class_name,
        'equity' as section,
        'Equity' as section_name,
        6 as section_order,
        {{ column }} as balance
    from results
    {% endfor %}

)

select
    *,
    case when account_class = 1 then balance else -balance end as amount
from lines
