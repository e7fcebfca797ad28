"""
For DAGs over many companies: the list to map over, and the summary of outcomes.

Rule: aliases and reasons only; the summary reads what Airflow's public API gives a task of others in its run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.texts import listed, shown
from airflow_provider_poweroffice.hooks.companies import check_companies, check_source, chunks
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.tasks.base import is_literal
from airflow_provider_poweroffice.tasks.company import TaskInstance, instances_of, report_company, summarize
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.rendering import RenderedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow
    from airflow_provider_poweroffice.tasks.company import Instance

__all__ = ["PowerOfficeCompaniesOperator", "PowerOfficeCompaniesSummaryOperator", "report_company"]

_SHOWN = 20  # causes, and companies of each, in the summary's own error; XCom has all of them


class PowerOfficeCompaniesOperator(RenderedOperator):
    """
    List the companies of a connection, for ``.expand(company=....output)``: their aliases, never a key.

    :param source: ``"connection"``: the aliases of the extra ``client_api_keys``; ``"client_admin"``: those
        of them that are active clients of the firm, see
        :meth:`~airflow_provider_poweroffice.hooks.poweroffice.PowerOfficeHook.companies`; or a list of
        aliases, such as another task's result (templated).
    :param companies_per_task: above 1: give lists of so many aliases, one for each task that works for
        several companies, for ``.expand(companies=....output)``.
    :param firm: with ``"client_admin"``, alias of the firm's own company; None is the password's (templated).
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``.
    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/companies.md
    """

    template_fields: Sequence[str] = ("source", "firm", "poweroffice_conn_id")
    none_means_unset = frozenset({"firm"})
    ui_color = "#e8e4f3"

    def __init__(
        self,
        *,
        source: str | Sequence[str] | XComArg = "connection",
        companies_per_task: int = 1,
        firm: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.companies_per_task = companies_per_task
        self.firm = firm
        self.retry_options = RetryOptions.from_mapping(retry_options, "retry_options")
        self.poweroffice_conn_id = poweroffice_conn_id
        if isinstance(source, str) and is_literal(source):
            check_source(source)
        chunks([], companies_per_task)

    def execute(self, context: Context) -> list[str] | list[list[str]]:  # noqa: ARG002 - Airflow's signature
        """
        Give the aliases.

        :raises ValueError: there are no companies: a DAG over none would succeed without doing anything.
        """
        source: Any = self.source  # rendered: no XComArg any more
        hook = PowerOfficeHook(self.poweroffice_conn_id, company=self.firm, retry_options=self.retry_options)
        with hook, fail_task_when_final():
            if isinstance(source, str):
                source = hook.companies(source)
            check_companies(source)
        aliases = [*source]
        self.log.info("%d companies: %s", len(aliases), ", ".join(aliases))
        return aliases if self.companies_per_task == 1 else chunks(aliases, self.companies_per_task)


class PowerOfficeCompaniesSummaryOperator(RenderedOperator):
    """
    Say which companies failed and why, once all tasks before it have ended, in whatever state.

    Returns ``{"companies": 50, "succeeded": [alias, ...], "skipped": [alias, ...], "left_out": [{"company",
    "task_id", "load", "reason"}, ...], "failed": [{"company", "task_id", "map_index", "state", "error",
    "load"}, ...], "causes": [{"what", "error", "companies": [alias, ...]}, ...]}``, also as XCom of a summary
    that fails. ``load`` names one of several loads of a task, as those of ``load_company``. A company has
    succeeded when all of its tasks have, apart from those that were left out by
    ``on_missing_privilege="skip"``. ``causes`` are the failures by reason, those of most companies first: an
    error that many companies share is reported once, and so is one that several tasks of a company share,
    such as a refused key.

    :param tasks: ids of the tasks to look at; None: all that are upstream, directly or not.
    :param companies: the aliases, or lists of them, that were mapped over, such as ``companies.output``
        (templated). Names tasks that ended before they began, and a company that no task has worked for
        counts as failed.
    :param fail: fail at the end when a company has failed; the error names them.
    :param loads: what the tasks load, for the two arguments below, as ``load_company`` gives it: by name of a
        load of a company's task, or by id of a task of one load, a mapping of ``endpoint`` and, if it has
        one, ``table``.
    :param sql_conn_id: the Airflow connection of a database (templated).
    :param loads_table: a table there, ``name`` or ``schema.name``, that gets a row for each company and load
        of the run, see docs/warehouse.md; made where it is missing (templated).
    :param picture: where a page of HTML goes that shows companies by resources, such as
        ``s3://aws_default@bucket/night.html``; one that is there is replaced (templated).

    .. seealso:: docs/companies.md
    """

    template_fields: Sequence[str] = ("tasks", "companies", "sql_conn_id", "loads_table", "picture")
    none_means_unset = frozenset({"companies"})  # a task that lists them and failed gives None
    ui_color = "#e8e4f3"

    def __init__(
        self,
        *,
        tasks: Sequence[str] | None = None,
        companies: Sequence[str] | XComArg | None = None,
        fail: bool = True,
        loads: Mapping[str, Mapping[str, Any]] | None = None,
        sql_conn_id: str | None = None,
        loads_table: str | None = None,
        picture: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.tasks = tasks
        self.companies = companies
        self.fail = fail
        self.loads = loads
        self.sql_conn_id = sql_conn_id
        self.loads_table = loads_table
        self.picture = picture
        if loads is None and (loads_table or picture):
            raise ValueError("loads_table and picture need loads: what the tasks load")
        _check_loads(loads or {})
        if loads_table is not None:
            if sql_conn_id is None:
                raise ValueError(f"loads_table={loads_table!r} needs sql_conn_id: the database it is in")
            if is_literal(loads_table):
                from airflow_provider_poweroffice.storage.sql.identifiers import TableName

                try:
                    TableName.of(loads_table)
                except ValueError as error:
                    raise ValueError(f"loads_table: {error}") from None
        if picture is not None and is_literal(picture):
            from airflow_provider_poweroffice.tasks.to_object_storage import check_object_path

            try:
                check_object_path(picture, None)
            except ValueError as error:
                raise ValueError(f"picture: {error}") from None

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Sum up the outcome of each company's tasks.

        :raises ValueError: no task worked for a company.
        :raises AirflowFailException: with ``fail``, a company has failed.
        :raises Exception: what the database of ``loads_table`` or the store of ``picture`` raised, after all
            else is done; a retry writes both again.
        """
        expected: Any = self.companies  # rendered: no XComArg any more
        mapped = None if expected is None else [*expected]
        if mapped == []:
            raise ValueError(
                "companies is empty: no task was made of them. Where that may be, put a task "
                "@task.short_circuit before these"
            )
        companies = mapped and self._aliases(mapped)
        ti = context["ti"]
        instances = self._instances(ti, mapped)
        summary = self._summary(instances, companies)
        for cause in summary["causes"]:
            self.log.error("%s", _line(cause, len(cause["companies"])))
        for (name, reason), companies_without in _left_out(summary["left_out"]).items():
            self.log.warning("[%s] %s was left out: %s", ", ".join(companies_without), name, reason)
        self.log.info("%d of %d companies succeeded", len(summary["succeeded"]), summary["companies"])
        try:
            self._record(ti, instances, companies, summary)
        except Exception:
            ti.xcom_push(key="return_value", value=summary)
            raise
        if summary["failed"] and self.fail:
            ti.xcom_push(key="return_value", value=summary)
            raise AirflowFailException(_message(summary))
        return summary

    def _aliases(self, mapped: Sequence[Any]) -> list[str]:
        """
        Give the companies that were mapped over.

        :raises TypeError: they are neither aliases nor lists of them.
        """
        lists = [one if isinstance(one, list) else [one] for one in mapped]
        aliases = [alias for one in lists for alias in one]
        if not all(isinstance(alias, str) for alias in aliases):
            raise TypeError(f"companies must be a list of aliases, or of lists of them, not {shown(mapped)}")
        if twice := sorted({alias for alias in aliases if aliases.count(alias) > 1}):
            self.log.warning("companies names %s twice: each time a task works for it", ", ".join(twice))
        return aliases

    def _instances(
        self, ti: TaskInstance, companies: Sequence[str | Sequence[str]] | None
    ) -> dict[str, list[Instance]]:
        tasks = sorted(self.get_flat_relative_ids(upstream=True) if self.tasks is None else self.tasks)
        return {task: instances_of(ti, task, companies) for task in tasks}

    def _summary(
        self, instances: Mapping[str, Sequence[Instance]], companies: Sequence[str] | None
    ) -> dict[str, Any]:
        found = [outcome for own in instances.values() for one in own for outcome in one.outcomes()]
        summary = summarize(found, companies)
        if not summary["companies"] and not summary["failed"]:
            raise ValueError(
                f"no task with a company among {', '.join(instances) or 'no tasks'}; give tasks=[...], or "
                "place the summary after them"
            )
        return summary

    def _record(
        self,
        ti: TaskInstance,
        instances: Mapping[str, Sequence[Instance]],
        companies: Sequence[str] | None,
        summary: Mapping[str, Any],
    ) -> None:
        """Write the table of loads, and the picture."""
        if self.loads is None or not (self.loads_table or self.picture):
            return
        from airflow_provider_poweroffice.tasks.night import rows_of

        rows = rows_of(ti, instances, self.loads, companies)
        try:
            if rows and self.sql_conn_id and self.loads_table:
                self._store(rows, self.sql_conn_id, self.loads_table)
        finally:
            if self.picture:
                self._draw(f"{ti.dag_id}, {ti.run_id}", rows, summary["causes"], self.picture)

    def _store(self, rows: Sequence[LoadRow], sql_conn_id: str, name: str) -> None:
        from airflow_provider_poweroffice.hooks.database import Target
        from airflow_provider_poweroffice.storage.sql.identifiers import TableName
        from airflow_provider_poweroffice.storage.sql.loads_table import write_loads

        with fail_task_when_final(), Target(sql_conn_id).session() as session:
            write_loads(session, TableName.of(name), rows)
        self.log.info("%d loads to %s", len(rows), name)

    def _draw(
        self, title: str, rows: Sequence[LoadRow], causes: Sequence[Mapping[str, Any]], path: str
    ) -> None:
        import tempfile

        from airflow_provider_poweroffice.storage.publish import publish
        from airflow_provider_poweroffice.tasks.night_picture import page
        from airflow_provider_poweroffice.tasks.to_object_storage import open_object_path

        with fail_task_when_final(), tempfile.TemporaryFile() as file:
            file.write(page(title, rows, causes).encode())
            file.flush()
            publish(file, open_object_path(path, None))
        self.log.info("the picture is in %s", path)


