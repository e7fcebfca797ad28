"""Pages on the local disk: the whole of a read, before the database is touched."""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from typing import IO


class PageSpool:
    """The contents of pages, one after another in a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pages: list[tuple[int, int]] = []
        self.rows = 0

    @property
    def size(self) -> int:
        """Bytes of JSON held."""
        return sum(length for length, _ in self._pages)

    def add(self, content: bytes, rows: int) -> None:
        """Write a page behind the others."""
        self._file.seek(0, SEEK_END)
        self._file.write(content)
        self._pages.append((len(content), self.rows))
        self.rows += rows

    def numbered(self) -> Iterator[tuple[bytes, int]]:
        """Give the pages from the first on, each with the number of its first row, from 0."""
        self._file.seek(0)
        for length, first in self._pages:
            yield self._file.read(length), first

    def __iter__(self) -> Iterator[bytes]:
        """Give the pages from the first on."""
        for content, _ in self.numbered():
            yield content
