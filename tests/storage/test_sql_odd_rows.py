"""Rows that a server may send and a table could stumble over: they load, or the error names the way out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.databases import BOUNDED, KINDS, Database, open_database, postgres_database
from support.loading import load, page_of, plan

from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.page_spool import PageSpool
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.load import Load
from airflow_provider_poweroffice.storage.sql.raw_layout import RawLayout
from tests.infrastructure.postgres_server import PostgresServer

ODD = "a\n\x1b[31m\x9b\u202e" + "q" * 30_000
BREAKS = ["\r\n", "\r", "\n", "\n\r", "\r\r\n"]


@pytest.mark.sample(4)
@pytest.mark.finding("R4", "S11")
@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("layout", ["columns", "raw"])
def test_line_breaks_in_texts(db: Database, layout: str, *, bulk: bool) -> None:
    """Any line break in any text of any row, the first included, comes back as it was sent."""
    texts = [text.format(line_break) for line_break in BREAKS for text in ("a{0}b", "{0}", "{0}a", "a{0}{0}")]
    for first in (0, 1, 6, 11):
        sent = [*texts[first:], *texts[:first]]
        rows = [{"Id": n, "Name": text} for n, text in enumerate(sent)]
        load(db, *rows, mode="replace", layout=layout, bulk=bulk)
        if layout == "columns":
            assert [name for (name,) in db.query("SELECT name FROM ledger ORDER BY id")] == sent
        else:
            assert db.query("SELECT count(*) FROM ledger") == [(len(sent),)]


@pytest.mark.finding("S17")
@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ({"Id": ODD, "Amount": 1}, {}),
        ({"Id": 1, "Amount": ODD}, {}),
        ({"Id": 1, "Amount": 1, "No\ud800" + ODD: 1}, {}),
        ({"Id": 1, ODD: 1, "Date": "2026-02-30"}, {}),
        ({"Id": 1, ODD: True}, {"fields": {ODD: "integer"}, "allow_new_columns": True}),
        ({ODD: 1}, {}),
    ],
)
def test_text_of_a_server_in_an_error(tmp_path: Path, row: dict[str, Any], changes: dict[str, Any]) -> None:
    """Keys, names and values in an error are short and printable, also in what a log shows of its causes."""
    db = open_database("sqlite", tmp_path, lambda _name: None)
    load(db, {"Id": 1, "Amount": 1}, layout="columns")
    with pytest.raises(LoadError) as caught:
        load(db, json.dumps(row), layout="columns", **changes)
    assert len(str(caught.value)) < 1500
    assert len(str(caught.value.row)) <= 200
    assert str(caught.value).isprintable()
    said = "".join(traceback.format_exception(caught.value))
    assert len(said) < 20_000
    assert said.replace("\n", "").isprintable()


@pytest.mark.sample(4)
@pytest.mark.finding("R4", "S11")
@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("layout", ["columns", "raw"])
def test_line_breaks_between_values(db: Database, layout: str, *, bulk: bool) -> None:
    """JSON that is indented, by lines of any system, is stored as sent; nested values too."""
    for line_break in ("\r\n", "\r", "\n"):
        nested = '{L  "City": "Oslo",L  "No": 1.10L}'
        row = f'{{L "Id": 1,L "Name": "a\\r\\nb",L "Address": {nested}L}}'.replace("L", line_break)
        load(db, row, row.replace('"Id": 1', '"Id": 2'), mode="replace", layout=layout, bulk=bulk)
        if layout == "columns":
            ((found,), _) = db.query("SELECT CAST(address AS VARCHAR(99)) FROM ledger ORDER BY id")
            assert found == nested.replace("L", line_break)
        else:
            ((found,), _) = db.query("SELECT CAST(payload AS VARCHAR(999)) FROM ledger ORDER BY id")
            assert found == row


_DIES = """
import os, signal, sys, duckdb
from airflow_provider_poweroffice.storage.sql.databases import base, database_of

