"""
What a running sandbox of Finance & Operations knows besides :mod:`..core.state`: rows, tokens, throttle.

Rule: no HTTP here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from ..core.clock import Clock
from ..core.state import BaseState
from .odata.entities import ENTITIES
from .odata.entity import COMPANY
from .odata.store import Table
from .seeds import seeded
from .sizes import D365FORows
from .switches import D365FOSwitches
from .throttle import Throttle
from .tokens import Tokens


class D365FOState(BaseState[D365FOSwitches]):
    """
    The state of one sandbox.

    :param switches: how it behaves to begin with.
    :param rows: how many rows it holds.
    :param seed: of the data.
    :param clock: its time.
    :param faults: those in force from the start.
    """

    def __init__(
        self,
        switches: D365FOSwitches,
        rows: D365FORows,
        seed: int,
        clock: Clock,
        faults: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.tokens = Tokens()
        self.origins: set[str] = set()
        self._rows = rows
        super().__init__(switches, seed, clock, faults)

    def begin(self) -> None:
        """Put rows, throttle and the ids of answers to the beginning; rows are made when first asked for."""
        self.throttle = Throttle()
        self._tables: dict[str, Table] = {}
        self._ids = Random(f"{self.seed}/ids")
        self.executed: dict[str, int] = {}

    def kept(self) -> tuple[dict[str, Table], dict[str, int]]:
        """Give a copy of the rows."""
        return {name: table.copy() for name, table in self._tables.items()}, dict(self.executed)

    def put(self, data: tuple[dict[str, Table], dict[str, int]]) -> None:
        """
        Put rows back.

        :param data: from :meth:`kept`.
        """
        tables, executed = data
        self._tables = {name: table.copy() for name, table in tables.items()}
        self.executed = dict(executed)

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.tokens.expire()

    def table(self, set_name: str) -> Table:
        """
        Give the rows of a set.

        :param set_name: a known one.
        """
        if set_name not in self._tables:
            rows = seeded(set_name, self._rows, self.seed)
            self._tables[set_name] = Table(ENTITIES[set_name], rows, Random(f"{self.seed}/versions"))
        return self._tables[set_name]

    def new_id(self) -> str:
        """Give a new id; the same seed gives the same ids in the same order."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def totals(self, company: str | None = None) -> dict[str, int]:
        """
        Give the number of rows of each set.

        :param company: only of this one, and of sets without companies; ``None`` for all.
        """
        return {
            name: sum(
                company is None or row.row.get(COMPANY, company).lower() == company.lower()
                for row in self.table(name).records.values()
            )
            for name in ENTITIES
        }
