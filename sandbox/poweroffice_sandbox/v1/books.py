"""
The data of one company: its tables, filled when they are first asked for.

Rule: no HTTP; each table is a function of the sandbox's seed and the company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from random import Random
from typing import Any, ClassVar, NamedTuple, Self
from uuid import UUID

from ..core.companies import ENVIRONMENTS, Company
from ..core.table import Id, Row, Table
from ..core.today import Calendar
from .sizes import V1Sizes

OWN = "_own"
"""The field by which a seed says that the first application has made a row; it is not kept."""

_FIRST_LINE = 70_000_001
_OF_YEARS = frozenset({"Budget"})
"""Tables that are of the year in which the books end; their dates are not moved."""


class V1Table(Table):
    """
    Rows by ``id``; a row whose type has none carries its key as one.

    :param rows: the first rows.
    :param owner: the application that made those of them that have :data:`OWN`.
    """

    key: ClassVar[str] = "id"

    def __init__(self, rows: Iterable[Row] = (), owner: str = "") -> None:
        first = list(rows)
        super().__init__({name: value for name, value in row.items() if name != OWN} for row in first)
        self.owners = {row["id"]: owner for row in first if row.get(OWN)}


class Source(NamedTuple):
    """What the rows of a table are made from."""

    random: Random
    company: Company
    sizes: V1Sizes
    table: Callable[[str], V1Table]
    year: int

    def guid(self) -> str:
        """Draw a guid."""
        return guid(self.random)


Seed = Callable[[Source], Iterable[Row]]


class Due(NamedTuple):
    """Work that the service does later: when, which, on what."""

    time: float
    task: str
    key: Id


def guid(random: Random) -> str:
    """Draw a guid."""
    return str(UUID(int=random.getrandbits(128), version=4))


class V1Books:
    """
    A company's tables.

    :param company: whose.
    :param sizes: how many rows.
    :param seed: of the sandbox.
    :param seeds: how each table is filled, by name.
    :param calendar: when they end.
    """

    def __init__(
        self, company: Company, sizes: V1Sizes, seed: int, seeds: dict[str, Seed], calendar: Calendar
    ) -> None:
        self._company, self._sizes, self._seed, self._seeds = company, sizes, seed, seeds
        self._calendar = calendar
        self._tables: dict[str, V1Table] = {}
        self._unmoved: dict[str, V1Table] = {}
        self._draws = self._lines = 0
        self.queue: list[Due] = []

    def copy(self) -> Self:
        """Give a copy that later changes do not reach."""
        other = copy(self)
        other._tables = {name: table.copy() for name, table in self._tables.items()}  # noqa: SLF001
        other.queue = list(self.queue)
        return other

    def random(self, name: str) -> Random:
        """Give random numbers of the seed."""
        return Random(f"{self._seed}/v1/{self._company.client_id}/{name}")

    def draw(self) -> Random:
        """Give random numbers that are others each time, in the same order after each start."""
        self._draws += 1
        return self.random(f"draw/{self._draws}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tables."""
        return tuple(self._seeds)

    def table(self, name: str) -> V1Table:
        """
        Give a table.

        :param name: of the type of its rows, e.g. ``Customer``.
        """
        if name not in self._tables:
            rows = self._seeded(name)
            owner = ENVIRONMENTS[self._company.environment].applications[0].key
            self._tables[name] = V1Table(rows if name in _OF_YEARS else self._calendar.moved(rows), owner)
        return self._tables[name]

    def _seeded(self, name: str) -> Iterable[Row]:
        table = self._as_seeded if self._calendar.days else self.table
        year = self._calendar.year
        return self._seeds[name](Source(self.random(name), self._company, self._sizes, table, year))

    def _as_seeded(self, name: str) -> V1Table:
        """Give a table with the dates of its seed, which another seed makes its own from."""
        if name not in self._unmoved:
            self._unmoved[name] = V1Table(self._seeded(name))
        return self._unmoved[name]

    def put_back(self, name: str, table: V1Table) -> None:
        """Put a table back as it was, from a copy."""
        self._tables[name] = table

    def seen(self, name: str, now: float, lag: float) -> dict[Id, Row]:
        """
        Give the rows of a table as the replica has them.

        :param lag: seconds it is behind.
        """
        return self.table(name).seen(now, lag)

    def next_id(self, name: str, *, is_guid: bool) -> Any:
        """Give an id for a new row: a number above all others, or a new guid."""
        if is_guid:
            return guid(self.draw())
        return max((key for key in self.table(name).rows if isinstance(key, int)), default=1_000_000) + 1

    def next_line(self) -> int:
        """Give an id for what is inside a new row."""
        self._lines += 1
        return _FIRST_LINE + self._lines
