"""
Tasks of many companies: the company in errors and XCom, and the outcome of all tasks of a run.

Rule: aliases and reasons only, never a key; secrets are blanked out before a text is stored. Other tasks are
read through the public API of a task instance (``get_task_states``, ``xcom_pull``), on Airflow 3.1 to 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec

from airflow_provider_poweroffice._compat import (
    AirflowRescheduleException,
    AirflowSkipException,
    AirflowTaskTimeout,
    redacted,
)
from airflow_provider_poweroffice.hooks.companies import check_company
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

KEY = "poweroffice_company"
"""XCom of a task that works for a company: ``{"company", "map_index", "error"}``, error None or text."""
LOADS = "poweroffice_loads"
"""
XCom of a task of several loads some of which are not loaded: ``{"map_index", "failed", "left_out"}``.

A task of several companies has one for each, ``poweroffice_loads.<its place in the task's list>``.
"""

_VARYING = re.compile(r"(?=\w*\d)[\w-]{9,}")  # trace ids, moments: they differ where the cause is one
_LONGEST = 1000  # characters of an error: XCom lives in Airflow's database
UNKNOWN = "it left no reason: it was killed, or failed before it began; see its log"
NO_TASK = "no task worked for it"
_REASONS = {"upstream_failed": "a task before it failed"}
_NO_FAILURE = frozenset({"success", "skipped", "removed"})


class LeftOutError(AirflowSkipException):
    """What a task was to read is not there for its company, and the DAG says that it may do without."""


class LoadsFailedError(RuntimeError):
    """Loads of a company have failed, and some of them may succeed at the next try."""


def labelled(company: str | None, text: str) -> str:
    """Begin a log line with its company, if the task has one."""
    return f"[{company}] {text}" if company else text


@contextmanager
def report_company(context: Mapping[str, Any] | None, company: str | None) -> Iterator[None]:
    """
    Name the company in each error of the block, and leave it and the reason of a failure as an XCom.

    Also for use in your own tasks::

        with report_company(get_current_context(), company), PowerOfficeHook(company=company) as hook:
            ...

    The XCom is written at the beginning, so that a killed task leaves its company, and again with the error
    when the block fails. Airflow clears it when the task is tried again. What ends a try without failing it
    (skip, reschedule, deferral) is let through.

    :param context: the task's context.
    :param company: alias; None, for a connection of one company, leaves everything as it is.
    :raises AirflowFailException: at once, if the company is not an alias.
    """
    if company is None:
        yield
        return
    with fail_task_when_final():
        try:
            check_company(company)
        except ValueError as error:
            leave_reason(context, error)
            raise
    _push(context, company, None)
    try:
        yield
    except LeftOutError as left_out:
        _push(context, company, None, left_out=text_of(left_out))
        raise
    except (AirflowSkipException, AirflowRescheduleException):
        raise
    except (Exception, AirflowTaskTimeout) as error:
        _name(error, company)
        _push(context, company, reason_of(error))
        raise


@contextmanager
def report_companies(
    context: Mapping[str, Any], companies: Sequence[str]
) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """
    Do the same for a task of several companies.

    :return: call it with each company that is through, and what is told of it: ``state``, ``error``, and
        ``failed`` and ``left_out`` by load. A task that is killed keeps what it has told.
    """
    ti = context.get("ti")

    def push(key: str, company: str | None, value: Mapping[str, Any]) -> None:
        if ti is not None:
            ti.xcom_push(key=key, value={**place(ti, company), **value})

    push(KEY, None, {"companies": [*companies], "error": None})
    try:
        yield lambda company, told: push(f"{LOADS}.{companies.index(company)}", company, told)
    except AirflowTaskTimeout as error:
        push(KEY, None, {"companies": [*companies], "error": reason_of(error)})
        raise


def check_company_in(path: str, company: str | None, context: Mapping[str, Any] | None) -> None:
    """
    Refuse a path that all tasks mapped over companies would share: the last one's data would stay.

    :param path: rendered.
    :param company: alias.
    :param context: the task's context.
    :raises ValueError: the task is mapped, or of several companies, and the path does not hold the company as
        a word.
    """
    context = context or {}
    is_one = getattr(context.get("ti"), "map_index", None) in {None, -1} and "companies" not in context
    if company and not is_one and not re.search(rf"(?<![^\W_]){re.escape(company)}(?![^\W_])", str(path)):
        raise ValueError(
            f"{path!r} does not hold the company {company!r}: companies would overwrite each other's "
            "data; write {{ company }} into it"
        )


def _name(error: BaseException, company: str) -> None:
    """Put the company into the error's message, or add a note where the message cannot be changed."""
    from airflow_provider_poweroffice.errors import PowerOfficeError

    if isinstance(error, PowerOfficeError):
        error.company = company
    elif f"[{company}]" in str(error):
        return
    elif len(error.args) == 1 and isinstance(error.args[0], str):
        error.args = (f"[{company}] {error.args[0]}",)
    else:
        error.add_note(f"company: {company}")


