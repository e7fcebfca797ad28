"""All of a company into object storage by one task: what is there, what fails alone, what a retry does."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow.sdk import DAG
from company_tries import Airflow, TaskInstance, asked, connect, timed_out_in_the_middle
from company_worker import PAGED, OnDisk, copy_company
from sql_loads import FAST
from support.airflow_home import xcoms

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE, AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.storage.sql.identifiers import snake_case
from airflow_provider_poweroffice.task_groups.company_to_object_storage import (
    DEFAULT_RESOURCES,
    company_to_object_storage,
)
from airflow_provider_poweroffice.tasks.company import LOADS, LoadsFailedError
from airflow_provider_poweroffice.tasks.company_notes import DONE
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeCompanyToObjectStorageOperator,
)
from poweroffice_sandbox import Sandbox

ALIAS = "fjordlys"
LISTS = {snake_case(resource): resource for resource in DEFAULT_RESOURCES}
CHANGED = "lastChangedDateTimeOffsetGreaterThan"
PATH = "/{{ company }}/{{ resource }}.ndjson.gz"
OF_A_RUN = "/{{ company }}/{{ resource }}/{{ run_id }}.ndjson.gz"


def task_of(lake: Path, path: str = PATH, **arguments: Any) -> Any:
    """Make the task that the group makes of one company."""
    with DAG("d", schedule=None) as dag:
        company_to_object_storage(f"file://{lake}{path}", retry_options=FAST, **arguments)
    return dag.get_task("company_to_object_storage.company")


def attempt(airflow: Airflow, task: Any, run_id: str = "1", company: str | None = ALIAS, **about: Any) -> Any:
    """Render the task as Airflow does, and carry out one try."""
    task.company = company
    task.render_template_fields({"run_id": run_id, "params": {}})
    return airflow.run(task, run_id, **about)


def rows(lake: Path, alias: str = ALIAS, run_id: str = "") -> dict[str, int]:
    """Count the rows of a company's objects, each once."""
    found = {}
    for name in LISTS:
        path = lake / alias / (f"{name}/{run_id}.ndjson.gz" if run_id else f"{name}.ndjson.gz")
        if path.exists():
            lines = gzip.decompress(path.read_bytes()).splitlines()
            assert len({json.loads(line)["Id"] for line in lines}) == len(lines)
            found[name] = len(lines)
    return found


def held(sandbox: Sandbox, alias: str = ALIAS) -> dict[str, int]:
    """Count a company's rows in the sandbox."""
    return {name: sandbox.totals(alias)[resource] for name, resource in LISTS.items()}


def test_a_night(firm: Sandbox, tmp_path: Path) -> None:
    """One token, each list an object with all rows; receipts, events; the next night replaces them."""
    airflow = Airflow()
    for run_id in ("1", "2"):
        begin = len(firm.journal())
        result, _, events = attempt(airflow, task_of(tmp_path), run_id)
        assert asked(firm, begin) == {"Token": 1} | dict.fromkeys(DEFAULT_RESOURCES, 1)
        assert rows(tmp_path) == held(firm)
        assert (result["loaded"], result["failed"], result["unchanged"]) == (len(LISTS), 0, 0)
        ledger = result["loads"]["account_transactions"]
        told = {"outcome", "path", "rows", "bytes", "began", "since", "seconds", "watermark"}
        assert (ledger.keys(), ledger["since"]) == (told, None)
        assert {uri.rpartition("/")[2]: event.extra["rows"] for uri, event in events.items()} == {
            resource: firm.totals(ALIAS)[resource] for resource in DEFAULT_RESOURCES
        }
        (extra,) = (event.extra for uri, event in events.items() if uri.endswith("/AccountTransactions"))
        assert extra["path"] == f"file://{tmp_path}/{ALIAS}/account_transactions.ndjson.gz"
        assert len(extra["sha256"]) == 64
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(LISTS)


def test_what_changed(firm: Sandbox, tmp_path: Path) -> None:
    """The second night's objects hold what changed since the first; a run that is cleared gives its own."""
    airflow = Airflow()
    changes = {"path": OF_A_RUN, "incremental": True}
    attempt(airflow, task_of(tmp_path, **changes))
    assert rows(tmp_path, run_id="1") == held(firm)
    for _ in range(2):
        begin = len(firm.journal())
        result, _, _ = attempt(airflow, task_of(tmp_path, **changes), "2", max_tries=_)
        reads = {
            entry.path.rpartition("/")[2]: CHANGED in parse_qs(entry.query)
            for entry in firm.journal()[begin:]
            if entry.method == "GET"
        }
        assert reads == {resource: resource != "VatCodes" for resource in DEFAULT_RESOURCES}
        assert (result["loaded"], result["unchanged"]) == (len(LISTS), len(LISTS) - 1)
        assert result["loads"]["customers"]["since"]
        assert rows(tmp_path, run_id="2")["vat_codes"] == firm.totals(ALIAS)["VatCodes"]
        assert rows(tmp_path, run_id="2")["account_transactions"] < firm.totals(ALIAS)["AccountTransactions"]
    assert rows(tmp_path, run_id="1") == held(firm)


