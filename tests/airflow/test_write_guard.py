"""A write is carried out once, whatever happens to the worker between the call and the task's end."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support.airflow_home import states, xcoms

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.errors import APIConnectionError
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.results import ResultForm
from airflow_provider_poweroffice.tasks.write_guard import KEY
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")
HAS_STATE_STORE = (
    importlib.util.find_spec("airflow.sdk.state") is not None
    or importlib.util.find_spec("airflow.state") is not None
)


class Store(dict[str, Any]):
    """A task state store, as far as the guard uses it."""

    retentions: ClassVar[list[Any]] = []

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """Keep a value."""
        self[key] = value
        self.retentions.append(retention)

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.pop(key, None)


class Ti:
    """A task instance, as far as the guard looks at it; a clear raises max_tries."""

    def __init__(self, max_tries: int) -> None:
        self.try_number = 1
        self.map_index = -1
        self.max_tries = max_tries

    def xcom_push(self, key: str, value: Any) -> None:
        """Take what the task says of its company."""


def write(store: Store, *, max_tries: int = 2, **arguments: Any) -> Any:
    """Run a POST task once against a state store."""
    arguments = {"endpoint": "Customers", "method": "POST", "body": {"Name": "x"}} | arguments
    operator = PowerOfficeOperator(task_id="t", retry_options={"attempts": 1}, **arguments)
    return operator.execute({"task_state_store": store, "ti": Ti(max_tries)})  # type: ignore[typeddict-item]


def test_worker_died_after_the_call(sandbox: Sandbox) -> None:
    """A retry returns what the first try created, and sends nothing."""
    store = Store()
    first = write(store)
    assert write(store) == first
    assert sandbox.count("POST", "/Customers") == 1


def test_another_alias_is_another_call(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    """After a clear, the same body for another company is sent: it was never carried out there."""
    fields = json.loads(sandbox.connection_json(companies=["fjordlys", "havblaast"]))
    monkeypatch.setenv("AIRFLOW_CONN_" + connection.upper(), json.dumps(fields))
    store = Store()
    write(store, company="fjordlys")
    write(store, company="fjordlys", max_tries=3)
    write(store, company="havblaast", max_tries=4)
    sent = [entry.company for entry in sandbox.journal() if entry.path.endswith("/Customers")]
    assert sent == ["fjordlys", "havblaast"]


def test_worker_died_during_the_call(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry after a kill in the middle sends nothing and says what to look for."""
    store = Store()

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Client, "send", killed)
        with pytest.raises(AirflowFailException, match="SystemExit ended POST"):
            write(store)
    assert store[KEY]["state"] == "sent"
    with pytest.raises(AirflowFailException, match="how it ended is not known"):
        write(store)
    assert sandbox.count("POST", "/Customers") == 0


def test_lost_reply(sandbox: Sandbox) -> None:
    """After a lost reply the call is not repeated, by the task either."""
    store = Store()
    sandbox.add_fault(action="reset_after", method="POST", path="/Customers", times=1)
    for _ in range(2):
        with pytest.raises(AirflowFailException):
            write(store)
    assert sandbox.count("POST", "/Customers") == 1


@pytest.mark.finding("D1")
@pytest.mark.parametrize("store", [True, False])
def test_ended_between_the_client_and_the_note(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, store: bool
) -> None:
    """A time limit that strikes when the answer has just come ends the task for good, without a store too."""
    whole = Client._whole

    def late(self: Client, response: Any) -> Any:
        whole(self, response)
        raise AirflowTaskTimeout

    monkeypatch.setattr(Client, "_whole", late)
    operator = PowerOfficeOperator(task_id="t", endpoint="Customers", method="POST", body={"Name": "x"})
    context: Any = {"task_state_store": Store(), "ti": Ti(2)} if store else {}
    with pytest.raises(AirflowFailException, match="look whether it was carried out"):
        operator.execute(context)
    assert sandbox.count("POST", "/Customers") == 1


@pytest.mark.parametrize("status", [400, 404, 409, 429])
def test_refused_call_may_be_repeated(sandbox: Sandbox, status: int) -> None:
    """What the server refused was not carried out: the note is taken back."""
    store = Store()
    sandbox.add_fault(action="status", status=status, method="POST", path="/Customers", times=1)
    with pytest.raises(Exception, match=str(status)):
        write(store)
    assert store == {}
    assert write(store)["Id"]
    assert sandbox.count("POST", "/Customers") == 2


def test_refusal_as_an_answer(sandbox: Sandbox) -> None:
    """With fail_on_error=False a refusal takes the note back too; a 5xx does not."""
    store = Store()
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", times=1)
    assert write(store, fail_on_error=False)["status_code"] == 400
    assert store == {}
    sandbox.add_fault(action="status", status=520, method="POST", path="/Customers", times=1)
    assert write(store, fail_on_error=False)["status_code"] == 520
    again = write(store, fail_on_error=False)
    assert (again["is_success"], again["status_code"], again["outcome_unknown"]) == (False, None, True)
    assert again["error_content"]["type"] == "UncertainWriteError"
    assert sandbox.count("POST", "/Customers") == 2
    with pytest.raises(AirflowFailException, match="not known"):
        write(store)


def test_bad_arguments_leave_no_note() -> None:
    """A call that was never made leaves no note."""
    store = Store()
    with pytest.raises(AirflowFailException, match="JSON"):
        write(store, body={"Name": object()})
    assert store == {}


