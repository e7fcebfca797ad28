"""
The rows of one set, and their versions.

Rule: no OData here. A record is never changed, only replaced, so a copy of the table is a copy of its keys.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from .model import Entity, Row

_FIRST_RECORD = 22_565_421_000
_VERSIONS = 1 << 31


@dataclass(frozen=True)
class Record:
    """A row with its version and record id, from which its ETag is made."""

    row: Row
    version: int
    number: int

    @property
    def etag(self) -> str:
        """The weak ETag: a quoted ``recversion,recid`` in base64."""
        text = f"'{self.version},{self.number}'"
        return f'W/"{base64.b64encode(text.encode()).decode()}"'


class Table:
    """
    The rows of one set.

    :param entity: of the rows.
    :param rows: to begin with; their version is 0.
    :param random: for the versions after an update.
    """

    def __init__(self, entity: Entity, rows: Iterable[Row], random: Random) -> None:
        self.entity = entity
        self._random = random
        self._numbers = _FIRST_RECORD
        self._sequence = 900_000
        self.records: dict[tuple[Any, ...], Record] = {}
        for row in rows:
            self._put(row, 0)

    def copy(self) -> Table:
        """Give a table that changes on its own."""
        other = Table(self.entity, (), Random())
        other._random.setstate(self._random.getstate())
        other._numbers, other._sequence = self._numbers, self._sequence
        other.records = dict(self.records)
        return other

    def _put(self, row: Row, version: int) -> Record:
        self._numbers += 1
        record = self.records[self.entity.key_of(row)] = Record(row, version, self._numbers)
        return record

    def next_number(self) -> str:
        """Give the next number of the entity's number sequence."""
        self._sequence += 1
        return f"{self.entity.sequence}{self._sequence}"

    def insert(self, row: Row) -> Record:
        """Add a row whose key is free."""
        return self._put(row, 1)

    def update(self, record: Record, changes: Mapping[str, Any]) -> Record:
        """Change fields that are no keys."""
        changed = Record({**record.row, **changes}, self._random.randrange(2, _VERSIONS), record.number)
        self.records[self.entity.key_of(record.row)] = changed
        return changed

    def delete(self, record: Record) -> None:
        """Remove a row."""
        del self.records[self.entity.key_of(record.row)]
