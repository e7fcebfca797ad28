"""
The group of tasks that most people want: companies times resources into the tables of a warehouse.

Rule: it only puts the operators together; whatever it does can be written out with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, TaskGroup, XComArg

from airflow_provider_poweroffice.hooks.companies import SOURCES
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesOperator,
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.task_groups.table_loads import DEFAULT_RESOURCES, Resources, table_loads
from airflow_provider_poweroffice.tasks.watermark import with_asset
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.mappedoperator import MappedOperator

__all__ = ["DEFAULT_RESOURCES", "load_company"]


def load_company(
    sql_conn_id: str = "warehouse",
    *,
    resources: Resources = DEFAULT_RESOURCES,
    companies: Sequence[str] | XComArg | str | None = None,
    schema: str | None = None,
    table_prefix: str = "",
    poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
    layout: str = "columns",
    ledger_from: date | str = "2000-01-01",
    full_refresh: bool | str = False,
    detect_deletions: bool = True,
    verify: bool = False,
    group_id: str = "load_company",
    **arguments: Any,
) -> TaskGroup:
    """
    Load companies into the tables of a database, a task for each resource and company.

    A resource whose list has a filter for changes is read by what changed since the last run; the others are
    read whole and replaced. The table of ``AccountTransactions`` is ``account_transactions``; all companies
    share it, see its column ``_company``. With companies, the last task ``summary`` fails if one has failed,
    and says which and why; a company that fails stops no other.

    :param sql_conn_id: the Airflow connection of the database.
    :param resources: paths of lists of PowerOffice Go v2; or a mapping of them to arguments of
        :class:`~airflow_provider_poweroffice.transfers.poweroffice_to_sql.PowerOfficeToSqlOperator`, which go
        before all others, such as ``DEFAULT_RESOURCES | {"VatCodes": {"table": "vat"}}``.
    :param companies: their aliases; ``"connection"``: all in the extra ``client_api_keys``;
        ``"client_admin"``: those of them that are active clients of the firm; or the result of a task that
        lists some. None: the company of the connection's password alone.
    :param schema: the schema of the tables.
    :param table_prefix: begins the names of the tables.
    :param poweroffice_conn_id: the Airflow connection of PowerOffice Go; no template.
    :param layout: ``"columns"`` or ``"raw"``.
    :param ledger_from: first date of resources that are read by date, such as the ledger. Another one reads
        everything anew.
    :param full_refresh: read everything this time, e.g. ``"{{ params.full_refresh }}"`` (templated).
    :param detect_deletions: mark rows that are gone, by a list of ids in each run, for all resources that are
        read by what changed but the ledger, whose vouchers are reversed and not deleted.
    :param verify: after each load, compare the ledger in the table with the trial balance, to the digit.
    :param group_id: of the task group; also the beginning of each task id.
    :param arguments: further ones for every load, such as ``pool``, ``retries`` or ``concurrency``.
    :return: the group, for ``before >> load_company() >> after``.
    :raises ValueError: no or unknown resources or companies, or arguments that contradict each other; the
        message names the way out.
    :raises TypeError: an argument that the operator does not have.

    .. seealso:: docs/warehouse.md
    """
    _check_companies(companies)
    loads = table_loads(
        resources,
        table_prefix=table_prefix,
        ledger_from=ledger_from,
        full_refresh=full_refresh,
        detect_deletions=detect_deletions,
        verify=verify,
    )
    shared = {"sql_conn_id": sql_conn_id, "layout": layout, "poweroffice_conn_id": poweroffice_conn_id}
    if schema is not None:
        shared["schema"] = schema
    ready = {
        task_id: _with_outlet(shared | arguments | load, poweroffice_conn_id)
        for task_id, load in loads.items()
    }
    with TaskGroup(group_id, tooltip="PowerOffice Go into a warehouse") as group:
        if companies is None:
            for task_id, load in ready.items():
                PowerOfficeToSqlOperator(task_id=task_id, **load)
        else:
            _mapped(ready, _aliases(companies, poweroffice_conn_id))
    return group


def _mapped(loads: dict[str, dict[str, Any]], aliases: Any) -> None:
    """Make a task for each resource, mapped over the companies, and the summary."""
    tasks: list[MappedOperator] = []
    for task_id, load in loads.items():
        _check_now(task_id, load)
        load.setdefault("map_index_template", "{{ company }}")
        tasks.append(PowerOfficeToSqlOperator.partial(task_id=task_id, **load).expand(company=aliases))
    names = [task.task_id for task in tasks]
    tasks >> PowerOfficeCompaniesSummaryOperator(task_id="summary", companies=aliases, tasks=names)


def _aliases(companies: Any, poweroffice_conn_id: str) -> Any:
    if not isinstance(companies, str):
        return companies if isinstance(companies, XComArg) else list(companies)
    return PowerOfficeCompaniesOperator(
        task_id="companies", source=companies, poweroffice_conn_id=poweroffice_conn_id
    ).output


def _check_companies(companies: Any) -> None:
    if companies is None or isinstance(companies, XComArg):
        return
    if isinstance(companies, str):
        if companies not in SOURCES:
            raise ValueError(
                f"companies={companies!r} is no source of companies: use one of {', '.join(SOURCES)}, or a "
                f"list of aliases, [{companies!r}]"
            )
        return
    if not isinstance(companies, Sequence) or not all(isinstance(alias, str) for alias in companies):
        raise TypeError(f"companies must be a list of aliases, not {companies!r}")
    if not companies:
        raise ValueError(
            "companies is empty: nothing would be loaded. Give aliases, or None for the company of the "
            "connection's password"
        )
    if twice := sorted({alias for alias in companies if list(companies).count(alias) > 1}):
        raise ValueError(f"companies names {', '.join(twice)} twice")


def _with_outlet(load: dict[str, Any], poweroffice_conn_id: str) -> dict[str, Any]:
    """Add the asset: mapped tasks do not get it by themselves, and DAGs may wait for what is read whole."""
    return with_asset(load, endpoint=load["endpoint"], conn_id=poweroffice_conn_id)


def _check_now(task_id: str, load: dict[str, Any]) -> None:
    """Have the operator check its arguments while the DAG file is read; Airflow checks mapped ones later."""
    nowhere = DAG("poweroffice_checked_arguments", schedule=None)  # not registered: it is not entered
    PowerOfficeToSqlOperator(task_id=task_id, **load, dag=nowhere, task_group=nowhere.task_group)
