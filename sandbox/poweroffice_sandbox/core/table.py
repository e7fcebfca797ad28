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
        return other

    def put(self, row: Row, now: float, owner: str = "") -> None:
        """
        Add a row, or replace the one with its id.

        :param owner: the application that made it; left out, it keeps the one it has.
        """
        if owner:
            self.owners[row[self.key]] = owner
        self._undo.append((now, row[self.key], self.rows.get(row[self.key])))
        self.rows[row[self.key]] = row

    def remove(self, identifier: Id, now: float) -> None:
        """Take a row out."""
        self._undo.append((now, identifier, self.rows.pop(identifier)))

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