@pytest.mark.finding("D14")
@pytest.mark.parametrize("ends", ["reply lost", "killed"])
def test_delete_tried_again_by_the_task(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    """A retry that finds nothing any more ends well: the try before it deleted. A first one fails."""
    store = Store()
    made = write(Store())
    delete: dict[str, Any] = {"method": "DELETE", "endpoint": f"Customers/{made['Id']}", "body": None}
    with monkeypatch.context() as patch:
        if ends == "killed":

            def killed(*_: Any, **__: Any) -> None:
                raise SystemExit

            patch.setattr(ResultForm, "of", killed)
        else:
            sandbox.add_fault(action="reset_after", method="DELETE", times=1)
        with pytest.raises((APIConnectionError, SystemExit)):
            write(store, **delete)
    assert write(store, **delete) is None
    assert write(store, max_tries=5, **delete) is None  # cleared
    assert sandbox.count("DELETE") == 3
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="404"):
            write(store, max_tries=7, **delete | {"endpoint": "Customers/424242"})
    unsaid = write(Store(), **delete | {"endpoint": "Customers/424242"}, fail_on_error=False)
    assert unsaid["status_code"] == 404


@pytest.mark.finding("D1")
def test_answer_too_large_was_still_carried_out(sandbox: Sandbox) -> None:
    """A call whose answer cannot be kept was carried out all the same."""
    store = Store()
    with pytest.raises(AirflowFailException, match="max_result_bytes=1"):
        write(store, max_result_bytes=1)
    for max_tries in (2, 5):  # retried, and cleared
        with pytest.raises(AirflowFailException, match="its answer was not kept"):
            write(store, max_tries=max_tries)
    assert sandbox.count("POST", "/Customers") == 1


def test_another_call_is_another_call(sandbox: Sandbox) -> None:
    """A task that was corrected and cleared makes its new call; cleared alone, it does not repeat the old."""
    store = Store()
    write(store)
    write(store, max_tries=5)
    assert sandbox.count("POST", "/Customers") == 1
    write(store, body={"Name": "y"}, max_tries=5)
    write(store, body={"Name": "y"}, headers={"X-Own": "1"}, max_tries=8)
    assert sandbox.count("POST", "/Customers") == 3


def test_template_that_differs_on_each_try(sandbox: Sandbox) -> None:
    """An automatic retry whose body renders differently does not write again."""
    store = Store()
    first = write(store, body={"Name": "x", "ExternalImportReference": "random-1"})
    assert write(store, body={"Name": "x", "ExternalImportReference": "random-2"}) == first
    assert sandbox.count("POST", "/Customers") == 1


def test_another_company_is_another_call(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected connection makes the call for the right company."""
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", sandbox.connection_json(company=1))
    store = Store()
    write(store)
    write(store, poweroffice_conn_id="other", max_tries=5)
    assert sandbox.count("POST", "/Customers") == 2


def test_unreadable_file_leaves_no_note(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there is found before anything is noted or sent."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))
    store = Store()
    with pytest.raises(FileNotFoundError):
        write(store, body=None, files={"file": f"file://{tmp_path}/such.pdf"})
    assert store == {}
    assert sandbox.count("POST", "/Customers") == 0


def test_minted_keys_are_not_kept(sandbox: Sandbox) -> None:
    """An answer with a client key is not written to the state store."""
    store = Store()
    sandbox.add_fault(action="status", status=200, body='{"Made": [{"ClientKey": "k"}]}', path="/Customers")
    assert write(store) == {"Made": [{"ClientKey": "k"}]}
    assert "result" not in store[KEY]
    with pytest.raises(AirflowFailException, match="its answer was not kept"):
        write(store)


def test_nothing_is_a_result(sandbox: Sandbox) -> None:
    """An answer without content is kept as None, and returned."""
    store = Store()
    sandbox.add_fault(action="status", status=204, method="POST", path="/Customers", times=1)
    assert [write(store), write(store)] == [None, None]
    assert sandbox.count("POST", "/Customers") == 1


def test_page_for_people_is_not_an_answer(sandbox: Sandbox) -> None:
    """A log-in page with status 200 does not count as carried out."""
    store = Store()
    sandbox.add_fault(action="status", status=200, body="<html>Sign in</html>", path="/Customers", times=1)
    with pytest.raises(AirflowFailException, match="HTML"):
        write(store)
    assert store[KEY]["state"] == "sent"


def test_idempotent_calls_are_not_guarded(sandbox: Sandbox) -> None:
    """idempotent=True turns the guard off: the caller says it may be repeated."""
    store = Store()
    write(store, idempotent=True)
    write(store, idempotent=True)
    assert store == {}
    assert sandbox.count("POST", "/Customers") == 2


def test_without_a_store(sandbox: Sandbox) -> None:
    """Before Airflow 3.3 there is no store: the call is made, unguarded, as documented."""
    operator = PowerOfficeOperator(task_id="t", endpoint="Customers", method="POST", body={"Name": "x"})
    assert operator.execute({})["Id"]  # type: ignore[typeddict-item]
    assert sandbox.count("POST", "/Customers") == 1


def test_in_a_real_airflow(sandbox: Sandbox, run_dag: Any) -> None:
    """A task that fails after its call and is retried has written once (3.3), and has its result."""
    run = run_dag("write_and_stumble")
    assert set(states(run).values()) <= {"success", "TaskInstanceState.SUCCESS"}
    assert xcoms(run)["write.return_value"]["Name"] == "Snublesteinen AS"
    assert sandbox.count("POST", "/Customers") == (1 if HAS_STATE_STORE else 2)
