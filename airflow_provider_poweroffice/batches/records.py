"""
The records of a file, each with the line it stands in.

Rule: a line that cannot be read is reported and does not end the read, so that all such lines are found at
once. Numbers are exact: a number that is not whole comes as ``Decimal``.
"""

from __future__ import annotations

import csv
import gzip
import io
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any, TextIO

import msgspec

from airflow_provider_poweroffice.api.decoding import UNREADABLE, reason_of
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.batches import FORMATS
from airflow_provider_poweroffice.storage.codecs import zstd

log = logging.getLogger(__name__)
_record = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_any = msgspec.json.Decoder(float_hook=Decimal).decode
_ENDINGS = {"jsonl": "ndjson"} | {form: form for form in FORMATS}
_COMPRESSED = (".gz", ".zst")
_PARQUET_ROWS = 1000
_LONGEST_NAME = 100
LARGEST_LINE = 16 * 1024 * 1024
"""Bytes of a line of ndjson, characters of one of CSV; unpacked, a small file may hold any number."""
LARGEST_JSON = 256 * 1024 * 1024
"""Bytes of a JSON array, which is read as a whole."""
_no_number = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*(?:\[[^\]"]*)?-?(?:NaN|Infinity)\b').search


class Unreadable(str):
    """Why a line is not a record."""

    __slots__ = ()


class Swallowed(Unreadable):
    """Why a line, and an unknown number of records behind it, cannot be read."""

    __slots__ = ()


Line = tuple[int, dict[str, Any] | Unreadable]


def format_of(path: str, given: str | None) -> str:
    """
    Choose the format of a file: the given one, or that of its name.

    :return: one of :data:`FORMATS`, with ``.gz`` or ``.zst`` behind it where it is compressed.
    :raises ValueError: neither names one.
    """
    name = path.lower()
    zipped = next((end for end in _COMPRESSED if name.endswith(end)), "")
    form = given or _ENDINGS.get(name.removesuffix(zipped).rpartition(".")[2])
    if form not in FORMATS or (zipped and form == "parquet"):
        known = ", ".join(map(repr, FORMATS))
        raise ValueError(
            f"the format of {path!r} is not known: end its name in, or name with format=: {known}"
        )
    return form + zipped


def read_records(file: IO[bytes], form: str) -> Iterator[Line]:
    """
    Read records.

    :param form: see :func:`format_of`.
    :return: the number of each line, from 1 (of JSON and Parquet, of each record), and its record; cells of
        CSV are texts, an empty one is None. Empty lines are left out.
    :raises ValueError: the file as a whole cannot be read.
    :raises ImportError: its compression needs a package that is not installed.
    """
    plain: Any = file
    # Of the file itself; a connection that is lost ends the read, and the task may be tried again.
    breaks_off: tuple[type[Exception], ...] = (EOFError,)
    form, _, compression = form.partition(".")
    if compression == "gz":
        plain, breaks_off = gzip.GzipFile(fileobj=file), (EOFError, gzip.BadGzipFile, zlib.error)
    elif compression == "zst":
        plain, breaks_off = zstd().ZstdFile(file), (EOFError, zstd().ZstdError)
    line = 0
    try:
        for line, record in _READERS[form](plain):
            yield line, record
    except breaks_off as error:
        yield line + 1, Swallowed(f"the file breaks off here, or cannot be read ({reason_of(error)})")


def _ndjson(file: IO[bytes]) -> Iterator[Line]:
    number = 0
    lines = io.BufferedReader(file)  # type: ignore[type-var]  # an object's own readline takes no bound
    while line := lines.readline(LARGEST_LINE + 1):
        number += 1
        if len(line) > LARGEST_LINE:
            yield number, Swallowed(f"is longer than {LARGEST_LINE} bytes, which no record is")
            return
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            yield number, _record(text)
        except UNREADABLE as error:
            told = f"is not a JSON object ({reason_of(error)})"
            if found := _no_number(text):
                name = one_line(found[1].decode(errors="replace"), _LONGEST_NAME)
                told = f"has NaN or infinity in {name}, which JSON does not have"
            is_cut = not line.endswith(b"\n")
            yield number, Swallowed(f"{told}, and the file ends in it") if is_cut else Unreadable(told)


def _json(file: IO[bytes]) -> Iterator[Line]:
    content = file.read(LARGEST_JSON + 1)
    if len(content) > LARGEST_JSON:
        raise ValueError(
            f"the file is larger than {LARGEST_JSON} bytes, and a JSON array is read as a whole: write "
            "ndjson, a record a line"
        )
    try:
        found = _any(content)
    except UNREADABLE as error:
        raise ValueError(f"the file is not JSON ({reason_of(error)})") from None
    if not isinstance(found, list):
        raise ValueError("the file must hold a JSON array of objects")  # noqa: TRY004 - of the file's content
    for number, item in enumerate(found, 1):
        yield number, item if isinstance(item, dict) else Unreadable("is not a JSON object")


def _csv(file: Any) -> Iterator[Line]:
    # Bytes that are not UTF-8 come as half surrogates, and are found in their row.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    lines = _Lines(text)
    names, delimiter = _header(next(lines, ""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2  # the header is the first
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            row: dict[str, Any] | Unreadable = Unreadable(f"is not CSV ({error})")
        else:
            row = _row(names, cells)
        last = reader.line_num + 1
        if isinstance(row, Unreadable) and last > line:
            row = Swallowed(f"{row}; it goes on to line {last}, so that it may hold several records")
        if row:
            yield line, row
    if not lines.last.endswith(("\n", "\r")):
        log.warning(
            "the CSV does not end in a line break: if whatever writes it ends its lines, it was cut off, and "
            "its last record, line %d, may be half a record",
            reader.line_num + 1,
        )


class _Lines:
    """Lines of a text, of bounded length; the last one is remembered."""

    last = "\n"

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LARGEST_LINE + 1)
        if len(line) > LARGEST_LINE:
            raise ValueError(
                f"a line of the file is longer than {LARGEST_LINE} characters, which no record is"
            )
        if not line:
            raise StopIteration
        self.last = line
        return line


def _header(line: str) -> tuple[list[str], str]:
    """Read the names of the columns, and what stands between them."""
    delimiter = max(",;\t", key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    if not names:
        raise ValueError(f"the CSV has no header: its first line is {'empty' if line else 'missing'}")
    if not _is_utf8(names) or "\0" in line:
        raise ValueError("the header of the CSV is not UTF-8: save the file as CSV UTF-8")
    _check_names("header of the CSV", names)
    return names, delimiter


def _check_names(where: str, names: list[str]) -> None:
    if broken := [name for name in names if not name or names.count(name) > 1]:
        raise ValueError(f"the {where} has a name that is empty or there twice: {broken[0]!r}")


def _row(names: list[str], cells: list[str]) -> dict[str, Any] | Unreadable:
    if not cells:
        return {}
    if len(cells) != len(names):
        return Unreadable(f"has {len(cells)} cells, and the header {len(names)}")
    if not _is_utf8(cells):
        return Unreadable("is not UTF-8")
    return {name: cell or None for name, cell in zip(names, cells, strict=True)}


def _is_utf8(texts: list[str]) -> bool:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _parquet(file: IO[bytes]) -> Iterator[Line]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    number, parquet = 0, pq.ParquetFile(file)
    _check_names("schema of the file", parquet.schema_arrow.names)
    for batch in parquet.iter_batches(_PARQUET_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield number, row


_READERS: dict[str, Callable[[Any], Iterator[Line]]] = {
    "ndjson": _ndjson,
    "json": _json,
    "csv": _csv,
    "parquet": _parquet,
}
