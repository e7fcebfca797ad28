"""Tables that somebody else made: what they do not hold is refused by name, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.databases import MYSQL, Database
from support.loading import counts, load

from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

POSTGRES = {"psycopg", "psycopg2", "standard"}
NAMES: dict[str, Any] = {"key": ("Name",), "kinds": {"Name": "text"}}


def make(db: Database, columns: str, key: str = "_company, id") -> None:
    """Make a table with the columns that a load needs, and some of its own."""
    moment = {"sqlite": "TEXT", "duckdb": "TIMESTAMP"}.get(db.kind, "TIMESTAMP NULL")
    name = "VARCHAR(99)"
    if db.kind in MYSQL:
        moment, name = "DATETIME(6)", "VARCHAR(99) COLLATE utf8mb4_nopad_bin"
    text = "LONGTEXT" if db.kind in MYSQL else "TEXT"
    audit = f"_company {name} NOT NULL, _run_id {name}, _task {name}, _extra {text}"
    primary = f", PRIMARY KEY ({key})" if key else ""
    db.run(f"CREATE TABLE ledger ({columns}, _loaded_at {moment}, _deleted_at {moment}, {audit}{primary})")


LOOSE = {
    "sqlite": ["TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM"],
    "duckdb": ["VARCHAR COLLATE NOCASE", "VARCHAR COLLATE NOACCENT"],
    "pymysql": ["VARCHAR(20)", "VARCHAR(20) COLLATE utf8mb4_bin", "CHAR(20) COLLATE utf8mb4_general_ci"],
}


@pytest.mark.finding("R8")
def test_keys_that_a_column_takes_for_one(db: Database) -> None:
    """A column in which two keys would be one is refused, whatever makes it so."""
    if db.kind in POSTGRES:
        db.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
        db.run("CREATE DOMAIN word AS text COLLATE loose")
    for kind in LOOSE.get("pymysql" if db.kind in MYSQL else db.kind, ["TEXT COLLATE loose", "word"]):
        make(db, f"name {kind} NOT NULL", "_company, name")
        with pytest.raises(ValueError, match=r"column name .*takes different texts for equal.* COLLATE"):
            load(db, {"Name": "a"}, {"Name": "A"}, layout="columns", **NAMES)
        assert db.query("SELECT * FROM ledger") == []
        db.run("DROP TABLE ledger")


@pytest.mark.finding("R8", "R14")
@pytest.mark.parametrize("key", ["Name", "Id"])
def test_blanks_that_a_column_cuts_off(db: Database, key: str) -> None:
    """A text whose blanks at the end would go, which no database says, is refused by name; others load."""
    collation = " COLLATE utf8mb4_nopad_bin" if db.kind in MYSQL else ""
    how: dict[str, Any] = {"layout": "columns", "kinds": {"Name": "text", "Id": "integer"}, "key": (key,)}
    good = [{"Id": 1, "Name": "a"}, {"Id": 2, "Name": "A"}]
    for type_name in ("CHAR(5)", "VARCHAR(2)"):
        columns = f"id INTEGER NOT NULL, name {type_name}{collation} NOT NULL"
        make(db, columns, f"_company, {key.lower()}")
        if db.kind in {"sqlite", "duckdb"}:
            load(db, *good, {"Id": 3, "Name": "a  "}, **how)
            assert ("a  ",) in db.query("SELECT name FROM ledger")
        else:
            for bad in ('"a  "', '"a\\u0020\\u0020"'):
                with pytest.raises(TypeConflictError, match=r"column name .*blanks that the column does not"):
                    load(db, *good, f'{{"Id":3,"Name":{bad}}}', **how)
            assert counts(load(db, *good, **how)) == (2, 0, 0)
        db.run("DROP TABLE ledger")


def test_columns_that_the_database_makes(db: Database) -> None:
    """A field named like a generated column is kept in ``_extra``: the column takes no value."""
    text = "LONGTEXT" if db.kind in MYSQL else "TEXT"
    made = f"twice {text} GENERATED ALWAYS AS (concat(name, 'x'))"
    made = made.replace("concat(name, 'x')", "name || 'x'") if db.kind not in MYSQL else made
    stored = "" if db.kind == "duckdb" else " STORED"
    if db.kind == "standard":
        return  # it is told nothing of them
    make(db, f"id BIGINT NOT NULL, name {text}, {made}{stored}")
    if db.kind == "duckdb" and db.query("SELECT version() < 'v2'") == [
        (True,)
    ]:  # which tells nothing of them
        with pytest.raises(LoadError, match=r"\"twice\" because it is a generated column"):
            load(db, {"Id": 1, "Name": "a", "Twice": 1}, layout="columns", kinds={"Id": "integer"})
        return
    for number in (1, 2):
        stored_now = load(
            db,
            {"Id": 1, "Name": "a", "Twice": number},
            layout="columns",
            kinds={"Id": "integer"},
            allow_new_columns=True,
        )
        assert stored_now.fields_kept == ["Twice"]
    ((twice, extra),) = db.query("SELECT twice, CAST(_extra AS VARCHAR(99)) FROM ledger")
    assert (twice, json.loads(extra)) == ("ax", {"Twice": 2})


def test_table_without_the_key(db: Database) -> None:
    """An upsert into a table that lacks the key doubles nothing: it says which index is needed."""
    make(db, "id BIGINT NOT NULL", "")
    how: dict[str, Any] = {"layout": "columns", "kinds": {"Id": "integer"}}
    if db.kind in {"standard", *MYSQL}:
        for _ in range(2):
            load(db, {"Id": 1}, **how)
        assert db.query("SELECT id FROM ledger") == [(1,)]
        return
    with pytest.raises(LoadError, match=r"mode='upsert' needs .* unique index of _company, id alone"):
        load(db, {"Id": 1}, **how)
    assert db.query("SELECT id FROM ledger") == []


def test_what_may_not_be_written(db: Database) -> None:
    """A view that takes no rows, and more than a database has room for, are final errors with the table."""
    load(db, {"Id": 1}, layout="columns", kinds={"Id": "integer"})
    db.run("ALTER TABLE ledger RENAME TO base")
    db.run(f"CREATE VIEW ledger AS SELECT {'' if db.kind in POSTGRES else 'DISTINCT'} * FROM base LIMIT 9")
    with pytest.raises(LoadError, match="table ledger: "):
        load(db, {"Id": 2}, layout="columns", kinds={"Id": "integer"})
    assert db.query("SELECT id FROM base") == [(1,)]
    if db.kind in POSTGRES:
        db.run("DROP VIEW ledger")
        long = "".join(f"{n:05x}" for n in range(1, 2_000_000, 131))[:40_000]
        with pytest.raises(LoadError, match=r"row 00001.*: (index row|value too long)"):
            load(db, {"Name": "a"}, {"Name": long}, layout="columns", **NAMES)
        row = {"Id": 1} | {f"F{n}": 1 for n in range(1700)}
        with pytest.raises(LoadError, match="table wide: TooManyColumns"):
            load(db, row, layout="columns", table=TableName("wide"))


def test_json_of_ones_own(db: Database) -> None:
    """A column of the database's own JSON takes objects and texts of a field without a description."""
    own = {"sqlite": "JSON_TEXT", "standard": "json"}.get(db.kind, "JSON")
    make(db, f"id BIGINT NOT NULL, j {own}")
    for value in ('{"a":[1.10]}', '"text"', "1.10"):
        load(db, f'{{"Id":1,"J":{value}}}', layout="columns", kinds={"Id": "integer"})
        assert db.query("SELECT CAST(j AS VARCHAR(99)) FROM ledger") == [(value,)]


