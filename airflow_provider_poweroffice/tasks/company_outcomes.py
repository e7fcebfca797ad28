"""
What became of each company in a DAG run: task states and the XComs that the tasks left.

Rule: the task's own public means only (``get_task_states``, ``xcom_pull``), the same on Airflow 3.1 to 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from airflow_provider_poweroffice.tasks.company_reports import KEY

_UNKNOWN = "it left no reason: it was killed, or failed before it began; see its log"
_REASONS = {"upstream_failed": "a task before it failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What became of one task instance.

    :param company: alias; None where it is not known.
    :param map_index: -1 for a task that is not mapped.
    :param state: as Airflow has it, such as ``"failed"``.
    :param error: why it failed, or None.
    """

    company: str | None
    task_id: str | None
    map_index: int
    state: str | None
    error: str | None


def outcomes_of(ti: Any, task_id: str, companies: Sequence[str] | None) -> list[Outcome]:
    """
    Read what became of the instances of a task in the same DAG run.

    :param ti: the task instance that asks.
    :param companies: the aliases that were mapped over, in order; names an instance that left no XCom, if the
        task was mapped over just these.
    :return: one for each instance; none for those of a task that has nothing to do with companies.
    """
    # A task at a time, as the answer's names, such as "ledger_1", do not tell a task from an instance.
    answer = ti.get_task_states(dag_id=ti.dag_id, task_ids=[task_id], run_ids=[ti.run_id])
    states = {_index(name, task_id): state for name, state in answer.get(ti.run_id, {}).items()}
    pulled = ti.xcom_pull(task_ids=task_id, key=KEY)
    left = [pulled] if isinstance(pulled, dict) else pulled or []
    reports = {item["map_index"]: item for item in left if isinstance(item, dict)}
    mapped = sorted(index for index in states if index >= 0)
    names = dict(zip(mapped, companies, strict=True)) if companies and len(mapped) == len(companies) else {}
    found = []
    for index, state in sorted(states.items()):
        report = reports.get(index, {})
        company = report.get("company") or names.get(index)
        failed = state not in {"success", "skipped", "removed"}
        if state == "removed" or (company is None and not failed):
            continue
        error = report.get("error") or _REASONS.get(str(state), _UNKNOWN) if failed else None
        found.append(Outcome(company=company, task_id=task_id, map_index=index, state=state, error=error))
    return found


def _index(name: str, task_id: str) -> int:
    return -1 if name == task_id else int(name.removeprefix(f"{task_id}_"))


def summarize(outcomes: Iterable[Outcome], companies: Sequence[str] | None) -> dict[str, Any]:
    """
    Sum up by company.

    :param companies: those expected; one without any outcome has failed.
    :return: see what ``PowerOfficeCompaniesSummaryOperator`` returns.
    """
    by_company: dict[str | None, list[Outcome]] = {name: [] for name in companies or ()}
    for outcome in outcomes:
        by_company.setdefault(outcome.company, []).append(outcome)
    failed: list[Outcome] = []
    succeeded, skipped = [], []
    for company, own in by_company.items():
        bad = [outcome for outcome in own if outcome.error]
        if not own:
            failed.append(
                Outcome(
                    company=company, task_id=None, map_index=-1, state=None, error="no task worked for it"
                )
            )
        elif bad:
            # What failed only because of another task says nothing new.
            failed += [outcome for outcome in bad if outcome.state != "upstream_failed"] or bad
        elif any(outcome.state == "skipped" for outcome in own):
            skipped.append(company)
        else:
            succeeded.append(company)
    return {
        "companies": sum(company is not None for company in by_company),
        "succeeded": succeeded,
        "skipped": skipped,
        "failed": [asdict(outcome) for outcome in failed],
    }
