"""
How many rows a page has: what may be asked for, and what may be asked for instead in the middle of a read.

Rule: pure. A page may become smaller only where the pages read so far end on the border of a smaller page,
so that no row is lost or read twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import PowerOfficeError

DEFAULT_PAGE_BYTES = 16 * 1024 * 1024
"""A page of 5000 ledger rows is 6 MB, one of 20 000 small rows 10 MB; see docs/decisions.md."""
MOST_PAGE_BYTES = 256 * 1024 * 1024
"""Where a page cannot be made smaller, and ``page_bytes`` was not given."""
_SMALLEST_ROW = 8  # {"Id":1}
_FEWEST_ROWS = 100  # a page that fails with so few rows does not fail for its size


def check_bytes(page_bytes: int, page_size: int) -> None:
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
