"""
All collections of a company, or of several, to where they are kept: one task, one client and token a company.

Rule: each collection is a load of its own, with its watermark and its outcome, by the code of the transfer of
one. One that fails stops no other, unless what failed is what all of them need. Several companies of a task
have nothing in common but the place they go to. What is done when the task runs is in ``company_run.py``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE, AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.tasks.base import CompanyTask
from airflow_provider_poweroffice.tasks.mapping import made_apart

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.tasks.company_run import CompanyRun, Destination
    from airflow_provider_poweroffice.tasks.transfer import TransferTask

THREADS = 4
"""Loads of a company at once, where what they go to takes several writers."""


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


class CompanyLoads(CompanyTask):
    """
    Base of tasks that load collections of one company side by side.

    Returns ``{"company", "map_index", "loaded": 7, "unchanged": 5, "left_out": 1, "failed": 0, "rows": 5120,
    "loads": {name: {"outcome", "rows", "began", "seconds", "watermark", ...}}}``, also where it fails or its
    time is over. Outcome is ``"loaded"``; ``"unchanged"``, which counts as loaded: nothing is newer than what
    the last run saw; ``"left_out"``; ``"failed"``; ``"unknown"``: it was ended on the way; or ``"not_run"``.
    All but the first two have no rows. A retry does what is not loaded yet (Airflow 3.3), or all again, which
    gives the same.

    With ``companies`` it does so for each of them, one after another, each with a client of its own; one that
    fails stops no other. Then it returns the sums, and all of the above by company in a list ``companies``.

    :param loads: by name, the arguments of each load: those of the transfer of one collection, without
        connections, company, ``retry_options`` and what is every task's, such as ``retries``. In templates of
        a load, ``{{ resource }}`` is its name (templated).
    :param companies: aliases of several companies, instead of ``company`` (templated); needs Airflow 3.3, as
        before it watermarks are kept by the events of tasks that succeed as a whole.
    """

    template_fields = (*CompanyTask.template_fields, "companies", "loads")
    template_fields_renderers: ClassVar[dict[str, str]] = {"loads": "json"}
    ui_color = "#d9e8f5"
    load_class: ClassVar[type[TransferTask]]
    shared_arguments: ClassVar[tuple[str, ...]] = ()
    """Names of the task's own arguments that each load has, too."""
    told_fields: ClassVar[tuple[str, ...]] = ()
    """Fields of a load's receipt that the task returns."""

    def __init__(
        self,
        *,
        loads: Mapping[str, Mapping[str, Any]],
        companies: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        conn_id = getattr(self, self.hook_class.conn_name_attr)
        super().__init__(**self._with_assets(kwargs, loads, conn_id))
        self.loads = loads
        self.companies = companies
        if companies is not None:
            check_several()
            if self.company is not None:
                raise ValueError("company and companies exclude each other: give one company, or several")
        self.check_places(self.parts())

    @abstractmethod
    def destination(self) -> Destination:
        """Give where the loads go, as far as they have it in common."""

    @abstractmethod
    def check_places(self, parts: Mapping[str, Any]) -> None:
        """
        Refuse two loads into one place.

        :raises ValueError: names both.
        """

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

        _check_loads(loads)
        added: dict[str, list[Any]] = {"outlets": [], "inlets": []}
        for load in loads.values():
            own = {field: load.get(field) for field in added}
            scheme = cls.hook_class.conn_type
            found = with_asset(own, endpoint=load["endpoint"], conn_id=conn_id, scheme=scheme)
            for field, assets in added.items():
                assets += [asset for asset in found.get(field) or () if asset not in assets]
        for field, assets in added.items():
            given = _as_list(arguments.get(field) or ())
            if assets:
                arguments = arguments | {field: given + [asset for asset in assets if asset not in given]}
        return arguments

    def parts(self) -> dict[str, TransferTask]:
        """
        Make the load of each collection.

        :raises ValueError, TypeError: an argument that no load can have; names the load.
        """
        names = (*self.shared_arguments, *self.connection_arguments, "company")
        shared = {name: getattr(self, name) for name in names}
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
        from jinja2 import TemplateError

        from airflow_provider_poweroffice.tasks.company import leave_reason

        if self.companies is not None:
            context["companies"] = self.companies  # type: ignore[typeddict-unknown-key]  # a name of our own
        if content is not self.loads or not _are_loads(content):
            return super().render_template(content, context, jinja_env, seen_oids)
        if self.companies is not None:
            return content  # rendered for each company when its turn comes
        rendered = {}
        for name, part in self.parts().items():
            changed = dict(self.loads[name])
            of_load: Any = {**context, "resource": name}
            for field in changed.keys() & {*part.template_fields}:
                try:
                    changed[field] = part.render_template(getattr(part, field), of_load, jinja_env, seen_oids)
                except (AirflowFailException, TemplateError) as error:
                    where = "" if isinstance(error, AirflowFailException) else f"[{field!r}]"
                    error.args = (f"loads[{name!r}]{where}: {error}",)
                    if self.company:  # the load has left it without its name
                        leave_reason(context, error, self.company)
                    raise
            rendered[name] = changed
        return rendered

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Load all collections.

        :raises LeftOutError: the company has a module for none of them.
        :raises LoadsFailedError, AirflowFailException: some have failed; the message names them and why.
        """
        from airflow_provider_poweroffice.hooks.companies import check_companies
        from airflow_provider_poweroffice.tasks.company_run import CompaniesRun
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        if self.companies is not None:
            with fail_task_when_final():
                check_companies(self.companies)
            return CompaniesRun(
                self, context, self.companies, begin=self._one_of_several, destination=self.destination
            ).load()
        with self.running(context) as hook:
            one = self.begin_run(context, hook)
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

    def begin_run(self, context: Context, hook: ClientHook) -> CompanyRun:
        """
        Begin a try of the loads of a company.

        :raises ValueError: two of them go into one place, now that templates are rendered.
        """
        from airflow_provider_poweroffice.tasks.company_run import CompanyRun

        self.check_places(parts := self.parts())
        return CompanyRun(
            self,
            context,
            hook,
            destination=self.destination(),
            parts=parts,
            told_fields=self.told_fields,
        )

    @contextmanager
    def _one_of_several(self, company: str, context: Context) -> Iterator[CompanyRun]:
        """Begin the same for one of several companies, with a client of its own."""
        one = copy(self)
        one.__dict__.pop("hook", None)
        one.__dict__.update(company=company, companies=None)
        one.__dict__["loads"] = one.render_template(one.loads, context, self.get_template_env())
        with one.hook as hook:
            yield one.begin_run(context, hook)


def _check_loads(loads: Any) -> None:
    """
    Refuse what is no loads.

    :raises TypeError: says which.
    """
    if not isinstance(loads, Mapping) or not loads:
        raise TypeError(f"loads must be a mapping of names to arguments of loads, not {loads!r}")
    for name, load in loads.items():
        if not isinstance(load, Mapping) or not isinstance(load.get("endpoint"), str):
            raise TypeError(f"loads[{name!r}] must be a mapping of arguments with an endpoint")


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _are_loads(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(load, Mapping) for load in value.values())
