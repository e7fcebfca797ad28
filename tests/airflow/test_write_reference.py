"""A task whose record has a unique field writes it once: lost replies, killed workers, clears."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.airflow_home import states, xcoms
from test_write_guard import Store

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.errors import BadRequestError, UncertainWriteError, WriteConflictError
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.write_guard import KEY
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

pytestmark = pytest.mark.usefixtures("connection")
LOST = {"action": "reset_after", "method": "POST", "path": "/Customers", "times": 1}
BODY = {"Name": "Fjordlys AS"}


class Ti:
    """A task instance, as far as a reference is made of it."""

    dag_id = "dag"
    task_id = "write"
    run_id = "manual__2026-01-01"
    map_index = -1

    def __init__(self, try_number: int = 1, max_tries: int = 2) -> None:
        self.try_number = try_number
        self.max_tries = max_tries

    def xcom_push(self, key: str, value: Any) -> None:
        """Take what the task says of its company."""


def write(store: Store | None = None, *, attempts: int = 2, ti: Ti | None = None, **arguments: Any) -> Any:
    """Run a POST task once."""
    given: dict[str, Any] = {"endpoint": "Customers", "method": "POST", "body": BODY, "reference": "inv-7"}
    task = PowerOfficeOperator(
        task_id="write", retry_options={"attempts": attempts, "wait_initial": 0.01}, **(given | arguments)
    )
    context: dict[str, Any] = {"ti": ti or Ti()} | ({} if store is None else {"task_state_store": store})
    return task.execute(context)  # type: ignore[arg-type]


def killed_after_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the worker end when the server has done its work, and nothing was noted of it."""
    send = Client.send

    def send_and_die(self: Client, call: Any, **options: Any) -> Response:
        answer = send(self, call, **options)
        if call.method == "POST":
            raise SystemExit
        return answer

    monkeypatch.setattr(Client, "send", send_and_die)


@pytest.mark.parametrize("store", [True, False])
def test_a_lost_reply(sandbox: Sandbox, store: bool) -> None:
    """The task succeeds with the record, which is there once, with a state store or without."""
    sandbox.add_fault(**LOST)
    before = sandbox.totals()["Customers"]
    kept = Store() if store else None
    made = write(kept, full=True)
    assert (made["outcome"], made["body"]["ExternalImportReference"]) == ("created", "inv-7")
    assert (made["is_success"], made["outcome_unknown"]) == (True, False)
    assert sandbox.totals()["Customers"] == before + 1
    assert write(kept, full=True)["body"]["Id"] == made["body"]["Id"]
    assert write(kept, full=True)["outcome"] == ("created" if store else "unchanged")


def test_a_body_that_carries_it_is_protected_as_well(sandbox: Sandbox) -> None:
    """A unique field in the body is enough; idempotent=False has it sent once, as before."""
    sandbox.add_fault(**LOST)
    body = BODY | {"ExternalNumber": 77}
    assert write(reference=None, body=body)["ExternalNumber"] == 77
    sandbox.add_fault(**LOST)
    with pytest.raises(AirflowFailException, match="APIConnectionError"):
        write(reference=None, body=BODY | {"ExternalNumber": 78}, idempotent=False)
    assert sandbox.count("POST", "/Customers") == 3


@pytest.mark.parametrize("store", [True, False])
def test_killed_and_tried_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, store: bool) -> None:
    """A retry after a kill between the call and its note finds the record, and counts it as its own."""
    kept = Store() if store else None
    before = sandbox.totals()["Customers"]
    with monkeypatch.context() as patch:
        killed_after_the_call(patch)
        with pytest.raises((SystemExit, AirflowFailException)):
            write(kept, on_exists="fail", reference="auto")
    if kept is not None:
        assert kept[KEY]["state"] == "sent"
    made = write(kept, on_exists="fail", reference="auto", full=True, ti=Ti(2))
    assert made["outcome"] == "created"
    assert sandbox.totals()["Customers"] == before + 1
    if kept is not None:
        assert kept[KEY]["state"] == "done"
        assert write(kept, on_exists="fail", reference="auto", full=True, ti=Ti(3)) == made


def test_a_time_limit_while_the_answer_is_awaited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left to the task's retries where the retry makes the same write, and ends the task elsewhere."""

    def late(self: Client, response: Response) -> Response:  # noqa: ARG001 - as the method
        if response.method == "POST":
            raise AirflowTaskTimeout
        return response

    monkeypatch.setattr(Client, "_whole", late)
    with pytest.raises(AirflowTaskTimeout):
        write(reference="auto")
    with pytest.raises(AirflowTaskTimeout):
        write(Store())
    with pytest.raises(AirflowFailException, match="look whether"):
        write(reference="inv-8")  # a template may give another one at the next try, and there is no store
    assert sandbox.count("POST", "/Customers") == 3