def test_a_list_that_fails(firm: Sandbox, tmp_path: Path) -> None:
    """It stops no other and is named with its reason; a retry copies it alone."""
    airflow = Airflow()
    firm.add_fault(action="status", status=503, path="/Projects", times=0)
    result, ti, _ = attempt(airflow, task_of(tmp_path))
    assert isinstance(result, LoadsFailedError)
    assert str(result).startswith(f"[{ALIAS}] 1 of 8 loads failed: projects: ServerError: ")
    assert list(ti.pushed[LOADS]["failed"]) == ["projects"]
    left = ti.pushed["return_value"]["loads"]["projects"]
    assert (left["outcome"], left["path"]) == ("failed", f"file://{tmp_path}/{ALIAS}/projects.ndjson.gz")
    expected = held(firm)
    assert rows(tmp_path) == {name: expected[name] for name in LISTS if name != "projects"}
    firm.clear_faults()
    begin = len(firm.journal())
    result, _, events = attempt(airflow, task_of(tmp_path))
    assert set(asked(firm, begin)) == {"Token", "Projects"}
    assert (result["loaded"], rows(tmp_path), len(events)) == (len(LISTS), expected, len(LISTS))


def test_an_object_that_cannot_be(firm: Sandbox, tmp_path: Path) -> None:
    """A folder in the place of one object fails that list alone, before it is read."""
    (tmp_path / ALIAS / "customers.ndjson.gz").mkdir(parents=True)
    begin = len(firm.journal())
    result, _, _ = attempt(Airflow(), task_of(tmp_path))
    assert isinstance(result, AirflowFailException)
    assert "1 of 8 loads failed: customers: ValueError: object_path" in str(result)
    assert "Customers" not in asked(firm, begin)


def test_one_object_by_templates(firm: Sandbox, tmp_path: Path) -> None:
    """Two lists whose paths are the same when they are rendered are refused before anything is read."""
    begin = len(firm.journal())
    path = "/{{ company }}/{{ resource[:3] }}.ndjson.gz"
    result, _, _ = attempt(Airflow(), task_of(tmp_path, path, resources=["Products", "Projects"]))
    assert isinstance(result, AirflowFailException)
    assert "'products' and 'projects' go into one object" in str(result)
    assert asked(firm, begin) == {}


def test_killed_in_the_middle(firm: Sandbox, tmp_path: Path) -> None:
    """What was copied is noted and whole, nothing else is there, and the retry does the rest."""
    airflow = Airflow()
    with timed_out_in_the_middle(firm, airflow, ALIAS):
        result, ti, _ = attempt(airflow, task_of(tmp_path))
    assert isinstance(result, AirflowTaskTimeout)
    assert ti.pushed["return_value"]["loads"]["suppliers"]["outcome"] == "unknown"
    for thread in threading.enumerate():
        if thread.name == "poweroffice-jobs":
            thread.join(60)
            assert not thread.is_alive()
    done = set(airflow.states["1"][f"{DONE}.{ALIAS}"]["loads"])
    whole, expected = rows(tmp_path), held(firm)
    assert "suppliers" not in whole
    assert done <= whole.keys()
    assert whole == {name: expected[name] for name in whole}
    firm.clear_faults()
    begin = len(firm.journal())
    attempt(airflow, task_of(tmp_path))
    assert set(asked(firm, begin)) == {"Token", *(LISTS[name] for name in LISTS.keys() - done)}
    assert rows(tmp_path) == expected
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(LISTS)


