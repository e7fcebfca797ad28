"""
One try of a company's loads, side by side, each with its own outcome; or of several companies, in order.

Rule: only what all loads of a company need ends them all: a key that is refused, a place that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout, mask_secrets
from airflow_provider_poweroffice.errors import AuthenticationError, LoadError, PowerOfficeError
from airflow_provider_poweroffice.tasks.company import (
    LeftOutError,
    LoadsFailedError,
    labelled,
    place,
    push_loads,
    reason_of,
    report_companies,
    text_of,
)
from airflow_provider_poweroffice.tasks.company_notes import Begun, Loaded
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.side_by_side import SideBySide
from airflow_provider_poweroffice.tasks.transfer import LOADED, is_unchanged, now
from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

if TYPE_CHECKING:
    from concurrent.futures import Future

    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.tasks.base import CompanyTask
    from airflow_provider_poweroffice.tasks.transfer import BegunTransfer, TransferTask

_SHOWN = 20  # companies in an error
_SUMS = ("rows", "inserted", "updated", "deleted", "marked_deleted", "bytes")


class Destination(Protocol):
    """What the loads of a company have in common of where they go."""

    target: Any
    """Is handed to each load when it begins."""

    def reach(self) -> int:
        """Give how many loads it takes at once; what it raises is every load's failure."""
        ...

    def ask_through(self, crew: SideBySide) -> None:
        """Have what asks Airflow do so in the task's own thread."""
        ...

    def lost(self) -> Exception | None:
        """Give why it cannot be reached any more, if that is so."""
        ...


