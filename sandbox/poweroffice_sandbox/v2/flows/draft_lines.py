"""
The lines of a draft: ``/JournalEntryVouchers/<kind>/{id}/VoucherLines``.

Rule: POST answers the whole voucher, PATCH the line (OpenAPI); a posted draft cannot be changed (409).
"""

from __future__ import annotations

from functools import partial

from ...core.reply import Reply
from ..rest.call import Call
from ..rest.lists import find_row, row_reply
from ..rest.route import Route, Routes
from ..rest.writes import patch_row
from .bodies import read_flow
from .draft_kinds import KINDS, LIST, Kind
from .drafts import add_line, check_line, head_of, open_item, shown, touch

_PRIVILEGE = "JournalEntryVoucher"


def _post(kind: Kind, call: Call) -> Reply:
    row = head_of(call, kind)
    open_item(call)
    line = read_flow(call, kind.line, "Voucher line")
    check_line(call, line)
    add_line(call, kind, row["Id"], line)
    touch(call, row["Id"])
    return row_reply(call, 201, shown(call, kind, row))


def _patch(kind: Kind, call: Call) -> Reply:
    head_of(call, kind)
    item = open_item(call)
    reply = patch_row(call)
    touch(call, item["Id"])
    return reply


def _delete(kind: Kind, call: Call) -> Reply:
    head_of(call, kind)
    line = find_row(call)
    touch(call, open_item(call)["Id"])
    call.books.table(kind.line_table).remove(line["Id"], call.now)
    return Reply(200)


def _kind_routes(kind: Kind) -> Routes:
    all_, table = f"/{LIST}/{kind.path}/{{id}}/VoucherLines", kind.line_table
    return {
        ("POST", all_): Route(partial(_post, kind), table, _PRIVILEGE),
        ("PATCH", f"{all_}/{{lineId}}"): Route(partial(_patch, kind), table, _PRIVILEGE),
        ("DELETE", f"{all_}/{{lineId}}"): Route(partial(_delete, kind), table, _PRIVILEGE),
    }


ROUTES: Routes = {key: route for kind in KINDS for key, route in _kind_routes(kind).items()}
