"""Entities of Finance & Operations through the operator, the transfer and the sensor."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import inspect
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.sdk import PokeReturnValue
from support.airflow_home import states, xcoms

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import ConflictError, NotFoundError
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator, D365FORestEndpointOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.d365fo import D365FOSensor
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.transfers.d365fo import D365FOToObjectStorageOperator, D365FOToSqlOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger
from poweroffice_sandbox.d365fo import D365FOSandbox

pytestmark = pytest.mark.usefixtures("fo_connection")
ONCE: dict[str, Any] = {"retry_options": {"attempts": 1}}
GROUP = {"dataAreaId": "usmf", "CustomerGroupId": "10"}


def entity(name: str = "CustomerGroups", **arguments: Any) -> Any:
    """Run the entity operator once."""
    operator = D365FOEntityOperator(task_id="t", entity=name, retry_options={"attempts": 1}, **arguments)
    return operator.execute({})


def test_rows(fo: D365FOSandbox) -> None:
    """A set is read without its envelope; paginated, whole."""
    fo.set(page_size=50)
    assert len(entity("CustomersV3", query={"$top": 5})) == 5
    assert len(entity("CustomersV3", paginate=True, max_result_bytes=None)) == 120
    with pytest.raises(AirflowFailException, match="D365FOToObjectStorageOperator, and hand") as caught:
        entity("CustomersV3", paginate=True, max_result_bytes=100)
    assert "PowerOffice" not in str(caught.value).replace("PowerOfficeError", "")
    assert entity("CustomersV3", paginate=True, query={"$filter": "CustomerAccount eq 'x'"}) == []


PLACES: list[tuple[type[Any], dict[str, Any], str]] = [
    (PowerOfficeOperator, {"endpoint": "CustomersV3"}, "D365FOEntityOperator"),
    (PowerOfficeSensor, {"endpoint": "CustomersV3", "deferrable": False}, "D365FOSensor"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "CustomersV3", "object_path": "file:///tmp/x.ndjson.gz"},
        "D365FOToObjectStorageOperator",
    ),
    (
        PowerOfficeToSqlOperator,
        {"endpoint": "CustomersV3", "sql_conn_id": "db", "table": "t"},
        "D365FOToSqlOperator",
    ),
    (D365FOEntityOperator, {"entity": "CustomersV3"}, "PowerOfficeOperator"),
    (D365FORestEndpointOperator, {"service_name": ""}, "PowerOfficeOperator"),
    (D365FOSensor, {"endpoint": "Customers", "deferrable": False}, "PowerOfficeSensor"),
    (
        D365FOToObjectStorageOperator,
        {"endpoint": "Customers", "object_path": "file:///tmp/x.ndjson.gz"},
        "PowerOfficeToObjectStorageOperator",
    ),
    (
        D365FOToSqlOperator,
        {"endpoint": "Customers", "sql_conn_id": "db", "table": "t"},
        "PowerOfficeToSqlOperator",
    ),
]


@pytest.mark.parametrize(("kind", "arguments", "other"), PLACES, ids=[place[0].__name__ for place in PLACES])
@pytest.mark.filterwarnings("ignore:endpoint")
def test_connection_of_the_other_api(
    connection: str, fo: D365FOSandbox, kind: type[Any], arguments: dict[str, Any], other: str
) -> None:
    """A connection of the other API ends the task at once, and the class that takes it is named."""
    name = "poweroffice_conn_id" if "poweroffice_conn_id" in kind.template_fields else "d365fo_conn_id"
    wrong = "d365fo_default" if name == "poweroffice_conn_id" else connection
    task = kind(task_id="t", **arguments, **{name: wrong})
    with pytest.raises(AirflowFailException, match=f"{name}='{wrong}' .* use {other}"):
        task.execute({"run_id": "r"})
    assert fo.count() == 0


def test_one_row_through_its_life() -> None:
    """Create, read, change by ETag, be refused with an old one, delete."""
    key = {"dataAreaId": "usmf", "CustomerGroupId": "O'Ha/ra"}
    entity(method="POST", body={**key, "Description": "x"})
    old = entity(key=key)["@odata.etag"]
    assert entity(key=key, method="PATCH", body={"Description": "y"}, etag=old) is None
    with pytest.raises(AirflowFailException) as caught:
        entity(key=key, method="PATCH", body={"Description": "z"}, etag=old)
    assert isinstance(caught.value.__cause__, ConflictError)
    row = entity(key=key)
    assert row["Description"] == "y"
    entity(key=key, method="DELETE", etag=row["@odata.etag"])
    with pytest.raises(AirflowFailException) as caught:
        entity(key=key, method="PATCH", body={"Description": "z"})
    assert isinstance(caught.value.__cause__, NotFoundError)


def test_companies(fo: D365FOSandbox) -> None:
    """A key or filter with a company reaches it; False keeps to the app's own."""
    group = {"dataAreaId": "usrt", "CustomerGroupId": "10"}
    assert entity(key=group)["dataAreaId"] == "usrt"
    with pytest.raises(AirflowFailException):
        entity(key=group, cross_company=False)
    of_task = entity("CustomersV3", company="dat", paginate=True, max_result_bytes=None)
    assert {row["dataAreaId"] for row in of_task} == {"dat"}
    every = entity("CustomersV3", cross_company=True, paginate=True, max_result_bytes=None)
    assert len(every) == fo.totals()["CustomersV3"]


