"""
Which rows of a collection are read, and how: the arguments of a read, each with its default and its check.

Rule: what can be checked without knowing the API is checked where the value is made, so that a mistake in a
DAG file is told while the file is read. DAG files import this module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from airflow_provider_poweroffice.api.options import (
    CONCURRENCY,
    OVERLAP,
    FromMapping,
    check_concurrency,
    check_whole,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.errors import PowerOfficeError

    PageErrorHandler: TypeAlias = Callable[[PowerOfficeError, int], bool]
    OnPageError: TypeAlias = str | PageErrorHandler

DEFAULT_ORDER = "default"
"""As ``order_by``: by a unique key of the resource."""
_LEAST = {
    "first_page": 1,
    "max_pages": 1,
    "page_bytes": 64 * 1024,
    "split_days": 2,  # neighbouring periods share a day
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingOptions(FromMapping):
    """
    How pages are read, as far as it is rarely said; tasks take it as ``paging={"concurrency": 8}``.

    :param first_page: page to begin with, from 1; default 1.
    :param max_pages: pages to read at most; reaching it is a warning, and ``truncated`` in a receipt.
    :param concurrency: pages in flight, 1 to 32; the rows and their order are those of 1, which reads one
        page after the other. An API whose pages hang on each other by links is read so in any case.
    :param page_bytes: largest page in bytes, at least 65536; default 16 MiB. A page that is larger, or fails
        for its size, is read again in smaller pages, and so is the rest.
    :param order_by: order of the pages, such as ``"Id asc"``; default a unique key of the resource, so that
        pages do not overlap; None sends no order. An order in ``query`` counts as this argument.
    :param key: of an entity of Finance & Operations, the fields that no two rows share; taken where neither
        the catalogue nor the environment's metadata tells them.
    :param split_days: read ``fromDate`` to ``toDate`` of the query in periods of so many days at most, as one
        collection; ``max_pages`` counts for each period.
    :raises ValueError, TypeError: names the argument, its value and its limits.
    """

    first_page: int | None = None
    max_pages: int | None = None
    concurrency: int = CONCURRENCY
    page_bytes: int | None = None
    order_by: str | None = DEFAULT_ORDER
    key: str | Sequence[str] | None = None
    split_days: int | None = None

    def __post_init__(self) -> None:
        check_concurrency(self.concurrency)
        for name, least in _LEAST.items():
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), least, None)
        if self.order_by is not None and not isinstance(self.order_by, str):
            raise TypeError(f"order_by must be text such as 'Id asc', or None, not {self.order_by!r}")
        if self.key is not None:
            key_fields(self.key)
        if self.first_page is not None and self.split_days is not None:
            raise ValueError("first_page does not go with split_days: each period has its own pages")

    def changed(self) -> dict[str, Any]:
        """Give the options that are not at their default."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions(PagingOptions):
    """
    Which rows of a collection are read, and how.

    :param endpoint: path of a list below the base URL, such as ``AccountTransactions``.
    :param query: filters. None leaves one out, lists are joined by commas; the paging names are arguments of
        their own here.
    :param headers: further headers.
    :param filters: see :func:`~airflow_provider_poweroffice.api.filters.filter_text`.
    :param changed_since: read only what changed since then, see
        :meth:`~airflow_provider_poweroffice.api.client.Client.since`; rows that come twice count once.
    :param created_since: the same for the time of creation.
    :param overlap: seconds to go back from that moment, as rows may be written later with the same time.
    :param page_size: rows per page; default 5000, at most what the API allows.
    :param on_page_error: what to do when a page fails after all retries: ``"stop"`` raises, ``"skip"`` leaves
        it out, with a warning and a record of it; a callable ``(error, page_number) -> bool`` skips where it
        gives true. Refused keys, missing privileges and rate limits are always raised.
    :raises ValueError, TypeError: names the argument, its value and its limits.
    """

    endpoint: str
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    filters: Any = None
    changed_since: Any = None
    created_since: Any = None
    overlap: float = OVERLAP
    page_size: int | None = None
    on_page_error: OnPageError = "stop"

    def __post_init__(self) -> None:
        PagingOptions.__post_init__(self)
        check_on_page_error(self.on_page_error)

    @property
    def skips(self) -> PageErrorHandler | None:
        """Give what decides whether a page that failed is left out; None where all errors are raised."""
        if isinstance(self.on_page_error, str):
            return None if self.on_page_error == "stop" else lambda _error, _page: True
        return self.on_page_error


class ReadArguments(TypedDict, total=False):
    """The options of :class:`ReadOptions` that ``Client.pages`` takes beside the endpoint."""

    query: Mapping[str, Any] | None
    headers: Mapping[str, str] | None
    filters: Any
    changed_since: Any
    created_since: Any
    overlap: float
    page_size: int | None
    on_page_error: OnPageError
    first_page: int | None
    max_pages: int | None
    concurrency: int
    page_bytes: int | None
    order_by: str | None
    key: str | Sequence[str] | None


def key_fields(key: Any) -> tuple[str, ...]:
    """
    Read a key: the name of a field, or several.

    :return: the names; none for None and ``""``.
    :raises ValueError, TypeError: a field is named twice, or it is something else.
    """
    names = (key,) if isinstance(key, str) else () if key is None else key
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"key must be the name of a field, or a list of several, not {key!r}")
    found = tuple(name.strip() for name in names if name.strip())
    if len(set(found)) < len(found):
        raise ValueError(f"key={key!r} names a field twice")
    return found


def check_on_page_error(value: Any) -> None:
    """
    Check the argument.

    :raises ValueError: it is neither ``"stop"``, ``"skip"`` nor callable with an error and a page's number.
    """
    if not (isinstance(value, str) and value in {"stop", "skip"}) and not callable(value):
        raise ValueError(
            f"on_page_error must be 'stop', 'skip' or a callable (error, page) -> bool, not {value!r}"
        )
    if callable(value):
        try:
            signature = inspect.signature(value)
        except ValueError:  # of C, and says nothing
            return
        try:
            signature.bind(None, 1)
        except TypeError as error:
            raise ValueError(
                f"on_page_error is called as (error, page), which {value!r} does not take: {error}"
            ) from None
