"""The columns layout: typed, exact, and with nothing lost or changed in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.databases import BOUNDED, KINDS, Database, postgres_database
from support.loading import load

from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.sql.columns_layout import ColumnsLayout
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from tests.infrastructure.postgres_server import PostgresServer

FULL = (
    '{"Id":1,"Amount":0.1000000001,"Name":"a, \\"b\\"\\n\\u00f8 ø","Date":"2026-05-02","Open":true,'
    '"LastChangedDateTimeOffset":"2026-05-02T13:09:55.9103409Z","Address":{"City":"Tromsø","No":1.10}}'
)
EMPTY = (
    '{"Id":2,"Amount":null,"Name":null,"Date":null,"Open":null,'
    '"LastChangedDateTimeOffset":null,"Address":null}'
)
COLUMNS: dict[str, Any] = {"layout": "columns"}
FIELDS = {"Id": "integer", "Amount": "decimal", "Name": "text", "LastChangedDateTimeOffset": "timestamp"}


def text_of(db: Database, column: str, where: str = "1 = 1") -> list[str | None]:
    """Read a column as text."""
    return [
        row[0]
        for row in db.query(f"SELECT CAST({column} AS VARCHAR(99)) FROM ledger WHERE {where} ORDER BY id")
    ]


@pytest.mark.parametrize("bulk", [True, False])
def test_values(db: Database, *, bulk: bool) -> None:
    """Each kind has its type, and every value is the one that was sent."""
    load(db, FULL, EMPTY, bulk=bulk, **COLUMNS)
    assert text_of(db, "amount") == ["0.1000000001", None]
    assert text_of(db, "name") == ['a, "b"\nø ø', None]
    assert text_of(db, "date") == ["2026-05-02", None]
    assert text_of(db, "address") == ['{"City":"Tromsø","No":1.10}', None]
    assert db.query("SELECT id FROM ledger WHERE open") == [(1,)]
    (stamp, none) = text_of(db, "last_changed_date_time_offset")
    assert none is None
    assert "55.91034" in str(stamp)
    assert "55.910341" not in str(stamp), "cut, not rounded"
    assert text_of(db, "_extra") == [None, None]


def test_money_is_no_float(db: Database) -> None:
    """A tenth added ten times is one; in SQLite amounts are text, as its numbers would be floats."""
    load(db, *({"Id": n, "Amount": 0.1} for n in range(10)), **COLUMNS)
    if db.kind == "sqlite":
        assert db.query("SELECT DISTINCT typeof(amount), amount FROM ledger") == [("text", "0.1")]
    else:
        assert db.query("SELECT sum(amount) = 1 FROM ledger") == [(True,)]


def test_types_in_postgres(pg: Database) -> None:
    """PostgreSQL's own types, also for columns that hold only null so far."""
    load(pg, EMPTY, **COLUMNS)
    found = dict(
        pg.query(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 'ledger'::regclass AND attnum > 0"
        )
    )
    assert {
        name: found[name] for name in ("id", "amount", "name", "date", "open", "address", "_company")
    } == {
        "id": "bigint",
        "amount": "numeric",
        "name": "text",
        "date": "date",
        "open": "boolean",
        "address": "json",
        "_company": "text",
    }
    assert found["last_changed_date_time_offset"] == "timestamp with time zone"
    assert pg.query("SELECT col_description('ledger'::regclass, 2)") == [("Amount of the API",)]


def test_kinds_from_the_data(db: Database) -> None:
    """Fields that the description does not know get their kind from all rows of the first load."""
    load(
        db,
        {"Id": 1, "A": 1, "SomeDate": "2026-05-02", "B": None, "C": None},
        {"Id": 2, "A": 2.5, "SomeDate": "2026-05-02T10:00:00Z", "B": False, "C": None},
        {"Id": 3, "A": 3, "SomeDate": None, "D": [1]},
        kinds={},
        **COLUMNS,
    )
    assert [float(str(value)) for value in text_of(db, "a")] == [1, 2.5, 3]
    assert [str(value)[:10] for value in text_of(db, "some_date", "id < 3")] == ["2026-05-02"] * 2
    session = db.session()
    columns = session.database.describe(session, TableName("ledger")) or {}
    assert columns["a"].kind == "decimal"
    assert columns["some_date"].kind == "text", "a text is a text, whatever its field is called"
    assert columns["b"].kind == "boolean"
    assert "c" not in columns, "nothing is known of it yet"
    assert text_of(db, "d") == [None, None, "[1]"]


