"""
Pages to a Parquet file, with typed columns: money as decimal, moments in UTC.

Rule: pyarrow is loaded here and nowhere else; it comes with the extra ``parquet``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.errors import FieldTypeError
from airflow_provider_poweroffice.storage.codecs import RawPage, Spool
from airflow_provider_poweroffice.storage.typed import TypedRows, guess_fields

if TYPE_CHECKING:
    import pyarrow as pa

REST = "_rest"
"""Column with the fields that have no column of their own, as JSON text; null where there are none."""

SCALE = 10
"""Digits after the point of a decimal column; 28 before it. More is an error, never rounded."""


class ParquetFile:
    """
    A Parquet file that takes pages.

    :param file: to write to.
    :param fields: name to type; None guesses them from the first page.
    :param overrides: types that a caller gives, over ``fields``.
    :param key: the field that names a row in an error.
    :raises ModuleNotFoundError: pyarrow is not installed; says how to.
    """

    def __init__(
        self,
        file: Spool,
        fields: Mapping[str, str],
        *,
        overrides: Mapping[str, str] | None = None,
        key: str = "Id",
    ) -> None:
        _pyarrow()
        self._file = file
        self._described = fields
        self._overrides = dict(overrides or {})
        self._key = key or "Id"
        self._writer: Any = None
        self._typed: TypedRows | None = None
        if fields:
            self._open({**fields, **self._overrides})

    def add(self, page: RawPage) -> None:
        """
        Write a page as a row group.

        :raises FieldTypeError: a value does not fit its column.
        """
        if self._typed is None:
            guessed = guess_fields(page.raw_rows)
            guessed.pop(REST, None)  # a field of this name is kept in the column of this name
            self._open({**guessed, **self._overrides})
        self._writer.write_table(self._table(page))
        self._file.taken += len(page.content)

    def finish(self) -> None:
        """End the file; without rows it has the described columns."""
        if self._typed is None:
            self._open(self._overrides)
        self._writer.close()

    def _open(self, fields: Mapping[str, str]) -> None:
        pa = _pyarrow()
        import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

        self._typed = TypedRows(fields, self._key)
        columns = [(name, _arrow_type(pa, kind)) for name, kind in fields.items()]
        self._schema = pa.schema([*columns, (REST, pa.string())])
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")

    def _table(self, page: RawPage) -> pa.Table:
        pa = _pyarrow()
        if self._typed is None:
            raise AssertionError("unreachable: opened before")
        columns: list[Any] = list(zip(*self._typed(page.raw_rows), strict=True))
        columns = columns or [[] for _ in self._schema]
        arrays = []
        for field, values in zip(self._schema, columns, strict=True):
            try:
                arrays.append(pa.array(values, type=field.type))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                raise FieldTypeError(
                    f"{field.name}: {self._misfit(field, values, page)} can not be stored as {field.type} "
                    f"({error}); give its type in fields, e.g. fields={{{field.name!r}: 'text'}}",
                    field=field.name,
                    row="",
                ) from None
        return pa.Table.from_arrays(arrays, schema=self._schema)

    def _misfit(self, field: Any, values: Any, page: RawPage) -> str:
        pa = _pyarrow()
        for number, value in enumerate(values):
            try:
                pa.array([value], type=field.type)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
                return f"{value} of row {number + 1} of {len(page.raw_rows)} on its page"
        return "a value"


def write_parquet(file: ParquetFile, pages: Iterator[RawPage]) -> None:
    """Write all pages; after an error the file is closed, and of no use."""
    try:
        for page in pages:
            file.add(page)
            del page  # its memory is free while the next one is fetched
    finally:
        file.finish()


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "format='parquet' needs pyarrow: pip install 'airflow-provider-poweroffice[parquet]'",
            name="pyarrow",
        ) from None
    return pa


def _arrow_type(pa: Any, kind: str) -> Any:
    return {
        "integer": pa.int64(),
        "decimal": pa.decimal128(38, SCALE),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }.get(kind, pa.string())
