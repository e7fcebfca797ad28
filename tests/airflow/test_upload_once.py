"""A file is attached once: a lost reply is settled by what is there, and nothing is sent blindly again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_write_guard import Store, Ti

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import UncertainWriteError
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.write_guard import KEY
from poweroffice_sandbox import Sandbox

if TYPE_CHECKING:
    from support import FakeClock

PDF = b"%PDF-1.4 " + bytes(range(256)) * 2000
PATH = "/SalesOrders/*/attachments"


@pytest.fixture
def path(connection: str) -> str:
    """Make an order and give the path of its attachments."""
    with PowerOfficeHook(connection) as hook:
        customer = hook.client.request("GET", "Customers", query={"PageSize": 1}).body[0]["Id"]
        body = {"CustomerId": customer, "SalesOrderLines": [{"LineType": "Text", "Description": "x"}]}
        order = hook.client.request("POST", "SalesOrders/Complete", body=body).body["Id"]
    return f"SalesOrders/{order}/attachments"


@pytest.fixture
def upload(path: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that runs a task with a file once."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))
    (tmp_path / "a.pdf").write_bytes(PDF)

    def run(store: Store | None = None, *, attempt: int = 1, **arguments: Any) -> Any:
        operator = PowerOfficeOperator(
            task_id="t",
            **{"endpoint": path, "method": "POST", "files": {"file": str(tmp_path / "a.pdf")}} | arguments,
        )
        operator.hook.client.connection.clock = clock
        ti = Ti(2)
        ti.try_number = attempt
        return operator.execute({"task_state_store": store, "ti": ti} if store is not None else {"ti": ti})  # type: ignore[typeddict-item]

    return run


def there(path: str) -> list[Any]:
    """List the attachments."""
    with PowerOfficeHook() as hook:
        return hook.client.request("GET", path).body or []


@pytest.mark.parametrize("fault", [{"action": "reset_after"}, {"action": "status_after", "status": 503}])
def test_a_lost_reply(upload: Any, path: str, sandbox: Sandbox, fault: dict[str, Any]) -> None:
    """The file that is there, byte for byte, is the result; it was sent once, and a retry sends nothing."""
    sandbox.add_fault(method="POST", path=PATH, **fault)
    store = Store()
    made = upload(store, full=True)
    (row,) = there(path)
    assert (made["body"]["Id"], made["body"]["FileName"], made["outcome"]) == (row["Id"], "a.pdf", "created")
    assert upload(store, attempt=2, full=True) == made
    assert sandbox.count("POST", PATH) == 1


def test_a_lost_request(upload: Any, path: str, sandbox: Sandbox, clock: FakeClock) -> None:
    """Not to find it proves nothing: it is looked for several times, and never sent again."""
    sandbox.add_fault(action="reset_before", method="POST", path=PATH)
    store = Store()
    errors: list[Any] = []
    for attempt in (1, 2):
        with pytest.raises(AirflowFailException, match="is not known") as caught:
            upload(store, attempt=attempt)
        errors.append(caught.value.__cause__)
        assert sum(clock.naps) == 15.0 * attempt
    assert [type(error) for error in errors] == [UncertainWriteError] * 2
    assert errors[0].how_to_check == f"GET {path}"
    assert (sandbox.count("POST", PATH), there(path)) == (1, [])


def test_a_killed_worker(upload: Any, path: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """A retry that finds the note of a sent call takes the file that is there for its result."""
    store = Store()
    upload(store)
    store[KEY] = {name: value for name, value in store[KEY].items() if name != "result"} | {"state": "sent"}
    assert upload(store, attempt=2)["Id"] == there(path)[0]["Id"]
    assert store[KEY]["state"] == "done"
    store[KEY]["state"] = "sent"
    (tmp_path / "a.pdf").write_bytes(PDF + b" ")  # another file: what became of the first one is not known
    with pytest.raises(AirflowFailException, match="is not known"):
        upload(store, attempt=3)
    assert sandbox.count("POST", PATH) == 1


def test_without_a_store(upload: Any, path: str, sandbox: Sandbox) -> None:
    """Before Airflow 3.3 a later try looks first; what is not there is sent."""
    assert upload(attempt=2)["FileName"] == "a.pdf"
    assert upload(attempt=3)["Id"] == there(path)[0]["Id"]
    assert sandbox.count("POST", PATH) == 1


def test_another_file_of_that_name(upload: Any, path: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Name and size do not make it the same file."""
    (tmp_path / "a.pdf").write_bytes(PDF[:-1] + b"?")
    upload(Store())
    (tmp_path / "a.pdf").write_bytes(PDF)
    sandbox.add_fault(action="reset_before", method="POST", path=PATH)
    with pytest.raises(AirflowFailException, match="is not known"):
        upload(Store())
    sandbox.add_fault(action="reset_after", method="POST", path=PATH)
    upload(Store())
    assert len(there(path)) == 2


def test_a_list_that_cannot_be_read(upload: Any, sandbox: Sandbox) -> None:
    """The write stays uncertain, with the error that made it so."""
    sandbox.add_fault(action="reset_after", method="POST", path=PATH)
    sandbox.add_fault(action="status", status=403, method="GET", path=PATH, times=0)
    with pytest.raises(AirflowFailException, match="no reply"):
        upload(Store())


def test_a_refused_file_may_be_sent_again(upload: Any, path: str, sandbox: Sandbox) -> None:
    """What the server refused was not carried out: nothing is looked for, and the next try sends it."""
    sandbox.add_fault(action="status", status=429, method="POST", path=PATH)
    assert upload(Store())["FileName"] == "a.pdf"
    assert len(there(path)) == 1


def test_documentation_may_be_repeated(upload: Any, sandbox: Sandbox) -> None:
    """A later PDF replaces an earlier one, so a lost reply is tried again by itself."""
    sandbox.add_fault(action="status_after", status=503, method="PUT", path="/VoucherDocumentation")
    identifier = "2f228d21-8659-4c4f-8460-978ee24681a4"
    with pytest.raises(AirflowFailException, match="not found"):
        upload(Store(), endpoint="VoucherDocumentation", method="PUT", query={"id": identifier})
    assert sandbox.count("PUT", "/VoucherDocumentation") == 2


def test_what_is_refused_first(upload: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A file that is too large, or none of the kind, is named before a note is made; in a preview as well."""
    one: dict[str, Any] = {"endpoint": "VoucherDocumentation", "method": "PUT", "query": {"id": "x"}}
    before, store = len(sandbox.journal()), Store()
    for content, size, said in (
        (PDF, 30 * 2**20 + 1, "at most 30 MiB"),
        (b"PK", 2, "is no PDF by its content"),
    ):
        (tmp_path / "a.pdf").write_bytes(content)
        os.truncate(tmp_path / "a.pdf", size)
        with pytest.raises(AirflowFailException, match=said) as caught:
            upload(store, **one)
        assert "files['file']" in str(caught.value)
        found = upload(store, **one, preview=True)
        assert (found["would"], found["counts"], len(found["problems"])) == ([], {"invalid": 1}, 1)
        assert said in found["problems"][0]["message"]
    (tmp_path / "a.pdf").write_bytes(PDF)
    assert upload(store, **one, preview=True)["would"][0]["files"] == {
        "file": {"name": "a.pdf", "bytes": len(PDF)}
    }
    assert (len(sandbox.journal()), store) == (before, {})