def test_templates() -> None:
    """Entity, key, action, ETag and switch are templates; typed key values come from texts."""
    operator = D365FOEntityOperator(
        task_id="t",
        entity="{{ 'LedgerJournalLines' }}",
        key={"dataAreaId": "usmf", "JournalBatchNumber": "{{ b }}", "LineNumber": ("{{ 1 }}", "number")},
        cross_company="{{ true }}",
    )
    operator.render_template_fields({"b": "JB-000001"})  # type: ignore[typeddict-unknown-key]
    assert operator.execute({})["LineNumber"] == 1
    names = set(inspect.signature(D365FOEntityOperator.__init__).parameters)
    assert names - {"self", "kwargs", "d365fo_conn_id"} <= set(D365FOEntityOperator.template_fields)


def test_templates_of_nothing() -> None:
    """A template that renders None or nothing leaves an argument out."""
    nothing = {"etag": "None", "action": "", "cross_company": "None"}
    assert len(entity(query={"$top": 1}, **nothing)) == 1
    assert entity(key=GROUP, method="PATCH", body={"Description": "new"}, **nothing) is None
    assert entity(key=GROUP)["Description"] == "new"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"key": {}}, "key"), ({"key": {"a": ""}}, "'a'"), ({"cross_company": "perhaps"}, "cross-company")],
)
def test_bad_input(fo: D365FOSandbox, arguments: dict[str, Any], says: str) -> None:
    """A key that names no row, or a switch that is none, is refused before the call."""
    with pytest.raises(AirflowFailException, match=says):
        entity(**arguments)
    assert fo.count("GET", "/data/*") == 0


def test_action(fo: D365FOSandbox) -> None:
    """An action that is not there is refused by the server, at its own path."""
    with pytest.raises(AirflowFailException):
        entity(action="nothing", method="POST", body={})
    assert fo.count("POST", "/data/CustomerGroups/Microsoft.Dynamics.DataEntities.nothing") == 1


def test_action_is_a_post(fo: D365FOSandbox) -> None:
    """An action that is there gives its result; it is called by POST, for which a method need not be said."""
    key = {"dataAreaId": "usmf", "JournalBatchNumber": "JB-000002"}
    assert entity("LedgerJournalHeaders", key=key, action="countLines") == 2
    assert entity("LedgerJournalHeaders", action="nextJournalNumber") == "JB-900001"
    assert entity("CustomersV3", action="accountsOnHold", body={"company": "usmf"}) != []
    assert fo.count("GET", "/data/*") == 0


def test_transfer(fo: D365FOSandbox, tmp_path: Path) -> None:
    """A set lands whole in a file, byte by byte the same when run again."""
    fo.set(page_size=17)
    path = tmp_path / "c.ndjson.gz"
    digests = set()
    for _ in range(2):
        receipt = D365FOToObjectStorageOperator(
            task_id="t", endpoint="CustomersV3", object_path=f"file://{path}", **ONCE
        ).execute({})
        digests.add(receipt["sha256"])
        assert (receipt["rows"], receipt["pages"]) == (120, 8)
    lines = gzip.decompress(path.read_bytes()).splitlines()
    accounts = [json.loads(line)["CustomerAccount"] for line in lines]
    assert len(set(accounts)) == 120
    assert accounts == sorted(accounts)
    assert digests == {hashlib.sha256(path.read_bytes()).hexdigest()}


