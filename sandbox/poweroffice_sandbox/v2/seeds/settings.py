"""
What a company begins with in terms, themes, dimensions, currencies, bank accounts and number series.

Rule: invented data only; account numbers are those of :data:`...core.names.ACCOUNTS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.origin import BASE, account_id, money
from ...core.table import Row
from .parts import times
from .seed import Seed, Source

PAYMENT_TERM, PAYMENT_DAYS = 31, 14
"""The payment term of the customers and orders the company begins with."""

_TERMS = (
    (30, "Kontant", 0),
    (PAYMENT_TERM, "14 dager", PAYMENT_DAYS),
    (32, "30 dager", 30),
    (33, "45 dager", 45),
)
_CURRENCIES = ("NOK kr", "SEK kr", "DKK kr", "EUR €", "USD $", "GBP £", "CHF Fr.", "PLN zł")
_GROUPS = ("Tjenester", "Varer", "Deler", "Forbruk")
_LOCATIONS = ("Bergen", "Voss", "Odda", "Lærdal", "Sogndal", "Flåm")
_DIMENSIONS = ((1, "Kampanje"), (1, "Messe"), (2, "Båt 1"), (2, "Båt 2"), (3, "Region vest"))


def _payment_terms(_source: Source) -> Iterator[Row]:
    for identifier, name, days in _TERMS:
        known = {"IsDefault": identifier == PAYMENT_TERM, "IsActive": days <= 30}  # noqa: PLR2004 - the last one is not
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


def _product_groups(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(_GROUPS):
        yield {
            "Id": BASE["ProductGroups"] + index,
            "Code": str(100 * (index + 1)),
            "Name": name,
            "ProductType": "Service" if not index else "Product",
            "StandardSalesAccount": 3000,
            "StandardSalesAccountId": account_id(3000),
            "UnitOfMeasureCode": "EA",
            "UnitPrice": money(10_000 + index),
            "IsArchived": index == len(_GROUPS) - 1,
        }


def _locations(_source: Source) -> Iterator[Row]:
    for index, name in enumerate(_LOCATIONS):
        yield {"Id": 701 + index, "Code": str(index + 1), "Name": name, "IsActive": index != 4}  # noqa: PLR2004 - any


def _dimensions(_source: Source) -> Iterator[Row]:
    for index, (ordinal, name) in enumerate(_DIMENSIONS):
        known = {"IsActive": True, "ExternalImportReference": f"dim-{index}" if index % 2 else None}
        yield {"Id": 901 + index, "Ordinal": ordinal, "Code": f"D{index + 1}", "Name": name, **known}


def _dimension_settings(_source: Source) -> Iterator[Row]:
    for ordinal, name in enumerate(("Aktivitet", "Fartøy", "Region"), 1):
        yield {"Id": ordinal, "Ordinal": ordinal, "Name": name, "IsActive": True}


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


SETTINGS_SEEDS = {
    "PaymentTerms": Seed("PaymentTerm", _payment_terms),
    "DeliveryTerms": Seed("DeliveryTerm", _delivery_terms),
    "BrandingThemes": Seed("BrandingTheme", _themes),
    "Currencies": Seed("Currency", _currencies),
    "SubLedgerNumberSeries": Seed("SubLedgerNumberSeries", _series),
    "ProductGroups": Seed("ProductGroup", _product_groups),
    "Locations": Seed("Location", _locations),
    "CustomDimensions": Seed("CustomDimension", _dimensions),
    "CustomDimensionSettings": Seed("CustomDimensionSettings", _dimension_settings),
    "ClientContacts": Seed("ClientContact", _client_contacts),
    "ClientBankAccounts": Seed("ClientBankAccount", _bank_accounts),
    "ClientBankAccounts/BankApprovers": Seed("BankApprover", _approvers),
}
