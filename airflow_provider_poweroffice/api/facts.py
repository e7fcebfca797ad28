"""What a dialect and the client tell each other: addresses, places in a collection, and errors, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from airflow_provider_poweroffice.errors import APIStatusError


@dataclass(frozen=True, slots=True)
class Endpoints:
    """
    Where an API lives.

    :param base: URL that endpoints are appended to, without a trailing slash.
    :param token: URL of the token endpoint.
    :param data: URL that takes the place of ``base`` for the endpoints that a dialect says; an API may
        serve its data at another host.
    """

    base: str
    token: str
    data: str = ""

    @property
    def trusted(self) -> tuple[str, ...]:
        """List the URLs whose servers may see a token."""
        return (self.base, self.data) if self.data else (self.base,)


class Paging(Enum):
    """How the pages of a list are asked for."""

    NUMBERED = "by number and size"
    OFFSET = "by the rows before it and their number"
    LINKED = "by the link that the page before holds; the server alone knows the size"
    WHOLE = "not at all: one answer holds the list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    Where in a collection a page begins.

    :param number: of the page, from the dialect's first.
    :param offset: rows before it, counted as they came.
    :param link: the link to it that the page before held, if it did.
    """

    number: int
    offset: int
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """
    What a server says about the page it sent; None where it says nothing.

    :param total_rows: rows of the whole collection.
    :param total_pages: pages of the whole collection at the size the server really uses.
    :param number: number of this page.
    :param is_last: the server says plainly whether more pages follow.
    :param next_link: URL of the next page, as the server wrote it.
    :param size: rows of a full page at the size the server really uses.
    :param cut_field: field of a row whose own rows are not all here: the server links to more of them.
    """

    total_rows: int | None = None
    total_pages: int | None = None
    number: int | None = None
    is_last: bool | None = None
    next_link: str | None = None
    size: int | None = None
    cut_field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    An error body, read: see :class:`~airflow_provider_poweroffice.errors.APIStatusError`.

    :param kind: class of the error, where the status alone does not tell.
    :param final: the call was carried out, or refused, for good: a repetition can not help.
    :param attributes: further attributes of an error of that class.
    """

    code: str | None = None
    title: str | None = None
    detail: str | None = None
    trace_id: str | None = None
    retry_after: float | None = None
    kind: type[APIStatusError] | None = None
    final: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)
