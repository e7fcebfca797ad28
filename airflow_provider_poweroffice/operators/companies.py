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

_SHOWN = 20  # failures in the summary's own error; XCom has all of them


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
    "task_id", "reason"}, ...], "failed": [{"company", "task_id", "map_index", "state", "error"}, ...]}``,
    also as XCom of a summary that fails. A company has succeeded when all of its tasks have, but those that
    were left out by ``on_missing_privilege="skip"``. A company whose tasks failed for one reason, such as a
    refused key, is told of once.

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
        for line in _lines(summary["failed"]):
            self.log.error("%s", line)
        for item in summary["left_out"]:
            self.log.warning("[%s] %s was left out: %s", *item.values())
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


def _lines(failures: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give a line for each company and reason, with the tasks that failed for it."""
    tasks: dict[tuple[str | None, str], list[str]] = {}
    for failure in failures:
        # Each task names its own endpoint in its message; a refused key is refused to all of them alike.
        tasks.setdefault((failure["company"], failure["error"]), []).append(failure["task_id"] or "no task")
    return [
        f"{f'[{company}] ' if company else ''}{_named(names)}: {error}"
        for (company, error), names in tasks.items()
    ]


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _message(summary: Mapping[str, Any]) -> str:
    """Give the error of a summary: how many failed, and the first of them with their reasons."""
    failed = summary["failed"]
    names = {failure["company"] for failure in failed if failure["company"]}
    told = _lines(failed)
    lines = listed(told, _SHOWN, "; ")
    if len(told) > _SHOWN:
        lines += ", see the XCom of this task"
    count = f"{len(names)} of {summary['companies']} companies" if names else "no company, but tasks of none"
    return f"{count} failed: {lines}"
