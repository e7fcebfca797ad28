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

from ..core.companies import Company
from ..core.table import Id, Row, Table
from .sizes import V1Sizes


class V1Table(Table):
    """Rows by ``id``."""

    key: ClassVar[str] = "id"


class Source(NamedTuple):
    """What the rows of a table are made from."""

    random: Random
    company: Company
    sizes: V1Sizes
    table: Callable[[str], V1Table]


Seed = Callable[[Source], Iterable[Row]]


class V1Books:
    """
    A company's tables.

    :param company: whose.
    :param sizes: how many rows.
    :param seed: of the sandbox.
    :param seeds: how each table is filled, by name.
    """

    def __init__(self, company: Company, sizes: V1Sizes, seed: int, seeds: dict[str, Seed]) -> None:
        self._company, self._sizes, self._seed, self._seeds = company, sizes, seed, seeds
        self._tables: dict[str, V1Table] = {}
        self._draws = 0

    def copy(self) -> Self:
        """Give a copy that later changes do not reach."""
        other = copy(self)
        other._tables = {name: table.copy() for name, table in self._tables.items()}  # noqa: SLF001
        return other

    def random(self, name: str) -> Random:
        """Give random numbers of the seed."""
        return Random(f"{self._seed}/v1/{self._company.client_id}/{name}")

    def draw(self) -> Random:
        """Give random numbers that are others each time, in the same order after each start."""
        self._draws += 1
        return self.random(f"draw/{self._draws}")

    def table(self, name: str) -> V1Table:
        """
        Give a table.

        :param name: of a resource, e.g. ``Customer``.
        """
        if name not in self._tables:
            source = Source(self.random(name), self._company, self._sizes, self.table)
            self._tables[name] = V1Table(self._seeds[name](source))
        return self._tables[name]

    def seen(self, name: str, now: float, lag: float) -> dict[Id, Row]:
        """
        Give the rows of a table as the replica has them.

        :param lag: seconds it is behind.
        """
        return self.table(name).seen(now, lag)

    def next_id(self, name: str) -> Any:
        """Give an id for a new row: a number above all others, or a new guid."""
        rows = self.table(name).rows
        if name == "TimeTrackingEntry":
            return str(UUID(int=self.draw().getrandbits(128), version=4))
        return max((key for key in rows if isinstance(key, int)), default=1_000_000) + 1
