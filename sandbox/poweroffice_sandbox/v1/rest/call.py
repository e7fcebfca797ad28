"""One request as the handlers see it. Rule: values only; nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from ...core.companies import ENVIRONMENTS
from ...core.table import Id, Row
from ..books import V1Books, V1Table
from ..resources.entries import Resource
from ..resources.tables import Route
from ..switches import V1Switches
from ..tokens import Grant


@dataclass(frozen=True)
class V1Call:
    """
    A request to one route, with a token that allows it.

    :param route: which.
    :param own: the resource its rows are of; :attr:`resource` gives it where there must be one.
    :param names: the values of the path's placeholders.
    :param pairs: the query, as received.
    :param body: as received.
    """

    grant: Grant
    books: V1Books
    switches: V1Switches
    route: Route
    own: Resource | None
    names: Mapping[str, str]
    pairs: list[tuple[str, str]]
    body: bytes
    now: float

    def of(self, resource: Resource) -> Self:
        """Give the same request as one of another resource."""
        return replace(self, own=resource)

    @property
    def resource(self) -> Resource:
        """The resource."""
        if self.own is None:
            raise LookupError(f"{self.route.name} has no resource.")
        return self.own

    @property
    def application(self) -> str:
        """The key of the application that asks."""
        company = self.grant.company
        return ENVIRONMENTS[company.environment].applications[self.grant.integration.application].key

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.pairs}

    @property
    def table(self) -> V1Table:
        """The table of the resource."""
        return self.books.table(self.resource.entity)

    def seen(self, table: str) -> dict[Id, Row]:
        """Give the rows of a table as the replica has them."""
        return self.books.seen(table, self.now, self.switches.read_lag)

    def is_own(self, table: str, key: Id) -> bool:
        """Say whether the application that asks has made a row."""
        return self.books.table(table).owners.get(key) == self.application

    def shows(self, key: Id) -> bool:
        """Say whether a row of the resource is shown to the application that asks."""
        if not self.resource.is_own or self.switches.own_rows == "all":
            return True
        return self.is_own(self.resource.entity, key)
