"""
The stored rows of one resource.

Rule: a row is never changed in place but replaced, so that a reader that lags behind can be shown the old
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any, ClassVar, Self

Row = dict[str, Any]
Id = int | str
OWN = "IsCreatedByCurrentIntegration"
"""The field that says whether the integration that asks has made the row."""


class Table:
    """
    Rows by id; a subclass may have it in another field.

    :param rows: the first rows; each has an id.
    :param owner: the application that made those of them that say an integration did.
    """

    key: ClassVar[str] = "Id"
    """The field the id is in."""

    def __init__(self, rows: Iterable[Row] = (), owner: str = "") -> None:
        self.rows: dict[Id, Row] = {row[self.key]: row for row in rows}
        self.owners: dict[Id, str] = {key: owner for key, row in self.rows.items() if row.get(OWN)}
        """The application that made a row, by id, when one did."""
        self._undo: list[tuple[float, Id, Row | None]] = []
        self._index: dict[str, dict[str, dict[Id, None]]] = {}
        self._highest: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_changed(self) -> bool:
        """Whether it is no longer as it was made."""
        return bool(self._undo)

    def copy(self) -> Self:
        """Give a copy that later changes do not reach; rows are never changed in place."""
        other = copy(self)
        other.rows, other.owners, other._undo = dict(self.rows), dict(self.owners), list(self._undo)  # noqa: SLF001
        other._index, other._highest = {}, {}  # noqa: SLF001 - as above
        return other

    def put(self, row: Row, now: float, owner: str = "") -> None:
        """
        Add a row, or replace the one with its id.

        :param owner: the application that made it; left out, it keeps the one it has.
        """
        if owner:
            self.owners[row[self.key]] = owner
        before = self.rows.get(row[self.key])
        self._undo.append((now, row[self.key], before))
        self.rows[row[self.key]] = row
        self._indexed(row[self.key], before, row)

    def remove(self, identifier: Id, now: float) -> None:
        """Take a row out."""
        before = self.rows.pop(identifier)
        self._undo.append((now, identifier, before))
        self._indexed(identifier, before, None)

    def find(self, field: str, value: object) -> Row | None:
        """Find the first row with a value; texts compare without case."""
        if field not in self._index:
            self._index[field] = {}
            for key, row in self.rows.items():
                self._index[field].setdefault(_folded(row.get(field)), {})[key] = None
        found = self._index[field].get(_folded(value), {})
        if len(found) == 1:
            return self.rows[next(iter(found))]
        return next((row for key, row in self.rows.items() if key in found), None) if found else None

    def highest(self, field: str) -> int:
        """Give the highest number in a field; 0 where there is none."""
        if field not in self._highest:
            self._highest[field] = max((row[field] or 0 for row in self.rows.values()), default=0)
        return self._highest[field]

    def _indexed(self, key: Id, before: Row | None, after: Row | None) -> None:
        for field, index in self._index.items():
            if before is not None:
                index[_folded(before.get(field))].pop(key, None)
            if after is not None:
                index.setdefault(_folded(after.get(field)), {})[key] = None
        if before is not None:
            self._highest.clear()
        for field in self._highest:
            self._highest[field] = max(self._highest[field], (after or {}).get(field) or 0)

    def seen(self, now: float, lag: float) -> dict[Id, Row]:
        """
        Give the rows as they were ``lag`` seconds ago.

        :param lag: seconds; 0 gives the rows as they are.
        """
        if not lag:
            return self.rows
        view = dict(self.rows)
        for time, identifier, before in reversed(self._undo):
            if time <= now - lag:
                break
            if before is None:
                view.pop(identifier, None)
            else:
                view[identifier] = before
        return view


def _folded(value: object) -> str:
    return str(value).casefold()
