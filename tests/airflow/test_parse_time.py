"""What can be known while a DAG file is read is said then, of mapped tasks too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesOperator
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator, D365FORestEndpointOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.d365fo import D365FOSensor
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.tasks.base import _MOST_ROWS
from airflow_provider_poweroffice.transfers.d365fo import D365FOToObjectStorageOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeDownloadOperator,
    PowerOfficeToObjectStorageOperator,
)

PLACE = {"object_path": "file:///x/{{ company }}.ndjson.gz"}
DATES = {"fromDate": "2026-01-01", "toDate": "2026-01-31"}
WRONG = [
    (PowerOfficeOperator, {"endpoint": "Customers", "method": "PATCH", "body": {"Name": "x"}}, "JSON Patch"),
    (PowerOfficeOperator, {"endpoint": "Customers", "query": "a=b"}, "query must be a mapping"),
    (PowerOfficeOperator, {"endpoint": "AccountTransactions"}, "needs fromDate and toDate"),
    (PowerOfficeOperator, {"endpoint": "Customers", "filters": ("Name", "==", "x")}, "v2 has no"),
    (PowerOfficeSensor, {"endpoint": "VatCodes", "changed_since": "2026-01-01T00:00:00Z"}, "read it whole"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "VatCodes", "incremental": True} | PLACE,
        "read it whole",
    ),
    (PowerOfficeToObjectStorageOperator, {"endpoint": "Customers", "page_size": 50_000} | PLACE, "to 20000"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "page_size": "500"} | PLACE,
        "to 20000, not '500'$",
    ),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "object_path": "x.ndjson.gz"},
        "no scheme",
    ),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "VatCodes", "object_path": "s3://b/x.csv"},
        "end it in",
    ),
    (PowerOfficeOperator, {"endpoint": "Customers", "query": ["Fields"]}, "query must be a mapping"),
    (PowerOfficeOperator, {"endpoint": "Customers", "method": "POST", "query": "a=b"}, "query must be"),
    (PowerOfficeOperator, {"endpoint": "VatCodes/None"}, "was an id missing"),
    (PowerOfficeOperator, {"endpoint": "https://goapi.poweroffice.net/v2/Customers"}, "is an absolute URL"),
    (PowerOfficeOperator, {"endpoint": "Customers?PageSize=1"}, "holds a query"),
    (PowerOfficeSensor, {"endpoint": "Customers//1"}, "has an empty part"),
    (PowerOfficeSensor, {"endpoint": ""}, "must name a resource"),
    (
        PowerOfficeDownloadOperator,
        {"endpoint": None, "object_path": "file:///x/a.pdf"},
        "must name a resource",
    ),
    (
        PowerOfficeDownloadOperator,
        {"endpoint": "VoucherDocumentation/Download", "query": "id=1", "object_path": "file:///x/a.pdf"},
        "query must be a mapping",
    ),
    (PowerOfficeOperator, {"endpoint": "Customers", "headers": {"Authorization": "x"}}, "made from the"),
    (PowerOfficeOperator, {"endpoint": "Customers", "headers": "a: b"}, "headers must be a mapping"),
    (PowerOfficeOperator, {"endpoint": "Customers", "body": {"Name": "x"}}, "body does not go with GET"),
    (PowerOfficeOperator, {"endpoint": "Customers/1", "method": "PATCH"}, "JSON Patch"),
    (
        PowerOfficeOperator,
        {"endpoint": "Customers/1", "method": "PATCH", "body": {"Name": "{{ params.name }}"}},
        "JSON Patch",
    ),
    (
        PowerOfficeOperator,
        {"endpoint": "Customers/1", "method": "PATCH", "body": [{"op": "set", "path": "/Name"}]},
        "without a known op",
    ),
    (PowerOfficeOperator, {"endpoint": "Customer", "filters": ("Name", "is", "x")}, "unknown comparison"),
    (PowerOfficeOperator, {"endpoint": "Customer", "filters": "Name eq 'x'"}, "text goes to query"),
    (
        PowerOfficeSensor,
        {"endpoint": "Customers", "changed_since": "yesterday"},
        "changed_since: 'yesterday'",
    ),
    (PowerOfficeToObjectStorageOperator, {"endpoint": "New", "page_size": 60_000} | PLACE, "page_size"),
    (PowerOfficeOperator, {"endpoint": "Customers", "full": "yes"}, "full must be True or False"),
    (PowerOfficeOperator, {"endpoint": "Customers", "fail_on_error": "False"}, "fail_on_error must be"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "on_page_error": len} | PLACE,
        "on_page_error is called as",
    ),
    (PowerOfficeToObjectStorageOperator, {"endpoint": "Customers", "overlap": -3} | PLACE, "overlap must"),
    (PowerOfficeSensor, {"endpoint": "Customers", "overlap": "{{ params.n }}"}, "it cannot be a template"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "page_size": "{{ params.n }}"} | PLACE,
        "it cannot be a template",
    ),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "paging": {"order_by": "{{ params.order }}"}} | PLACE,
        "must not be a template",
    ),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "paging": {"max_pages": "{{ params.n }}"}} | PLACE,
        "max_pages must be a whole number",
    ),
    (PowerOfficeOperator, {"endpoint": "Customers", "response": "{{ params.kind }}"}, "response must be"),
    (
        PowerOfficeToObjectStorageOperator,
        {"endpoint": "Customers", "object_path": "foo://b/x.ndjson.gz"},
        "no file system for foo://",
    ),
    (D365FOToObjectStorageOperator, {"endpoint": "CustomersV3", "page_size": 10} | PLACE, "cannot be asked"),
    (
        D365FOToObjectStorageOperator,
        {"endpoint": "CustomersV3", "changed_since": "2026-01-01"} | PLACE,
        "changed_since: entities share no field",
    ),
    (D365FOToObjectStorageOperator, {"endpoint": "X", "incremental": True} | PLACE, "entities share no"),
    (D365FOSensor, {"endpoint": "CustomersV3", "created_since": "2026-01-01"}, "created_since: entities"),
    (D365FOSensor, {"endpoint": "CustomersV3", "filters": ("a", "??", 1)}, "unknown comparison"),
    (D365FOEntityOperator, {"entity": "CustomersV3", "method": "PATCH", "body": [1]}, "fields to change"),
    (D365FOEntityOperator, {"entity": "CustomersV3", "filters": ("a", "??", 1)}, "unknown comparison"),
]
WRONG_CALLS = [
    ({"service_name": "Group/Service", "payload": {}}, "has 2 part"),
    ({"service_name": "Group/Service/Operation/"}, "leave out the last slash"),
    ({"payload": "{'a': 1}"}, "raw=True sends it"),
    ({"charset": "bogus", "payload": {}}, "unknown charset"),
    ({"method": "GET", "payload": {}}, "payload does not go with GET"),
    ({"retry_timeout": "60"}, "hh:mm:ss"),
    ({"throttle_seed": 0.5}, "throttle_seed must be"),
    ({"timeout": -1}, "timeout must be"),
    ({"expected_status": 99}, "expected_status must be"),
    ({"fail_on_error": "False"}, "fail_on_error must be True or False"),
    ({"headers": {"Authorization": "x"}}, "made from the connection"),
]
RIGHT_CALLS = [
    {"payload": "call.json"},
    {"payload": {"a": "{{ params.a }}"}, "retry_timeout": "{{ params.wait }}", "timeout": "{{ params.t }}"},
    {"service_name": "{{ params.name }}", "method": "{{ params.verb }}", "payload": "{}"},
]
RIGHT = [
    (PowerOfficeOperator, {"endpoint": "AccountTransactions", "query": DATES | {"accountNos": None}}),
    (PowerOfficeOperator, {"endpoint": "AccountTransactions", "query": "{{ params.query }}"}),
    (PowerOfficeOperator, {"endpoint": "{{ params.what }}", "method": "{{ params.verb }}"}),
    (PowerOfficeOperator, {"endpoint": "SalesOrders", "method": "PATCH", "body": "{{ params.body }}"}),
    (PowerOfficeSensor, {"endpoint": "VatCodes", "changed_since": "{{ none }}"}),
    (PowerOfficeToObjectStorageOperator, {"endpoint": "Customer", "page_size": 50_000} | PLACE),
    (PowerOfficeToObjectStorageOperator, {"endpoint": "SomethingNew", "page_size": 50_000} | PLACE),
    (D365FOEntityOperator, {"entity": "X", "method": "PATCH", "body": '{"a": 1}'}),
    (D365FOEntityOperator, {"entity": "X", "method": "PATCH", "body": {"a": "{{ params.a }}"}}),
    (
        D365FOToObjectStorageOperator,
        {"endpoint": "X", "changed_since": "{{ none }}", "page_size": 10_000} | PLACE,
    ),
]


def alone(kind: Any, arguments: dict[str, Any]) -> None:
    """Make a task as it is."""
    kind(task_id="t", **arguments)


def mapped(kind: Any, arguments: dict[str, Any]) -> None:
    """Map a task over companies, and over the second of two of each other argument."""
    fixed = {name: value for name, value in arguments.items() if name in {"method", "object_path"}}
    lists = {name: [value, value] for name, value in arguments.items() if name not in fixed}
    kind.partial(task_id="t", company="a", **fixed).expand(**lists)


def mapped_by_sets(kind: Any, arguments: dict[str, Any]) -> None:
    """Map a task over whole sets of arguments, one of which is another task's result."""
    listed = PowerOfficeCompaniesOperator(task_id="companies").output
    kind.partial(task_id="t").expand_kwargs([arguments | {"company": listed}])


