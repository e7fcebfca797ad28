select
    _company as company,
    id as account_id,
    account_no,
    name as account_name,
    general_ledger_account_type as account_type,
    agriculture_department,
    is_active,
    last_changed_date_time_offset as last_changed_at,
    _loaded_at as loaded_at
from {{ source('poweroffice', 'general_ledger_accounts') }}
where _deleted_at is null
