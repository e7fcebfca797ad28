"""Append, replace, upsert: what is in the table afterwards, in every database."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.databases import KINDS, MYSQL, Database, open_database
from support.loading import counts, load

from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

ONE, TWO, THREE, FOUR = ({"Id": n, "Amount": n} for n in range(1, 5))
LAYOUTS = pytest.mark.parametrize("layout", ["raw", "columns"])
COMPANY = {"raw": "company", "columns": "_company"}


def ids(db: Database, where: str = "1 = 1", table: str = "ledger") -> list[int]:
    """Give the ids of a table, in order."""
    return sorted(int(row[0]) for row in db.query(f"SELECT id FROM {table} WHERE {where}"))


@LAYOUTS
@pytest.mark.parametrize("bulk", [True, False])
def test_append(db: Database, layout: str, *, bulk: bool) -> None:
    """Rows are added once for each run and task: a retry after the commit does not double them."""
    how: dict[str, Any] = {"mode": "append", "layout": layout, "bulk": bulk}
    assert counts(load(db, ONE, TWO, **how)) == (2, 0, 0)
    assert counts(load(db, ONE, TWO, **how)) == (2, 0, 2)
    assert ids(db) == [1, 2]
    load(db, TWO, THREE, run_id="run 2", **how)
    load(db, FOUR, run_id="run 2", task="d.t[1]", **how)
    load(db, ONE, company="beta", **how)
    assert ids(db) == [1, 1, 2, 2, 3, 4]
    assert counts(load(db, run_id="run 2", **how)) == (0, 0, 2)
    assert ids(db) == [1, 1, 2, 4]


@LAYOUTS
@pytest.mark.parametrize("bulk", [True, False])
def test_replace(db: Database, layout: str, *, bulk: bool) -> None:
    """The company's rows give way, nobody else's; an empty read empties."""
    how: dict[str, Any] = {"mode": "replace", "layout": layout, "bulk": bulk}
    load(db, ONE, TWO, **how)
    load(db, ONE, THREE, company="beta", **how)
    assert counts(load(db, TWO, FOUR, run_id="run 2", **how)) == (2, 0, 2)
    assert ids(db, f"{COMPANY[layout]} = 'acme'") == [2, 4]
    assert ids(db, f"{COMPANY[layout]} = 'beta'") == [1, 3]
    assert counts(load(db, **how)) == (0, 0, 2)
    assert ids(db) == [1, 3]


@LAYOUTS
@pytest.mark.parametrize("bulk", [True, False])
def test_upsert(db: Database, layout: str, *, bulk: bool) -> None:
    """Rows with the same key give way to the new ones, the others stay; the company is part of the key."""
    how: dict[str, Any] = {"mode": "upsert", "layout": layout, "bulk": bulk}
    assert counts(load(db, ONE, TWO, **how)) == (2, 0, 0)
    load(db, ONE, company="beta", **how)
    deleted_at = "deleted_at" if layout == "raw" else "_deleted_at"
    db.run(f"UPDATE ledger SET {deleted_at} = {COMPANY[layout].replace('company', 'loaded_at')}")
    assert counts(load(db, {"Id": 2, "Amount": 99.5}, THREE, run_id="run 2", **how)) == (1, 1, 0)
    assert ids(db) == [1, 1, 2, 3]
    run = deleted_at.replace("deleted_at", "run_id")
    assert ids(db, f"{run} = 'run 2' AND {deleted_at} IS NULL") == [2, 3], "what is sent again is there again"
    assert ids(db, f"{run} = 'run 1' AND {deleted_at} IS NOT NULL") == [1, 1]


@LAYOUTS
def test_rows_that_come_twice_count_once(db: Database, layout: str) -> None:
    """Of rows that moved to another page during the read, the later counts."""
    stored = load(db, ONE, {"Id": 2, "Amount": 5}, THREE, {"Id": 2, "Amount": 7}, TWO, layout=layout)
    assert (stored.repeated, counts(stored)) == (2, (3, 0, 0))
    assert ids(db) == [1, 2, 3]
    if layout == "columns":
        ((found,),) = db.query("SELECT CAST(amount AS INTEGER) FROM ledger WHERE id = 2")
        assert found == 2
    else:
        ((found,),) = db.query("SELECT CAST(payload AS VARCHAR) FROM ledger WHERE id = '2'")
        assert found == '{"Id": 2, "Amount": 2}'


@LAYOUTS
@pytest.mark.parametrize("mode", ["append", "replace"])
def test_rows_without_a_key(db: Database, layout: str, mode: str) -> None:
    """Rows of resources that have no key are stored all, equal ones too, and again."""
    for _ in range(2):
        stored = load(db, {"Name": "a"}, {"Name": "a"}, layout=layout, mode=mode, key=())
        assert stored.counts.inserted == 2
    assert len(db.query("SELECT * FROM ledger")) == 2


@LAYOUTS
def test_key_of_several_fields(db: Database, layout: str) -> None:
    """A key may be several fields."""
    rows = [{"Id": n, "Name": name} for n in (1, 2) for name in ("a", "b")]
    load(db, *rows, layout=layout, key=("Id", "Name"))
    assert counts(load(db, *rows[1:], layout=layout, key=("Id", "Name"))) == (0, 3, 0)
    assert len(db.query("SELECT * FROM ledger")) == 4
    if layout == "raw":
        assert ('[1,"a"]',) in db.query("SELECT id FROM ledger")


@LAYOUTS
@pytest.mark.parametrize("row", [{"Name": "x"}, {"Id": None}])
def test_row_without_its_key(db: Database, layout: str, row: dict[str, Any]) -> None:
    """A row that lacks its key is refused before the database is touched; the message says what to do."""
    with pytest.raises(LoadError, match=r"row 1 of a page has no Id.*key="):
        load(db, ONE, row, layout=layout)
    session = db.session()
    assert session.database.describe(session, TableName("ledger")) is None


@pytest.mark.parametrize("kind", ["psycopg2", "pymysql", "sqlite"])
def test_many_tasks_make_the_table_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Mapped tasks that all find the table missing do not trip over each other."""
    db = open_database(kind, tmp_path, request.getfixturevalue)
    together = threading.Barrier(8)
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            extra = {f"New{number % 2}": number}
            load(
                db,
                *({"Id": n, **extra} for n in range(20)),
                before_store=together.wait,
                company=f"c{number}",
                layout="columns",
                mode="replace",
                allow_new_columns=True,
            )
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert ids(db) == sorted(list(range(20)) * 8)
    assert db.query("SELECT count(new0), count(new1) FROM ledger") == [(80, 80)]