connection = duckdb.connect()
session = base.Session(connection, database_of(connection))
session.execute("CREATE TEMPORARY TABLE t (a VARCHAR)")

def lines():
    yield b'"x"\\n' * 100_000
    os.kill(os.getpid(), signal.SIGKILL)

session.database.bulk(session, "t", lines())
"""


@pytest.mark.finding("S10")
def test_nothing_of_a_killed_bulk_load_stays(tmp_path: Path) -> None:
    """A process that is killed while it writes rows for DuckDB leaves no file of them."""
    died = subprocess.run(
        [sys.executable, "-c", _DIES],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        check=False,
        cwd=tmp_path,
    )
    assert died.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.finding("S13")
@pytest.mark.parametrize("layout", ["columns", "raw"])
def test_comments_are_no_way_in(pg: Database, layout: str) -> None:
    """An endpoint or a key is never SQL, even where the database takes a backslash for an escape."""
    pg.run("ALTER ROLE CURRENT_USER SET standard_conforming_strings = off")
    try:
        pg.run("CREATE TABLE canary (a int)")
        attack = "Customers\\'; DROP TABLE canary; --"
        load(pg, {"Id": 1}, source=attack, layout=layout)
        if layout == "raw":
            key = attack.replace("\\", "")
            load(pg, {key: 2}, source=attack, layout=layout, key=(key,), table=TableName("other"))
        assert pg.query("SELECT count(*) FROM canary") == [(0,)]
        ((comment,),) = pg.query("SELECT obj_description('ledger'::regclass)")
        assert comment.startswith("PowerOffice Go CustomersDROPTABLEcanary--: one row")
    finally:
        pg.run("ALTER ROLE CURRENT_USER RESET standard_conforming_strings")


NAMES = ["poweroffice_row", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "rowid", "_rowid_"]


@pytest.mark.sample(8)
@pytest.mark.finding("S22")
@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("column_names", ["snake_case", "as sent"])
@pytest.mark.parametrize("allow_new_columns", [True, False])
def test_names_of_the_database_itself(
    db: Database, column_names: str, *, bulk: bool, allow_new_columns: bool
) -> None:
    """Fields named like columns that a database or a load has of its own are kept in _extra."""
    options: dict[str, Any] = {
        "layout": "columns",
        "column_names": column_names,
        "allow_new_columns": allow_new_columns,
        "bulk": bulk,
        "kinds": {},
    }
    row = {"Id": 1} | {name: n for n, name in enumerate([*NAMES, *(name.title() for name in NAMES)])}
    kept = sorted(set(row) - {"Id"})
    load(db, row, **options)
    stored = load(db, row | {"Id": 2}, {"Id": 3}, **options)
    assert [name for name in stored.fields_kept if name not in kept] == []
    assert set(NAMES) <= set(stored.fields_kept)
    assert db.query("SELECT count(*) FROM ledger") == [(3,)]


@pytest.mark.finding("S22")
@pytest.mark.parametrize("column_names", ["snake_case", "as sent"])
def test_names_that_differ_by_case(db: Database, column_names: str) -> None:
    """Of fields whose names fold to one, the first has the column; in later loads as well."""
    options: dict[str, Any] = {
        "layout": "columns",
        "kinds": {"Id": "integer"},
        "column_names": column_names,
        "allow_new_columns": True,
    }
    load(db, {"Id": 1, "Straße": "a"}, **options)
    stored = load(db, {"Id": 2, "STRASSE": "b", "straße": "c", "Beløp": 1, "BELØP": 2}, **options)
    assert "STRASSE" in stored.fields_kept
    assert "BELØP" in stored.fields_kept
    assert db.query("SELECT count(*) FROM ledger") == [(2,)]


BULK = pytest.mark.parametrize("bulk", [True, False])


def column(db: Database, name: str, table: str = "ledger") -> list[str | None]:
    """Read a column as text, by key."""
    return [row[0] for row in db.query(f"SELECT CAST({name} AS VARCHAR(99)) FROM {table} ORDER BY id")]


@pytest.mark.finding("R7", "D11")
@BULK
def test_half_a_surrogate_pair(db: Database, caplog: pytest.LogCaptureFixture, *, bulk: bool) -> None:
    """A text that was cut inside an emoji: raw keeps it as sent, columns its letters, and say so."""
    row = '{"Id":2,"Name":"cut \\ud83d","Address":{"City":"\\uDE00 \\ud83d\\ude00"},"New":["\\ud83d"]}'
    if db.kind == "standard":
        row = row.replace('"New":["\\ud83d"]', '"New":"x"')  # it has no type for JSON
    rows = ['{"Id":1,"Name":"a"}', row, '{"Id":3,"Name":"b"}']
    load(db, *rows, layout="raw", bulk=bulk)
    assert column(db, "payload") == rows
    db.run("DROP TABLE ledger")
    for _ in range(2):
        load(db, *rows, layout="columns", bulk=bulk)
    assert column(db, "name") == ["a", "cut \\ud83d", "b"]
    assert column(db, "address")[1] == '{"City":"\\\\ude00 \\ud83d\\ude00"}'
    assert "table ledger, row 2: a text holds half a surrogate pair" in caplog.text


@pytest.mark.finding("R7")
@pytest.mark.parametrize("layout", ["raw", "columns"])
def test_half_a_surrogate_pair_in_a_key(db: Database, layout: str) -> None:
    """A key that was cut is the letters of its escape, so that its row is found again."""
    for _ in range(2):
        load(db, '{"Id":"cut \\ud83d"}', layout=layout, kinds={})
    assert db.query("SELECT id FROM ledger") == [("cut \\ud83d",)]


SPELLINGS = [
    ('{"Id":1,"Name":"Bod\\u00f8"}', '{"Id":1.0,"Name":"Bodø"}'),
    ('{"Id":1e0,"Name":"a/b"}', '{"Name":"a\\/b","Id":1}'),
    ('{"Id":10,"Name":"\\ud83d\\ude00"}', '{"Id":1e1,"Name":"\U0001f600"}'),
    ('{"Id":0.50,"Name":"a\\tb"}', '{"Id":5e-1,"Name":"a\\u0009b"}'),
    ('{"Id":"a\\u0022b","Name":"x"}', '{ "Id" : "a\\"b" , "Name" : "\\u0078" }'),
]


@pytest.mark.sample(4)
@pytest.mark.finding("R8")
@pytest.mark.parametrize("layout", ["raw", "columns"])
@pytest.mark.parametrize("key", [("Id",), ("Id", "Name"), ("Name", "Id")])
def test_one_record_has_one_key(db: Database, layout: str, key: tuple[str, ...]) -> None:
    """However a server spells a text or a number, the record is the same: in one load, and in the next."""
    kinds = {"Name": "text"}
    for first, second in SPELLINGS:
        options: dict[str, Any] = {"layout": layout, "key": key, "kinds": kinds}
        db.run("DROP TABLE IF EXISTS ledger")
        load(db, first, second, **options)
        stored = load(db, second, **options)
        assert (stored.counts.inserted, stored.counts.updated) == (0, 1)
        assert load(db, first, ids=[second], most_deleted=1, **options).marked_deleted == 0


@pytest.mark.finding("R5")
@BULK
def test_decimals_of_a_new_table(db: Database, *, bulk: bool) -> None:
    """A new column is fine enough for what it is first given: a new table rounds no more than an old one."""
    rows = ['{"Id":1,"Share":0.3333333333333333,"Amount":1e-12}', '{"Id":2,"Share":12,"Amount":100000.5}']
    for _ in range(2):
        load(db, *rows, layout="columns", bulk=bulk)
    assert [Decimal(str(text)) for text in column(db, "share")] == [Decimal("0.3333333333333333"), 12]
    assert [Decimal(str(text)) for text in column(db, "amount")] == [Decimal("1e-12"), Decimal("100000.5")]
    if db.kind in BOUNDED:
        with pytest.raises(TypeConflictError, match=r"row 3 has 0.33333333333333333 in Share, .*finer"):
            load(db, '{"Id":3,"Share":0.33333333333333333}', layout="columns", bulk=bulk)


@pytest.mark.finding("R5", "R13")
@BULK
def test_numbers_that_no_decimal_holds(db: Database, *, bulk: bool) -> None:
    """Digits beyond what a database holds: text where nobody said otherwise, else an error."""
    rows = [f'{{"Id":1,"A":{"9" * 30}.123456789}}', '{"Id":2,"A":0.00000000000000000001}']
    load(db, *rows, layout="columns", kinds={}, bulk=bulk)
    assert [Decimal(str(text)) for text in column(db, "a")] == [
        Decimal(f"{'9' * 30}.123456789"),
        Decimal("1e-20"),
    ]
    db.run("DROP TABLE ledger")
    if db.kind in BOUNDED:
        with pytest.raises(TypeConflictError, match=r"column a .*row 1 .*fields=\{'A': 'text'\}"):
            load(db, *rows, layout="columns", fields={"A": "decimal"}, bulk=bulk)


ROUNDING = [
    ("money", "1.125"),
    ("real", "0.1"),
    ("double precision", "0.1"),
    ("numeric(10,2)", "1.125"),
    ("numeric(5,-2)", "149"),
    ("cents", "1.125"),
    ("strict_cents", "1.125"),
    ("numeric(10,2)[]", '"{1.125}"'),
    ("cents[]", '"{1.125}"'),
    ("money[]", '"{1.125}"'),
    ("pair", '"(1.125,x)"'),
    ("point", '"(0.1,0.2)"'),
    ("numrange", '"[1.125,2]"'),
    ("time(0)", '"10:00:00.7"'),
    ("time", '"10:00:00.1234567"'),
    ("interval(0)", '"00:00:00.7"'),
    ("interval", '"00:00:00.1234567"'),
    ("name", f'"{"x" * 70}"'),
    ('"char"', '"ab"'),
    ("smallint", "1.5"),
    ("oid", "1.5"),
]


@pytest.mark.sample(12)
@pytest.mark.finding("R14")
@BULK
@pytest.mark.parametrize(("type_name", "value"), ROUNDING)
def test_nothing_is_rounded_by_a_type(pg: Database, type_name: str, value: str, *, bulk: bool) -> None:
    """Whatever type a column has, a value that it would round or cut is an error with column and row."""
    pg.run("CREATE DOMAIN cents AS numeric(18,2); CREATE DOMAIN strict_cents AS cents CHECK (VALUE > 0)")
    pg.run("CREATE TYPE pair AS (amount numeric(10,2), name text)")
    load(pg, '{"Id":1,"X":null}', layout="columns", kinds={"Id": "integer", "X": "text"})
    pg.run(f"ALTER TABLE ledger DROP COLUMN x; ALTER TABLE ledger ADD COLUMN x {type_name}")
    with pytest.raises(LoadError, match="column x"):
        load(pg, '{"Id":1}', f'{{"Id":2,"X":{value}}}', layout="columns", bulk=bulk)
    assert column(pg, "x") == [None]


@pytest.mark.sample(8)
@pytest.mark.finding("R14", "R12", "R13")
@BULK
@pytest.mark.parametrize(
    ("type_name", "value", "stored"),
    [
        ("cents", "1.10", "1.10"),
        ("numeric(5,-2)", "1200", "1200"),
        ("bigint", "2.0", "2"),
        ("smallint", '"7"', "7"),
        ("numeric(18,2)", '"7.5"', "7.50"),
        ("date", '"2026-07-01T00:00:00"', "2026-07-01"),
        ("date", '"2026-07-01"', "2026-07-01"),
        ("date", '"9999-12-31T23:59:59.9999999"', "9999-12-31"),
        ("timestamp with time zone", '"2026-07-01"', "2026-07-01 02:00:00+02"),
        ("timestamp", '"2026-07-01T10:00:00+02:00"', "2026-07-01 08:00:00"),
        ("time(3)", '"10:00:00.7000000"', "10:00:00.7"),
        ("uuid", '"9e3779b9-7f4a-4c15-a000-000000000001"', "9e3779b9-7f4a-4c15-a000-000000000001"),
        ("varchar(20)", "1.10", "1.10"),
        ("text", "true", "true"),
        ("colour", '"red"', "red"),
        ("inet", '"10.0.0.1"', "10.0.0.1/32"),
    ],
)
def test_the_kind_of_the_column_decides(
    pg: Database, type_name: str, value: str, stored: str, *, bulk: bool
) -> None:
    """A value that fits the column's type is stored, whatever its field is called and however it is sent."""
    pg.run("CREATE DOMAIN cents AS numeric(18,2); CREATE TYPE colour AS ENUM ('red', 'blue')")
    load(pg, '{"Id":1,"X":null}', layout="columns", kinds={"Id": "integer", "X": "text"})
    pg.run(f"ALTER TABLE ledger DROP COLUMN x; ALTER TABLE ledger ADD COLUMN x {type_name}")
    load(pg, '{"Id":1}', f'{{"Id":2,"X":{value}}}', layout="columns", bulk=bulk)
    assert column(pg, "x") == [None, stored]


