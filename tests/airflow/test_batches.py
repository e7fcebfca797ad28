"""Many records as tasks: retries go on, a query is asked once, an empty input skips."""

from __future__ import annotations

import io
import json
import math
import sqlite3
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from company_tries import TaskInstance
from sql_loads import Query
from support.airflow_home import states, xcoms

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowSkipException
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.batches.records import read_records
from airflow_provider_poweroffice.errors import BatchFailedError, InvalidBatchError
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.tasks.batch import _json_of
from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.sql_to_poweroffice import SqlToPowerOfficeOperator
from poweroffice_sandbox import Sandbox, V1Sandbox

CONTEXT: Any = {"run_id": "manual__2026-11-29T12:00:00+00:00", "params": {"city": "Bergen"}}


@pytest.fixture(autouse=True)
def _roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))


class Events:
    """What Airflow keeps by asset, of one; before 3.2 an asset cannot be a key of a dict."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}

    def __getitem__(self, asset: Any) -> Events:
        return self


def operator(folder: Path, **arguments: Any) -> Any:
    """Make a task that creates customers from ``customers.csv``, with some arguments changed."""
    given: dict[str, Any] = {
        "task_id": "t",
        "object_path": f"file://{folder}/customers.csv",
        "results_path": f"file://{folder}/results",
        "endpoint": "Customers",
        "action": "upsert",
        "key": "ExternalNumber",
    }
    return ObjectStorageToPowerOfficeOperator(**given | arguments)


def write_csv(folder: Path, count: int = 30) -> None:
    """Write a file of customers."""
    rows = [f"{80_000 + n},Kunde {n}" for n in range(count)]
    (folder / "customers.csv").write_text("\n".join(["ExternalNumber,Name", *rows]) + "\n")


def test_in_a_real_airflow(
    connection: str, sandbox: Sandbox, run_dag: Any, lite: Path, tmp_path: Path
) -> None:
    """Both tasks fail in part at first, and are retried: each record is there once, and told once."""
    rows = [f"{81_000 + n},{'' if n == 7 else f'Fil {n}'}" for n in range(60)]
    (tmp_path / "customers.csv").write_text("\n".join(["no,name", *rows]))
    with sqlite3.connect(lite) as database:
        database.execute("create table customers (no integer, name text, amount real)")
        values = [(82_000 + n, f"Tabell {n}", 1.5) for n in range(60)]
        database.executemany("insert into customers values (?, ?, ?)", values)
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", every=25)
    run = run_dag("batches", run_conf={"folder": str(tmp_path)})
    assert set(states(run).values()) <= {"success", "TaskInstanceState.SUCCESS"}
    found = xcoms(run)
    from_file, from_query = (found[f"from_{kind}.return_value"] for kind in ("file", "query"))
    assert (from_file["created"], from_file["skipped"], from_file["failed"]) == (59, 1, 0)
    assert (from_query["created"], from_query["records"]) == (60, 60)
    posts = sandbox.count("POST", "/Customers")
    assert posts == 119 + sum(fault.hits for fault in sandbox.state.faults.rules)
    assert sandbox.totals()["Customers"] == 120 + 119
    assert connection


def test_receipt(connection: str, tmp_path: Path) -> None:
    """The receipt tells what became of the records, and goes with the asset's event."""
    write_csv(tmp_path)
    asset = poweroffice_asset("Customers", conn_id=connection)
    events = Events()
    receipt = operator(tmp_path, outlets=[asset]).execute(CONTEXT | {"outlet_events": events})
    (path,) = (tmp_path / "results").rglob("results.ndjson")
    assert receipt["path"] == f"file://{path}"
    assert (receipt["created"], receipt["records"], receipt["company"]) == (30, 30, None)
    assert json.loads(json.dumps(receipt)) == receipt
    assert len(path.read_text().splitlines()) == 30
    assert events.extra == receipt
    again = operator(tmp_path).execute(CONTEXT | {"run_id": "other"})
    assert (again["unchanged"], again["path"] != receipt["path"]) == (30, True)