def test_new_fields_are_kept_and_said(db: Database) -> None:
    """Without permission a new field goes to _extra, as sent; with it, it gets a column."""
    load(db, {"Id": 1, "Amount": 1}, **COLUMNS)
    row = '{"Id":2,"Amount":2,"New":1.10,"Other":{"x":"\\u00f8"},"Empty":null}'
    stored = load(db, row, **COLUMNS)
    assert (stored.fields_kept, stored.columns_added) == (["New", "Other"], [])
    assert text_of(db, "_extra") == [None, '{"New":1.10,"Other":{"x":"\\u00f8"}}']
    if db.kind == "standard":
        row = row.replace('{"x":"\\u00f8"}', '"x"')  # it has no type for JSON of which nothing is known
    stored = load(db, row, allow_new_columns=True, **COLUMNS)
    assert (stored.fields_kept, stored.columns_added) == ([], ["new", "other"])
    assert text_of(db, "other") == [None, "x" if db.kind == "standard" else '{"x":"\\u00f8"}']
    assert text_of(db, "_extra") == [None, None]
    assert load(db, row, **COLUMNS).fields_kept == []


def test_fields_that_can_not_name_a_column(db: Database) -> None:
    """Odd names, and two fields of one name, are kept in _extra."""
    stored = load(db, '{"Id":1,"VatCode":"3","vat_code":"4","odd name":5,"_company":"x"}', **COLUMNS)
    assert stored.fields_kept == ["_company", "odd name", "vat_code"]
    with pytest.raises(LoadError, match=r'use layout="raw"'):
        load(db, '{"Id":1,"with \\"quotes\\"":5}', **COLUMNS)
    assert text_of(db, "vat_code") == ["3"]
    assert text_of(db, "_extra") == ['{"vat_code":"4","odd name":5,"_company":"x"}']


def test_two_fields_of_one_name(db: Database) -> None:
    """The described one has the column, in every load and whichever a row holds first."""
    for row in ('{"Id":1,"VATCode":"4","VatCode":"3"}', '{"Id":2,"VatCode":"3","VATCode":"4"}'):
        load(db, row, kinds={"Id": "integer", "VatCode": "text"}, **COLUMNS)
    load(db, '{"Id":3,"VATCode":"4"}', kinds={"Id": "integer", "VatCode": "text"}, **COLUMNS)
    assert text_of(db, "vat_code") == ["3", "3", None]
    assert text_of(db, "_extra") == ['{"VATCode":"4"}'] * 3


def test_names_as_sent(db: Database) -> None:
    """Columns may keep the API's own names."""
    for _ in range(2):
        load(db, FULL, column_names="as sent", **COLUMNS)
    assert db.query('SELECT "Id", "Name" FROM ledger') == [(1, 'a, "b"\nø ø')]


def test_fields_that_were_not_asked_for_stay(db: Database) -> None:
    """An upsert of some fields leaves the others as they are."""
    load(db, FULL, **COLUMNS)
    load(db, '{"Id":1,"Name":"new"}', **COLUMNS)
    # Standard SQL knows no upsert: the row is written anew.
    kept = [None] if db.kind == "standard" else ["0.1000000001"]
    assert (text_of(db, "name"), text_of(db, "amount")) == (["new"], kept)


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ('{"Id":7,"Amount":"much"}', "amount", '"much"'),
        ('{"Id":7,"Amount":"01.10"}', "amount", '"01.10"'),
        ('{"Id":7,"Name":{"a":1}}', "name", '{"a":1}'),
        ('{"Id":7,"Open":1}', "open", "1"),
        ('{"Id":7,"Date":"2026-05-02T10:00:00Z"}', "date", '"2026-05-02T10:00:00Z"'),
        ('{"Id":7.5}', "id", "7.5"),
        ('{"Id":7,"Address":1,"Name":[5]}', "name", "[5]"),
    ],
)
def test_conflict_with_the_table(db: Database, row: str, column: str, value: str) -> None:
    """A value that does not fit its column is an error with column, row and value; the table is as before."""
    load(db, FULL, **COLUMNS)
    with pytest.raises(TypeConflictError) as caught:
        load(db, '{"Id":2}', row, **COLUMNS)
    error = caught.value
    key = "7.5" if column == "id" else "7"
    assert (error.table, error.column, error.row, error.value) == ("ledger", column, key, value)
    for part in ("table ledger", f"column {column}", f"row {error.row}", value, 'layout="raw"'):
        assert part in str(error)
    assert db.query("SELECT id FROM ledger") == [(1,)]