@pytest.mark.finding("R13")
@BULK
def test_numbers_that_drift(db: Database, *, bulk: bool) -> None:
    """An undescribed number is a decimal from the first load on; a whole column takes what is whole."""
    options: dict[str, Any] = {"layout": "columns", "kinds": {}, "bulk": bulk}
    load(db, {"Id": 1, "CreditLimit": 0}, **options)
    load(db, '{"Id":2.0,"CreditLimit":12.5}', **options)
    load(db, '{"Id":2,"CreditLimit":12.5}', **options | {"mode": "replace"})
    load(db, {"Id": 1, "CreditLimit": 7}, **options)
    assert [Decimal(str(text)) for text in column(db, "credit_limit")] == [7, Decimal("12.5")]
    assert column(db, "id") == ["1", "2"]


@pytest.mark.finding("R12", "R13")
def test_days_of_fields_that_come_late(db: Database) -> None:
    """Fields that are null for days and then set, described or not, and numbers that drift: each as sent."""
    numbers = ["0", "12.5", "-3", "1e2", "0.001", "123456789.25", "7.0", "2"]
    days = [f'"2026-06-0{day + 1}"' if day > 4 else "null" for day in range(len(numbers))]
    notes = [f'"n{day}"' if day > 2 else "null" for day in range(len(numbers))]
    for day, (number, paid, note) in enumerate(zip(numbers, days, notes, strict=True)):
        row = f'{{"Id":{day},"Rate":{number},"Paid":{paid},"Note":{note}}}'
        kinds = {"Id": "integer", "Paid": "date"}
        load(db, row, layout="columns", kinds=kinds, allow_new_columns=True, run_id=f"day {day}")
    assert [Decimal(str(text)) for text in column(db, "rate")] == list(map(Decimal, numbers))
    for name, sent in (("paid", days), ("note", notes)):
        assert column(db, name) == [json.loads(text) for text in sent]
    load(db, '{"Id":0,"Rate":1,"Paid":null,"Note":"late"}', layout="columns", kinds=kinds, run_id="day 9")
    assert column(db, "note")[:2] == ["late", None]


