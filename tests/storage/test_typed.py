"""Typed rows: exact values, or an error that says where."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_poweroffice.api.catalogue.fields import KINDS, fields_of
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.errors import FieldTypeError
from airflow_provider_poweroffice.storage.codecs import Spool
from airflow_provider_poweroffice.storage.kinds import guess
from airflow_provider_poweroffice.storage.parquet import ParquetFile, TypedRows, write_parquet


class _Page:
    def __init__(self, text: str) -> None:
        self.content = text.encode()
        self.raw_rows = split_rows(self.content)


def _typed(fields: dict[str, str], text: str) -> list[list[Any]]:
    return list(TypedRows(fields)(_Page(text).raw_rows))


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("integer", "42", 42),
        ("integer", "42.0", 42),
        ("decimal", "1.10", Decimal("1.10")),
        ("decimal", "0.1", Decimal("0.1")),
        ("decimal", "12345678901234567890.12", Decimal("12345678901234567890.12")),
        ("decimal", '"7.5"', Decimal("7.5")),
        ("boolean", "true", True),
        ("date", '"2026-02-28"', date(2026, 2, 28)),
        ("date", '"2026-02-28T00:00:00"', date(2026, 2, 28)),
        ("timestamp", '"2026-05-02T13:09:55.9103401Z"', datetime(2026, 5, 2, 13, 9, 55, 910340, UTC)),
        ("timestamp", '"2026-05-02T15:09:55+02:00"', datetime(2026, 5, 2, 13, 9, 55, 0, UTC)),
        ("timestamp", '"0001-01-01T00:00:00"', datetime(1, 1, 1, tzinfo=UTC)),
        ("text", '"æ \\" ø"', 'æ " ø'),
        ("text", "4000", "4000"),
        ("json", '{"a": 1.10}', '{"a": 1.10}'),
        *((kind, "null", None) for kind in KINDS),
    ],
)
def test_value(kind: str, sent: str, value: object) -> None:
    """A value keeps every digit; null is None in any type."""
    ((found, rest),) = _typed({"A": kind}, f'[{{"A": {sent}}}]')
    assert found == value
    assert str(found) == str(value)
    assert rest is None


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("integer", "1.5"),
        ("integer", '"a"'),
        ("integer", "1E999999999"),
        ("decimal", '"a"'),
        ("decimal", "true"),
        ("boolean", '"yes"'),
        ("date", '"2026-02-30"'),
        ("date", '"2026-02-28T13:00:00"'),
        ("timestamp", '"soon"'),
    ],
)
def test_misfit(kind: str, sent: str) -> None:
    """A value that does not fit is named with its field, row and value; nothing is rounded or cut off."""
    with pytest.raises(FieldTypeError, match=f"A of the row with Id 7 is .*not a valid {kind}") as caught:
        _typed({"A": kind}, f'[{{"Id": 7, "A": {sent}}}]')
    assert (caught.value.field, caught.value.row) == ("A", "7")


def test_missing_and_further_fields() -> None:
    """A field that is left out is None; one without a type is kept as it was sent."""
    assert _typed({"A": "integer", "B": "json"}, '[{"New": 1.10, "Ø": null}, {"A": 1, "B": [1.0]}]') == [
        [None, None, '{"New":1.10,"Ø":null}'],
        [1, "[1.0]", None],
    ]


@pytest.mark.finding("R13")
def test_guess() -> None:
    """All values decide: numbers are decimals but for the key, texts are texts, what clashes is widened."""
    pages = [
        '[{"Id": 1, "A": 1, "B": 1, "C": null, "D": "x", "E": true, "F": [], "G": 1, "H": null}]',
        '[{"Id": 2, "A": 2, "B": 1.5, "C": 3, "E": 1, "F": 5, "G": "a", "H": null, "Date": "2026-05-02"}]',
    ]
    kinds: dict[str, str | None] = {}
    for page in pages:
        guess(_Page(page).raw_rows, kinds, key="Id")
    assert kinds == {
        "Id": "integer", "A": "decimal", "B": "decimal", "C": "decimal", "D": "text", "E": "text",
        "F": "json", "G": "text", "H": None, "Date": "text",
    }  # fmt: skip


def test_fields_of() -> None:
    """The official description gives types; money is a decimal there."""
    fields = fields_of("poweroffice_v2", "/accounttransactions")
    assert (fields["Amount"], fields["Id"], fields["PostingDate"]) == ("decimal", "integer", "date")
    assert set(fields.values()) <= set(KINDS)
    assert fields_of("poweroffice_v2", "Nothing") == {}
    assert fields_of("nothing", "Customers") == {}


def _parquet(text: str, fields: dict[str, str], **options: Any) -> pa.Table:
    file = io.BytesIO()
    write_parquet(ParquetFile(Spool(file, "parquet"), fields, **options), iter([_Page(text)] if text else []))
    return pq.read_table(io.BytesIO(file.getvalue()))


def test_parquet() -> None:
    """Money is a decimal, a moment is in UTC, and what has no column is kept."""
    table = _parquet('[{"Id": 1, "Amount": 1.10, "New": [2.50]}]', {"Id": "integer", "Amount": "decimal"})
    assert table.schema.field("Amount").type == pa.decimal128(38, 10)
    assert table.to_pylist() == [{"Id": 1, "Amount": Decimal("1.10"), "_rest": '{"New":[2.50]}'}]


def test_parquet_without_rows() -> None:
    """An empty list is a file with columns and no rows."""
    table = _parquet("", {"Id": "integer"}, overrides={"No": "text"})
    assert (table.num_rows, table.schema.names) == (0, ["Id", "No", "_rest"])


def test_parquet_of_an_undescribed_list() -> None:
    """Without a description the first page gives the types, and a caller the last word."""
    table = _parquet('[{"Id": 1, "No": 4000}]', {}, overrides={"No": "text"})
    assert table.to_pylist() == [{"Id": 1, "No": "4000", "_rest": None}]


def test_parquet_of_odd_names() -> None:
    """Fields of an undescribed list whose names cannot be a column's are kept with the rest."""
    table = _parquet('[{"Id": 1, "a\\"b": 5, "_rest": 6}]', {})
    assert table.to_pylist() == [{"Id": 1, "_rest": '{"a\\"b":5,"_rest":6}'}]