@pytest.mark.finding("R13")
@pytest.mark.parametrize("bulk", [True, False])
def test_kinds_that_go_together_in_no_way(db: Database, *, bulk: bool) -> None:
    """In a new table a field whose values go together in no other way is text, or JSON; all as sent."""
    rows = ['{"Id":1,"A":1.10,"B":5}', '{"Id":2,"A":"x","B":null}', '{"Id":3,"A":true,"B":{"c":1.0}}']
    if db.kind == "standard":
        rows = [row.replace('{"c":1.0}', '"c"') for row in rows]  # it has no type for JSON
    load(db, *rows, kinds={}, bulk=bulk, **COLUMNS)
    assert text_of(db, "a") == ["1.10", "x", "true"]
    assert text_of(db, "b") == ["5", None, "c" if db.kind == "standard" else '{"c":1.0}']
    load(db, *rows, kinds={}, bulk=bulk, **COLUMNS)


def test_description_that_is_wrong(db: Database) -> None:
    """In a new table the data widens what the description says, where nothing is lost."""
    load(
        db,
        {"Id": 1, "Date": "2026-05-02T10:00:00Z", "No": 1.5},
        kinds={"Date": "date", "No": "integer"},
        **COLUMNS,
    )
    assert text_of(db, "no") in (["1.5"], ["1.5000000000"])
    assert "10:00" in str(text_of(db, "date")) or "12:00" in str(text_of(db, "date"))


@pytest.mark.parametrize("bulk", [True, False])
def test_columns_of_ones_own(pg: Database, *, bulk: bool) -> None:
    """Types that a user gave the columns are kept to; digits that would be rounded away are an error."""
    load(pg, FULL, **COLUMNS)
    pg.run("TRUNCATE ledger")
    pg.run("ALTER TABLE ledger ALTER amount TYPE numeric(18, 2), ALTER name TYPE uuid USING NULL")
    pg.run("ALTER TABLE ledger ALTER address TYPE jsonb")
    good = '{"Id":3,"Amount":1.10,"Name":"9e3779b9-7f4a-4c15-a000-000000000001","Address":{"b":1,"a":2}}'
    load(pg, good, bulk=bulk, **COLUMNS)
    assert text_of(pg, "amount") == ["1.10"]
    with pytest.raises(TypeConflictError, match=r"column amount .numeric.18,2..: row 4 has 1.125"):
        load(pg, '{"Id":4,"Amount":1.125}', bulk=bulk, **COLUMNS)
    with pytest.raises(LoadError, match=r'row 5: .*invalid input syntax for type uuid: "x"'):
        load(pg, good, '{"Id":5,"Name":"x"}', '{"Id":6,"Name":"y"}', bulk=bulk, **COLUMNS)
    assert text_of(pg, "id") == ["3"]


def test_float_columns_are_refused(pg: Database) -> None:
    """A column that would lose digits takes no number."""
    load(pg, FULL, **COLUMNS)
    pg.run("ALTER TABLE ledger ALTER amount TYPE double precision")
    with pytest.raises(TypeConflictError, match=r"column amount .double precision.: row 1 has 0.1000000001"):
        load(pg, FULL, **COLUMNS)