def skipped(folder: Path, said: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Skip the task by a file without records, and give the receipt that is left."""
    ti = TaskInstance(map_index=-1)
    task = operator(folder, object_path=f"file://{folder}/customers.ndjson")
    with pytest.raises(AirflowSkipException, match=said):
        task.execute(CONTEXT | {"ti": ti})
    left: dict[str, Any] = ti.pushed["return_value"]
    assert (str(left["warning"]) in capsys.readouterr().out) == bool(left["warning"])
    return left


def test_empty_inputs(
    connection: str, tmp_path: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """An input without records skips the task, and says so; one that lacks its beginning fails it."""
    write_csv(tmp_path, 0)
    with pytest.raises(AirflowSkipException, match="Customers: the input has no records"):
        operator(tmp_path).execute(CONTEXT)
    (tmp_path / "customers.ndjson").write_bytes(b"\n")
    left = skipped(tmp_path, "the input has no records", capsys)
    assert (left["records"], left["created"], left["path"], left["warning"]) == (0, 0, None, None)
    (tmp_path / "customers.ndjson").write_bytes(b"")
    left = skipped(tmp_path, r"customers\.ndjson' is empty \(0 bytes\)", capsys)
    assert left["warning"]
    for name, said in (
        ("a.csv", r"a\.csv' is empty \(0 bytes\), which no csv is"),
        ("a.ndjson.gz", r"a\.ndjson\.gz' is empty \(0 bytes\)"),
        ("b.csv", r"b\.csv': the CSV has no header: its first line is empty"),
        ("b.json", r"b\.json': the file is not JSON"),
    ):
        (tmp_path / name).write_bytes(b"\n" if name.startswith("b") else b"")
        with pytest.raises(AirflowFailException, match=said):
            operator(tmp_path, object_path=f"file://{tmp_path}/{name}").execute(CONTEXT)
    with pytest.raises(FileNotFoundError):
        operator(tmp_path, object_path=f"file://{tmp_path}/none.csv").execute(CONTEXT)
    assert sandbox.journal() == []
    assert connection


def test_local_files_lie_where_the_worker_says(
    connection: str, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that a form gives cannot send another file of the worker as a record."""
    write_csv(tmp_path)
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path / "inbox"))
    with pytest.raises(AirflowFailException, match=r"object_path: .*outside of the folders .*file_roots"):
        operator(tmp_path).execute(CONTEXT)
    assert sandbox.journal() == []
    assert connection


def test_bad_records_end_the_task(connection: str, tmp_path: Path, sandbox: Sandbox) -> None:
    """What no retry can cure ends the task at once; what one may cure is left to it."""
    write_csv(tmp_path)
    wrong = {"ExternalNumber": "{{ row.ExternalNumber }}", "Nmae": "{{ row.Name }}"}
    with pytest.raises(AirflowFailException, match=r"(?s)30 of 30 .*did you mean Name\?") as caught:
        operator(tmp_path, mapping=wrong).execute(CONTEXT)
    assert isinstance(caught.value.__cause__, InvalidBatchError)
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", times=1)
    with pytest.raises(BatchFailedError, match="1 of 30 records are not done"):
        operator(tmp_path).execute(CONTEXT)
    write_csv(tmp_path, 29)
    with pytest.raises(AirflowFailException, match="the records are not those of the earlier try"):
        operator(tmp_path).execute(CONTEXT)
    write_csv(tmp_path, 30)
    assert operator(tmp_path).execute(CONTEXT)["created"] == 30
    assert connection


def test_preview(connection: str, tmp_path: Path, sandbox: Sandbox) -> None:
    """A preview, also by a template, writes nothing there and nothing here."""
    write_csv(tmp_path)
    mapping = {"ExternalNumber": "{{ row.ExternalNumber }}", "Name": "{{ row.Name }} {{ params.city }}"}
    task = operator(tmp_path, preview="{{ params.preview }}", mapping=mapping)
    task.preview = "True"
    found = task.execute(CONTEXT)
    assert found["counts"] == {"create": 30, "invalid": 0}
    assert found["would"][0]["body"]["Name"] == "Kunde 0 Bergen"
    assert sandbox.count("POST", "/Customers") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["customers.csv"]
    with pytest.raises(TypeError, match=r"preview must be True or False, or a template .* not 'perhaps'"):
        operator(tmp_path, preview="perhaps")
    task.preview = "perhaps"
    with pytest.raises(AirflowFailException, match="preview must be True or False, or a template"):
        task.execute(CONTEXT)
    assert connection


