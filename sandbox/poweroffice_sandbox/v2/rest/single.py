"""Resources that are one object: settings and who-am-I. Rule: answers only what the OpenAPI file lists."""

from __future__ import annotations

from ...core.clock import stamp
from ...core.origin import FIRST_DAY, LOCK_DATE, START, account_id
from ...core.reply import Reply, json_bytes
from .call import Call
from .wire_form import formed

__all__ = ["LOCK_DATE", "financial", "integration", "lock_date"]


def _one(call: Call, value: object) -> Reply:
    body = formed(json_bytes(value), call.switches)
    return Reply(200, body, {"Content-Type": "application/json; charset=utf-8"})


def integration(call: Call) -> Reply:
    """Answer GET ClientIntegrationInformation; needs a token, no privilege."""
    rights = call.access.rights(call.company)
    newer = {"AllowSendInvoice": rights.allow_send_invoice}
    return _one(
        call,
        {
            **(newer if call.switches.send_invoice_field == "present" else {}),
            "ActiveClientSubscriptions": ["Accounting", "Payroll"],
            "ClientId": call.company.client_id,
            "ClientName": call.company.name,
            "InvalidPrivileges": list(rights.invalid),
            "ValidPrivileges": list(rights.privileges),
        },
    )


def lock_date(call: Call) -> Reply:
    """Answer GET LockDateSettings."""
    return _one(call, {"LockDate": LOCK_DATE})


def financial(call: Call) -> Reply:
    """Answer GET FinancialSettings."""
    return _one(
        call,
        {
            "ConversionDate": FIRST_DAY,
            "CurrencyCode": "NOK",
            "CurrencyGainsAccountId": account_id(8060),
            "CurrencyGainsAccountNo": 8060,
            "CurrencyLossAccountId": account_id(8160),
            "CurrencyLossAccountNo": 8160,
            "FinancialYearEndMonth": "December",
            "LastChangedDateTimeOffset": stamp(START),
            "UseTrustAccountManagement": False,
        },
    )
