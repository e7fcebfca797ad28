"""
What a running sandbox of Finance & Operations knows besides :mod:`..core.state`: rows, tokens, throttle.

Rule: no HTTP here.
"""

from __future__ import annotations

import uuid
from random import Random
from typing import Any, ClassVar

from ..core.state import BaseState
from .entities import ENTITIES
from .model import COMPANY
from .seeds import seeded
from .sizes import D365FOSizes
from .store import Table
from .switches import D365FOSwitches
from .throttle import Throttle
from .tokens import Tokens


class D365FOState(BaseState[D365FOSwitches, D365FOSizes]):
    """The state of one sandbox."""

    data: ClassVar[tuple[str, ...]] = ("_tables", "executed", "executions")

    def prepare(self) -> None:
        """Make the tokens, and the set of URLs that are the environment's."""
        self.tokens: Tokens = Tokens()
        self.origins: set[str] = set()

    def begin(self) -> None:
        """Put rows, throttle and the ids of answers to the beginning; rows are made when first asked for."""
        self.throttle = Throttle()
        self._tables: dict[str, Table] = {}
        self._ids = Random(f"{self.seed}/ids")
        self.executed: dict[str, int] = {}
        self.executions: dict[str, dict[str, Any]] = {}

    def table(self, set_name: str) -> Table:
        """Give the rows of a set."""
        if set_name not in self._tables:
            rows = self.calendar.moved(seeded(set_name, self.sizes, self.seed))
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