def test_tries_used_up(sandbox: Sandbox) -> None:
    """What stays uncertain may be tried again by Airflow, and then goes on; the note is kept meanwhile."""
    store = Store()
    sandbox.add_fault(action="status_after", status=503, method="POST", path="/Customers", times=1)
    with pytest.raises(UncertainWriteError, match=r"ExternalImportReference='inv-7'.*GET Customers\?"):
        write(store, attempts=1)
    sandbox.add_fault(action="status", status=401, path="*/Token", times=0)
    sandbox.expire_tokens()
    with pytest.raises(AirflowFailException):
        write(store, attempts=1)
    assert store[KEY]["state"] == "sent"
    sandbox.clear_faults()
    assert write(store, full=True)["outcome"] == "created"
    sandbox.add_fault(action="status_after", status=503, method="POST", path="/Customers", times=1)
    with pytest.raises(AirflowFailException, match="UncertainWriteError"):
        write(attempts=1, reference="inv-8")


def test_a_reference_that_differs_on_each_try(sandbox: Sandbox) -> None:
    """A retry whose reference is another one is not sent: nothing would tell it from the first."""
    store = Store()
    sandbox.add_fault(**LOST)
    with pytest.raises(UncertainWriteError):
        write(store, attempts=1, reference="random-1")
    with pytest.raises(AirflowFailException, match="how it ended is not known"):
        write(store, attempts=1, reference="random-2")
    assert sandbox.count("POST", "/Customers") == 1


def test_auto() -> None:
    """It is the same at each try of a task, and another one for each run and map index."""
    first = write(reference="auto")["ExternalImportReference"]
    assert first.startswith("af-")
    assert len(first) == 43
    assert write(reference="auto", ti=Ti(2))["ExternalImportReference"] == first
    other, mapped = Ti(), Ti()
    other.run_id, mapped.map_index = "manual__2026-01-02", 3
    found = {write(reference="auto", ti=ti)["ExternalImportReference"] for ti in (Ti(), other, mapped)}
    assert len(found) == 3
    made = write(
        reference="auto", endpoint="ContactPersons/7300001", body={"FirstName": "A", "LastName": "B"}
    )
    assert made["ExternalCode"] == first


def test_cleared_with_another_body() -> None:
    """A task that was corrected and cleared is told what differs, or changes it."""
    store = Store()
    made = write(store)
    with pytest.raises(AirflowFailException, match=r"WriteConflictError.*/Name") as caught:
        write(store, body={"Name": "Havblaast AS"}, ti=Ti(3, 5))
    assert isinstance(caught.value.__cause__, WriteConflictError)
    changed = write(store, body={"Name": "Havblaast AS"}, on_exists="update", ti=Ti(4, 6), full=True)
    assert (changed["outcome"], changed["body"]["Id"]) == ("updated", made["Id"])
    said = write(Store(), fail_on_error=False)
    assert (said["is_success"], said["error_content"]["type"]) == (False, "WriteConflictError")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reference": "r" * 51}, "reference 'r*' has 51 characters: PowerOffice takes 50"),
        (
            {"reference": "auto", "method": "PATCH", "body": [{"op": "remove", "path": "/x"}]},
            "needs method='POST'",
        ),
        ({"reference": "auto", "method": "POST"}, "needs body"),
        ({"reference": " ", "body": {}}, "1 to 50 characters"),
        ({"body": {"externalImportReference": "r" * 51}}, r"body\['externalImportReference'\] .* has 51"),
        ({"reference": "a", "body": {}, "idempotent": True}, "reference goes without idempotent"),
        ({"on_exists": "skip", "body": {}}, "on_exists must be one of 'same', 'fail', 'update', not 'skip'"),
        ({"on_exists": "update", "method": "DELETE"}, "needs method='POST', not 'DELETE'"),
        ({"on_exists": "update", "body": {}, "idempotent": False}, "on_exists goes without idempotent"),
        ({"changes": {"Name": "x"}, "method": "PATCH", "body": []}, "changes exclude body"),
        ({"changes": {"Name": "x"}}, "changes need method='PATCH', not 'POST'"),
        ({"changes": {}, "method": "PATCH"}, "changes must map fields"),
        ({"compare": True, "body": {}}, "compare=True needs changes"),
        ({"compare": "yes", "body": {}}, "compare must be True or False"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], words: str) -> None:
    """They are refused while the DAG file is read."""
    with pytest.raises((ValueError, TypeError), match=words):
        PowerOfficeOperator(task_id="t", **({"endpoint": "Customers", "method": "POST"} | arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reference": "r" * 51}, "has 51 characters"),
        ({"endpoint": "Products", "body": {"Name": "x"}}, "no field that is kept unique"),
        ({"body": BODY | {"ExternalImportReference": "other"}}, "give one of them"),
        ({"body": "[1]"}, "a dict, not list"),
        ({"changes": {"DepartmentCode": "1"}}, "takes ids only, here /DepartmentId"),
        ({"changes": {"Nmae": "1"}}, "did you mean /Name"),
        ({"changes": "{}"}, "changes must map"),
    ],
)
def test_wrong_when_rendered(sandbox: Sandbox, arguments: dict[str, Any], words: str) -> None:
    """What only templates tell is refused before the first request, and leaves no note."""
    store = Store()
    given: dict[str, Any] = {"endpoint": "Customers", "method": "POST", "body": BODY, "reference": "{{ x }}"}
    if "changes" in arguments:
        given = {"endpoint": "Customers/1", "changes": "{{ x }}"}
    task = PowerOfficeOperator(task_id="write", **given)
    rendered = {"reference": "r"} | arguments if "reference" in given else arguments
    for name, value in rendered.items():
        setattr(task, name, value)
    with pytest.raises(AirflowFailException, match=words):
        task.execute({"ti": Ti(), "task_state_store": store})  # type: ignore[typeddict-item]
    assert store == {}
    assert sandbox.count(path="/Customers*") == 0