@pytest.mark.finding("R12b")
def test_the_change_field_is_a_timestamp(db: Database) -> None:
    """The field with the time of change is a timestamp, whatever it is called; others are texts."""
    row = '{"id":1,"lastChanged":"2023-10-25T07:58:57 +00:00","dueDate":"2023-10-25"}'
    load(db, row, layout="columns", kinds={}, key=("id",), changed_field="lastChanged")
    session = db.session()
    found = session.database.describe(session, TableName("ledger")) or {}
    assert (found["last_changed"].kind, found["due_date"].kind) == ("timestamp", "text")


ENDS = ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999", "0001-01-01", "9999-12-31"]


@pytest.mark.sample(4)
@pytest.mark.finding("R16")
@BULK
@pytest.mark.parametrize("zone", ["", "Z", "+02:00", "-11:00"])
def test_ends_of_the_calendar(db: Database, zone: str, *, bulk: bool) -> None:
    """The least and largest dates of .NET load, in each zone, into dates and timestamps, and again."""
    kinds = {"Id": "integer", "T": "timestamp", "D": "date", "LastChangedDateTimeOffset": "timestamp"}
    for layout in ("columns", "raw"):
        rows: list[dict[str, Any]] = []
        for n, end in enumerate(ENDS):
            moment = end + zone if "T" in end else end
            rows.append({"Id": n, "T": moment, "LastChangedDateTimeOffset": moment, "D": end[:10]})
        for _ in range(2):
            load(db, *rows, {"Id": 9}, layout=layout, kinds=kinds, bulk=bulk)
        assert db.query("SELECT count(*) FROM ledger") == [(5,)]
        if layout == "columns":
            # A date column takes .NET's dates in their long form as well.
            long = [{"Id": 1, "D": f"{ENDS[1]}{zone}"}, {"Id": 0, "D": f"{ENDS[0]}{zone}"}]
            load(db, *long, layout=layout, kinds=kinds, bulk=bulk)
            assert column(db, "d")[:2] == ["0001-01-01", "9999-12-31"]
        db.run("DROP TABLE ledger")


