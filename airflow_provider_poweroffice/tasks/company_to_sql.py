"""
All collections of one company into their tables, by one task: one client, one token; or of several companies.

Rule: each collection is a load of its own, with its transaction, its watermark and its outcome, by the code
of :class:`~airflow_provider_poweroffice.tasks.to_sql.ToSql`. One that fails stops no other, unless what
failed is what all of them need. Several companies of a task have nothing in common but the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from copy import copy
from functools import cache, partial
from inspect import signature
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_poweroffice._compat import (
    HAS_ASSET_STATE,
    AirflowFailException,
    AirflowTaskTimeout,
    keep_task_state,
    task_state_store,
)
from airflow_provider_poweroffice.tasks.base import CompanyTask
from airflow_provider_poweroffice.tasks.mapping import made_apart

if TYPE_CHECKING:
    from concurrent.futures import Future

    import jinja2
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.tasks.table_load import BegunLoad, DoneLoad
    from airflow_provider_poweroffice.tasks.to_sql import ToSql

THREADS = 4
"""Loads of a company at once, where the database takes several writers; each has a connection of its own."""
LOADED = frozenset({"loaded", "unchanged"})
"""Outcomes of a load whose rows are in the table."""
DONE = "poweroffice_done"
"""Begins the keys in the task's state store that hold what earlier tries have loaded, by company."""
_BEGUN = "poweroffice_begun"  # begins the keys there of where the loads of a company have begun
_SHOWN = 20  # companies in an error
_SUMS = ("rows", "inserted", "updated", "deleted", "marked_deleted")
_TOLD = ("table", "rows", "inserted", "updated", "deleted", "marked_deleted", "began", "seconds", "watermark")


@cache
def arguments_of_tasks() -> frozenset[str]:
    """Name the arguments that belong to a task and not to one of its loads."""
    return frozenset({*signature(BaseOperator.__init__).parameters, "retry_options"} - {"inlets", "outlets"})


def check_several() -> None:
    """
    Refuse several companies a task where their watermarks could not be kept.

    :raises ValueError: before Airflow 3.3.
    """
    if not HAS_ASSET_STATE:
        raise ValueError(
            "several companies a task (companies_per_task) need Airflow 3.3: before it, watermarks are kept "
            "by the events of tasks that succeed as a whole; use a task for each company"
        )


class LoadsFailedError(RuntimeError):
    """Loads of a company have failed, and some of them may succeed at the next try."""