def test_changes(sandbox: Sandbox) -> None:
    """They are sent as a JSON Patch, repeated after a lost reply, and not at all where nothing differs."""
    path = f"Customers/{write()['Id']}"

    def change(**arguments: Any) -> Any:
        return write(
            Store(), endpoint=path, method="PATCH", body=None, reference=None, full=True, **arguments
        )

    sandbox.add_fault(action="reset_after", method="PATCH", times=1)
    changes = {"Name": "Havblaast AS", "MailAddress": {"City": "Narvik", "ZipCode": "8514"}}
    made = change(changes=changes)
    assert (made["outcome"], made["body"]["Name"]) == ("updated", "Havblaast AS")
    assert made["body"]["MailAddress"]["City"] == "Narvik"
    assert sandbox.count("PATCH") == 2
    again = change(changes=changes, compare=True)
    assert (again["outcome"], again["body"]["Id"]) == ("unchanged", made["body"]["Id"])
    assert sandbox.count("PATCH") == 2
    assert change(changes={"Name": "x"}, compare=True)["outcome"] == "updated"
    sandbox.set(nulls="omitted")  # what the answer lacks is not so already
    assert change(changes={"EmailAddress": "a@b.example"}, compare=True)["outcome"] == "updated"
    street = {"MailAddress": {"AddressLine1": "Gate 1"}}
    assert change(changes=street, compare=True)["outcome"] == "updated"
    assert change(changes=street, compare=True)["outcome"] == "unchanged"
    task = PowerOfficeOperator(task_id="t", endpoint=path, changes="{{ params.changes }}")
    assert task.method == "PATCH"


def test_templates() -> None:
    """The reference and the changes are templates."""
    assert {"reference", "changes", "body"} <= set(PowerOfficeOperator.template_fields)


def test_v1(v1_sandbox: V1Sandbox, v1_connection: str) -> None:
    """A reference goes into v1's own field; a POST with an id, an update there, is repeated."""
    v1_sandbox.add_fault(action="reset_after", method="POST", path="/Customer", times=1)
    given: dict[str, Any] = {"endpoint": "Customer", "poweroffice_conn_id": v1_connection, "full": True}
    made = write(body={"name": "Fjordlys AS"}, **given)
    assert (made["outcome"], made["body"]["externalImportReference"]) == ("created", "inv-7")
    v1_sandbox.add_fault(action="reset_after", method="POST", path="/Customer", times=1)
    body = {"id": made["body"]["id"], "name": "Havblaast AS"}
    assert write(Store(), body=body, reference=None, **given)["outcome"] == "updated"
    with pytest.raises(AirflowFailException, match="v1 has no PATCH"):
        write(
            endpoint="Customer/1",
            method="PATCH",
            body=None,
            reference=None,
            changes={"name": "x"},
            poweroffice_conn_id=v1_connection,
        )


