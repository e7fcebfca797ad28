"""
How each resource comes into its table: what changed where the API can tell, whole where it can not.

Rule: pure; what the catalogue says decides, unless the user does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from airflow_provider_poweroffice.api.catalogue import Resource, catalogue
from airflow_provider_poweroffice.api.change_filter import check_required
from airflow_provider_poweroffice.storage.sql.identifiers import snake_case

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


def table_loads(
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
    :raises ValueError: an unknown path, one that is no list or lacks a query, an argument that the group
        sets, or two resources for one table; the message names the way out.
    :raises TypeError: ``resources`` is neither a list nor a mapping of mappings.
    """
    start = _date(ledger_from)
    loads: dict[str, dict[str, Any]] = {}
    tables: dict[tuple[Any, Any], str] = {}
    for path, given in _listed(resources).items():
        name = snake_case(path.replace("/", "_"))
        reading = _reading(path, given, start)
        load = {"endpoint": path, "table": f"{table_prefix}{name}"} | given | reading
        if load.get("incremental"):
            load.setdefault("full_refresh", full_refresh)
            if detect_deletions and load.get("mode") != "append" and _has_key(path, load):
                load.setdefault("detect_deletions", True)
        if verify and path == _LEDGER:
            load.setdefault("verify", "trial-balance")
        if twin := tables.get(place := (load.get("schema"), load["table"])):
            raise ValueError(
                f"resources: {twin!r} and {path!r} go into one table, {load['table']}; give one "
                f"of them another: {{{path!r}: {{'table': '...'}}}}"
            )
        tables[place] = path
        loads[name] = load
    return loads


def _listed(resources: Resources) -> dict[str, dict[str, Any]]:
    if isinstance(resources, str) or not isinstance(resources, (Mapping, Sequence)):
        raise TypeError(
            f"resources must be a list of endpoints, or a mapping of them to arguments, not {resources!r}"
        )
    pairs = resources.items() if isinstance(resources, Mapping) else [(path, None) for path in resources]
    found: dict[str, dict[str, Any]] = {}
    for endpoint, given in pairs:
        if not isinstance(endpoint, str) or not (given is None or isinstance(given, Mapping)):
            raise TypeError(f"resources: {endpoint!r}: {given!r} is no endpoint with a mapping of arguments")
        resource = catalogue("poweroffice_v2").find(endpoint)
        path = resource.path if resource and "{" not in resource.path else endpoint.strip("/")
        if path in found:
            raise ValueError(f"resources has {path!r} twice")
        for name in (given or {}).keys() & _OWN.keys():
            raise ValueError(f"resources[{endpoint!r}]: leave out {name!r}: {_OWN[name]}")
        found[path] = {**DEFAULT_RESOURCES.get(path, {}), **(given or {})}
    if not found:
        raise ValueError("resources is empty: name endpoints, such as 'Customers', or leave it out")
    return found


def _reading(path: str, given: Mapping[str, Any], start: str) -> dict[str, Any]:
    """Choose how a resource is read; for one that is not known, the user has to."""
    resource = _find(path, given)
    if resource is None:
        return {}
    if not resource.kind or "{" in resource.path:
        raise ValueError(f"resources: {path!r} is no list that can be read into a table by itself")
    query = given.get("query") or {}
    reading: dict[str, Any] = {}
    if isinstance(query, Mapping):  # no template
        if set(resource.required) == {"fromDate", "toDate"}:
            query = {"fromDate": start, "toDate": LAST_DATE} | dict(query)
        _check_query(resource, query)
        reading["query"] = query or None
    return reading | _mode(resource, given)


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
    resource = catalogue("poweroffice_v2").find(path)
    return bool(load.get("key") or (resource and resource.key))


def _find(path: str, given: Mapping[str, Any]) -> Resource | None:
    known = catalogue("poweroffice_v2")
    resource, meant = known.find(path), known.suggest(path)
    if resource is None and (meant or "mode" not in given):
        hint = f"did you mean {meant!r}?" if meant else "`airflow poweroffice resources` lists what is."
        raise ValueError(
            f"resources: endpoint {path!r} is not known; {hint} One that is newer than this package needs "
            f"a mode: {{{path!r}: {{'mode': 'replace'}}}}"
        )
    return resource


def _check_query(resource: Resource, query: Mapping[Any, Any]) -> None:
    texts = {str(name): str(value) for name, value in query.items()}
    try:
        check_required(catalogue("poweroffice_v2"), resource.path, texts)
    except ValueError as error:
        example = dict.fromkeys(resource.required, "...")
        raise ValueError(f"resources: {error}: {{{resource.path!r}: {{'query': {example}}}}}") from None


def _date(value: date | str) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        raise ValueError(f"ledger_from must be a date such as '2020-01-01', not {value!r}") from None