def test_decimals_with_too_many_digits(db: Database) -> None:
    """Where decimals have a bound, digits beyond it are an error on the second load, and kept elsewhere."""
    load(db, FULL, **COLUMNS)
    row = '{"Id":3,"Amount":0.12345678901}'
    if db.kind in BOUNDED:
        with pytest.raises(TypeConflictError, match=r"row 3 has 0.12345678901 in Amount.*finer"):
            load(db, row, **COLUMNS)
    else:
        load(db, row, **COLUMNS)
        assert text_of(db, "amount", "id = 3") == ["0.12345678901"]


@pytest.mark.parametrize("row", ["5", "null", "[1]"])
def test_rows_that_are_no_objects(db: Database, row: str) -> None:
    """Rows without fields are an error that names the other layout."""
    with pytest.raises(LoadError, match=r'row 1 of a page is not an object.*layout="raw"'):
        load(db, {"Id": 1}, row, **COLUMNS)


def test_empty(db: Database) -> None:
    """Nothing read makes a table with the columns of the description; where none are known, no table."""
    assert load(db, kinds={}, **COLUMNS).created is False
    stored = load(db, **COLUMNS)
    assert (stored.created, stored.counts.inserted) == (True, 0)
    assert text_of(db, "last_changed_date_time_offset") == []
    assert load(db, **COLUMNS).created is False


@pytest.mark.parametrize(("first", "then"), [("raw", "columns"), ("columns", "raw")])
def test_table_of_the_other_layout(db: Database, first: str, then: str) -> None:
    """A table made for one layout is refused by the other, with the columns that it lacks."""
    load(db, FULL, layout=first)
    with pytest.raises(ValueError, match=r"table ledger has no column .*not made for this layout"):
        load(db, FULL, layout=then)


def test_table_changed_meanwhile(db: Database) -> None:
    """Rows are looked at again where another task made the table since; what fits is stored, else said."""

    def other() -> None:
        load(db, {"Id": 1, "X": 5}, company="beta", kinds={}, **COLUMNS)

    stored = load(db, {"Id": 2, "X": 7, "Y": 1}, before_store=other, kinds={}, **COLUMNS)
    assert stored.fields_kept == ["Y"]
    db.run("DROP TABLE ledger")
    with pytest.raises(TypeConflictError, match=r'row 2 has "seven" in X, which is text'):
        load(db, {"Id": 2, "X": "seven"}, before_store=other, kinds={}, **COLUMNS)
    assert text_of(db, "id") == ["1"]


STAMP = "last_changed_date_time_offset"


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize(
    "sent", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z"]
)
def test_the_first_moment_of_dotnet(db: Database, sent: str, *, bulk: bool) -> None:
    """A DateTime that nobody has set stays in the year 1; written as "1-01-01" it would be 2001."""
    load(db, {"Id": 1, "LastChangedDateTimeOffset": sent}, bulk=bulk, **COLUMNS)
    assert str(text_of(db, STAMP)[0]).startswith("0001-01-01")


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize(
    "sent",
    ["2026-13-45T00:00:00Z", "2026-05-02T25:00:00Z", "0000-00-00T00:00:00"],
)
def test_moments_that_are_none(db: Database, sent: str, *, bulk: bool) -> None:
    """A timestamp that cannot be read is an error with column, row and value, never null."""
    with pytest.raises(TypeConflictError, match=r"row 2 has .*not a moment") as caught:
        load(db, {"Id": 1}, {"Id": 2, "LastChangedDateTimeOffset": sent}, bulk=bulk, **COLUMNS)
    assert (caught.value.column, caught.value.row, caught.value.value) == (STAMP, "2", f'"{sent}"')
    assert text_of(db, "id") == []


