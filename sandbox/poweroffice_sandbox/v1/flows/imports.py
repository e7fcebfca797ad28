"""Imports: uploaded, then posted some time after that was asked for."""

from __future__ import annotations

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..books import Due
from ..reply import VALIDATION, not_found, refuse, success
from ..resources import RESOURCES
from ..resources.links import dangling
from ..resources.vouchers import lock_date, next_number
from ..rest.bodies import parsed, read_body
from ..rest.call import V1Call
from ..rest.lists import identifier
from ..rest.wire_form import Writer

# Numbers of ImportType: the kind of voucher that is made. Whether that is what the service makes is assumed.
_KINDS = {3: "PayrollJournalVoucher", 4: "CashJournalVoucher", 5: "YearEndJournalVoucher"}
_JOURNAL = "ManualJournalVoucher"
_LINE = (
    "vatCode",
    "description",
    "productCode",
    "quantity",
    "projectCode",
    "departmentCode",
    "invoiceNo",
    "cid",
)


def post(call: V1Call) -> Reply:
    """
    Queue what was uploaded.

    :raises RefusedError: there is no such import, or it is posted.
    """
    key = read_body(parsed(call.body, call.switches), call.route.body, call.switches).get("id")
    table = call.books.table("Import")
    row = table.rows.get(key or "")
    if row is None:
        raise RefusedError(not_found("Import", str(key), call.switches))
    if row["isPosted"] or row.get("_posting"):
        raise refuse(f"The import {key} is posted already.", VALIDATION)
    table.put({**row, "_posting": True, "_error": None}, call.now)
    call.books.queue.append(Due(call.now + call.switches.queue_seconds, "post", row["id"]))
    return success()


def status(call: V1Call) -> Reply:
    """Say how far an import is."""
    key = identifier(call.of(RESOURCES["Import"]))
    row = call.seen("Import").get(key)
    if row is None:
        return not_found("Import", str(key), call.switches)
    error, is_posting = row.get("_error"), bool(row.get("_posting"))
    state = {
        "id": row["id"],
        "isPosting": is_posting,
        "isPosted": row["isPosted"],
        "hasError": bool(error),
        "errorDescription": error,
        "canBePosted": not (is_posting or row["isPosted"]),
    }
    return success(Writer(call.route.row, call.switches).row(state))


def posted(call: V1Call, key: str) -> None:
    """Post an import whole, or note why it cannot be."""
    table = call.books.table("Import")
    row = table.rows.get(key)
    if row is None:
        return
    error = _wrong(call, row)
    if not error:
        documents: dict[object, list[Row]] = {}
        for line in row.get("importLines") or ():
            documents.setdefault(line.get("documentNumber"), []).append(line)
        for lines in documents.values():
            _voucher(call, row, lines)
    done = {"_posting": False, "_error": error, "isPosted": not error, "lastChanged": stamp(ticks(call.now))}
    table.put({**row, **done}, call.now)


def _wrong(call: V1Call, row: Row) -> str | None:
    locked = lock_date(call)
    lines = row.get("importLines") or []
    days = [line.get("postingDate") or line["documentDate"] for line in lines]
    early = [f"The date {day} is not after the lock date {locked}." for day in days if day <= locked]
    return " ".join([*early[:1], *dangling(call.books, row, "Import")]) or None


def _voucher(call: V1Call, row: Row, lines: list[Row]) -> None:
    """Post the lines of one document as a journal."""
    table = call.books.table(_KINDS.get(row.get("type", 0), _JOURNAL))
    day = lines[0].get("postingDate") or lines[0]["documentDate"]
    now = stamp(ticks(call.now))
    table.put(
        {
            "id": call.books.next_id(_JOURNAL, is_guid=True),
            "voucherNo": next_number(call),
            "voucherDate": day,
            "createdDate": now,
            "lastChanged": now,
            "currencyCode": lines[0].get("currencyCode") or "NOK",
            "description": row.get("description"),
            "isReversed": False,
            "lines": [
                {
                    "id": call.books.next_line(),
                    "accountCode": next(
                        (
                            line[name]
                            for name in ("customerCode", "supplierCode", "employeeCode")
                            if line.get(name)
                        ),
                        line.get("accountNumber"),
                    ),
                    "amount": line["amount"],
                    "date": day,
                    **{name: line[name] for name in _LINE if line.get(name)},
                }
                for line in lines
            ],
        },
        call.now,
    )
