"""
The control endpoints only the sandbox of PowerOffice Go v2 has: rows, privileges, onboarding.

Rule: each endpoint is one line of the table; the work is done by :class:`.state.State`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..core.companies import Company
from ..core.control import Controls, Query, object_of
from ..core.reply import Reply
from .onboarding import consent
from .state import State


def _totals(state: State, query: Query, _body: Any) -> Any:
    company = _company(state, query)
    return {"company": company.alias, "rows": state.totals(company), "connections": state.connections}


def _company(state: State, values: Mapping[str, Any]) -> Company:
    return state.access.company(values.get("company", "0"), values.get("environment", "production"))


def _rights(state: State, query: Query, _body: Any) -> Any:
    return asdict(state.access.rights(_company(state, query)))


def _rights_change(state: State, _query: Query, body: Any) -> Any:
    given = object_of(body)
    changes = {name: value for name, value in given.items() if name not in {"company", "environment"}}
    return asdict(state.access.change_rights(_company(state, given), **changes))


def _onboarding(state: State, query: Query, _body: Any) -> Reply:
    return consent(state.access, query, state.clock.now())


CONTROLS: Controls = {
    ("GET", "totals"): _totals,
    ("GET", "privileges"): _rights,
    ("POST", "privileges"): _rights_change,
    ("GET", "onboarding"): _onboarding,
}
