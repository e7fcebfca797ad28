"""
Terms, themes, currencies, bank accounts and number series.

Rule: an entry says what a resource is, the function before it which rows it begins with; account numbers are
those of :data:`...core.names.ACCOUNTS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.origin import (
    account_id,
)
from ...core.table import Row
from ..schema.filters import Filter
from ..schema.resource import Seed
from ..seeds import Source, times
from .entries import entry

_PAYMENT_TERM, _PAYMENT_DAYS = 31, 14


_TERMS = (
    (30, "Kontant", 0),
    (_PAYMENT_TERM, "14 dager", _PAYMENT_DAYS),
    (32, "30 dager", 30),
    (33, "45 dager", 45),
)


_CURRENCIES = ("NOK kr", "SEK kr", "DKK kr", "EUR €", "USD $", "GBP £", "CHF Fr.", "PLN zł")


def _payment_terms(_source: Source) -> Iterator[Row]:
    for identifier, name, days in _TERMS:
        known = {"IsDefault": identifier == _PAYMENT_TERM, "IsActive": days <= 30}  # noqa: PLR2004 - the last one is not
        yield {"Id": identifier, "Name": name, "CreditDays": days, **known}


def _delivery_terms(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(("EXW", "FCA", "CPT", "DAP", "DDP")):
        yield {"Id": 41 + index, "Name": name, "IsDefault": name == "DAP"}


def _themes(_source: Source) -> Iterator[Row]:
    for index, (name, language) in enumerate((("Standard", "no"), ("English", "en"))):
        known = {"IsDefault": not index, "LanguageCode": language}
        yield {"Id": 51 + index, "Code": str(index + 1), "Name": name, **known}


def _currencies(_source: Source) -> Iterator[Row]:
    for index, text in enumerate(_CURRENCIES):
        code, notation = text.split()
        yield {"Id": index + 1, "Code": code, "Notation": notation, "IsActive": index < 5}  # noqa: PLR2004 - the common ones


def _series(source: Source) -> Iterator[Row]:
    for kind, account, first, last in (
        ("Customer", 1500, 10_000, 19_999),
        ("Supplier", 2400, 20_000, 29_999),
        ("Employee", 2930, 1, 9_999),
    ):
        yield {
            "Id": source.uuid(),
            "Name": f"{kind} 1",
            "SubLedgerNumberSeriesType": kind,
            "GeneralLedgerAccountId": account_id(account),
            "GeneralLedgerAccountNo": account,
            "FromInclusive": first,
            "ToInclusive": last,
            "IsDefault": kind != "Employee",
        }


def _client_contacts(_source: Source) -> Iterator[Row]:
    roles = ("GeneralManager", "ChairmanOfTheBoard", "BoardMember")
    people = ("Åse Bråten", "Øystein Håland", "Liv Ulvøy")
    for index, (role, person) in enumerate(zip(roles, people, strict=True)):
        first, last = person.split()
        known = {"Email": f"styre{index}@kunde.example", "Phone": f"+47001000{index}", "YearOfBirth": "1975"}
        yield {"Id": 21 + index, "FirstName": first, "LastName": last, "Role": role, **known}


def _bank_accounts(source: Source) -> Iterator[Row]:
    for index, account in enumerate((1920, 1950, 1920)):
        made = times(source.random)
        yield {
            **made,
            "Id": 801 + index,
            "BankAccountNumber": f"99990{source.company.index}{index:05}",
            "BankName": "Fjordbanken",
            "BicSwift": "FJOBNOK1",
            "CountryCode": "NO",
            "CurrencyCode": "NOK",
            "GeneralLedgerAccountId": account_id(account),
            "GeneralLedgerAccountNo": account,
            "IsActive": True,
            "IsPrimaryAccount": not index,
            "AllowOverdraft": False,
        }


def _approvers(source: Source) -> Iterator[Row]:
    accounts = list(source.table("ClientBankAccounts").rows.values())
    for index, account in enumerate(accounts[:2]):
        yield {
            "Id": 851 + index,
            "BankAccountId": account["Id"],
            "BankAccountNumber": account["BankAccountNumber"],
            "UserId": source.uuid(),
            "FromDate": "2022-01-01",
            "IsActiveApprover": True,
        }


SETTINGS = (
    entry(
        "BrandingThemes",
        "Branding theme",
        named_by=(
            ("BrandingThemeId", "BrandingThemeCode", "Code"),
            ("InvoiceBrandingThemeId", "InvoiceBrandingThemeCode", "Code"),
        ),
        seed=Seed(_themes),
    ),
    entry("ClientContacts", "Client contact", seed=Seed(_client_contacts)),
    entry(
        "ClientBankAccounts",
        "Client bank account",
        unique=("BankAccountNumber",),
        defaults={"IsActive": True, "IsPrimaryAccount": False},
        named_by=(
            ("BankAccountId", "BankAccountNumber", "BankAccountNumber"),
            ("ClientBankAccountId", "", "BankAccountNumber"),
        ),
        seed=Seed(_bank_accounts),
    ),
    entry(
        "ClientBankAccounts/BankApprovers",
        "Bank approver",
        # OpenAPI, example of a PATCH: these are patched although the DTO has them as read-only.
        marks={"FromDate": "", "ToDate": "", "IsActiveApprover": ""},
        defaults={"IsActiveApprover": True},
        seed=Seed(_approvers),
    ),
    entry(
        "Currencies", "Currency", filters={"currencyCode": Filter("codes", "Code")}, seed=Seed(_currencies)
    ),
    entry(
        "DeliveryTerms",
        "Delivery Term",
        unique=("Name",),
        defaults={"IsDefault": False},
        named_by=(("DeliveryTermId", "DeliveryTerm", "Name"),),
        seed=Seed(_delivery_terms),
    ),
    entry(
        "PaymentTerms",
        "Payment Term",
        unique=("Name",),
        defaults={"IsActive": True, "IsDefault": False},  # OpenAPI: IsActive defaults to true
        named_by=(
            ("PaymentTermId", "PaymentTerm", "CreditDays"),
            ("PaymentTermId", "PaymentTerms", "CreditDays"),
        ),
        seed=Seed(_payment_terms),
    ),
    entry(
        "SubLedgerNumberSeries",
        "Sub-ledger number series",
        entity="SubLedgerNumberSeries",
        # OpenAPI: this filter is sensitive to case.
        filters={"subLedgerNumberSeriesType": Filter("exact", "SubLedgerNumberSeriesType")},
        seed=Seed(_series),
    ),
)
