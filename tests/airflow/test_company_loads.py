"""All of a company by one task: what it reads, what fails alone, what a retry does, and what it costs."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow.sdk import DAG
from company_tries import Airflow, TaskInstance, asked, connect, timed_out_in_the_middle
from jinja2 import UndefinedError
from sql_loads import FAST, Query, Store
from support.airflow_home import HOME, xcoms
from support.databases import postgres_database

from airflow_provider_poweroffice._compat import (
    HAS_ASSET_STATE,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES, load_company
from airflow_provider_poweroffice.tasks.company import KEY, LOADS, LoadsFailedError, instances_of, summarize
from airflow_provider_poweroffice.tasks.company_notes import DONE
from airflow_provider_poweroffice.tasks.night import rows_of
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeCompanyToSqlOperator,
    PowerOfficeToSqlOperator,
)
from poweroffice_sandbox import Sandbox
from tests.infrastructure.postgres_server import PostgresServer

ALIAS = "fjordlys"
TABLES = {
    "account_transactions": "AccountTransactions",
    "customers": "Customers",
    "departments": "Departments",
    "general_ledger_accounts": "GeneralLedgerAccounts",
    "products": "Products",
    "projects": "Projects",
    "suppliers": "Suppliers",
    "vat_codes": "VatCodes",
}
REFUSED = "c11e0bad-0000-4000-8000-00000000bad0"
NIGHT = ["fjordlys", "havblaast", "bjorkasen", "granli"]
CHANGED = "lastChangedDateTimeOffsetGreaterThan"


def task_of(company: str | None = ALIAS, **arguments: Any) -> PowerOfficeCompanyToSqlOperator:
    """Make the task that ``load_company`` makes of one company, of the alias given."""
    with DAG("d", schedule=None) as dag:
        load_company("db", tasks="company", retry_options=FAST, **arguments)
    task = dag.get_task("load_company.company")
    task.company = company
    return task


def rows(query: Query, alias: str = ALIAS) -> dict[str, int]:
    """Count a company's rows in each table."""
    return {
        table: query(f"SELECT count(*) FROM {table} WHERE _company = '{alias}'")[0][0] for table in TABLES
    }


def held(sandbox: Sandbox, alias: str = ALIAS) -> dict[str, int]:
    """Count a company's rows in the sandbox."""
    return {table: sandbox.totals(alias)[resource] for table, resource in TABLES.items()}


def test_first_and_second_night(firm: Sandbox, query: Query) -> None:
    """One token and every row; then what changed; receipts, events and watermarks of each list as ever."""
    airflow, begin = Airflow(), len(firm.journal())
    assert sorted(TABLES.values()) == sorted(DEFAULT_RESOURCES)
    result, ti, events = airflow.run(task_of())
    assert rows(query) == held(firm)
    assert asked(firm, begin)["Token"] == 1
    told = {name: load["rows"] for name, load in result["loads"].items()}
    assert (told, result["loaded"], result["failed"]) == (held(firm), len(TABLES), 0)
    assert len(json.dumps(result)) < 2500
    assert list(ti.pushed) == [KEY]
    assert {uri.rpartition("/")[2]: event.extra["rows"] for uri, event in events.items()} == firm_rows(firm)
    begin = len(firm.journal())
    result, _, _ = airflow.run(task_of(), "2")
    assert (rows(query), result["loaded"], result["unchanged"]) == (held(firm), len(TABLES), len(TABLES) - 1)
    assert result["loads"]["vat_codes"]["outcome"] == "loaded", "it is read whole"
    night = firm.journal()[begin:]
    lists = [parse_qs(entry.query) for entry in night if "VatCodes" not in entry.path]
    assert sum(CHANGED in one for one in lists) == len(TABLES) - 1
    assert asked(firm, begin)["Token"] == 1
    ((task,),) = query("SELECT DISTINCT _task FROM vat_codes")
    assert task == "d.load_company.company.vat_codes"


def firm_rows(sandbox: Sandbox) -> dict[str, int]:
    """Count the rows of the default resources of the company."""
    return {resource: sandbox.totals(ALIAS)[resource] for resource in DEFAULT_RESOURCES}


