"""Whatever an argument is given: it is taken, or the error names it."""

from __future__ import annotations

import inspect
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from support.operators import LOADS, REQUIRED

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.task_groups.company_to_object_storage import company_to_object_storage
from airflow_provider_poweroffice.task_groups.load_company import load_company
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeDownloadOperator,
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeToSqlOperator,
)

TASKS: dict[type[BaseOperator], dict[str, Any]] = REQUIRED | {
    PowerOfficeOperator: {"endpoint": "Customers"},
    PowerOfficeCompaniesSummaryOperator: {"loads": LOADS, "sql_conn_id": "db", "loads_table": "_loads"},
}


class Odd:
    """Something that no argument takes."""

    def __repr__(self) -> str:
        return "odd"


VALUES: list[Any] = [
    *(None, 0, -1, 1.5, True, 10**400, float("nan"), float("inf"), Decimal("NaN")),
    *("", " ", "x", "../..", "a\nb", "\0", "\ud800", "é" * 300, "2026-13-45", b"x"),
    *([], (), {}, set(), [None], ["x", 3], {"a": None}, {1: 2}, {"x": {"y": Odd()}}, range(3)),
    *(date(2026, 1, 1), datetime(2026, 1, 1), timedelta(days=-1), Odd(), Odd, ValueError("x")),  # noqa: DTZ001 - an odd one
]
ELSEWHERE = {
    ("D365FOToObjectStorageOperator", "incremental"): "changed_since",
    ("D365FOToSqlOperator", "incremental"): "changed_since",
    ("ObjectStorageToPowerOfficeOperator", "object_path"): "format=",
    ("PowerOfficeCompanyToObjectStorageOperator", "poweroffice_conn_id"): "conn_id",
    ("PowerOfficeCompanyToSqlOperator", "poweroffice_conn_id"): "conn_id",
    ("D365FOCompanyToObjectStorageOperator", "d365fo_conn_id"): "conn_id",
    ("D365FOCompanyToSqlOperator", "d365fo_conn_id"): "conn_id",
    ("D365FOEntityOperator", "changes"): "paginate=True",
    ("company_to_object_storage", "poweroffice_conn_id"): "conn_id",
    ("company_to_object_storage", "d365fo_conn_id"): "resources=",
    ("company_to_object_storage", "group_id"): "The key",
    ("load_company", "poweroffice_conn_id"): "conn_id",
    ("load_company", "d365fo_conn_id"): "resources=",
    ("load_company", "group_id"): "The key",
    ("load_company", "table_prefix"): "table",
}
"""Where the message names what stands for the argument."""


def own_arguments(kind: type[BaseOperator]) -> list[str]:
    """List the arguments that a task of this package adds to those of Airflow."""
    found: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.startswith("airflow_provider_poweroffice") and "__init__" in vars(base):
            found |= set(inspect.signature(base.__init__).parameters)  # type: ignore[misc]
    return sorted(found - {"self", "args", "kwargs"})


CASES = [(kind, name) for kind in TASKS for name in own_arguments(kind)]
GROUPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "company_to_object_storage": (
        company_to_object_storage,
        {"object_path": "file:///{{ company }}/{{ resource }}.ndjson.gz"},
    ),
    "load_company": (load_company, {}),
}
OF_GROUPS = [
    (name, argument)
    for name, (group, _) in GROUPS.items()
    for argument in sorted(set(inspect.signature(group).parameters) - {"arguments"})
]


def check(name: str, argument: str, value: Any, error: Exception) -> None:
    """Check that an error is one of those promised, and names its argument."""
    case = f"{name}({argument}={value!r:.60}): {type(error).__name__}: {error!s:.300}"
    assert isinstance(error, ValueError | TypeError), case
    assert argument in str(error) or ELSEWHERE.get((name, argument), "\0") in str(error), case


@pytest.mark.parametrize(("kind", "argument"), CASES, ids=[f"{kind.__name__}-{name}" for kind, name in CASES])
def test_an_argument_of_a_task(kind: type[BaseOperator], argument: str) -> None:
    """Each argument of each task, given each value."""
    with DAG("d", schedule=None):
        for n, value in enumerate(VALUES):
            try:
                kind(task_id=f"t{n}", **TASKS[kind] | {argument: value})
            except Exception as error:  # noqa: BLE001 - this is what is tested
                check(kind.__name__, argument, value, error)


@pytest.mark.parametrize(("name", "argument"), OF_GROUPS)
def test_an_argument_of_a_group(name: str, argument: str) -> None:
    """Each argument of each task group, given each value."""
    group, given = GROUPS[name]
    for value in VALUES:
        with DAG("d", schedule=None):
            try:
                group(**{"companies": ["a", "b"]} | given | {argument: value})
            except Exception as error:  # noqa: BLE001 - this is what is tested
                check(name, argument, value, error)


@pytest.mark.parametrize("value", [7, 3.5, True, ["a"], {"a": 1}, b"x"])
@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        (PowerOfficeOperator, "endpoint"),
        (PowerOfficeToSqlOperator, "endpoint"),
        (PowerOfficeToObjectStorageOperator, "endpoint"),
        (PowerOfficeDownloadOperator, "endpoint"),
        (PowerOfficeSensor, "endpoint"),
        (PowerOfficeSensor, "field"),
    ],
)
def test_what_native_rendering_gives(
    kind: type[BaseOperator], argument: str, value: Any, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that a DAG of native objects renders to another type is told by the argument's name."""
    monkeypatch.setenv("AIRFLOW_CONN_DB", '{"conn_type": "sqlite", "host": "/nowhere/x"}')
    assert connection
    made: Any = kind(task_id="t", **TASKS[kind])
    setattr(made, argument, value)
    with pytest.raises(AirflowFailException, match=f"TypeError: {argument} must be a text, not "):
        made.execute({"run_id": "r"})
