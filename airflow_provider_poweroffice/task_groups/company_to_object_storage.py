"""
The group of tasks for a lake: companies times resources into the objects of a store.

Rule: it only puts the operators together, as ``load_company`` does for tables; a company has one task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from airflow.sdk import TaskGroup, XComArg

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.task_groups.companies import Companies, split_arguments, sum_up
from airflow_provider_poweroffice.task_groups.resources import (
    DEFAULT_RESOURCES,
    Resources,
    Source,
    check_of_all,
    listed,
)
from airflow_provider_poweroffice.tasks.base import check_flag
from airflow_provider_poweroffice.tasks.mapping import names_in
from airflow_provider_poweroffice.transfers.d365fo import D365FOCompanyToObjectStorageOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeCompanyToObjectStorageOperator,
)

__all__ = ["DEFAULT_RESOURCES", "company_to_object_storage"]

_VENDORS = {"poweroffice_conn_id": "PowerOffice Go", "d365fo_conn_id": "Finance & Operations"}
_KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "poweroffice_conn_id": PowerOfficeCompanyToObjectStorageOperator,
        "d365fo_conn_id": D365FOCompanyToObjectStorageOperator,
    }
)
_OF_ALL_RUNS = frozenset({"company", "resource", "conn", "dag", "params", "task", "var"})
"""Names in templates that are the same in each run of a task."""


def company_to_object_storage(
    object_path: str,
    *,
    resources: Resources = DEFAULT_RESOURCES,
    companies: Sequence[str] | XComArg | str | None = None,
    poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
    api_version: str = "v2",
    d365fo_conn_id: str | None = None,
    format: str = "ndjson.gz",  # noqa: A002 - as of the transfer
    incremental: bool = False,
    full_refresh: bool | str = False,
    ledger_from: date | str = "2000-01-01",
    on_missing_privilege: str = "fail",
    companies_per_task: int = 1,
    picture: str | None = None,
    group_id: str = "company_to_object_storage",
    **arguments: Any,
) -> TaskGroup:
    """
    Copy companies to the objects of a store, by a task for each company.

    Each list of a company becomes an object of its own, in one step: it is there whole, or as it was before.
    With companies, the last task ``summary`` fails if one has failed, and says which and why; a company that
    fails stops no other, and neither does a list.

    :param object_path: where to, such as
        ``s3://aws_default@lake/poweroffice/{{ company }}/{{ resource }}.ndjson.gz``; ``{{ resource }}`` is
        the list's name, such as ``account_transactions`` (templated).
    :param resources: paths of lists, or a mapping of them to arguments of
        :class:`~airflow_provider_poweroffice.transfers.poweroffice_to_object_storage.PowerOfficeToObjectStorageOperator`,
        which go before all others. Lists of v1 and entity sets of Finance & Operations must be named.
    :param companies: their aliases, or legal entities of Finance & Operations; ``"connection"``: all in the
        extra ``client_api_keys``; ``"client_admin"``: those of them that are active clients of the firm; or
        the result of a task that lists some. None: the company of the connection's password alone.
    :param poweroffice_conn_id: the Airflow connection of PowerOffice Go; no template.
    :param api_version: ``"v2"``, or ``"v1"`` as the connection says.
    :param d365fo_conn_id: the Airflow connection of Finance & Operations, which is read instead; no template.
    :param format: of the objects: ``"ndjson.gz"``, ``"ndjson.zst"``, ``"ndjson"``, ``"json pages"`` or
        ``"parquet"``.
    :param incremental: of lists with a filter for changes, read what changed since the last run; each run
        then needs objects of its own, by ``{{ run_id }}`` or the like in ``object_path``. False: all, each
        time, which shows what is gone, too.
    :param full_refresh: with ``incremental``, read everything this time, e.g. ``"{{ params.full_refresh }}"``
        (templated).
    :param ledger_from: first date of resources that are read by date, such as the ledger.
    :param on_missing_privilege: ``"skip"``: a resource whose module a company lacks, or whose privilege the
        integration lacks (403), is left out for that company, and the summary names it; ``"fail"``.
    :param companies_per_task: above 1, for thousands of companies: a task copies so many, one after another;
        needs Airflow 3.3.
    :param picture: with companies, where a page of HTML goes that shows what became of each, such as
        ``s3://aws_default@lake/night.html`` (templated).
    :param group_id: of the task group; also the beginning of each task id.
    :param arguments: further ones of every task, such as ``pool`` or ``retries``, and of every list, such as
        ``paging``.
    :return: the group, for ``before >> company_to_object_storage(...) >> after``.
    :raises ValueError: no or unknown resources or companies, or arguments that contradict each other; the
        message names the way out.
    :raises TypeError: an argument that the operator does not have, or a flag that is neither True nor False.

    .. seealso:: docs/companies.md
    """
    source = Source.of(poweroffice_conn_id, d365fo_conn_id, api_version)
    given = Companies(companies, companies_per_task, source)
    given.check()
    if companies is None and picture is not None:
        raise ValueError("picture is drawn by the summary of companies: give companies=")
    check_flag("incremental", incremental)
    loads: dict[str, dict[str, Any]] = {}
    lists = listed(resources, source, first=ledger_from, of_new={"incremental": False})
    for one in lists:
        load = loads[one.name] = one.arguments
        if one.reads_changes() and incremental:
            load["incremental"] = True
    kind = _KINDS[source.conn_name]
    check_of_all(company_to_object_storage, kind.load_class, arguments, lists, loads)
    of_task, of_load = split_arguments(arguments, loads)
    of_load |= {"object_path": object_path, "format": format, "on_missing_privilege": on_missing_privilege}
    loads = {name: of_load | load for name, load in loads.items()}
    for load in loads.values():
        if load.get("incremental"):
            load.setdefault("full_refresh", full_refresh)
            _check_own_object(load["endpoint"], load["object_path"])
    vendor = _VENDORS[source.conn_name]
    with TaskGroup(group_id, tooltip=f"{vendor} into object storage") as group:
        aliases = given.aliases()
        task = given.task(kind, aliases, loads, of_task)
        if aliases is not None:
            sum_up([task], aliases, loads, arguments, picture=picture)
    return group


def _check_own_object(endpoint: str, path: object) -> None:
    """
    Refuse to put what changed in the place of what is there.

    :raises ValueError: names the way out.
    """
    names = names_in(path)
    if names is not None and names <= _OF_ALL_RUNS:
        raise ValueError(
            f"object_path {path!r} is the same in all runs, and what changed in {endpoint} would replace "
            "what was there: write {{ run_id }} or the like into it, or leave incremental out"
        )
