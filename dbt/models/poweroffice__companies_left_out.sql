-- Accounts with entries that the reports have no right place for. Their companies are in no report until that is mended,
-- so that the others' are published.
select company, account_id, account_no, account_name, account_type, reason
from (
    select
        *,
        case
            when account_name is null then 'it is not in the chart of accounts'
            when account_class is null then 'its number begins with no group of NS 4102'
            -- An account of appropriations (88, 89) may be equity.
            when
                (account_type in ('Asset', 'Liability') and financial_statement <> 'balance_sheet')
                or (account_type = 'Equity' and financial_statement = 'profit_and_loss')
                or (account_type in ('Income', 'Expense') and financial_statement = 'balance_sheet')
                then 'its type is ' || account_type || ', but its number is one of ' || section_name
        end as reason
    from {{ ref('int_poweroffice__accounts') }}
    where has_transactions
) as accounts
where reason is not null
