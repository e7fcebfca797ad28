"""One API request, read and allowed: what a handler is given. Rule: values and look-ups, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ...core.companies import Company
from ...core.reply import Reply
from ...core.table import OWN, Row
from ..access import Access
from ..books import Books
from ..resources import RESOURCES
from ..schema.resource import Resource
from ..switches import Switches
from ..tokens import Grant


@dataclass
class Call:
    """
    A request behind gateway, token and privilege.

    :param grant: what the token says: company, application, rights.
    :param access: the access model as it is now.
    :param origin: scheme and host as the client wrote them.
    :param path: as received.
    :param pairs: the query in order, names as received.
    :param headers: lower-case names.
    :param now: the sandbox's time.
    :param path_ids: the ids in the path, in order and lower case.
    :param method: the verb in capitals.
    """

    grant: Grant
    access: Access
    books: Books
    switches: Switches
    origin: str
    path: str
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    now: float
    resource_name: str = ""
    path_ids: tuple[str, ...] = ()
    method: str = "GET"

    @property
    def company(self) -> Company:
        """The company the token opens."""
        return self.grant.company

    @property
    def application(self) -> str:
        """The key of the application that calls."""
        return self.grant.integration.application

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.pairs}

    @property
    def identifier(self) -> str:
        """The last id in the path."""
        return self.path_ids[-1] if self.path_ids else ""

    @property
    def resource(self) -> Resource:
        """The resource the route names."""
        return RESOURCES[self.resource_name]

    def rows(self) -> dict[Any, Any]:
        """Give the resource's rows as reads see them now."""
        table = self.books.table(self.resource.table)
        rows = table.seen(self.now, self.switches.read_lag)
        visible = self.resource.visible
        if visible is not None:
            asks = self.application
            rows = {key: row for key, row in rows.items() if visible(row, table.owners.get(key), asks)}
        if OWN.lower() not in self.resource.schema.by_name:
            return rows
        return {
            key: self._flagged(row, table.owners.get(key) == self.application) for key, row in rows.items()
        }

    @staticmethod
    def _flagged(row: Row, mine: bool) -> Row:
        """Say of a row whether the application that asks has made it."""
        return row if row[OWN] == mine else {**row, OWN: mine}


Handler = Callable[[Call], Reply]


class Route(NamedTuple):
    """What serves an operation; ``privilege`` is ``None`` when none is needed."""

    handler: Handler
    resource: str
    privilege: str | None


Routes = dict[tuple[str, str], Route]
"""By method and path."""