def test_transfer_is_all_or_nothing(fo: D365FOSandbox, tmp_path: Path) -> None:
    """A failure on a later page leaves no file, and cannot be skipped."""
    fo.set(page_size=50)
    fo.add_fault(action="status", status=400, path="/data/*", every=2)
    with pytest.raises(AirflowFailException):
        D365FOToObjectStorageOperator(
            task_id="t",
            endpoint="CustomersV3",
            object_path=f"file://{tmp_path}/c.ndjson.gz",
            on_page_error="skip",
            **ONCE,
        ).execute({})
    assert list(tmp_path.iterdir()) == []


FILTERS = [("CustomerGroupId", "==", "10")]


def test_sensor() -> None:
    """The sensor looks at the rows of the set, in the worker."""
    sensor = D365FOSensor(
        task_id="t", endpoint="CustomerGroups", filters=FILTERS, field="PaymentTermId", value="Net30", **ONCE
    )
    found = sensor.poke({})
    assert isinstance(found, PokeReturnValue)
    assert found.xcom_value["CustomerGroupId"] == "10"
    assert not D365FOSensor(
        task_id="t", endpoint="CustomersV3", query={"$filter": "CustomerAccount eq 'x'"}, **ONCE
    ).poke({})


def test_fail_if() -> None:
    """A condition that fails the waiting names the row by the first fields of its key."""
    says = (
        r'fail_if PaymentTermId == "Net30" is fulfilled by the record with dataAreaId usmf, CustomerGroupId'
    )
    with pytest.raises(AirflowFailException, match=says):
        D365FOSensor(
            task_id="t",
            endpoint="CustomerGroups",
            filters=FILTERS,
            fail_if=("PaymentTermId", "==", "Net30"),
            **ONCE,
        ).poke({})


@pytest.mark.finding("R6")
def test_deferred_sensor() -> None:
    """It defers to a trigger that asks the same connection, with the filter and a typed value."""
    sensor = D365FOSensor(
        task_id="t",
        endpoint="CustomerGroups",
        filters=FILTERS,
        field="CustomerGroupId",
        comparison="in",
        value=[Decimal("99.5"), "none"],
        deferrable=True,
        **ONCE,
    )
    try:
        from airflow.sdk.exceptions import TaskDeferred  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.exceptions import TaskDeferred  # noqa: PLC0415
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({})
    _, arguments = caught.value.trigger.serialize()
    arguments = json.loads(json.dumps(arguments)) | {"deadline": datetime.now(UTC).isoformat()}

    async def first() -> Any:
        return await anext(aiter(PowerOfficeTrigger(**arguments).run()))

    event = asyncio.run(first())
    assert event.payload["status"] == "timeout"
    assert "CustomerGroupId in [99.5, " in event.payload["message"]
    assert 'was "10"' in event.payload["message"]


def test_trigger() -> None:
    """And in the triggerer."""
    trigger = PowerOfficeTrigger(
        endpoint="CustomerGroups",
        query={"$filter": "CustomerGroupId eq '10'"},
        deadline=(datetime.now(UTC) + timedelta(seconds=20)).isoformat(),
        poweroffice_conn_id="d365fo_default",
    )

    async def first() -> Any:
        return await asyncio.wait_for(anext(aiter(trigger.run())), 10)

    event = asyncio.run(first()).payload
    assert (event["status"], event["record"]["CustomerGroupId"]) == ("success", "10")


def test_examples(fo: D365FOSandbox, run_dag: Any) -> None:
    """The example DAGs run, and do what they say."""
    for dag_id in ("d365fo_call_service", "d365fo_extract_entity"):
        run = run_dag(dag_id)
        assert {state.rpartition(".")[2].lower() for state in states(run).values()} == {"success"}
        found = xcoms(run)
        if dag_id == "d365fo_call_service":
            assert found["session.return_value"]["UserCompany"] == "USMF"
            assert found["post.return_value"]["parmVoucher"]
            continue
        receipt = found["customers.return_value"]
        rows = gzip.decompress(Path(urlsplit(receipt["path"]).path).read_bytes()).splitlines()
        companies = {json.loads(row)["dataAreaId"] for row in rows}
        assert (len(rows), companies) == (receipt["rows"], {"usmf", "usrt"})
    assert entity(key=GROUP)["Description"].startswith("Wholesale, since ")
    assert fo.executed()["SandboxServices/SandboxTestService/post"] == 1


def test_no_false_advice(recwarn: pytest.WarningsRecorder) -> None:
    """Names of entities are not taken for misspelt resources of PowerOffice."""
    for name in ("CustomersV3", "VendorsV2", "CustomerGroups", "data/Customers", "CustomersV3(Id='1')"):
        D365FOSensor(task_id="t", endpoint=name)
    assert [str(item.message) for item in recwarn if "did you mean" in str(item.message)] == []
