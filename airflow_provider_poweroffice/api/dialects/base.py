"""
The contract of a dialect: what one API does its own way.

Rule: a dialect is pure. It maps values to values; it does no I/O, reads no clock and writes no log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from airflow_provider_poweroffice.api.catalogue import Catalogue, catalogue
from airflow_provider_poweroffice.api.credentials import Credentials


@dataclass(frozen=True, slots=True)
class Endpoints:
    """
    Where an API lives.

    :param base: URL that endpoints are appended to, without a trailing slash.
    :param token: URL of the token endpoint.
    """

    base: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """
    What a server says about the page it sent; None where it says nothing.

    :param total_rows: rows of the whole collection.
    :param total_pages: pages of the whole collection at the size the server really uses.
    :param number: number of this page.
    :param is_last: the server says plainly whether more pages follow.
    """

    total_rows: int | None = None
    total_pages: int | None = None
    number: int | None = None
    is_last: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error body, read: see :class:`~airflow_provider_poweroffice.errors.APIStatusError`."""

    code: str | None = None
    title: str | None = None
    detail: str | None = None
    trace_id: str | None = None
    retry_after: float | None = None


class Dialect(ABC):
    """One API's ways."""

    name: ClassVar[str]
    requests_per_second: ClassVar[float]
    default_page_size: ClassVar[int]
    max_page_size: ClassVar[int]
    first_page: ClassVar[int]
    changed_field: ClassVar[str]
    page_keys: ClassVar[tuple[str, ...]]
    order_key: ClassVar[str]
    catalogue_name: ClassVar[str]

    @property
    def known(self) -> Catalogue:
        """Give what is known of the API's resources."""
        return catalogue(self.catalogue_name)

    def default_order(self, endpoint: str) -> str | None:
        """
        Order a collection by a key that no two rows share; None where there is none.

        Rows of a resource that is not known are taken to have an ``Id``, as almost all have.
        """
        resource = self.known.find(endpoint)
        key = resource.key if resource else "Id"
        return f"{key} asc" if key else None

    def changed_field_of(self, endpoint: str) -> str:
        """Name the field of a row with its change time."""
        resource = self.known.find(endpoint)
        return (resource.changed_field if resource else "") or self.changed_field

    @abstractmethod
    def endpoints(self, environment: str, host: str | None) -> Endpoints:
        """
        Find the API of an environment, or below a host given instead of the vendor's.

        :raises ValueError: an unknown environment, or a host that does not fit it.
        """

    @abstractmethod
    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Give the headers with secrets that go with every call, the token aside."""

    @abstractmethod
    def token_request(self, credentials: Credentials) -> tuple[dict[str, str], dict[str, str]]:
        """Give the headers and the form of the token request."""

    @abstractmethod
    def body_type(self, method: str) -> str:
        """Name the media type of a JSON body."""

    @abstractmethod
    def check_body(self, method: str, body: Any) -> None:
        """
        Refuse a JSON body that this API can not take.

        :raises ValueError: with the way out.
        """

    @abstractmethod
    def page_query(self, number: int, size: int) -> dict[str, str]:
        """Ask for one page."""

    @abstractmethod
    def page_info(self, headers: Mapping[str, str]) -> PageInfo:
        """Read what the answer says about paging."""

    @abstractmethod
    def fault(self, headers: Mapping[str, str], body: Any) -> Fault:
        """Read an error answer, however odd its body."""

    @abstractmethod
    def renewable(self, body: Any) -> bool:
        """Tell whether a 401 with this body can be cured by a new token."""

    @abstractmethod
    def docs_url(self, endpoint: str) -> str:
        """Give the vendor's page about a resource."""
