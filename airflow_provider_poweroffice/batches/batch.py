"""
A batch from its records to its receipt: checked as a whole, then written, and resumed after a kill.

Rule: nothing is written while more is wrong than ``max_failures`` allows. However the batch ends, the folder
of results says what was written.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.batches.engine import Engine
from airflow_provider_poweroffice.batches.plan import Job, Plan, Planned, Problem, report
from airflow_provider_poweroffice.batches.records import Line
from airflow_provider_poweroffice.batches.results import BAD, Result, Results
from airflow_provider_poweroffice.errors import BatchFailedError, InvalidBatchError, PowerOfficeError

log = logging.getLogger(__name__)

_SHOWN = 20
OUTCOMES = ("created", "updated", "unchanged", "deleted", *BAD)


def preview(client: Client, job: Job, lines: Iterable[Line]) -> dict[str, Any]:
    """
    Say what a batch would do: reads only, and nothing is stored.

    :return: ``counts`` of ``create``, ``update``, ``delete``, ``unchanged`` and ``invalid``; the first
        ``problems``; and ``would``, the first calls.
    :raises PowerOfficeError: a list cannot be read.
    """
    with Plan(client, job) as plan:
        plan.read(lines)
        plan.check()
        counts, would = Counter[str](), list[Planned]()
        for planned in plan:
            counts[planned.does or "unchanged"] += 1
            if planned.does and len(would) < _SHOWN:
                would.append(planned)
        problems = plan.problems
        counts["invalid"] = len({problem.line for problem in problems} - {None})
        if problems:
            log.warning("%s: %d problems:\n%s", job.endpoint, len(problems), report(problems))
        return {
            "records": plan.records,
            "skipped": plan.skipped,
            "counts": dict(counts),
            "problems": [msgspec.to_builtins(problem) for problem in problems[:_SHOWN]],
            "would": [
                {"line": one.line, "method": one.method, "path": one.endpoint, "body": _plain(one.body)}
                for one in would
            ],
        }


def run(
    client: Client,
    job: Job,
    lines: Iterable[Line],
    folder: Any,
    *,
    label: str,
    concurrency: int,
    max_failures: float,
) -> dict[str, Any]:
    """
    Write a batch, or what an earlier try has left of it.

    :param folder: for the results, see :mod:`.results`; of this batch alone.
    :param max_failures: records that may fail, or below 1 the share of them.
    :return: counts, and the path of the results.
    :raises InvalidBatchError: more records than that are invalid; nothing was sent.
    :raises BatchFailedError: more than that failed, or all alike.
    :raises ValueError: an earlier try had other records.
    :raises PowerOfficeError: a list cannot be read, or the keys are refused.
    """
    results = Results(folder)
    with Plan(client, job) as plan:
        plan.read(lines)
        # A share as it is written: 0.29 of 100 are 29, and 28.999… of floats.
        most = max_failures if max_failures >= 1 else int(Decimal(str(max_failures)) * plan.records)
        resumed = _begin(plan, results, most, label)
        engine = Engine(
            client,
            results,
            of=plan.records - plan.skipped,
            calls=plan.calls,
            label=label,
            concurrency=concurrency,
            resumed=resumed,
        )
        try:
            engine.run(plan)
        except PowerOfficeError:
            _end_early(results, label)
            raise
        counts = results.counts()
        receipt = {
            "path": results.end(),
            "endpoint": job.endpoint,
            "action": job.action,
            "records": plan.records,
            "skipped": plan.skipped,
            **{status: counts[status] for status in OUTCOMES},
        }
    told = ", ".join(f"{name} {receipt[name]}" for name in ("records", "skipped", *OUTCOMES))
    log.info("%s: %s", label, told)
    if sum(counts[status] for status in BAD) > most:
        raise BatchFailedError(_failed(label, results, receipt))
    return receipt


def _begin(plan: Plan, results: Results, most: float, label: str) -> bool:
    """
    Begin, or resume an earlier try, unless more than ``most`` records are invalid.

    :return: whether there was an earlier try.
    """
    note = {"v": 1, "fingerprint": plan.fingerprint, "of": plan.records}
    resumed = results.go_on(note)
    plan.check()
    # What an earlier try has done is not looked at again: its date may be locked by now.
    problems = [problem for problem in plan.problems if not results.is_final(problem.line)]
    invalid = {problem.line: problem for problem in reversed(problems)}
    if None in invalid or len(invalid) > most:
        results.problems(problems)
        sent = f" by this try; an earlier one left {dict(results.counts())}" if resumed else ""
        raise InvalidBatchError(
            f"{label}: {len(invalid.keys() - {None})} of {plan.records} records cannot be written as "
            f"they are; nothing was sent{sent}. All problems are in {results.folder}/problems.ndjson:\n"
            f"{report(problems)}",
            problems=problems,
        )
    if resumed:
        log.info("%s: goes on after an earlier try, which left %s", label, dict(results.counts()))
    else:
        results.begin(note)
    new = ((line, problem) for line, problem in invalid.items() if line and not results.last(line))
    results.publish([_invalid(line, problem) for line, problem in new])
    return resumed


def _end_early(results: Results, label: str) -> None:
    """Write the results of a batch that an error ends; that error matters more than one of writing them."""
    try:
        results.end()
    except Exception as error:  # noqa: BLE001 - the parts are there
        log.warning("%s: results.ndjson could not be written: %s", label, one_line(error))


def _invalid(line: int, problem: Problem) -> Result:
    told = {"type": "InvalidBatchError", "detail": problem.message}
    return Result(line=line, key=problem.key, status="invalid", error=told)


def _failed(label: str, results: Results, receipt: dict[str, Any]) -> str:
    bad = list(results.bad())
    first = "; ".join(
        f"line {one.line} {one.status}: {(one.error or {}).get('detail') or (one.error or {}).get('title')}"
        for one in bad[:3]
    )
    count, of, path = len(bad), receipt["records"], receipt["path"]
    return f"{label}: {count} of {of} records are not done: {first}. All are in {path}"


def _plain(body: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(body))
