"""A database that says no: its own words, with table and row, and a table that is as it was."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from support.databases import Database, open_database
from support.loading import load

from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.refusal import first_refused

ROWS = [{"Id": n, "Amount": n} for n in range(1, 40)]


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
@pytest.mark.parametrize("layout", ["raw", "columns"])
def test_row_that_breaks_a_rule(pg: Database, mode: str, layout: str) -> None:
    """A rule of the table's owner that a row breaks: the row is found among many."""
    how: dict[str, Any] = {"mode": mode, "layout": layout}
    load(pg, ROWS[0], **how)
    value = "(payload->>'Amount')::numeric" if layout == "raw" else "amount"
    pg.run(f"ALTER TABLE ledger ADD CONSTRAINT small CHECK ({value} < 29)")
    with pytest.raises(LoadError, match=r'table ledger, row 29: CheckViolation: .*"small"') as caught:
        load(pg, *ROWS, run_id="run 2", **how)
    assert (caught.value.table, caught.value.row) == ("ledger", "29")
    assert type(caught.value.__cause__).__name__ == "CheckViolation"
    assert pg.query("SELECT count(*) FROM ledger") == [(1,)]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_row_that_breaks_a_rule_elsewhere(kind: str, request: pytest.FixtureRequest, tmp_path: Any) -> None:
    """The same where the database does not say which row."""
    db = open_database(kind, tmp_path, request.getfixturevalue)
    load(db, ROWS[0], layout="columns")
    db.run("DROP TABLE ledger")
    columns = "id BIGINT CHECK (id < 29), amount TEXT, _extra TEXT, _company TEXT, _loaded_at TEXT, "
    db.run(f"CREATE TABLE ledger ({columns}_run_id TEXT, _task TEXT, _deleted_at TEXT)")
    with pytest.raises(LoadError, match=r"table ledger, row 29: \w+: "):
        load(db, *({"Id": n} for n in range(1, 40)), layout="columns", mode="replace", kinds={})
    assert db.query("SELECT count(*) FROM ledger") == [(0,)]


@pytest.mark.parametrize("bulk", [True, False])
def test_text_that_postgres_can_not_hold(pg: Database, *, bulk: bool) -> None:
    """A zero byte in a text is refused by PostgreSQL; the row is named. The raw layout holds it."""
    rows = ['{"Id":1,"Name":"a"}', '{"Id":2,"Name":"b"}', '{"Id":3}', '{"Id":4,"Name":"x\\u0000"}']
    with pytest.raises(LoadError, match=r"table ledger, row 4: "):
        load(pg, *rows, layout="columns", bulk=bulk)
    assert pg.query("SELECT count(*) FROM ledger") == [(0,)]
    pg.run("DROP TABLE ledger")
    load(pg, *rows, layout="raw", bulk=bulk)
    assert pg.query("SELECT payload::text FROM ledger WHERE id = '4'") == [(rows[3],)]


def test_no_row_is_at_fault(pg: Database) -> None:
    """What no single row causes names the table alone."""
    load(pg, ROWS[0], mode="append")
    with pytest.raises(LoadError, match=r"table ledger: .*no unique or exclusion constraint") as caught:
        load(pg, *ROWS, mode="upsert")
    assert caught.value.row is None
    pg.run("CREATE VIEW seen AS SELECT 1 AS id")
    with pytest.raises(ValueError, match=r"table seen has no column company"):
        load(pg, *ROWS, table=TableName("seen"))


def test_missing_schema(pg: Database) -> None:
    """A schema that is not there is the database's to refuse."""
    with pytest.raises(LoadError, match=r'table nowhere.ledger: .*schema "nowhere" does not exist'):
        load(pg, *ROWS, table=TableName("ledger", "nowhere"))


def test_passing_trouble_keeps_its_type(pg: Database) -> None:
    """What a repetition may cure is raised as it is, with the table beside it."""
    load(pg, ROWS[0])
    session = pg.session()
    session.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
    ((name,),) = pg.query("SELECT current_database()")
    pg.run(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")
    with pytest.raises(Exception, match=r"lock timeout") as caught:
        load(pg, *ROWS)
    session.connection.close()
    assert "OperationalError" in {kind.__name__ for kind in type(caught.value).__mro__}
    assert caught.value.__notes__ == ["table ledger"]
    assert pg.query("SELECT count(*) FROM ledger") == [(1,)]


@pytest.mark.parametrize("bad", [0, 1, 7, 99])
def test_first_refused(bad: int) -> None:
    """The row is found by halves, in few tries."""
    tries = []

    def attempt(first: int, end: int) -> None:
        tries.append(end)
        if first <= bad < end:
            raise sqlite3.IntegrityError("no")

    assert first_refused(100, attempt) == bad
    assert len(tries) <= 9


def test_refused_whatever_the_rows() -> None:
    """Where even no rows are refused, none is at fault; what is no refusal is raised."""

    def attempt(_first: int, _end: int) -> None:
        raise sqlite3.IntegrityError("never")

    def breaks(_first: int, _end: int) -> None:
        raise sqlite3.OperationalError("disk")

    assert first_refused(100, attempt) is None
    with pytest.raises(sqlite3.OperationalError):
        first_refused(100, breaks)


@pytest.mark.sample(6)
@pytest.mark.parametrize("layout", ["raw", "columns"])
@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_table_of_another_resource(db: Database, mode: str, layout: str) -> None:
    """A table is filled by the resource that it was made for; ids in a path, and case, are no difference."""
    how: dict[str, Any] = {"mode": mode, "layout": layout}
    load(db, ROWS[0], source="ContactPersons/17", **how)
    if db.kind == "standard":  # it keeps no comment
        load(db, ROWS[1], source="VatCodes", run_id="run 2", **how)
        return
    with pytest.raises(
        ValueError, match=r"belongs to PowerOffice Go ContactPersons/17, .*for VatCodes, or drop"
    ):
        load(db, ROWS[1], source="VatCodes", **how)
    with pytest.raises(ValueError, match="belongs to PowerOffice Go"):
        load(db, ROWS[1], source="ContactPersons/17", vendor="Finance & Operations", **how)
    assert db.query("SELECT count(*) FROM ledger") == [(1,)]
    load(db, ROWS[1], source="contactpersons/18", run_id="run 2", **how)


def test_table_of_somebody_else(db: Database) -> None:
    """A table that was not made here may be filled by any resource."""
    load(db, ROWS[0], layout="columns")
    db.run("CREATE TABLE other AS SELECT * FROM ledger")
    load(
        db,
        ROWS[1],
        layout="columns",
        mode="append",
        source="VatCodes",
        table=TableName("other"),
        run_id="run 2",
    )
    assert db.query("SELECT count(*) FROM other") == [(2,)]
