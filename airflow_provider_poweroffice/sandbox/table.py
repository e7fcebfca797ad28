"""
The stored rows of one resource.

Rule: a row is never changed in place but replaced, so that a reader that lags behind can be shown the old
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
Id = int | str


class Table:
    """
    Rows by id.

    :param rows: the first rows; each has an ``Id``.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: dict[Id, Row] = {row["Id"]: row for row in rows}
        self._undo: list[tuple[float, Id, Row | None]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, row: Row, now: float) -> None:
        """
        Add a row, or replace the one with its id.

        :param row: whole.
        :param now: the sandbox's time.
        """
        self._undo.append((now, row["Id"], self.rows.get(row["Id"])))
        self.rows[row["Id"]] = row

    def remove(self, identifier: Id, now: float) -> None:
        """
        Take a row out.

        :param identifier: of a row that is there.
        :param now: the sandbox's time.
        """
        self._undo.append((now, identifier, self.rows.pop(identifier)))

    def seen(self, now: float, lag: float) -> dict[Id, Row]:
        """
        Give the rows as they were ``lag`` seconds ago.

        :param now: the sandbox's time.
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