def killed(told: dict[str, Any], until: Callable[[], bool] | None = None) -> None:
    """Have a worker copy the company, and kill it when it is there, or see it killed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    worker = subprocess.Popen([sys.executable, "-m", "company_worker", json.dumps(told)], env=environment)
    try:
        end = time.monotonic() + 120
        while until and not until():
            assert (worker.poll(), time.monotonic() < end) == (None, True)
            time.sleep(0.05)
        if until:
            worker.kill()
        assert worker.wait(120) == -signal.SIGKILL
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("incremental", [False, True], ids=["whole", "changes"])
@pytest.mark.parametrize("at", ["read", "open", "os.rename"])
def test_killed_by_force(firm: Sandbox, tmp_path: Path, at: str, incremental: bool) -> None:
    """
    A worker is killed (``kill -9``) in the middle of a file: while it is read, written, or put in place.

    Each object is there whole, or as it was before; the retry does the rest; nothing is doubled or lost.
    """
    lake, alias = tmp_path / "lake", ALIAS
    told: dict[str, Any] = {
        "home": str(tmp_path / "airflow"),
        "run_id": "1",
        "company": alias,
        "path": f"file://{lake}{OF_A_RUN if incremental else PATH}",
        "resources": DEFAULT_RESOURCES | {"Suppliers": PAGED},
        "incremental": incremental,
        "retry_options": FAST,
    }
    run = "1" if incremental else ""
    old = lake / alias / ("suppliers/1.ndjson.gz" if incremental else "suppliers.ndjson.gz")
    old.parent.mkdir(parents=True)
    old.write_bytes(gzip.compress(b'{"Id": 1}\n'))
    partial = str(old.parent / f".{hashlib.sha256(old.name.encode()).hexdigest()[:16]}.partial-")
    notes = OnDisk(tmp_path / "airflow/states/1")

    def done() -> set[str]:
        return set((notes.get(f"{DONE}.{alias}") or {"loads": ()})["loads"])

    if at == "read":
        firm.add_fault(action="delay", seconds=120, path="/Suppliers", every=3)
        killed(told, lambda: firm.count("GET", "/Suppliers") == 3 and len(done()) == len(LISTS) - 1)
        firm.clear_faults()
    else:
        killed(told | {"die": [at, partial if at == "open" else str(old)]})
    expected, whole = held(firm), rows(lake, run_id=run)
    assert whole == {name: expected[name] for name in whole} | {"suppliers": 1}
    assert done() <= whole.keys() - {"suppliers"}
    before, begin = done(), len(firm.journal())
    result = copy_company(**told)
    assert set(asked(firm, begin)) == {"Token", *(LISTS[name] for name in LISTS.keys() - before)}
    assert (result["loaded"], rows(lake, run_id=run)) == (len(LISTS), expected)
    assert len([path for path in lake.rglob("*") if path.is_file()]) == len(LISTS), "and no part of one"
    if not incremental:
        return
    copy_company(**told | {"run_id": "2"})
    again = rows(lake, run_id="2")
    assert again["account_transactions"] < expected["account_transactions"], "the watermark was kept"


def test_a_refused_key(firm: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of once, and nothing is written."""
    connect(monkeypatch, firm, fjordlys="c11e0bad-0000-4000-8000-00000000bad0")
    begin = len(firm.journal())
    result, _, _ = attempt(Airflow(), task_of(tmp_path))
    assert isinstance(result, AirflowFailException)
    assert str(result).startswith(f"AuthenticationError: [{ALIAS}] ")
    assert (asked(firm, begin), rows(tmp_path)) == ({"Token": 1}, {})


def test_missing_privilege(firm: Sandbox, tmp_path: Path) -> None:
    """A module that a company lacks is left out; an object of an earlier night stays."""
    firm.set_privileges("havblaast", remove=["Customer", "Customer_Full", "CustomerProspect_Full"])
    task = task_of(tmp_path, on_missing_privilege="skip")
    result, _, _ = attempt(Airflow(), task, company="havblaast")
    assert (result["loaded"], result["left_out"]) == (len(LISTS) - 1, 1)
    assert "customers" not in rows(tmp_path, "havblaast")
    assert not [asset for asset in task.outlets if asset.uri.endswith("/Customers")]


