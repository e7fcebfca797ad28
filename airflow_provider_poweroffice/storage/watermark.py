"""
How far a read has come: the moment from which the next one must continue.

Rule: rather too early than too late. A moment that is too early reads rows twice; one that is too late
loses them.
"""

from __future__ import annotations

import msgspec

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.timestamps import latest, text_of, ticks, ticks_of_http_date


class Watermark:
    """
    The latest change time among all rows seen, as the server wrote it.

    :param field: the field of a row with its change time.
    """

    def __init__(self, field: str) -> None:
        stamp = msgspec.defstruct(
            "Stamp", [("changed", str | None, None)], rename={"changed": field}, gc=False
        )
        self._field = field
        self._decode = msgspec.json.Decoder(list[stamp]).decode  # type: ignore[valid-type]
        self.latest: str | None = None

    def see(self, page: Page) -> None:
        """Take a page into account; rows without the field, or with an odd one, do not count."""
        try:
            stamps = [text for text in self._texts(page) if text]
            self.latest = latest([*stamps, self.latest] if self.latest else stamps)
        except (ValueError, msgspec.ValidationError):
            # A field of another type, or no timestamp. An earlier watermark reads too much, not too little.
            return

    def _texts(self, page: Page) -> list[str | None]:
        known = page.texts.get(self._field)
        return [row.changed for row in self._decode(escaped(page.content))] if known is None else known  # type: ignore[attr-defined]

    def value(self, began: str | None) -> str | None:
        """
        Give the moment to go on from.

        While pages are read, rows on pages already read may change, and rows on later pages may carry even
        later times. So the moment is never later than the beginning of the read, by the server's clock.

        :param began: the ``Date`` header of the first page.
        :return: a timestamp, or None: without rows, or where the server does not tell the time.
        """
        if self.latest is None or began is None:
            return None
        try:
            start = ticks_of_http_date(began)
        except (TypeError, ValueError):
            return None
        return self.latest if ticks(self.latest) <= start else text_of(start)
