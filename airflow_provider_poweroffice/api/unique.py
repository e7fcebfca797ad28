"""
Rows that come twice in one read count once.

Rule: rows are told apart by their key, compared as the server wrote it; nothing else is parsed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.page import Page


class UniqueRows:
    """
    Remembers the keys of a read; some 100 bytes for each row.

    :param key: the field that no two rows share. A row without it is always new.
    """

    def __init__(self, key: str) -> None:
        row = msgspec.defstruct("Row", [("key", msgspec.Raw, msgspec.Raw(b""))], rename={"key": key})
        self._decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]
        self._seen: set[bytes] = set()
        self.repeated = 0

    def only_new(self, page: Page) -> Page:
        """Leave out the rows that were seen before."""
        keys = [bytes(row.key) for row in self._decode(page.content)]  # type: ignore[attr-defined]
        rows = []
        for key, row in zip(keys, page.raw_rows, strict=True):
            if key not in self._seen or not key:
                self._seen.add(key)
                rows.append(row)
        if len(rows) == len(page.raw_rows):
            return page
        self.repeated += len(page.raw_rows) - len(rows)
        return replace(page, raw_rows=rows, content=b"[" + b",".join(rows) + b"]")
