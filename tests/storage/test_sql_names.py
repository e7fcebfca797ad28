"""Names and kinds: what is refused, what becomes of what is not."""

from __future__ import annotations

import pytest

from airflow_provider_poweroffice.storage.sql.columns import Existing, kind_of_type
from airflow_provider_poweroffice.storage.sql.encoding import csv_field, parameter
from airflow_provider_poweroffice.storage.sql.identifiers import TableName, snake_case


@pytest.mark.parametrize(
    ("table", "schema", "quoted"),
    [
        ("ledger", None, '"ledger"'),
        ("ledger", "books", '"books"."ledger"'),
        ("books.ledger", None, '"books"."ledger"'),
        ("Kjøp_2026", None, '"Kjøp_2026"'),
        ("x" * 63, None, f'"{"x" * 63}"'),
    ],
)
def test_table_name(table: str, schema: str | None, quoted: str) -> None:
    """A name, or two; letters of any language."""
    assert TableName.of(table, schema).quoted() == quoted
    assert str(TableName.of(table, schema)) == quoted.replace('"', "")


@pytest.mark.parametrize(
    ("table", "schema", "says"),
    [
        ("a.b.c", None, "table='a.b.c'"),
        (".b", None, "table='.b'"),
        ("a.", None, "table='a.'"),
        ('"ledger"', None, "is not a name"),
        ("led'ger", None, "is not a name"),
        ("ledger; DROP TABLE x", None, "is not a name"),
        ("1st", None, "no digit first"),
        ("", None, "is not a name"),
        ("ø" * 32, None, "63 bytes"),
        (None, None, "table=None"),
        ("ledger", "a.b", "schema='a.b'"),
        ("ledger", "", "schema=''"),
        ("a.ledger", "b", "give one"),
    ],
)
def test_bad_table_name(table: str, schema: str | None, says: str) -> None:
    """Quotes and dots too many are refused, with the argument's name and the way out."""
    with pytest.raises(ValueError, match=r"table|schema") as caught:
        TableName.of(table, schema)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("VatCode", "vat_code"),
        ("Id", "id"),
        ("InvoiceEmailAddressCC", "invoice_email_address_cc"),
        ("Dim1Code", "dim1_code"),
        ("Quantity2", "quantity2"),
        ("VATReturn", "vat_return"),
        ("already_so", "already_so"),
    ],
)
def test_snake_case(field: str, column: str) -> None:
    """Words of a field's name are parted by underscores."""
    assert snake_case(field) == column


@pytest.mark.parametrize(
    ("name", "kind", "scale"),
    [
        ("bigint", "integer", None),
        ("INTEGER", "integer", None),
        ("int4", "integer", None),
        ("numeric", "decimal", None),
        ("numeric(18,2)", "decimal", 2),
        ("DECIMAL(38, 10)", "decimal", 10),
        ("numeric(5)", "decimal", 0),
        ("DECIMAL_TEXT", "decimal", None),
        ("numeric(5,-2)", "decimal", -2),
        ("UBIGINT", "integer", None),
        ("double precision", "inexact", None),
        ("REAL", "inexact", None),
        ("money", "inexact", None),
        ("numeric(10,2)[]", "inexact", None),
        ("STRUCT(a INTEGER)", "inexact", None),
        ("name", "inexact", None),
        ("time(3) without time zone", "time", 3),
        ("timestamp(0) with time zone", "timestamp", 0),
        ("TIMESTAMP_MS", "timestamp", 3),
        ("DATETIME", "timestamp", None),
        ("daterange", "other", None),
        ("boolean", "boolean", None),
        ("timestamp with time zone", "timestamp", None),
        ("TIMESTAMP_TEXT", "timestamp", None),
        ("date", "date", None),
        ("character varying(50)", "text", 50),
        ("character(5)", "text", 0),
        ("text", "text", None),
        ("jsonb", "json", None),
        ("JSON_TEXT", "json", None),
        ("uuid", "other", None),
        ("interval", "time", 6),
    ],
)
def test_kind_of_type(name: str, kind: str, scale: int | None) -> None:
    """The kinds of a database's types are known by their names."""
    assert Existing.of(name) == Existing(name, kind, scale)
    assert kind_of_type(name) == (kind, scale)


def test_literals() -> None:
    """Most JSON is CSV as it stands; escapes are resolved, numbers keep their digits."""
    assert csv_field("text", b'"a,b"') == b'"a,b"'
    assert csv_field("text", rb'"a\"b\u00f8\n"') == '"a""bø\n"'.encode()
    assert csv_field("text", b"null") == b"null"
    assert csv_field("text", b'"null"') == b'"null"'
    assert csv_field("json", b'{"a":1.10}') == b'"{""a"":1.10}"'
    assert csv_field("decimal", b"1.10") == b"1.10"
    assert [parameter("integer", b"12"), parameter("decimal", b"1.10"), parameter("boolean", b"false")] == [
        12,
        "1.10",
        False,
    ]
    assert [parameter("text", b"null"), parameter("other", b"5"), parameter("json", b"[1.0]")] == [
        None,
        "5",
        "[1.0]",
    ]
