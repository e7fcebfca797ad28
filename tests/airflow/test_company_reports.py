"""What a task says of its company: in templates, errors and the XCom that a summary reads."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import UndefinedError
from sql_loads import FAST

from airflow_provider_poweroffice._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from airflow_provider_poweroffice.errors import NotFoundError, PermissionDeniedError
from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesSummaryOperator, _message
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.tasks.company import (
    KEY,
    LOADS,
    Outcome,
    check_company_in,
    report_company,
    summarize,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from poweroffice_sandbox import Sandbox


@pytest.fixture
def firm(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Point ``poweroffice_default`` at an accounting firm."""
    text = sandbox.connection_json("granli", companies=sandbox.aliases())
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", text)
    return sandbox


class TaskInstance(SimpleNamespace):
    """Stands in for the task instance: keeps what is pushed."""

    def __init__(self, map_index: int = 3) -> None:
        super().__init__(map_index=map_index, pushed=[])

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it."""
        self.pushed.append((key, value))


def test_key_in_place_of_an_alias(firm: Sandbox) -> None:
    """A key given as company is refused without being repeated, and before it is stored as an XCom."""
    key = firm.keys("fjordlys").client_key
    ti = TaskInstance()
    with pytest.raises(AirflowFailException, match="company looks like a key") as caught:
        PowerOfficeOperator(task_id="get", endpoint="Customers", company=key).execute({"ti": ti})  # type: ignore[typeddict-item]
    assert key not in str(caught.value)
    ((_, left),) = ti.pushed
    assert (left["company"], left["error"].startswith("ValueError: company looks like a key")) == (None, True)
    assert key not in str(left)


@pytest.mark.parametrize("company", ["a", "{{ none }}"])
def test_a_template_that_fails(company: str) -> None:
    """What ends a task while its arguments are rendered is its reason, with the company where it is known."""
    task = PowerOfficeOperator(task_id="get", endpoint="{{ params.endpiont.of }}", company=company)
    ti = TaskInstance()
    with pytest.raises((UndefinedError, AirflowFailException)):
        task.render_template_fields({"ti": ti, "params": {"endpoint": "Customers"}})  # type: ignore[typeddict-item]
    ((_, left),) = ti.pushed
    assert left["company"] == ("a" if company == "a" else None)
    assert ("has no attribute 'endpiont'" if company == "a" else "gave None") in left["error"]


class Run(SimpleNamespace):
    """The task instance of a summary, in a run whose task ``company`` left some XComs."""

    def __init__(self, states: dict[str, str], **left: Any) -> None:
        super().__init__(dag_id="d", run_id="1", states=states, left=left, pushed={})

    def get_task_states(self, **_: Any) -> dict[str, dict[str, str]]:
        """Give the states."""
        return {"1": self.states}

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        """Give what was left."""
        assert task_ids == "company"
        return self.left.get(key)

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it."""
        self.pushed[key] = value


def summary_of(run: Run, companies: Any) -> str:
    """Sum a run up, and give the error."""
    summary = PowerOfficeCompaniesSummaryOperator(task_id="s", tasks=["company"], companies=companies)
    with pytest.raises((AirflowFailException, ValueError, TypeError)) as caught:
        summary.execute({"ti": run})  # type: ignore[typeddict-item]
    return str(caught.value)


def test_companies_that_are_none() -> None:
    """What an upstream task gave is told by the summary, whatever became of the tasks."""
    assert "companies is empty: no task was made of them" in summary_of(Run({}), [])
    for odd in ([1, 2], [{"company": "a"}], [["a"], [None]]):
        assert f"companies must be a list of aliases, or of lists of them, not {odd}" in summary_of(
            Run({}), odd
        )
    began = {"map_index": 1, "company": None, "error": "ValueError: company '' is not an alias"}
    there = {"map_index": 0, "company": "a", "error": None}
    run = Run({"company_0": "success", "company_1": "failed"}, **{KEY: [there, began]})
    assert summary_of(run, ["a", ""]).startswith("1 of 2 companies failed: company: ValueError: company ''")
    assert summary_of(run, None).startswith(
        "a task without a company failed: company: ValueError: company ''"
    )
    nobody = Run({"company": "upstream_failed"})
    assert summary_of(nobody, None) == "no company was begun: company: a task before it failed"


def test_what_an_earlier_try_left() -> None:
    """A task that did not run, as one before it failed, is not told of by what its last try left."""
    left = {"map_index": 0, "company": "a", "error": "RuntimeError: of yesterday"}
    several = {"map_index": 1, "companies": ["b", "c"], "error": None}
    each = [{"map_index": 1, "company": "b", "state": "success", "error": None}]
    run = Run(
        {"company_0": "upstream_failed", "company_1": "upstream_failed"},
        **{KEY: [left, several], f"{LOADS}.0": each},
    )
    assert summary_of(run, None) == "3 of 3 companies failed: [a, b, c] company: a task before it failed"