def _check_loads(loads: object) -> None:
    """
    Refuse what does not say what is loaded.

    :raises TypeError: names the argument.
    """
    if isinstance(loads, Mapping) and all(
        isinstance(load, Mapping) and "endpoint" in load for load in loads.values()
    ):
        return
    raise TypeError(
        "loads must map the name of a load, or the id of a task of one, to its endpoint and, if it has one, "
        "table: {'customers': {'endpoint': 'Customers', 'table': 'customers'}}"
    )


def _left_out(items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Group what was left out by its reason, with the companies."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in items:
        reason = item["reason"].replace(f"[{item['company']}] ", "")
        groups.setdefault((item["load"] or item["task_id"], reason), []).append(str(item["company"]))
    return groups


def _line(cause: Mapping[str, Any], shown: int = _SHOWN) -> str:
    """Describe a cause in one line: which companies, what failed, and why."""
    companies = [company for company in cause["companies"] if company]
    return f"{f'[{listed(companies, shown)}] ' if companies else ''}{cause['what']}: {cause['error']}"


def _message(summary: Mapping[str, Any]) -> str:
    """Give the error of a summary: how many failed, and the first of them with their reasons."""
    names = {failure["company"] for failure in summary["failed"]} - {None}
    told = [_line(cause) for cause in summary["causes"]]
    lines = listed(told, _SHOWN, "; ")
    if len(told) > _SHOWN:
        lines += ", see the XCom of this task"
    if names:
        return f"{len(names)} of {summary['companies']} companies failed: {lines}"
    what = "a task without a company failed" if summary["companies"] else "no company was begun"
    return f"{what}: {lines}"
