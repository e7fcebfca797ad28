"""
Reading what changed since a moment: the right filter, an exact moment, an overlap.

Rule: pure. The API's filters are strictly greater than; a row written later with the same time would be
missed, so the moment is taken back by an overlap, and rows seen twice in one read count once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import OVERLAP, is_given
from airflow_provider_poweroffice.api.timestamps import TICKS, text_of, ticks_of_http_date, ticks_of_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_poweroffice.api.catalogue import Catalogue
    from airflow_provider_poweroffice.api.dialects.base import Dialect

CLOCKS_DIFFER = 300
"""Seconds by which a moment may be later than the server's clock."""
FAR_AHEAD = 366 * 86_400
"""Seconds ahead of the worker's clock from which a moment is refused before any request."""
EARLIEST = ticks_of_iso("0001-01-01T00:00:00Z")
"""The calendar's first moment; what lies before it, an overlap taken off, asks for every row."""


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

    :param changed_since: a timestamp text (none of zone means UTC) or an aware datetime; None, "" and
        "None" read everything.
    :param overlap: seconds to go back from it, beyond the API's own lag of reads behind writes.
    :param now: seconds since 1970.
    :return: nothing, or the one filter of the resource.
    :raises ValueError: no timestamp, one more than a year ahead of ``now``, a resource without such a filter
        or one that is not known, or both arguments.
    """
    moments = {
        kind: value
        for kind, value in (("changed", changed_since), ("created", created_since))
        if is_given(value)
    }
    if not moments:
        return {}
    if len(moments) > 1:
        raise ValueError("changed_since and created_since exclude each other")
    ((kind, value),) = moments.items()
    if dialect.since_advice:
        raise ValueError(f"{kind}_since: {dialect.since_advice}")
    resource = dialect.catalogue.find(endpoint)
    if resource is None:
        raise ValueError(f"{kind}_since: nothing is known of {endpoint!r}; give its filter in query")
    name = resource.since_filter(kind)
    if isinstance(overlap, bool) or not isinstance(overlap, (int, float)) or overlap < 0:
        raise ValueError(f"overlap must be a number of seconds from 0, not {overlap!r}")
    moment = read_moment(f"{kind}_since", value)
    if moment > (now + FAR_AHEAD) * TICKS:
        raise ValueError(f"{kind}_since {value!r} lies in the future: it would find nothing")
    start = moment - round((overlap + dialect.read_lag) * TICKS)
    # "Since the beginning", such as .NET's least date: all rows, those that carry that date included.
    return {} if start < EARLIEST else dialect.since(name, kind, text_of(start))


class NotBefore:
    """
    Refuses a moment that the server's own clock has not reached: it would find nothing, now and later.

    The worker's clock alone cannot tell: a server whose clock is ahead gives watermarks that lie in the
    worker's future, and an increment must go on from them.

    :param name: of the argument, and its value, for the message.
    :param value: the moment as it was given.
    :param now: the worker's clock, in seconds since 1970; used where the server does not tell the time.
    """

    def __init__(self, name: str, value: Any, now: float) -> None:
        self._name = name
        self._value = value
        self._moment = read_moment(name, value)
        self._now = round(now * TICKS)

    @property
    def is_doubtful(self) -> bool:
        """Tell whether the moment lies in the worker's future."""
        return self._moment > self._now + CLOCKS_DIFFER * TICKS

    def check(self, date: str | None) -> None:
        """
        Compare with the ``Date`` of an answer to the read.

        :raises ValueError: the moment is later than that by more than clocks differ.
        """
        if not self.is_doubtful:
            return
        try:
            server = ticks_of_http_date(date or "")
        except (TypeError, ValueError, OverflowError):
            server = self._now
        if self._moment > max(server, self._now) + CLOCKS_DIFFER * TICKS:
            raise ValueError(
                f"{self._name} {self._value!r} lies in the future of the server's clock "
                f"({date or 'which it does not tell'}): it would find nothing"
            )


def read_moment(name: str, value: Any) -> int:
    """Read a moment as a count of 100 ns."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"{name} {value!r} has no time zone; use an aware datetime or a text ending in Z"
            )
        value = value.isoformat()
    try:
        return ticks_of_iso(str(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def check_required(known: Catalogue | None, endpoint: str, query: Mapping[str, str]) -> None:
    """
    Refuse a GET that lacks a query the API requires.

    :raises ValueError: names what is missing.
    """
    resource = known.find(endpoint) if known else None
    if resource and (missing := resource.lacking(query)):
        raise ValueError(f"query lacks {', '.join(missing)}, which {endpoint} requires")


def check_query(dialect: Dialect[Any], endpoint: str, query: Mapping[str, str]) -> None:
    """
    Refuse a GET whose query lacks what the API requires, or holds what it cannot answer.

    :raises ValueError: names what is missing, or the way out.
    """
    check_required(dialect.catalogue, endpoint, query)
    dialect.check_query(endpoint, query)