def test_parquet_misfit() -> None:
    """A number with more digits than the column has is an error, not a rounded number."""
    with pytest.raises(FieldTypeError, match=r"A of the row with Id 2 is 0\.12345678901, which decimal128"):
        _parquet('[{"Id": 1, "A": 1}, {"Id": 2, "A": 0.12345678901}]', {"A": "decimal"})
    with pytest.raises(ValueError, match="unknown type 'money'"):
        _parquet("", {"A": "money"})


@pytest.mark.finding("R5")
@pytest.mark.parametrize("value", ["1E-999999999", "-1.5e-2000000", "0E-999999999", '"1E-999999999"'])
def test_parquet_of_tiny_numbers(value: str) -> None:
    """A number whose exponent would make pyarrow end the process is refused by name."""
    with pytest.raises(FieldTypeError, match=r"A of the row with Id 2 is .*, which decimal128"):
        _parquet(f'[{{"Id": 1, "A": null}}, {{"Id": 2, "A": {value}}}]', {"Id": "integer", "A": "decimal"})
    if not value.startswith("0"):  # a zero is a decimal, of whatever exponent
        assert _parquet(f'[{{"Id": 2, "A": {value}}}]', {}).column("A").to_pylist() == [value.strip('"')]


@pytest.mark.finding("R13", "R5")
def test_parquet_of_an_undescribed_list_by_all_pages() -> None:
    """All pages decide about the columns: a number may drift, be finer than usual, or become a text."""
    pages = [
        '[{"Id": 1, "A": 0, "B": 1, "C": 1}]',
        '[{"Id": 2, "A": 12.5, "B": 0.3333333333333333, "C": "x"}]',
    ]
    pages.append('[{"Id": 3, "D": 1234567890123456789012345678901234567890.5}]')
    file = io.BytesIO()
    write_parquet(ParquetFile(Spool(file, "parquet"), {}), map(_Page, pages))
    table = pq.read_table(io.BytesIO(file.getvalue()))
    assert [str(field.type) for field in table.schema] == [
        "int64",
        "decimal128(38, 10)",
        "decimal128(38, 16)",
        "string",
        "string",
        "string",
    ]
    assert table.column("B").to_pylist() == [1, Decimal("0.3333333333333333"), None]
    assert table.column("D").to_pylist()[2] == "1234567890123456789012345678901234567890.5"


@pytest.mark.finding("R7", "R16", "D10")
def test_parquet_of_odd_texts() -> None:
    """Half a surrogate pair becomes its letters, .NET's largest date a moment; bad bytes are named."""
    fields = {"Id": "integer", "A": "text", "B": "timestamp", "C": "json"}
    row = '{"Id": 1, "A": "cut \\ud83d", "B": "9999-12-31T23:59:59.9999999-12:00", "C": ["\\ude00"]}'
    for kinds in (fields, {}):
        ((found),) = _parquet(f"[{row}]", kinds).to_pylist()
        assert (found["A"], found["C"]) == ("cut \\ud83d", '["\\\\ude00"]')
    page = _Page('[{"Id": 1, "A": "x"}]')
    page.content = b'[{"Id": 1, "A": "x"}, {"Id": 7, "A": "\xe5", "D": "\xe5"}]'
    page.raw_rows = msgspec.json.decode(page.content, type=list[msgspec.Raw])
    for kinds, name in ((fields, "A"), ({}, "A"), ({"Id": "integer"}, "_rest")):
        with pytest.raises(FieldTypeError, match=r"Id 7 is .*not UTF-8; format='ndjson' keeps") as caught:
            write_parquet(ParquetFile(Spool(io.BytesIO(), "parquet"), kinds), iter([page]))
        assert (caught.value.field, caught.value.row) == (name, "7")
