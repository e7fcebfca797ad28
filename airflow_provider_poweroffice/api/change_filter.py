"""
Reading what changed since a moment: the right filter, an exact moment, an overlap.

Rule: pure. The API's filters are strictly greater than; a row written later with the same time would be
missed, so the moment is taken back by an overlap, and rows seen twice in one read count once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import OVERLAP
from airflow_provider_poweroffice.api.timestamps import TICKS, text_of, ticks_of_iso

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.catalogue import Catalogue
    from airflow_provider_poweroffice.api.dialects.base import Dialect

_CLOCKS_DIFFER = timedelta(minutes=5)
_NOTHING = frozenset({"", "none", "null"})  # what a template renders where there is no moment yet


def since_query(
    dialect: Dialect[Any],
    endpoint: str,
    *,
    changed_since: Any = None,
    created_since: Any = None,
    overlap: float = OVERLAP,
    now: float,
) -> dict[str, str]:
    """
    Make the query that reads what changed, or was created, since a moment.

    :param dialect: of the API.
    :param changed_since: a timestamp text (none of zone means UTC) or an aware datetime; None, "" and
        "None" read everything.
    :param overlap: seconds to go back from it, beyond the API's own lag of reads behind writes.
    :param now: seconds since 1970.
    :return: nothing, or the one filter of the resource.
    :raises ValueError: no timestamp, one in the future, a resource without such a filter or one that is not
        known, or both arguments.
    """
    moments = {
        kind: value
        for kind, value in (("changed", changed_since), ("created", created_since))
        if given(value)
    }
    if not moments:
        return {}
    if len(moments) > 1:
        raise ValueError("changed_since and created_since exclude each other")
    ((kind, value),) = moments.items()
    if dialect.since_advice:
        raise ValueError(f"{kind}_since: {dialect.since_advice}")
    resource = dialect.known.find(endpoint)
    if resource is None:
        raise ValueError(f"{kind}_since: nothing is known of {endpoint!r}; give its filter in query")
    name = resource.since_filter(kind)
    if isinstance(overlap, bool) or not isinstance(overlap, (int, float)) or overlap < 0:
        raise ValueError(f"overlap must be a number of seconds from 0, not {overlap!r}")
    moment = _moment(f"{kind}_since", value)
    if moment > (now + _CLOCKS_DIFFER.total_seconds()) * TICKS:
        raise ValueError(f"{kind}_since {value!r} lies in the future: it would find nothing")
    return dialect.since(name, kind, text_of(moment - round((overlap + dialect.read_lag) * TICKS)))


def given(value: Any) -> bool:
    """Tell whether there is a moment at all; templates render None as text."""
    return value is not None and str(value).strip().lower() not in _NOTHING


def _moment(name: str, value: Any) -> int:
    """Read a moment as a count of 100 ns."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"{name} {value!r} has no time zone; use an aware datetime or a text ending in Z"
            )
        value = value.astimezone(UTC).isoformat()
    try:
        return ticks_of_iso(str(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def check_required(known: Catalogue | None, endpoint: str, given: dict[str, str]) -> None:
    """
    Refuse a GET that lacks a query the API requires.

    :raises ValueError: names what is missing.
    """
    resource = known.find(endpoint) if known else None
    names = {name.lower() for name, value in given.items() if value.strip()}
    missing = [name for name in (resource.required if resource else ()) if name.lower() not in names]
    if missing:
        raise ValueError(f"query lacks {', '.join(missing)}, which {endpoint} requires")
