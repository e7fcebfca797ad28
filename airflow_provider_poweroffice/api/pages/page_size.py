"""
How large pages are, and which of them are read: what may be asked for, and what instead on the way.

Rule: pure. A page may become smaller only where the pages read so far end on the border of a smaller page,
so that no row is lost or read twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Dialect, Paging
from airflow_provider_poweroffice.api.options import check_whole
from airflow_provider_poweroffice.api.read_options import ReadOptions
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import PowerOfficeError

DEFAULT_PAGE_BYTES = 16 * 1024 * 1024
"""A page of 5000 ledger rows is 6 MB, one of 20 000 small rows 10 MB; see docs/decisions.md."""
MOST_PAGE_BYTES = 256 * 1024 * 1024
"""Where a page cannot be made smaller, and ``page_bytes`` was not given."""
_SMALLEST_ROW = 8  # {"Id":1}
_FEWEST_ROWS = 100  # a page that fails with so few rows does not fail for its size


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """
    Which pages of a collection are read, and how large they may be, as its API allows.

    :param page_size: rows asked for per page.
    :param first_page: page to begin with.
    :param max_pages: pages to read at most; None reads all.
    :param concurrency: pages in flight at most.
    :param page_bytes: largest page in bytes; None for the default where pages can be made smaller, and for
        none elsewhere.
    :param largest: rows of the largest page that the API gives.
    """

    page_size: int
    first_page: int
    max_pages: int | None = None
    concurrency: int = 1
    page_bytes: int | None = None
    largest: int = 0

    @classmethod
    def of(cls, dialect: Dialect[Any], endpoint: str, read: ReadOptions) -> PageLimits:
        """
        Fill in what the API does by default, and check what it cannot do.

        :raises ValueError, TypeError: names the argument, its value and its limits.
        """
        most = dialect.page_limit(endpoint)
        size = min(dialect.default_page_size, most) if read.page_size is None else read.page_size
        check_whole("page_size", size, 1, most)
        if dialect.paging_of(endpoint) is Paging.LINKED:
            _check_linked(dialect, read)
        if read.page_bytes is not None:
            _check_bytes(read.page_bytes, size)
        return cls(
            page_size=size,
            first_page=read.first_page or 1,
            max_pages=read.max_pages,
            concurrency=read.concurrency,
            page_bytes=read.page_bytes,
            largest=most,
        )


def _check_linked(dialect: Dialect[Any], read: ReadOptions) -> None:
    """Refuse what a client cannot ask for where each page links to the next."""
    if read.first_page not in {None, 1}:
        raise ValueError(
            f"first_page={read.first_page} is not supported: this API links each page to the next"
        )
    if read.page_size not in {None, dialect.default_page_size}:
        raise ValueError(
            f"page_size={read.page_size} cannot be asked for: the server sends up to {dialect.max_page_size} "
            "rows on a page, and links to the next"
        )


def _check_bytes(page_bytes: int, page_size: int) -> None:
    """
    Refuse a budget that no page of this size can keep.

    :raises ValueError: with the way out.
    """
    if page_bytes < page_size * _SMALLEST_ROW:
        raise ValueError(
            f"page_size={page_size} does not fit into page_bytes={page_bytes}: not even rows of "
            f"{_SMALLEST_ROW} bytes would. Lower page_size or raise page_bytes"
        )


def smaller(begin: int, most: int) -> int:
    """
    Give the largest page size on whose border a page begins.

    :param begin: rows before that page.
    :param most: largest size allowed, at least 1.
    """
    return next(size for size in range(max(1, most), 0, -1) if begin % size == 0)


def sizes_to_try(begin: int, size: int) -> Iterator[int]:
    """
    Give the sizes for a page that failed, each at most half of the one before.

    :param begin: rows before that page.
    :param size: that failed.
    """
    while (size := smaller(begin, size // 2)) >= _FEWEST_ROWS:
        yield size


def may_be_too_big(error: PowerOfficeError) -> bool:
    """Tell whether an error may come from the size of a page: a 5xx, no reply in time, a cut body."""
    return error.outcome_unknown and retry_reason(error, "GET") is not None
