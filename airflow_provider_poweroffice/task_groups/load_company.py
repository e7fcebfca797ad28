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
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup, XComArg

from airflow_provider_poweroffice.hooks.companies import SOURCES, check_companies, chunks
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesOperator,
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.tasks.base import check_flag
from airflow_provider_poweroffice.tasks.company_to_sql import arguments_of_tasks, check_several
from airflow_provider_poweroffice.tasks.watermark import with_asset
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeCompanyToSqlOperator,
    PowerOfficeToSqlOperator,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.catalogue import Catalogue, Resource

__all__ = ["DEFAULT_RESOURCES", "load_company"]

DEFAULT_RESOURCES: MappingProxyType[str, Mapping[str, Any]] = MappingProxyType(
    {
        "AccountTransactions": {"detect_deletions": False},  # posted vouchers are reversed, not deleted
        "GeneralLedgerAccounts": {},
        "VatCodes": {"query": {"includeExpired": "true"}},  # the ledger's old rows have them
        "Departments": {},
        "Projects": {},
        "Products": {},
        "Customers": {},
        "Suppliers": {},
    }
)
"""
The ledger, and what its numbers stand for; ``DEFAULT_RESOURCES | {"SalesOrders": {}}`` adds to them.

The arguments hold for these resources wherever they are named, unless others are given.
"""

_LEDGER = "AccountTransactions"
_SHAPES = ("company", "resource")
_OF_SUMMARY = ("pool", "queue", "executor", "retries", "retry_delay")

LAST_DATE = "2099-12-31"
"""End of the range of the ledger: a later one each day would be another query, with a new watermark."""

_OWN = {
    "task_id": "it is made of the endpoint's name",
    "endpoint": "it is the key",
    "company": "give companies= to the group",
    "sql_conn_id": "give it to the group",
    "poweroffice_conn_id": "give it to the group",
}

Resources = Sequence[str] | Mapping[str, Mapping[str, Any] | None]


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
        everything again.
    :param full_refresh: read everything this time, e.g. ``"{{ params.full_refresh }}"`` (templated).
    :param detect_deletions: mark rows that are gone, by a list of ids in each run, for all resources that are
        read by what changed but the ledger, whose vouchers are reversed and not deleted.
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
    _check_companies(companies)
    if companies is None and (picture is not None or loads_table not in {None, "_loads"}):
        raise ValueError("loads_table and picture are written by the summary of companies: give companies=")
    _check_shape(tasks, companies, companies_per_task)
    check_flag("detect_deletions", detect_deletions)
    check_flag("verify", verify)
    loads = _table_loads(
        resources,
        table_prefix=table_prefix,
        ledger_from=ledger_from,
        full_refresh=full_refresh,
        detect_deletions=detect_deletions,
        verify=verify,
    )
    # It writes to the database too: DuckDB takes one writer, by a pool of one slot.
    of_summary = {name: arguments[name] for name in _OF_SUMMARY if name in arguments}
    of_load = {"layout": layout, "on_missing_privilege": on_missing_privilege}
    if schema is not None:
        of_load["schema"] = schema
    by_company = tasks == "company" or (tasks is None and companies is not None)
    of_task = {"sql_conn_id": sql_conn_id, "poweroffice_conn_id": poweroffice_conn_id}
    if by_company:
        own = {name: value for name, value in arguments.items() if name in arguments_of_tasks()}
        of_task |= own
        arguments = {name: value for name, value in arguments.items() if name not in own}
        _check_of_loads(loads)
    loads = {name: of_load | arguments | load for name, load in loads.items()}
    if loads_table in {load["table"] for load in loads.values()}:
        raise ValueError(f"loads_table={loads_table!r} is the table of a resource: name another")
    with TaskGroup(group_id, tooltip="PowerOffice Go into a warehouse") as group:
        aliases = None
        if companies is not None:
            aliases = _aliases(companies, poweroffice_conn_id, companies_per_task)
        if by_company:
            made = _by_company(loads, of_task, aliases, companies_per_task)
        else:
            made = _by_resource(loads, of_task, aliases)
        if aliases is not None:
            names = [task.task_id for task in made]
            made >> PowerOfficeCompaniesSummaryOperator(
                task_id="summary",
                companies=aliases,
                tasks=names,
                loads=_told(loads, None if by_company else names),
                sql_conn_id=sql_conn_id,
                loads_table=loads_table and ".".join(filter(None, (schema, loads_table))),
                picture=picture,
                **of_summary,
            )
    return group