ENCODINGS = ["SQL_ASCII", "LATIN1", "EUC_JP"]


def database_of(server: PostgresServer, driver: str, encoding: str) -> Database:
    """Make a PostgreSQL database of another encoding."""
    parts = postgres_database(server, driver)
    name = f"{parts['dbname']}_{encoding.lower()}"
    Database(driver, lambda: _autocommit(driver, parts)).connect().cursor().execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    return Database(driver, lambda: __import__(driver).connect(**parts | {"dbname": name}))


def _autocommit(driver: str, parts: dict[str, Any]) -> Any:
    connection = __import__(driver).connect(**parts)
    connection.autocommit = True
    return connection


@pytest.mark.finding("R15")
@BULK
@pytest.mark.parametrize("driver", [name for name in KINDS if name.startswith("psycopg")])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", ["columns", "raw"])
def test_databases_of_other_encodings(
    postgres: PostgresServer, driver: str, encoding: str, layout: str, *, bulk: bool
) -> None:
    """The second load works as the first; a letter that the database lacks is told with row and column."""
    db = database_of(postgres, driver, encoding)
    name = "テスト" if encoding == "EUC_JP" else "Tromsø"
    rows = [{"Id": 1, "Name": name, "Address": {"City": name}}, {"Id": 2, "Name": "x"}]
    options: dict[str, Any] = {"layout": layout, "bulk": bulk, "company": name}
    for _ in range(3):
        load(db, *rows, **options)
    text = "name" if layout == "columns" else "payload"
    ((found,),) = db.query(f"SELECT {text}::text FROM ledger WHERE id::text = '1'")
    assert name in found
    if encoding != "SQL_ASCII":
        where = "column name .Name of the API." if layout == "columns" else "column payload"
        with pytest.raises(LoadError, match=f"row 7: {where}.*has no equivalent"):
            load(db, rows[0], {"Id": 7, "Name": "\U0001f600"}, **options)
        assert db.query("SELECT count(*) FROM ledger") == [(2,)]


