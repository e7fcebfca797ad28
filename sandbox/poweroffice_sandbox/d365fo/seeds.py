"""
The rows the sandbox begins with: the same for the same seed.

Rule: pure; one function for each set, from numbers to rows. Names hold quotes, ampersands, percent signs and
letters outside ASCII, so that a client that encodes keys wrongly is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

from .entities import ENTITIES
from .keys import COMPANIES
from .model import COMPANY, EMPTY_DATE, Row
from .sizes import D365FOSizes

_GROUPS = (("10", "Wholesale customers"), ("20", "Major customers"), ("30", "Retail customers"))
_ODD_GROUP = ("O'Hara/50% & +", "Key with quote, slash, percent, ampersand, plus")
_FIRST = ("Fjord", "Birch", "Owl", "Desert", "Lande", "Sunset", "Pelican", "Ørsta", "Contoso", "Forest")
_LAST = ("Wholesales", "Retail", "Packaging", "Café & Sons", "O'Hara Ltd", "Supply", "AS", "Group")
_CURRENCIES = ("USD", "EUR", "NOK")
_UNITS = (("ea", "Each", 0), ("kg", "Kilogram", 3), ("m²", "Square metre", 2), ("pcs", "Pieces", 0))
_COMPANY_NAMES = ("Fjordlys Wholesale", "Fjordlys Retail", "Company accounts data")
_ACCOUNT_NAMES = (
    ("Bank", "Asset"),
    ("Accounts receivable", "Asset"),
    ("Accounts payable", "Liability"),
    ("Sales", "Revenue"),
    ("Salaries", "Expense"),
    ("Office supplies", "Expense"),
)
_ACCOUNTS = ("110110", "130100", "200100", "401100", "600120", "618160")


def _day(number: int) -> str:
    month = number // 28 % 48
    return f"{2022 + month // 12}-{month % 12 + 1:02d}-{number % 28 + 1:02d}T12:00:00Z"


def _cents(random: Random, most: int) -> Decimal:
    return Decimal(random.randrange(0, most)).scaleb(-2)


def _name(random: Random) -> str:
    return f"{random.choice(_FIRST)} {random.choice(_LAST)}"


def _customer_groups(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for identifier, text in (*_GROUPS, _ODD_GROUP):
            yield {
                COMPANY: company,
                "CustomerGroupId": identifier,
                "Description": text,
                "PaymentTermId": "Net30",
                "IsSalesTaxIncludedInPrice": "Yes" if identifier == "30" else "No",
            }


def _customers(random: Random, rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for number in range(1, rows.customers + 1):
            yield {
                COMPANY: company,
                "CustomerAccount": f"US-{number:06d}",
                "OrganizationName": _name(random),
                "CustomerGroupId": random.choice(_GROUPS)[0],
                "SalesCurrencyCode": random.choice(_CURRENCIES),
                "CreditLimit": _cents(random, 10_000_000),
                "OnHoldStatus": "All" if number % 17 == 0 else "No",
                "IsOneTimeCustomer": "Yes" if number % 11 == 0 else "No",
                "CredManCreditLimitDate": _day(random.randrange(1300)) if number % 3 else EMPTY_DATE,
                "PrimaryContactEmail": f"post{number}@kunde.example" if number % 4 else "",
            }


def _vendors(random: Random, rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for number in range(1, rows.vendors + 1):
            yield {
                COMPANY: company,
                "VendorAccountNumber": f"V-{number:06d}",
                "VendorOrganizationName": _name(random),
                "VendorGroupId": random.choice(("10", "20")),
                "CurrencyCode": random.choice(_CURRENCIES),
                "OnHoldStatus": "Payment" if number % 13 == 0 else "No",
                "OnHoldReleaseDate": EMPTY_DATE,
            }


def _headers(_random: Random, rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for number in range(1, rows.journals + 1):
            yield {
                COMPANY: company,
                "JournalBatchNumber": f"JB-{number:06d}",
                "JournalName": "GenJrn",
                "Description": f"Period {number}",
                "IsPosted": "Yes" if number % 2 else "No",
            }


def _lines(random: Random, rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for number in range(1, rows.journals + 1):
            amount, date = _cents(random, 500_000), _day(number * 9)
            for line, account in enumerate(random.sample(_ACCOUNTS, 2), start=1):
                yield {
                    COMPANY: company,
                    "JournalBatchNumber": f"JB-{number:06d}",
                    "LineNumber": line,
                    "AccountDisplayValue": f"{account}-001-022",
                    "CurrencyCode": "USD",
                    "DebitAmount": amount if line == 1 else Decimal("0.00"),
                    "CreditAmount": amount if line == 2 else Decimal("0.00"),  # noqa: PLR2004 - the other side
                    "TransDate": date,
                    "Text": f"Line {line}",
                }


def _entries(random: Random, rows: D365FOSizes) -> Iterator[Row]:
    amount = Decimal(0)
    for number in range(rows.ledger_entries):
        pair = number // 2
        amount = -amount if number % 2 else _cents(random, 1_000_000)
        yield {
            COMPANY: COMPANIES[0],
            "SourceKey": 68_719_480_000 + number * 3,
            "Voucher": f"GNJ{pair + 1:09d}",
            "AccountingDate": _day(pair * 2 * 1344 // max(1, rows.ledger_entries)),
            "MainAccount": random.choice(_ACCOUNTS),
            "PostingType": "LedgerJournal",
            "TransactionCurrencyCode": "USD",
            "AccountingCurrencyAmount": amount,
            "Text": f"Entry {number + 1}",
        }


def _no_rows(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    return iter(())


def _units(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for symbol, text, digits in _UNITS:
        yield {
            "UnitSymbol": symbol,
            "UnitDescription": text,
            "DecimalPrecision": digits,
            "IsSystemUnit": "Yes" if symbol == "ea" else "No",
        }


def _rates(random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for month in range(12):
        yield {
            "RateTypeName": "Default",
            "FromCurrency": "USD",
            "ToCurrency": "EUR",
            "StartDate": f"2025-{month + 1:02d}-01T12:00:00Z",
            "Rate": Decimal(9000 + random.randrange(500)).scaleb(-4),
        }


def _products(random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for company in COMPANIES:
        for number in range(1, 21):
            yield {
                COMPANY: company,
                "ItemNumber": f"D{number:04d}",
                "ProductNumber": f"D{number:04d}",
                "SearchName": f"{random.choice(_FIRST)}{number}",
                "InventoryUnitSymbol": random.choice(_UNITS)[0],
                "SalesPrice": _cents(random, 100_000),
            }


def _main_accounts(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for number, (name, kind) in zip(_ACCOUNTS, _ACCOUNT_NAMES, strict=True):
        yield {"MainAccountId": number, "ChartOfAccounts": "Shared", "Name": name, "MainAccountType": kind}


def _legal_entities(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for company, name in zip(COMPANIES, _COMPANY_NAMES, strict=True):
        yield {"LegalEntityId": company, "Name": name, "CompanyType": ""}


def _companies(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for company, name in zip(COMPANIES, _COMPANY_NAMES, strict=True):
        yield {"DataArea": company, "Name": name}


def _data_entities(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    for entity in ENTITIES.values():
        yield {"EntityName": entity.title, "TargetName": entity.aot_name}


def _projects(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    yield {
        "Name": "Customers",
        "OperationType": "Export",
        "Description": "All customers",
        "ProjectCategory": "Project",
        "GenerateDataPackage": "No",
    }


def _project_entities(_random: Random, _rows: D365FOSizes) -> Iterator[Row]:
    yield {
        "DefinitionGroupId": "Customers",
        "EntityName": ENTITIES["CustomersV3"].title,
        "SourceFormat": "CSV",
        "ExecutionUnit": 1,
        "LevelInExecutionUnit": 1,
        "SequenceInLevel": 1,
        "DefaultRefreshType": "FullPush",
    }


_SEEDS: dict[str, Callable[[Random, D365FOSizes], Iterator[Row]]] = {
    "CustomerGroups": _customer_groups,
    "CustomersV3": _customers,
    "VendorsV2": _vendors,
    "LedgerJournalHeaders": _headers,
    "LedgerJournalLines": _lines,
    "GeneralJournalAccountEntries": _entries,
    "PurchaseOrderHeadersV2": _no_rows,
    "UnitsOfMeasure": _units,
    "ExchangeRates": _rates,
    "ReleasedProductsV2": _products,
    "MainAccounts": _main_accounts,
    "LegalEntities": _legal_entities,
    "Companies": _companies,
    "DataManagementEntities": _data_entities,
    "DataManagementDefinitionGroups": _projects,
    "DataManagementDefinitionGroupDetails": _project_entities,
    "SystemNotifications": _no_rows,
}


def seeded(set_name: str, rows: D365FOSizes, seed: int) -> Iterator[Row]:
    """
    Give the rows a set begins with, in the order of their keys within a company.

    :param seed: the same one gives the same rows.
    """
    return _SEEDS[set_name](Random(f"{seed}/{set_name}"), rows)
