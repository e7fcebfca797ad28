"""
SQL Server: every statement of a load, compared with scripts that were checked by hand.

There is no server: the scripts of ``sqlserver/`` were read against Microsoft's reference, and may be run as
they are (``sqlcmd -i``). ``python tests/storage/test_sqlserver.py`` writes them anew; look at what changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import DATE, BigInteger, Column, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import quoted_name
from support.databases import Database
from support.loading import load, plan
from support.sqlserver import Row, Server

from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.sql.columns import Column as SQLColumn
from airflow_provider_poweroffice.storage.sql.columns import Existing
from airflow_provider_poweroffice.storage.sql.databases import database_of
from airflow_provider_poweroffice.storage.sql.ddl import create_table
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.ledger_sums import ledger_sums
from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow, write_loads
from airflow_provider_poweroffice.storage.sql.refusal import is_refusal

SCRIPTS = Path(__file__).with_name("sqlserver")
ONE = {
    "Id": 1,
    "Amount": 1.5,
    "Name": "it's \\\n100 % ø\U0001f600",
    "Date": "2026-05-02",
    "Open": True,
    "LastChangedDateTimeOffset": "2026-05-02T13:09:55.9103401Z",
    "Address": {"City": "Bodø"},
}
TWO = '{"Id": 2, "Amount": 12E2, "Name": "x", "Date": null, "Open": false}'
LAYOUTS = pytest.mark.parametrize("layout", ["raw", "columns"])
TEXT_KEY: dict[str, Any] = {"key": ("Name", "Id"), "layout": "columns"}


def _database(server: Server) -> Database:
    return Database("sqlserver", server.connect)


def _new(**how: Any) -> Callable[[Server], None]:
    return lambda server: load(_database(server), ONE, TWO, **how) and None


def _twice(*rows: Any, **how: Any) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        load(_database(server), ONE, **how)
        server.matching = 1
        load(_database(server), *rows, run_id="run 2", **how)

    return run


def _loads(server: Server) -> None:
    row = LoadRow(
        run_id="r",
        task="d.t",
        company="a",
        resource="Customers",
        outcome="loaded",
        recorded_at="2026-05-02T13:00:00",
    )
    for _ in range(2):
        session = _database(server).session()
        write_loads(session, TableName("_loads", "books"), [row])
        server.tables["_loads"] = [column for column in server.tables["_loads"] if column[0] != "ended_at"]


def _sums(server: Server) -> None:
    load(
        _database(server),
        {"Id": 1, "AccountNo": 1, "Amount": 1, "PostingDate": "2026-05-02", "VoucherNo": 1},
        layout="columns",
    )
    load(_database(server), ONE, table=TableName("raw"))
    for table, layout in (("ledger", "columns"), ("raw", "raw")):
        ledger_sums(
            _database(server).session(),
            plan(table=TableName(table), layout=layout),
            "2026-01-01",
            "2026-12-31",
        )


RUNS: dict[str, Callable[[Server], None]] = {
    "columns_append": _new(mode="append", **TEXT_KEY),
    "columns_replace": _new(mode="replace", layout="columns"),
    "columns_upsert": _twice(
        *(ONE, '{"Id": 2, "New": "x"}'),
        layout="columns",
        most_deleted=0.5,
        ids=[{"Id": 3}],
        allow_new_columns=True,
        table=TableName("ledger", "books"),
    ),
    "raw_append": _new(layout="raw", mode="append"),
    "raw_replace": _new(layout="raw", mode="replace"),
    "raw_upsert": _twice(ONE, TWO, layout="raw", most_deleted=0.5),
    "loads": _loads,
    "verify": _sums,
}


def _script(name: str) -> str:
    server = Server()
    RUNS[name](server)
    return "".join(f"{sql}\nGO\n" for sql in server.script)


@pytest.mark.parametrize("name", RUNS)
def test_statements_are_those_that_were_checked(name: str) -> None:
    """Each mode and layout, deletions, the table of loads and sums of the ledger, statement by statement."""
    assert _script(name) == (SCRIPTS / f"{name}.sql").read_text()


KINDS: dict[str, Any] = {
    "integer": BigInteger(),
    "decimal": mssql.DECIMAL(38, 10),
    "boolean": mssql.BIT(),
    "date": DATE(),
    "timestamp": mssql.DATETIMEOFFSET(6),
    "text": mssql.NVARCHAR(),
    "json": mssql.NVARCHAR(),
    "name": mssql.NVARCHAR(512, collation="Latin1_General_100_BIN2"),
}


def test_tables_are_those_of_sqlalchemy() -> None:
    """SQLAlchemy's dialect of SQL Server makes the same table of the same columns."""
    server = Server()
    new = [SQLColumn(name, name, "") for name in KINDS]
    session = _database(server).session()
    create_table(session, TableName("t", "books"), new, ("integer", "name"), "")
    made = Table(
        "t",
        MetaData(),
        *(
            Column(
                quoted_name(name, quote=True),
                kind,
                nullable=name not in {"integer", "name"},
                autoincrement=False,
            )
            for name, kind in KINDS.items()
        ),
        PrimaryKeyConstraint("integer", "name", mssql_clustered=False),
        schema="books",
    )
    compiled = str(CreateTable(made).compile(dialect=mssql.dialect()))
    assert _bare(server.script[2]) == _bare(re.sub(r"(?<!NOT) NULL", "", compiled))


