"""
Rows that come twice in one read count once.

Rule: rows are told apart by their key, compared as the server wrote it; nothing else is parsed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_poweroffice.api.decoding import UNREADABLE
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import PaginationError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.pages.page import Page


class UniqueRows:
    """
    Remembers the keys of a read; some 100 bytes for each row.

    :param key: the field that no two rows share.
    :param required: a row without it is an error; else it is always new.
    """

    def __init__(self, key: str, *, required: bool = False) -> None:
        row = msgspec.defstruct("Row", [("key", msgspec.Raw, msgspec.Raw(b""))], rename={"key": key})
        self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._key = key
        self._required = required
        self._seen: set[bytes] = set()
        self.repeated = 0

    def only_new(self, page: Page) -> Page:
        """
        Leave out the rows that were seen before.

        :raises PaginationError: a row lacks the key, and it is required.
        """
        try:
            keys = [bytes(row.key) for row in self._decode(escaped(page.content))]  # type: ignore[attr-defined]
        except UNREADABLE as error:
            raise PaginationError(
                f"page {page.number} holds a row that is not an object ({one_line(str(error))})"
            ) from None
        if self._required and not all(keys):
            raise PaginationError(f"page {page.number}: a row has no {self._key!r} to tell it from others by")
        rows = []
        for key, row in zip(keys, page.raw_rows, strict=True):
            if key not in self._seen or not key:
                self._seen.add(key)
                rows.append(row)
        if len(rows) == len(page.raw_rows):
            return page
        self.repeated += len(page.raw_rows) - len(rows)
        return replace(page, raw_rows=rows, content=b"[" + b",".join(rows) + b"]")
