"""
Pages to bytes, without parsing a number.

Rule: what the server wrote is what is stored. ``1.10`` stays ``1.10``; equal pages give equal bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections.abc import Iterator
from typing import IO, Any, Protocol, Self

import msgspec

from airflow_provider_poweroffice.api.surrogates import masked
from airflow_provider_poweroffice.storage import FORMATS

ROWS_AT_ONCE = 500
_quoted = re.compile(rb'"(?:[^"\\]|\\.)*"|[^"]+', re.DOTALL).findall
_space = re.compile(rb"[ \t\r\n]+").sub
GZIP_LEVEL = (
    1  # 173-194 MB/s at ratio 4.1; level 3: 171-177 at 4.2; level 6: 93 at 4.7; see docs/decisions.md
)

ZSTD_LEVEL = 1  # three times gzip's speed at a better ratio; 3 is half as fast, and no smaller


class RawPage(Protocol):
    """A page, as far as a codec looks at it."""

    @property
    def content(self) -> bytes:
        """The JSON array as sent."""

    @property
    def raw_rows(self) -> list[msgspec.Raw]:
        """Its rows as sent."""


def encode(pages: Iterator[Any], form: str) -> Iterator[bytes]:
    """
    Write pages as JSON, before compression.

    ``ndjson``: one row a line. ``json pages``: one JSON array that holds each page's array as sent.

    :raises ValueError: another format.
    """
    if form not in FORMATS or form == "parquet":
        raise ValueError(f"unknown format {form!r} of JSON; use one of: {', '.join(map(repr, FORMATS))}")
    if form == "json pages":
        yield from _page_array(pages)
        return
    for page in pages:
        yield from _lines(page)
        del page  # its memory is free while the next one is fetched


def _lines(page: RawPage) -> Iterator[bytes]:
    """Write rows as lines, some hundred at a time: a page is not held twice."""
    rows = page.raw_rows
    pretty = b"\n" in page.content or b"\r" in page.content
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        # A row that was printed prettily loses its line breaks; its values stay as they are.
        yield b"\n".join([*(map(_one_line, some) if pretty else some), b""])


def _one_line(row: msgspec.Raw) -> bytes:
    """Take away the white space between values; half a surrogate pair is more than msgspec takes."""
    content = bytes(row)
    if masked(content) is content:
        return msgspec.json.format(content, indent=-1)
    return b"".join(part if part[:1] == b'"' else _space(b"", part) for part in _quoted(content))


def _page_array(pages: Iterator[RawPage]) -> Iterator[bytes]:
    before = b"["
    for page in pages:
        yield before
        yield page.content
        before = b",\n"
        del page
    yield b"]\n" if before != b"[" else b"[]\n"


def zstd() -> Any:
    """
    Give the module of Zstandard: Python's own from 3.14 on, and before that its backport, an extra.

    :raises ImportError: it is not installed.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd as module  # noqa: PLC0415 - only for .zst
        else:
            from backports import zstd as module  # noqa: PLC0415 - an extra
    except ImportError:
        raise ImportError(
            "files that end in .zst need Zstandard: pip install backports.zstd", name="backports.zstd"
        ) from None
    return module


def _compressor(file: Any, form: str) -> Any:
    """Give what compresses for a format, into a file; None where the format is not compressed."""
    if form.endswith(".gz"):
        # without name and time
        return gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=GZIP_LEVEL)
    if form.endswith(".zst"):
        # A checksum, as gzip has one: a file that was damaged is not read.
        setting = zstd().CompressionParameter
        options = {setting.compression_level: ZSTD_LEVEL, setting.checksum_flag: 1}
        machine = zstd().ZstdFile(file, "w", options=options)
        machine.write(b"")  # without rows too it is a frame, as readers want one
        return machine
    return None


class Spool:
    """
    A binary file that hashes and counts what is written to it, compressed as its format says.

    Equal rows give equal bytes.

    :raises ImportError: the format needs what is not installed.
    """

    def __init__(self, file: IO[bytes], form: str) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.taken = 0
        self.closed = False  # what is written to a file object asks for it
        self._zip = _compressor(self, form)

    def add(self, data: bytes) -> None:
        """Write content; ``taken`` counts it, ``bytes`` what became of it in the file."""
        self.taken += len(data)
        if self._zip:
            self._zip.write(data)
        else:
            self.write(data)

    def write(self, data: bytes) -> int:
        """Take what goes into the file; called by the compressor."""
        self._hash.update(data)
        self.bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Flush the file; called by the compressor."""
        self._file.flush()

    def finish(self) -> str:
        """End the file and give its SHA-256 in hex."""
        if self._zip:
            self._zip.close()
        self._file.flush()
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """
        Close the compressor, also after an error.

        A ``GzipFile`` that is never closed writes into its file when it is collected, which Python 3.13 and
        later report as an error if that file is closed by then.
        """
        if self._zip:
            self._zip.close()
