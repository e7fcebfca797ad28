"""What is done to vouchers and to entries of the sub-ledgers: reversals, matches, remittance."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError, Reply
from ..reply import VALIDATION, bad_parameters, not_found, refuse, success
from ..resources.vouchers import KINDS, next_number
from ..rest.bodies import parsed, read_body
from ..rest.call import V1Call
from ..rest.posting import entries

__all__ = ["KINDS", "match", "remittance", "reverse", "unmatch"]

Handler = Callable[[V1Call], Reply]
_LEAST_MATCHED = 2


def reverse(kind: str) -> Handler:
    """Make the handler that reverses vouchers of a kind."""

    def handler(call: V1Call) -> Reply:
        text = call.names["voucherId"]
        try:
            key = str(UUID(text))
        except ValueError:
            raise bad_parameters({"voucherId": f"The value '{text}' is not valid."}, call.switches) from None
        table = call.books.table(kind)
        voucher = table.rows.get(key)
        if voucher is None or (call.switches.own_rows == "own" and not call.is_own(kind, key)):
            raise RefusedError(not_found(kind, key, call.switches))
        if voucher.get("isReversed"):
            raise refuse(f"{kind} {key} is reversed already.", VALIDATION)
        now = stamp(ticks(call.now))
        reversal = {
            "id": call.books.next_id("Reversal", is_guid=True),
            "voucherNo": next_number(call),
            "reversedId": key,
            "createdDate": now,
        }
        call.books.table("Reversal").put(reversal, call.now)
        table.put({**voucher, "isReversed": True, "lastChanged": now}, call.now)
        return success()

    return handler


def _asked(call: V1Call, party: str) -> list[int]:
    """Read the entries of a match request; all must be in the ledger."""
    given = read_body(parsed(call.body, call.switches), call.route.body, call.switches)
    keys = list(dict.fromkeys(given.get("entryIds") or ()))
    number = f"{party.lower()}AccountNo"
    found = {row["id"] for row in entries(lambda name: call.books.table(name).rows) if number in row}
    if missing := [key for key in keys if key not in found]:
        raise RefusedError(not_found(f"{party}LedgerEntry", str(missing[0]), call.switches))
    return keys


def _note(call: V1Call, party: str, keys: list[int], match_id: int | None) -> None:
    """Keep what was asked for; of two words on an entry the later one holds."""
    name = f"{party}Match"
    row = {"id": call.books.next_id(name, is_guid=False), "entryIds": keys, "matchId": match_id}
    call.books.table(name).put(row, call.now)


def match(party: str) -> Handler:
    """Make the handler that matches entries of a sub-ledger."""

    def handler(call: V1Call) -> Reply:
        keys = _asked(call, party)
        if len(keys) < _LEAST_MATCHED:
            raise refuse("A match needs two entries.", VALIDATION)
        _note(call, party, keys, keys[0])
        return success()

    return handler


def unmatch(party: str) -> Handler:
    """Make the handler that takes matched entries of a sub-ledger apart."""

    def handler(call: V1Call) -> Reply:
        _note(call, party, _asked(call, party), None)
        return success()

    return handler


def remittance(call: V1Call) -> Reply:
    """Take payment details of an invoice from a supplier; they are not shown anywhere."""
    given = read_body(parsed(call.body, call.switches), call.route.body, call.switches)
    voucher = call.books.table("IncomingInvoiceVoucher").rows.get(given.get("invoiceId") or "")
    if voucher is None:
        raise RefusedError(not_found("IncomingInvoiceVoucher", str(given.get("invoiceId")), call.switches))
    total = sum(line["amount"] for line in voucher["lines"])
    if not 0 <= given.get("amount", 0) <= total:
        raise refuse(f"amount must be between 0 and {total}.", VALIDATION)
    return success()