@pytest.mark.sample(12)
@pytest.mark.finding("D10", "R19")
@BULK
@pytest.mark.parametrize("layout", ["columns", "raw"])
@pytest.mark.parametrize("kinds", [{}, {"Id": "integer", "Name": "text", "Address": "json"}])
@pytest.mark.parametrize("field", ["Name", "Address"])
def test_bytes_that_are_not_utf8(
    db: Database, layout: str, kinds: dict[str, str], field: str, *, bulk: bool
) -> None:
    """A byte that is not UTF-8 is an error that names row and field, and the table is as before."""
    load(db, {"Id": 1, "Name": "a", "Address": {}}, layout=layout, kinds=kinds, bulk=bulk)
    value = '"\udce5"' if field == "Name" else '{"City":"\udce5"}'
    content = f'[{{"Id":5,"Name":"ø"}},{{"Id":7,"{field}":{value}}}]'.encode(errors="surrogateescape")
    with tempfile.TemporaryFile() as file:
        one = Load(plan(layout=layout, kinds=kinds, bulk=bulk), PageSpool(file))
        one.prepare(db.session())
        with pytest.raises(LoadError, match=f"row 7: {field} holds bytes that are not UTF-8") as caught:
            one.take(page_of(content))
    assert caught.value.row == "7"


