"""A collection on its way: its pages, how far it has come, and what a receipt says of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_poweroffice.api.change_filter import given
from airflow_provider_poweroffice.storage.watermark import Watermark
from airflow_provider_poweroffice.tasks.company import labelled
from airflow_provider_poweroffice.tasks.page_arguments import open_pages

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.pages.page import Page

PROGRESS_SECONDS = 10.0
_LONG_AGO = "2000-01-01T00:00:00Z"


class Reading:
    """
    The pages of one collection; iterate over it once, in a ``with`` block that ends what is under way.

    :param operator: one with ``company``, ``incremental``, ``endpoint``, ``query``, ``headers`` and
        the arguments about pages.
    :param changed_since: the operator's own, or the watermark that is kept for it.
    :raises ValueError: the read is incremental, and the resource has no filter for changes.
    """

    def __init__(self, client: Client, operator: Any, *, changed_since: Any) -> None:
        if operator.incremental:  # a first read needs no filter, but the next one will
            client.since(operator.endpoint, changed_since=_LONG_AGO)
        self.pages = open_pages(client, operator, changed_since=changed_since)
        self.bytes = 0
        self._label = labelled(operator.company, operator.endpoint)
        self._changed_since = changed_since
        self._log: logging.Logger = operator.log
        self._watermark = Watermark(client.dialect.changed_field_of(operator.endpoint))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pages.close()

    def __iter__(self) -> Iterator[Page]:
        """Pass the pages on, with a line in the log now and then."""
        said = monotonic()
        for page in self.pages:
            self._watermark.see(page)
            self.bytes += len(page.content)
            if page.number == 1 or monotonic() - said >= PROGRESS_SECONDS:
                said = monotonic()
                total = "" if self.pages.total_rows is None else f" of {self.pages.total_rows}"
                self._log.info(
                    "%s: page %d, %d%s rows so far, %.1f MB read",
                    self._label,
                    page.number,
                    self.pages.rows,
                    total,
                    self.bytes / 1e6,
                )
            yield page
            del page

    def watermark(self) -> str | None:
        """Give the moment the next read goes on from: where nothing changed, the one this read began with."""
        if not self.pages.complete:
            return None
        if self.pages.rows == 0 and given(self._changed_since):
            return str(self._changed_since)
        return self._watermark.value(self.pages.began)