def reason_of(error: BaseException) -> str:
    """Give the error's type, unless its text begins with one, and its text without the company's name."""
    kind = type(error).__name__
    return text_of(error if kind == "AirflowFailException" else f"{kind}: {error}")


def text_of(error: object) -> str:
    """Write an error for an XCom: without secrets, and not longer than one should be."""
    return redacted(str(error))[:_LONGEST]


def _push(
    context: Mapping[str, Any] | None, company: str, error: str | None, *, left_out: str | None = None
) -> None:
    ti = context.get("ti") if context else None
    if ti is not None:
        outcome = place(ti, company) | {"error": error} | ({"left_out": left_out} if left_out else {})
        ti.xcom_push(key=KEY, value=outcome)


def leave_reason(context: Mapping[str, Any] | None, error: BaseException, company: str | None = None) -> None:
    """Leave for the summary why a task ended before it could begin."""
    ti = context.get("ti") if context else None
    if ti is None:
        return
    try:
        check_company(company)
    except ValueError:  # what must not be stored
        company = None
    ti.xcom_push(key=KEY, value=place(ti, company) | {"error": reason_of(error)})


def push_loads(
    context: Mapping[str, Any] | None,
    company: str | None,
    failed: Mapping[str, str],
    left_out: Mapping[str, str],
) -> None:
    """
    Leave as an XCom, for the summary, which loads of a task have failed, and which were left out.

    :param failed: reason by name, as of :func:`reason_of`.
    :param left_out: the same, as of :func:`text_of`.
    """
    ti = context.get("ti") if context else None
    if ti is not None and (failed or left_out):
        value = place(ti, company) | {"failed": dict(failed), "left_out": dict(left_out)}
        ti.xcom_push(key=LOADS, value=value)


def place(ti: Any, company: str | None) -> dict[str, Any]:
    """Say which company, and which instance of its task, an XCom is of."""
    index = getattr(ti, "map_index", None)
    return {"company": company, "map_index": -1 if index is None else index}


class TaskInstance(Protocol):
    """What is used of Airflow's running task instance."""

    dag_id: str
    run_id: str

    def get_task_states(
        self, *, dag_id: str, task_ids: list[str], run_ids: list[str]
    ) -> Mapping[str, Mapping[str, str | None]]:
        """Give states by run, and in a run by task id, with ``_<map index>`` behind it for mapped ones."""
        ...

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        """Give what one task, or the instances of a mapped one, left."""
        ...


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    The outcome of one task instance, or of one load of it.

    :param company: alias; None where it is not known.
    :param map_index: -1 for a task that is not mapped.
    :param state: as Airflow has it, such as ``"failed"``.
    :param error: why it failed, or None.
    :param left_out: why it was left out, see :class:`LeftOutError`, or None.
    :param load: name of the load; None for the whole task.
    """

    company: str | None = None
    task_id: str | None
    map_index: int
    state: str | None
    error: str | None
    left_out: str | None = None
    load: str | None = None

    @property
    def name(self) -> str:
        """Name what it is the outcome of."""
        return self.load or self.task_id or "no task"


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """
    One instance of a task, and what it left.

    :param failed: why, by load, of a task of several loads.
    :param not_there: why loads were left out, of the same.
    """

    outcome: Outcome
    failed: Mapping[str, str] = {}
    not_there: Mapping[str, str] = {}

    @property
    def is_told(self) -> bool:
        """Tell whether it is a company's, or failed."""
        return self.outcome.company is not None or self.outcome.error is not None

    def outcomes(self) -> Iterator[Outcome]:
        """Give the outcomes of its loads that were not loaded, and its own where they do not say it."""
        task = self.outcome
        failed = self.failed if task.error else {}  # a task that a person marked as a success is one
        if not failed and not (self.not_there and task.state == "skipped"):
            yield task
        for name, error in failed.items():
            yield msgspec.structs.replace(task, error=error, load=name)
        for name, reason in self.not_there.items():
            yield msgspec.structs.replace(task, state="skipped", error=None, left_out=reason, load=name)


def instances_of(
    ti: TaskInstance, task_id: str, companies: Sequence[str | Sequence[str]] | None
) -> list[Instance]:
    """
    Read what became of the instances of a task in the same DAG run.

    :param ti: the task instance that asks.
    :param companies: the aliases that were mapped over, in order; names an instance that left no XCom, if the
        task was mapped over just these.
    :return: one for each company; none for those of a task that has nothing to do with companies.
    """
    # A task at a time, as the answer's names, such as "ledger_1", do not tell a task from an instance.
    answer = ti.get_task_states(dag_id=ti.dag_id, task_ids=[task_id], run_ids=[ti.run_id])
    states = {_index(name, task_id): state for name, state in answer.get(ti.run_id, {}).items()}
    names = _mapped_over(companies or (), states)
    reports, loads = _by_index(ti, task_id, KEY), _by_index(ti, task_id, LOADS)
    most = max((len(report.get("companies", ())) for report in reports.values()), default=0)
    by_each = _left_by_each(ti, task_id, most)
    found: list[Instance] = []
    for index, state in sorted(states.items()):
        if state == "removed":
            continue
        report, left, expected = reports.get(index, {}), loads.get(index, {}), names.get(index)
        if state in _REASONS:  # what is there is an earlier try's
            report, left = {**report, "error": None, "left_out": None}, {}
        outcome = _outcome(task_id, index, state, report)
        several = report.get("companies") or (None if isinstance(expected, str) else expected)
        if several:
            each = {} if state in _REASONS else by_each
            found += (_of_several(outcome, name, each.get((index, name), {})) for name in several)
        else:
            company = report.get("company") or expected
            found.append(_instance(msgspec.structs.replace(outcome, company=company), left))
    return [instance for instance in found if instance.is_told]