def _bare(sql: str) -> str:
    return re.sub(r'[\s"\[\]]', "", sql).upper()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (("nvarchar", 100, 0, 0, "X_BIN2"), ("nvarchar(50) COLLATE X_BIN2", "text", None)),
        (("varchar", -1, 0, 0, "X_BIN2_UTF8"), ("varchar(MAX) COLLATE X_BIN2_UTF8", "text", None)),
        (("varchar", 50, 0, 0, "X_BIN2"), ("varchar(50) COLLATE X_BIN2", "inexact", None)),
        (("nchar", 20, 0, 0, "X_BIN2"), ("nchar", "inexact", None)),
        (("numeric", 9, 18, 2, None), ("numeric(18, 2)", "decimal", 2)),
        (("datetimeoffset", 10, 34, 7, None), ("datetimeoffset(7)", "timestamp", None)),
        (("datetime2", 8, 27, 3, None), ("datetime2(3)", "timestamp", 3)),
        (("time", 5, 16, 7, None), ("time(7)", "time", 7)),
        (("datetime", 8, 23, 3, None), ("datetime", "inexact", None)),
        (("timestamp", 8, 0, 0, None), ("timestamp", "inexact", None)),
        (("uniqueidentifier", 16, 0, 0, None), ("uniqueidentifier", "inexact", None)),
        ((None, -1, 0, 0, None), ("a type of the server's own", "inexact", None)),
    ],
)
def test_columns_of_ones_own(column: Row, expected: tuple[str, str, int | None]) -> None:
    """What pads, rounds or loses letters takes only null."""
    server = Server()
    server.tables["t"] = [("a", *column)]
    session = _database(server).session()
    assert session.database.describe(session, TableName("t")) == {"a": Existing(*expected)}


@pytest.mark.parametrize(
    "kind", ["nvarchar(50) COLLATE Danish_Norwegian_CS_AS", "varchar(50) COLLATE X_BIN2"]
)
def test_key_that_takes_texts_for_equal(kind: str) -> None:
    """A table of one's own whose company is compared loosely, or loses letters, is refused by name."""
    server = Server()
    load(_database(server), ONE, layout="columns")
    base, length, collation = re.findall(r"(\w+)\((\d+)\) COLLATE (\w+)", kind)[0]
    columns = server.tables["ledger"]
    place = [name for name, *_ in columns].index("_company")
    columns[place] = ("_company", base, int(length) * (2 if base == "nvarchar" else 1), 0, 0, collation)
    with pytest.raises(ValueError, match=rf"column _company \({re.escape(kind)}\): it takes different texts"):
        load(_database(server), ONE, layout="columns")


class FailureError(Exception):
    """An error of a driver."""


def _error(module: str, *parents: str) -> type[Exception]:
    kind: type[Exception] = FailureError
    for name in ("Error", *parents):
        kind = type(name, (kind,), {"__module__": module})
    return kind


