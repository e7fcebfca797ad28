"""What a debt collection agency does: cases are made, get invoices, are merged, change their status."""

from __future__ import annotations

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ...core.table import Row
from ..reply import VALIDATION, not_found, refuse, success
from ..rest.bodies import parsed, read_body
from ..rest.call import V1Call
from ..rest.debt_collection import CASES, invoices, whole
from ..rest.lists import identifier
from ..rest.wire_form import Writer

_ACTIVE, _CLOSED = 0, 10


def is_active(_call: V1Call) -> Reply:
    """Say that new cases can be made; a company for which they cannot is not stated to look otherwise."""
    return success(data=True)


def one(call: V1Call) -> Reply:
    """Give a case."""
    key = identifier(call)
    case = call.seen(CASES).get(key)
    if case is None:
        return not_found(CASES, str(key), call.switches)
    return success(Writer(CASES, call.switches).row(whole(case, invoices(call.seen))))


def create(call: V1Call) -> Reply:
    """
    Make a case; of its invoices the ids count.

    :raises RefusedError: one cannot be in it.
    """
    given = _given(call)
    key = call.books.next_id(CASES, is_guid=True)
    case: Row = {"id": key, "status": _ACTIVE, "_invoices": []}
    case |= {name: given.get(name) for name in ("code", "externalCaseUrl", "balanceAgency")}
    return _kept(call, case, [row.get("id") for row in given.get("invoices") or ()])


def add_invoices(call: V1Call) -> Reply:
    """
    Put invoices into a case; those that are in it stay.

    :raises RefusedError: there is no such case, or an invoice cannot be in it.
    """
    given = _given(call)
    return _kept(call, _case(call, given.get("caseId")), given.get("invoiceIds") or [])


def merge(call: V1Call) -> Reply:
    """
    Merge cases into the first of them; which one stays is not stated.

    :raises RefusedError: there is no such case.
    """
    given = _given(call)
    merged = [_case(call, key) for key in dict.fromkeys(given.get("caseIds") or ())]
    if not merged:
        raise refuse("caseIds is required.", VALIDATION)
    held = [key for case in merged for key in case["_invoices"]]
    for case in merged[1:]:
        call.books.table(CASES).remove(case["id"], call.now)
    names = {"code": given.get("caseNo"), "externalCaseUrl": given.get("externalCaseUrl")}
    return _kept(call, merged[0] | {name: text for name, text in names.items() if text}, held)


def update_status(call: V1Call) -> Reply:
    """
    Make a case active, or closed where the request says so.

    :raises RefusedError: there is no such case, or no text.
    """
    given = _given(call)
    case = _case(call, given.get("caseId"))
    if not given.get("statusText"):
        raise refuse("statusText is required.", VALIDATION)
    balance = given.get("updatedBalanceAgency")
    changed = {"status": _CLOSED if given.get("isCaseClosed") else _ACTIVE}
    return _kept(call, case | changed | ({} if balance is None else {"balanceAgency": balance}), [])


def _given(call: V1Call) -> Row:
    return read_body(parsed(call.body, call.switches), call.route.body, call.switches)


def _case(call: V1Call, key: str | None) -> Row:
    case = call.books.table(CASES).rows.get(key or "")
    if case is None:
        raise RefusedError(not_found(CASES, str(key), call.switches))
    return case


def _kept(call: V1Call, case: Row, more: list[str | None]) -> Reply:
    """Store a case with further invoices, and give it whole."""
    table = call.books.table(CASES)
    known = invoices(lambda name: call.books.table(name).rows)
    taken = {key for other in table.rows.values() if other["id"] != case["id"] for key in other["_invoices"]}
    for key in more:
        if key not in known:
            raise RefusedError(not_found("DebtCollectionInvoice", str(key), call.switches))
        if key in taken:
            raise refuse(f"The invoice {key} is in a case already.", VALIDATION)
    held = list(dict.fromkeys([*case["_invoices"], *more]))
    row = {**case, "_invoices": held, "lastChanged": stamp(ticks(call.now))}
    table.put(row, call.now, call.application)
    return success(Writer(CASES, call.switches).row(whole(row, known)))