@pytest.mark.parametrize("shift", range(4))
def test_long_page_is_utf8_or_not(shift: int) -> None:
    """Letters of several bytes lie across the pieces that are checked; one byte too few is noticed."""
    layout = RawLayout("ledger", ("Id",), None, changed_field="")
    whole = json.dumps([{"Id": 1, "Name": "x" * shift + "\U0001f600" * 50_000}], ensure_ascii=False).encode()
    assert layout.readable(whole) is whole
    for cut in (whole.replace(b"\xf0\x9f\x98\x80", b"\xf0\x9f\x98", 1), whole[: -len('"}]') - 1] + b'"}]'):
        with pytest.raises(LoadError, match="row 1: Name holds bytes that are not UTF-8"):
            layout.readable(cut)


@pytest.mark.parametrize("bulk", [True, False])
def test_nul_names_the_way_out(pg: Database, *, bulk: bool) -> None:
    """A zero byte in a text, which PostgreSQL does not hold, is told with row, field and the other layout."""
    with pytest.raises(LoadError, match=r'row 4: column name \(Name of the API\): .*NUL.*Use layout="raw"'):
        load(pg, '{"Id":1,"Name":"a"}', '{"Id":4,"Name":"x\\u0000"}', layout="columns", bulk=bulk)
    pg.run("DROP TABLE IF EXISTS ledger")
    load(pg, '{"Id":1,"Name":"a"}', '{"Id":4,"Name":"x\\u0000"}', layout="raw", bulk=bulk)


@BULK
@pytest.mark.finding("R14")
@pytest.mark.parametrize(
    ("kind", "type_name", "value"),
    [
        ("sqlite", name, value)
        for name, value in [("REAL", "0.1"), ("NUMBER", "0.1"), ("STRING", '"007"'), ("JSON", "1.10")]
    ]
    + [
        ("duckdb", name, value)
        for name, value in [("DOUBLE", "0.1"), ("UBIGINT", "1.5"), ("DECIMAL(9,2)[]", '"[1.125]"')]
    ]
    + [("duckdb", "STRUCT(a DECIMAL(9,2))", '"{a: 1.125}"'), ("duckdb", "TIME", '"10:00:00.1234567"')],
)
def test_nothing_is_rounded_elsewhere(
    kind: str, type_name: str, value: str, tmp_path: Path, *, bulk: bool
) -> None:
    """The same in databases that are looser about types."""
    db = open_database(kind, tmp_path, PostgresServer)
    load(db, '{"Id":1,"X":null}', layout="columns", kinds={"Id": "integer"})
    db.run(f"ALTER TABLE ledger ADD COLUMN x {type_name}")
    with pytest.raises(TypeConflictError, match="column x"):
        load(db, '{"Id":1}', f'{{"Id":2,"X":{value}}}', layout="columns", bulk=bulk)
    assert column(db, "x") == [None]


