"""What MySQL and MariaDB do their own way, and must not do to a company's rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from typing import Any

import pytest
from support.airflow_home import ROOT
from support.databases import MYSQL, Database
from support.loading import counts, load

from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.sql.databases.base import Session
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.refusal import is_refusal
from tests.infrastructure.mariadb_server import MariaDBServer

ALIKE = ["a", "A", "á", "a ", "a\t", "å", "aa", "ss", "ß", "", " ", "\U0001f600", "\U0001f601"]
LAYOUTS = pytest.mark.parametrize("layout", ["raw", "columns"])
TEXT_KEY: dict[str, Any] = {"key": ("Name",), "kinds": {"Name": "text", "Id": "integer"}}


@LAYOUTS
def test_texts_that_look_alike_are_different_keys(maria: Database, layout: str) -> None:
    """Case, accents and blanks at the end tell rows apart, whatever the database's own collation does."""
    rows = [{"Name": name, "Id": n} for n, name in enumerate(ALIKE)]
    how: dict[str, Any] = {"layout": layout, "most_deleted": 1} | TEXT_KEY
    stored = load(maria, *rows, **how)
    assert (stored.repeated, counts(stored)) == (0, (len(ALIKE), 0, 0))
    stored = load(maria, *rows[1:], {"Name": "Å", "Id": 99}, ids=[*rows[1:], {"Name": "Å"}], **how)
    assert (counts(stored), stored.marked_deleted) == ((1, len(ALIKE) - 1, 0), 1)
    name = "id" if layout == "raw" else "name"
    assert {text for (text,) in maria.query(f"SELECT {name} FROM ledger")} == {*ALIKE, "Å"}
    gone = "deleted_at" if layout == "raw" else "_deleted_at"
    assert maria.query(f"SELECT {name} FROM ledger WHERE {gone} IS NOT NULL") == [("a",)]


def test_companies_that_look_alike(maria: Database) -> None:
    """A company's rows are not those of one whose name differs in case."""
    for company in ("acme", "ACME", "acme "):
        load(maria, {"Id": 1}, {"Id": 2}, company=company, mode="replace", layout="columns")
    assert load(maria, {"Id": 3}, company="ACME", mode="replace", layout="columns").counts.deleted == 2
    assert len(maria.query("SELECT * FROM ledger")) == 5


@LAYOUTS
def test_texts_are_no_sql(maria: Database, layout: str) -> None:
    """Quotes, backslashes and NUL come back as they were sent, in rows, comments and names of companies."""
    texts = ["\\", "\\'", "'", "''", '"', "`", "\\\\'; DROP TABLE canary; -- ", "\x00", "%s %(a)s", "\x1a\\0"]
    maria.run("CREATE TABLE canary (a int)")
    rows = [{"Id": n, "Name": text} for n, text in enumerate(texts)]
    for _ in range(2):
        load(maria, *rows, layout=layout, source="a\\'; DROP TABLE canary; --", company="o'\\hoi")
    if layout == "columns":
        assert [text for (text,) in maria.query("SELECT name FROM ledger ORDER BY id")] == texts
    key = "x', 'DROP"
    load(maria, {key: 1}, layout="raw", key=(key,), table=TableName("other"))
    assert maria.query("SELECT count(*) FROM canary") == [(0,)]


@pytest.mark.parametrize("mode", ["ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE", "ORACLE"])
def test_the_mode_of_the_connection_does_not_matter(
    mariadb: MariaDBServer, maria: Database, mode: str
) -> None:
    """Modes that change what quotes and backslashes mean are set back for the session of a load."""
    first = maria.connect()
    name = _ask(first, "SELECT database()")
    other = Database(
        maria.kind,
        lambda: import_module(maria.kind).connect(
            **mariadb.parts, database=name, init_command=f"SET SESSION sql_mode = '{mode}'"
        ),
    )
    rows = [{"Id": 1, "Name": "a\\\"b'c\\", "Amount": 1.5}, {"Id": 2}]
    for where in (other, maria, other):
        load(where, *rows, layout="columns")
    assert maria.query("SELECT name FROM ledger ORDER BY id") == [("a\\\"b'c\\",), (None,)]