def test_a_query_is_asked_once(connection: str, tmp_path: Path, query: Query, sandbox: Sandbox) -> None:
    """A retry works on the rows of the first try, whatever the table holds by then; amounts are exact."""
    row = "83000 as no, 'Gammel AS' as name, cast(0.1 as decimal(8, 2)) as amount"
    database_hook("db").run(f"create table customers as select {row}")
    mapping = {"ExternalNumber": "{{ row.no }}", "Name": "{{ row.name }}", "Allowance": "{{ row.amount }}"}
    given: dict[str, Any] = {
        "task_id": "t",
        "sql_conn_id": "db",
        "sql": "select no, name, amount from customers",
        "results_path": f"file://{tmp_path}/results",
        "endpoint": "Customers",
        "action": "create",
        "key": "ExternalNumber",
        "mapping": mapping,
    }
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", times=1)
    with pytest.raises(BatchFailedError):
        SqlToPowerOfficeOperator(**given).execute(CONTEXT)
    database_hook("db").run("update customers set name = 'Endret AS'")
    assert query("select name from customers") == [("Endret AS",)]
    receipt = SqlToPowerOfficeOperator(**given).execute(CONTEXT)
    assert receipt["created"] == 1
    with pytest.raises(AirflowFailException, match="sql gives two columns of the name 'no'"):
        SqlToPowerOfficeOperator(**given | {"sql": "select no, no from customers", "task_id": "u"}).execute(
            CONTEXT
        )
    assert connection


def test_a_list_of_companies_that_gets_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is cleared with other companies writes no record twice, and none of another company."""
    (tmp_path / "customers.csv").write_text("Name\nUten nummer 1\nUten nummer 2\n")
    (tmp_path / "more.csv").write_text("Name\nUten nummer 3\n")

    def run(company: str, index: int, name: str = "customers") -> dict[str, Any]:
        ti = SimpleNamespace(map_index=index, xcom_push=lambda **_: None)
        task = operator(
            tmp_path, company=company, action="create", key=None, object_path=f"file://{tmp_path}/{name}.csv"
        )
        receipt: dict[str, Any] = task.execute(CONTEXT | {"ti": ti})
        return receipt

    with Sandbox(companies=4, customers=1, ledger_rows=0, rate_limit=0) as sandbox:
        fields = json.loads(sandbox.connection_json("granli", companies=sandbox.aliases()))
        fields["extra"] |= {"requests_per_second": 1000}
        monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps(fields))
        first, second = sandbox.aliases()[:2]
        done = run(second, 1)
        assert (done["created"], sandbox.count("POST", "/Customers")) == (2, 2)
        again = run(second, 0)
        assert (again["created"], again["path"]) == (2, done["path"])
        assert sandbox.count("POST", "/Customers") == 2
        more = run(second, 2, "more")
        assert more["created"] == 1
        assert run(second, 1, "more")["path"] == more["path"]
        assert run(first, 1)["created"] == 2
        assert sandbox.count("POST", "/Customers") == 5


def test_stored_rows_are_those_of_the_batch(connection: str, tmp_path: Path, query: Query) -> None:
    """They count once sending begins, and for no other company that is in the task's place."""
    database_hook("db").run("create table customers as select 84000 as no, 'En AS' as name")
    assert query("select name from customers") == [("En AS",)]

    def rows(company: str, *, begun: bool = False) -> list[Any]:
        task = SqlToPowerOfficeOperator(
            task_id="t",
            company=company,
            sql_conn_id="db",
            sql="select no, name from customers",
            results_path=f"file://{tmp_path}/results",
            endpoint="Customers",
            action="create",
        )
        _, folder = task._place({"run_id": "r", "ti": SimpleNamespace(map_index=0)}, store=True)
        if begun:
            (folder / "batch.json").touch()
        with task.lines(folder, store=True) as lines:
            return [row["name"] for _, row in lines]

    assert rows("a") == ["En AS"]
    database_hook("db").run("update customers set name = 'To AS'")
    assert rows("a") == ["To AS"]
    database_hook("db").run("update customers set name = 'Ti AS'")
    assert (rows("a", begun=True), rows("b")) == (["To AS"], ["Ti AS"])
    assert connection