@pytest.mark.finding("R5", "R16")
@BULK
def test_days_that_no_calendar_has(db: Database, *, bulk: bool) -> None:
    """Such a day is refused by name, or kept as sent, whichever row has it and however often it is loaded."""
    kinds = {"Id": "integer", "Day": "date"}
    good, bad = '{"Id":1,"Day":"2026-02-28"}', '{"Id":2,"Day":"2026-02-30"}'
    for rows in ((bad, good), (good, bad), (bad, good)):
        if db.kind == "sqlite":  # its dates are texts
            load(db, *rows, layout="columns", kinds=kinds, bulk=bulk)
            assert db.query("SELECT day FROM ledger WHERE id = 2") == [("2026-02-30",)]
            continue
        with pytest.raises(LoadError, match=r'row 2: column day .*2026-02-30.*Use layout="raw"'):
            load(db, *rows, layout="columns", kinds=kinds, bulk=bulk)


@pytest.mark.finding("R16")
@BULK
def test_change_times_that_no_calendar_has(db: Database, *, bulk: bool) -> None:
    """The raw layout keeps the row whatever its change time is; one that is none leaves its column null."""
    texts = ["0000-00-00T00:00:00.0000000Z", "2026-02-30T00:00:00.0000000Z", "aaaaaaaaaaTaaaaaaaaaaaaaaaaZ"]
    texts += ["9999-12-31T24:00:00.0000000Z", "2026-02-28T00:00:61.0000000Z", "0001-01-0", "", "1"]
    rows = [{"Id": n, "LastChangedDateTimeOffset": text} for n, text in enumerate(texts)]
    for _ in range(2):
        load(db, *rows, {"Id": 9, "LastChangedDateTimeOffset": "2026-02-28T00:00:00.0000000Z"}, bulk=bulk)
    assert db.query("SELECT id FROM ledger WHERE changed_at IS NOT NULL") == [("9",)]
    assert db.query("SELECT count(*) FROM ledger") == [(9,)]


@pytest.mark.finding("R5", "R8")
def test_numbers_beyond_every_exponent(db: Database) -> None:
    """A number of a huge exponent is kept, or refused by name and with a way out; never rounded to 0."""
    load(db, '{"Id":1E999999999}', '{"Id":10E999999998}', '{"Id":1E-999999999}')
    assert db.query("SELECT id FROM ledger ORDER BY id") == [("1E+999999999",), ("1E-999999999",)]
    db.run("DROP TABLE ledger")
    with pytest.raises(LoadError, match=r'row 1: .*out of range.*Use layout="raw"'):
        load(db, '{"Id":1,"A":1E400}', layout="columns")
    small = '{"Id":1,"A":1E-999999999}'
    if db.kind in {"psycopg", "psycopg2"}:
        with pytest.raises(LoadError, match=r'row 1: column a .*Use layout="raw"'):
            load(db, small, layout="columns", kinds={})
    else:
        load(db, small, layout="columns", kinds={})
        assert column(db, "a") == ["1E-999999999"]


@pytest.mark.finding("R5")
@BULK
def test_nested_values_without_a_description(db: Database, *, bulk: bool) -> None:
    """What the first load takes, the second takes too, also where JSON is text to the database."""
    row = '{"Id":1,"Tags":[1.10,{"a":"\\u00e5"}]}'
    for _ in range(2):
        load(db, row, layout="columns", kinds={}, bulk=bulk)
        assert db.query("SELECT CAST(tags AS VARCHAR(99)) FROM ledger") == [('[1.10,{"a":"\\u00e5"}]',)]


def test_a_nested_value_is_no_key(db: Database) -> None:
    """An object as a key is refused in all databases alike, found or described; raw keeps it as text."""
    row = {"Id": {"No": 1}, "Name": "a"}
    with pytest.raises(LoadError, match=r"row .*: Id: an object or a list is no key"):
        load(db, row, layout="columns", kinds={})
    with pytest.raises(ValueError, match="key='Id': an object or a list is no key"):
        load(db, row, layout="columns", kinds={"Id": "json"})
    load(db, row, row, layout="raw")
    assert db.query("SELECT id FROM ledger") == [('{"No":1}',)]
