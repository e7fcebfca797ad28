"""
The keys of rows: which rows of a collection came, told by the fields that no two of them share.

Rule: pure; of each row nothing but its key is parsed.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import PaginationError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.pages.page import Page

log = logging.getLogger(__name__)

_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError)
_IDLE_PAGES = 100
"""Pages in a row without a row that was not read yet."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

_Value: TypeAlias = bool | int | str
"""What a key is made of; a row with anything else in its place, or nothing, has none."""


class RowKeys:
    """
    Reads the keys of rows.

    The company in the keys of Finance & Operations is the same in any case, see :func:`is_caseless`.

    :param fields: the names of the key's fields, as rows spell them.
    :param hearsay: rows may turn out to share it: metadata or a caller say that it is a key.
    :param beside: a field that is noted in ``Page.texts``: it takes long to skip what is not looked at, and
        hardly longer to look at one field more.
    """

    def __init__(self, fields: Sequence[str], *, hearsay: bool = False, beside: str = "") -> None:
        self.fields = tuple(fields)
        self.hearsay = hearsay
        self._beside = beside if beside not in self.fields else ""
        names = [f"k{number}" for number in range(len(self.fields))]
        own: list[tuple[str, Any]] = [(name, _Value) for name in names]
        rename = dict(zip(names, self.fields, strict=True))
        row = msgspec.defstruct("Row", own, rename=rename, gc=False)
        self._key: Callable[[Any], Any] = attrgetter(*names)
        if places := {place for place, field in enumerate(self.fields) if is_caseless(field)}:
            self._key = partial(_folded, self._key, places)
        self._rows = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._row = msgspec.json.Decoder(row).decode
        if self._beside:
            both = msgspec.defstruct(
                "Row", [*own, ("beside", str | None, None)], rename=rename | {"beside": beside}, gc=False
            )
            self._both = msgspec.json.Decoder(list[both]).decode  # type: ignore[valid-type]

    def of(self, page: Page) -> list[Any] | None:
        """Read the keys of all rows; None where a row has none, or is no object."""
        content = escaped(page.content)
        if self._beside:
            try:
                rows = self._both(content)
            except _UNREADABLE:  # of what is beside the key, perhaps
                pass
            else:
                page.texts[self._beside] = [row.beside for row in rows]  # type: ignore[attr-defined]
                return list(map(self._key, rows))
        try:
            return list(map(self._key, self._rows(content)))
        except _UNREADABLE:
            return None

    def are_all(self, page: Page) -> bool:
        """Tell whether rows hold their key and nothing else, as in a list of keys."""
        names = set(self.fields)
        return all(names.issuperset(_names(row)) for row in page.raw_rows)

    def ends(self, page: Page) -> tuple[Any, Any] | None:
        """Read the keys of the first and the last row alone; None where they have none."""
        try:
            first, last = (self._row(escaped(bytes(page.raw_rows[place]))) for place in (0, -1))
            return self._key(first), self._key(last)
        except _UNREADABLE:
            return None


def _names(row: msgspec.Raw) -> Iterable[str]:
    """Give the names of a row's fields; of what is no object, one that no key has."""
    try:
        return _fields(escaped(bytes(row)))
    except _UNREADABLE:
        return ("",)


def is_caseless(field: str) -> bool:
    """Tell whether values of a field of a key that differ in case alone are one value."""
    return field.lower() == "dataareaid"


def _folded(key: Callable[[Any], Any], places: set[int], row: Any) -> Any:
    """Give a key whose company, at these places, is in lower case."""
    found = key(row)
    if not isinstance(found, tuple):
        return str(found).lower()
    return tuple(str(value).lower() if place in places else value for place, value in enumerate(found))


class KeySet:
    """Which rows were read, each by its key; some 100 bytes for each row."""

    def __init__(self) -> None:
        self._keys: set[Any] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def missing(self, keys: Iterable[Any]) -> set[Any]:
        """Tell which of these rows did not come."""
        read = self._keys
        return {key for key in keys if key not in read}

    def add(self, keys: Iterable[Any]) -> None:
        """Note rows that were read."""
        self._keys.update(keys)

    def add_new(self, keys: list[Any]) -> bool:
        """Note rows that were read, if none of them came before, and none twice; tell whether that is so."""
        found = set(keys)
        if len(found) < len(keys) or not self._keys.isdisjoint(found):
            return False
        self._keys |= found
        return True


class KeyRanges:
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

    def missing(self, keys: Iterable[Any]) -> set[Any]:
        """Tell which of these rows did not come."""
        return {key for key in keys if key not in self}

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