def test_page_is_written_as_its_rows_are() -> None:
    """A page is written some hundred rows at a time; a moment or a misfit among them moves no other value."""
    moments: list[str | None] = ["2026-05-02T13:09:55.9103409Z"] * 1200
    moments[700], moments[900], moments[1100] = None, "2026-05-02T15:09:55+02:00", "2026-05-02 13:09:55z"
    rows: list[dict[str, Any]] = [
        {"Id": n, "Amount": n, "Name": "a", "LastChangedDateTimeOffset": moment}
        for n, moment in enumerate(moments)
    ]
    rows[600] |= {"Amount": "none"}
    rows[601] |= {"Name": 'a \\ "b"'}
    layout = ColumnsLayout(
        "ledger", ("Id",), None, known=FIELDS, given={"Amount": "decimal"}, keep_misfits=True
    )
    content = json.dumps(rows).encode()
    layout.see(content)
    lines = b"".join(layout.csv(content, 10)).splitlines(keepends=True)
    parameters = list(layout.parameters(content, 10))
    alone = [(b"[%b]" % json.dumps(row).encode(), n) for n, row in enumerate(rows, start=10)]
    assert lines == [line for page, n in alone for line in layout.csv(page, n)]
    assert parameters == [row for page, n in alone for row in layout.parameters(page, n)]
    assert lines[0] == b'10,0,0,"a","2026-05-02T13:09:55.910340Z",null\n'
    assert lines[600] == b'610,600,null,"a","2026-05-02T13:09:55.910340Z","{""Amount"":""none""}"\n'
    assert lines[601] == b'611,601,601,"a \\ ""b""","2026-05-02T13:09:55.910340Z",null\n'
    assert lines[700] == b'710,700,700,"a",null,null\n'
    assert lines[900] == b'910,900,900,"a","2026-05-02T13:09:55.000000Z",null\n'
    assert lines[1100] == b'1110,1100,1100,"a","2026-05-02T13:09:55.000000Z",null\n'