def _mapped_over(
    companies: Sequence[str | Sequence[str]], indices: Iterable[int]
) -> dict[int, str | Sequence[str]]:
    """Give what each instance was mapped over, where there are as many."""
    mapped = sorted(index for index in indices if index >= 0)
    return dict(zip(mapped, companies, strict=True)) if len(mapped) == len(companies) else {}


def _of_several(outcome: Outcome, company: str, left: Mapping[str, Any]) -> Instance:
    """Give one company's part of a task of several; what it left itself, goes before what the task did."""
    outcome = msgspec.structs.replace(outcome, company=company)
    # Of a success only what was skipped is told: a person may have marked the task as one.
    if left and (outcome.state != "success" or left["state"] == "skipped"):
        outcome = msgspec.structs.replace(outcome, state=left["state"], error=left["error"])
    return _instance(outcome, left)


def _instance(outcome: Outcome, left: Mapping[str, Any]) -> Instance:
    return Instance(outcome=outcome, failed=left.get("failed", {}), not_there=left.get("left_out", {}))


def left_by(ti: TaskInstance, task_id: str, key: str) -> list[Mapping[str, Any]]:
    """Read the XComs that the instances of a task left, those that are objects."""
    pulled = ti.xcom_pull(task_ids=task_id, key=key)
    left = [pulled] if isinstance(pulled, dict) else pulled or []
    return [item for item in left if isinstance(item, dict)]


def _by_index(ti: TaskInstance, task_id: str, key: str) -> dict[int, Mapping[str, Any]]:
    return {item["map_index"]: item for item in left_by(ti, task_id, key)}


def _left_by_each(ti: TaskInstance, task_id: str, most: int) -> dict[tuple[int, str], Mapping[str, Any]]:
    """
    Read what tasks of several companies left of each, by map index and company.

    :param most: companies of a task.
    """
    keys = [f"{LOADS}.{n}" for n in range(most)]
    return {(left["map_index"], left["company"]): left for key in keys for left in left_by(ti, task_id, key)}


def _outcome(task_id: str, index: int, state: str | None, report: Mapping[str, Any]) -> Outcome:
    error = None
    if state not in _NO_FAILURE:
        error = report.get("error") or _REASONS.get(str(state), UNKNOWN)
    left_out = report.get("left_out") if state == "skipped" else None
    return Outcome(task_id=task_id, map_index=index, state=state, error=error, left_out=left_out)


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
    succeeded: list[str | None] = []
    skipped: list[str | None] = []
    failed: list[Outcome] = []
    for company, own in by_company.items():
        if failures := _failures(company, own):
            failed += failures
        else:
            (skipped if _is_skipped(own) else succeeded).append(company)
    return {
        "companies": len(by_company.keys() - {None}),
        "succeeded": succeeded,
        "skipped": skipped,
        "left_out": [
            {
                "company": company,
                "task_id": outcome.task_id,
                "load": outcome.load,
                "reason": outcome.left_out,
            }
            for company, own in by_company.items()
            for outcome in own
            if outcome.left_out
        ],
        "failed": [_told(failure) for failure in failed],
        "causes": _causes(failed),
    }


def _is_skipped(own: Sequence[Outcome]) -> bool:
    """Tell it of a company; what it does not have, and may do without, is not a reason."""
    here = [outcome for outcome in own if not outcome.left_out]
    return not here or any(outcome.state == "skipped" for outcome in here)


def _causes(failed: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Group failures by what was failed for and why, whatever the company; the most frequent first."""
    named: dict[tuple[str | None, str], list[str]] = {}
    for failure in failed:  # each load names its own endpoint; a refused key is refused to all tasks alike
        text = (failure.error or "").replace(f"[{failure.company}] ", "")
        named.setdefault((failure.company, text), []).append(failure.name)
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for (company, text), names in named.items():
        what = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        group = {"what": what, "error": text, "companies": []}
        groups.setdefault((what, _VARYING.sub("…", text)), group)["companies"].append(company)
    return sorted(groups.values(), key=lambda group: -len(group["companies"]))


def _told(failure: Outcome) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(failure).items() if name != "left_out"}


def _failures(company: str | None, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """List the failures of a company; upstream failures only where there are no others."""
    if not outcomes:
        return [Outcome(company=company, task_id=None, map_index=-1, state=None, error=NO_TASK)]
    bad = [outcome for outcome in outcomes if outcome.error]
    return [outcome for outcome in bad if outcome.state != "upstream_failed"] or bad
