"""
Writing: POST creates or updates, PUT updates, DELETE removes.

Rule: a row is bound, checked, then stored whole; reads see it when the replica has it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import VALIDATION, not_found, refuse, success
from ..resources.fields import FIELDS
from .bodies import read_body
from .call import V1Call
from .lists import identifier
from .rules import DRAFT, check, is_related
from .wire_form import Writer

_OWN = ("id", "createdDate", "lastChanged", "voucherNo")
"""What the server sets, whatever a body says."""

_COUNTED = {"Customer": "code", "Supplier": "code", "Employee": "code", "OutgoingInvoiceVoucher": "invoiceNo"}
_FIRST_TEXT_CODE = 10_000
_CENT = Decimal("0.01")


def save(call: V1Call) -> Reply:
    """
    Create a row, or update the one the body names.

    :raises RefusedError: the body cannot be stored.
    """
    given = read_body(call.body, call.resource.entity, call.switches)
    old = _named(call, given)
    if old is None and call.is_update:
        raise refuse(f"PUT needs the id of the {call.resource.entity} to be updated.", VALIDATION)
    row = _merged(call, given, old)
    check(call, row)
    _number_lines(row)
    if call.resource.entity == "OutgoingInvoice":
        row |= _amounts(call, row["lines"])
    call.books.table(call.resource.table).put(row, call.now)
    return success(Writer(call.resource.entity, call.switches).row(row))


def _named(call: V1Call, given: Row) -> Row | None:
    """Find the row to be updated; ``None`` when one is to be made."""
    rows: dict[Any, Row] = call.rows()
    key = identifier(call) if call.identifier else given.get("id")
    if key:
        row = rows.get(key)
        if row is None:
            raise RefusedError(not_found(call.resource.entity, str(key), call.switches))
        return row
    code = given.get("externalCode")
    if code is None or call.switches.upsert == "id":
        return None
    return next((row for row in rows.values() if row.get("externalCode") == code), None)


def _merged(call: V1Call, given: Row, old: Row | None) -> Row:
    moment, table = stamp(ticks(call.now)), call.resource.table
    known = FIELDS[call.resource.entity]
    sent = {name: value for name, value in given.items() if name not in _OWN}
    if old is None:
        first = {"id": call.books.next_id(table), "createdDate": moment, **_defaults(call)}
        row = {**first, **{name: value for name, value in sent.items() if value is not None}}
    else:
        kept = old if call.switches.update == "merge" else {name: old.get(name) for name in (*_OWN, "code")}
        row = {**kept, **sent}
    row["lastChanged"] = moment
    return {name: value for name, value in row.items() if name in known and value is not None}


def _defaults(call: V1Call) -> dict[str, Any]:
    """Give what a new row has when the body does not say."""
    entity, rows = call.resource.entity, list(call.rows().values())
    made: dict[str, Any] = {"isArchived": False, "isActive": True, "isReversed": False}
    if entity in _COUNTED:
        name = _COUNTED[entity]
        made[name] = max((row[name] for row in rows if name in row), default=_FIRST_TEXT_CODE) + 1
    elif entity in {"Product", "Project"}:
        codes = {row["code"] for row in rows}
        made["code"] = next(str(n) for n in range(_FIRST_TEXT_CODE, 2**31) if str(n) not in codes)
    if call.resource.path.startswith("Voucher/"):
        made |= {"voucherNo": _next_number(call), "currencyCode": "NOK"}
    if entity in {"OutgoingInvoice", "Import"}:
        made["status"] = DRAFT
    return made


def _next_number(call: V1Call) -> int:
    """Give the next number of the one series all vouchers share."""
    kinds = ("ManualJournalVoucher", "BankJournalVoucher", "OutgoingInvoiceVoucher", "IncomingInvoiceVoucher")
    tables = (call.books.table(kind).rows.values() for kind in kinds)
    return max((row["voucherNo"] for rows in tables for row in rows), default=0) + 1


def _amounts(call: V1Call, lines: list[Row]) -> Row:
    """Add the lines of an invoice up, without and with VAT."""
    rates = {row["code"]: row["rate"] for row in call.books.table("VatCode").rows.values()}
    net, total = Decimal(0), Decimal(0)
    for line in lines:
        amount = line.get("quantity", Decimal(1)) * line.get("unitPrice", Decimal(0))
        net += amount
        total += amount * (100 + rates.get(line.get("vatCode", ""), Decimal(0))) / 100
    return {"netAmount": net.quantize(_CENT), "totalAmount": total.quantize(_CENT)}


def _number_lines(row: Row) -> None:
    for place, line in enumerate(row.get("lines") or ()):
        line["id"] = row["id"] * 10 + place


def delete(call: V1Call) -> Reply:
    """
    Remove a row; one with related data is refused, and can be archived instead.

    :raises RefusedError: it is in use.
    """
    key = identifier(call)
    row = call.rows().get(key)
    if row is None:
        return not_found(call.resource.entity, str(key), call.switches)
    if is_related(call, row):
        raise refuse(f"{call.resource.entity} {key} could not be deleted due to related data.")
    call.books.table(call.resource.table).remove(key, call.now)
    return success()
