"""One API request, read and allowed: what a handler is given. Rule: values and look-ups, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .books import Books
from .keys import Company
from .replies import Reply
from .resource import Resource
from .resources import RESOURCES
from .switches import Switches


@dataclass
class Call:
    """
    A request behind gateway, token and privilege.

    :param origin: scheme and host as the client wrote them.
    :param path: as received.
    :param pairs: the query in order, names as received.
    :param headers: lower-case names.
    :param now: the sandbox's time.
    """

    company: Company
    books: Books
    switches: Switches
    origin: str
    path: str
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    now: float
    resource_name: str = ""
    identifier: str = ""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by lower-case name."""
        return {name.lower(): value for name, value in self.pairs}

    @property
    def resource(self) -> Resource:
        """The resource the route names."""
        return RESOURCES[self.resource_name]

    def rows(self) -> dict[Any, Any]:
        """Give the resource's rows as reads see them now."""
        return self.books.table(self.resource_name).seen(self.now, self.switches.read_lag)


Handler = Callable[[Call], Reply]
