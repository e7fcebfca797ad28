"""Rows that a server may send and a table could stumble over: they load, or the error names the way out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.databases import Database
from support.loading import load

from airflow_provider_poweroffice.storage.sql.identifiers import TableName

BREAKS = ["\r\n", "\r", "\n", "\n\r", "\r\r\n"]


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
from airflow_provider_poweroffice.storage.sql.{module} import {dialect}
from airflow_provider_poweroffice.storage.sql.session import Session

session = Session(duckdb.connect(), {dialect}())
session.execute("CREATE TEMPORARY TABLE t (a VARCHAR)")

def lines():
    yield b'"x"\\n' * 100_000
    os.kill(os.getpid(), signal.SIGKILL)

session.dialect.bulk(session, "t", lines())
"""


@pytest.mark.finding("S10")
def test_nothing_of_a_killed_bulk_load_stays(tmp_path: Path) -> None:
    """A process that is killed while it writes rows for DuckDB leaves no file of them."""
    program = _DIES.format(module="dialects", dialect="DuckDB")
    died = subprocess.run(
        [sys.executable, "-c", program],
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
