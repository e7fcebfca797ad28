"""
The rows a company begins with in the small registers: how a seed becomes a table.

Rule: a seed names only the fields that say something; all others are filled from the official table. The same
seed, company and sizes give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import NamedTuple
from uuid import UUID

from ...core.clock import stamp
from ...core.companies import Company
from ...core.origin import START
from ...core.table import Row, Table
from ..ledger.ledger import Ledger
from ..resources.resource import CHANGED, CREATED
from ..resources.schema import filled, schema_of
from ..sizes import Sizes
from .parts import times


class Source(NamedTuple):
    """What seeds are made from."""

    random: Random
    company: Company
    sizes: Sizes
    table: Callable[[str], Table]
    ledger: Callable[[], Ledger]

    def uuid(self) -> str:
        """Make an id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def ids(self, table: str) -> list[int]:
        """Give the ids another table begins with."""
        return [int(identifier) for identifier in self.table(table).rows]


class Seed(NamedTuple):
    """How a table is filled: with which entity's fields, and by which function."""

    entity: str
    rows: Callable[[Source], Iterable[Row]]


def seeded(seed: Seed, source: Source) -> Iterator[Row]:
    """Make the rows of a table."""
    fields, first = schema_of(seed.entity), stamp(START)
    dated = {CREATED, CHANGED} <= set(fields.names)
    for row in seed.rows(source):
        made = times(source.random) if dated else {}
        yield filled(fields, {**made, **row}, first)
