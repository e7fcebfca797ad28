"""``preview=True``: what would be sent, what is wrong with it, and no write on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.write_guard import KEY
from poweroffice_sandbox import D365FOSandbox, Sandbox

CUSTOMER = {"Name": "Havblikk AS", "ExternalImportReference": "preview-1", "CustomerSince": "2026-01-31"}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(autouse=True)
def _no_writes(request: pytest.FixtureRequest, sandbox: Sandbox, connection: str) -> Any:
    """Check after each test that nothing was written, but what the test began with."""
    yield
    written = [item.path for item in sandbox.journal() if item.method in WRITES and "OAuth" not in item.path]
    assert written == ["/v2/Customers"] * ("customer" in request.fixturenames), connection


def preview(**arguments: Any) -> Any:
    """Preview one call."""
    operator = PowerOfficeOperator(task_id="t", **{"preview": True, "method": "POST"} | arguments)
    return operator.execute({})  # type: ignore[typeddict-item]


def test_what_would_be_sent(sandbox: Sandbox) -> None:
    """Method, path, query and body are those of the call, which is counted by its kind."""
    body = {"Name": "Havblikk AS", "CustomerSince": "2026-01-31"}
    assert preview(endpoint="Customers", body=body) == {
        "would": [{"method": "POST", "path": "/v2/Customers", "body": body}],
        "problems": [],
        "counts": {"create": 1},
        "checked": True,
    }
    patch = [{"op": "replace", "path": "/Name", "value": "x"}]
    for method, given, kind in (("PATCH", patch, "update"), ("DELETE", None, "delete")):
        found = preview(endpoint="Customers/42", method=method, body=given, query={"a": [1, 2]})
        assert found["would"] == [
            {"method": method, "path": "/v2/Customers/42", "body": given, "query": {"a": "1,2"}}
        ]
        assert found["counts"] == {kind: 1}
    assert sandbox.journal() == []


def test_all_problems(caplog: pytest.LogCaptureFixture) -> None:
    """Problems are named together, in the result and in the log, and the task does not fail of them."""
    found = preview(
        endpoint="Customers", body='{"Nmae": "x", "IsArchived": "yes", "MailAddress": {"City": "Oslo"}}'
    )
    assert [f"{item['kind']} {item['pointer']}" for item in found["problems"]] == [
        "unknown Nmae",
        "type IsArchived",
        "missing MailAddress.ZipCode",
        "missing Name",
    ]
    assert (found["counts"], len(found["would"])) == ({"invalid": 1}, 1)
    (line,) = (line for line in caplog.messages if line.startswith("preview: "))
    assert line.startswith(
        "preview: POST Customers is not sent; problems: 4: Nmae is not known; did you mean"
    )
    strange = preview(endpoint="NewThing", body={"A": 1})
    assert (strange["problems"], strange["checked"]) == ([], False)


def test_an_argument_that_cannot_be_sent() -> None:
    """It is a problem too, and there is nothing that would be sent."""
    operator = PowerOfficeOperator(
        task_id="t", method="PATCH", endpoint="Customers/1", body="{{ x }}", preview=True
    )
    operator.body = {"Name": "x"}
    found = operator.execute({})  # type: ignore[typeddict-item]
    assert (found["would"], found["counts"]) == ([], {"invalid": 1})
    assert "list of operations" in found["problems"][0]["message"]
    (problem,) = preview(endpoint="NewThing", body={"A": float("nan")})["problems"]
    assert problem == {
        "pointer": "",
        "kind": "argument",
        "message": "body['A'] is nan, which JSON cannot hold",
    }


@pytest.fixture
def customer(connection: str) -> dict[str, Any]:
    """Make a customer that is known by a reference."""
    with PowerOfficeHook(connection) as hook:
        made: dict[str, Any] = hook.client.request("POST", "Customers", body=CUSTOMER).body
    return made


@pytest.mark.usefixtures("customer")
@pytest.mark.parametrize(
    ("on_exists", "name", "kind", "sent"),
    [
        ("same", "Havblikk AS", "unchanged", None),
        ("fail", "Havblikk AS", "conflict", None),
        ("update", "Havblikk AS", "unchanged", None),
        ("same", "Fjord AS", "conflict", None),
        ("update", "Fjord AS", "update", "PATCH"),
    ],
)
def test_a_record_that_is_there(
    sandbox: Sandbox, on_exists: str, name: str, kind: str, sent: str | None
) -> None:
    """It is looked up by its reference, compared, and counted as what would become of it."""
    found = preview(endpoint="Customers", body=CUSTOMER | {"Name": name}, on_exists=on_exists)
    assert found["counts"] == {kind: 1}
    assert [item["method"] for item in found["would"]] == ([sent] if sent else [])
    assert [item["kind"] for item in found["problems"]] == (["conflict"] if kind == "conflict" else [])
    if sent:
        assert found["would"][0]["body"] == [{"op": "replace", "path": "/Name", "value": name}]
    assert sandbox.count("GET", "/Customers*") >= 1


def test_changes(customer: dict[str, Any]) -> None:
    """Changes are shown as the JSON Patch that they make; compared, what is so already sends nothing."""
    one: dict[str, Any] = {"endpoint": f"Customers/{customer['Id']}", "method": "PATCH"}
    found = preview(**one, changes={"Name": "Fjord AS"}, compare=True)
    assert found["would"][0]["body"] == [{"op": "replace", "path": "/Name", "value": "Fjord AS"}]
    assert found["counts"] == {"update": 1}
    found = preview(**one, changes={"Name": "Havblikk AS"}, compare=True)
    assert (found["would"], found["counts"]) == ([], {"unchanged": 1})
    found = preview(**one, changes={"DepartmentCode": "10"})
    assert (found["would"], found["counts"]) == ([], {"invalid": 1})
    assert "DepartmentId" in found["problems"][0]["message"]


def test_a_new_record(sandbox: Sandbox) -> None:
    """A reference that nobody has would create; what is only dropped is no refusal."""
    found = preview(endpoint="Customers", body={"Name": "x", "Nmae": "y"}, reference="new-1")
    assert found["counts"] == {"create": 1}
    assert found["would"][0]["body"]["ExternalImportReference"] == "new-1"
    assert [item["kind"] for item in found["problems"]] == ["unknown"]
    assert sandbox.count("GET", "/Customers") >= 1


def test_no_earlier_try_counts() -> None:
    """A preview neither reads nor leaves a note of what was sent."""
    store = {KEY: {"state": "sent", "call": "x"}}
    operator = PowerOfficeOperator(
        task_id="t", endpoint="Customers", method="POST", body={"Name": "x"}, preview=True
    )
    assert operator.execute({"task_state_store": store})["counts"] == {"create": 1}  # type: ignore[typeddict-unknown-key]
    assert store == {KEY: {"state": "sent", "call": "x"}}


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("wanted", [True, "true", "True"])
def test_by_a_template(native: bool, wanted: Any) -> None:
    """The flag may come from the form that starts a run."""
    with DAG("d", schedule=None, render_template_as_native_obj=native) as dag:
        PowerOfficeOperator(
            task_id="t",
            endpoint="Customers",
            method="POST",
            body={"Name": "{{ params.name }}"},
            preview="{{ params.preview }}",
        )
    task: Any = dag.get_task("t")
    task.render_template_fields({"params": {"preview": wanted, "name": "Havblikk"}})
    assert task.execute({})["would"][0]["body"] == {"Name": "Havblikk"}


@pytest.mark.parametrize("value", ["yes", "", 1, None, "None"])
def test_what_is_no_flag(value: Any) -> None:
    """What is neither true nor false is refused while the DAG file is read, and after rendering."""
    with pytest.raises(TypeError, match="preview must be True or False, or a template"):
        preview(endpoint="Customers", preview=value)
    operator = PowerOfficeOperator(
        task_id="t", endpoint="Customers", method="POST", body={"Name": "x"}, preview="{{ x }}"
    )
    operator.preview = value
    with pytest.raises(AirflowFailException, match="preview must be True or False"):
        operator.execute({})  # type: ignore[typeddict-item]


def test_reads_have_no_preview() -> None:
    """A GET writes nothing, which is said while the DAG file is read where the method is known."""
    for arguments in ({"method": "GET"}, {"method": "GET", "preview": "{{ params.preview }}"}):
        with pytest.raises(ValueError, match="preview does not go with GET"):
            preview(endpoint="Customers", **arguments)
    with pytest.raises(ValueError, match="paginate=True needs"):
        preview(endpoint="Customers", method="GET", paginate=True)
    operator = PowerOfficeOperator(task_id="t", endpoint="Customers", method="{{ m }}", preview=True)
    operator.method = "GET"
    with pytest.raises(AirflowFailException, match="preview does not go with GET"):
        operator.execute({})  # type: ignore[typeddict-item]


def test_too_large_for_xcom() -> None:
    """What would be sent is shown whole or not at all."""
    with pytest.raises(AirflowFailException, match="max_result_bytes=100"):
        preview(endpoint="Customers", body={"Name": "x" * 200}, max_result_bytes=100)


def test_an_entity(fo: D365FOSandbox, fo_connection: str) -> None:
    """Of Finance & Operations the request is shown, and that nothing described it."""
    operator = D365FOEntityOperator(
        task_id="t",
        entity="CustomersV3",
        key={"dataAreaId": "usmf", "CustomerAccount": "C'1"},
        method="PATCH",
        body={"CreditLimit": 1},
        preview=True,
        d365fo_conn_id=fo_connection,
    )
    found = operator.execute({})  # type: ignore[typeddict-item]
    assert found["would"][0]["path"].endswith("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C''1')")
    assert (found["problems"], found["checked"]) == ([], False)
    assert fo.journal() == []
    assert json.loads(json.dumps(found)) == found
