-- PowerOffice's own type of an account says the same as its number: balance sheet, or profit and loss.
select company, account_id, account_no, account_type, account_class
from {{ ref('int_poweroffice__accounts') }}
where has_transactions
    and (
        (account_type in ('Asset', 'Liability', 'Equity') and financial_statement <> 'balance_sheet')
        or (account_type in ('Income', 'Expense') and financial_statement = 'balance_sheet')
    )
