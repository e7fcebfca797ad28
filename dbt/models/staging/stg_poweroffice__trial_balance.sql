{{ config(enabled=var('poweroffice_using_trial_balance')) }}

select
    _company as company,
    account_id,
    account_no,
    account_name,
    balance
from {{ source('poweroffice', 'trial_balance') }}
where _deleted_at is null
