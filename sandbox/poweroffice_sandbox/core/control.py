"""
The control endpoints below ``/_sandbox``: no keys, no limit, not in the journal.

Rule: each endpoint is one line of a table; the work is done by the state. Here are the calls every API's
sandbox has; those of one API are in its own table (:mod:`..v2.controls`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from .near import instead
from .reply import Reply, as_json
from .state import BaseState

PREFIX = "/_sandbox/"
Query = Mapping[str, str]
AnyState = BaseState[Any, Any]
Control = Callable[[Any, Query, Any], Any]
"""From the state, the query and the JSON body to what is answered: JSON values or a reply."""


@dataclass(frozen=True)
class Action:
    """
    A control call.

    :param run: does it.
    :param names: what its query or body may name; ``None`` when ``run`` checks that.
    """

    run: Control
    names: tuple[str, ...] | None = ()


Controls = Mapping[tuple[str, str], Action]
"""Control calls by method and name."""


class ControlError(ValueError):
    """A control call that cannot be carried out."""


def _faults_add(state: AnyState, _query: Query, body: Any) -> Any:
    for rule in body if isinstance(body, list) else [body]:
        state.add_fault(rule)
    return _faults(state, _query, None)


def _faults(state: AnyState, _query: Query, _body: Any) -> Any:
    return [rule.as_dict() for rule in state.faults.rules]


def _faults_clear(state: AnyState, _query: Query, _body: Any) -> Any:
    state.faults.rules.clear()
    return []


def _journal(state: AnyState, _query: Query, _body: Any) -> Any:
    return [entry.as_dict() for entry in state.journal.entries()]


def _counts(state: AnyState, query: Query, _body: Any) -> Any:
    return {"count": state.journal.count(query.get("method"), query.get("path"))}


def _switches(state: AnyState, _query: Query, _body: Any) -> Any:
    return state.switches.as_dict()


def _switches_set(state: AnyState, _query: Query, body: Any) -> Any:
    return state.set(object_of(body, " of switches")).as_dict()


def _reset(state: AnyState, _query: Query, _body: Any) -> Any:
    state.reset()
    return state.health()


def _save(state: AnyState, _query: Query, body: Any) -> Any:
    state.save(**body)
    return state.health()


def _restore(state: AnyState, _query: Query, body: Any) -> Any:
    state.restore(**body)
    return state.health()


def _health(state: AnyState, _query: Query, _body: Any) -> Any:
    return state.health()


def _advance(state: AnyState, _query: Query, body: Any) -> Any:
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if not isinstance(seconds, (int, float)):
        raise ControlError(f"seconds = {seconds!r}: give a number.")
    state.clock.advance(seconds)
    return state.health()


_TABLE: Controls = {
    ("GET", "health"): Action(_health),
    ("GET", "journal"): Action(_journal),
    ("GET", "counts"): Action(_counts, ("method", "path")),
    ("GET", "switches"): Action(_switches),
    ("POST", "switches"): Action(_switches_set, None),
    ("GET", "faults"): Action(_faults),
    ("POST", "faults"): Action(_faults_add, None),
    ("DELETE", "faults"): Action(_faults_clear),
    ("POST", "reset"): Action(_reset),
    ("POST", "save"): Action(_save, ("name",)),
    ("POST", "restore"): Action(_restore, ("name",)),
    ("POST", "advance"): Action(_advance, ("seconds",)),
}


def control(state: AnyState, own: Controls, *, method: str, path: str, query: Query, body: bytes) -> Reply:
    """
    Answer a control call.

    :param own: the calls only this API's sandbox has.
    :param path: of the request, in lower case.
    """
    table = {**_TABLE, **own}
    action = table.get((method, path.removeprefix(PREFIX).rstrip("/")))
    if action is None:
        known = instead(f"{method} {path}", [f"{verb} {PREFIX}{name}" for verb, name in table])
        return as_json(404, {"error": f"{method} {path}: no such control endpoint; {known}."})
    try:
        given = _body(body)
        _check(action, query, given)
        result = action.run(state, query, given)
    except (ValueError, TypeError) as error:
        return as_json(400, {"error": str(error)})
    return result if isinstance(result, Reply) else as_json(200, result)


def _check(action: Action, query: Query, body: Any) -> None:
    """Refuse what a call does not take, before it does anything."""
    if action.names is None:
        return
    for name in (*query, *object_of(body)):
        if name not in action.names:
            there = instead(name, action.names) if action.names else "it takes nothing"
            raise ControlError(f"{name}: no such setting of this call; {there}.")


def object_of(body: Any, what: str = "") -> dict[str, Any]:
    """
    Give the body of a control call as an object.

    :param body: as decoded.
    :param what: what it is an object of, for the error.
    :raises ControlError: it is a list.
    """
    if not isinstance(body, dict):
        raise ControlError(f"The body must be a JSON object{what}.")
    return body


def _body(body: bytes) -> Any:
    given = msgspec.json.decode(body) if body else {}
    if not isinstance(given, (dict, list)):
        raise ControlError("The body must be a JSON object.")
    return given
