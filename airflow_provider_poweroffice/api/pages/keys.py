"""
The keys of rows: which rows of a collection came, told by the fields that no two of them share.

Rule: pure; of each row nothing but its key is parsed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from airflow_provider_poweroffice.api.surrogates import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_poweroffice.api.pages.page import Page


_Value: TypeAlias = bool | int | str
"""What a key is made of; a row with anything else in its place, or nothing, has none."""


class RowKeys:
    """
    Reads the keys of rows.

    :param fields: the names of the key's fields, as rows spell them.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        names = [f"k{number}" for number in range(len(self.fields))]
        row = msgspec.defstruct(
            "Row",
            [(name, _Value) for name in names],
            rename=dict(zip(names, self.fields, strict=True)),
            gc=False,
        )
        self._key = attrgetter(*names)
        self._rows = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._row = msgspec.json.Decoder(row).decode

    def of(self, page: Page) -> list[Any] | None:
        """Read the keys of all rows; None where a row has none, or is no object."""
        try:
            return list(map(self._key, self._rows(escaped(page.content))))
        except (msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError):
            return None

    def ends(self, page: Page) -> tuple[Any, Any] | None:
        """Read the keys of the first and the last row alone; None where they have none."""
        try:
            first, last = (self._row(escaped(bytes(page.raw_rows[place]))) for place in (0, -1))
            return self._key(first), self._key(last)
        except (msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError):
            return None


class Read(Protocol):
    """Knows which rows were read."""

    def add(self, keys: Iterable[Any]) -> None:
        """Note rows that were read."""

    def __contains__(self, key: object) -> bool: ...


class ReadKeys:
    """Which rows were read, each by its key; some 100 bytes for each row."""

    def __init__(self) -> None:
        self._keys: set[Any] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def add(self, keys: Iterable[Any]) -> None:
        """Note rows that were read."""
        self._keys.update(keys)


class ReadRanges:
    """
    Which rows were read, as ranges of keys; some 100 bytes for each page.

    A page of a list that is ordered by key, as it is at one moment, holds every row whose key lies between
    those of its first and last row. So a row that was there all the time and did not come has a key that
    lies between two pages.
    """

    def __init__(self) -> None:
        self._starts: list[Any] = []
        self._ends: list[Any] = []

    @property
    def last(self) -> Any:
        """The largest key read; None before the first page."""
        return self._ends[-1] if self._ends else None

    def __contains__(self, key: object) -> bool:
        place = bisect_right(self._starts, key) - 1
        return place >= 0 and bool(key <= self._ends[place])

    def add(self, keys: Iterable[Any]) -> None:
        """Note a run of rows between whose keys nothing is missing."""
        found = list(keys)
        if not found:
            return
        first, last = min(found), max(found)
        place = bisect_right(self._starts, first)
        self._starts.insert(place, first)
        self._ends.insert(place, max(last, self._ends[place - 1]) if place else last)
        for later in range(place + 1, len(self._ends)):  # what a page read again covers, too
            if self._ends[later] >= last:
                break
            self._ends[later] = last
