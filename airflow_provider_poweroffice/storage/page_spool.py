"""Pages on the local disk: the whole of a read, before the database is touched."""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from typing import IO


class PageSpool:
    """
    The contents of pages, one after another in a file.

    :param file: a binary file open for writing and reading.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lengths: list[int] = []

    @property
    def size(self) -> int:
        """Bytes of JSON held."""
        return sum(self._lengths)

    def add(self, content: bytes) -> None:
        """Write the JSON array of a page behind the others."""
        self._file.seek(0, SEEK_END)
        self._file.write(content)
        self._lengths.append(len(content))

    def __iter__(self) -> Iterator[bytes]:
        """Give the pages from the first on."""
        self._file.seek(0)
        for length in self._lengths:
            yield self._file.read(length)