def test_misfits_of_a_field_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A column whose values fit nowhere takes one line of the log, not one for each row."""
    layout = ColumnsLayout("ledger", ("Id",), None, known={}, given={"Day": "date"}, keep_misfits=True)
    content = json.dumps([{"Id": n, "Day": "2026-02-30"} for n in range(250)]).encode()
    layout.see(content)
    lines = b"".join(layout.csv(content, 0)).splitlines()
    assert (len(lines), layout.kept) == (250, ["Day"])
    assert lines[-1] == b'249,249,null,"{""Day"":""2026-02-30""}"'
    assert [record.message.partition(" has ")[0] for record in caplog.records] == [
        "table ledger, column day (date): row 0"
    ]


def test_page_of_rows_that_are_not_plain() -> None:
    """JSON over several lines, escapes, values that are loosely written: each row of a page keeps its own."""
    rows = [
        '{"Id":1,"Name":"a","Changed":"2026-05-02T13:09:55.9103409Z","Lines":[[1],\n[2]],"Amount":1.10}',
        r'{"Id":2,"Name":"]\n[ \"b\" \\","Changed":"2026-05-02T13:09:55.91034012345Z","Lines":{"a":"\"]"}}',
        r'{"Id":3,"Name":null,"Changed":null,"Lines":"]\n[","Amount":"2.50","Flag":true}',
        '{"Id":4,"Name":"null","Changed":"2026-05-02T13:09:55.9103409Z","Amount":-3E+2,"bad name":false}',
    ]
    lines = [
        '0,1,"a","2026-05-02T13:09:55.910340Z","[[1],\n[2]]",1.10,null,null\n',
        '1,2,"]\n[ ""b"" \\","2026-05-02T13:09:55.910340Z","{""a"":""\\""]""}",null,null,null\n',
        '2,3,null,null,"""]\\n[""",2.50,true,null\n',
        '3,4,"null","2026-05-02T13:09:55.910340Z",null,-3E+2,null,"{""bad name"":false}"\n',
    ]
    given = {"Name": "text", "Changed": "timestamp", "Lines": "json", "Amount": "decimal"}
    for page, first in ((rows, 0), (rows[1:], 1)):
        layout = ColumnsLayout("ledger", ("Id",), None, known={}, given=given)
        content = f"[{','.join(page)}]".encode()
        layout.see(content)
        assert b"".join(layout.csv(content, first)).decode() == "".join(lines[first:])


@pytest.mark.parametrize(
    "sent",
    ["2026-05-02T13:09:55.91034012345Z", "2026-05-02t13:09:55.910340z", "2026-05-02T13:09:55.91034012345z"],
)
def test_moments_that_msgspec_takes(sent: str) -> None:
    """Every spelling that passes the fast check of a page is written."""
    layout = ColumnsLayout("ledger", ("Id",), None, known=FIELDS, given={})
    usual, content = (
        json.dumps([{"Id": 1, "LastChangedDateTimeOffset": moment}]).encode()
        for moment in ("2026-05-02T13:09:55.9103401Z", sent)
    )
    layout.see(usual)
    layout.see(content)
    assert list(layout.csv(content, 0)) == [b'0,1,"2026-05-02T13:09:55.910340Z",null\n']


def test_a_moment_with_an_escape() -> None:
    """A digit that is written as an escape is read before any is cut."""
    layout = ColumnsLayout("ledger", ("Id",), None, known=FIELDS, given={})
    content = rb'[{"Id":1,"LastChangedDateTimeOffset":"2026-05-02T13:09:55.\u00311Z"}]'
    layout.see(content)
    assert list(layout.csv(content, 0)) == [b'0,1,"2026-05-02T13:09:55.110000Z",null\n']


@pytest.mark.parametrize(("digits", "kept"), [(0, "55"), (3, "55.999")])
def test_columns_of_coarse_timestamps(pg: Database, digits: int, kept: str) -> None:
    """A column that keeps fewer digits gets them cut: PostgreSQL would round up, to a later moment."""
    row = '{"Id":1,"LastChangedDateTimeOffset":"2026-05-02T13:09:55.9999999Z"}'
    load(pg, row, **COLUMNS)
    pg.run(f"TRUNCATE ledger; ALTER TABLE ledger ALTER {STAMP} TYPE timestamp({digits}) with time zone")
    load(pg, row, **COLUMNS)
    assert text_of(pg, STAMP) == [f"2026-05-02 15:09:{kept}+02"]


@pytest.mark.parametrize("driver", [name for name in KINDS if name.startswith("psycopg")])
@pytest.mark.parametrize("layout", ["columns", "raw"])
@pytest.mark.parametrize("bulk", [True, False])
def test_connection_of_another_encoding(
    postgres: PostgresServer, driver: str, layout: str, *, bulk: bool
) -> None:
    """Letters are what was sent, also for a client, a role or a database that speaks LATIN1."""
    parts = postgres_database(postgres, driver)
    parts["options"] += " -c client_encoding=latin1"
    db = Database(driver, lambda: __import__(driver).connect(**parts))
    load(db, '{"Id":1,"Name":"Tromsø","Address":{"City":"Bodø"}}', layout=layout, bulk=bulk)
    column = "concat(name, address)" if layout == "columns" else "payload"
    ((found,),) = db.query(f"SELECT CAST({column} AS text) FROM ledger")
    assert "Tromsø" in found
    assert "Bodø" in found


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("value", ['{"a":"b"}', "[1]", '["a","b"]'])
def test_nested_values_do_not_fit_types_of_ones_own(pg: Database, value: str, *, bulk: bool) -> None:
    """A nested value in a column of a type that only the database knows is an error in any row."""
    load(pg, FULL, **COLUMNS)
    pg.run("CREATE EXTENSION citext; ALTER TABLE ledger ALTER name TYPE citext")
    with pytest.raises(TypeConflictError, match=r"column name .citext.: row 3 has .*which is json"):
        load(pg, '{"Id":2,"Name":"x"}', f'{{"Id":3,"Name":{value}}}', bulk=bulk, **COLUMNS)
    load(pg, '{"Id":2,"Name":"x \\" \\u00f8"}', '{"Id":3,"Name":5.10}', '{"Id":4}', bulk=bulk, **COLUMNS)
    assert text_of(pg, "name", "id > 1") == ['x " ø', "5.10", None]


def test_numbers_longer_than_python_reads(db: Database) -> None:
    """A number of thousands of digits, which Python does not read, is an error with its row."""
    with pytest.raises(LoadError, match="row 2: it cannot be read: Number out of range"):
        load(db, {"Id": 1}, f'{{"Id":2,"New":{"9" * 5000}}}', kinds={}, **COLUMNS)