class CompanyRun:
    """One try of the loads of a company."""

    def __init__(
        self,
        task: CompanyTask,
        context: Context,
        hook: ClientHook,
        *,
        destination: Destination,
        parts: Mapping[str, TransferTask],
        told_fields: Sequence[str],
    ) -> None:
        self._task = task
        self._context = context
        self._hook = hook
        self._destination = destination
        self._parts = parts
        self._told_fields = told_fields
        self._loaded = Loaded(context, task.company)
        self._earlier = sorted(self._loaded.receipts.keys() & self._parts.keys())
        self._left_out: dict[str, str] = {}
        self._failed: dict[str, Exception] = {}
        self._begun: dict[str, dict[str, Any]] = {}
        self._is_through = False

    def load(self) -> Exception | None:
        """
        Load what is not loaded yet.

        :return: what the company ends with, if not all that it has is loaded: an error that all loads have in
            common, one that names those that have failed, or that there is none for it.
        """
        for name in self._earlier:
            self._task.log.info("%s: loaded by an earlier try of this task", self._label(name))
        to_do = {name: part for name, part in self._parts.items() if name not in self._earlier}
        if to_do and (common := self._load(to_do)):
            return common
        self._is_through = True
        if self._failed:
            return self._failures()
        if len(self._left_out) == len(self._parts):
            return LeftOutError(next(iter(self._left_out.values())))
        return None

    def load_or_raise(self) -> None:
        """Do the same, and raise what it ends with, or settle the events."""
        if error := self.load():
            raise error
        self.settle_events()

    def _load(self, parts: Mapping[str, TransferTask]) -> Exception | None:
        """
        Carry out the loads.

        :return: an error that all of them have in common, and that ended them: a key that is refused, or a
            place that is gone.
        """
        destination = self._destination
        crew = SideBySide(destination.reach())  # where it cannot be reached, nothing is read
        _sign_in(self._hook.client)
        notes = Begun(self._context, self._task.company)
        jobs: dict[str, Callable[[], Any]] = {}
        begun: dict[str, BegunTransfer] = {}
        for name, part in parts.items():
            whole_name = f"{self._task.dag_id}.{self._task.task_id}.{name}"
            try:
                with fail_task_when_final():
                    begun[name] = part.begin(notes.context, self._hook, destination.target, whole_name)
            except Exception as error:  # noqa: BLE001 - of this load alone
                self._fail(name, error)
            else:
                told = self._begun[name] = dict(begun[name].place)
                jobs[name] = partial(_carry_out, part, self._hook.client, begun[name], told)
        notes.keep()
        self._hook.mask = lambda secrets: crew.ask(partial(mask_secrets, secrets))
        destination.ask_through(crew)
        with closing(crew.run(jobs)) as ended:
            for name, done in ended:
                if common := self._end(name, parts[name], begun[name], done):
                    return common
        return None

    def _end(
        self, name: str, part: TransferTask, begun: BegunTransfer, done: Future[Any]
    ) -> Exception | None:
        """End a load, and give the error, if it is one that the others have too."""
        try:
            self._loaded.add(name, part.end(self._context, self._hook, begun, done.result()))
        except LeftOutError as error:
            self._left_out[name] = text_of(error)
            self._task.log.warning("%s: left out: %s", self._label(name), error)
        except Exception as error:  # noqa: BLE001 - the others go on
            if common := self._common_cause(error):
                return common
            self._fail(name, error)
        return None

    def _fail(self, name: str, error: Exception) -> None:
        self._failed[name] = error
        self._task.log.error("%s: failed: %s", self._label(name), self._reason(error))

    def _reason(self, error: Exception) -> str:
        """Give the reason of a failure, without the company: what holds it says that."""
        return reason_of(error).replace(f"[{self._task.company}] ", "")

    def _common_cause(self, error: Exception) -> Exception | None:
        cause = error.__cause__ if isinstance(error, AirflowFailException) else error
        if isinstance(cause, AuthenticationError):
            return error
        if isinstance(cause, PowerOfficeError) and not isinstance(cause, LoadError):
            return None
        return self._destination.lost()

    def outcome(self) -> dict[str, Any]:
        """Give what is returned."""
        loads = {name: self._outcome_of(name) for name in self._parts}
        outcomes = [load["outcome"] for load in loads.values()]
        return place(self._context.get("ti"), self._task.company) | {
            "loaded": sum(outcome in LOADED for outcome in outcomes),
            "unchanged": outcomes.count("unchanged"),
            "left_out": len(self._left_out),
            "failed": len(self._failed),
            "rows": sum(load.get("rows", 0) for load in loads.values()),
            "loads": loads,
        }

    def _outcome_of(self, name: str) -> dict[str, Any]:
        if receipt := self._loaded.receipts.get(name):
            outcome = "unchanged" if is_unchanged(receipt) else "loaded"
            return {"outcome": outcome} | {field: receipt[field] for field in self._told_fields}
        begun = self._begun.get(name, {})
        if name in self._left_out:
            outcome = "left_out"
        elif name in self._failed:
            outcome = "failed"
        else:
            outcome = "unknown" if "began" in begun else "not_run"
        return {"outcome": outcome} | begun

    def tell(self, *, ended: bool) -> None:
        """
        Leave for the summary which loads have failed or were left out, and why.

        :param ended: the task will return nothing: leave the outcome, too.
        """
        push_loads(self._context, self._task.company, **self.left())
        ti = self._context.get("ti")
        if ti is not None and ended:
            ti.xcom_push(key="return_value", value=self.outcome())

    def left(self) -> dict[str, dict[str, str]]:
        """Give the reasons of the loads that have failed, and of those that were left out."""
        failed = {name: self._reason(error) for name, error in self._failed.items()}
        # Where it ended before all were through, what ended it is the one reason.
        return {"failed": failed if self._is_through else {}, "left_out": self._left_out}

    def _failures(self) -> Exception:
        """Give an error that names the loads that have failed; a final one, if all of theirs are."""
        by_reason: dict[str, list[str]] = {}
        for name, error in self._failed.items():
            by_reason.setdefault(self._reason(error), []).append(name)
        told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
        is_final = all(isinstance(error, AirflowFailException) for error in self._failed.values())
        kind = AirflowFailException if is_final else LoadsFailedError
        return kind(f"{len(self._failed)} of {len(self._parts)} loads failed: {told}")

    def settle_events(self) -> None:
        """Give the assets of earlier tries' loads their receipts, and have no event of what was left out."""
        parts = self._parts
        for name in self._earlier:
            emit_asset_event(self._context, parts[name].outlets, self._loaded.receipts[name], None)
        loaded = [asset for name in parts if name not in self._left_out for asset in parts[name].outlets]
        unused = [asset for name in self._left_out for asset in parts[name].outlets if asset not in loaded]
        self._task.outlets = [asset for asset in self._task.outlets if asset not in unused]

    def _label(self, name: str) -> str:
        return labelled(self._task.company, name)


