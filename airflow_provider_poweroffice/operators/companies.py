"""
For DAGs over many companies: the list to map over, and the summary of outcomes.

Rule: aliases and reasons only; the summary reads what Airflow's public API gives a task of others in its run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.texts import listed
from airflow_provider_poweroffice.hooks.companies import check_source
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.tasks.company import TaskInstance, outcomes_of, report_company, summarize
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.rendering import RenderedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

__all__ = ["PowerOfficeCompaniesOperator", "PowerOfficeCompaniesSummaryOperator", "report_company"]

_SHOWN = 20  # causes, and companies of each, in the summary's own error; XCom has all of them


class PowerOfficeCompaniesOperator(RenderedOperator):
    """
    List the companies of a connection, for ``.expand(company=....output)``: their aliases, never a key.

    :param source: ``"connection"``: the aliases of the extra ``client_api_keys``; ``"client_admin"``: those
        of them that are active clients of the firm, see
        :meth:`~airflow_provider_poweroffice.hooks.poweroffice.PowerOfficeHook.companies`.
    :param firm: with ``"client_admin"``, alias of the firm's own company; None is the password's (templated).
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``.
    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/companies.md
    """

    template_fields: Sequence[str] = ("firm", "poweroffice_conn_id")
    none_means_unset = frozenset({"firm"})
    ui_color = "#e8e4f3"

    def __init__(
        self,
        *,
        source: str = "connection",
        firm: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.firm = firm
        self.retry_options = RetryOptions.from_mapping(retry_options)
        self.poweroffice_conn_id = poweroffice_conn_id
        check_source(source)

    def execute(self, context: Context) -> list[str]:  # noqa: ARG002 - Airflow's signature
        """
        Give the aliases.

        :raises ValueError: there is none: a DAG over no companies would succeed without doing anything.
        """
        hook = PowerOfficeHook(self.poweroffice_conn_id, company=self.firm, retry_options=self.retry_options)
        with hook, fail_task_when_final():
            aliases = hook.companies(self.source)
        self.log.info("%d companies: %s", len(aliases), ", ".join(aliases))
        return aliases


class PowerOfficeCompaniesSummaryOperator(RenderedOperator):
    """
    Say which companies failed and why, when all tasks before it have ended, however they did.

    Returns ``{"companies": 50, "succeeded": [alias, ...], "skipped": [alias, ...], "left_out": [{"company",
    "task_id", "load", "reason"}, ...], "failed": [{"company", "task_id", "map_index", "state", "error",
    "load"}, ...], "causes": [{"what", "error", "companies": [alias, ...]}, ...]}``, also as XCom of a summary
    that fails. ``load`` names one of several loads of a task, as those of ``load_company``. A company has
    succeeded when all of its tasks have, but those that were left out by ``on_missing_privilege="skip"``.
    ``causes`` are the failures by reason, those of most companies first: an error that many companies have in
    common is told of once, and so is one of several tasks of a company, such as a refused key.

    :param tasks: ids of the tasks to look at; None: all that are upstream, directly or not.
    :param companies: the aliases that were mapped over, such as ``companies.output`` (templated). Names tasks
        that ended before they began, and a company that no task has worked for counts as failed.
    :param fail: fail at the end when a company has failed; the error names them.

    .. seealso:: docs/companies.md
    """

    template_fields: Sequence[str] = ("tasks", "companies")
    none_means_unset = frozenset({"companies"})  # a task that lists them and failed gives None
    ui_color = "#e8e4f3"

    def __init__(
        self,
        *,
        tasks: Sequence[str] | None = None,
        companies: Sequence[str] | XComArg | None = None,
        fail: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.tasks = tasks
        self.companies = companies
        self.fail = fail

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Sum up the outcome of each company's tasks.

        :raises ValueError: no task worked for a company.
        :raises AirflowFailException: with ``fail``, a company has failed.
        """
        expected: Any = self.companies  # rendered: no XComArg any more
        companies = None if expected is None else [str(alias) for alias in expected]
        if companies == []:
            raise ValueError("companies is empty: there is nothing to sum up")
        summary = self._summary(context["ti"], companies)
        for cause in summary["causes"]:
            self.log.error("%s", _line(cause, len(cause["companies"])))
        for (name, reason), companies_without in _left_out(summary["left_out"]).items():
            self.log.warning("[%s] %s was left out: %s", ", ".join(companies_without), name, reason)
        self.log.info("%d of %d companies succeeded", len(summary["succeeded"]), summary["companies"])
        if summary["failed"] and self.fail:
            context["ti"].xcom_push(key="return_value", value=summary)
            raise AirflowFailException(_message(summary))
        return summary

    def _summary(self, ti: TaskInstance, companies: Sequence[str] | None) -> dict[str, Any]:
        tasks = sorted(self.get_flat_relative_ids(upstream=True) if self.tasks is None else self.tasks)
        found = [outcome for task in tasks for outcome in outcomes_of(ti, task, companies)]
        summary = summarize(found, companies)
        if not summary["companies"] and not summary["failed"]:
            raise ValueError(
                f"no task with a company among {', '.join(tasks) or 'no tasks'}; give tasks=[...], or place "
                "the summary after them"
            )
        return summary


def _left_out(items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Group what was left out by its reason, with the companies."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in items:
        reason = item["reason"].replace(f"[{item['company']}] ", "")
        groups.setdefault((item["load"] or item["task_id"], reason), []).append(str(item["company"]))
    return groups


def _line(cause: Mapping[str, Any], shown: int = _SHOWN) -> str:
    """Tell of a cause in one line: of which companies, what has failed, and why."""
    companies = [company for company in cause["companies"] if company]
    return f"{f'[{listed(companies, shown)}] ' if companies else ''}{cause['what']}: {cause['error']}"


def _message(summary: Mapping[str, Any]) -> str:
    """Give the error of a summary: how many failed, and the first of them with their reasons."""
    names = {failure["company"] for failure in summary["failed"] if failure["company"]}
    told = [_line(cause) for cause in summary["causes"]]
    lines = listed(told, _SHOWN, "; ")
    if len(told) > _SHOWN:
        lines += ", see the XCom of this task"
    count = f"{len(names)} of {summary['companies']} companies" if names else "no company, but tasks of none"
    return f"{count} failed: {lines}"
