"""
Pages to a Parquet file, with typed columns: money as decimal, moments in UTC.

Rule: exact or an error: a field without a type is kept beside the others, and a value that does not fit is
named with its field and row. pyarrow is loaded here and nowhere else; it comes with the extra ``parquet``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

import msgspec

from airflow_provider_poweroffice.api.surrogates import escaped, split_rows
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import FieldTypeError
from airflow_provider_poweroffice.storage.codecs import RawPage, Spool
from airflow_provider_poweroffice.storage.kinds import (
    MOST_DIGITS,
    NULL,
    PARSE,
    SCALE,
    UNFIT,
    can_be_read,
    check_kinds,
    day,
    digits,
    guess,
    moment,
    scale_of,
    take_apart,
)
from airflow_provider_poweroffice.storage.page_spool import PageSpool

REST = "_rest"
"""Column with the fields that have no column of their own, as JSON text; null where there are none."""

_LONGEST_KEY = 200  # characters of a key or a name in a message
_LEAST_EXPONENT = -100_000
_TYPES: dict[str, Any] = {
    "integer": int | None,
    "decimal": Decimal | None,
    "boolean": bool | None,
    "date": str | None,
    "timestamp": str | None,
    "text": str | None,
    "json": msgspec.Raw,
}


class TypedRows:
    """
    Turns rows into tuples of values, in the order of the fields, with the untyped rest as JSON text last.

    Values are ``int``, ``Decimal``, ``bool``, ``date``, aware ``datetime`` (UTC, microseconds: the API's
    seventh digit is cut off), ``str`` or None.

    :param fields: name to type, see :data:`~airflow_provider_poweroffice.api.catalogue.fields.KINDS`.
    :param key: the field that names a row in an error.
    """

    def __init__(self, fields: Mapping[str, str], key: str = "Id") -> None:
        check_kinds(fields)
        self.fields = dict(fields)
        self._key = key
        names = {f"f{number}": name for number, name in enumerate(fields)}
        row = msgspec.defstruct(
            "Row",
            [
                (short, _TYPES[fields[name]], msgspec.Raw(b"") if fields[name] == "json" else None)
                for short, name in names.items()
            ],
            rename=names,
            forbid_unknown_fields=True,
            gc=False,
        )
        self._fast = msgspec.json.Decoder(row).decode
        self._getters = tuple(names)
        self._late = tuple(
            (position, _CONVERT[kind])
            for position, kind in enumerate(fields.values())
            if kind in {"date", "timestamp", "json"}
        )

    def __call__(self, raw_rows: list[msgspec.Raw]) -> Iterator[list[Any]]:
        """
        Convert rows.

        :raises FieldTypeError: a value does not fit.
        """
        for raw in raw_rows:
            try:
                row = self._fast(raw)
                values = [getattr(row, name) for name in self._getters]
                for position, convert in self._late:
                    if values[position] is not None:
                        values[position] = convert(values[position])
            except UNFIT:
                yield self._slow(raw)
            else:
                values.append(None)
                yield values

    def _slow(self, raw: msgspec.Raw) -> list[Any]:
        """Convert field by field: with the rest, or with an error that says where."""
        found = take_apart(escaped(bytes(raw)))
        key = self._key, bytes(found.get(self._key, b"?")).decode(errors="replace")
        values: list[Any] = []
        for name, kind in self.fields.items():
            value = bytes(found.pop(name, NULL))
            try:
                values.append(None if value == NULL else PARSE[kind](value))
            except UNFIT as error:
                raise _misfit(name, key, value, f"which is not a valid {kind}", error) from None
        try:
            rest = b",".join(msgspec.json.encode(name) + b":" + bytes(value) for name, value in found.items())
            return [*values, f"{{{rest.decode()}}}" if rest else None]
        except UnicodeDecodeError as error:
            raise _misfit(REST, key, error.object[error.start :], "which is not text", error) from None


def _misfit(name: str, row: tuple[str, str], value: bytes, what: str, error: Exception) -> FieldTypeError:
    """Make the error about a value."""
    if isinstance(error, UnicodeDecodeError):
        what, way_out = "which is not UTF-8", "format='ndjson' keeps it as sent"
    else:
        way_out = f"give its type in fields, e.g. fields={{{name!r}: 'text'}}"
    shown, key = one_line(value.decode(errors="replace")[:80]), one_line(row[1], _LONGEST_KEY)
    name = one_line(name, _LONGEST_KEY)
    return FieldTypeError(
        f"{name} of the row with {row[0]} {key} is {shown}, {what}; {way_out}", field=name, row=key
    )


def _json_text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    return None if text in {b"", NULL} else text.decode()


_CONVERT: dict[str, Callable[[Any], Any]] = {"date": day, "timestamp": moment, "json": _json_text}


class ParquetFile:
    """
    A Parquet file that takes pages.

    Pages of a list without a description wait in a temporary file until the last has come, as all their
    values decide the types of the columns.

    :param fields: name to type, of the description; empty: all values decide.
    :param told: name to type where all values decide: what they begin with.
    :param overrides: types that a caller gives, over ``fields``.
    :param key: the field that names a row in an error.
    :raises ModuleNotFoundError: pyarrow is not installed; says how to.
    """

    def __init__(
        self,
        file: Spool,
        fields: Mapping[str, str],
        *,
        told: Mapping[str, str] | None = None,
        overrides: Mapping[str, str] | None = None,
        key: str = "Id",
    ) -> None:
        _pyarrow()
        self._file = file
        self._overrides = dict(overrides or {})
        self._key = key or "Id"
        self._writer: Any = None
        self._typed: TypedRows | None = None
        self._temporary: IO[bytes] | None = None
        self._waiting: PageSpool | None = None
        self._kinds: dict[str, str | None] = {
            name: kind for name, kind in (told or {}).items() if can_be_read(name)
        }
        if fields:
            self._open({**fields, **self._overrides}, {})
        else:
            check_kinds(self._overrides)
            self._temporary = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
            self._waiting = PageSpool(self._temporary)

    def add(self, page: RawPage) -> None:
        """
        Take a page; it becomes a row group.

        :raises FieldTypeError: a value does not fit its column.
        """
        self._file.taken += len(page.content)
        content = escaped(page.content)
        rows = page.raw_rows if content is page.content else split_rows(content)
        if self._waiting is None:
            self._write(rows)
            return
        try:
            guess(rows, self._kinds, key=self._key)
        except UnicodeDecodeError as error:
            raise FieldTypeError(
                f"a row has a field whose name is not UTF-8 ({error}); format='ndjson' keeps it as sent",
                field="",
                row="",
            ) from None
        except msgspec.ValidationError:
            raise FieldTypeError(
                "a row is not an object with fields; format='ndjson' keeps it as sent", field="", row=""
            ) from None
        self._waiting.add(content, len(rows))

    def finish(self) -> None:
        """End the file; without rows it has the described columns."""
        if self._waiting is not None:
            kinds = {name: kind or "text" for name, kind in self._kinds.items() if name != REST}
            scales = self._scales(kinds)
            self._open({**kinds, **self._overrides}, scales)
            for content in self._waiting:
                self._write(split_rows(content))
        self.close()

    def close(self) -> None:
        """Close what is open; a file that is not finished is unusable."""
        if self._writer:
            self._writer.close()
        if self._temporary:
            self._temporary.close()

    def _scales(self, kinds: dict[str, str]) -> dict[str, int]:
        """Choose the digits behind the point by all values; a decimal that has too many becomes a text."""
        names = [name for name, kind in kinds.items() if kind == "decimal" and name not in self._overrides]
        most = dict.fromkeys(names, (0, 0))
        for content in self._waiting or ():
            for row in split_rows(content):
                values = take_apart(row)
                for name in names:
                    value = bytes(values.get(name, NULL))
                    if value != NULL:
                        before, behind = digits(value)
                        most[name] = max(most[name][0], before), max(most[name][1], behind)
        scales = {}
        for name, (before, behind) in most.items():
            scale = scale_of(before, behind)
            if scale is None:
                kinds[name] = "text"
            else:
                scales[name] = scale
        return scales

    def _open(self, fields: Mapping[str, str], scales: Mapping[str, int]) -> None:
        pa = _pyarrow()
        import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

        self._typed = TypedRows(fields, self._key)
        columns = [(name, _arrow_type(pa, kind, scales.get(name, SCALE))) for name, kind in fields.items()]
        self._schema = pa.schema([*columns, (REST, pa.string())])
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")

    def _write(self, rows: list[msgspec.Raw]) -> None:
        pa = _pyarrow()
        if self._typed is None:
            raise AssertionError("unreachable: opened before")
        columns: list[Any] = list(zip(*self._typed(rows), strict=True))
        columns = columns or [[] for _ in self._schema]
        arrays = []
        for field, values in zip(self._schema, columns, strict=True):
            if pa.types.is_decimal(field.type):
                self._check_exponents(field, values, rows)
            try:
                arrays.append(pa.array(values, type=field.type))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                raise self._misfit(field, values, rows, error) from None
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def _check_exponents(self, field: Any, values: Sequence[Decimal | None], rows: list[msgspec.Raw]) -> None:
        """Refuse numbers so small that pyarrow ends the process over them, such as ``1E-999999999``."""
        for row, value in zip(rows, values, strict=True):
            if value is not None and value.adjusted() < _LEAST_EXPONENT:
                raise self._not_held(field, value, row, ValueError("the exponent is too small"))

    def _misfit(
        self, field: Any, values: Sequence[Any], rows: list[msgspec.Raw], error: Exception
    ) -> FieldTypeError:
        """Find the value at fault."""
        pa = _pyarrow()
        for row, value in zip(rows, values, strict=True):
            try:
                pa.array([value], type=field.type)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
                return self._not_held(field, value, row, error)
        return _misfit(field.name, (self._key, "?"), b"a value", f"which {field.type} does not hold", error)

    def _not_held(self, field: Any, value: Any, row: msgspec.Raw, error: Exception) -> FieldTypeError:
        key = self._key, bytes(take_apart(row).get(self._key, b"?")).decode(errors="replace")
        return _misfit(field.name, key, str(value).encode(), f"which {field.type} does not hold", error)


def write_parquet(file: ParquetFile, pages: Iterator[RawPage]) -> None:
    """Write all pages; after an error the file is closed and unusable."""
    try:
        for page in pages:
            file.add(page)
            del page  # its memory is free while the next one is fetched
        file.finish()
    except BaseException:
        file.close()
        raise


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "format='parquet' needs pyarrow: pip install pyarrow",
            name="pyarrow",
        ) from None
    return pa


def _arrow_type(pa: Any, kind: str, scale: int) -> Any:
    return {
        "integer": pa.int64(),
        "decimal": pa.decimal128(MOST_DIGITS, scale),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }.get(kind, pa.string())