def after_a_list(kind: Any, arguments: dict[str, Any]) -> None:
    """Map a task over what another task lists."""
    listed = PowerOfficeCompaniesOperator(task_id="companies").output
    kind.partial(task_id="t", **arguments).expand(company=listed)


@pytest.mark.parametrize("made", [alone, mapped, mapped_by_sets, after_a_list])
@pytest.mark.parametrize(("kind", "arguments", "says"), WRONG)
def test_wrong(made: Callable[..., None], kind: Any, arguments: dict[str, Any], says: str) -> None:
    """A wrong argument ends the import of the DAG file, and names itself."""
    with DAG("d", schedule=None), pytest.raises((ValueError, TypeError), match=says):
        made(kind, arguments)


@pytest.mark.parametrize("made", [alone, mapped_by_sets, after_a_list])
@pytest.mark.parametrize(("kind", "arguments"), RIGHT)
def test_right(made: Callable[..., None], kind: Any, arguments: dict[str, Any]) -> None:
    """What may be right, by another version or a template, is let through, and nothing is left in the DAG."""
    with DAG("d", schedule=None) as dag:
        made(kind, arguments)
    assert set(dag.task_ids) <= {"t", "companies"}


@pytest.mark.parametrize("is_mapped", [False, True])
@pytest.mark.parametrize(("arguments", "says"), WRONG_CALLS)
def test_wrong_call(arguments: dict[str, Any], says: str, *, is_mapped: bool) -> None:
    """A service call that cannot be made ends the import of the DAG file too."""
    given = {"service_name": "Group/Service/Operation"} | arguments
    name = given.pop("service_name")
    kind: Any = D365FORestEndpointOperator
    with DAG("d", schedule=None), pytest.raises((ValueError, TypeError), match=says):
        kind.partial(task_id="t", **given).expand(service_name=[name]) if is_mapped else kind(
            task_id="t", service_name=name, **given
        )


