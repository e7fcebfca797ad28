"""
The day on which the books end, and how the first rows get there.

Rule: seeds are written for :data:`.origin.LAST_DAY`. With another day, every date of theirs is moved by the
same number of days, so a row stays as long after another as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .clock import EPOCH, TICKS, Clock
from .origin import FIRST_DAY, LAST_DAY, LOCK_DATE, SPAN, START

_LAST = date.fromisoformat(LAST_DAY)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_DAY = re.compile(r"(19[5-9]\d|20\d\d)-(\d\d)-(\d\d)(?=T|$)")
_DAY_TICKS = 86_400 * TICKS
_LATE = 61
"""The ledger of :data:`.origin.LAST_DAY` is posted until so many days and two before it."""


class TodayError(ValueError):
    """A day on which no books can end."""


def day_of(given: date | str) -> date:
    """
    Read a day.

    :param given: a date, or its text: ``2026-11-28``.
    :raises TodayError: it is none, or too far away.
    """
    day = given
    if isinstance(given, str):
        try:
            day = date.fromisoformat(given)
        except ValueError:
            day = given
    is_day = isinstance(day, date) and not isinstance(day, datetime)
    if not is_day or (isinstance(given, str) and str(day) != given):
        raise TodayError(f"today = {given!r}: give a day, such as 2026-11-28.")
    assert isinstance(day, date)  # noqa: S101 - for the type checker
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise TodayError(f"today = {given!r}: give a day from {_FIRST_YEAR}-01-01 to {_LAST_YEAR}-12-31.")
    return day


@dataclass(frozen=True)
class Calendar:
    """
    When the books begin and end.

    :param today: the last day; ``None`` for :data:`.origin.LAST_DAY`.
    """

    today: date | None = None

    @property
    def days(self) -> int:
        """How many days everything is moved."""
        return 0 if self.today is None else (self.today - _LAST).days

    @property
    def year(self) -> int:
        """The year in which they end."""
        return (self.today or _LAST).year

    @property
    def first_day(self) -> str:
        """Where they begin."""
        return self._day(FIRST_DAY)

    @property
    def lock_date(self) -> str:
        """Nothing can be posted on this day or before."""
        return self._day(LOCK_DATE)

    @property
    def start(self) -> int:
        """Where they begin, in ticks."""
        return START + self.days * _DAY_TICKS

    def ledger(self, *, is_moved: bool = True) -> tuple[int, int]:
        """
        Give where the ledger begins, and when its last change is at the latest, in ticks.

        With a day of its own, it is posted until the day before yesterday.

        :param is_moved: ``False`` as seeds see it, whose rows are moved afterwards.
        """
        days = self.days if is_moved else 0
        late = 0 if self.today is None else _LATE
        return START + (days + late) * _DAY_TICKS, START + SPAN + days * _DAY_TICKS

    def moved(self, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """
        Move the dates of rows.

        :param rows: as a seed has made them.
        """
        return (self._moved(row) for row in rows) if self.days else rows

    def _moved(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._day(value)
        if isinstance(value, dict):
            return {name: self._moved(item) for name, item in value.items()}
        return [self._moved(item) for item in value] if isinstance(value, list) else value

    def _day(self, text: str) -> str:
        """Move a text that begins with a day; those that stand for never, such as 9999-12-31, stay."""
        found = _DAY.match(text) if self.days else None
        if found is None:
            return text
        day = date.fromisoformat(found.group()) + timedelta(days=self.days)
        return f"{day}{text[found.end() :]}"

    def set(self, clock: Clock) -> None:
        """
        Make a clock say that it is today, at the time of day it has.

        :param clock: the sandbox's.
        """
        if self.today is not None:
            now = (EPOCH + timedelta(seconds=clock.now())).date()
            clock.advance((self.today - now).days * 86_400)