def _ask(connection: Any, sql: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()[0][0]


@LAYOUTS
@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_key_that_fits_no_index(maria: Database, layout: str, mode: str) -> None:
    """A key too long for the table's index is refused by name, in the first load and in the second."""
    good, long = {"Name": "a" * 150, "Id": 1}, {"Name": "b" * 600, "Id": 2}
    how: dict[str, Any] = {"layout": layout, "mode": mode} | TEXT_KEY
    for _ in range(2):
        with pytest.raises(LoadError, match=r"row b{9}.*Data too long for column"):
            load(maria, good, long, **how)
        load(maria, good, **how)
    assert len(maria.query("SELECT * FROM ledger")) == 1


def test_key_of_many_texts(maria: Database) -> None:
    """The texts of a key share the room of an index."""
    key = tuple("ABCDEFGH")
    row = dict.fromkeys(key, "x" * 60)
    for _ in range(2):
        load(maria, row, row | {"H": "y"}, layout="columns", mode="append", key=key, kinds={})
    assert len(maria.query("SELECT * FROM ledger")) == 2


def test_row_larger_than_a_packet(mariadb: MariaDBServer, maria: Database) -> None:
    """A row that the server takes in no packet is refused by name; what fits goes in packets that fit."""
    server = import_module(maria.kind).connect(**mariadb.parts)
    before = _ask(server, "SELECT @@global.max_allowed_packet")
    server.cursor().execute("SET GLOBAL max_allowed_packet = 65536")
    try:
        load(maria, *({"Id": n, "Name": "ø" * 20_000} for n in range(7)), layout="columns")
        with pytest.raises(LoadError, match=r"row 8: column name .*max_allowed_packet is 65536"):
            load(maria, {"Id": 7}, {"Id": 8, "Name": "'" * 40_000}, layout="columns")
    finally:
        server.cursor().execute(f"SET GLOBAL max_allowed_packet = {before}")
        server.close()
    assert maria.query("SELECT count(*), min(char_length(name)) FROM ledger") == [(7, 20_000)]


def test_upsert_goes_by_the_key_alone(maria: Database) -> None:
    """Neither a missing index doubles rows, nor does another one have a row replace a stranger."""
    load(maria, {"Id": 1, "No": 5}, {"Id": 2, "No": 6}, layout="columns")
    maria.run("ALTER TABLE ledger DROP PRIMARY KEY")
    assert counts(load(maria, {"Id": 1, "No": 7}, {"Id": 3, "No": 8}, layout="columns")) == (1, 1, 0)
    assert maria.query("SELECT id, no FROM ledger ORDER BY id") == [(1, 7), (2, 6), (3, 8)]
    maria.run("ALTER TABLE ledger ADD UNIQUE (no)")
    with pytest.raises(LoadError, match=r"row 4: IntegrityError: .*Duplicate entry '8\.0+'"):
        load(maria, {"Id": 1, "No": 7}, {"Id": 4, "No": 8}, layout="columns")
    assert maria.query("SELECT id FROM ledger WHERE no = 8") == [(3,)]


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_row_that_breaks_a_rule(maria: Database, mode: str) -> None:
    """A rule of the table's owner that a row breaks: the row is found, and the table is as before."""
    load(maria, {"Id": 1, "Amount": 1}, {"Id": 29, "Amount": 1}, layout="columns", mode=mode)
    maria.run("ALTER TABLE ledger ADD CONSTRAINT small CHECK (amount < 29)")
    rows = [{"Id": n, "Amount": n} for n in range(1, 40)]
    with pytest.raises(LoadError, match=r"table ledger, row 29: \w+: .*small"):
        load(maria, *rows, layout="columns", mode=mode, run_id="run 2")
    assert maria.query("SELECT id, run_id FROM ledger ORDER BY id".replace("run_id", "_run_id")) == [
        (1, "run 1"),
        (29, "run 1"),
    ]


def test_passing_trouble_keeps_its_type(maria: Database) -> None:
    """Rows that somebody else holds, and a connection that is ended, are for Airflow to try again."""
    load(maria, {"Id": 1})
    holder = maria.session()
    with holder.transaction():
        holder.execute("UPDATE ledger SET run_id = 'held'")
        session = maria.session()
        session.execute("SET SESSION innodb_lock_wait_timeout = 1")
        with pytest.raises(import_module(maria.kind).Error, match="Lock wait timeout") as caught:
            session.execute("DELETE FROM ledger")
        assert not is_refusal(caught.value)
        ((number,),) = session.rows("SELECT connection_id()")
        holder.execute(f"KILL {number}")
        with pytest.raises(import_module(maria.kind).Error) as caught:
            session.execute("DELETE FROM ledger")
        assert not is_refusal(caught.value)
    with pytest.raises(import_module(maria.kind).Error) as caught:
        holder.execute("INSERT INTO ledger (id) VALUES ('2')")
    assert is_refusal(caught.value)
    holder.connection.close()


def test_locks(maria: Database) -> None:
    """The lock of a table and company is one however the table is written, and outlives CREATE TABLE."""
    session, other = maria.session(), maria.session()
    ((schema,),) = session.rows("SELECT database()")
    one, same = TableName("ledger"), TableName("ledger", schema)

    def is_free(table: TableName, company: str | None) -> bool:
        taken = threading.Event()

        def take() -> None:
            with other.transaction():
                other.database.lock(other, table, company)
                taken.set()

        thread = threading.Thread(target=take)
        thread.start()
        free = taken.wait(0.4)
        thread_of.append(thread)
        return free

    thread_of: list[threading.Thread] = []
    with session.transaction():
        session.database.lock(session, one, "acme")
        session.execute("CREATE TABLE made_meanwhile (a int)")
        for company, table in (("beta", one), (None, one), ("acme", TableName("other"))):
            assert is_free(table, company)
            thread_of.pop().join()
        assert not is_free(same, "acme")
    thread_of.pop().join(20)
    assert is_free(same, "acme")
    thread_of.pop().join()
    session.connection.close()
    other.connection.close()


ROUNDING = [
    ("float", "0.1"),
    ("double", "0.1"),
    ("decimal(10,2)", "1.125"),
    ("year", '"26"'),
    ("bit(8)", '"5"'),
    ("binary(3)", '"ab"'),
    ("set('a','b')", '"b,a"'),
    ("time", '"10:00:00.7"'),
    ("tinyint(1)", "5"),
]


@pytest.mark.parametrize(("type_name", "value"), ROUNDING)
def test_nothing_is_rounded_by_a_type(maria: Database, type_name: str, value: str) -> None:
    """A column of one's own that would keep another value than it is given takes none."""
    load(maria, '{"Id":1,"X":null}', layout="columns", kinds={"Id": "integer"})
    maria.run(f"ALTER TABLE ledger ADD COLUMN x {type_name}")
    with pytest.raises(TypeConflictError, match="column x"):
        load(maria, '{"Id":1}', f'{{"Id":2,"X":{value}}}', layout="columns")
    assert maria.query("SELECT id, x FROM ledger") == [(1, None)]


@pytest.mark.parametrize(
    ("type_name", "good", "bad"),
    [
        ("enum('a','b')", "b", "c"),
        ("varchar(3)", "abc", "abcd"),
        ("smallint unsigned", 5, -1),
        ("tinyint", 127, 128),
        ("varchar(9) CHARACTER SET latin1", "ø", "Ω"),
        ("date", "2026-02-28", "2026-02-30"),
        ("inet6", "::1", "nowhere"),
    ],
)
def test_types_of_ones_own(maria: Database, type_name: str, good: Any, bad: Any) -> None:
    """What a type of one's own does not take is an error with row and column, never cut or turned into 0."""
    load(maria, {"Id": 1}, layout="columns", kinds={"Id": "integer"})
    maria.run(f"ALTER TABLE ledger ADD COLUMN x {type_name}")
    load(maria, {"Id": 1, "X": good}, layout="columns")
    with pytest.raises(LoadError, match=r"row 2: column x"):
        load(maria, {"Id": 1, "X": good}, {"Id": 2, "X": bad}, layout="columns")
    assert [str(value) for (value,) in maria.query("SELECT x FROM ledger")] == [str(good)]


@pytest.mark.parametrize("digits", [0, 3])
@pytest.mark.parametrize("name", ["datetime", "timestamp"])
def test_coarse_timestamps(maria: Database, name: str, digits: int) -> None:
    """A column that keeps fewer digits gets them cut, and null stays null in any type."""
    moment = "2026-05-02T13:09:55.9999999Z"
    load(maria, {"Id": 1}, layout="columns", kinds={"Id": "integer"})
    maria.run(f"ALTER TABLE ledger ADD COLUMN x {name}({digits}) NULL")
    load(maria, {"Id": 1, "X": moment}, {"Id": 2, "X": None}, layout="columns")
    kept = f"2026-05-02 13:09:55{'.999' if digits else ''}"
    assert maria.query("SELECT CAST(x AS VARCHAR(99)) FROM ledger ORDER BY id") == [(kept,), (None,)]


def test_tables_that_cannot_hold_a_load(maria: Database) -> None:
    """An engine without transactions, and a key whose collation takes two texts for one, are refused."""
    load(maria, {"Id": 1, "Name": "a"}, layout="columns", **TEXT_KEY)
    maria.run("ALTER TABLE ledger MODIFY name varchar(100) COLLATE utf8mb4_general_ci NOT NULL")
    with pytest.raises(
        ValueError, match=r"column name \(varchar\(100\) COLLATE utf8mb4_general_ci\).*COLLATE"
    ):
        load(maria, {"Id": 1, "Name": "A"}, layout="columns", **TEXT_KEY)
    maria.run("ALTER TABLE ledger DROP PRIMARY KEY, ENGINE = MyISAM")
    with pytest.raises(ValueError, match=r"engine MyISAM.*ALTER TABLE ledger ENGINE = InnoDB"):
        load(maria, {"Id": 1, "Name": "A"}, layout="columns", **TEXT_KEY)


def test_comments_and_types(maria: Database) -> None:
    """Table and columns say what they are; reserved words are names like others."""
    row = {"Id": 1, "Order": 1, "Key": "x", "Group": {"Rank": 1}, "Select": True, "Date": "2026-05-02"}
    for _ in range(2):
        load(maria, row, layout="columns", allow_new_columns=True)
    found = {
        str(name): (shown, collation, comment)
        for name, shown, collation, *_, comment in maria.query("SHOW FULL COLUMNS FROM ledger")
    }
    assert found["id"] == ("bigint(20)", None, "Id of the API")
    assert found["order"][0] == "decimal(38,10)"
    assert found["key"] == ("longtext", "utf8mb4_nopad_bin", "Key of the API")
    assert found["group"] == ("longtext", "utf8mb4_nopad_bin", "Group of the API, as JSON")
    assert found["select"][0] == "tinyint(1)"
    assert found["_loaded_at"][0] == "datetime(6)"
    assert found["_company"][:2] == ("varchar(512)", "utf8mb4_nopad_bin")
    ((comment, engine),) = maria.query(
        "SELECT table_comment, engine FROM information_schema.tables "
        "WHERE table_name = 'ledger' AND table_schema = database()"
    )
    assert comment.startswith("PowerOffice Go AccountTransactions: one row for each _company, id;")
    assert engine == "InnoDB"


def test_wide_table(maria: Database) -> None:
    """Two hundred texts of a hundred letters are no problem; more columns than InnoDB has are an error."""
    row = {"Id": 1} | {f"F{n}": "x" * 100 for n in range(200)}
    for _ in range(2):
        load(maria, row, layout="columns", kinds={})
    with pytest.raises(LoadError, match=r"Row size too large|Too many columns"):
        load(
            maria, row | {f"G{n}": "x" for n in range(400)}, layout="columns", table=TableName("t"), kinds={}
        )


@LAYOUTS
@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_no_statement_opens_a_temporary_table_twice(
    maria: Database, monkeypatch: pytest.MonkeyPatch, mode: str, layout: str
) -> None:
    """MySQL 8, which is not run here, refuses such statements; MariaDB takes them."""
    seen: list[str] = []
    execute = Session.execute

    def noted(self: Session, sql: str, parameters: Any = ()) -> None:
        seen.append(sql)
        execute(self, sql, parameters)

    monkeypatch.setattr(Session, "execute", noted)
    how: dict[str, Any] = {"mode": mode, "layout": layout, "most_deleted": 1}
    load(maria, {"Id": 1}, {"Id": 2}, {"Id": 2}, **how)
    load(maria, {"Id": 2}, {"Id": 3}, ids=[{"Id": 2}, {"Id": 3}], **how)
    assert any("poweroffice_stage" in sql for sql in seen)
    for sql in seen:
        for name in ("poweroffice_stage", "poweroffice_ids", "poweroffice_repeated"):
            assert sql.replace(f"{name}_key", "").count(f"{name} ") + sql.endswith(name) <= 1, sql


_DIES = """
import os, signal, sys
from importlib import import_module
from support.databases import Database
from support.loading import load
from airflow_provider_poweroffice.storage.sql.databases.base import Session

driver, mode, layout, point = sys.argv[1:5]
parts = eval(sys.argv[5])
execute = Session.execute

def until(self, sql, parameters=()):
    execute(self, sql, parameters)
    if sql.startswith(point):
        os.kill(os.getpid(), signal.SIGKILL)

Session.execute = until
load(
    Database(driver, lambda: import_module(driver).connect(**parts)),
    *({"Id": n, "Amount": 2} for n in range(50, 150)),
    mode=mode,
    layout=layout,
    run_id="run 2",
    most_deleted=1,
)
"""


@pytest.mark.parametrize("driver", [MYSQL[0], pytest.param(MYSQL[1], marks=pytest.mark.wide)])
@pytest.mark.parametrize(
    ("mode", "layout", "point"),
    [
        ("replace", "columns", "DELETE FROM `ledger`"),
        ("replace", "raw", "INSERT INTO `ledger`"),
        ("append", "columns", "INSERT INTO `ledger`"),
        ("upsert", "columns", "UPDATE `ledger`"),
        ("upsert", "raw", "INSERT INTO `ledger`"),
        ("upsert", "columns", "CREATE TEMPORARY TABLE"),
    ],
)
def test_killed(mariadb: MariaDBServer, driver: str, mode: str, layout: str, point: str) -> None:
    """A load that is killed at the worst of moments leaves the table as it was; tried again, it is whole."""
    from support.databases import mysql_database  # noqa: PLC0415 - beside its only user

    parts = mysql_database(mariadb, driver)
    db = Database(driver, lambda: import_module(driver).connect(**parts))
    load(db, *({"Id": n, "Amount": 1} for n in range(100)), mode=mode, layout=layout)
    how = "payload" if layout == "raw" else "amount"
    before = sorted(db.query(f"SELECT id, {how} FROM ledger"))
    died = subprocess.run(
        [sys.executable, "-c", _DIES, driver, mode, layout, point, repr(parts)],
        check=False,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    again = {"mode": mode, "layout": layout, "run_id": "run 2", "most_deleted": 1}
    assert sorted(db.query(f"SELECT id, {how} FROM ledger")) == before
    stored = load(db, *({"Id": n, "Amount": 2} for n in range(50, 150)), **again)
    expected = {"replace": (100, 0, 100), "append": (100, 0, 0), "upsert": (50, 50, 0)}
    assert counts(stored) == expected[mode]