def test_no_query(connection: str, lite: Path, tmp_path: Path) -> None:
    """A statement without rows is told as such."""
    task = SqlToPowerOfficeOperator(
        task_id="t",
        sql_conn_id="db",
        sql="create table no_query (a integer)",
        results_path=f"file://{tmp_path}/results",
        endpoint="Customers",
        action="create",
    )
    with pytest.raises(AirflowFailException, match="sql gives no rows: it must be one query"):
        task.execute(CONTEXT)
    assert connection
    assert lite.exists()


def test_values_of_a_query() -> None:
    """What JSON has no number for is told of its record; what would change its form, by its column."""
    row = {"a": Decimal("1.10"), "d": UUID(int=7)}
    assert _json_of(row) == b'{"a":1.10,"d":"00000000-0000-0000-0000-000000000007"}'
    for bad in (math.nan, Decimal("-Infinity"), [1.5, math.inf]):
        line = _json_of(row | {"b": bad}) + b"\n"
        ((number, told),) = read_records(io.BytesIO(line), "ndjson")
        assert (number, told) == (1, "has NaN or infinity in b, which JSON does not have")
    for value in (b"Kunde", memoryview(b"x"), [b"x"], object()):
        with pytest.raises(TypeError, match=f"the column 'x' holds a {type(value).__name__}: cast"):
            _json_of({"x": value})


def test_runs_of_like_names(tmp_path: Path) -> None:
    """Each has its own folder, and its own rows of a query."""
    paths = {operator(tmp_path)._folder((name, "t")).path for name in ("v1.0", "v1-0", "v1:0")}
    assert len(paths) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"action": "merge"}, "unknown action 'merge'; use one of: 'create', 'update', 'upsert', 'delete'"),
        ({"key": None}, "action='upsert' needs key="),
        ({"concurrency": 0}, "concurrency must be a whole number from 1 to 32, not 0"),
        ({"max_failures": -1}, "max_failures must be a count, or a share below 1, not -1"),
        ({"lookups": {"DepartmentId": "Departments"}}, "lookups must map a field to a list and a field"),
        ({"mapping": {"Name": "{{ row. }}"}}, r"mapping\['Name'\]: '{{ row. }}' is not a template"),
        ({"object_path": "file:///x.txt"}, "the format of 'file:///x.txt' is not known"),
        ({"object_path": "x.csv"}, "object_path 'x.csv' has no scheme"),
        ({"format": "xml"}, "unknown format 'xml'"),
        ({"results_path": "results"}, "has no scheme"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: dict[str, Any], told: str) -> None:
    """What cannot be is refused while the DAG file is read."""
    with pytest.raises(ValueError, match=told):
        operator(tmp_path, **arguments)


def test_other_apis(v1_connection: str, v1_sandbox: V1Sandbox, fo_connection: str, tmp_path: Path) -> None:
    """Connections of v1 and of Finance & Operations are refused by name; nothing is asked for."""
    write_csv(tmp_path)
    with pytest.raises(AirflowFailException, match="writes to PowerOffice Go v2, and 'poweroffice_v1' is"):
        operator(tmp_path, poweroffice_conn_id=v1_connection).execute(CONTEXT)
    with pytest.raises(AirflowFailException, match="D365FOEntityOperator"):
        operator(tmp_path, poweroffice_conn_id=fo_connection).execute(CONTEXT)
    assert v1_sandbox.journal() == []
