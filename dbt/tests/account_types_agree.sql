-- PowerOffice's own type of an account says the same as its number: balance sheet, or profit and loss. An account of
-- appropriations (88, 89) may be equity.
select company, account_id, account_no, account_type, account_class
from {{ ref('int_poweroffice__accounts') }}
where has_transactions
    and (
        (account_type in ('Asset', 'Liability') and financial_statement <> 'balance_sheet')
        or (account_type = 'Equity' and financial_statement = 'profit_and_loss')
        or (account_type in ('Income', 'Expense') and financial_statement = 'balance_sheet')
    )
