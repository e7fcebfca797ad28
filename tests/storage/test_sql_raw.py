"""The raw layout: rows as they were sent."""

from __future__ import annotations

import pytest
from support.databases import Database
from support.loading import load

from airflow_provider_poweroffice.storage.sql.identifiers import TableName

FULL = (
    '{"Id":1,"Amount":1.10,"Name":"a, \\"b\\"\\n\\u00f8 ø \\\\",'
    '"LastChangedDateTimeOffset":"2026-05-02T13:09:55.9103409Z"}'
)
ROWS = [
    FULL,
    '{"Id":2,"Amount":12345678901234567890.123,"Nested":{"a":[1,null,"x"]},"LastChangedDateTimeOffset":null}',
    '{ "Id" : "b7e9-\\"quoted\\"",\r\n  "LastChangedDateTimeOffset" : 17 }',
    '{"Id":"null","LastChangedDateTimeOffset":"soon"}',
]


@pytest.mark.parametrize("bulk", [True, False])
def test_as_sent(db: Database, *, bulk: bool) -> None:
    """Every byte of a row is kept; the key and the change time stand beside it."""
    load(db, *ROWS, mode="append", bulk=bulk)
    found = db.query("SELECT id, CAST(payload AS VARCHAR), company, run_id, task, deleted_at FROM ledger")
    assert {row[1] for row in found} == set(ROWS)
    assert {row[0] for row in found} == {"1", "2", 'b7e9-"quoted"', "null"}
    assert {row[2:] for row in found} == {("acme", "run 1", "d.t", None)}
    stamps = db.query("SELECT CAST(changed_at AS VARCHAR) FROM ledger WHERE changed_at IS NOT NULL")
    assert len(stamps) == 1, "what is no timestamp is none, and the row is kept"
    hour = "15" if db.kind.startswith("psycopg") else "13"  # the tests' PostgreSQL is in Oslo
    assert stamps[0][0].replace("T", " ").startswith(f"2026-05-02 {hour}:09:55.91034")


def test_rows_that_are_no_objects(db: Database) -> None:
    """A list of plain values can be stored too, without a key."""
    load(db, "1", '"two"', "null", "[3]", mode="append", key=())
    assert sorted(row[0] for row in db.query("SELECT CAST(payload AS VARCHAR) FROM ledger")) == [
        '"two"',
        "1",
        "[3]",
        "null",
    ]


def test_key_that_is_the_change_time(db: Database) -> None:
    """The key may be the field with the change time."""
    stamp = "2026-05-02T13:09:55Z"
    load(db, {"LastChangedDateTimeOffset": stamp}, key=("LastChangedDateTimeOffset",))
    assert db.query("SELECT id FROM ledger WHERE changed_at IS NOT NULL") == [(stamp,)]


def test_json_and_comments(pg: Database) -> None:
    """In PostgreSQL the payload is JSON that can be asked, and table and columns say what they are."""
    load(pg, *ROWS[:2], table=TableName("ledger", "public"))
    assert pg.query("SELECT payload->>'Amount' FROM public.ledger ORDER BY id") == [
        ("1.10",),
        ("12345678901234567890.123",),
    ]
    assert pg.query(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'ledger'::regclass "
        "AND attname IN ('payload', 'changed_at') ORDER BY attname"
    ) == [("timestamp with time zone",), ("json",)]
    ((table, column),) = pg.query(
        "SELECT obj_description('ledger'::regclass), col_description('ledger'::regclass, 3)"
    )
    assert table == (
        "PowerOffice Go AccountTransactions: one row for each company, id; "
        "made by airflow-provider-poweroffice"
    )
    assert column == "the row as the API sent it"
    ((key,),) = pg.query(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'ledger'::regclass"
    )
    assert key == "PRIMARY KEY (company, id)"