FOLDED = ["İd", "\u0131d", "i\u0307d", "K\u212a", "kk", "Straße", "STRASSE", "\U00010400a", "ǅ", "ǆ"]


@pytest.mark.parametrize("column_names", ["snake_case", "as sent"])
def test_names_that_a_database_folds(db: Database, column_names: str) -> None:
    """Fields whose names some database takes for one, or for none, are in one column, or in ``_extra``."""
    row = {"Id": 1, "Kk": 0} | {name: n for n, name in enumerate(FOLDED)}
    for _ in range(2):
        stored = load(db, row, layout="columns", kinds={"Id": "integer"}, column_names=column_names)
    kept = set(stored.fields_kept)
    assert kept >= {"İd", "\u0131d", "i\u0307d", "\U00010400a"}
    assert len(kept & {"Straße", "STRASSE"}) == 1
    assert len(kept & {"ǅ", "ǆ"}) == 1


@pytest.mark.finding("R8", "R7")
def test_halves_in_keys(db: Database) -> None:
    """A key that holds half a surrogate pair is one key, whatever case its escape is written in."""
    for layout in ("raw", "columns"):
        for escape in ("\\ud83d", "\\uD83D", "\\uD83d"):
            load(db, f'{{"Name":"a{escape}"}}', layout=layout, **NAMES)
        assert db.query("SELECT count(*) FROM ledger") == [(1,)]
        db.run("DROP TABLE ledger")


def test_described_field_that_goes_away(db: Database) -> None:
    """Where whole rows are read, a described field that no row of a load has is null; else it stays."""
    kinds = {"Id": "integer", "Note": "text"}
    load(db, {"Id": 1, "Note": "a"}, {"Id": 2, "Note": "b"}, layout="columns", kinds=kinds)
    load(db, {"Id": 1}, layout="columns", kinds=kinds)
    if db.kind != "standard":  # there a row is deleted first
        assert db.query("SELECT note FROM ledger ORDER BY id") == [("a",), ("b",)]
    load(db, {"Id": 1}, layout="columns", kinds=kinds, whole_rows=True)
    assert db.query("SELECT note FROM ledger ORDER BY id") == [(None,), ("b",)]
