"""
A night of a firm: what became of each resource of each company, from what the tasks of a run have left.

Rule: it reads XComs alone, so that the summary can be tried again, and gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow
from airflow_provider_poweroffice.tasks.base import is_literal
from airflow_provider_poweroffice.tasks.company import NO_TASK, UNKNOWN, Instance, TaskInstance, left_by
from airflow_provider_poweroffice.tasks.transfer import LOADED, is_unchanged, now

if TYPE_CHECKING:
    from airflow_provider_poweroffice.tasks.company import Outcome

_NOT_RUN = frozenset({None, "upstream_failed", "skipped", "removed"})
_LONGEST = 1000  # characters of an error
_COUNTS = ("inserted", "updated", "deleted", "marked_deleted", "watermark")

Loads = Mapping[str, Mapping[str, Any]]
"""By name of a load, or by id of a task of one load: its ``endpoint`` and ``table``."""


def rows_of(
    ti: TaskInstance,
    instances: Mapping[str, Sequence[Instance]],
    loads: Loads,
    companies: Sequence[str] | None,
) -> list[LoadRow]:
    """
    Give a row for each company and load.

    :param instances: of each task.
    :param companies: those expected; one without any instance has rows too.
    """
    rows: dict[tuple[str, str], LoadRow] = {}
    recorded = now().removesuffix("Z")
    for task_id, found in instances.items():
        is_load = task_id in loads
        results = _results(ti, task_id, is_load=is_load)
        names = [task_id] if is_load else [name for name in loads if name not in instances]
        for instance in [*found, *_missing(found, companies)]:
            company = instance.outcome.company
            if company is None:
                continue
            left = results.get((-1 if is_load else instance.outcome.map_index, company), {})
            for name in names:
                task = f"{ti.dag_id}.{task_id}" if is_load else f"{ti.dag_id}.{task_id}.{name}"
                row = _row(instance, name, left.get(name, {}), loads[name])
                rows[company, task] = LoadRow(
                    run_id=ti.run_id, task=task, company=company, recorded_at=recorded, **row
                )
    return list(rows.values())


def _missing(found: Sequence[Instance], companies: Sequence[str] | None) -> Iterator[Instance]:
    """Stand in for the instances of companies that have none."""
    from airflow_provider_poweroffice.tasks.company import Outcome

    for company in sorted({*(companies or ())} - {instance.outcome.company for instance in found}):
        none = Outcome(company=company, task_id=None, map_index=-1, state=None, error=NO_TASK)
        yield Instance(outcome=none)


def _results(ti: TaskInstance, task_id: str, *, is_load: bool) -> dict[tuple[int, str], Mapping[str, Any]]:
    """Read what the instances of a task returned: loads by name, by map index (or -1) and company."""
    found: dict[tuple[int, str], Mapping[str, Any]] = {}
    left = left_by(ti, task_id, "return_value")
    if is_load:  # that of an instance which is no longer there is the older one
        for receipt in sorted(left, key=lambda receipt: str(receipt.get("began"))):
            outcome = "unchanged" if is_unchanged(receipt) else "loaded"
            found[-1, receipt["company"]] = {task_id: dict(receipt) | {"outcome": outcome}}
        return found
    for result in left:
        for own in result.get("companies", [result]):
            found[result["map_index"], own["company"]] = own["loads"]
    return found


def _row(instance: Instance, name: str, left: Mapping[str, Any], load: Mapping[str, Any]) -> dict[str, Any]:
    outcome, error = _outcome(instance, name, left)
    is_loaded = outcome in LOADED and left.get("outcome") in LOADED
    counts = {field: left[field] for field in _COUNTS if field in left} if is_loaded else {}
    seconds = left.get("seconds") if outcome not in {"unknown", "not_run"} else None
    return {
        "resource": str(load["endpoint"]),
        "table_name": left.get("table") or left.get("path") or _place(load),
        "outcome": outcome,
        "error": error and one_line(error, _LONGEST),
        "rows_loaded": left.get("rows") if is_loaded else None,
        **counts,
        "seconds": None if seconds is None else f"{seconds:.3f}",
        **_moments(left.get("began"), seconds),
    }


def _outcome(instance: Instance, name: str, left: Mapping[str, Any]) -> tuple[str, str | None]:
    """Give the outcome of a load, and why it is that."""
    task: Outcome = instance.outcome
    outcome, error = str(left.get("outcome", "")), task.error
    if name in instance.failed:
        outcome, error = "failed", instance.failed[name]
    elif reason := instance.not_there.get(name) or task.left_out:
        outcome, error = "left_out", reason
    elif not outcome or (name == task.task_id and task.state != "success"):
        if task.state == "success":
            outcome = "loaded"
        elif task.state in _NOT_RUN:
            outcome = "not_run"
        elif task.error == UNKNOWN:
            outcome = "unknown"
        else:
            outcome = "failed" if name == task.task_id else "not_run"
    return outcome, None if outcome in LOADED else error


def _place(load: Mapping[str, Any]) -> str | None:
    parts = [part for part in (load.get("schema"), load.get("table"), load.get("object_path")) if part]
    return ".".join(parts) if parts and is_literal(parts) else None


def _moments(began: str | None, seconds: float | None) -> dict[str, str]:
    if began is None:
        return {}
    moment = datetime.fromisoformat(began).replace(tzinfo=None)
    moments = {"began_at": moment}
    if seconds is not None:
        moments["ended_at"] = moment + timedelta(seconds=seconds)
    return {name: f"{moment:%Y-%m-%dT%H:%M:%S.%f}" for name, moment in moments.items()}
