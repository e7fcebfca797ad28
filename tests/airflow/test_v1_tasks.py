"""The same operator, transfer, sensor and Test button on a connection of v1."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from airflow.sdk import PokeReturnValue
from support.airflow_home import HOME, states, xcoms

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import DeleteRefusedError, RefusedError
from airflow_provider_poweroffice.hooks.diagnosis import _describe
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.tasks.write_guard import KEY
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger
from poweroffice_sandbox import V1Sandbox

pytestmark = pytest.mark.usefixtures("v1_connection")
ONCE = {"attempts": 1}
IN_USE = "Customer/1000001"


def call(context: Any = None, **arguments: Any) -> Any:
    """Run an operator."""
    given = {"endpoint": "Customer", "poweroffice_conn_id": "poweroffice_v1", "retry_options": ONCE}
    operator = PowerOfficeOperator(task_id="t", **(given | arguments))
    operator.render_template_fields({"params": {"since": "2025-12-01T00:00:00Z", "code": 10_003}})  # type: ignore[typeddict-item]
    return operator.execute(context or {})


def copy(path: Path, **arguments: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run a transfer, and give its receipt and rows."""
    given = {"endpoint": "Customer", "poweroffice_conn_id": "poweroffice_v1"} | arguments
    operator = PowerOfficeToObjectStorageOperator(task_id="t", object_path=f"file://{path}", **given)
    receipt = operator.execute({})  # type: ignore[typeddict-item]
    return receipt, [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def sensor(**arguments: Any) -> PowerOfficeSensor:
    """Build a sensor."""
    given = {"endpoint": "Customer", "poweroffice_conn_id": "poweroffice_v1", "retry_options": ONCE}
    return PowerOfficeSensor(task_id="t", **(given | arguments))


def test_operator_gives_what_is_inside(v1_sandbox: V1Sandbox) -> None:
    """A record, a list and a whole collection come without their envelope."""
    assert call(endpoint=IN_USE)["id"] == 1_000_001
    assert len(call(filters=("Code", "<", 10_005))) == 5
    some = {"paginate": True, "page_size": 20, "filters": ("Code", "<", 10_050)}
    assert len(call(**some)) == 50
    assert json.loads(call(endpoint=IN_USE, response="text"))["success"] is True
    whole = call(endpoint=IN_USE, full=True)
    assert (whole["is_success"], whole["body"]["id"], whole["error_content"]) == (True, 1_000_001, None)
    assert call(filters=("Code", "<", 10_005), full=True)["count"] == 5
    assert v1_sandbox.count("POST", "/OAuth/Token") == 6


def test_cut_list_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Rows that the server counts and did not send are a warning, unless they were asked for so."""
    assert len(call(query={"$top": 2, "$orderby": "Id"})) == 2
    assert call(endpoint=IN_USE)
    assert "the first page only" not in caplog.text


def test_filters_are_templates() -> None:
    """Values of a filter are rendered; the type says what the text stands for."""
    (row,) = call(filters=[("Code", "==", "{{ params.code }}", "number")])
    assert row["name"].startswith("O'Hara")
    found = call(filters={"all": [("LastChanged", ">", "{{ params.since }}", "datetime")]})
    assert found
    assert all(row["lastChanged"] > "2025-12-01" for row in found)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"query": {"$filter": "(Id gt 1)"}, "filters": ("Id", ">", 1)}, "exclude each other"),
        ({"query": {"$skip": 1}}, "needs an order"),
        ({"query": {"$top": 50_001, "$orderby": "Id"}}, "up to 50000"),
        ({"method": "PATCH", "body": {}}, "v1 has no PATCH"),
        ({"on_refused_delete": "archive"}, "needs method='DELETE'"),
        ({"on_refused_delete": "keep"}, "'fail' or 'archive'"),
        ({"paging": {"split_days": 31}}, "split_days.* needs paginate=True"),
        ({"method": "POST", "body": {}, "filters": ("Id", ">", 1)}, "filters go with GET"),
    ],
)
def test_bad_arguments(v1_sandbox: V1Sandbox, arguments: dict[str, Any], says: str) -> None:
    """What v1 cannot do is refused before anything is sent."""
    with pytest.raises((ValueError, AirflowFailException), match=says):
        call(**arguments)
    assert v1_sandbox.count(path="/Customer*") == 0


@pytest.mark.usefixtures("connection")
def test_filters_are_not_for_v2() -> None:
    """v2 has no ``$filter`` and no archive, and says so."""
    with pytest.raises(AirflowFailException, match=r"no \$filter"):  # known to neither version
        call(endpoint="Something", filters=("Id", ">", 1), poweroffice_conn_id="poweroffice_default")
    with pytest.raises(AirflowFailException, match="not for v2"):
        call(
            endpoint="Customers/1",
            method="DELETE",
            on_refused_delete="archive",
            poweroffice_conn_id="poweroffice_default",
        )


def test_refusal_ends_the_task(v1_sandbox: V1Sandbox) -> None:
    """``success: false`` is final, was not carried out, and is a result where the caller says so."""

    class Store(dict[str, Any]):
        def set(self, key: str, value: Any, **_: Any) -> None:
            self[key] = value

        def delete(self, key: str) -> None:
            self.pop(key, None)

    store = Store()
    wrong = {"method": "POST", "body": {"externalCode": 1}}
    with pytest.raises(AirflowFailException, match="RefusedError") as caught:
        call({"task_state_store": store}, **wrong)
    assert isinstance(caught.value.__cause__, RefusedError)
    assert KEY not in store
    result = call({"task_state_store": store}, **wrong, fail_on_error=False)
    assert (result["is_success"], result["status_code"], result["body"]) == (False, 200, None)
    assert result["error_content"]["validation"]["exception"] == "AggregatedValidation"
    assert KEY not in store
    made = call({"task_state_store": store}, method="POST", body={"name": "a"})
    assert store[KEY]["state"] == "done"
    assert call({"task_state_store": store}, method="POST", body={"name": "a"}) == made
    assert v1_sandbox.count("POST", "/Customer") == 3


def test_put_is_refused() -> None:
    """The vendor's own example updates by PUT, answered by 405 without a word: we say what v1 takes."""
    result = call(endpoint="customer/", method="PUT", body={"id": 1000001}, fail_on_error=False)
    assert (result["status_code"], result["is_success"], result["body"]) == (405, False, None)
    assert result["error_content"]["type"] == "APIStatusError"
    assert "POST the record with its id" in result["error_content"]["message"]


def test_delete_or_archive(capsys: pytest.CaptureFixture[str]) -> None:
    """A record in use is archived where the task says so; else the error says how. The log tells which."""
    with pytest.raises(AirflowFailException, match="on_refused_delete='archive'") as caught:
        call(endpoint=IN_USE, method="DELETE")
    assert isinstance(caught.value.__cause__, DeleteRefusedError)
    assert call(endpoint=IN_USE, method="DELETE", on_refused_delete="archive")["isArchived"] is True
    assert "archived: POST /Customer: 200 after " in capsys.readouterr().out
    assert call(endpoint=IN_USE)["isArchived"] is True
    made = call(method="POST", body={"name": "a"})["id"]
    assert call(endpoint=f"Customer/{made}", method="DELETE", on_refused_delete="archive") is None
    assert f"DELETE /Customer/{made}: 200 after " in capsys.readouterr().out


def test_transfer_goes_on_from_its_watermark(tmp_path: Path, v1_sandbox: V1Sandbox) -> None:
    """The first read takes all; the next what changed since, and a third nothing new."""
    receipt, rows = copy(tmp_path / "all.ndjson.gz", page_size=50)
    assert len({row["id"] for row in rows}) == len(rows) == v1_sandbox.totals()["Customer"] == receipt["rows"]
    assert receipt["watermark"] == max(row["lastChanged"] for row in rows)
    made = call(method="POST", body={"name": "O'New"})["id"]
    changed = call(method="POST", body={"id": 1_000_001, "name": "Changed"})["id"]
    receipt, rows = copy(tmp_path / "new.ndjson.gz", changed_since=receipt["watermark"])
    assert {made, changed} <= {row["id"] for row in rows}
    assert len(rows) < 10
    receipt, rows = copy(tmp_path / "newer.ndjson.gz", changed_since=receipt["watermark"])
    assert changed in {row["id"] for row in rows} <= {made, changed}  # the last second again
    receipt, rows = copy(tmp_path / "one.ndjson.gz", changed_since=None, filters=("Name", "==", "O'New"))
    assert [row["id"] for row in rows] == [made]


def test_amounts_are_as_sent(tmp_path: Path, v1_sandbox: V1Sandbox) -> None:
    """Rows are the bytes that stand in the envelope."""
    v1_sandbox.set(decimals="long")
    path = tmp_path / "products.ndjson.gz"
    copy(path, endpoint="Product")
    rows = gzip.decompress(path.read_bytes()).splitlines()
    with PowerOfficeHook("poweroffice_v1") as hook:
        sent = hook.client.request("GET", "Product", query={"$orderby": "Id asc", "$top": 5000}).content
    assert b"[" + b",".join(rows) + b"]" in sent
    assert b".0," in sent


def test_long_report(tmp_path: Path, v1_sandbox: V1Sandbox) -> None:
    """A year of the ledger comes month by month as one object."""
    v1_sandbox.set(long_period="refused")
    ledger = {
        "endpoint": "Reporting/AccountTransactions",
        "query": {"fromDate": "2022-01-01", "toDate": "2025-12-31"},
    }
    receipt, rows = copy(tmp_path / "ledger.ndjson.gz", **ledger, paging={"split_days": 31})
    assert len({row["id"] for row in rows}) == len(rows) == receipt["rows"]
    assert len(rows) == v1_sandbox.totals()["Reporting/AccountTransactions"]
    assert receipt["watermark"]
    with pytest.raises(AirflowFailException, match="31 days"):
        copy(tmp_path / "not.ndjson.gz", **ledger)
    assert not (tmp_path / "not.ndjson.gz").exists()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, True),
        ({"filters": ("Code", "==", 1)}, False),
        ({"filters": ("Code", "==", 10_003), "field": "isArchived", "value": "false"}, True),
        ({"changed_since": "2026-06-01T00:00:00Z"}, False),
        ({"field": "name", "comparison": "==", "value": "nobody"}, False),
    ],
)
def test_sensor_and_trigger(arguments: dict[str, Any], found: bool, v1_sandbox: V1Sandbox) -> None:
    """The sensor finds what the trigger finds: records, not envelopes."""
    v1_sandbox.set(unordered="id")
    one = sensor(**arguments)
    answer = one.poke({})  # type: ignore[typeddict-item]
    assert bool(answer) == found

    async def verdict() -> Any:
        given = {name: arguments[name] for name in ("field", "comparison", "value") if name in arguments}
        trigger = PowerOfficeTrigger(
            endpoint="Customer",
            query=one._query(one.hook.client),
            deadline=(datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
            poweroffice_conn_id="poweroffice_v1",
            **given,
        )
        return (await anext(aiter(trigger.run()))).payload

    event = asyncio.run(verdict())
    if isinstance(answer, PokeReturnValue):
        assert event == {"status": "success", "record": answer.xcom_value}
        assert event["record"]["id"]
    else:
        assert event["status"] == "timeout"


def test_fail_if() -> None:
    """A condition that fails the waiting names the record; the callable beside it is not asked."""
    with pytest.raises(
        AirflowFailException, match=r"fail_if code == 10003 .*record with id [0-9]+: code was "
    ):
        sensor(condition=bool, fail_if=("code", "==", 10_003)).poke({})  # type: ignore[typeddict-item]


def test_button(monkeypatch: pytest.MonkeyPatch, v1_sandbox: V1Sandbox) -> None:
    """The Test button needs no subscription key, and says what it can."""
    done, says = PowerOfficeHook("poweroffice_v1").test_connection()
    assert done, says
    assert "production v1" in says
    fields = json.loads(v1_sandbox.connection_json()) | {"login": "0" * 8 + "-0000" * 3 + "-" + "0" * 12}
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_V1", json.dumps(fields))
    done, says = PowerOfficeHook("poweroffice_v1").test_connection()
    assert not done
    assert says.startswith("Wrong application key (login) or client key (password)")
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_V1", json.dumps(fields | {"password": ""}))
    assert PowerOfficeHook("poweroffice_v1").test_connection() == (
        False,
        "missing: password (client key)",
    )


def test_button_names_the_company() -> None:
    """A server that has ClientIntegrationInformation, as v1 has since 2025, names the company."""
    said = {"clientname": "Fjordlys AS", "validprivileges": ["Customer_Full"], "invalidprivileges": []}
    assert "".join(_describe(said, "production v1")) == (
        "Connected to Fjordlys AS (production v1). Valid privileges: Customer_Full."
    )


def test_example(v1_sandbox: V1Sandbox, run_dag: Any) -> None:
    """The example reads all customers that are not archived, and then those that changed."""
    active = [row for row in call(paginate=True, max_result_bytes=None) if not row["isArchived"]]
    found = []
    for _ in range(2):
        run = run_dag("poweroffice_v1_changed_customers")
        assert {state.rpartition(".")[2].lower() for state in states(run).values()} == {"success"}
        receipt = xcoms(run)["changed_customers.return_value"]
        content = gzip.decompress(Path(urlsplit(receipt["path"]).path).read_bytes())
        found.append([json.loads(line)["id"] for line in content.splitlines()])
        made = call(method="POST", body={"name": "New"})["id"]
    assert found[0] == [row["id"] for row in active]
    assert len(found[1]) == 1
    assert found[1][0] < made
    assert v1_sandbox.count("GET", "/Customer")


def test_filters_of_mapped_tasks(run_dag: Any) -> None:
    """A filter may be mapped over, hold templates, and hold a moment: Airflow keeps it whole."""
    run = run_dag("v1_mapped")
    assert {state.rpartition(".")[2].lower() for state in states(run).values()} == {"success"}
    with sqlite3.connect(HOME / "airflow.db") as database:
        found = database.execute(
            "select map_index, value from xcom where dag_id = 'v1_mapped' and task_id = 'read' "
            "and key = 'return_value' order by map_index"
        ).fetchall()
    codes = [[row["code"] for row in json.loads(value)] for _, value in found]
    assert all(row["name"].startswith("O'") for row in json.loads(found[0][1]))
    assert codes[1:] == [[10_003], [10_003, 10_004, 10_005]]
    assert [row["code"] for row in xcoms(run)["one.return_value"]] == [10_003]


def test_parquet(tmp_path: Path) -> None:
    """Types of v1 are those of the reference: numbers, days, times; a user may say otherwise."""
    path = tmp_path / "customers.parquet"
    given = {"endpoint": "Customer", "poweroffice_conn_id": "poweroffice_v1", "format": "parquet"}
    operator = PowerOfficeToObjectStorageOperator(
        task_id="t", object_path=f"file://{path}", fields={"since": "timestamp"}, **given
    )
    receipt = operator.execute({})  # type: ignore[typeddict-item]
    table = pq.read_table(path)
    assert table.num_rows == receipt["rows"] == len(set(table["id"].to_pylist()))
    kinds = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert (kinds["id"], kinds["name"], kinds["dateOfBirth"]) == ("int64", "string", "date32[day]")
    assert kinds["since"].startswith("timestamp[")
    assert kinds["lastChanged"].startswith("timestamp[")
    assert kinds["hourlyRate"].startswith("decimal128")
    assert min(table["lastChanged"].to_pylist()).tzinfo is not None
