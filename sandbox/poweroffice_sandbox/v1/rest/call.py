"""One request as the handlers see it. Rule: values only; nothing here decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...core.table import Id, Row
from ..books import V1Books
from ..resources import Resource
from ..switches import V1Switches
from ..tokens import Grant


@dataclass(frozen=True)
class V1Call:
    """
    A request to one resource, with a token that allows it.

    :param resource: which.
    :param identifier: the part of the path after the resource; ``None`` for the list.
    :param is_update: whether it is a PUT.
    :param pairs: the query, as received.
    :param body: as received.
    """

    grant: Grant
    books: V1Books
    switches: V1Switches
    resource: Resource
    identifier: str | None
    is_update: bool
    pairs: list[tuple[str, str]]
    body: bytes
    now: float

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.pairs}

    def seen(self, table: str) -> dict[Id, Row]:
        """Give the rows of a table as the replica has them."""
        return self.books.seen(table, self.now, self.switches.read_lag)

    def rows(self) -> dict[Id, Any]:
        """Give the rows of the resource's table, as they are."""
        return self.books.table(self.resource.table).rows