@pytest.mark.parametrize("arguments", RIGHT_CALLS)
def test_right_call(arguments: dict[str, Any]) -> None:
    """Templates, and the names of template files, are let through."""
    with DAG("d", schedule=None):
        D365FORestEndpointOperator(task_id="t", **({"service_name": "Group/Service/Operation"} | arguments))


def test_a_misspelt_endpoint_of_a_mapped_task() -> None:
    """The warning comes for mapped endpoints too."""
    with DAG("d", schedule=None), pytest.warns(UserWarning, match="did you mean 'Customers'"):
        PowerOfficeOperator.partial(task_id="t").expand(endpoint=["VatCodes", "Custmers"])


@pytest.mark.parametrize(
    ("path", "mapped", "is_one"),
    [
        ("file:///x/{{ run_id }}.ndjson.gz", {"endpoint": ["VatCodes", "Customers"]}, True),
        ("s3://{{ var.value.lake }}/x.ndjson.gz", {"company": ["a", "b"]}, True),
        ("file:///x/{{ ti.map_index }}.ndjson.gz", {"endpoint": ["VatCodes", "Customers"]}, False),
        ("file:///x/{{ company }}.ndjson.gz", {"company": ["a", "b"]}, False),
        ("file:///x/{{ params.of }}.ndjson.gz", {"params": [{"of": "a"}, {"of": "b"}]}, False),
        ("file:///x/y.ndjson.gz", {"endpoint": ["VatCodes"]}, False),
        ("file:///x/y.ndjson.gz", {"endpoint": ["VatCodes"], "company": ["a"]}, False),
    ],
)
def test_one_object_for_all(path: str, mapped: dict[str, list[Any]], *, is_one: bool) -> None:
    """Mapped tasks that would overwrite each other's object are refused."""
    rest = {"object_path": path} | ({} if "endpoint" in mapped else {"endpoint": "VatCodes"})
    with (
        DAG("d", schedule=None),
        pytest.raises(ValueError, match="overwrite each other's") if is_one else nullcontext(),
    ):
        PowerOfficeToObjectStorageOperator.partial(task_id="t", **rest).expand(**mapped)
    sets = [{name: value for name, (value, *_) in mapped.items()}] * 2
    with (
        DAG("d", schedule=None),
        pytest.raises(ValueError, match="overwrite each other's") if is_one else nullcontext(),
    ):
        PowerOfficeToObjectStorageOperator.partial(task_id="t", **rest).expand_kwargs(sets[: 1 + is_one])


def test_no_version_is_named_that_cannot_be_meant(recwarn: pytest.WarningsRecorder) -> None:
    """What begins as a resource of one version is not a misspelt one of another."""
    PowerOfficeOperator(task_id="t", endpoint="VatCodes/999")
    assert [str(item.message) for item in recwarn if "did you mean" in str(item.message)] == []


def test_the_largest_pages_are_the_dialects_own() -> None:
    """What is checked early is what is checked before the call."""
    assert {f"poweroffice_{name}": DIALECTS[name].max_page_size for name in ("v2", "v1")} == _MOST_ROWS
