"""
Drafts of vouchers, their approval and documentation, and what a partner looks after; the tables of the flows.

Rule: the drafts a company begins with are one of each kind, and two supplier invoices that arrived as EHF.
The first application has made the former and is to approve the latter. All can be posted as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import NamedTuple
from uuid import UUID

from ...core.clock import stamp
from ...core.companies import ENVIRONMENTS, Company
from ...core.origin import SPAN, START, account_id
from ...core.table import OWN, Row
from ..ledger.ledger import DAY
from ..schema.dto import schema_of, whole
from ..schema.filters import Filter
from ..schema.resource import CHANGED_FILTER, CREATED_FILTER, NO_ROWS, Parent, Resource, Seed
from ..seeds import Source

LIST = "JournalEntryVouchers"


@dataclass(frozen=True)
class Kind:
    """One kind of draft: path, entities, the names of its lines in bodies and answers, its types."""

    path: str
    entity: str
    line: str
    sent_lines: str
    shown_lines: str
    type: str
    approval_type: str

    @property
    def table(self) -> str:
        """The name of the table of its heads."""
        return f"{LIST}/{self.path}"

    @property
    def line_table(self) -> str:
        """The name of the table of its lines."""
        return f"{self.table}/Lines"


_SUPPLIER = ("SupplierVoucherLine", "SupplierVoucherLines", "SupplierVoucherLines")
_MANUAL = ("ManualJournalEntryVoucherLine", "ManualVoucherLines", "ManualVoucherLines")
_BANK = ("BankJournalEntryVoucherLine", "BankJournalLines", "BankVoucherLines")
KINDS = (
    Kind(
        "SupplierInvoices",
        "SupplierInvoiceJournalEntryVoucher",
        *_SUPPLIER,
        "IncomingInvoice",
        "SupplierInvoice",
    ),
    Kind(
        "SupplierCreditNotes",
        "SupplierCreditNoteJournalEntryVoucher",
        *_SUPPLIER,
        "IncomingCreditNote",
        "SupplierCreditNote",
    ),
    Kind("ManualJournals", "ManualJournalEntryVoucher", *_MANUAL, "ManualJournal", "ManualJournal"),
    Kind("BankJournals", "BankJournalEntryVoucher", *_BANK, "BankJournal", "BankJournal"),
    # Newer than the OpenAPI file. Assumed: made as a manual journal is, and approved as one.
    Kind("CashJournals", "ManualJournalEntryVoucher", *_MANUAL, "CashJournal", "ManualJournal"),
)


VOUCHER_KINDS = (
    "BankJournals",
    "CashJournals",
    "ManualJournals",
    "YearEndJournals",
    "OutgoingInvoiceJournals",
    "OutgoingCreditNoteJournals",
)


_FIRST_DRAFT = 0xD0AF_0000_0000_4000_8000_0000_0000_0000


_AMOUNT = Decimal("1250.00")


# Kind, whether it arrived as EHF.
_BEGINNING = (*((kind, False) for kind in KINDS[:4]), (KINDS[0], True), (KINDS[0], True))


_ACCOUNTS = {"ManualJournal": (1700, 1920), "BankJournal": (7770, 1920), "IncomingInvoice": (6300, None)}


class _Draft(NamedTuple):
    """One of them: its list row, its head, its line."""

    kind: Kind
    item: Row
    head: Row
    line: Row


def _drafts(source: Source) -> Iterator[_Draft]:
    first = ENVIRONMENTS[source.company.environment].applications[0].key
    suppliers = list(source.table("Suppliers").rows.values())
    for index, (kind, ehf) in enumerate(_BEGINNING):
        identifier = str(UUID(int=_FIRST_DRAFT + 100 * source.company.index + index))
        now = stamp(START + SPAN - (len(_BEGINNING) - index) * DAY)
        debit, credit = _ACCOUNTS.get(kind.type, (None, 6300))
        line = {
            "Id": 70_001 + index,
            "VoucherId": identifier,
            "CurrencyAmount": _AMOUNT,
            "CurrencyCode": "NOK",
            "DebitAccountId": debit and account_id(debit),
            "CreditAccountId": credit and account_id(credit),
            "DebitAccountType": "General",
            "CreditAccountType": "General",
            "PostingDate": now[:10],
        }
        head = {
            "Id": identifier,
            "CurrencyAmount": _AMOUNT,
            "CurrencyCode": "NOK",
            "VoucherDate": now[:10],
            "InvoiceNo": f"LF-{5520 + index}",
            "CreditNoteNo": f"LK-{5520 + index}",
            "SupplierAccountId": suppliers[index]["SubledgerAccountId"] if len(suppliers) > index else None,
            "SupplierContactId": suppliers[index]["Id"] if len(suppliers) > index else None,
            "OriginatedFromEhf": ehf,
            "ApprovalState": "Submitted" if ehf else None,
            "VoucherState": "IsDraft",
        }
        item = {
            "CreatedDateTimeOffset": now,
            "Id": identifier,
            "InApprovalWorkflow": ehf,
            OWN: not ehf,
            "IsPosted": False,
            "LastChangedDateTimeOffset": now,
            "OriginatedFromEhf": ehf,
            "VoucherType": kind.type,
            "_Approver": first if ehf else None,
        }
        named = {"VoucherId": identifier, "Id": line["Id"]}
        yield _Draft(kind, item, whole(kind.entity, head, now), {**whole(kind.line, line, now), **named})


def _items(source: Source) -> Iterator[Row]:
    return (draft.item for draft in _drafts(source))


def _approvals(source: Source) -> Iterator[Row]:
    for draft in _drafts(source):
        if draft.item["InApprovalWorkflow"]:
            yield {
                "ApprovalVoucherType": draft.kind.approval_type,
                "AvailableFromDateTimeOffset": draft.item["CreatedDateTimeOffset"],
                "Id": draft.item["Id"],
                "OriginatedFromEhf": True,
                "_Approver": draft.item["_Approver"],
            }


def _heads(kind: Kind, source: Source) -> Iterator[Row]:
    return (draft.head for draft in _drafts(source) if draft.kind is kind)


def _lines(kind: Kind, source: Source) -> Iterator[Row]:
    return (draft.line for draft in _drafts(source) if draft.kind is kind)


def _concerns(row: Row, owner: str | None, asks: str) -> bool:
    """An integration sees the drafts it made, and those it is to approve (OpenAPI)."""
    return asks in {owner, row["_Approver"]}


_DRAFT = "JournalEntryVoucher"


_LABELS = {
    "SupplierInvoices": "Supplier invoice journal entry voucher",
    "SupplierCreditNotes": "Supplier credit note journal entry voucher",
    "ManualJournals": "Manual journal entry voucher",
    "BankJournals": "Bank journal entry voucher",
    "CashJournals": "Cash journal entry voucher",
}


def _draft(kind: Kind) -> tuple[Resource, Resource]:
    label = _LABELS[kind.path]
    return (
        Resource(
            kind.table,
            label,
            _DRAFT,
            schema_of(kind.entity),
            {},
            (),
            seed=Seed(partial(_heads, kind), is_complete=True, is_owned=True),
        ),
        Resource(
            kind.line_table,
            f"{label} line",
            _DRAFT,
            schema_of(kind.line),
            {},
            (),
            model=kind.line,
            parent=Parent((kind.table,), "VoucherId", "Voucher"),
            seed=Seed(partial(_lines, kind), is_complete=True, is_owned=True),
        ),
    )


ROLES = ("Administrator", "Accountant", "Reader")


_ROLE = 0xACCE_5500_0000_4000_8000_0000_0000_0000


_USER = 0x05E4_0000_0000_4000_8000_0000_0000_0000


def roles(company: Company) -> list[Row]:
    """Give the access roles of a company."""
    first = _ROLE + 16 * company.index
    return [
        {"AccessRoleId": str(UUID(int=first + place)), "AccessRoleName": name}
        for place, name in enumerate(ROLES)
    ]


def membership(company: Company, user: Row) -> Row:
    """Make the row of a user of a company."""
    return {"Id": f"{company.client_id}/{user['Id']}", "ClientId": company.client_id, "User": user}


def _users(source: Source) -> Iterator[Row]:
    for company in ENVIRONMENTS[source.company.environment].companies:
        known = roles(company)
        for place, (first, last, role) in enumerate((("Sølvi", "Aasen", 1), ("Trygve", "Nygård", 0))):
            number = 0 if place == 0 else company.index + 1
            yield membership(
                company,
                {
                    "AccessRoleId": known[role]["AccessRoleId"],
                    "EmailAddress": f"bruker{number}@regnskap.example",
                    "FirstName": first,
                    "FromDate": "2022-01-01",
                    "Id": str(UUID(int=_USER + number)),
                    "LastName": last,
                    "Status": "Active",
                    "ToDate": None,
                },
            )


# Path, what it is called, entity, filters.
_PARTNER: tuple[tuple[str, str, str, dict[str, Filter]], ...] = (
    ("Clients", "Client", "Client", {"isActive": Filter("flag", "IsActive")}),
    ("AccessRoles", "Access role", "AccessRole", {}),
    ("Users", "User", "User", {}),
    ("UserAccessRoles", "User access role", "UserAccessRole", {}),
)


VOUCHERS = (
    Resource(
        "JournalEntryVouchers",
        "Voucher",
        _DRAFT,
        schema_of("JournalEntryVoucherListItem"),
        {
            **CREATED_FILTER,
            **CHANGED_FILTER,
            "inApprovalWorkflow": Filter("flag", "InApprovalWorkflow"),
            "isPosted": Filter("flag", "IsPosted"),
        },
        (),
        visible=_concerns,
        seed=Seed(_items, is_complete=True, is_owned=True),
    ),
    Resource(
        "VoucherApproval",
        "Voucher",
        "VoucherApproval",
        schema_of("VoucherForApproval"),
        {"availableFromDateTimeOffsetGreaterThan": Filter("after", "AvailableFromDateTimeOffset")},
        (),
        visible=_concerns,
        seed=Seed(_approvals, is_complete=True, is_owned=True),
    ),
    Resource(
        "VoucherDocumentation",
        "Voucher documentation",
        "VoucherDocumentation",
        schema_of("VoucherDocumentation"),
        {"id": Filter("text", "VoucherId"), "voucherNo": Filter("number", "VoucherNo")},
        (),
    ),
    *(resource for kind in KINDS for resource in _draft(kind)),
    *(
        Resource(f"ClientAdmin/{name}", label, "ClientAdmin", schema_of(entity), filters, ())
        for name, label, entity, filters in _PARTNER
    ),
)


CLIENT_USERS = "ClientUsers"
"""The table of the users of clients; a user of a company is one row."""

FURTHER_TABLES: dict[str, Seed] = {
    CLIENT_USERS: Seed(_users, is_complete=True, is_owned=True),
    "Files": NO_ROWS,
    "InvoicedOrders": NO_ROWS,
    "InvoiceSentStates": NO_ROWS,
    "VoucherPages": NO_ROWS,
    **{f"Vouchers/{kind}": NO_ROWS for kind in VOUCHER_KINDS},
}
"""Tables that are no resource, and the rows they begin with."""
