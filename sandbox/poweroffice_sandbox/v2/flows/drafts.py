"""
Drafts of vouchers: ``/JournalEntryVouchers`` with its four kinds and their lines.

Rule: a draft need not balance; it is checked when it is submitted or approved. An integration sees the drafts
it made or is to approve (OpenAPI). A posted draft cannot be changed (409). The head and the lines are rows of
two tables, the light list a third.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from ...core.reply import RefusedError, Reply
from ...core.table import OWN, Row
from ..reply import problem, refuse
from ..resources.vouchers import KINDS, LIST, Kind
from ..rest.call import Call, Route, Routes
from ..rest.lists import find_row, list_rows, row_reply
from ..rest.writes import patch_row
from ..schema.dto import CHANGED, CREATED, whole
from .bodies import now_of, read_flow
from .posting import account_fields, dimension_fields

_PRIVILEGE = "JournalEntryVoucher"


_SIDES = {"DebitAccountType": "General", "CreditAccountType": "General"}


def not_found(identifier: str) -> RefusedError:
    """Make the refusal of an unknown voucher; to be raised."""
    return refuse(404, "Object(s) not found", f"Voucher with id = {identifier} not found.")


def item_of(call: Call) -> Row:
    """
    Give the list row of the draft a path names first.

    :raises RefusedError: 404, there is none the integration may see.
    """
    table, identifier = call.books.table(LIST), call.path_ids[0]
    row = table.rows.get(identifier)
    if row is None or call.application not in {table.owners.get(identifier), row["_Approver"]}:
        raise not_found(identifier)
    return row


def open_item(call: Call) -> Row:
    """
    Give the list row of a draft that can still be changed.

    :raises RefusedError: 404; 409, it is posted.
    """
    row = item_of(call)
    if row["IsPosted"]:
        # OpenAPI, example of a 409.
        raise refuse(409, "Object conflict", f"Voucher with id = {row['Id']} is already posted.")
    return row


def kind_of(row: Row) -> Kind:
    """
    Give the kind of a list row.

    :param row: from :func:`item_of`.
    """
    return next(kind for kind in KINDS if kind.type == row["VoucherType"])


def head_of(call: Call, kind: Kind) -> Row:
    """
    Give a draft without its lines.

    :param call: the request; its first id is the draft's.
    :raises RefusedError: 404, there is none of this kind.
    """
    row = call.books.table(kind.table).rows.get(item_of(call)["Id"])
    if row is None:
        raise not_found(call.path_ids[0])
    return row


def lines_of(call: Call, kind: Kind, identifier: str) -> list[Row]:
    """Give the lines of a draft."""
    rows = call.books.table(kind.line_table).rows.values()
    return [row for row in rows if row["VoucherId"] == identifier]


def shown(call: Call, kind: Kind, row: Row) -> Row:
    """Give a draft as it is answered."""
    lines = [whole(kind.line, line, "") for line in lines_of(call, kind, row["Id"])]
    pages = [
        page for page in call.books.table("VoucherPages").rows.values() if page["VoucherId"] == row["Id"]
    ]
    return whole(kind.entity, {**row, kind.shown_lines: lines, "Pages": pages}, "")


def touch(call: Call, identifier: str, **fields: object) -> None:
    """Note a change of a draft."""
    table = call.books.table(LIST)
    table.put({**table.rows[identifier], **fields, CHANGED: now_of(call)}, call.now)


def store(call: Call, kind: Kind, head: Row, lines: list[Row]) -> Row:
    """
    Store a draft.

    :return: its list row.
    """
    now, identifier = now_of(call), str(UUID(int=call.books.new_id()))
    item = {
        CREATED: now,
        "Id": identifier,
        "InApprovalWorkflow": False,
        OWN: True,
        "IsPosted": False,
        CHANGED: now,
        "OriginatedFromEhf": False,
        "VoucherType": kind.type,
        "_Approver": None,
    }
    row = {
        **whole(kind.entity, head, now),
        "Id": identifier,
        "VoucherState": "IsDraft",
        "ApprovalState": None,
    }
    row["SupplierContactId"] = _supplier(call, head)
    call.books.table(LIST).put(item, call.now, call.application)
    call.books.table(kind.table).put(row, call.now, call.application)
    for line in lines:
        add_line(call, kind, identifier, line)
    return item


def _supplier(call: Call, head: Row) -> int | None:
    account = head.get("SupplierAccountId")
    contact = None if account is None else account_fields(call.books, account, control=True).get("ContactId")
    return None if contact is None else int(contact)


def check_line(call: Call, line: Row) -> None:
    """
    Check that what a line names is there.

    :raises RefusedError: 404, something is not.
    """
    dimension_fields(call.books, line)
    for side in ("Debit", "Credit"):
        if line.get(f"{side}AccountId") is not None:
            account_fields(call.books, line[f"{side}AccountId"], control=True)


def add_line(call: Call, kind: Kind, voucher: str, line: Row) -> None:
    """Store a line."""
    identity = {"Id": call.books.new_id(), "VoucherId": voucher}
    row = {**whole(kind.line, {**_SIDES, **line}, now_of(call)), **identity}
    call.books.table(kind.line_table).put(row, call.now)


def _post(kind: Kind, call: Call) -> Reply:
    sent = read_flow(call, kind.entity, "Voucher")
    lines: list[Row] = sent.pop(kind.sent_lines, None) or []
    for line in lines:
        check_line(call, line)
    dimension_fields(call.books, sent)
    item = store(call, kind, sent, lines)
    return row_reply(call, 201, shown(call, kind, call.books.table(kind.table).rows[item["Id"]]))


def _get(kind: Kind, call: Call) -> Reply:
    return row_reply(call, 200, shown(call, kind, head_of(call, kind)))


def _patch(kind: Kind, call: Call) -> Reply:
    row = head_of(call, kind)
    open_item(call)
    patch_row(call)
    touch(call, row["Id"])
    return row_reply(call, 200, shown(call, kind, call.books.table(kind.table).rows[row["Id"]]))


def _delete(call: Call) -> Reply:
    item = open_item(call)
    kind, identifier = kind_of(item), item["Id"]
    if item["InApprovalWorkflow"]:
        return problem(409, "Object conflict", f"Voucher with id = {identifier} is in an approval workflow.")
    for line in lines_of(call, kind, identifier):
        call.books.table(kind.line_table).remove(line["Id"], call.now)
    for name in (LIST, kind.table):
        call.books.table(name).remove(identifier, call.now)
    return Reply(200)


def _kind_routes(kind: Kind) -> Routes:
    all_, one = f"/{LIST}/{kind.path}", f"/{LIST}/{kind.path}/{{id}}"
    return {
        ("POST", all_): Route(partial(_post, kind), kind.table, _PRIVILEGE),
        ("GET", one): Route(partial(_get, kind), kind.table, _PRIVILEGE),
        ("PATCH", one): Route(partial(_patch, kind), kind.table, _PRIVILEGE),
    }


def _post_line(kind: Kind, call: Call) -> Reply:
    row = head_of(call, kind)
    open_item(call)
    line = read_flow(call, kind.line, "Voucher line")
    check_line(call, line)
    add_line(call, kind, row["Id"], line)
    touch(call, row["Id"])
    return row_reply(call, 201, shown(call, kind, row))


def _patch_line(kind: Kind, call: Call) -> Reply:
    head_of(call, kind)
    item = open_item(call)
    reply = patch_row(call)
    touch(call, item["Id"])
    return reply


def _delete_line(kind: Kind, call: Call) -> Reply:
    head_of(call, kind)
    line = find_row(call)
    touch(call, open_item(call)["Id"])
    call.books.table(kind.line_table).remove(line["Id"], call.now)
    return Reply(200)


def _line_routes(kind: Kind) -> Routes:
    all_, table = f"/{LIST}/{kind.path}/{{id}}/VoucherLines", kind.line_table
    return {
        ("POST", all_): Route(partial(_post_line, kind), table, _PRIVILEGE),
        ("PATCH", f"{all_}/{{lineId}}"): Route(partial(_patch_line, kind), table, _PRIVILEGE),
        ("DELETE", f"{all_}/{{lineId}}"): Route(partial(_delete_line, kind), table, _PRIVILEGE),
    }


ROUTES: Routes = {
    ("GET", f"/{LIST}"): Route(list_rows, LIST, _PRIVILEGE),
    ("DELETE", f"/{LIST}/{{id}}"): Route(_delete, LIST, _PRIVILEGE),
    **{key: route for kind in KINDS for key, route in (_kind_routes(kind) | _line_routes(kind)).items()},
}