class CompaniesRun:
    """One try of the loads of several companies, one after another."""

    def __init__(
        self,
        task: CompanyTask,
        context: Context,
        companies: Sequence[str],
        *,
        begin: Callable[[str, Context], AbstractContextManager[CompanyRun]],
        destination: Callable[[], Destination],
    ) -> None:
        self._task = task
        self._context = context
        self._companies = companies
        self._begin = begin
        self._destination = destination
        self._results: list[dict[str, Any]] = []
        self._told: dict[str, dict[str, Any]] = {}
        self._receipts: dict[str, dict[str, Mapping[str, Any]]] = {}

    def load(self) -> dict[str, Any]:
        """
        Load what is not loaded yet of each company, and give the outcome.

        :raises LeftOutError, LoadsFailedError, AirflowFailException: as the task.
        """
        errors: dict[str, Exception] = {}
        lost: Exception | None = None
        with report_companies(self._context, self._companies) as report:
            try:
                for company in self._companies:
                    error = lost or self._load(company)
                    if error is not None:
                        errors[company] = error
                        self._told.setdefault(company, _told_of(error, company))
                        lost = error if lost or self._is_lost(error) else None
                    report(company, self._told[company])
                self._raise(errors)
            except (Exception, AirflowTaskTimeout):
                if (ti := self._context.get("ti")) is not None:
                    ti.xcom_push(key="return_value", value=self._outcome())
                raise
        self._settle_events()
        return self._outcome()

    def _load(self, company: str) -> Exception | None:
        """Load what a company has, and give what it ends with if that is not all."""
        events = _Events()
        own = {"company": company, "companies": self._companies, "outlet_events": events}
        context: Any = {**self._context, **own}
        loads: CompanyRun | None = None
        try:
            with fail_task_when_final(), self._begin(company, context) as loads:
                loads.load_or_raise()
        except Exception as error:  # noqa: BLE001 - the others go on
            self._told[company] = _told_of(error, company) | (loads.left() if loads else {})
            self._task.log.warning("[%s] %s", company, self._told[company]["error"] or error)
            return error
        finally:
            if loads:
                self._results.append(loads.outcome())
        self._told[company] = {"state": "success", "error": None} | loads.left()
        for uri, event in events.items():
            self._receipts.setdefault(uri, {})[company] = event.extra
        return None

    def _is_lost(self, error: Exception) -> bool:
        """Tell whether what all companies go to is gone."""
        cause = error.__cause__ if isinstance(error, AirflowFailException) else error
        if isinstance(cause, (PowerOfficeError, LoadsFailedError, LeftOutError)):
            return False
        try:
            return self._destination().lost() is not None
        except Exception:  # noqa: BLE001 - whatever says that it is not there
            return True

    def _raise(self, errors: Mapping[str, Exception]) -> None:
        from airflow_provider_poweroffice.api.texts import listed

        failed = {company: error for company, error in errors.items() if not isinstance(error, LeftOutError)}
        if failed:
            told = [f"[{company}] {self._told[company]['error']}" for company in failed]
            text = f"{len(failed)} of {len(self._companies)} companies failed: {listed(told, _SHOWN, '; ')}"
            is_final = all(isinstance(error, AirflowFailException) for error in failed.values())
            raise (AirflowFailException if is_final else LoadsFailedError)(text)
        if len(errors) == len(self._companies):
            raise LeftOutError(str(next(iter(errors.values()))))

    def _settle_events(self) -> None:
        """Give each asset one event, with the sums of its loads, and none where nobody has one."""
        from airflow_provider_poweroffice.assets.poweroffice import is_ours

        kept = []
        for asset in self._task.outlets:
            receipts = self._receipts.get(getattr(asset, "uri", ""), {})
            if receipts:
                emit_asset_event(self._context, [asset], _summed(receipts), None)
            if receipts or not is_ours(asset):
                kept.append(asset)
        self._task.outlets = kept

    def _outcome(self) -> dict[str, Any]:
        names = ("loaded", "unchanged", "left_out", "failed", "rows")
        sums = {name: sum(result[name] for result in self._results) for name in names}
        return place(self._context.get("ti"), None) | sums | {"companies": self._results}


class _Events(dict[str, Any]):
    """Stands in for the events of a task's assets while one company of several is loaded."""

    def __getitem__(self, asset: Any) -> Any:
        return self.setdefault(asset.uri, SimpleNamespace(extra={}))


def _summed(receipts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give one receipt for those of several companies."""
    found: dict[str, Any] = {"companies": [*receipts]}
    for name in _SUMS:
        numbers = [receipt[name] or 0 for receipt in receipts.values() if name in receipt]
        found |= {name: sum(numbers)} if numbers else {}
    paths = [receipt["path"] for receipt in receipts.values() if "path" in receipt]
    return found | ({"paths": paths} if paths else {})


def _told_of(error: Exception, company: str) -> dict[str, Any]:
    """Say for the summary what a company ended with."""
    if isinstance(error, LeftOutError):
        return {"state": "skipped", "error": None}
    reason = reason_of(error).replace(f"[{company}] ", "").removeprefix("LoadsFailedError: ")
    return {"state": "failed", "error": reason}


def _sign_in(client: Client) -> None:
    """Get the token of all loads, so that a key that is refused is told of once."""
    try:
        client.auth.token()
    except AuthenticationError:
        raise
    except PowerOfficeError:
        return  # each load asks again, as often as it may


def _carry_out(part: TransferTask, client: Client, begun: BegunTransfer, told: dict[str, Any]) -> Any:
    """
    Carry out a load.

    :param told: is given when it began, and its seconds.
    """
    told["began"], started = now(), monotonic()
    try:
        with fail_task_when_final(), part.allowing_for_modules():
            return part.carry_out(client, begun)
    finally:
        told["seconds"] = round(monotonic() - started, 3)
