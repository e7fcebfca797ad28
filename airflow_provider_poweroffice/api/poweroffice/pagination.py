"""What v2 says about pages in the header ``X-Pagination``, of which only two keys are confirmed."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_poweroffice.api.decoding import whole_number
from airflow_provider_poweroffice.api.facts import PageInfo


class _Pairs(list[tuple[str, Any]]):
    """An object with all its names, those that are there twice included."""


def read_pagination(header: str | None) -> PageInfo:
    """
    Read the header: JSON text, keys in any case.

    The links are only looked at for being there: behind the gateway they may name another host.
    """
    try:
        loaded = json.loads(header or "", object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return PageInfo()
    if not isinstance(loaded, _Pairs):
        return PageInfo()
    facts: dict[str, list[Any]] = {}
    for key, value in loaded:
        facts.setdefault(str(key).lower(), []).append(value)
    links = facts.get("nextpagelink", [])
    return PageInfo(
        total_rows=_largest(facts.get("totalcount")),
        total_pages=_largest(facts.get("totalpages")),
        number=_largest(facts.get("currentpage")),
        size=_largest(facts.get("pagesize")),
        # A link that is left out proves nothing: the server may never send one.
        is_last=not any(links) if links else None,
    )


def _largest(values: list[Any] | None) -> int | None:
    """Read a count that may be there more than once, in other spellings: never resolve towards fewer rows."""
    counts = [count for value in values or () if (count := whole_number(value)) is not None]
    return max(counts, default=None)