def test_parquet(firm: Sandbox, tmp_path: Path) -> None:
    """Other formats, and what one list is given, are each list's own."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - takes a second

    resources = {
        "Customers": {},
        "VatCodes": {"format": "ndjson.gz", "object_path": f"file://{tmp_path}/{ALIAS}.vat.ndjson.gz"},
    }
    path = "/{{ company }}/{{ resource }}.parquet"
    result, _, _ = attempt(Airflow(), task_of(tmp_path, path, resources=resources, format="parquet"))
    assert result["loaded"] == 2
    assert (
        pq.read_metadata(tmp_path / ALIAS / "customers.parquet").num_rows == firm.totals(ALIAS)["Customers"]
    )
    assert (tmp_path / f"{ALIAS}.vat.ndjson.gz").exists()


def several(lake: Path, *companies: str, path: str = PATH) -> PowerOfficeCompanyToObjectStorageOperator:
    """Make the task of several companies."""
    loads = {"customers": {"endpoint": "Customers", "object_path": f"file://{lake}{path}"}}
    task = PowerOfficeCompanyToObjectStorageOperator(
        task_id="company", companies=list(companies), loads=loads, retry_options=FAST
    )
    task.render_template_fields({"run_id": "1", "params": {}})  # type: ignore[typeddict-item]
    return task


if HAS_ASSET_STATE:

    def test_several_companies(firm: Sandbox, tmp_path: Path) -> None:
        """Each company has its objects, the asset one event with all paths; no company writes another's."""
        names = ["fjordlys", "havblaast"]
        result, _, events = Airflow().run(several(tmp_path, *names))
        assert result["loaded"] == 2
        for alias in names:
            assert rows(tmp_path, alias) == {"customers": firm.totals(alias)["Customers"]}
        (event,) = events.values()
        assert event.extra["companies"] == names
        assert event.extra["paths"] == [f"file://{tmp_path}/{alias}/customers.ndjson.gz" for alias in names]
        with pytest.raises(ValueError, match="is one object for all companies of the task"):
            several(tmp_path, *names, path="/customers.ndjson.gz")
        path = "/{{ company | length }}.ndjson.gz"
        result, _, _ = Airflow().run(several(tmp_path, *names, path=path))
        assert isinstance(result, AirflowFailException)
        assert "does not hold the company 'fjordlys'" in str(result)


TWO = ["fjordlys", "havblaast"]
LAKE = "s3://aws_default@lake"


@pytest.mark.parametrize(
    ("path", "arguments", "words"),
    [
        ("/{{ resource }}.ndjson.gz", {"companies": TWO}, "is one object for all mapped tasks"),
        ("/{{ company }}.ndjson.gz", {"companies": TWO}, "go into one object"),
        ("/{{ company }}.ndjson.gz", {}, "write {{ resource }} into its path"),
        (PATH, {"incremental": True}, "is the same in all runs, and what changed in AccountTransactions"),
        ("/{{ dag.dag_id }}" + PATH, {"incremental": True}, "is the same in all runs"),
        (PATH, {"incremental": "yes"}, "incremental must be True or False"),
        (PATH, {"resources": {"Customers": {"incremental": True}}}, "is the same in all runs"),
        (
            PATH,
            {"resources": {"VatCodes": {"incremental": True}}},
            "VatCodes cannot be read by changed_since",
        ),
        (PATH, {"resources": ["Custmers"]}, "did you mean 'Customers'?"),
        (PATH, {"resources": ["Weather"]}, "{'Weather': {'incremental': False}}"),
        (PATH, {"resources": {"Customers": {"retries": 5}}}, "'retries' is for a task"),
        (PATH, {"resources": {"Customers": {"table": "t"}}}, "table"),
        (PATH, {"sql_conn_id": "db"}, "sql_conn_id"),
        (PATH.replace(".ndjson.gz", ".parquet"), {}, "does not fit format='ndjson.gz'"),
        (PATH, {"format": "parquet"}, "{{ resource }}.ndjson.gz' does not fit format='parquet'"),
        ("/{company}/{resource}.ndjson.gz", {}, "holds '{' (a template has two, {{ company }}"),
        (PATH, {"endpoint": "Customers"}, "endpoint='Customers' cannot be given to a group"),
        (PATH, {"query": {"a": "b"}}, "query={'a': 'b'} would not reach 'AccountTransactions'"),
        (PATH, {"mode": "append"}, "company_to_object_storage has no argument mode='append'"),
        (PATH, {"format": "csv"}, "unknown format 'csv'"),
        (PATH, {"picture": "file:///night.html"}, "give companies="),
        (PATH, {"companies": "all"}, "is not a source of companies"),
        (PATH, {"companies": ["a", "A"]}, "names a twice"),
        (PATH, {"api_version": "v3"}, "api_version must be one of 'v2', 'v1'"),
        (PATH, {"api_version": "v1"}, "name yours, resources=['Customer']"),
        (PATH, {"d365fo_conn_id": "fo"}, "name yours, resources=['CustomersV3']"),
        (
            PATH,
            {"companies": TWO, "picture": "night.html"},
            "picture: object_path 'night.html' has no scheme",
        ),
    ],
)
def test_refused(path: str, arguments: dict[str, Any], words: str) -> None:
    """What cannot work is refused while the DAG file is read, and the way out is named."""
    with pytest.raises((ValueError, TypeError)) as caught, DAG("d", schedule=None):
        company_to_object_storage(LAKE + path, **arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/lake/{{ company }}/{{ resource }}.ndjson.gz", "has no scheme; write file:///path"),
        ("file:///{{ run_id }}//{{ resource }}.ndjson.gz", "has an empty part"),
        ("s3:/lake/{{ resource }}.ndjson.gz", "has no scheme"),
    ],
)
def test_a_template_that_cannot_be(path: str, words: str) -> None:
    """What is wrong of a path whatever its template gives is told while the DAG file is read."""
    with pytest.raises(ValueError, match=words) as caught, DAG("d", schedule=None):
        company_to_object_storage(path)
    assert repr(path) in str(caught.value)
    for whole in (
        "{{ params.path }}",
        "{{ params.lake }}/{{ resource }}",
        "s3://lake/{{ params.name }}",
        "file://{{ params.lake }}/{{ {'a': {'b': '}}'}}['a'] }}.ndjson.gz",
        "s3://lake/{% if params.all %}all.ndjson.gz{% else %}x.ndjson.gz{% endif %}",
        "s3://lake/{# where #}{{ resource }}.ndjson.gz",
    ):
        with DAG("d", schedule=None):
            company_to_object_storage(whole, resources=["Customers"])