class RowsRead:
    """
    The rows of one read: which came, so that each comes once.

    :param keys: tells rows apart; None where nothing does.
    :param label: method and path without query, for messages.
    :param drop_repeated: leave out a row that came before; False where the key is a guess.
    """

    def __init__(self, keys: RowKeys | None, *, label: str, drop_repeated: bool) -> None:
        self.keys = keys
        self.first: list[Any] = []
        """Keys of the first page."""
        self.last: list[Any] = []
        """Keys of the last page."""
        self.total = 0
        """Rows that came, each counted once."""
        self.lost_keys = False
        """A row had no key of its own, although all before it had."""
        self._read: KeySet | KeyRanges = KeySet()
        self._label = label
        self._drop_repeated = drop_repeated
        self._idle_pages = 0
        self._asked: tuple[Page, list[Any] | None] | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._read

    @property
    def count(self) -> int | None:
        """Rows read; None where they are not counted, or have no keys."""
        return len(self._read) if isinstance(self._read, KeySet) and self.keys else None

    def of(self, page: Page) -> list[Any]:
        """Read the keys of a page; none where its rows have none."""
        return (self._keys_of(page) if page else None) or []

    def _keys_of(self, page: Page) -> list[Any] | None:
        """Read the keys of a page, once for all questions before it is taken."""
        if self._asked is None or self._asked[0] is not page:
            self._asked = (page, self.keys.of(page) if self.keys else None)
        return self._asked[1]

    def lacks_keys(self, page: Page) -> bool:
        """Tell whether a row of a page has no key, although all before had one."""
        if not (page and self.keys and self.first):
            return False
        known = self.keys.ends(page) if isinstance(self._read, KeyRanges) else self._keys_of(page)
        return known is None

    def missing(self, keys: Iterable[Any]) -> set[Any]:
        """Tell which of these rows did not come."""
        return self._read.missing(keys)

    def count_in_ranges(self, first: Any, last: Any) -> None:
        """Go on with ranges of keys, which cost less: rows come in the order of their keys."""
        self._read = KeyRanges()
        self._read.add([first, last])

    def take(self, page: Page, *, overlaps: bool = False) -> Page:
        """
        Note the rows of a page; leave out those that came before.

        :param overlaps: it begins with a row that was read, as was wanted.
        :raises PaginationError: no page brought a row that is new for very long.
        """
        page = self._new(page, overlaps=overlaps)
        self.total += len(page)
        return page

    def _new(self, page: Page, *, overlaps: bool) -> Page:
        if not page or self.keys is None:
            self._count_idle(len(page))
            return page
        if self._follows(page):
            return page
        keys, self._asked = self._keys_of(page), None
        if keys is None:
            self._forget(page)
            return page
        if isinstance(self._read, KeySet) and self._read.add_new(keys):
            self._note_ends(keys, len(keys))
            return page
        if len(set(keys)) < len(keys) and self.keys.hearsay:
            self._forget(page)
            return page.holding(page.raw_rows[overlaps:])
        return self._without_repeated(page, keys, overlaps=overlaps)

    def _follows(self, page: Page) -> bool:
        """Tell, by its ends alone, whether a page of ordered rows lies behind all that were read; note it."""
        if not isinstance(self._read, KeyRanges):
            return False
        ends = self.keys.ends(page) if self.keys else None
        if ends is None or self._read.last is None or not self._read.last < ends[0] <= ends[1]:
            return False
        self._read.add(ends)
        self._idle_pages = 0
        return True

    def _without_repeated(self, page: Page, keys: list[Any], *, overlaps: bool) -> Page:
        repeated = len(keys) - len(set(keys))
        if repeated:
            page, keys = _without_copies(page, keys)
        new = [row for row, key in zip(page.raw_rows, keys, strict=True) if key not in self._read]
        before = len(keys) - len(new)
        self._read.add(keys)
        self._note_ends(keys, len(new))
        if before - (overlaps and before > 0) + repeated > 0:
            times = before + repeated
            log.warning("%s: page %d holds %d rows that came before", self._label, page.number, times)
        drop = overlaps or (self._drop_repeated and not (self.keys and self.keys.hearsay))
        return page.holding(new) if before and drop else page

    def _note_ends(self, keys: list[Any], new: int) -> None:
        self.first, self.last = self.first or keys, keys
        self._count_idle(new)

    def _count_idle(self, new: int) -> None:
        """Stop a server that leads on and on without a row that is new."""
        self._idle_pages = 0 if new else self._idle_pages + 1
        if self._idle_pages > _IDLE_PAGES:
            raise PaginationError(f"{self._label}: {self._idle_pages} pages in a row held no row that is new")

    def _forget(self, page: Page) -> None:
        """Go on without keys: rows do not have them, or not all do."""
        self.lost_keys = bool(self.first)
        if self.keys and (self.first or self.keys.hearsay):
            log.warning(
                "%s: a row on page %d has no %s of its own: it cannot be told whether rows moved meanwhile",
                self._label,
                page.number,
                ", ".join(self.keys.fields),
            )
        self.keys = None


def _without_copies(page: Page, keys: list[Any]) -> tuple[Page, list[Any]]:
    """Leave out rows that are on a page twice, alike to the last byte; rows that differ share no true key."""
    kept = dict.fromkeys(zip(keys, map(bytes, page.raw_rows), strict=True))
    return page.holding(row for _, row in kept), [key for key, _ in kept]
