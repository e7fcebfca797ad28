"""
The service operations there are.

Rule: a table of three levels, group, service, operation; each operation is one function. Only
``UserSessionService`` is of the real service; the group ``SandboxServices`` is there to be tested against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..call import Call
from ..reply import service_error, xpp_exception

_LARGEST = 200_000
_LONGEST = 60
_HOURS = 24
_HIDDEN = {"authorization"}
_EXCEPTIONS = {
    "error": ("ErrorException", "Journal JB-000001 could not be posted.\nThe voucher does not balance."),
    "duplicate": (
        "DuplicateKeyException",
        "Cannot create a record in Customers (CustTable). The record already exists.",
    ),
    "null": ("NullReferenceException", "Object reference not set to an instance of an object."),
    "conflict": (
        "UpdateConflictException",
        "An update conflict occurred due to another user process deleting the record or changing fields.",
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What an operation gives: a value or nothing, after so many seconds."""

    value: Any = None
    is_void: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Operation:
    """
    One operation.

    :param run: from the call and the arguments by name.
    :param returns: the X++ type.
    :param parameters: types by name, in order.
    """

    run: Callable[[Call, Mapping[str, Any]], Outcome]
    returns: str = "void"
    parameters: Mapping[str, str] = field(default_factory=dict)


def _wrong(call: Call, name: str, kind: str) -> Exception:
    text = f"Parameter '{name}' cannot be converted to type '{kind}'."
    status = int(call.switches.missing_parameter)
    return service_error(call.state, status, text, "XppServicesDeserializationException")


def _number(call: Call, given: Mapping[str, Any], name: str, most: float) -> Decimal:
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value <= most:
        raise _wrong(call, name, "Real")
    return Decimal(value)


def _session(call: Call, _given: Mapping[str, Any]) -> Outcome:
    app = call.grant.app
    return Outcome(
        {
            "UserName": app.name,
            "UserLanguage": "en-us",
            "UserCompany": app.company.upper(),
            "UserCompanyTimeZone": 37,
            "UserPreferredTimeZone": 37,
            "UserPreferredCalendar": 0,
            "AOSLocaleName": "en-US",
        }
    )


def _echo(_call: Call, given: Mapping[str, Any]) -> Outcome:
    return Outcome(given["_request"])


def _scalar(value: Any) -> Callable[[Call, Mapping[str, Any]], Outcome]:
    return lambda _call, _given: Outcome(value)


def _shift(call: Call, given: Mapping[str, Any]) -> Outcome:
    hours = given["timeZoneOffset"]
    if isinstance(hours, bool) or not isinstance(hours, int) or abs(hours) > _HOURS:
        raise _wrong(call, "timeZoneOffset", "Integer")
    try:
        shifted = datetime.fromisoformat(given["dateTime"]) + timedelta(hours=hours)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(call, "dateTime", "utcdatetime") from None
    return Outcome(shifted.isoformat().replace("+00:00", "Z"))


def _void(_call: Call, _given: Mapping[str, Any]) -> Outcome:
    return Outcome(is_void=True)


def _business(_call: Call, given: Mapping[str, Any]) -> Outcome:
    request = given["_request"] if isinstance(given["_request"], dict) else {}
    amount = request.get("Amount", 0)
    good = isinstance(amount, (int, Decimal)) and amount > 0
    return Outcome(
        {
            "Success": good,
            "Message": "" if good else "The amount must be positive.",
            "InfoMessages": []
            if good
            else ["Warning: The amount must be positive.", "Error: Nothing was posted."],
            "parmVoucher": "GNJ000000001" if good else "",
        }
    )


def _throw(call: Call, given: Mapping[str, Any]) -> Outcome:
    kind, text = _EXCEPTIONS.get(str(given["_kind"]), _EXCEPTIONS["error"])
    raise xpp_exception(call.state, text, kind)


def _hold(call: Call, given: Mapping[str, Any]) -> Outcome:
    member = given["_status"]
    if isinstance(member, bool) or not isinstance(member, int):
        raise _wrong(call, "_status", "CustVendorBlocked")
    return Outcome(member)


def _slow(call: Call, given: Mapping[str, Any]) -> Outcome:
    return Outcome("done", seconds=float(_number(call, given, "_seconds", _LONGEST)))


def _large(call: Call, given: Mapping[str, Any]) -> Outcome:
    count = int(_number(call, given, "_rows", _LARGEST))
    return Outcome(
        [{"parmLine": number, "parmText": f"Line {number} - ÆØÅ {'x' * 80}"} for number in range(count)]
    )


def _executed(call: Call, _given: Mapping[str, Any]) -> Outcome:
    return Outcome([{"Name": name, "Count": count} for name, count in sorted(call.state.executed.items())])


def _seen(call: Call, _given: Mapping[str, Any]) -> Outcome:
    headers = {name: text for name, text in call.incoming.headers.items() if name not in _HIDDEN}
    return Outcome(
        {
            "Headers": [{"Name": name, "Value": headers[name]} for name in sorted(headers)],
            "Bytes": len(call.incoming.body),
            "Query": call.incoming.request.url.query,
        }
    )


_TEST: dict[str, Operation] = {
    "echo": Operation(_echo, "Object", {"_request": "Object"}),
    "requestInfo": Operation(_seen, "SandboxRequestInfo"),
    "executed": Operation(_executed, "List"),
    "shiftDateTime": Operation(
        _shift, "utcdatetime", {"dateTime": "utcdatetime", "timeZoneOffset": "Integer"}
    ),
    "getText": Operation(_scalar('Blåbær & "quotes"'), "String"),
    "getNumber": Operation(_scalar(Decimal("1234567.10")), "Real"),
    "getBoolean": Operation(_scalar(value=True), "Boolean"),
    "getNothing": Operation(_scalar(None), "SandboxContract"),
    "getList": Operation(_scalar([{"parmId": "10"}, {"parmId": "20"}]), "List"),
    "doNothing": Operation(_void),
    "setHold": Operation(_hold, "Integer", {"_status": "CustVendorBlocked"}),
    "post": Operation(_business, "SandboxResponse", {"_request": "SandboxRequest"}),
    "throwException": Operation(_throw, "void", {"_kind": "String"}),
    "slow": Operation(_slow, "String", {"_seconds": "Real"}),
    "large": Operation(_large, "List", {"_rows": "Integer"}),
}
SERVICES: dict[str, dict[str, dict[str, Operation]]] = {
    "UserSessionService": {
        "AifUserSessionService": {"GetUserSessionInfo": Operation(_session, "AifUserSessionInfo")}
    },
    "SandboxServices": {"SandboxTestService": _TEST},
}
"""Group, service, operation; casing counts."""
