"""
The tables of sandbox/docs/fidelity.md: what each sandbox serves, and where the fact is from.

Rule: from the sandbox's own tables of routes, held against the digests of the vendors' descriptions. A row is
a resource: the paths that differ in ids only.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from poweroffice_sandbox.d365fo.entities import ENTITIES
from poweroffice_sandbox.d365fo.odata.actions import ACTIONS
from poweroffice_sandbox.d365fo.odata.metadata import LISTS
from poweroffice_sandbox.d365fo.services.operations import SERVICES
from poweroffice_sandbox.v1.api import handler_of
from poweroffice_sandbox.v1.resources.tables import ROUTES
from poweroffice_sandbox.v2.onboarding import OPERATIONS as WITHOUT_TOKEN
from poweroffice_sandbox.v2.routes import served

FACTS = Path(__file__).resolve().parents[1] / "sandbox" / "tests" / "facts"
OPENAPI, REFERENCE, ASSUMED = "OpenAPI description", "vendor reference", "assumed"
MICROSOFT, INVENTED = "Microsoft's names", "invented"
YES, REFUSED = "yes", "501, by name"
_ID = re.compile(r"/?(\{[^}]*\}|\(\{key\}\))")
_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Operation(NamedTuple):
    """One operation: whether it is served, and the source of the fact that there is one."""

    method: str
    path: str
    served: str
    source: str

    @property
    def resource(self) -> str:
        """Its path without ids."""
        return _ID.sub("", self.path).strip("/") or "/"


def _paths(digest: str, part: str) -> Iterator[tuple[str, str]]:
    found = json.loads((FACTS / f"{digest}.json").read_text(encoding="utf-8"))[part]
    for name, item in found.items():
        method, _, path = name.partition(" ")
        if path:
            yield method, path
        else:
            yield from ((verb.upper(), name) for verb in item)


def v2() -> list[Operation]:
    """Give the operations of v2: those of the description, and those that are served besides."""
    own = {(method, path.lower()): path for method, path in (*served(), *WITHOUT_TOKEN)}
    plain = {(method, _ID.sub("/{}", path)) for method, path in own}
    official = list(_paths("poweroffice_v2", "paths"))
    known = {(method, _ID.sub("/{}", path.lower())) for method, path in official}
    given = [
        Operation(method, path, YES if (method, _ID.sub("/{}", path.lower())) in plain else "no", OPENAPI)
        for method, path in official
    ]
    more = [
        Operation(method, path, YES, ASSUMED)
        for (method, lower), path in own.items()
        if (method, _ID.sub("/{}", lower)) not in known
    ]
    return given + more


def v1() -> list[Operation]:
    """Give the routes of v1's reference; the sandbox has no others."""
    known = {f"{method} {path}".lower() for method, path in _paths("poweroffice_v1", "routes")}
    return [
        Operation(
            item.method,
            item.path,
            YES if handler_of(item) else REFUSED,
            REFERENCE if item.name.lower() in known else ASSUMED,
        )
        for item in ROUTES
    ]


def d365fo() -> list[Operation]:
    """Give the sets, actions, metadata and services of Finance & Operations."""
    found = []
    for name, entity in ENTITIES.items():
        verbs = "GET" if entity.read_only else "GET POST"
        found += [Operation(verb, f"data/{name}", YES, MICROSOFT) for verb in verbs.split()]
        verbs = "GET" if entity.read_only else "GET PUT PATCH DELETE"
        found += [Operation(verb, f"data/{name}({{key}})", YES, MICROSOFT) for verb in verbs.split()]
    for name, actions in ACTIONS.items():
        for action, item in actions.items():
            key = "({key})" if item.on_row else ""
            source = INVENTED if item.is_invented else MICROSOFT
            found.append(Operation("POST", f"data/{name}{key}/…{action}", YES, source))
    found += [Operation("GET", f"metadata/{name}", YES, MICROSOFT) for name in (*LISTS, "Labels")]
    for group, services in SERVICES.items():
        source = INVENTED if group.startswith("Sandbox") else MICROSOFT
        for service, operations in services.items():
            found += [
                Operation("POST", f"api/services/{group}/{service}/{name}", YES, source)
                for name in operations
            ]
    return found


APIS = {
    "PowerOffice Go v2": v2,
    "PowerOffice Go v1": v1,
    "Finance & Operations": d365fo,
}


def _short(operation: Operation) -> str:
    ids = "".join(f" `{item}`" for item in re.findall(r"\{[^}]*\}", operation.path))
    return f"{operation.method}{ids}"


def _order(operation: Operation) -> tuple[int, int]:
    return operation.path.count("{"), _VERBS.index(operation.method)


def table(operations: Iterable[Operation]) -> str:
    """Give the table of an API, a row for each resource."""
    groups: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for item in operations:
        groups[item.resource, item.served, item.source].append(item)
    lines = ["| Resource | Operations | Served | Source |", "|---|---|---|---|"]
    for (resource, is_served, source), items in sorted(groups.items(), key=lambda pair: pair[0][0].lower()):
        words = ", ".join(_short(item) for item in sorted(items, key=_order))
        lines.append(f"| `{resource}` | {words} | {is_served} | {source} |")
    return "\n".join(lines) + "\n"


def counts() -> str:
    """Give how many operations there are of each API, by whether they are served and by their source."""
    lines = ["| API | Source | Operations | Served | Refused by name |", "|---|---|---:|---:|---:|"]
    for title, operations in APIS.items():
        found = Counter((item.source, item.served) for item in operations())
        for source in dict.fromkeys(source for source, _ in found):
            every = sum(number for (name, _), number in found.items() if name == source)
            yes, refused = found[source, YES], found[source, REFUSED]
            lines.append(f"| {title} | {source} | {every} | {yes} | {refused} |")
    return "\n".join(lines) + "\n"
