"""
The drafts a company begins with: one of each kind, and two supplier invoices that arrived as EHF.

Rule: the first application has made the former and is to approve the latter. All can be posted as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import NamedTuple
from uuid import UUID

from ...core.clock import stamp
from ...core.companies import ENVIRONMENTS
from ...core.origin import SPAN, START, account_id
from ...core.table import OWN, Row
from ..flows.draft_kinds import KINDS, LIST, Kind
from ..flows.fields import whole
from ..ledger.ledger import DAY
from .seed import Source

_FIRST = 0xD0AF_0000_0000_4000_8000_0000_0000_0000
_AMOUNT = Decimal("1250.00")
# Kind, whether it arrived as EHF.
_DRAFTS = (*((kind, False) for kind in KINDS), (KINDS[0], True), (KINDS[0], True))
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
    for index, (kind, ehf) in enumerate(_DRAFTS):
        identifier = str(UUID(int=_FIRST + 100 * source.company.index + index))
        now = stamp(START + SPAN - (len(_DRAFTS) - index) * DAY)
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


DRAFT_SEEDS: dict[str, Callable[[Source], Iterator[Row]]] = {
    LIST: _items,
    "VoucherApproval": _approvals,
    **{kind.table: partial(_heads, kind) for kind in KINDS},
    **{kind.line_table: partial(_lines, kind) for kind in KINDS},
}
"""Table to the rows it begins with."""
