"""
The control endpoints below ``/_sandbox``: no keys, no limit, not in the journal.

Rule: each endpoint is one line of the table; the work is done by :class:`.state.State`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from .keys import Company, company_of
from .onboarding import consent
from .replies import Reply, as_json
from .state import State

PREFIX = "/_sandbox/"
Query = Mapping[str, str]


class ControlError(ValueError):
    """A control call that cannot be carried out."""


def _faults_add(state: State, _query: Query, body: Any) -> Any:
    for rule in body if isinstance(body, list) else [body]:
        state.add_fault(rule)
    return _faults(state, _query, None)


def _faults(state: State, _query: Query, _body: Any) -> Any:
    return [rule.as_dict() for rule in state.faults.rules]


def _faults_clear(state: State, _query: Query, _body: Any) -> Any:
    state.faults.rules.clear()
    return []


def _journal(state: State, _query: Query, _body: Any) -> Any:
    return [entry.as_dict() for entry in state.journal.entries()]


def _counts(state: State, query: Query, _body: Any) -> Any:
    return {"count": state.journal.count(query.get("method"), query.get("path"))}


def _totals(state: State, query: Query, _body: Any) -> Any:
    company = company_of(query.get("company", "0"), query.get("environment", "production"))
    return {"company": company.alias, "rows": state.totals(company), "connections": state.connections}


def _switches(state: State, _query: Query, _body: Any) -> Any:
    return state.switches.as_dict()


def _switches_set(state: State, _query: Query, body: Any) -> Any:
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object of switches.")
    return state.set(body).as_dict()


def _reset(state: State, _query: Query, _body: Any) -> Any:
    state.reset()
    return state.health()


def _company(state: State, values: Mapping[str, Any]) -> Company:
    return state.access.company(values.get("company", "0"), values.get("environment", "production"))


def _rights(state: State, query: Query, _body: Any) -> Any:
    return asdict(state.access.rights(_company(state, query)))


def _rights_change(state: State, _query: Query, body: Any) -> Any:
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    changes = {name: value for name, value in body.items() if name not in {"company", "environment"}}
    return asdict(state.access.change_rights(_company(state, body), **changes))


def _save(state: State, _query: Query, body: Any) -> Any:
    state.save(**body)
    return state.health()


def _restore(state: State, _query: Query, body: Any) -> Any:
    state.restore(**body)
    return state.health()


def _onboarding(state: State, query: Query, _body: Any) -> Any:
    return consent(state.access, query, state.clock.now())


def _health(state: State, _query: Query, _body: Any) -> Any:
    return state.health()


def _advance(state: State, _query: Query, body: Any) -> Any:
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if not isinstance(seconds, (int, float)):
        raise ControlError(f"seconds = {seconds!r}: give a number.")
    state.clock.advance(seconds)
    return state.health()


_TABLE: dict[tuple[str, str], Callable[[State, Query, Any], Any]] = {
    ("GET", "health"): _health,
    ("GET", "journal"): _journal,
    ("GET", "counts"): _counts,
    ("GET", "totals"): _totals,
    ("GET", "switches"): _switches,
    ("POST", "switches"): _switches_set,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _faults_add,
    ("DELETE", "faults"): _faults_clear,
    ("POST", "reset"): _reset,
    ("POST", "save"): _save,
    ("POST", "restore"): _restore,
    ("GET", "privileges"): _rights,
    ("POST", "privileges"): _rights_change,
    ("GET", "onboarding"): _onboarding,
    ("POST", "advance"): _advance,
}


def control(state: State, method: str, path: str, query: Query, body: bytes) -> Reply:
    """
    Answer a control call.

    :param state: of the sandbox.
    :param method: of the request.
    :param path: of the request, in lower case.
    :param query: by name.
    :param body: JSON, or nothing.
    """
    action = _TABLE.get((method, path.removeprefix(PREFIX).rstrip("/")))
    if action is None:
        known = ", ".join(f"{verb} {PREFIX}{name}" for verb, name in _TABLE)
        return as_json(404, {"error": f"{method} {path}: no such control endpoint; there are {known}."})
    try:
        result = action(state, query, _body(body))
    except (ValueError, TypeError) as error:
        return as_json(400, {"error": str(error)})
    return result if isinstance(result, Reply) else as_json(200, result)


def _body(body: bytes) -> Any:
    given = msgspec.json.decode(body) if body else {}
    if not isinstance(given, (dict, list)):
        raise ControlError("The body must be a JSON object.")
    return given