def test_the_other_shape_goes_on(firm: Sandbox, query: Query) -> None:
    """A task for each resource begins, a task for the company goes on from its watermarks, and back."""
    airflow = Airflow()
    with DAG("d", schedule=None) as dag:
        load_company("db", resources=["Customers", "Products"], retry_options=FAST)
    singles: list[Any] = list(dag.tasks)
    for task in singles:
        assert isinstance(task, PowerOfficeToSqlOperator)
        task.company = ALIAS
        airflow.run(task, task_id=task.task_id)
    for run_id, tasks in (("2", [task_of(resources=["Customers", "Products"])]), ("3", singles)):
        begin = len(firm.journal())
        for task in tasks:
            airflow.run(task, run_id, task_id=task.task_id)
        entries = [entry for entry in firm.journal()[begin:] if "Fields" not in parse_qs(entry.query)]
        reads = [parse_qs(entry.query) for entry in entries if entry.method == "GET"]
        assert len(reads) >= 2
        assert all(CHANGED in one for one in reads)
    assert query("SELECT count(*) FROM customers")[0][0] == firm.totals(ALIAS)["Customers"]


def test_a_load_that_fails(firm: Sandbox, query: Query) -> None:
    """It stops no other and is named with its reason; a retry does it alone, a cleared task does all."""
    airflow = Airflow()
    fault = firm.add_fault(action="status", status=503, path="/Projects", times=0)
    result, ti, _ = airflow.run(task_of())
    assert isinstance(result, LoadsFailedError), "may be retried"
    assert str(result).startswith(f"[{ALIAS}] 1 of 8 loads failed: projects: ServerError: ")
    assert fault.hits
    left = ti.pushed["return_value"]["loads"]["projects"]
    assert (left["outcome"], left["table"], left["seconds"] > 0) == ("failed", "projects", True)
    assert ti.pushed["return_value"]["loaded"] == len(TABLES) - 1
    assert list(ti.pushed[LOADS]["failed"]) == ["projects"]
    firm.clear_faults()
    begin = len(firm.journal())
    result, _, events = airflow.run(task_of())
    assert set(asked(firm, begin)) == {"Token", "Projects"}
    assert (result["loaded"], rows(query)) == (len(TABLES), held(firm))
    assert {uri.rpartition("/")[2]: event.extra["rows"] for uri, event in events.items()} == firm_rows(firm)
    begin = len(firm.journal())
    airflow.run(task_of(), max_tries=2)
    assert set(asked(firm, begin)) == {"Token", *DEFAULT_RESOURCES}
    begin = len(firm.journal())
    airflow.run(task_of("havblaast"), max_tries=2)  # cleared with another list of companies
    assert rows(query, "havblaast") == held(firm, "havblaast")
    assert all(
        CHANGED not in parse_qs(entry.query)
        for entry in firm.journal()[begin:]
        if "Fields" not in entry.query
    )


def test_killed_in_the_middle(firm: Sandbox, query: Query) -> None:
    """What was loaded stays noted, no request leaves afterwards, and the retry does the rest."""
    airflow = Airflow()
    with timed_out_in_the_middle(firm, airflow, ALIAS):
        result, ti, _ = airflow.run(task_of())
    assert isinstance(result, AirflowTaskTimeout)
    left = ti.pushed["return_value"]["loads"]
    assert (left["suppliers"]["outcome"], LOADS in ti.pushed) == ("unknown", False)
    for thread in threading.enumerate():
        if thread.name == "poweroffice-jobs":  # the database may still have worked at its statement
            thread.join(60)
            assert not thread.is_alive()
    done = set(airflow.states["1"][f"{DONE}.{ALIAS}"]["loads"])
    assert "suppliers" not in done
    firm.clear_faults()
    begin = len(firm.journal())
    result, _, _ = airflow.run(task_of())
    assert set(asked(firm, begin)) == {"Token", *(TABLES[name] for name in TABLES.keys() - done)}
    assert (result["loaded"], rows(query)) == (len(TABLES), held(firm))


