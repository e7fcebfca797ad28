"""
The official single objects: who-am-I, organisation, VAT, payroll and financial settings, rates.

Rule: answers what the OpenAPI file lists; what is not said here is filled from the official table.
"""

from __future__ import annotations

from decimal import Decimal

from ...core.clock import parse_ticks, stamp, ticks
from ...core.origin import account_id, money
from ...core.reply import JSON_TYPE, Reply, json_bytes
from ...core.table import Row
from ..reply import refuse
from ..schema.dto import filled, schema_of
from ..schema.filters import Filter, Given, day
from ..schema.resource import Parent
from .call import Call, Handler
from .lists import get_row, owner_row
from .wire_form import formed
from .writes import patch_row

_ADDRESS = {
    "AddressLine1": "Sjøgata 1",
    "AddressLine2": None,
    "City": "Bergen",
    "CountryCode": "NO",
    "ZipCode": "5014",
}
# NOK for 100 units of a currency on the first day; invented.
_NOK = {
    "NOK": 10_000,
    "SEK": 9_740,
    "DKK": 13_410,
    "EUR": 99_730,
    "USD": 88_190,
    "GBP": 118_900,
    "CHF": 96_400,
}
_NOK["PLN"] = 21_700


def _organization(call: Call) -> Row:
    return {
        "Id": call.company.client_id,
        "Name": call.company.name,
        "LegalName": call.company.name,
        "OrganizationNumber": call.company.organization_number,
        "EmailAddress": "post@firma.example",
        "PhoneNumber": "+4755000000",
        "MailAddress": _ADDRESS,
        "DeliveryAddress": _ADDRESS,
        "MailAddressIsDeliveryAddress": True,
        "InvoiceInboxEhf": True,
        "IsAgricultureClient": False,
    }


def _vat(call: Call) -> Row:
    return {
        "IsVatRegistered": True,
        "VatNumber": f"NO{call.company.organization_number}MVA",
        "VatPeriod": "BiMonthly",
        "VatReturnType": "GeneralIndustry",
        "RoundingAccountId": account_id(7770),
        "RoundingAccountNo": 7770,
        "UseVatCompensation": False,
    }


def _payroll(_call: Call) -> Row:
    return {
        "HolidayPayBalanceAccountId": account_id(2940),
        "EmployerContributionResultAccountId": account_id(5400),
        "EmployerContributionBalanceAccountId": account_id(2770),
        "FullTimeHoursPerWeek": money(3_750),
        "HolidayPayAbove60Percentage": money(230),
    }


_OBJECTS = {
    "/OrganizationSettings": ("OrganizationSetting", _organization),
    "/VatSettings": ("VatSettings", _vat),
    "/PayrollSettings": ("PayrollSettings", _payroll),
}


def _handler(path: str) -> Handler:
    entity, make = _OBJECTS[path]
    fields = schema_of(entity)

    def handler(call: Call) -> Reply:
        row = filled(fields, make(call), stamp(call.books.calendar.start))
        return _one(call, {name: row[name] for name in fields.names})

    return handler


def _one(call: Call, row: Row) -> Reply:
    return Reply(200, formed(json_bytes(row), call.switches), {"Content-Type": JSON_TYPE})


def currency_rate(call: Call) -> Reply:
    """Answer GET CurrencyRates: NOK for units of a currency; rates move a little from day to day."""
    query = {
        name: call.query.get(name.lower(), "").strip() for name in ("fromCurrency", "toCurrency", "asOnDate")
    }
    for name, value in query.items():
        if not value:
            raise refuse(400, "Required parameter missing", f"The parameter '{name}' is required.")
    date = day(Given("asOnDate", query["asOnDate"], Filter("to", ""), {}, call.books.table))
    source, target = (_price(query[name].upper(), date) for name in ("fromCurrency", "toCurrency"))
    rate, places = Decimal(source) / Decimal(target), Decimal("0.000001")
    return _one(
        call,
        {
            "CurrencyCode": query["fromCurrency"].upper(),
            "ExchangeBase": 1,
            "ExchangeRate": rate.quantize(places),
            "RateDate": date,
            "ReverseExchangeRate": (1 / rate).quantize(places),
        },
    )


def _price(code: str, date: str) -> int:
    if code not in _NOK:
        raise refuse(400, "Currency rate validation error(s)", f"The currency '{code}' is not known.")
    drift = 0 if code == "NOK" else parse_ticks(date) // 864_000_000_000 % 97 - 48
    return _NOK[code] + drift * _NOK[code] // 10_000


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
    return _one(call, {"LockDate": call.books.calendar.lock_date})


def financial(call: Call) -> Reply:
    """Answer GET FinancialSettings."""
    return _one(
        call,
        {
            "ConversionDate": call.books.calendar.first_day,
            "CurrencyCode": "NOK",
            "CurrencyGainsAccountId": account_id(8060),
            "CurrencyGainsAccountNo": 8060,
            "CurrencyLossAccountId": account_id(8160),
            "CurrencyLossAccountNo": 8160,
            "FinancialYearEndMonth": "December",
            "LastChangedDateTimeOffset": stamp(call.books.calendar.start),
            "UseTrustAccountManagement": False,
        },
    )


HANDLERS: dict[str, Handler] = {
    **{path: _handler(path) for path in _OBJECTS},
    "/ClientIntegrationInformation": integration,
    "/CurrencyRates": currency_rate,
    "/FinancialSettings": financial,
    "/LockDateSettings": lock_date,
}
"""By path; all are a GET."""


_EMPLOYEE = Parent(("Employees",), "Id", "Employee")


def _of_employee(handler: Handler) -> Handler:
    def wrapped(call: Call) -> Reply:
        identifier = owner_row(call, _EMPLOYEE)["Id"]
        table = call.books.table(call.resource.table)
        if identifier not in table.rows:
            blank = filled(call.resource.schema, {"Id": identifier}, stamp(ticks(call.now)))
            table.put(blank, call.now)
        return handler(call)

    return wrapped


OF_EMPLOYEE: dict[str, Handler] = {"get": _of_employee(get_row), "patch": _of_employee(patch_row)}
