"""
A driver of SQL Server with no server behind it: it records what it is given, and answers as one would.

Rule: what is recorded is a script that a person can run on a real server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

_COLUMN = re.compile(r'"(\w+)" ([A-Z]+\d?)(?:\((\w+)(?:, (\d+))?\))?(?: COLLATE (\w+))?')
_TABLE = re.compile(r'CREATE TABLE ((?:"\w+"\.)?"(\w+)") \((.*)\)$')
_ADDED = re.compile(r'ALTER TABLE (?:"\w+"\.)?"(\w+)" ADD (.*)$')
_OBJECT = re.compile(r"OBJECT_ID\(N'(?:\[\w+\]\.)?\[(\w+)\]'\)")
_COMMENT = re.compile(r"@value = N'(.*)', @level0type")
Row = tuple[Any, ...]


class Server:
    """
    What the connections have in common.

    :param rows: how many rows each statement changes.
    :param matching: how many staged rows a table has already.
    :param refuse: gives the error of a statement, if it is to have one.
    """

    def __init__(
        self, *, rows: int = 2, matching: int = 0, refuse: Callable[[str], Exception | None] = lambda _: None
    ) -> None:
        self.rows = rows
        self.matching = matching
        self.refuse = refuse
        self.script: list[str] = []
        self.tables: dict[str, list[Row]] = {}
        self.comments: dict[str, str] = {}
        self.locks: list[int] = []
        """What is answered to those who ask for a lock, before they get it."""

    def connect(self) -> Connection:
        """Connect, as pymssql does."""
        return Connection(self)

    def answer(self, sql: str) -> list[Row]:
        """Keep what a statement makes, and answer it."""
        self.script.append(sql)
        if error := self.refuse(sql):
            raise error
        self._keep(sql)
        if "sp_getapplock" in sql:
            return [(self.locks.pop(0) if self.locks else 0,)]
        if "sys.columns" in sql:
            return self.tables.get(_OBJECT.findall(sql)[0], [])
        if "sys.extended_properties" in sql:
            return [(self.comments[_OBJECT.findall(sql)[0]],)]
        return [(self.matching,)] if sql.startswith("SELECT count(") else []

    def _keep(self, sql: str) -> None:
        if made := _TABLE.match(sql):
            self.tables[made[2]] = _columns(made[3])
        if added := _ADDED.match(sql):
            self.tables[added[1]] += _columns(added[2])
        if (comment := _COMMENT.search(sql)) and "@level2type" not in sql:
            self.comments[_OBJECT.findall(sql)[0]] = comment[1]


def _columns(text: str) -> list[Row]:
    """Give the columns of a definition as ``sys.columns`` has them."""
    return [
        (
            name,
            kind.lower(),
            (-1 if first == "MAX" else int(first or 0) * 2),
            int(first or 0) if kind == "DECIMAL" else 0,
            int(second or 0) if kind == "DECIMAL" else int(first or 0) if kind == "DATETIMEOFFSET" else 0,
            collation or ("Danish_Norwegian_CI_AS" if kind == "NVARCHAR" else None),
        )
        for name, kind, first, second, collation in _COLUMN.findall(text.partition(", PRIMARY KEY")[0])
    ]


class Connection:
    """A connection as pymssql gives it: within a transaction until it is told to commit by itself."""

    __module__ = "pymssql._pymssql"

    def __init__(self, server: Server) -> None:
        self.server = server
        self.as_dict = True
        self._autocommit = False

    def autocommit(self, status: bool) -> None:
        """Have each statement commit, unless a transaction was begun."""
        self._autocommit = status

    def cursor(self) -> Cursor:
        """Give a cursor."""
        assert self._autocommit, "else the driver would begin transactions of its own"
        assert not self.as_dict, "rows are tuples"
        return Cursor(self.server)

    def close(self) -> None:
        """End the connection; in a script that is run as a whole, only its temporary tables would be left."""
        self.server.script.append("DROP TABLE IF EXISTS #poweroffice_stage, #poweroffice_ids")


class Cursor:
    """A cursor that puts parameters into the statement, as pymssql does."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._rows: list[Row] = []
        self.rowcount = server.rows

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Carry out a statement."""
        if parameters:
            assert sql.count("%s") == sql.count("%") == len(parameters)
            sql = sql.replace("%s", "{}").format(*map(_literal, parameters))
        self._rows = self._server.answer(sql)

    def fetchall(self) -> list[Row]:
        """Give all rows."""
        return self._rows

    def close(self) -> None:
        """Go."""


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    assert "\\\n" not in value, "Transact-SQL drops a backslash at the end of a line, and the line's end"
    return "N'" + value.replace("'", "''") + "'"
