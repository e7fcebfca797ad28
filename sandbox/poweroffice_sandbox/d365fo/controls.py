"""
The control endpoints only the sandbox of Finance & Operations has.

Rule: each endpoint is one line of the table; the work is done by :class:`.state.D365FOState`.
"""

from __future__ import annotations

from typing import Any

from ..core.control import Controls, Query
from .keys import COMPANIES
from .state import D365FOState


def _totals(state: D365FOState, query: Query, _body: Any) -> Any:
    company = query.get("company")
    if company is not None and company.lower() not in COMPANIES:
        raise ValueError(f"company = {company!r}: choose one of {', '.join(COMPANIES)}.")
    return {"company": company, "rows": state.totals(company), "connections": state.connections}


def _executed(state: D365FOState, _query: Query, _body: Any) -> Any:
    return dict(state.executed)


CONTROLS: Controls = {("GET", "totals"): _totals, ("GET", "executed"): _executed}
