-- The year to date of each account's last month is the sum of the financial year's months.
select company, account_id, financial_year
from (
    select
        company,
        account_id,
        financial_year,
        year_to_date_amount,
        sum(amount) over (partition by company, account_id, financial_year) as amount,
        row_number() over (
            partition by company, account_id, financial_year order by date_month desc
        ) as place
    from {{ ref('poweroffice__profit_and_loss') }}
) as months
where place = 1 and amount <> year_to_date_amount