def test_a_company_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """It is loaded by two tasks, which a log says."""
    done = [{"map_index": index, "company": "a", "error": None} for index in (0, 1)]
    run = Run({"company_0": "success", "company_1": "success"}, **{KEY: done})
    summary = PowerOfficeCompaniesSummaryOperator(task_id="s", tasks=["company"], companies=["a", "a"])
    assert summary.execute({"ti": run})["succeeded"] == ["a"]  # type: ignore[typeddict-item]
    assert "companies names a twice" in capsys.readouterr().out


def test_report() -> None:
    """The company is left at the beginning, and the reason at a failure; a skip is none."""
    ti = TaskInstance()
    with pytest.raises(AirflowSkipException), report_company({"ti": ti}, "a"):
        raise AirflowSkipException("nothing to do")
    assert ti.pushed == [(KEY, {"company": "a", "map_index": 3, "error": None})]
    for error, message in (
        (RuntimeError("boom"), "[a] boom"),
        (AirflowFailException("boom"), "[a] boom"),
        (AirflowTaskTimeout("boom"), "[a] boom"),
        (AirflowFailException("E: [a] boom"), "E: [a] boom"),
        (NotFoundError("boom", response=SimpleNamespace(status_code=404)), "[a] boom"),
    ):
        with pytest.raises(type(error)) as caught, report_company({"ti": ti}, "a"):
            raise error
        assert str(caught.value) == message
        assert ti.pushed[-1][1]["error"].endswith(message)
    with pytest.raises(OSError, match="No such file") as other, report_company({"ti": ti}, "a"):
        Path("/no/such/file").read_text()
    assert other.value.__notes__ == ["company: a"]
    with report_company({"ti": ti}, None):
        assert len(ti.pushed) == 13


def test_path_must_name_the_company() -> None:
    """Mapped tasks with one path would overwrite each other; whole words count, and only mapped tasks."""
    mapped = {"ti": TaskInstance()}
    for path in ("s3://b/a/x", "s3://b/x_a.gz", "s3://b/x-a/y"):
        check_company_in(path, "a", mapped)
    for path in ("s3://b/x", "s3://b/ab/x"):
        with pytest.raises(ValueError, match=r"\{\{ company \}\}"):
            check_company_in(path, "a", mapped)
        check_company_in(path, None, mapped)
        check_company_in(path, "a", {"ti": TaskInstance(-1)})
        check_company_in(path, "a", {})


def test_template_without_a_company(firm: Sandbox) -> None:
    """A path with ``{{ company }}`` fails where there is none; with one, it renders, whatever the order."""
    given = {"task_id": "copy", "endpoint": "Customers", "object_path": "file:///x/{{ company }}/y.ndjson.gz"}
    copy = PowerOfficeToObjectStorageOperator(company="{{ params.who }}", **given)
    context: Any = {"params": {"who": "fjordlys"}}
    copy.render_template_fields(context)
    assert (copy.company, copy.object_path) == ("fjordlys", "file:///x/fjordlys/y.ndjson.gz")
    assert context["company"] == "fjordlys"
    assert firm.count() == 0


def test_deferred_sensor(firm: Sandbox) -> None:
    """The alias goes to the triggerer and comes back; a verdict that fails is left with its reason."""
    try:
        from airflow.sdk.exceptions import TaskDeferred  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.exceptions import TaskDeferred  # noqa: PLC0415

    ti = TaskInstance()
    context: Any = {"ti": ti}
    sensor = PowerOfficeSensor(
        task_id="wait",
        endpoint="Customers",
        field="Name",
        value="nobody's",
        company="fjordlys",
        deferrable=True,
        poke_interval=1,
    )
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute(context)
    assert caught.value.trigger.serialize()[1]["company"] == "fjordlys"
    assert [value["error"] for _, value in ti.pushed] == [None]
    with pytest.raises(AirflowSensorTimeout, match=r"\[fjordlys\] Customers: the condition"):
        sensor.execute_complete(context, {"status": "timeout", "message": "Customers: the condition"})
    assert ti.pushed[-1] == (
        KEY,
        {
            "company": "fjordlys",
            "map_index": 3,
            "error": "AirflowSensorTimeout: [fjordlys] Customers: the condition",
        },
    )
    assert sensor.execute_complete(context, {"status": "success", "record": 1}) == 1
    assert {entry.company for entry in firm.journal() if "Token" not in entry.path} == {"fjordlys"}