@LAYOUTS
def test_key_that_ends_in_a_blank(layout: str) -> None:
    """The staging table says no, and the row is named; SQL Server would take it for the one without."""
    refused = _error("pymssql.exceptions", "DatabaseError", "IntegrityError")

    def refuse(sql: str) -> Exception | None:
        inserted = "OPENJSON" in sql and '"a "' in sql
        return (
            refused(547, b"The INSERT statement conflicted with the CHECK constraint") if inserted else None
        )

    server = Server(refuse=refuse)
    told = r"row a: column (name|id) .*CHECK constraint.*\. A key must fit .* cannot end in a blank, [a-z ]+$"
    with pytest.raises(LoadError, match=told):
        load(_database(server), {"Name": "a"}, {"Name": "a "}, layout=layout, key=("Name",))
    name = "id" if layout == "raw" else "name"
    stage = next(sql for sql in server.script if sql.startswith("CREATE TABLE #"))
    assert f'CHECK (DATALENGTH("{name}") = DATALENGTH(RTRIM("{name}")))' in stage


def test_company_that_ends_in_a_blank() -> None:
    """No comparison would tell it from the one without."""
    with pytest.raises(ValueError, match="'acme ' ends in a blank: SQL Server takes it for 'acme'"):
        load(_database(Server()), ONE, company="acme ")


def test_waiting_for_a_lock() -> None:
    """A lock is asked for again and again; what is no waiting ends the task."""
    server = Server()
    server.locks = [-1, -1, 1]
    load(_database(server), ONE)
    assert sum("sp_getapplock" in sql for sql in server.script) == 4
    server.locks = [-3]
    with pytest.raises(OSError, match=r"table ledger: the server could not wait for a lock \(-3\)"):
        load(_database(server), ONE)
    assert server.script[-2] == "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"


def test_large_rows_go_one_by_one() -> None:
    """A statement has about a megabyte of rows, or one row."""
    server = Server()
    load(_database(server), *({"Id": n, "Name": "x" * (n % 4) * 300_000} for n in range(8)), layout="columns")
    inserts = [sql for sql in server.script if "OPENJSON" in sql]
    assert [sql.count("], [") + sql.count("],[") + 1 for sql in inserts] == [3, 2, 2, 1]


ODBC = (
    "[{}] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Process 5 (52) of 'x'. ({}) (SQLExecDirectW)"
)


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (_error("pymssql.exceptions", "OperationalError")(8114, b"Error converting data type"), True),
        (_error("pymssql.exceptions", "OperationalError")(1205, b"deadlock victim"), False),
        (
            _error("pymssql.exceptions", "OperationalError")(20003, b"Adaptive Server connection timed out"),
            False,
        ),
        (_error("pymssql.exceptions", "OperationalError")("Connection is closed"), False),
        (_error("pyodbc")("40001", ODBC.format("40001", 1205)), False),
        (_error("pyodbc", "ProgrammingError")("42000", ODBC.format("42000", 40501)), False),
        (_error("pyodbc", "DataError")("22001", ODBC.format("22001", 2628)), True),
        (
            _error("pyodbc", "OperationalError")(
                "08S01", "[08S01] [Microsoft]... Communication link failure"
            ),
            False,
        ),
        (_error("pyodbc", "ProgrammingError")("42S02", "[42S02] [DuckDB] no such table"), True),
    ],
)
def test_what_passes(error: Exception, *, refused: bool) -> None:
    """A deadlock, a lost connection and Azure's limits are tried again; what the server refuses is not."""
    assert is_refusal(error) is refused


@pytest.mark.parametrize(
    ("product", "name"), [("Microsoft SQL Server", "Microsoft SQL Server"), ("Db2", "standard SQL")]
)
def test_odbc_leads_to_many_databases(product: str, name: str) -> None:
    """By pyodbc it is SQL Server only if the driver says so; the parameters' marks are ODBC's."""

    class Odbc:
        __module__ = "pyodbc"

        def getinfo(self, number: int) -> str:
            assert number == 17
            return product

    database = database_of(Odbc())
    assert (database.name, database.mark) == (name, "?")


if __name__ == "__main__":
    for each in RUNS:
        (SCRIPTS / f"{each}.sql").write_text(_script(each))
