"""
Order lines, attachments, drafts and approvals as resources, and the tables that begin empty.

Rule: data only. Filters and privileges: OpenAPI file of March 2025.
"""

from __future__ import annotations

from ...core.table import Row
from ..rest.filters import Filter
from .dto_accounting import SALES_ORDER_LINE
from .resource import CHANGED_FILTER, CREATED_FILTER, Parent, Resource
from .schema import Schema, schema
from .tables import named_words

VOUCHER_KINDS = (
    "BankJournals",
    "CashJournals",
    "ManualJournals",
    "YearEndJournals",
    "OutgoingInvoiceJournals",
)
_SUPPLIER_LINE = "SupplierVoucherLine"
# Path, what it is called, entity of its lines.
_DRAFTS = (
    ("SupplierInvoices", "Supplier invoice journal entry voucher", _SUPPLIER_LINE),
    ("SupplierCreditNotes", "Supplier credit note journal entry voucher", _SUPPLIER_LINE),
    ("ManualJournals", "Manual journal entry voucher", "ManualJournalEntryVoucherLine"),
    ("BankJournals", "Bank journal entry voucher", "BankJournalEntryVoucherLine"),
)
_DRAFT = "JournalEntryVoucher"
EMPTY_TABLES = frozenset(
    {
        "Files",
        "InvoicedOrders",
        "InvoiceSentStates",
        "VoucherDocumentation",
        "VoucherPages",
        "SalesOrderAttachments",
        *(f"Vouchers/{kind}" for kind in VOUCHER_KINDS),
    }
)
"""Tables without rows to begin with."""


def _fields(entity: str) -> Schema:
    return schema(named_words("flow_fields")[entity])


def _concerns(row: Row, owner: str | None, asks: str) -> bool:
    """An integration sees the drafts it made, and those it is to approve (OpenAPI)."""
    return asks in {owner, row["_Approver"]}


def _draft(path: str, label: str, line: str) -> tuple[Resource, Resource]:
    name = f"JournalEntryVouchers/{path}"
    head = label.title().replace(" ", "")
    return (
        Resource(name, label, _DRAFT, _fields(head), {}, ()),
        Resource(
            f"{name}/Lines",
            f"{label} line",
            _DRAFT,
            _fields(line),
            {},
            (),
            parent=Parent((name,), "VoucherId", "Voucher"),
        ),
    )


# Path, what it is called, entity, filters.
_PARTNER: tuple[tuple[str, str, str, dict[str, Filter]], ...] = (
    ("Clients", "Client", "Client", {"isActive": Filter("flag", "IsActive")}),
    ("AccessRoles", "Access role", "AccessRole", {}),
    ("Users", "User", "User", {}),
    ("UserAccessRoles", "User access role", "UserAccessRole", {}),
)
ORDER = Parent(("SalesOrders",), "SalesOrderId", "Sales order")
FLOW_RESOURCES = (
    Resource(
        "SalesOrderLines", "Sales order line", "SalesOrders", schema(SALES_ORDER_LINE), {}, (), parent=ORDER
    ),
    Resource(
        "SalesOrderAttachments",
        "Sales order attachment",
        "SalesOrderAttachment",
        _fields("SalesOrderAttachment"),
        {},
        (),
        parent=ORDER,
    ),
    Resource(
        "JournalEntryVouchers",
        "Voucher",
        _DRAFT,
        _fields("JournalEntryVoucherListItem"),
        {
            **CREATED_FILTER,
            **CHANGED_FILTER,
            "inApprovalWorkflow": Filter("flag", "InApprovalWorkflow"),
            "isPosted": Filter("flag", "IsPosted"),
        },
        (),
        visible=_concerns,
    ),
    Resource(
        "VoucherApproval",
        "Voucher",
        "VoucherApproval",
        _fields("VoucherForApproval"),
        {"availableFromDateTimeOffsetGreaterThan": Filter("after", "AvailableFromDateTimeOffset")},
        (),
        visible=_concerns,
    ),
    Resource(
        "VoucherDocumentation",
        "Voucher documentation",
        "VoucherDocumentation",
        _fields("VoucherDocumentation"),
        {"id": Filter("text", "VoucherId"), "voucherNo": Filter("number", "VoucherNo")},
        (),
    ),
    *(
        Resource(f"ClientAdmin/{name}", label, "ClientAdmin", _fields(entity), filters, ())
        for name, label, entity, filters in _PARTNER
    ),
    *(resource for draft in _DRAFTS for resource in _draft(*draft)),
)
