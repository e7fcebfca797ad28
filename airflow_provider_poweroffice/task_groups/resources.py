"""
Which lists a group of tasks loads: the arguments of each, checked against what is known of its API.

Rule: what a user gives a list goes before what is chosen here. While a DAG file is read, only the catalogue
is known: an argument says which API a connection is of, and the connection is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from inspect import signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.tasks.connections import API_VERSIONS

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from airflow_provider_poweroffice.api.catalogue import Catalogue, Resource

DEFAULT_RESOURCES: MappingProxyType[str, Mapping[str, Any]] = MappingProxyType(
    {
        "AccountTransactions": {},
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

LAST_DATE = "2099-12-31"
"""End of the range of the ledger: a later one each day would be another query, with a new watermark."""

_OWN = {
    "task_id": "it is made of the endpoint's name",
    "endpoint": "it is the key",
    "company": "give companies= to the group",
    "sql_conn_id": "give it to the group",
    "poweroffice_conn_id": "give it to the group",
    "d365fo_conn_id": "give it to the group",
    "api_version": "give it to the group",
}

_OF_GROUP = MappingProxyType(
    {
        "task_id": "a group names its tasks: give group_id=",
        "task_group": "a group makes its own: call it within yours",
        "endpoint": "name it in resources=",
        "company": "give companies=",
        "loads": "give resources=",
        "mode": "it is chosen for each list: give it to those that it is for, in resources=",
    }
)
"""What a group sets itself, with the way out."""

Resources = Sequence[str] | Mapping[str, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Source:
    """
    The API that a group reads.

    :param conn_name: name of the argument with its Airflow connection.
    :param api: ``"v2"``, ``"v1"`` or ``"d365fo"``.
    """

    conn_name: str
    conn_id: str
    api: str

    @classmethod
    def of(cls, poweroffice_conn_id: str, d365fo_conn_id: str | None, api_version: str) -> Source:
        """
        Tell it by the arguments of a group.

        :raises ValueError: an unknown version, or one of Finance & Operations; connections of both.
        """
        if api_version not in API_VERSIONS:
            raise ValueError(
                f"api_version must be one of {', '.join(map(repr, API_VERSIONS))}, not {api_version!r}; "
                "Finance & Operations is read with d365fo_conn_id="
            )
        if d365fo_conn_id is None:
            return cls("poweroffice_conn_id", poweroffice_conn_id, api_version)
        if api_version != "v2":
            raise ValueError(f"api_version={api_version!r} is PowerOffice's: leave d365fo_conn_id out")
        if poweroffice_conn_id != PowerOfficeHook.default_conn_name:
            raise ValueError(
                f"poweroffice_conn_id={poweroffice_conn_id!r} and d365fo_conn_id={d365fo_conn_id!r} exclude "
                "each other: a group reads one API; make a group for each"
            )
        return cls("d365fo_conn_id", d365fo_conn_id, "d365fo")

    @property
    def of_task(self) -> dict[str, Any]:
        """Give the arguments of a task that reads it."""
        version = {} if self.api == "d365fo" else {"api_version": self.api}
        return {self.conn_name: self.conn_id} | version

    @property
    def catalogue(self) -> Catalogue | None:
        """Give what is known of PowerOffice's lists; of an environment's entities that is next to nothing."""
        if self.api == "d365fo":
            return None
        from airflow_provider_poweroffice.api.catalogue import catalogue

        return catalogue(f"poweroffice_{self.api}")


class Listed(NamedTuple):
    """
    A list that is to be read.

    :param name: of its load, such as ``account_transactions``.
    :param given: its arguments by the user, with ours below them.
    :param said: names of those by the user.
    :param known: of it; None where nothing is.
    :param query: to be sent.
    """

    name: str
    path: str
    given: dict[str, Any]
    said: frozenset[str]
    known: Resource | None
    query: Any

    @property
    def arguments(self) -> dict[str, Any]:
        """Give the arguments of its transfer."""
        found = {"endpoint": self.path} | self.given
        return found | ({"query": self.query} if self.query else {})

    def reads_changes(self) -> bool:
        """
        Tell whether what changed may be asked for, and nothing else is said.

        :raises ValueError: it is to be, and the API has no filter for it.
        """
        if self.given.get("incremental"):
            if self.known:
                self.known.since_filter("changed")
            return False
        if any(name in self.given for name in ("incremental", "changed_since", "created_since")):
            return False
        return bool(self.known and self.known.changed_filter)

    def has_key(self) -> bool:
        """Tell whether its rows have a key."""
        return bool(self.given.get("key") or (self.known and self.known.key))


def listed(
    resources: Resources, source: Source, *, first: date | str, of_new: Mapping[str, Any]
) -> list[Listed]:
    """
    Read the lists that a group is given.

    :param resources: paths, or each path with arguments that go before ours.
    :param first: date of resources that want ``fromDate`` and ``toDate``.
    :param of_new: an argument that a list needs of which nothing is known, with an example.
    :raises ValueError: an unknown path, one that is not a list or lacks a query, or an argument that the
        group sets; the message names the way out.
    :raises TypeError: ``resources`` is neither a list nor a mapping of mappings.
    """
    from airflow_provider_poweroffice.storage.sql.identifiers import snake_case

    start = _date(first)
    if resources is DEFAULT_RESOURCES and source.api != "v2":
        example = "Customer" if source.api == "v1" else "CustomersV3"
        raise ValueError(
            f"the default resources are lists of PowerOffice Go v2: name yours, resources=[{example!r}]"
        )
    found: dict[str, Listed] = {}
    for path, (given, said) in _each_once(resources, source).items():
        known = _known(path, given, source.catalogue, of_new)
        name = snake_case(path.removeprefix("data/").replace("/", "_"))
        one = Listed(name, path, given, said, known, _query(known, given, start, source.catalogue))
        if name in found:
            raise ValueError(f"resources: {found[name].path!r} and {path!r} have one name, {name}")
        found[name] = one
    return [*found.values()]


def check_of_all(
    group: Callable[..., Any],
    kind: type[BaseOperator],
    arguments: Mapping[str, Any],
    lists: Sequence[Listed],
    loads: Mapping[str, Mapping[str, Any]],
) -> None:
    """
    Refuse arguments of all lists that nothing takes, or that would not reach each of the lists.

    :param group: the function they were given to.
    :param kind: the task of one list, which takes them.
    :param loads: the arguments of each list, by its name, without those of all.
    :raises ValueError: the group sets one itself; names it, its value and the way out.
    :raises TypeError: one that neither the group nor a task has.
    """
    known = _arguments_of(kind)
    own = {name for name in _OF_GROUP if name != "mode" or name in known}  # files have none
    for name in sorted(arguments.keys() - known - own):
        named = {*signature(group).parameters} | known - own
        near = get_close_matches(name, sorted(named), cutoff=0.7)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise TypeError(f"{group.__name__} has no argument {name}={arguments[name]!r:.100}{hint}")
    for name in sorted(arguments.keys() & own):
        raise ValueError(f"{name}={arguments[name]!r:.100} cannot be given to a group: {_OF_GROUP[name]}")
    for one in lists:
        load = loads[one.name]
        for name in sorted((arguments.keys() & load.keys()) - one.said):
            raise ValueError(
                f"{name}={arguments[name]!r:.100} would not reach {one.path!r}, for which the group sets "
                f"{load[name]!r:.100}: give it to the lists that it is for, "
                f"resources={{{one.path!r}: {{{name!r}: ...}}}}"
            )


@cache
def _arguments_of(kind: type[BaseOperator]) -> frozenset[str]:
    """Name all arguments of a task, those of Airflow too."""
    classes = (base for base in kind.__mro__ if "__init__" in vars(base))
    return frozenset(name for base in classes for name in signature(vars(base)["__init__"]).parameters)


def _each_once(resources: Resources, source: Source) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
    """Give the arguments of each list, and which are the user's, by its path as the catalogue spells it."""
    if isinstance(resources, str) or not isinstance(resources, (Mapping, Sequence)):
        raise TypeError(
            f"resources must be a list of endpoints, or a mapping of them to arguments, not {resources!r}"
        )
    pairs = resources.items() if isinstance(resources, Mapping) else [(path, None) for path in resources]
    found: dict[str, tuple[dict[str, Any], frozenset[str]]] = {}
    for endpoint, given in pairs:
        path, arguments = _one(endpoint, given, source)
        if path in found:
            raise ValueError(f"resources has {path!r} twice")
        found[path] = arguments, frozenset(given or ())
    if not found:
        raise ValueError("resources is empty: name endpoints, such as 'Customers', or leave it out")
    return found


