"""
OData actions: ``POST /data/{Set}({key})/Microsoft.Dynamics.DataEntities.{Action}``.

Rule: a table. Each action is bound to the set or to a row; the actions and what they do are invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...core.reply import RefusedError, Reply
from ..call import Call
from ..entities import COMPANY, NAMESPACE, Entity
from ..reply import nothing_selected, odata_error
from ..store import Record
from .lists import odata
from .writes import body_of, selected

_INVALID = "System.InvalidOperationException"


@dataclass(frozen=True)
class Action:
    """
    One action.

    :param run: from the call, the row (or ``None``) and the arguments; ``None`` gives 204.
    :param on_row: whether it needs a key.
    :param parameters: EDM types by name; all are needed.
    :param returns: the EDM type, or empty.
    """

    run: Callable[[Call, Record | None, dict[str, Any]], Any]
    on_row: bool = True
    parameters: tuple[tuple[str, str], ...] = ()
    returns: str = ""


class _ThrownError(Exception):
    """An action throws; the text is that of the X++ exception."""


def _post(call: Call, record: Record | None, _given: dict[str, Any]) -> None:
    row = record.row if record else {}
    if row["IsPosted"] == "Yes":
        raise _ThrownError(f"Journal {row['JournalBatchNumber']} has already been posted.")
    wanted = row[COMPANY], row["JournalBatchNumber"]
    lines = [
        item.row
        for item in call.state.table("LedgerJournalLines").records.values()
        if (item.row[COMPANY], item.row["JournalBatchNumber"]) == wanted
    ]
    if sum((line["DebitAmount"] - line["CreditAmount"] for line in lines), Decimal(0)):
        raise _ThrownError("The transactions on voucher do not balance.")
    if record is not None:
        call.state.table("LedgerJournalHeaders").update(record, {"IsPosted": "Yes"})


def _line_count(call: Call, record: Record | None, _given: dict[str, Any]) -> int:
    row = record.row if record else {}
    lines = call.state.table("LedgerJournalLines").records.values()
    return sum(
        item.row["JournalBatchNumber"] == row["JournalBatchNumber"]
        for item in lines
        if item.row[COMPANY] == row[COMPANY]
    )


def _next_number(call: Call, _record: Record | None, _given: dict[str, Any]) -> str:
    return call.state.table("LedgerJournalHeaders").next_number()


def _on_hold(call: Call, _record: Record | None, given: dict[str, Any]) -> list[str]:
    rows = [item.row for item in call.state.table("CustomersV3").records.values()]
    company = str(given["company"]).lower()
    return [row["CustomerAccount"] for row in rows if row[COMPANY] == company and row["OnHoldStatus"] != "No"]


ACTIONS: dict[str, dict[str, Action]] = {
    "LedgerJournalHeaders": {
        "post": Action(_post),
        "countLines": Action(_line_count, returns="Edm.Int32"),
        "nextJournalNumber": Action(_next_number, on_row=False, returns="Edm.String"),
    },
    "CustomersV3": {
        "accountsOnHold": Action(
            _on_hold, on_row=False, parameters=(("company", "Edm.String"),), returns="Collection(Edm.String)"
        )
    },
}
"""By set, then by name; casing counts."""


def act(call: Call, entity: Entity, key: tuple[Any, ...] | None, name: str) -> Reply:
    """
    Run an action.

    :param key: of the row, or ``None``.
    :raises RefusedError: there is no such action, it needs a key, or it fails.
    """
    short = name.removeprefix(f"{NAMESPACE}.")
    action = ACTIONS.get(entity.set_name, {}).get(short)
    if action is None:
        raise odata_error(404, f"No HTTP resource was found that matches the action '{name}'.")
    if call.method != "POST":
        raise odata_error(405, f"The requested resource does not support http method '{call.method}'.")
    given = body_of(call) if call.incoming.body.strip() else {}
    missing = [item for item, _ in action.parameters if item not in given]
    if missing:
        raise odata_error(400, f"The parameter '{missing[0]}' of the action '{short}' is missing.")
    record = _bound(call, entity, key, short) if action.on_row else None
    try:
        value = action.run(call, record, given)
    except _ThrownError as error:
        raise _thrown(call, entity, short, str(error)) from None
    if not action.returns:
        return Reply(204, headers={"OData-Version": "4.0"})
    return odata(
        call, 200, {"@odata.context": f"{call.base}/data/$metadata#{action.returns}", "value": value}
    )


def _bound(call: Call, entity: Entity, key: tuple[Any, ...] | None, name: str) -> Record:
    if key is None:
        raise _thrown(call, entity, name, "The action is bound to an instance; the key is missing.")
    record = selected(call, entity, key)
    if record is None:
        raise nothing_selected()
    return record


def _thrown(call: Call, entity: Entity, name: str, text: str) -> RefusedError:
    whole = f"Exception occurred while executing action {name} on Entity {entity.name}: {text}"
    return odata_error(call.write_status, whole, _INVALID)
