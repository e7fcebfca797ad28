"""
OData actions: ``POST /data/{Set}({key})/Microsoft.Dynamics.DataEntities.{Action}``.

Rule: a table. Each action is bound to the set or to a row. Those of journals and customers are invented; of
the real service are those of versions, modules and data management, with answers that public clients saw.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core.reply import RefusedError, Reply
from ..call import Call
from ..model import COMPANY, NAMESPACE, Entity
from ..reply import nothing_selected, odata_error
from ..store import Record
from .action import Action, ThrownError
from .lists import odata
from .packages import ACTIONS as DATA_MANAGEMENT
from .writes import body_of, selected

_INVALID = "System.InvalidOperationException"


def _post(call: Call, record: Record | None, _given: dict[str, Any]) -> None:
    row = record.row if record else {}
    if row["IsPosted"] == "Yes":
        raise ThrownError(f"Journal {row['JournalBatchNumber']} has already been posted.")
    wanted = row[COMPANY], row["JournalBatchNumber"]
    lines = [
        item.row
        for item in call.state.table("LedgerJournalLines").records.values()
        if (item.row[COMPANY], item.row["JournalBatchNumber"]) == wanted
    ]
    if sum((line["DebitAmount"] - line["CreditAmount"] for line in lines), Decimal(0)):
        raise ThrownError("The transactions on voucher do not balance.")
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


_VERSION = "10.0.44.3"
_MODULES = (
    ("ApplicationFoundation", "7.0.7690.21", "Application Foundation"),
    ("ApplicationPlatform", "7.0.7690.21", "Application Platform"),
    ("ApplicationSuite", "10.0.2263.37", "Application Suite"),
)


def _version(_call: Call, _record: Record | None, _given: dict[str, Any]) -> str:
    return _VERSION


def _platform(_call: Call, _record: Record | None, _given: dict[str, Any]) -> str:
    return _MODULES[1][1]


def _application(_call: Call, _record: Record | None, _given: dict[str, Any]) -> str:
    return _MODULES[2][1]


def _modules(_call: Call, _record: Record | None, _given: dict[str, Any]) -> list[str]:
    return [
        f"Name: {name} | Version: {version} | Module: {name} | Publisher: Microsoft Corporation | "
        f"DisplayName: {shown}"
        for name, version, shown in _MODULES
    ]


def _of_set(run: Any, returns: str) -> Action:
    return Action(run, on_row=False, returns=returns)


ACTIONS: dict[str, dict[str, Action]] = {
    "LedgerJournalHeaders": {
        "post": Action(_post, is_invented=True),
        "countLines": Action(_line_count, returns="Edm.Int32", is_invented=True),
        "nextJournalNumber": Action(_next_number, on_row=False, returns="Edm.String", is_invented=True),
    },
    "CustomersV3": {
        "accountsOnHold": Action(
            _on_hold,
            on_row=False,
            parameters=(("company", "Edm.String"),),
            returns="Collection(Edm.String)",
            is_invented=True,
        )
    },
    "DataManagementEntities": {
        "GetApplicationVersion": _of_set(_version, "Edm.String"),
        "GetPlatformBuildVersion": _of_set(_platform, "Edm.String"),
        "GetApplicationBuildVersion": _of_set(_application, "Edm.String"),
    },
    "SystemNotifications": {"GetInstalledModules": _of_set(_modules, "Collection(Edm.String)")},
    "DataManagementDefinitionGroups": DATA_MANAGEMENT,
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
    except ThrownError as error:
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
