"""The transfer to SQL given bad input, or a database that refuses: early, plain, and with no harm done."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sql_loads import load, operator, set_database

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import LoadError, TypeConflictError
from poweroffice_sandbox import Sandbox
from tests.infrastructure.postgres_server import PASSWORD, PostgresServer

pytestmark = pytest.mark.usefixtures("connection")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mode": "merge"}, "unknown mode 'merge'; use one of: 'append', 'replace', 'upsert'"),
        ({"layout": "wide"}, "unknown layout 'wide'"),
        ({"column_names": "camel"}, "unknown column_names 'camel'"),
        ({"on_type_conflict": "null"}, "unknown on_type_conflict 'null'; use one of: 'fail', 'extra'"),
        ({"table": "a.b.c"}, "table='a.b.c'"),
        ({"table": 'led"ger'}, "is not a name"),
        ({"schema": "a.b"}, "schema='a.b'"),
        ({"table": "a.b", "schema": "c"}, "give one"),
        ({"mode": "replace", "changed_since": "2026-05-02"}, "use mode='upsert'"),
        ({"mode": "replace", "changed_since": datetime(2026, 5, 2, tzinfo=UTC)}, "use mode='upsert'"),
        ({"mode": "replace", "created_since": date(2026, 5, 2)}, "use mode='upsert'"),
        ({"mode": "replace", "paging": {"max_pages": 3}}, "leave out max_pages"),
        ({"on_page_error": "ignore"}, "on_page_error"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What can be seen while the DAG file is read is refused then."""
    with pytest.raises(
        ValueError, match=r"mode|layout|column_names|on_type_conflict|table|schema|on_page_error"
    ) as caught:
        operator(**arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"endpoint": "TimeTracking/HourType", "query": None, "key": ""}, "needs a key"),
        ({"key": ["Id", "Id"]}, "names a field twice"),
        ({"key": 5}, "key must be the name of a field"),
        ({"key": {"Id": 1}}, "key must be the name of a field"),
        ({"mode": "{{ 'me' }}rge"}, "unknown mode 'merge'"),
        ({"mode": "{{ 'replace' }}", "changed_since": datetime(2026, 5, 2, tzinfo=UTC)}, "use mode='upsert'"),
        ({"table": "{{ 'a b' }}"}, "table='a b'"),
        ({"sql_conn_id": "nope"}, "nope"),
        ({"sql_conn_id": "poweroffice_default"}, "not an SQL database"),
        ({"sql_conn_id": "odd"}, "no installed provider knows the type 'odd'"),
    ],
)
def test_bad_arguments_later(
    lite: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], says: str
) -> None:
    """What only shows when templates are rendered and connections are read is refused before any request."""
    monkeypatch.setenv("AIRFLOW_CONN_ODD", '{"conn_type": "odd"}')
    task = operator(**arguments)
    context: Any = {"run_id": "run 1"}
    task.render_template_fields(context)
    with pytest.raises(Exception, match=r".") as caught:
        task.execute(context)
    assert says in str(caught.value)
    assert [entry for entry in sandbox.journal() if entry.method == "GET"] == []
    assert (
        not lite.exists() or sqlite3.connect(lite).execute("SELECT name FROM sqlite_master").fetchall() == []
    )


def test_table_that_does_not_fit_is_refused_before_the_read(lite: Path, sandbox: Sandbox) -> None:
    """Nobody waits for an hour of reading to learn that the table is another's."""
    with sqlite3.connect(lite) as database:
        database.execute("CREATE TABLE ledger (id INTEGER)")
    with pytest.raises(AirflowFailException, match=r"table ledger has no column .*not made for this layout"):
        load()
    assert [entry for entry in sandbox.journal() if entry.method == "GET"] == []


def test_type_conflict_ends_the_task(lite: Path) -> None:
    """A value that does not fit is no matter for a retry; the typed error is the cause."""
    load(endpoint="Currencies", query=None, mode="replace")
    with sqlite3.connect(lite) as database:
        database.execute("CREATE TABLE other AS SELECT * FROM ledger")
        (sql,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger'").fetchone()
        database.execute("DROP TABLE ledger")
        database.execute(sql.replace('"notation" TEXT', '"notation" INTEGER'))
    with pytest.raises(
        AirflowFailException, match="TypeConflictError: table ledger, column notation"
    ) as caught:
        load(endpoint="Currencies", query=None, mode="replace")
    cause = caught.value.__cause__
    assert isinstance(cause, TypeConflictError)
    assert (cause.column, cause.row, cause.value) == ("notation", "CHF", '"Fr."')


def test_database_that_refuses_ends_the_task(lite: Path) -> None:
    """What the database says, with table and row; the table is as before."""
    load(endpoint="Currencies", query={"currencyCode": "NOK"}, mode="replace")
    with sqlite3.connect(lite) as database:
        database.execute(
            "CREATE TRIGGER no BEFORE INSERT ON ledger WHEN new.code = 'SEK' "
            "BEGIN SELECT RAISE(ABORT, 'not here'); END"
        )
    with pytest.raises(
        AirflowFailException, match="table ledger, row SEK: IntegrityError: not here"
    ) as caught:
        load(endpoint="Currencies", query=None, mode="replace")
    assert isinstance(caught.value.__cause__, LoadError)
    with sqlite3.connect(lite) as database:
        assert database.execute("SELECT code FROM ledger").fetchall() == [("NOK",)]


def test_templates(lite: Path) -> None:
    """Every argument a user writes text into is a template, and renders without a secret."""
    arguments = ("endpoint", "sql_conn_id", "table", "mode", "layout", "key", "company", "changed_since")
    names = {
        name: f"{{{{ v.{name} }}}}" for name in (*arguments, "created_since", "schema", "poweroffice_conn_id")
    }
    task = operator(**names, query={"a": "{{ v.query }}"}, headers={"b": "{{ v.headers }}"})
    values = {name: f"<{name}>" for name in (*names, "query", "headers")}
    task.render_template_fields({"v": values})  # type: ignore[typeddict-unknown-key]
    for name in names:
        assert getattr(task, name) == f"<{name}>"
    assert (task.query, task.headers) == ({"a": "<query>"}, {"b": "<headers>"})
    assert lite.parent.exists()


def test_no_secret_is_said(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The database's password is in no message, whether it refuses the login or a row."""
    set_database(monkeypatch, postgres.airflow | {"login": "nobody"})
    with caplog.at_level("DEBUG"), pytest.raises(Exception, match="nobody") as caught:
        load()
    set_database(monkeypatch, postgres.airflow)
    with caplog.at_level("DEBUG"), pytest.raises(AirflowFailException, match="nowhere") as refused:
        load(endpoint="Currencies", query=None, schema="nowhere")
    for text in (str(caught.value), str(refused.value), caplog.text):
        assert PASSWORD not in text