def _told(loads: Mapping[str, Mapping[str, Any]], tasks: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Say what is loaded where, by the names of loads, or by the ids of tasks."""
    fields = ("endpoint", "table", "schema")
    told = [{name: load[name] for name in fields if name in load} for load in loads.values()]
    return dict(zip(loads if tasks is None else tasks, told, strict=True))


def _by_company(
    loads: dict[str, dict[str, Any]], of_task: dict[str, Any], aliases: Any, companies_per_task: int
) -> list[Any]:
    """Make the task of all resources, mapped over the companies, or over lists of them."""
    kind = PowerOfficeCompanyToSqlOperator
    if aliases is None:
        return [kind(task_id="company", loads=loads, **of_task)]
    name, template = "company", "{{ company }}"
    if companies_per_task > 1:
        name, template = "companies", "{{ companies | join(', ') | truncate(200) }}"  # Airflow keeps 250
    mapped = kind.partial(task_id="company", loads=loads, **{"map_index_template": template} | of_task)
    return [mapped.expand(**{name: aliases})]


def _by_resource(loads: dict[str, dict[str, Any]], of_task: dict[str, Any], aliases: Any) -> list[Any]:
    """Make a task for each resource, mapped over the companies."""
    kind = PowerOfficeToSqlOperator
    made: list[Any] = []
    for name, load in loads.items():
        # Mapped tasks do not get their asset by themselves, and DAGs may wait for what is read whole.
        conn_id = of_task["poweroffice_conn_id"]
        given = with_asset(of_task | load, endpoint=load["endpoint"], conn_id=conn_id)
        if aliases is None:
            made.append(kind(task_id=name, **given))
        else:
            given.setdefault("map_index_template", "{{ company }}")
            made.append(kind.partial(task_id=name, **given).expand(company=aliases))
    return made


def _check_of_loads(loads: Mapping[str, Mapping[str, Any]]) -> None:
    """
    Refuse arguments of one resource that only a task can have.

    :raises ValueError: names the way out.
    """
    for load in loads.values():
        if own := sorted(load.keys() & arguments_of_tasks()):
            raise ValueError(
                f"resources[{load['endpoint']!r}]: {own[0]!r} is for a task, and a company's resources share "
                "one: give it to the group, or use tasks='resource'"
            )


def _aliases(companies: Any, poweroffice_conn_id: str, companies_per_task: int) -> Any:
    is_many = companies_per_task > 1
    if isinstance(companies, str) or (is_many and isinstance(companies, XComArg)):
        return PowerOfficeCompaniesOperator(
            task_id="companies",
            source=companies,
            companies_per_task=companies_per_task,
            poweroffice_conn_id=poweroffice_conn_id,
        ).output
    if isinstance(companies, XComArg):
        return companies
    return chunks(companies, companies_per_task) if is_many else list(companies)


def _check_shape(tasks: str | None, companies: Any, companies_per_task: int) -> None:
    """
    Refuse an unknown shape, and several companies a task where they cannot be.

    :raises ValueError: names the way out.
    """
    if tasks not in {None, *_SHAPES}:
        raise ValueError(f"tasks must be one of {', '.join(map(repr, _SHAPES))}, not {tasks!r}")
    chunks([], companies_per_task)
    if companies_per_task == 1:
        return
    if companies is None or tasks == "resource":
        raise ValueError(
            f"companies_per_task={companies_per_task} is for tasks='company' and several companies: give "
            "companies=, and leave tasks out"
        )
    check_several()


def _check_companies(companies: Any) -> None:
    if companies is None or isinstance(companies, XComArg):
        return
    if isinstance(companies, str):
        if companies not in SOURCES:
            raise ValueError(
                f"companies={companies!r} is not a source of companies: use one of {', '.join(SOURCES)}, "
                f"or a list of aliases, [{companies!r}]"
            )
        return
    check_companies(companies)


def _table_loads(
    resources: Resources,
    *,
    table_prefix: str = "",
    ledger_from: date | str,
    full_refresh: bool | str = False,
    detect_deletions: bool = True,
    verify: bool = False,
) -> dict[str, dict[str, Any]]:
    """
    Give the arguments of ``PowerOfficeToSqlOperator`` for each resource, by task id.

    :param resources: paths of lists, or each path with arguments that go before ours.
    :param table_prefix: begins the name of each table.
    :param ledger_from: first date of resources that want ``fromDate`` and ``toDate``.
    :param full_refresh: of those that are read by what changed.
    :param detect_deletions: of those, where rows have a key.
    :param verify: compare the ledger with the trial balance.
    :raises ValueError: an unknown path, one that is not a list or lacks a query, an argument that the group
        sets, or two resources for one table; the message names the way out.
    :raises TypeError: ``resources`` is neither a list nor a mapping of mappings.
    """
    from airflow_provider_poweroffice.storage.sql.identifiers import snake_case

    start = _date(ledger_from)
    loads: dict[str, dict[str, Any]] = {}
    tables: dict[tuple[Any, Any], str] = {}
    for path, given in _listed(resources).items():
        name = snake_case(path.replace("/", "_"))
        load = {"endpoint": path, "table": f"{table_prefix}{name}"} | given | _reading(path, given, start)
        if load.get("incremental"):
            load.setdefault("full_refresh", full_refresh)
            if detect_deletions and load.get("mode") != "append" and _has_key(path, load):
                load.setdefault("detect_deletions", True)
        if verify and path == _LEDGER:
            load.setdefault("verify", "trial-balance")
        place = (load.get("schema"), load["table"])
        if (twin := tables.setdefault(place, path)) != path:
            raise ValueError(
                f"resources: {twin!r} and {path!r} go into one table, {load['table']}; give one "
                f"of them another: {{{path!r}: {{'table': '...'}}}}"
            )
        loads[name] = load
    return loads


def _listed(resources: Resources) -> dict[str, dict[str, Any]]:
    """Give the arguments of each resource, by its path as the catalogue spells it."""
    if isinstance(resources, str) or not isinstance(resources, (Mapping, Sequence)):
        raise TypeError(
            f"resources must be a list of endpoints, or a mapping of them to arguments, not {resources!r}"
        )
    pairs = resources.items() if isinstance(resources, Mapping) else [(path, None) for path in resources]
    found: dict[str, dict[str, Any]] = {}
    for endpoint, given in pairs:
        path, arguments = _resource(endpoint, given)
        if path in found:
            raise ValueError(f"resources has {path!r} twice")
        found[path] = arguments
    if not found:
        raise ValueError("resources is empty: name endpoints, such as 'Customers', or leave it out")
    return found


def _resource(endpoint: object, given: object) -> tuple[str, dict[str, Any]]:
    """Give a resource's path, and its arguments with our own below them."""
    arguments = {} if given is None else given
    if not isinstance(endpoint, str) or not isinstance(arguments, Mapping):
        raise TypeError(f"resources: {endpoint!r}: {given!r} is not an endpoint with a mapping of arguments")
    for name in arguments.keys() & _OWN.keys():
        raise ValueError(f"resources[{endpoint!r}]: leave out {name!r}: {_OWN[name]}")
    resource = _known().find(endpoint)
    path = resource.path if resource and "{" not in resource.path else endpoint.strip("/")
    return path, {**DEFAULT_RESOURCES.get(path, {}), **arguments}


def _reading(path: str, given: Mapping[str, Any], start: str) -> dict[str, Any]:
    """Choose how a resource is read; for one that is not known, the user has to."""
    resource = _find(path, given)
    if resource is None:
        return {}
    if not resource.kind or "{" in resource.path:
        raise ValueError(f"resources: {path!r} is not a list that can be read into a table by itself")
    query = given.get("query") or {}
    reading: dict[str, Any] = {}
    if isinstance(query, Mapping):  # no template
        if set(resource.required) == {"fromDate", "toDate"}:
            query = {"fromDate": start, "toDate": LAST_DATE} | dict(query)
        _check_query(resource, query)
        reading["query"] = query or None
    return reading | _mode(resource, given)


def _known() -> Catalogue:
    from airflow_provider_poweroffice.api.catalogue import catalogue

    return catalogue("poweroffice_v2")


def _mode(resource: Resource, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what changed where that can be asked for, else everything."""
    if given.get("incremental"):
        resource.since_filter("changed")
        return {}
    if "mode" in given or any(name in given for name in ("changed_since", "created_since")):
        return {}
    by_change = resource.changed_filter and "incremental" not in given
    return {"incremental": True} if by_change else {"mode": "replace"}


def _has_key(path: str, load: Mapping[str, Any]) -> bool:
    resource = _known().find(path)
    return bool(load.get("key") or (resource and resource.key))


def _find(path: str, given: Mapping[str, Any]) -> Resource | None:
    known = _known()
    resource, meant = known.find(path), known.suggest(path)
    if resource is None and (meant or "mode" not in given):
        hint = f"did you mean {meant!r}?" if meant else "`airflow poweroffice resources` lists what is."
        raise ValueError(
            f"resources: endpoint {path!r} is not known; {hint} One that is newer than this package needs "
            f"a mode: {{{path!r}: {{'mode': 'replace'}}}}"
        )
    return resource


def _check_query(resource: Resource, query: Mapping[Any, Any]) -> None:
    from airflow_provider_poweroffice.api.change_filter import check_required

    texts = {str(name): str(value) for name, value in query.items()}
    try:
        check_required(_known(), resource.path, texts)
    except ValueError as error:
        example = dict.fromkeys(resource.required, "...")
        raise ValueError(f"resources: {error}: {{{resource.path!r}: {{'query': {example}}}}}") from None


def _date(value: date | str) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        raise ValueError(f"ledger_from must be a date such as '2020-01-01', not {value!r}") from None