def test_what_all_loads_need(firm: Sandbox, lite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused key and a lost database are told of once, and end the task; the key does so for good."""
    connect(monkeypatch, firm, fjordlys=REFUSED)
    begin = len(firm.journal())
    result, ti, _ = Airflow().run(task_of())
    assert isinstance(result, AirflowFailException)
    assert str(result).startswith(f"AuthenticationError: [{ALIAS}] ")
    assert asked(firm, begin) == {"Token": 1}
    assert LOADS not in ti.pushed
    connect(monkeypatch, firm)
    lost = {"conn_type": "sqlite", "host": str(lite / "no" / "such" / "folder")}
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps(lost))
    begin, ti = len(firm.journal()), TaskInstance(run_id="1")
    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        task_of().execute({"run_id": "1", "ti": ti})  # type: ignore[typeddict-item]
    assert asked(firm, begin) == {}
    assert "unable to open database file" in ti.pushed[KEY]["error"]


def test_lost_on_the_way(firm: Sandbox, lite: Path) -> None:
    """A database that goes away on the way ends the task: the other lists are not read."""

    class Losing(Store):
        """Loses the database when the departments are loaded."""

        def set(self, key: str, value: Any, *, retention: Any = None) -> None:
            super().set(key, value, retention=retention)
            if key.startswith(DONE) and "departments" in value["loads"]:
                lite.rename(lite.parent / "gone")
                lite.mkdir()

    airflow, begin = Airflow(), len(firm.journal())
    airflow.states["1"] = Losing()
    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        airflow.run(task_of())
    names = list(DEFAULT_RESOURCES)
    assert set(asked(firm, begin)) == {"Token", *names[: names.index("Departments") + 1]}


def test_missing_privilege(firm: Sandbox, lite: Path) -> None:
    """A module that a company lacks fails its load for good, or is left out, without an event."""
    firm.set_privileges("havblaast", remove=["Customer", "Customer_Full", "CustomerProspect_Full"])
    result, ti, _ = Airflow().run(task_of("havblaast"))
    assert isinstance(result, AirflowFailException)
    assert "1 of 8 loads failed: customers: PermissionDeniedError: GET /v2/Customers: 403" in str(result)
    task = task_of("havblaast", on_missing_privilege="skip")
    result, ti, _ = Airflow().run(task)
    assert (result["loaded"], result["left_out"]) == (len(TABLES) - 1, 1)
    assert list(ti.pushed[LOADS]["left_out"]) == ["customers"]
    assert not [asset for asset in task.outlets if asset.uri.endswith("/Customers")]
    with sqlite3.connect(lite) as books:
        ((stored,),) = books.execute("SELECT count(*) FROM suppliers")
    assert stored == firm.totals("havblaast")["Suppliers"]
    alone = task_of("havblaast", resources=["Customers"], on_missing_privilege="skip")
    assert isinstance(Airflow().run(alone)[0], AirflowSkipException)


class Dying(TaskInstance):
    """The task instance of a worker that is killed when it has told of a number of companies."""

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it, or be killed."""
        super().xcom_push(key, value)
        if key == f"{LOADS}.{self.last - 1}":
            raise SystemExit


class Counting(TaskInstance):
    """Keeps the size of all that is pushed."""

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it."""
        super().xcom_push(key, value)
        self.sizes.append(len(json.dumps(value)))


def several(*companies: str, loads: Any = None) -> PowerOfficeCompanyToSqlOperator:
    """Make the task of several companies."""
    loads = loads or task_of().loads
    return PowerOfficeCompanyToSqlOperator(
        task_id="company", sql_conn_id="db", companies=list(companies), loads=loads, retry_options=FAST
    )


def summed_up(ti: TaskInstance, state: str) -> tuple[dict[str, Any], dict[Any, str]]:
    """Sum up as the summary does what the task left: the summary, and outcomes by company and resource."""
    told = SimpleNamespace(
        dag_id="d",
        run_id="1",
        get_task_states=lambda **_: {"1": {"company_0": state}},
        xcom_pull=lambda task_ids, key: [ti.pushed[key]] if key in ti.pushed else None,  # noqa: ARG005 - Airflow's
    )
    instances = instances_of(told, "company", [NIGHT])
    found = summarize([outcome for one in instances for outcome in one.outcomes()], NIGHT)
    loads = {name: {"endpoint": TABLES[name], "table": name} for name in TABLES}
    rows = rows_of(told, {"company": instances}, loads, NIGHT)
    return found, {(row.company, row.table_name): row.outcome for row in rows}


def several_companies(firm: Sandbox, lite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token each; one that fails stops no other; a retry does what is left, a cleared task all."""
    connect(monkeypatch, firm, granli=REFUSED)
    firm.set_privileges("havblaast", remove=["Customer", "Customer_Full", "CustomerProspect_Full"])
    firm.set_privileges("bjorkasen", add=["AccountTransaction", "GeneralLedgerAccount", "Supplier"])
    firm.add_fault(action="status", status=503, path="/Projects", times=0)
    airflow, begin = Airflow(), len(firm.journal())
    result, ti, events = airflow.run(several(*NIGHT))
    assert isinstance(result, LoadsFailedError), "may be retried, as one load may pass"
    assert str(result).startswith(
        "4 of 4 companies failed: [fjordlys] 1 of 8 loads failed: projects: ServerError"
    )
    assert (asked(firm, begin)["Token"], dict(events)) == (4, {})
    left = ti.pushed["return_value"]
    assert (left["loaded"], left["failed"], left["map_index"]) == (20, 4, 0)
    found, outcomes = summed_up(ti, "failed")
    assert found["succeeded"] == []
    assert [(cause["what"], cause["companies"]) for cause in found["causes"]] == [
        ("projects", ["fjordlys", "havblaast", "bjorkasen"]),
        ("customers", ["havblaast"]),
        ("company", ["granli"]),
    ]
    assert Counter(outcomes.values()) == {"loaded": 20, "failed": 4, "not_run": 8}

    firm.set_privileges("havblaast", add=["Customer", "Customer_Full", "CustomerProspect_Full"])
    firm.clear_faults()
    connect(monkeypatch, firm)
    begin = len(firm.journal())
    result, ti, events = airflow.run(several(*NIGHT))
    assert asked(firm, begin) == {"Token": 4, "Projects": 4, "Customers": 2} | dict.fromkeys(
        {*TABLES.values()} - {"Projects", "Customers"}, 1
    )
    assert (result["loaded"], len(result["companies"])) == (32, 4)
    assert summed_up(ti, "success")[0]["succeeded"] == NIGHT
    (ledger,) = (event.extra for uri, event in events.items() if uri.endswith("/AccountTransactions"))
    everything = sum(firm.totals(alias)["AccountTransactions"] for alias in NIGHT)
    assert (ledger["companies"], ledger["rows"]) == (NIGHT, everything)
    with sqlite3.connect(lite) as books:
        stored = books.execute("SELECT _company, count(*) FROM account_transactions GROUP BY _company")
        assert dict(stored) == {alias: firm.totals(alias)["AccountTransactions"] for alias in NIGHT}
    begin = len(firm.journal())
    airflow.run(several("granli", "fjordlys"), max_tries=2)
    assert asked(firm, begin)["Token"] == 2


def several_and_killed(firm: Sandbox, lite: Path) -> None:
    """What was done before is told of, and done; what was not is unknown; the retry does the rest."""
    airflow = Airflow()
    ti = Dying(run_id="1", last=2)
    firm.set_privileges("bjorkasen", add=["AccountTransaction", "GeneralLedgerAccount", "Supplier"])
    context: Any = {"run_id": "1", "ti": ti, "task_state_store": airflow.states.setdefault("1", Store())}
    with pytest.raises(SystemExit):
        several(*NIGHT).execute(context | {"asset_state_store": airflow.kept})
    found, outcomes = summed_up(ti, "failed")
    assert found["succeeded"] == NIGHT[:2]
    assert {company for (company, _), outcome in outcomes.items() if outcome == "loaded"} == {*NIGHT[:2]}
    assert {company for (company, _), outcome in outcomes.items() if outcome == "unknown"} == {*NIGHT[2:]}
    begin = len(firm.journal())
    result, _, _ = airflow.run(several(*NIGHT))
    assert (asked(firm, begin)["Token"], result["loaded"]) == (2, 32)
    assert lite.exists()


def several_that_fail(firm: Sandbox, lite: Path) -> None:
    """What is left for the summary grows with the companies, and not with their square, where all fail."""
    pushed = {}
    for count in (10, 40):
        ti = Counting(run_id=str(count), sizes=[])
        task = several(*(f"nobody-{n}" for n in range(count)))
        with pytest.raises(AirflowFailException, match=f"{count} of {count} companies failed"):
            task.execute({"run_id": str(count), "ti": ti})  # type: ignore[typeddict-item]
        for n in range(count):
            assert f"unknown company 'nobody-{n}'" in ti.pushed[f"{LOADS}.{n}"]["error"]
        pushed[count] = sum(ti.sizes)
    assert pushed[40] < 4.2 * pushed[10]
    assert (firm.count("POST", "/Token"), lite.exists()) == (0, True)


def several_without_a_database(firm: Sandbox, lite: Path) -> None:
    """A database that goes away is told of for each company, and asked for no more."""

    class Losing(Store):
        """Loses the database when the first company is loaded."""

        def set(self, key: str, value: Any, *, retention: Any = None) -> None:
            super().set(key, value, retention=retention)
            if key.startswith(DONE) and len(value["loads"]) == len(TABLES):
                lite.rename(lite.parent / "gone")
                lite.mkdir()

    airflow, begin = Airflow(), len(firm.journal())
    airflow.states["1"] = Losing()
    result, ti, _ = airflow.run(several(*NIGHT))
    assert isinstance(result, LoadsFailedError)
    assert asked(firm, begin)["Token"] == 1
    found, outcomes = summed_up(ti, "failed")
    assert (found["succeeded"], found["causes"][0]["companies"]) == (NIGHT[:1], NIGHT[1:])
    assert "unable to open database file" in found["causes"][0]["error"]
    assert Counter(outcomes.values()) == {"loaded": 8, "not_run": 24}


def several_left_out(firm: Sandbox, lite: Path) -> None:
    """A company that lacks the module of all its loads counts as left out, though the task has succeeded."""
    firm.set_privileges("havblaast", remove=["Customer", "Customer_Full", "CustomerProspect_Full"])
    loads = task_of(resources=["Customers"], on_missing_privilege="skip").loads
    result, ti, _ = Airflow().run(several(*NIGHT[:2], loads=loads))
    assert (result["loaded"], result["left_out"]) == (1, 1)
    told = ti.pushed[f"{LOADS}.1"]["left_out"]["customers"]
    assert len(told) <= 1000, "XCom lives in Airflow's database"
    found, _ = summed_up(ti, "success")
    assert found["succeeded"] == ["fjordlys"]
    assert lite.exists()


def several_templates(firm: Sandbox, lite: Path) -> None:
    """Each company's loads are rendered with its alias, when its turn comes."""
    loads = {"customers": {"endpoint": "Customers", "table": "{{ company }}_customers"}}
    task, context = several(*NIGHT[:2], loads=loads), {"run_id": "1", "params": {}}
    task.render_template_fields(context)  # type: ignore[arg-type]
    assert (task.loads, context["companies"]) == (loads, NIGHT[:2])
    task.execute(context)  # type: ignore[arg-type]
    with sqlite3.connect(lite) as books:
        for alias in NIGHT[:2]:
            ((stored,),) = books.execute(f"SELECT count(*) FROM {alias}_customers")
            assert stored == firm.totals(alias)["Customers"]


if HAS_ASSET_STATE:
    test_several_companies = several_companies
    test_several_and_killed = several_and_killed
    test_several_that_fail = several_that_fail
    test_several_without_a_database = several_without_a_database
    test_several_templates = several_templates
    test_several_left_out = several_left_out
else:

    def test_several_companies() -> None:
        """They are refused where their watermarks could not be kept."""
        with pytest.raises(ValueError, match=r"companies_per_task\) need Airflow 3\.3"):
            several(*NIGHT)


@pytest.mark.parametrize(
    ("loads", "says"),
    [
        ({}, "loads must be a mapping"),
        ({"a": {"table": "t"}}, "loads['a'] must be a mapping of arguments with an endpoint"),
        ({"a": {"endpoint": "Customers", "table": "t", "company": "x"}}, "loads['a']: leave out 'company'"),
        ({"a": {"endpoint": "Customers", "table": "t", "retries": 2}}, "loads['a']: leave out 'retries'"),
        (
            {name: {"endpoint": name, "table": "t"} for name in ("Customers", "Products")},
            "'Customers' and 'Products' go into one table, t",
        ),
        ({"a": {"endpoint": "Customers", "table": "t", "mode": "swap"}}, "unknown mode 'swap'"),
    ],
)
def test_refused(loads: dict[str, Any], says: str) -> None:
    """What cannot work is refused while the DAG file is read, and named; also of a mapped task."""
    with pytest.raises((ValueError, TypeError)) as caught:
        PowerOfficeCompanyToSqlOperator(task_id="t", sql_conn_id="db", loads=loads)
    assert says in str(caught.value)
    with pytest.raises((ValueError, TypeError)) as caught:
        PowerOfficeCompanyToSqlOperator.partial(task_id="t", sql_conn_id="db", loads=loads).expand(
            company=["a"]
        )
    assert says in str(caught.value)


def test_templates() -> None:
    """Each load's own arguments are rendered, and nothing else of it; a None in one names load and field."""
    loads = {
        "trial": {
            "endpoint": "TrialBalance",
            "table": "t",
            "mode": "replace",
            "query": {"date": "{{ params.day }}"},
        }
    }
    task = PowerOfficeCompanyToSqlOperator(
        task_id="t", sql_conn_id="db", loads=loads, company="{{ params.who }}"
    )
    context: Any = {"params": {"day": "2026-01-31", "who": "a"}}
    task.render_template_fields(context)
    assert (task.company, task.loads["trial"]["query"]) == ("a", {"date": "2026-01-31"})
    assert loads["trial"]["query"] == {"date": "{{ params.day }}"}
    task = PowerOfficeCompanyToSqlOperator(task_id="t", sql_conn_id="db", loads=loads)
    with pytest.raises(AirflowFailException, match=r"loads\['trial'\]: query\['date'\]: the template"):
        task.render_template_fields({"params": {"day": None}})  # type: ignore[typeddict-item]
    task.company, ti = "a", TaskInstance()
    strict = DAG("d", schedule=None).get_template_env()
    with pytest.raises(UndefinedError, match=r"^loads\['trial'\]\['query'\]: .* has no .* 'day'$") as caught:
        task.render_template_fields({"params": {}, "ti": ti}, jinja_env=strict)  # type: ignore[typeddict-item]
    assert ti.pushed[KEY] == {"company": "a", "map_index": 0, "error": f"UndefinedError: {caught.value}"}


@pytest.fixture
def office(
    postgres: PostgresServer,
    airflow_db: None,  # noqa: ARG001 - the database is needed
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sandbox]:
    """Run a firm of small companies, whose warehouse is a PostgreSQL."""
    with sqlite3.connect(HOME / "airflow.db") as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables & {"asset_state_store", "asset_event"}:
            database.execute(f"DELETE FROM {table}")
    fields = postgres.airflow | {"schema": postgres_database(postgres, "psycopg2")["dbname"]}
    for name in ("WAREHOUSE", "DB"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(fields))
    with Sandbox(companies=5, customers=3, ledger_rows=40, rate_limit=0) as sandbox:
        sandbox.set_privileges("bjorkasen", add=["AccountTransaction", "GeneralLedgerAccount", "Supplier"])
        connect(monkeypatch, sandbox)
        yield sandbox


def test_what_nights_cost(office: Sandbox) -> None:
    """Companies of eight lists: a token a company, and requests; counted, as seconds are the machine's."""
    airflow, companies = Airflow(), office.aliases()
    tasks = {alias: task_of(alias) for alias in companies}
    costs = []
    for run_id in ("1", "2"):
        begin = len(office.journal())
        for index, alias in enumerate(companies):
            result, _, _ = airflow.run(tasks[alias], f"{run_id} of {alias}", map_index=index)
            assert result["loaded"] == len(TABLES)
        costs.append({name: count / len(companies) for name, count in asked(office, begin).items()})
    print(*costs, sep="\n")  # noqa: T201 - with -s
    first, quiet = costs
    assert first["Token"] == quiet["Token"] == 1
    kept = {(run_id, key.partition(".")[0]) for run_id, state in airflow.states.items() for key in state}
    assert len(kept) == 2 * len(airflow.states), "of each task: where its loads began, and which are done"
    assert (sum(first.values()), sum(quiet.values())) == (9, 15)
    stored = database_hook("db").get_records("SELECT _company, count(*) FROM customers GROUP BY _company")
    assert dict(stored) == {alias: office.totals(alias)["Customers"] for alias in companies}


def test_a_night_with_failures(
    office: Sandbox, run_dag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, lake: Path
) -> None:
    """A real Airflow: a task a company, failures told by cause; the next night reads what changed."""
    connect(monkeypatch, office, granli=REFUSED)
    for name in ("fjordlys", "havblaast"):
        office.set_privileges(name, remove=["Customer_Full", "CustomerProspect_Full"])
    office.set_privileges("bjorkasen", remove=["Supplier"])
    run = run_dag("night")
    assert len(run.get_task_instances()) == len(NIGHT) + 1
    summary = xcoms(run)["load_company.summary.return_value"]
    told = {cause["what"]: cause for cause in summary["causes"]}
    assert told["customers"]["companies"] == ["fjordlys", "havblaast"]
    assert told["customers"]["error"].startswith("PermissionDeniedError: GET /v2/Customers: 403")
    assert told["load_company.company"]["companies"] == ["granli"]
    assert told["load_company.company"]["error"].startswith("AuthenticationError: ")
    assert (len(summary["failed"]), summary["succeeded"]) == (3, ["bjorkasen"])
    assert [(item["company"], item["load"]) for item in summary["left_out"]] == [("bjorkasen", "suppliers")]
    assert events() == {resource: int(resource != "Suppliers") for resource in DEFAULT_RESOURCES}
    state = (
        "SELECT company, outcome, count(*), sum(rows_loaded) FROM _loads WHERE run_id = '{}' GROUP BY 1, 2"
    )
    told = {(company, outcome): (count, total) for company, outcome, count, total in ask(state, run)}
    bjorkasen = sum(held(office, "bjorkasen").values()) - office.totals("bjorkasen")["Suppliers"]
    assert told["bjorkasen", "loaded"] == (len(TABLES) - 1, bjorkasen)
    assert told["bjorkasen", "left_out"] == (1, None)
    assert told["havblaast", "failed"] == (1, None)
    assert told["granli", "not_run"] == (len(TABLES), None)
    assert len(told) == 7
    assert "✗" in (lake / "night.html").read_text()

    connect(monkeypatch, office)
    for name in ("fjordlys", "havblaast"):
        office.set_privileges(name, add=["Customer_Full", "CustomerProspect_Full"])
    begin = len(office.journal())
    run = run_dag("night")
    summary = xcoms(run)["load_company.summary.return_value"]
    told = {outcome: count for company, outcome, count, _ in ask(state, run) if company == "bjorkasen"}
    assert told == {"loaded": 1, "unchanged": len(TABLES) - 2, "left_out": 1}
    assert (summary["succeeded"], summary["failed"]) == (NIGHT, [])
    assert asked(office, begin)["Token"] == len(NIGHT)
    assert events() == {resource: 3 if resource == "Suppliers" else 5 for resource in DEFAULT_RESOURCES}
    stored = database_hook("db").get_records("SELECT _company, count(*) FROM customers GROUP BY _company")
    assert dict(stored) == {alias: office.totals(alias)["Customers"] for alias in NIGHT}


def test_a_night_of_several_companies_a_task(office: Sandbox, run_dag: Callable[..., Any]) -> None:
    """A real Airflow: two companies a task, each named; the table of loads has all; the next goes on."""
    for _ in range(2 if HAS_ASSET_STATE else 0):
        begin, run = len(office.journal()), run_dag("night_in_chunks")
        tasks = [ti for ti in run.get_task_instances() if ti.task_id == "load_company.company"]
        aliases = office.aliases()
        assert sorted(ti.rendered_map_index for ti in tasks) == sorted(
            ", ".join(aliases[n : n + 2]) for n in range(0, len(aliases), 2)
        )
        summary = xcoms(run)["load_company.summary.return_value"]
        assert sorted(summary["succeeded"]) == sorted(aliases)
        assert asked(office, begin)["Token"] == len(aliases)
        state = "SELECT company, outcome, count(*), 0 FROM _loads WHERE run_id = '{}' GROUP BY 1, 2"
        told = Counter({outcome: 0 for _, outcome, _, _ in ask(state, run)})
        for _, outcome, count, _ in ask(state, run):
            told[outcome] += count
        assert sum(told.values()) == len(aliases) * len(TABLES)
    if HAS_ASSET_STATE:
        assert told == {"loaded": len(aliases), "unchanged": len(aliases) * (len(TABLES) - 1)}
        stored = database_hook("db").get_records("SELECT _company, count(*) FROM customers GROUP BY _company")
        assert dict(stored) == {alias: office.totals(alias)["Customers"] for alias in aliases}


def ask(sql: str, run: Any) -> list[Any]:
    """Ask the warehouse about a run."""
    return list(database_hook("db").get_records(sql.format(run.run_id)))


def events() -> dict[str, int]:
    """Count the events of each list's asset."""
    counted = (
        "SELECT uri, count(e.id) FROM asset a LEFT JOIN asset_event e ON e.asset_id = a.id "
        "WHERE uri LIKE 'poweroffice://poweroffice_default/%' GROUP BY uri"
    )
    with sqlite3.connect(HOME / "airflow.db") as database:
        found = {uri.rpartition("/")[2]: count for uri, count in database.execute(counted)}
    return {resource: found[resource] for resource in DEFAULT_RESOURCES}