def test_entities(fo: D365FOSandbox, fo_connection: str) -> None:
    """An entity's key is its identity: nothing needs to be said."""

    def run(**arguments: Any) -> Any:
        task = D365FOEntityOperator(
            task_id="t",
            entity="CustomerGroups",
            d365fo_conn_id=fo_connection,
            full=True,
            retry_options={"attempts": 2, "wait_initial": 0.01},
            **arguments,
        )
        return task.execute({"ti": Ti(), "task_state_store": Store()})  # type: ignore[typeddict-item]

    body = {"dataAreaId": "usmf", "CustomerGroupId": "W1", "Description": "New"}
    task = D365FOEntityOperator(
        task_id="t", entity="CustomerGroups", d365fo_conn_id=fo_connection, method="{{ x }}", changes=body
    )
    task.method = "POST"
    with pytest.raises(AirflowFailException, match="changes need method='PATCH', not 'POST'"):
        task.execute({"ti": Ti(), "task_state_store": Store()})  # type: ignore[typeddict-item]
    fo.add_fault(action="reset_after", method="POST", path="/data/CustomerGroups", times=1)
    assert run(method="POST", body=body)["outcome"] == "created"
    assert run(method="POST", body=body)["outcome"] == "unchanged"
    with pytest.raises(AirflowFailException, match="WriteConflictError"):
        run(method="POST", body=body | {"Description": "Other"})
    updated = run(method="POST", body=body | {"Description": "Other"}, on_exists="update")
    assert (updated["outcome"], updated["body"]["Description"]) == ("updated", "Other")
    key = {"dataAreaId": "usmf", "CustomerGroupId": "W1"}
    assert run(key=key, changes={"Description": "Other"}, compare=True)["outcome"] == "unchanged"
    assert run(key=key, changes={"Description": "Third"}, compare=True)["outcome"] == "updated"
    with pytest.raises(AirflowFailException, match="Descripton"):  # misspelled: the server says so
        run(key=key, changes={"Descripton": "Fourth"}, compare=True)


def test_on_exists_without_what_is_unique(sandbox: Sandbox) -> None:
    """It would do nothing, and each run would make one more: it is refused, and leaves no note."""
    store = Store()
    with pytest.raises(AirflowFailException, match="on_exists='update' does nothing for POST Customers"):
        write(store, reference=None, on_exists="update")
    assert (store, sandbox.count(path="/Customers*")) == ({}, 0)


def test_a_refusal_in_other_words_stays_a_refusal(sandbox: Sandbox) -> None:
    """What is refused for another reason is raised as it was."""
    sandbox.add_fault(
        action="status",
        status=400,
        body=json.dumps({"title": "Customer validation error(s)", "detail": "A duplicate line."}),
        method="POST",
        path="/Customers",
    )
    with pytest.raises(AirflowFailException, match="A duplicate line") as caught:
        write()
    assert isinstance(caught.value.__cause__, BadRequestError)


def test_in_a_real_airflow(sandbox: Sandbox, run_dag: Callable[..., Any]) -> None:
    """A worker that dies between the call and its note has written once, with a state store or without."""
    before = sandbox.totals()["Customers"]
    run = run_dag("write_and_die")
    assert set(states(run).values()) <= {"success", "TaskInstanceState.SUCCESS"}
    found = xcoms(run)["write.return_value"]
    assert found["body"]["Name"] == "Snublesteinen AS"
    assert found["outcome"] == "created"
    assert sandbox.totals()["Customers"] == before + 1
    assert sandbox.count("POST", "/Customers") == 2


def test_what_is_uncertain_is_said_to_be(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier try may have made what the server says is there, and reads do not show: it is not known."""
    store = Store()
    given: dict[str, Any] = {"endpoint": "Products", "body": {"Name": "P", "Code": "p"}, "reference": None}
    with monkeypatch.context() as patch:
        killed_after_the_call(patch)
        with pytest.raises(SystemExit):
            write(store, **given)
    sandbox.set(read_lag=1000, taken_text="no-id")
    monkeypatch.setattr("airflow_provider_poweroffice.api.writes.lookup.LAG_WAITS", (0.01,))
    found = write(store, fail_on_error=False, ti=Ti(2), **given)
    assert (found["status_code"], found["is_success"], found["outcome_unknown"]) == (400, False, True)