def test_tasks() -> None:
    """A group has a task for each company, who lists them, and who sums up; its name says what it is."""
    with DAG("d", schedule=None) as dag:
        group = company_to_object_storage(
            LAKE + PATH, companies="connection", pool="p", paging={"concurrency": 2}
        )
        group >> company_to_object_storage(LAKE + "/2" + PATH, companies=TWO, group_id="again")
    tasks = dag.task_dict
    names = [f"company_to_object_storage.{name}" for name in ("companies", "company", "summary")]
    assert sorted(tasks) == sorted([*names, "again.company", "again.summary"])
    company: Any = tasks["company_to_object_storage.company"]
    assert (company.pool, company.map_index_template) == ("p", "{{ company }}")
    loads = company.partial_kwargs["loads"]
    assert (sorted(loads), loads["customers"]["paging"]) == (sorted(LISTS), {"concurrency": 2})
    assert loads["vat_codes"]["query"] == {"includeExpired": "true"}
    summary: Any = tasks["company_to_object_storage.summary"]
    assert (summary.pool, summary.sql_conn_id) == ("p", None)
    assert summary.loads["customers"] == {"endpoint": "Customers", "object_path": LAKE + PATH}


def test_a_real_night(
    firm: Sandbox, run_dag: Callable[..., Any], lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real Airflow: a company with a refused key stops no other; the summary and the picture say so."""
    connect(monkeypatch, firm, havblaast="c11e0bad-0000-4000-8000-00000000bad0")
    begin, run = len(firm.journal()), run_dag("poweroffice_company_to_lake")
    summary = xcoms(run)["company_to_object_storage.summary.return_value"]
    others = [alias for alias in firm.aliases() if alias != "havblaast"]
    assert sorted({failure["company"] for failure in summary["failed"]}) == ["havblaast"]
    assert sorted(summary["succeeded"]) == sorted(others)
    assert asked(firm, begin)["Token"] == len(firm.aliases())
    for alias in others:
        assert rows(lake / "poweroffice", alias)["customers"] == firm.totals(alias)["Customers"]
    page = (lake / "night_of_files.html").read_text()
    assert "✗" not in page, "its lists were not begun"
    assert "○" in page
    assert "✓" in page


def test_a_worker_that_dies_leaves_the_company(firm: Sandbox, tmp_path: Path) -> None:
    """Before it asks for a list, the company is told to the summary."""
    asked_before: dict[str, int] = {}

    class Watched(TaskInstance):
        def xcom_push(self, key: str, value: Any) -> None:
            asked_before[key] = firm.count("GET", "/Customers")
            super().xcom_push(key, value)

    ti = Watched(run_id="1")
    task = task_of(tmp_path, resources=["Customers"])
    task.company = ALIAS
    task.render_template_fields({"run_id": "1"})
    task.execute({"run_id": "1", "ti": ti})
    assert ti.pushed["poweroffice_company"] == {"company": ALIAS, "map_index": 0, "error": None}
    assert (asked_before["poweroffice_company"], firm.count("GET", "/Customers")) == (0, 1)
