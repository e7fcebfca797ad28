"""Names and kinds: what is refused, what becomes of what is not."""

from __future__ import annotations

import pytest

from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.encoding import csv_field, parameter, places
from airflow_provider_poweroffice.storage.sql.identifiers import TableName, snake_case
from airflow_provider_poweroffice.storage.sql.kinds import fits, kind_of, kind_of_type, widened
from airflow_provider_poweroffice.storage.sql.moments import cut, micro


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
        ('"ledger"', None, "no name"),
        ("led'ger", None, "no name"),
        ("ledger; DROP TABLE x", None, "no name"),
        ("1st", None, "no digit first"),
        ("", None, "no name"),
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
    ("value", "field", "kind"),
    [
        ("1", "x", "integer"),
        ("-9223372036854775808", "x", "integer"),
        ("9223372036854775808", "x", "decimal"),
        ("1.10", "x", "decimal"),
        ("1e2", "x", "decimal"),
        ("true", "x", "boolean"),
        ("null", "x", None),
        ("[1]", "x", "json"),
        ("{}", "x", "json"),
        ('"a"', "Date", "text"),
        ('"2026-05-02"', "PostingDate", "date"),
        ('"2026-05-02"', "Description", "text"),
        ('"2026-05-02T13:09:55.9103401Z"', "ChangedDateTimeOffset", "timestamp"),
        ('"2026-05-02 13:09:55 +02:00"', "Timestamp", "timestamp"),
    ],
)
def test_kind_of(value: str, field: str, kind: str | None) -> None:
    """The kind of a value is that of its JSON; texts are dates only where the field speaks of time."""
    assert kind_of(value.encode(), field) == kind


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
        ("double precision", "float", None),
        ("REAL", "float", None),
        ("boolean", "boolean", None),
        ("timestamp with time zone", "timestamp", None),
        ("TIMESTAMP_TEXT", "timestamp", None),
        ("date", "date", None),
        ("character varying(50)", "text", None),
        ("text", "text", None),
        ("jsonb", "json", None),
        ("JSON_TEXT", "json", None),
        ("uuid", "other", None),
        ("interval", "other", None),
    ],
)
def test_kind_of_type(name: str, kind: str, scale: int | None) -> None:
    """The kinds of a database's types are known by their names."""
    assert Existing.of(name) == Existing(name, kind, scale)
    assert kind_of_type(name) == (kind, scale)


def test_kinds_together() -> None:
    """A column is widened where nothing is lost, and never from text to number or back."""
    assert widened(None, "date") == widened("date", None) == "date"
    assert widened("integer", "decimal") == widened("decimal", "integer") == "decimal"
    assert widened("date", "timestamp") == widened("timestamp", "date") == "timestamp"
    assert widened("date", "text") == widened("text", "date") == "text"
    assert widened("integer", "text") is None
    assert widened("text", "json") is None
    assert fits("json", "text")
    assert fits("other", "text")
    assert not fits("other", "json")
    assert not fits("float", "decimal")
    assert not fits("integer", "decimal")


def test_moments() -> None:
    """A moment is cut to what its column keeps, never rounded; what is none is None."""
    moment = str(micro("2026-05-02T13:09:55.9103409Z"))
    assert moment == "2026-05-02T13:09:55.910340Z"
    assert [cut(moment, digits)[19:] for digits in (0, 1, 6)] == ["Z", ".9Z", ".910340Z"]
    assert micro("0001-01-01T00:00:00") == "0001-01-01T00:00:00.000000Z"
    assert micro("soon") is None


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


@pytest.mark.parametrize(
    ("number", "digits"),
    [("1", 0), ("1.10", 1), ("1.00", 0), ("-1.125", 3), ("1e2", 0), ("1.5e-3", 4), ("12e-1", 1), ("null", 0)],
)
def test_places(number: str, digits: int) -> None:
    """The digits behind the point that a number needs."""
    assert places(number.encode()) == digits


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-05-02T13:09:55.9103409Z", "2026-05-02T13:09:55.910340Z"),
        ("2026-05-02T13:09:55.9999999", "2026-05-02T13:09:55.999999Z"),
        ("2026-05-02T13:09:55+02:00", "2026-05-02T11:09:55.000000Z"),
        ("2026-05-02", "2026-05-02T00:00:00.000000Z"),
        ("2026-13-02T13:09:55Z", None),
        ("soon", None),
    ],
)
def test_moments_are_cut(text: str, stored: str | None) -> None:
    """A stored moment is in UTC and not later than the real one."""
    assert micro(text) == stored
