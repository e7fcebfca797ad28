"""A collection on its way: how it is read, how far it has come, and what a receipt says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from airflow_provider_poweroffice.api.options import CONCURRENCY, OVERLAP, FromMapping, check_concurrency

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.pages.page import Page
    from airflow_provider_poweroffice.api.pages.pages import Pages
    from airflow_provider_poweroffice.api.pages.periods import PeriodPages
    from airflow_provider_poweroffice.errors import PowerOfficeError

PROGRESS_SECONDS = 10.0
_LONG_AGO = "2000-01-01T00:00:00Z"

OnPageError: TypeAlias = "str | Callable[[PowerOfficeError, int], bool]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingOptions(FromMapping):
    """
    How pages are read, as far as it is rarely said; given as ``paging={"concurrency": 8}``.

    :param first_page: page to begin with, default 1.
    :param max_pages: pages to read at most; reaching it is a warning, and ``truncated`` in a receipt.
    :param concurrency: pages in flight, 1 to 32; the rows and their order are those of 1.
    :param page_bytes: largest page in bytes, default 16 MiB; larger ones are read as smaller pages.
    :param order_by: order of the pages, default a unique key of the resource; None sends no order.
    :param split_days: read ``fromDate`` to ``toDate`` of the query in periods of so many days at most, as one
        collection.
    """

    first_page: int | None = None
    max_pages: int | None = None
    concurrency: int = CONCURRENCY
    page_bytes: int | None = None
    order_by: str | None = "default"
    split_days: int | None = None

    def __post_init__(self) -> None:
        check_concurrency(self.concurrency)

    def given(self) -> list[str]:
        """Name the options that are not at their default."""
        return [field.name for field in fields(self) if getattr(self, field.name) != field.default]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Which rows of a collection are read, and how: the arguments of a task, rendered."""

    endpoint: str
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    filters: Any = None
    changed_since: Any = None
    created_since: Any = None
    overlap: float = OVERLAP
    page_size: int | None = None
    on_page_error: OnPageError = "stop"
    paging: PagingOptions = PagingOptions()

    def open(self, client: Client) -> Pages | PeriodPages:
        """
        Begin to read.

        :raises ValueError, TypeError: an argument that the API does not take; nothing was sent.
        """
        options: dict[str, Any] = {
            "query": self.query,
            "headers": self.headers,
            "filters": self.filters,
            "changed_since": self.changed_since,
            "created_since": self.created_since,
            "overlap": self.overlap,
            "page_size": self.page_size,
            "on_page_error": _handler(self.on_page_error),
            "first_page": self.paging.first_page,
            "max_pages": self.paging.max_pages,
            "concurrency": self.paging.concurrency,
            "page_bytes": self.paging.page_bytes,
            "order_by": self.paging.order_by,
        }
        if self.paging.split_days is None:
            return client.pages(self.endpoint, **options)
        return client.periods(self.endpoint, split_days=self.paging.split_days, **options)


def check_on_page_error(value: Any) -> None:
    """
    Check the argument.

    :raises ValueError: it is neither ``"stop"``, ``"skip"`` nor callable.
    """
    if not (isinstance(value, str) and value in {"stop", "skip"}) and not callable(value):
        raise ValueError(
            f"on_page_error must be 'stop', 'skip' or a callable (error, page) -> bool, not {value!r}"
        )


def _handler(value: OnPageError) -> Callable[[PowerOfficeError, int], bool] | None:
    """Turn ``on_page_error`` into what ``Client.pages`` takes."""
    if callable(value):
        return value
    return None if value == "stop" else lambda _error, _page: True


class Log(Protocol):
    """What is used of a task's logger."""

    def info(self, message: str, /, *args: Any) -> Any:
        """Say what happens."""

    def warning(self, message: str, /, *args: Any) -> Any:
        """Say what should be looked at."""


def pace(rows: int, total: int | None, seconds: float) -> str:
    """Say how fast rows come and, where the total is known, how long the rest takes at that rate."""
    rate = rows / seconds if seconds > 0 else 0.0
    if rate < 1:
        return ""
    left = "" if total is None or total <= rows else f", about {(total - rows) / rate:.0f} s left"
    return f", {rate:.0f} rows/s{left}"


class Reading:
    """
    The pages of one collection; iterate over it once, in a ``with`` block that ends what is under way.

    :param incremental: the next read of these rows will go on from this one's watermark.
    :param label: of lines in the log.
    :raises ValueError: the read is incremental, and the resource has no filter for changes.
    """

    def __init__(
        self, client: Client, options: ReadOptions, *, incremental: bool, label: str, log: Log
    ) -> None:
        from airflow_provider_poweroffice.storage.watermark import Watermark

        if incremental:  # a first read needs no filter, but the next one will
            client.since(options.endpoint, changed_since=_LONG_AGO)
        self.pages = options.open(client)
        self.bytes = 0
        self._label = label
        self._changed_since = options.changed_since
        self._log = log
        self._watermark = Watermark(client.dialect.changed_field_of(options.endpoint))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pages.close()

    def __iter__(self) -> Iterator[Page]:
        """Pass the pages on, with a line in the log now and then."""
        began = said = monotonic()
        for page in self.pages:
            self._watermark.see(page)
            self.bytes += len(page.content)
            if page.number == 1 or monotonic() - said >= PROGRESS_SECONDS:
                said = monotonic()
                rows, total = self.pages.rows, self.pages.total_rows
                self._log.info(
                    "%s: page %d, %d%s rows so far, %.1f MB read%s",
                    self._label,
                    page.number,
                    rows,
                    "" if total is None else f" of {total}",
                    self.bytes / 1e6,
                    pace(rows, total, said - began),
                )
            yield page
            del page

    def watermark(self) -> str | None:
        """Give the moment the next read goes on from: where nothing changed, the one this read began with."""
        from airflow_provider_poweroffice.api.change_filter import given

        if not self.pages.complete:
            return None
        if self.pages.rows == 0 and given(self._changed_since):
            return str(self._changed_since)
        if self.pages.rows and self.pages.began is None:
            self._log.warning(
                "%s: the server sent no Date with the first page, so how far this read came is not known: "
                "the next one goes on from the same moment",
                self._label,
            )
        return self._watermark.value(self.pages.began)
