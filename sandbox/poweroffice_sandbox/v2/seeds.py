"""
The rows a company begins with: how a seed becomes a table, and the parts of rows that several share.

Rule: everything is a function of seed, company and sizes, so every start gives the same rows; the order of
the random draws is part of the data. A seed names only the fields that say something, unless it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from uuid import UUID

from ..core.clock import stamp
from ..core.companies import Company
from ..core.origin import SPAN, START
from ..core.table import Row, Table
from .ledger.ledger import Ledger
from .schema.dto import CHANGED, CREATED, Schema, filled
from .schema.resource import Seed
from .sizes import Sizes


class Source:
    """
    What the rows of a table are made from.

    :param seed: of the company's data.
    :param name: of the table.
    :param table: gives another table as it begins.
    """

    def __init__(
        self,
        seed: str,
        name: str,
        *,
        company: Company,
        sizes: Sizes,
        table: Callable[[str], Table],
        ledger: Callable[[], Ledger],
    ) -> None:
        self._seed = seed
        self.random = self.random_of(name)
        self.company = company
        self.sizes = sizes
        self.table = table
        self.ledger = ledger

    def random_of(self, table: str) -> Random:
        """Give the random numbers that a table is made from."""
        return Random(f"{self._seed}/{table}")

    def uuid(self) -> str:
        """Make an id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def ids(self, table: str) -> list[int]:
        """Give the ids another table begins with."""
        return [int(identifier) for identifier in self.table(table).rows]


def seeded(seed: Seed, fields: Schema, source: Source) -> Iterable[Row]:
    """Make the rows of a table."""
    return seed.rows(source) if seed.is_complete else _filled(seed, fields, source)


def _filled(seed: Seed, fields: Schema, source: Source) -> Iterator[Row]:
    first = stamp(START)
    dated = {CREATED, CHANGED} <= set(fields.names)
    for row in seed.rows(source):
        made = times(source.random) if dated else {}
        yield filled(fields, {**made, **row}, first)


def times(random: Random, created: str = "CreatedDateTimeOffset") -> Row:
    """Make the times of a row: created within the period, changed some time after."""
    first = START + random.randrange(SPAN)
    return {
        created: stamp(first),
        "LastChangedDateTimeOffset": stamp(first + random.randrange(START + SPAN - first)),
    }