@pytest.mark.parametrize("kind", ["fail", "skip"])
def test_missing_privilege(firm: Sandbox, tmp_path: Path, kind: str) -> None:
    """A company without the module fails its task, or is left out, with the reason for the summary."""
    firm.set_privileges("havblaast", remove=["Customer", "Customer_Full", "CustomerProspect_Full"])
    ti = TaskInstance()
    copy = PowerOfficeToObjectStorageOperator(
        task_id="customers",
        endpoint="Customers",
        object_path=f"file://{tmp_path}/havblaast.ndjson",
        format="ndjson",
        company="havblaast",
        on_missing_privilege=kind,
        retry_options=FAST,
    )
    with pytest.raises(AirflowFailException if kind == "fail" else AirflowSkipException, match="403"):
        copy.execute({"ti": ti})  # type: ignore[typeddict-item]
    assert bool(ti.pushed[-1][1].get("left_out")) is (kind == "skip")
    assert bool(ti.pushed[-1][1]["error"]) is (kind == "fail")
    firm.add_fault(action="status", status=401, path="/Customers", times=0)
    with pytest.raises(PermissionDeniedError, match="401"):
        copy.execute({"ti": ti})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("body", "is_missing"),
    [
        (
            b'{"statusCode":403,"message":"Out of call volume quota. Replenished in 00:10:00."}',
            False,
        ),
        (b'{"statusCode":403,"message":"Forbidden: the product lacks the privilege"}', False),
        (b"<html><title>Blocked</title>no privilege</html>", False),
        (b'{"message":"Forbidden"}', False),
        (b'{"title":"Something new","status":403}', False),
        (b"Forbidden", False),
        (b"[]", False),
        (b"", True),
        (b'{"title":"Forbidden","status":403,"detail":"Forbidden."}', True),
        (b'{"Title":"Missing privilege","Detail":"VatCode"}', True),
    ],
)
def test_what_is_left_out(firm: Sandbox, tmp_path: Path, body: bytes, is_missing: bool) -> None:
    """Only a 403 that is known to be of a privilege or a module leaves a company out; any other is red."""
    firm.add_fault(action="status", status=403, path="/VatCodes", times=0, body=body.decode())
    copy = PowerOfficeToObjectStorageOperator(
        task_id="vat",
        endpoint="VatCodes",
        object_path=f"file://{tmp_path}/fjordlys.ndjson",
        format="ndjson",
        company="fjordlys",
        on_missing_privilege="skip",
    )
    with pytest.raises(
        AirflowSkipException if is_missing else AirflowFailException, match=": 403 "
    ) as caught:
        copy.execute({"ti": TaskInstance()})  # type: ignore[typeddict-item]
    assert ("lacks the privilege for this call" in str(caught.value)) is (body == b"")


def test_summary_of_what_is_left_out() -> None:
    """What a company may do without is no failure; a reason common to its tasks is told once."""
    done = {"map_index": 0, "state": "success", "error": None}
    out = {"map_index": 0, "state": "skipped", "error": None, "left_out": "403: no module"}
    bad = {"map_index": 0, "state": "failed", "error": "AuthenticationError: refused"}
    outcomes = [
        Outcome(company=company, task_id=task, **facts)
        for company, task, facts in (
            ("a", "vat", done),
            ("a", "projects", out),
            ("b", "vat", bad),
            ("b", "projects", bad),
            ("c", "vat", out),
        )
    ]
    found = summarize(outcomes, ["a", "b", "c"])
    assert (found["succeeded"], found["skipped"], len(found["failed"])) == (["a"], ["c"], 2)
    assert found["left_out"][0] == {
        "company": "a",
        "task_id": "projects",
        "load": None,
        "reason": "403: no module",
    }
    assert _message(found) == "1 of 3 companies failed: [b] vat and 1 more: AuthenticationError: refused"


def test_summary_of_a_firm() -> None:
    """Three hundred companies fit on a page: a cause of many is one line, the largest first."""
    refused = "ServerError: [{}] GET /v2/{}: 503; trace id 7f{:06d}-0000-4000-8000-000000000001"
    outcomes = [
        Outcome(
            company=f"c{number}",
            task_id="company",
            map_index=number,
            state="failed",
            error=refused.format(f"c{number}", load, number),
            load=load,
        )
        for number in range(300)
        for load in ("customers", "projects")
        if load == "customers" or number % 2
    ]
    found = summarize(outcomes, [f"c{number}" for number in range(300)])
    assert [(cause["what"], len(cause["companies"])) for cause in found["causes"]] == [
        ("customers", 300),
        ("projects", 150),
    ]
    message = _message(found)
    assert message.startswith("300 of 300 companies failed: [c0, c1, ")
    assert " and 280 more] customers: ServerError: GET /v2/customers: 503; trace id " in message
    assert len(message) < 1000
