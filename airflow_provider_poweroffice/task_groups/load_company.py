"""
The group of tasks that most people want: companies times resources into the tables of a warehouse.

Rule: it only puts the operators together; whatever it does can be written out with them. The catalogue says
how a resource comes into its table, unless the user does: what changed where the API can tell, else whole.
Many companies have a task each; one company has a task for each resource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from airflow.sdk import TaskGroup, XComArg

from airflow_provider_poweroffice.api.options import check_choice
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.task_groups.companies import Companies, split_arguments, sum_up
from airflow_provider_poweroffice.task_groups.resources import (
    DEFAULT_RESOURCES,
    Listed,
    Resources,
    Source,
    check_of_all,
    listed,
)
from airflow_provider_poweroffice.tasks.base import check_flag
from airflow_provider_poweroffice.tasks.watermark import with_asset
from airflow_provider_poweroffice.transfers.d365fo import D365FOCompanyToSqlOperator, D365FOToSqlOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeCompanyToSqlOperator,
    PowerOfficeToSqlOperator,
)

__all__ = ["DEFAULT_RESOURCES", "load_company"]

_LEDGER = "AccountTransactions"
_SHAPES = ("company", "resource")
_VENDORS = {"poweroffice_conn_id": "PowerOffice Go", "d365fo_conn_id": "Finance & Operations"}
_KINDS: Mapping[str, tuple[Any, Any]] = MappingProxyType(
    {
        "poweroffice_conn_id": (PowerOfficeCompanyToSqlOperator, PowerOfficeToSqlOperator),
        "d365fo_conn_id": (D365FOCompanyToSqlOperator, D365FOToSqlOperator),
    }
)


def load_company(
    sql_conn_id: str = "warehouse",
    *,
    resources: Resources = DEFAULT_RESOURCES,
    companies: Sequence[str] | XComArg | str | None = None,
    schema: str | None = None,
    table_prefix: str = "",
    poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
    api_version: str = "v2",
    d365fo_conn_id: str | None = None,
    layout: str = "columns",
    ledger_from: date | str = "2000-01-01",
    full_refresh: bool | str = False,
    detect_deletions: bool | None = None,
    verify: bool = False,
    on_missing_privilege: str = "fail",
    tasks: str | None = None,
    companies_per_task: int = 1,
    loads_table: str | None = "_loads",
    picture: str | None = None,
    group_id: str = "load_company",
    **arguments: Any,
) -> TaskGroup:
    """
    Load companies into the tables of a database, by a task for each company.

    A resource whose list has a filter for changes is read by what changed since the last run; the others are
    read whole and replaced. The table of ``AccountTransactions`` is ``account_transactions``; all companies
    share it, see its column ``_company``. With companies, the last task ``summary`` fails if one has failed,
    and says which and why; a company that fails stops no other.

    :param sql_conn_id: the Airflow connection of the database.
    :param resources: paths of lists, or a mapping of them to arguments of
        :class:`~airflow_provider_poweroffice.transfers.poweroffice_to_sql.PowerOfficeToSqlOperator`, which go
        before all others, such as ``DEFAULT_RESOURCES | {"VatCodes": {"table": "vat"}}``. Lists of v1 and
        entity sets of Finance & Operations must be named.
    :param companies: their aliases, or legal entities of Finance & Operations; ``"connection"``: all in the
        extra ``client_api_keys``; ``"client_admin"``: those of them that are active clients of the firm; or
        the result of a task that lists some. None: the company of the connection's password alone.
    :param schema: the schema of the tables.
    :param table_prefix: begins the names of the tables.
    :param poweroffice_conn_id: the Airflow connection of PowerOffice Go; no template.
    :param api_version: ``"v2"``, or ``"v1"`` as the connection says.
    :param d365fo_conn_id: the Airflow connection of Finance & Operations, which is read instead; no template.
        Entity sets have no filter for changes in common: each is read whole, and replaced.
    :param layout: ``"columns"`` or ``"raw"``.
    :param ledger_from: first date of resources that are read by date, such as the ledger. Another one reads
        everything again.
    :param full_refresh: read everything this time, e.g. ``"{{ params.full_refresh }}"`` (templated).
    :param detect_deletions: mark rows that are gone, by a list of ids in each run, for all resources that are
        read by what changed but the ledger, whose vouchers are reversed and not deleted. None: where ids can
        be listed without their rows, which v1 cannot.
    :param verify: after each load, compare the ledger in the table with the trial balance, to the digit.
    :param on_missing_privilege: ``"skip"``: a resource whose module a company lacks, or whose privilege the
        integration lacks (403), is left out for that company, and the summary names it; ``"fail"``.
    :param tasks: ``"company"``: a task for each company, with all its resources, one client and one token;
        ``"resource"``: a task for each resource of each company. None: the former where ``companies`` are
        given, the latter for one company.
    :param companies_per_task: above 1, for thousands of companies: a task loads so many, one after another;
        needs Airflow 3.3.
    :param loads_table: with companies, a table in ``schema`` with a row for each run, company and resource:
        what became of it, how many rows, how many seconds; written at the end. None: no such table.
    :param picture: with companies, where a page of HTML goes that shows the same, such as
        ``s3://aws_default@bucket/night.html`` (templated).
    :param group_id: of the task group; also the beginning of each task id.
    :param arguments: further ones of every task, such as ``pool`` or ``retries``, and of every load, such as
        ``paging``.
    :return: the group, for ``before >> load_company() >> after``.
    :raises ValueError: no or unknown resources or companies, or arguments that contradict each other; the
        message names the way out.
    :raises TypeError: an argument that the operator does not have, or a flag that is neither True nor False.

    .. seealso:: docs/warehouse.md
    """
    _check_texts(
        poweroffice_conn_id=poweroffice_conn_id,
        d365fo_conn_id=d365fo_conn_id,
        api_version=api_version,
        table_prefix=table_prefix,
        group_id=group_id,
        loads_table=loads_table,
    )
    source = Source.of(poweroffice_conn_id, d365fo_conn_id, api_version)
    given = Companies(companies, companies_per_task, source)
    by_company = tasks == "company" or (tasks is None and companies is not None)
    _check_shape(tasks, given, picture=picture, loads_table=loads_table)
    checks = _Checks(detect_deletions, verify, source)
    lists = listed(resources, source, first=ledger_from, of_new={"mode": "replace"})
    loads = _table_loads(lists, checks, prefix=table_prefix, full_refresh=full_refresh)
    kind, kind_of_one = _KINDS[source.conn_name]
    check_of_all(load_company, kind_of_one, arguments, lists, loads)
    of_load = {"layout": layout, "on_missing_privilege": on_missing_privilege}
    if schema is not None:
        of_load["schema"] = schema
    of_task: dict[str, Any] = {"sql_conn_id": sql_conn_id}
    of_rest = arguments
    if by_company:
        own, of_rest = split_arguments(arguments, loads, way_out=", or use tasks='resource'")
        of_task |= own
    loads = {name: of_load | of_rest | load for name, load in loads.items()}
    _check_loads_table(loads_table, loads)
    with TaskGroup(group_id, tooltip=f"{_VENDORS[source.conn_name]} into a warehouse") as group:
        aliases = given.aliases()
        if by_company:
            made = [given.task(kind, aliases, loads, of_task)]
        else:
            made = _by_resource(loads, of_task, aliases, source)
        if aliases is not None:
            names = loads if by_company else [task.task_id for task in made]
            sum_up(
                made,
                aliases,
                dict(zip(names, loads.values(), strict=True)),
                arguments,
                sql_conn_id=sql_conn_id,  # DuckDB takes one writer, by a pool of one slot
                loads_table=loads_table and ".".join(filter(None, (schema, loads_table))),
                picture=picture,
            )
    return group


def _by_resource(
    loads: Mapping[str, Mapping[str, Any]], of_task: Mapping[str, Any], aliases: Any, source: Source
) -> list[Any]:
    """Make a task for each resource, mapped over the companies."""
    kind = _KINDS[source.conn_name][1]
    made: list[Any] = []
    for name, load in loads.items():
        # Mapped tasks do not get their asset by themselves, and DAGs may wait for what is read whole.
        own = {**source.of_task, **of_task, **load}
        scheme = kind.hook_class.conn_type
        given = with_asset(own, endpoint=load["endpoint"], conn_id=source.conn_id, scheme=scheme)
        if aliases is None:
            made.append(kind(task_id=name, **given))
        else:
            given.setdefault("map_index_template", "{{ company }}")
            made.append(kind.partial(task_id=name, **given).expand(company=aliases))
    return made


def _check_shape(
    tasks: str | None, companies: Companies, *, picture: str | None, loads_table: str | None
) -> None:
    """
    Refuse an unknown shape, and what is of several companies where there is one.

    :raises ValueError, TypeError: names the way out.
    """
    if tasks is not None:
        check_choice("tasks", tasks, _SHAPES)
    if companies.named is None and (picture is not None or loads_table not in {None, "_loads"}):
        raise ValueError("loads_table and picture are written by the summary of companies: give companies=")
    if companies.per_task != 1 and tasks == "resource":
        raise ValueError(f"companies_per_task={companies.per_task} is for tasks='company': leave tasks out")
    companies.check()


def _check_texts(**arguments: object) -> None:
    """
    Refuse what is no text; None is for each argument's own check.

    :raises TypeError: names the argument.
    """
    for name, value in arguments.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a text, not {type(value).__name__}")


def _check_loads_table(loads_table: str | None, loads: Mapping[str, Mapping[str, Any]]) -> None:
    if loads_table in {load["table"] for load in loads.values()}:
        raise ValueError(f"loads_table={loads_table!r} is the table of a resource: name another")


class _Checks:
    """
    What is checked of loads: rows that are gone, and the sum of the ledger.

    :raises ValueError, TypeError: what an API cannot tell.
    """

    def __init__(self, deletions: bool | None, verify: bool, source: Source) -> None:
        self.source = source
        self.verify = verify
        self.deletions = source.api == "v2" if deletions is None else deletions
        check_flag("detect_deletions", self.deletions)
        check_flag("verify", verify)
        if verify and source.api != "v2":
            raise ValueError("verify=True compares with the trial balance of PowerOffice Go v2: leave it out")

    def add(self, load: dict[str, Any], one: Listed) -> None:
        """Add them to the arguments of a load."""
        is_ledger = self.source.api == "v2" and one.path == _LEDGER
        # Posted vouchers are reversed, not deleted.
        is_listed = load.get("incremental") and load.get("mode") != "append" and one.has_key()
        if self.deletions and is_listed and not is_ledger:
            load.setdefault("detect_deletions", True)
        if self.verify and is_ledger:
            load.setdefault("verify", "trial-balance")


def _table_loads(
    lists: Sequence[Listed], checks: _Checks, *, prefix: str, full_refresh: bool | str
) -> dict[str, dict[str, Any]]:
    """
    Give the arguments of the transfer of each resource into its table, by name.

    :param prefix: begins the name of each table.
    :param full_refresh: of those that are read by what changed.
    :raises ValueError: two resources for one table; the message names the way out.
    """
    loads: dict[str, dict[str, Any]] = {}
    tables: dict[tuple[Any, Any], str] = {}
    for one in lists:
        load = {"table": f"{prefix}{one.name}"} | one.arguments
        by_change = one.reads_changes() and "mode" not in load
        load |= {"incremental": True} if by_change else _whole(one)
        if load.get("incremental"):
            load.setdefault("full_refresh", full_refresh)
        checks.add(load, one)
        place = (load.get("schema"), load["table"])
        if (twin := tables.setdefault(place, one.path)) != one.path:
            raise ValueError(
                f"resources: {twin!r} and {one.path!r} go into one table, {load['table']}; give one "
                f"of them another: {{{one.path!r}: {{'table': '...'}}}}"
            )
        loads[one.name] = load
    return loads


def _whole(one: Listed) -> dict[str, Any]:
    """Replace by the whole list, unless something else is said."""
    said = ("mode", "changed_since", "created_since")
    is_said = one.given.get("incremental") or any(name in one.given for name in said)
    return {} if is_said else {"mode": "replace"}
