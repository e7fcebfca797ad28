"""
The contract of a dialect: what one API does its own way.

Rule: a dialect is pure. It maps values to values; it does no I/O, reads no clock and writes no log.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

from airflow_provider_poweroffice.api.catalogue import Catalogue, catalogue
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.filters import Literals
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    InvalidResponseError,
    NotFoundError,
    PaginationError,
    error_class,
)

__all__ = ["Dialect", "Endpoints", "Fault", "K", "PageInfo", "Paging", "Position"]

K = TypeVar("K", bound=Keys)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """
    The base URLs of an API.

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
    :param final: a repetition cannot help: the call was carried out, or would be refused again.
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


class Dialect(ABC, Generic[K]):
    """
    What one API does its own way.

    :raises TypeError: a class value that is declared here without a default is missing.
    """

    name: ClassVar[str]
    vendor: ClassVar[str] = "PowerOffice Go"
    """The product, as comments of tables name it."""
    requests_per_second: ClassVar[float]
    default_page_size: ClassVar[int]
    max_page_size: ClassVar[int]
    changed_field: ClassVar[str] = ""
    asset_scheme: ClassVar[str] = "poweroffice"
    """Of the URIs that name its collections."""
    page_keys: ClassVar[tuple[str, ...]]
    order_key: ClassVar[str]
    catalogue_name: ClassVar[str]
    paging: ClassVar[Paging] = Paging.NUMBERED
    """How pages are asked for, see :meth:`paging_of`."""
    request_id_header: ClassVar[str | None] = None
    """Header that carries a caller's own id of each request."""
    literals: ClassVar[Literals | None] = None
    """How values are written in ``$filter``; None for an API that has no such filters."""
    archives: ClassVar[bool] = False
    """Records in use can be archived instead of deleted, see :meth:`archiving`."""
    slash_at_end: ClassVar[bool] = False
    """Paths of collections are also written with a slash at their end; it is taken off."""
    fields_key: ClassVar[str] = ""
    """Query name by which a paged list sends some fields of its rows only; "" where it cannot."""
    read_lag: ClassVar[float] = 0.0
    """Seconds that reads may lag behind writes."""
    default_retry_after: ClassVar[float] = 1.0
    """Seconds to wait after the first 429 that names no wait; doubled for each further one where above 1."""
    refused_attempts: ClassVar[float] = math.inf
    """Tries at most of a call whose new token is refused with 401; a task may be tried again later."""
    since_advice: ClassVar[str] = ""
    """Why nothing can be read by ``changed_since`` and ``created_since``, and what works instead."""

    def __init__(self) -> None:
        declared = [name for kind in type(self).__mro__ for name in vars(kind).get("__annotations__", ())]
        if missing := [name for name in declared if not hasattr(self, name)]:
            raise TypeError(f"{type(self).__name__} lacks the class values {', '.join(missing)}")

    @property
    def catalogue(self) -> Catalogue:
        """Give what is known of the API's resources."""
        return catalogue(self.catalogue_name)

    def default_order(self, endpoint: str) -> str | None:
        """
        Order a collection by a key that no two rows share; None where there is none.

        Rows of a resource that is not known are taken to have an ``Id``, as almost all have.
        """
        resource = self.catalogue.find(endpoint)
        key = resource.key if resource else "Id"
        return f"{key} asc" if key else None

    def key_field(self, endpoint: str) -> str:
        """Name the field of a row that no two rows share, as rows spell it; "" where there is none."""
        resource = self.catalogue.find(endpoint)
        return resource.key if resource else "Id"

    def paging_of(self, endpoint: str) -> Paging:
        """Tell how the pages of a list are asked for."""
        resource = self.catalogue.find(endpoint)
        return Paging.WHOLE if resource is not None and resource.kind == "whole" else self.paging

    def page_limit(self, endpoint: str) -> int:  # noqa: ARG002 - for those that differ
        """Give the largest page of a collection, in rows."""
        return self.max_page_size

    def changed_field_of(self, endpoint: str) -> str:
        """Name the field of a row with its change time."""
        resource = self.catalogue.find(endpoint)
        return (resource.changed_field if resource else "") or self.changed_field

    def path(self, endpoint: str) -> str:
        """Give the path of an endpoint below its base URL."""
        return endpoint

    def url(self, endpoints: Endpoints, path: str) -> str:
        """Give the URL of a path."""
        return f"{endpoints.base}/{path}"

    def query(
        self,
        credentials: K,  # noqa: ARG002 - for those that need it
        method: str,  # noqa: ARG002
        endpoint: str,  # noqa: ARG002
        query: Mapping[str, str],
    ) -> dict[str, str]:
        """
        Complete the query of a call, just before it is sent.

        :raises ValueError: a value in it cannot be used.
        """
        return dict(query)

    @abstractmethod
    def endpoints(self, credentials: K, environment: str, host: str | None) -> Endpoints:
        """
        Find the API of an environment, or below a host given instead of the vendor's.

        :raises ValueError: a key that this API needs is missing, an unknown environment, or a host that
            does not fit it.
        """

    def headers(self, credentials: K) -> dict[str, str]:  # noqa: ARG002 - for those that need some
        """Give the headers with secrets that go with every call, the token aside."""
        return {}

    @abstractmethod
    def token_request(self, credentials: K) -> tuple[dict[str, str], dict[str, str]]:
        """Give the headers and the form of the token request."""

    def fixed_token(self, credentials: K) -> str | None:  # noqa: ARG002 - for those that have one
        """Give a token that was handed in, is used as it is, and is never renewed."""
        return None

    @abstractmethod
    def token_advice(self, status: int, fault: Fault) -> tuple[str, str]:
        """Say which key the token endpoint refused, and what to check."""

    def body_type(self, method: str) -> str:  # noqa: ARG002 - for those that differ
        """Name the media type of a JSON body."""
        return "application/json"

    def check_body(self, method: str, body: Any) -> None:
        """
        Refuse a JSON body that this API cannot take.

        :raises ValueError: with the way out.
        """

    def since(self, name: str, kind: str, moment: str) -> dict[str, str]:  # noqa: ARG002 - for those that need it
        """
        Make the query that asks for rows after a moment.

        :param name: the catalogue's name of the filter.
        :param kind: ``"changed"`` or ``"created"``.
        :param moment: UTC, ISO 8601 with ``Z``.
        """
        return {name: moment}

    def with_filter(self, query: Mapping[str, str], further: Mapping[str, str]) -> dict[str, str]:
        """
        Add a filter made here to a caller's query.

        :raises ValueError: both set the same name.
        """
        taken = {name.lower() for name in query}
        if twice := [name for name in further if name.lower() in taken]:
            raise ValueError(f"query holds {twice[0]!r}, which changed_since or created_since sets")
        return {**query, **further}

    def check_query(self, endpoint: str, query: Mapping[str, str]) -> None:
        """
        Refuse a GET's query that this API cannot answer.

        :raises ValueError: with the way out.
        """

    def page_query(self, at: Position, size: int) -> dict[str, str]:  # noqa: ARG002 - for those that are asked
        """Ask for one page."""
        return {}

    @abstractmethod
    def page(self, headers: Mapping[str, str], content: bytes) -> tuple[bytes, PageInfo]:
        """
        Find the JSON array of rows in an answer, and what the server says about paging.

        :raises PaginationError: the body is JSON, but holds no list.
        :raises InvalidResponseError: the body is not complete JSON, or not an answer of this API.
        """

    def count(self, answer: Response) -> int | None:
        """Give how many rows the whole list has, as an answer says; None where it does not."""
        try:
            return self.page(answer.headers, answer.content)[1].total_rows
        except (InvalidResponseError, PaginationError):  # no list
            return None

    def refusal(self, content: bytes) -> Fault | None:  # noqa: ARG002 - for those that refuse so
        """Find a refusal in the body of an answer whose status is 2xx."""
        return None

    def no_answer(self, response: Response) -> str:  # noqa: ARG002 - for those that know
        """Say why a successful answer cannot be this API's, such as ``with no content``; "" if it can."""
        return ""

    def is_missing(self, error: APIStatusError) -> bool:
        """Tell whether an error says that the record is not there, or is gone (410)."""
        return isinstance(error, NotFoundError) or error.status == HTTPStatus.GONE

    def unwrap(self, content: bytes) -> bytes | None:  # noqa: ARG002 - for those that wrap
        """Find the answer proper in a successful body that wraps it; None where nothing is wrapped."""
        return None

    def cut_field(self, content: bytes) -> str | None:  # noqa: ARG002 - for those that expand rows
        """Name a field of an answer whose own rows are not all there; None where there is none."""
        return None

    def archiving(self, endpoint: str, content: bytes) -> tuple[str, str, bytes]:  # noqa: ARG002 - as above
        """
        Make the call that archives a record instead of deleting it, safe to repeat.

        :return: method, endpoint and body.
        :raises ValueError: the record cannot be archived.
        """
        raise ValueError(f"{endpoint} cannot be archived: {self.name} has no archive")

    def error_kind(self, method: str, status: int, fault: Fault) -> type[APIStatusError]:  # noqa: ARG002 - as above
        """Name the class of an error."""
        return fault.kind or error_class(status)

    @abstractmethod
    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read an error answer, however odd its body."""

    def token_expired(self, body: Any) -> bool:  # noqa: ARG002 - for those whose 401 means more
        """Tell whether a 401 with this body can be cured by a new token."""
        return True

    def advice(self, status: int) -> str:  # noqa: ARG002 - for those that know one
        """Give advice on an error whose answer says nothing."""
        return ""

    @abstractmethod
    def docs_url(self, endpoint: str) -> str:
        """Give the vendor's page about a resource."""


def of_environment(known: dict[str, str], environment: str) -> str:
    """
    Choose by the environment.

    :raises ValueError: an unknown environment.
    """
    if environment not in known:
        raise ValueError(f"unknown environment {shown(environment)}; use one of: {', '.join(known)}")
    return known[environment]