def test_one_table_of_two_names_has_one_lock(pg: Database) -> None:
    """Two tasks that write the table with and without its schema wait for each other."""
    load(pg, ONE, mode="replace", layout="raw", key=())
    session = pg.session()

    def locked(table: TableName, company: str | None) -> list[tuple[Any, ...]]:
        with session.transaction():
            session.database.lock(session, table, company)
            return session.rows("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'")

    one, other = TableName("ledger"), TableName("ledger", "public")
    try:
        assert locked(one, None) == locked(other, None) != []
        assert locked(one, "acme") == locked(other, "acme") != []
        assert len({str(locked(one, company)) for company in (None, "acme", "beta")}) == 3
    finally:
        session.connection.close()


class OutOfTimeError(BaseException):
    """What a task's timeout raises, wherever the main thread is."""


@pytest.mark.parametrize("driver", [*(name for name in KINDS if name.startswith("psycopg")), *MYSQL])
def test_timeout_while_another_load_has_the_lock(
    driver: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A task's timeout ends the wait, as itself."""
    db = open_database(driver, tmp_path, request.getfixturevalue)
    holder, waiter = db.session(), db.session()

    def out_of_time(*_: object) -> None:
        raise OutOfTimeError

    def wait() -> None:
        with waiter.transaction():
            waiter.database.lock(waiter, TableName("ledger"))

    before = signal.signal(signal.SIGUSR1, out_of_time)
    alarm = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
    release = threading.Timer(20, holder.connection.rollback)
    try:
        with holder.transaction():
            holder.database.lock(holder, TableName("ledger"))
            alarm.start()
            release.start()
            began = time.monotonic()
            with pytest.raises(OutOfTimeError):
                wait()
            assert time.monotonic() - began < 15
    finally:
        release.cancel()
        signal.signal(signal.SIGUSR1, before)
        holder.connection.close()
        waiter.connection.close()


@pytest.mark.parametrize("kind", [*KINDS[:1], "pymysql", "sqlite", "duckdb"])
def test_readers_never_see_half(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """While everything is replaced, over and over, a reader sees one state or the other, whole."""
    db = open_database(kind, tmp_path, request.getfixturevalue)
    how: dict[str, Any] = {"mode": "replace", "layout": "columns"}
    load(db, *({"Id": n, "Amount": 0} for n in range(500)), **how)
    done = threading.Event()
    seen: set[tuple[Any, ...]] = set()

    def read() -> None:
        session = db.session()
        while not done.is_set():
            with session.transaction(staging=True):
                seen.update(session.rows("SELECT count(*), count(DISTINCT amount) FROM ledger"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for state in range(1, 11):
            load(db, *({"Id": n, "Amount": state} for n in range(500)), **how)
    finally:
        done.set()
        reader.join()
    assert seen == {(500, 1)}
    assert [row[0] for row in db.query("SELECT DISTINCT CAST(amount AS INTEGER) FROM ledger")] == [10]


@LAYOUTS
def test_company_in_any_case_is_one(db: Database, layout: str) -> None:
    """The company in a key of Finance & Operations is one in any case: merged, counted and marked."""
    how: dict[str, Any] = {
        "layout": layout,
        "key": ("dataAreaId", "Account"),
        "kinds": {},
        "changed_field": "",
        "source": "data/CustomersV3",
    }
    one, other, third = (
        {"dataAreaId": company, "Account": account, "Name": company}
        for company, account in (("USMF", "a"), ("usmf", "a"), ("usmf", "A"))
    )
    assert counts(load(db, one, third, **how)) == (2, 0, 0)
    again = load(db, one, other, **how, ids=[{**one, "dataAreaId": "Usmf"}], most_deleted=1)
    assert (counts(again), again.repeated, again.marked_deleted) == ((0, 1, 0), 1, 1)
    column = "id" if layout == "raw" else "data_area_id"
    assert {str(row[0])[:6] for row in db.query(f'SELECT "{column}" FROM ledger')} == (
        {'["usmf'} if layout == "raw" else {"usmf"}
    )