def _one(endpoint: object, given: object, source: Source) -> tuple[str, dict[str, Any]]:
    """Give the path of a list, and its arguments with our own below them."""
    arguments = {} if given is None else given
    if not isinstance(endpoint, str):
        raise TypeError(
            f"resources: {endpoint!r} is not an endpoint: give a list of them, or one mapping of each to its "
            "arguments"
        )
    if not isinstance(arguments, Mapping):
        raise TypeError(f"resources: {endpoint!r}: {given!r} is not an endpoint with a mapping of arguments")
    for name in arguments.keys() & _OWN.keys():
        raise ValueError(f"resources[{endpoint!r}]: leave out {name!r}: {_OWN[name]}")
    known = source.catalogue
    resource = known.find(endpoint) if known else None
    path = resource.path if resource and "{" not in resource.path else endpoint.strip("/")
    ours = DEFAULT_RESOURCES.get(path, {}) if source.api == "v2" else {}
    return path, {**ours, **arguments}


def _known(
    path: str, given: Mapping[str, Any], catalogue: Catalogue | None, of_new: Mapping[str, Any]
) -> Resource | None:
    """Find a list in the catalogue; of one that is not there, the user has to say how it is read."""
    if catalogue is None:
        return None
    resource, meant = catalogue.find(path), catalogue.suggest(path)
    if resource is None and (meant or of_new.keys().isdisjoint(given)):
        hint = f"did you mean {meant!r}?" if meant else "`airflow poweroffice resources` lists what is."
        raise ValueError(
            f"resources: endpoint {path!r} is not known; {hint} One that is newer than this package needs "
            f"{' and '.join(of_new)}: {{{path!r}: {dict(of_new)}}}"
        )
    if resource and (not resource.kind or "{" in resource.path):
        raise ValueError(f"resources: {path!r} is not a list that can be read by itself")
    return resource


def _query(
    resource: Resource | None, given: Mapping[str, Any], start: str, catalogue: Catalogue | None
) -> Any:
    """
    Complete the query by the dates that a list wants.

    :raises ValueError: it lacks what the list cannot do without.
    """
    query = given.get("query")
    if resource is None or catalogue is None or not isinstance(query or {}, Mapping):  # a template
        return query
    query = dict(query or {})
    if set(resource.required) == {"fromDate", "toDate"}:
        query = {"fromDate": start, "toDate": LAST_DATE} | query
    from airflow_provider_poweroffice.api.change_filter import check_required

    texts = {str(name): str(value) for name, value in query.items()}
    try:
        check_required(catalogue, resource.path, texts)
    except ValueError as error:
        example = dict.fromkeys(resource.required, "...")
        raise ValueError(f"resources: {error}: {{{resource.path!r}: {{'query': {example}}}}}") from None
    return query


def _date(value: date | str) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        raise ValueError(f"ledger_from must be a date such as '2020-01-01', not {value!r}") from None