class CompanyToSql(CompanyTask):
    """
    Load collections of one company into tables, side by side where the database takes several writers.

    Returns ``{"company", "map_index", "loaded": 7, "unchanged": 5, "left_out": 1, "failed": 0, "rows": 5120,
    "loads": {name: {"outcome", "table", "rows", "inserted", "updated", "deleted", "marked_deleted", "began",
    "seconds", "watermark"}}}``, also where it fails or its time is over. Outcome is ``"loaded"``;
    ``"unchanged"``, which counts as loaded: nothing is newer than what the last run saw; ``"left_out"``;
    ``"failed"``; ``"unknown"``: it was ended on the way; or ``"not_run"``. All but the first two have no
    rows. A retry does what is not loaded yet (Airflow 3.3), or all again, which gives the same.

    With ``companies`` it does so for each of them, one after another, each with a client of its own; one that
    fails stops no other. Then it returns the sums, and all of the above by company in a list ``companies``.

    :param loads: by name, the arguments of each load: those of :class:`ToSql` without ``sql_conn_id``,
        connection, company, ``retry_options`` and what is every task's, such as ``retries`` (templated).
    :param sql_conn_id: the Airflow connection of the database (templated).
    :param companies: aliases of several companies, instead of ``company`` (templated); needs Airflow 3.3, as
        before it watermarks are kept by the events of tasks that succeed as a whole.
    """

    template_fields = (*CompanyTask.template_fields, "companies", "sql_conn_id", "loads")
    template_fields_renderers: ClassVar[dict[str, str]] = {"loads": "json"}
    ui_color = "#d9e8f5"
    load_class: ClassVar[type[ToSql]]

    def __init__(
        self,
        *,
        loads: Mapping[str, Mapping[str, Any]],
        sql_conn_id: str,
        companies: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        conn_id = getattr(self, self.hook_class.conn_name_attr)
        super().__init__(**self._with_assets(kwargs, loads, conn_id))
        self.loads = loads
        self.sql_conn_id = sql_conn_id
        self.companies = companies
        if companies is not None:
            check_several()
            if self.company is not None:
                raise ValueError("company and companies exclude each other: give one company, or several")
        _check_tables(self.parts())

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        """Begin a mapped task; it has the assets of its loads."""
        name = cls.hook_class.conn_name_attr
        conn_id = kwargs.get(name, getattr(cls.hook_class, "default_conn_name", None))
        return super().partial(**cls._with_assets(kwargs, kwargs.get("loads"), conn_id))

    @classmethod
    def _with_assets(cls, arguments: dict[str, Any], loads: Any, conn_id: Any) -> dict[str, Any]:
        """Add the assets of all loads: they keep the watermarks, and DAGs may wait for them."""
        from airflow_provider_poweroffice.tasks.watermark import with_asset

        if not isinstance(loads, Mapping) or not loads:
            raise TypeError(f"loads must be a mapping of names to arguments of loads, not {loads!r}")
        added: dict[str, list[Any]] = {"outlets": [], "inlets": []}
        for name, load in loads.items():
            if not isinstance(load, Mapping) or not isinstance(load.get("endpoint"), str):
                raise TypeError(f"loads[{name!r}] must be a mapping of arguments with an endpoint")
            own = {field: load.get(field) for field in added}
            scheme = cls.hook_class.conn_type
            found = with_asset(own, endpoint=load["endpoint"], conn_id=conn_id, scheme=scheme)
            for field, assets in added.items():
                assets += [asset for asset in found.get(field) or () if asset not in assets]
        for field, assets in added.items():
            given = arguments.get(field) or ()
            given = list(given) if isinstance(given, (list, tuple)) else [given]
            if assets:
                arguments = arguments | {field: given + [asset for asset in assets if asset not in given]}
        return arguments

    def parts(self) -> dict[str, ToSql]:
        """
        Make the load of each collection.

        :raises ValueError, TypeError: an argument that no load can have; names the load.
        """
        shared = {
            "sql_conn_id": self.sql_conn_id,
            self.hook_class.conn_name_attr: self.api_conn_id,
            "company": self.company,
        }
        parts = {}
        for name, load in self.loads.items():
            if own := sorted(load.keys() & (arguments_of_tasks() | shared.keys())):
                raise ValueError(f"loads[{name!r}]: leave out {own[0]!r}: it is the task's own")
            with_asset = self._with_assets({}, {name: load}, self.api_conn_id)
            parts[name] = made_apart(self.load_class, task_id=name, **shared, **dict(load) | with_asset)
            parts[name].moved = self.moved
        return parts

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render; each load renders its own arguments, and no others: those of the task are data by now."""
        if self.companies is not None:
            context["companies"] = self.companies  # type: ignore[typeddict-unknown-key]  # a name of our own
        if content is not self.loads or not _are_loads(content):
            return super().render_template(content, context, jinja_env, seen_oids)
        if self.companies is not None:
            return content  # rendered for each company when its turn comes
        rendered = {}
        for name, part in self.parts().items():
            changed = dict(self.loads[name])
            for field in changed.keys() & {*part.template_fields}:
                try:
                    changed[field] = part.render_template(getattr(part, field), context, jinja_env, seen_oids)
                except AirflowFailException as error:
                    raise AirflowFailException(f"loads[{name!r}]: {error}") from None
            rendered[name] = changed
        return rendered

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Load all collections.

        :raises LeftOutError: the company has a module for none of them.
        :raises LoadsFailedError, AirflowFailException: some have failed; the message names them and why.
        """
        from airflow_provider_poweroffice.hooks.companies import check_companies
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        if self.companies is not None:
            with fail_task_when_final():
                check_companies(self.companies)
            return _Companies(self, context, self.companies).load()
        with self.running(context) as hook:
            one = _Company(self, context, hook)
            try:
                error = one.load()
            except AirflowTaskTimeout:
                one.tell(ended=True)
                raise
            one.tell(ended=error is not None)
            if error:
                raise error
            one.settle_events()
            return one.outcome()


class _Company:
    """One try of the loads of a company."""

    def __init__(self, task: CompanyToSql, context: Context, hook: ClientHook) -> None:
        from airflow_provider_poweroffice.hooks.database import Target

        self._task = task
        self._context = context
        self._hook = hook
        self._target = Target(task.sql_conn_id)
        self._parts = task.parts()
        self._loaded = _Loaded(context, task.company)
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
        from airflow_provider_poweroffice.tasks.company import LeftOutError

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

    def _load(self, parts: Mapping[str, ToSql]) -> Exception | None:
        """
        Carry out the loads.

        :return: an error that all of them have in common, and that ended them: a lost database, or a key that
            is refused.
        """
        from airflow_provider_poweroffice._compat import mask_secrets
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
        from airflow_provider_poweroffice.tasks.side_by_side import SideBySide

        with self._target.session() as session:  # where it cannot be reached, nothing is read
            threads = 1 if session.database.one_writer else THREADS
        _sign_in(self._hook.client)
        crew, notes = SideBySide(threads), _Notes(self._context, self._task.company)
        jobs: dict[str, Callable[[], DoneLoad]] = {}
        begun: dict[str, BegunLoad] = {}
        for name, part in parts.items():
            whole_name = f"{self._task.dag_id}.{self._task.task_id}.{name}"
            try:
                with fail_task_when_final():
                    begun[name] = part.begin(notes.context, self._hook, self._target, whole_name)
            except Exception as error:  # noqa: BLE001 - of this load alone
                self._fail(name, error)
            else:
                told = self._begun[name] = {"table": str(begun[name].plan.table)}
                jobs[name] = partial(_carry_out, part, self._hook.client, begun[name], told)
        notes.keep()
        self._hook.mask = lambda secrets: crew.ask(partial(mask_secrets, secrets))
        self._target.connect = partial(crew.ask, self._target.connect)
        with closing(crew.run(jobs)) as ended:
            for name, done in ended:
                if common := self._end(name, parts[name], begun[name], done):
                    return common
        return None

    def _end(self, name: str, part: ToSql, begun: BegunLoad, done: Future[DoneLoad]) -> Exception | None:
        """End a load, and give the error, if it is one that the others have too."""
        from airflow_provider_poweroffice.tasks.company import LeftOutError, text_of

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
        from airflow_provider_poweroffice.tasks.company import reason_of

        return reason_of(error).replace(f"[{self._task.company}] ", "")

    def _common_cause(self, error: Exception) -> Exception | None:
        from airflow_provider_poweroffice.errors import AuthenticationError, LoadError, PowerOfficeError

        cause = error.__cause__ if isinstance(error, AirflowFailException) else error
        if isinstance(cause, AuthenticationError):
            return error
        if isinstance(cause, PowerOfficeError) and not isinstance(cause, LoadError):
            return None
        try:
            with self._target.session():
                return None
        except Exception as lost:  # noqa: BLE001 - every driver has its own
            return lost

    def outcome(self) -> dict[str, Any]:
        """Give what is returned."""
        from airflow_provider_poweroffice.tasks.company import place

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
        from airflow_provider_poweroffice.tasks.table_load import is_unchanged

        if receipt := self._loaded.receipts.get(name):
            outcome = "unchanged" if is_unchanged(receipt) else "loaded"
            return {"outcome": outcome} | {field: receipt[field] for field in _TOLD}
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
        from airflow_provider_poweroffice.tasks.company import push_loads

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
        from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

        parts = self._parts
        for name in self._earlier:
            emit_asset_event(self._context, parts[name].outlets, self._loaded.receipts[name], None)
        loaded = [asset for name in parts if name not in self._left_out for asset in parts[name].outlets]
        unused = [asset for name in self._left_out for asset in parts[name].outlets if asset not in loaded]
        self._task.outlets = [asset for asset in self._task.outlets if asset not in unused]

    def _label(self, name: str) -> str:
        from airflow_provider_poweroffice.tasks.company import labelled

        return labelled(self._task.company, name)


class _Companies:
    """One try of the loads of several companies, one after another."""

    def __init__(self, task: CompanyToSql, context: Context, companies: Sequence[str]) -> None:
        self._task = task
        self._context = context
        self._companies = companies
        self._results: list[dict[str, Any]] = []
        self._told: dict[str, dict[str, Any]] = {}
        self._receipts: dict[str, dict[str, Mapping[str, Any]]] = {}

    def load(self) -> dict[str, Any]:
        """
        Load what is not loaded yet of each company, and give the outcome.

        :raises LeftOutError, LoadsFailedError, AirflowFailException: as the task.
        """
        from airflow_provider_poweroffice.tasks.company import report_companies

        errors: dict[str, Exception] = {}
        lost: Exception | None = None
        with report_companies(self._context, self._companies, self._told) as report:
            try:
                for company in self._companies:
                    error = lost or self._load(company)
                    if error is not None:
                        errors[company] = error
                        self._told.setdefault(company, _told_of(error, company))
                        lost = error if lost or self._is_lost(error) else None
                    report()
                self._raise(errors)
            except (Exception, AirflowTaskTimeout):
                if (ti := self._context.get("ti")) is not None:
                    ti.xcom_push(key="return_value", value=self._outcome())
                raise
        self._settle_events()
        return self._outcome()

    def _load(self, company: str) -> Exception | None:
        """Load what a company has, and give what it ends with if that is not all."""
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        one, events = copy(self._task), _Events()
        one.__dict__.pop("hook", None)
        one.__dict__.update(company=company, companies=None)
        context: Any = {**self._context, "company": company, "outlet_events": events}
        loads: _Company | None = None
        try:
            with fail_task_when_final():
                environment = self._task.get_template_env()
                one.__dict__["loads"] = one.render_template(one.loads, context, environment)
                with one.hook as hook:
                    loads = _Company(one, context, hook)
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
        """Tell whether the database is gone, which is every company's."""
        from airflow_provider_poweroffice.errors import PowerOfficeError
        from airflow_provider_poweroffice.hooks.database import Target
        from airflow_provider_poweroffice.tasks.company import LeftOutError

        cause = error.__cause__ if isinstance(error, AirflowFailException) else error
        if isinstance(cause, (PowerOfficeError, LoadsFailedError, LeftOutError)):
            return False
        try:
            with Target(self._task.sql_conn_id).session():
                return False
        except Exception:  # noqa: BLE001 - every driver has its own
            return True

    def _raise(self, errors: Mapping[str, Exception]) -> None:
        from airflow_provider_poweroffice.api.texts import listed
        from airflow_provider_poweroffice.tasks.company import LeftOutError

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
        from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

        kept = []
        for asset in self._task.outlets:
            receipts = self._receipts.get(getattr(asset, "uri", ""), {})
            if receipts:
                sums = {name: sum(one.get(name) or 0 for one in receipts.values()) for name in _SUMS}
                emit_asset_event(self._context, [asset], {"companies": [*receipts]} | sums, None)
            if receipts or not is_ours(asset):
                kept.append(asset)
        self._task.outlets = kept

    def _outcome(self) -> dict[str, Any]:
        from airflow_provider_poweroffice.tasks.company import place

        names = ("loaded", "unchanged", "left_out", "failed", "rows")
        sums = {name: sum(result[name] for result in self._results) for name in names}
        return place(self._context.get("ti"), None) | sums | {"companies": self._results}


class _Events(dict[str, Any]):
    """Stands in for the events of a task's assets while one company of several is loaded."""

    def __getitem__(self, asset: Any) -> Any:
        return self.setdefault(asset.uri, SimpleNamespace(extra={}))


def _told_of(error: Exception, company: str) -> dict[str, Any]:
    """Say for the summary what a company ended with."""
    from airflow_provider_poweroffice.tasks.company import LeftOutError, reason_of

    if isinstance(error, LeftOutError):
        return {"state": "skipped", "error": None}
    reason = reason_of(error).replace(f"[{company}] ", "").removeprefix("LoadsFailedError: ")
    return {"state": "failed", "error": reason}


class _Loaded:
    """
    The loads that are done in this run, for a retry of the task (3.3); after a person cleared it, none.

    They are kept by company: a task that is cleared with other companies may have another one now.
    """

    def __init__(self, context: Context, company: str | None) -> None:
        self._store = task_state_store(context)
        # Airflow raises max_tries when a person clears a task, not when it retries by itself.
        self._of = {"cleared": getattr(context.get("ti"), "max_tries", None)}
        self._key = f"{DONE}.{company}" if company else DONE
        note = self._store.get(self._key) if self._store is not None else None
        self.receipts: dict[str, dict[str, Any]] = {}
        if isinstance(note, dict) and self._of.items() <= note.items():
            self.receipts = note["loads"]

    def add(self, name: str, receipt: dict[str, Any]) -> None:
        """Note a load."""
        self.receipts[name] = receipt
        if self._store is not None:
            self._store.set(self._key, self._of | {"loads": self.receipts})


class _Notes:
    """
    Where the loads of a company have begun: one value of the task's state store (3.3), not one for each.

    Every question to a state store is a request to Airflow's API server, and costs it as much as a load.
    """

    def __init__(self, context: Context, company: str | None) -> None:
        self._store = task_state_store(context)
        self._key = f"{_BEGUN}.{company}" if company else _BEGUN
        note = self._store.get(self._key) if self._store is not None else None
        self._notes: dict[str, Any] = dict(note) if isinstance(note, dict) else {}
        self._found = dict(self._notes)
        self.context: Any = context if self._store is None else {**context, "task_state_store": self}

    def get(self, key: str) -> Any:
        """Give the note of a load."""
        return self._notes.get(key)

    def set(self, key: str, value: Any, **_: Any) -> None:
        """Take the note of a load."""
        self._notes[key] = value

    def keep(self) -> None:
        """Store what is new, before anything is loaded."""
        if self._notes != self._found:
            keep_task_state(self._store, self._key, self._notes)


def _are_loads(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(load, Mapping) for load in value.values())


def _sign_in(client: Client) -> None:
    """Get the token of all loads, so that a key that is refused is told of once."""
    from airflow_provider_poweroffice.errors import AuthenticationError, PowerOfficeError

    try:
        client.auth.token()
    except AuthenticationError:
        raise
    except PowerOfficeError:
        return  # each load asks again, as often as it may


def _carry_out(part: ToSql, client: Client, begun: BegunLoad, told: dict[str, Any]) -> DoneLoad:
    """
    Carry out a load.

    :param told: is given when it began, and its seconds.
    """
    from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
    from airflow_provider_poweroffice.tasks.table_load import now

    told["began"], started = now(), monotonic()
    try:
        with fail_task_when_final(), part.allowing_for_modules():
            return part.carry_out(client, begun)
    finally:
        told["seconds"] = round(monotonic() - started, 3)


def _check_tables(parts: Mapping[str, ToSql]) -> None:
    """
    Refuse two loads into one table.

    :raises ValueError: names both.
    """
    seen: dict[tuple[str | None, str], str] = {}
    for name, part in parts.items():
        schema, _, table = (
            part.table.rpartition(".") if part.schema is None else (part.schema, "", part.table)
        )
        if (twin := seen.setdefault((schema or None, table), name)) != name:
            raise ValueError(f"loads: {twin!r} and {name!r} go into one table, {part.table}")
