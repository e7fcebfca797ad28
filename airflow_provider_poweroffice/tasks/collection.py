"""The read of a collection: its progress, and where the next read continues."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, Self

from airflow_provider_poweroffice.api.options import is_given

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.pages.page import Page
    from airflow_provider_poweroffice.api.read_options import ReadOptions

PROGRESS_SECONDS = 10.0
_LONG_AGO = "2000-01-01T00:00:00Z"


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
        self.pages = client.read(options)
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
        """Pass the pages on, and log the progress every few seconds."""
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
        """Give the moment from which the next read continues; where nothing changed, that of this read."""
        if not self.pages.complete:
            return None
        if self.pages.rows == 0 and is_given(self._changed_since):
            return str(self._changed_since)
        if self.pages.rows and self.pages.began is None:
            self._log.warning(
                "%s: the server sent no Date with the first page, so how far this read came is not known: "
                "the next one goes on from the same moment",
                self._label,
            )
        return self._watermark.value(self.pages.began)
