"""
The digest of the official description as the conformance test reads it: operations, examples, JSON Schema.

Rule: knows the digest (``tools/digest.py``) and nothing of the sandbox.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

FACTS = Path(__file__).parent / "facts"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
PATTERNS = {
    "uuid": UUID,
    "date": r"^\d{4}-\d\d-\d\d$",
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$",
}
# Null when there is none, assumed: each is a reference, of which OpenAPI 3.0 cannot say that it may be null.
NULLABLE = {"Accrual", "AgricultureDetails", "ApprovalState", "DeliveryAddress", "MailAddress"}
EXAMPLES = {
    "uuid": "0a000000-0000-4000-8000-000000000001",
    "date": "2025-03-01",
    "date-time": "2025-03-01T00:00:00Z",
}


class Operation(NamedTuple):
    """One operation of the digest."""

    method: str
    path: str
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def area(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]

    @property
    def statuses(self) -> set[int]:
        """The documented status codes."""
        return {int(code) for code in self.facts["responses"] if code.isdecimal()}

    @property
    def query(self) -> list[dict[str, Any]]:
        """The query parameters, without the paging group."""
        found = [item for item in self.facts.get("parameters", ()) if item["in"] == "query"]
        return [item for item in found if item["name"] != "resourceParameter"]

    @property
    def is_paged(self) -> bool:
        """Whether it takes PageNumber and its relatives."""
        names = {item["name"] for item in self.facts.get("parameters", ())}
        return self.method == "GET" and "resourceParameter" in names

    @property
    def is_json(self) -> bool:
        """Whether it takes a body of JSON."""
        return "application/json" in self.facts.get("requestBody", {}).get("content", {})

    @property
    def is_queried(self) -> bool:
        """Whether it is a GET with query parameters of its own."""
        return self.method == "GET" and bool(self.query)

    def answer(self, status: int) -> dict[str, Any] | None:
        """Give the schema of an answer, if it has one."""
        contents = self.facts["responses"][str(status)].get("content", {}).values()
        return next((item["schema"] for item in contents if item.get("schema")), None)

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the request's body, if it has one."""
        contents = self.facts.get("requestBody", {}).get("content", {}).values()
        return next((item["schema"] for item in contents), None)


@functools.cache
def spec(name: str = "poweroffice_v2") -> dict[str, Any]:
    """Read a digest once."""
    found: dict[str, Any] = json.loads((FACTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def operations() -> list[Operation]:
    """Give all operations: reads first, deletions last."""
    order = ("get", "post", "patch", "put", "delete")
    paths = spec()["paths"]
    return [
        Operation(method.upper(), path, paths[path][method])
        for method in order
        for path in sorted(paths)
        if method in paths[path]
    ]


def target(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return spec()["types"][name] if name else schema


def as_json_schema(schema: dict[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    """Convert a schema of OpenAPI 3.0: nullable, formats; every property must be there and no other."""
    inner = target(schema)
    if "enum" in inner:
        return {"enum": [*inner["enum"], *([None] if nullable else ())]}
    made: dict[str, Any] = {"type": inner["type"]}
    if "properties" in inner:
        properties = inner["properties"].items()
        made["properties"] = {
            name: as_json_schema(item, nullable=name in NULLABLE) for name, item in properties
        }
        made["required"] = list(inner["properties"])
        made["additionalProperties"] = False
    if "items" in inner:
        made["items"] = as_json_schema(inner["items"])
    if "maxLength" in inner:
        made["maxLength"] = inner["maxLength"]
    if inner.get("format") in PATTERNS:
        made["pattern"] = PATTERNS[inner["format"]]
    if inner.get("nullable") or nullable:
        made["type"] = [inner["type"], "null"]
    return made


@functools.cache
def validator(operation: str, status: int) -> jsonschema.Draft202012Validator | None:
    """Make the check of one answer."""
    found = next(item for item in operations() if item.name == operation)
    schema = found.answer(status)
    return None if schema is None else jsonschema.Draft202012Validator(as_json_schema(schema))


def example(schema: dict[str, Any], name: str = "") -> Any:
    """Make the smallest valid value of a schema: required properties only."""
    inner = target(schema)
    if "enum" in inner:
        return inner["enum"][0]
    if inner["type"] == "object":
        properties = inner.get("properties", {})
        return {item: example(properties[item], item) for item in inner.get("required", ())}
    if inner["type"] == "array":
        return []
    if inner["type"] == "string":
        return EXAMPLES.get(inner.get("format", ""), f"{name} 1"[: inner.get("maxLength", 50)])
    return {"integer": 1, "number": 1.5, "boolean": True}[inner["type"]]
