"""
Debt collection: the invoices that an agency may collect, its cases, and what was paid of them.

Rule: computed from the ledger of customers. When an invoice is available is not stated: here it is sent,
open, and in no case. An invoice has the id that it has as an outgoing invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...core.table import Row
from ..reply import bad_parameters
from .call import V1Call
from .posting import VOUCHER_TYPES, Seen, entries, matched
from .times import moment

CASES = "DebtCollectionCase"
_KIND = "OutgoingInvoiceVoucher"
_NUMBER = "customerAccountNo"


def _ledger(seen: Seen) -> list[Row]:
    rows = (row for row in entries(seen) if _NUMBER in row)
    return matched(rows, _NUMBER, seen("CustomerMatch").values())


def invoices(seen: Seen) -> dict[str, Row]:
    """Give the sent invoices by their ids."""
    emails = {row["code"]: row.get("invoiceEmailAddress") for row in seen("Customer").values()}
    vouchers = seen(_KIND)
    return {
        row["voucherId"]: {
            "id": row["voucherId"],
            "customerCode": row[_NUMBER],
            "invoiceDate": row["voucherDate"],
            "invoiceNo": vouchers[row["voucherId"]].get("invoiceNo"),
            "dueDate": row.get("voucherDueDate") or row["voucherDate"],
            "originalAmount": row["currencyAmount"],
            "originalPostedAmount": row["amount"],
            "remainingAmount": row["balance"],
            "invoiceEmailAddress": emails.get(row[_NUMBER]),
            "_matchId": row.get("matchId"),
            **{
                name: row.get(name)
                for name in ("currencyCode", "cid", "lastChanged", "externalImportReference")
            },
        }
        for row in _ledger(seen)
        if row["kind"] == _KIND and row["voucherType"] == VOUCHER_TYPES[_KIND]
    }


def whole(case: Row, known: dict[str, Row]) -> Row:
    """
    Give a case with its invoices.

    :param case: as it is stored, with the ids of its invoices.
    :param known: from :func:`invoices`.
    """
    held = [known[key] for key in case["_invoices"] if key in known]
    changed = max((row["lastChanged"] for row in held), default=case["lastChanged"])
    return {**case, "invoices": held, "invoiceLastChanged": changed}


def cases(call: V1Call) -> Iterator[Row]:
    """Give all cases."""
    known = invoices(call.seen)
    return (whole(case, known) for case in call.seen(CASES).values())


def available(call: V1Call) -> Iterator[Row]:
    """Give the invoices that may be put into a case."""
    taken = {key for case in call.seen(CASES).values() for key in case["_invoices"]}
    return (row for key, row in invoices(call.seen).items() if row["remainingAmount"] and key not in taken)


def _paid(call: V1Call, held: Iterable[Row]) -> Iterator[Row]:
    """Give the entries that are matched with invoices."""
    wanted = {row["_matchId"]: row["id"] for row in held if row["_matchId"] is not None}
    for row in _ledger(call.seen):
        match: Any = row.get("matchId")
        if match in wanted and row["voucherId"] != wanted[match]:
            more = {"postingDate": row["date"], "createdFromImportId": row.get("createdFromImportJournalId")}
            yield {**row, **more, "customerCode": row[_NUMBER]}


def matched_items(call: V1Call) -> list[Row]:
    """Give what is matched with one invoice."""
    known = invoices(call.seen).get(call.names["debtCollectionInvoiceId"].lower())
    return list(_paid(call, [known] if known else []))


def all_matched_items(call: V1Call) -> Iterator[Row]:
    """
    Give what is matched with the invoices of each case that changed after a moment; a row for each case.

    :raises RefusedError: it is no moment.
    """
    text = call.query.get("fromdatetime", "")
    try:
        first = moment(text) if text else ""
    except ValueError:
        raise bad_parameters({"fromDateTime": f"The value '{text}' is not valid."}, call.switches) from None
    for case in cases(call):
        held = [row for row in case["invoices"] if row["lastChanged"] > first]
        if found := list(_paid(call, held)):
            yield {"matchedItems": found}
