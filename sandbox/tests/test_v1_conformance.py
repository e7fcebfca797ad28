"""
Every operation of the published v1 description, called with valid input, with a wrong id and without a token.

The description is its digest, ``facts/poweroffice_v1_2021.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from openapi import spec as read
from v1_client import V1Api

from poweroffice_sandbox import V1Sandbox
from poweroffice_sandbox.v1.resources import RESOURCES
from poweroffice_sandbox.v1.resources.fields import FIELDS

PAGE = Path(__file__).parents[1] / "docs" / "v1.md"
KINDS = {
    "integer": {"int"},
    "number": {"number"},
    "boolean": {"flag"},
    "string": {"text", "date", "stamp", "guid"},
}
# No rows of their own: envelopes and the token.
SHAPES = ("Response", "Authentication", "Validation")
PATHS = 19
OPERATIONS = 25


class Operation(NamedTuple):
    """One operation of the description."""

    method: str
    path: str
    facts: dict[str, Any]

    @property
    def resource(self) -> str:
        """The path without its id."""
        return re.sub(r"/\{\w+\}$", "", self.path).strip("/")

    @property
    def is_filtered(self) -> bool:
        """Whether it is a list that takes $filter."""
        declared = {item["name"] for item in self.facts.get("parameters", ())}
        return "$filter" in declared and "{" not in self.path


def spec() -> dict[str, Any]:
    """Give the digest."""
    return read("poweroffice_v1_2021")


def operations() -> list[Operation]:
    """Give all operations except the token's, reads first."""
    return [
        Operation(method.upper(), path, facts[method])
        for method in ("get", "post")
        for path, facts in spec()["paths"].items()
        if method in facts and path != "/OAuth/Token"
    ]


def as_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow references; rows have no other properties, the envelope may have ``count``."""
    if "$ref" in schema:
        return as_schema(spec()["types"][schema["$ref"].rsplit("/", 1)[-1]])
    if "allOf" in schema:
        return {"allOf": [as_schema(part) for part in schema["allOf"]]}
    made = {name: schema[name] for name in ("type", "required") if name in schema}
    if "properties" in schema:
        made["properties"] = {name: as_schema(part) for name, part in schema["properties"].items()}
        made["additionalProperties"] = not {"success", "data", "access_token"}.isdisjoint(
            schema["properties"]
        )
    if "items" in schema:
        made["items"] = as_schema(schema["items"])
    return made


@pytest.fixture(scope="module")
def api() -> Iterator[V1Api]:
    """Start one sandbox for all operations."""
    with V1Sandbox(rate_limit=0) as sandbox:
        yield V1Api(sandbox).login()


ALL = operations()


@pytest.fixture(params=ALL, ids=lambda item: f"{item.method} {item.path}")
def operation(request: pytest.FixtureRequest) -> Operation:
    """Give each operation; none is skipped."""
    return request.param


def params_of(operation: Operation) -> dict[str, str]:
    """Give the required query parameters."""
    given = operation.facts.get("parameters", ())
    return {item["name"]: "2025-12-31" for item in given if item["in"] == "query" and item.get("required")}


def known_id(api: V1Api, operation: Operation) -> int:
    """Give an id that is there."""
    if operation.path.endswith("{matchId}"):
        rows = api.rows(operation.resource, toDate="2025-12-31", filter="MatchId ne null")
        return rows[0]["matchId"]
    return api.rows(operation.resource)[0]["id"]


def body_of(api: V1Api, operation: Operation) -> dict[str, Any]:
    """Give a row as a new one: without what no two rows share."""
    row = api.rows(operation.resource)[0]
    return {
        name: value for name, value in row.items() if name not in {"id", "code", "invoiceNo", "title"}
    } | {name: "Ny" for name in ("title",) if name in row}


def test_success(api: V1Api, operation: Operation) -> None:
    """Valid input gives 200, and a body that is the declared schema with no other property in its rows."""
    path = operation.path.strip("/")
    if "{" in path:
        path = f"{operation.resource}/{known_id(api, operation)}"
    body = body_of(api, operation) if operation.method == "POST" else None
    answer = api.send(operation.method, path, body, **params_of(operation))
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert answer.json()["data"]
    jsonschema.validate(answer.json(), as_schema(operation.facts["responses"]["200"]["schema"]))


@pytest.mark.parametrize("filtered", [item for item in ALL if item.is_filtered], ids=lambda item: item.path)
def test_filter(api: V1Api, filtered: Operation) -> None:
    """Every list takes the declared $filter, and refuses a bad one in the envelope."""
    params = params_of(filtered)
    first = min(row["id"] for row in api.rows(filtered.resource, **params))
    rows = api.rows(filtered.resource, filter=f"Id eq {first}", **params)
    assert [row["id"] for row in rows] == [first]
    assert api.failed(filtered.resource, filter="Id eq", **params)["exception"] == "OData"


def test_unauthorized(api: V1Api, operation: Operation) -> None:
    """Without a token every operation answers 401 with the declared envelope."""
    path = operation.path.replace("{id}", "1").replace("{matchId}", "1").strip("/")
    answer = V1Api(api.sandbox).send(operation.method, path)
    assert answer.status_code == 401
    assert answer.json()["success"] is False
    jsonschema.validate(answer.json(), as_schema({"$ref": "#/definitions/BaseResponse"}))


def test_token(start_v1: Any) -> None:
    """The token endpoint answers with the declared properties and, as in 2021, with all of them."""
    schema = as_schema(spec()["paths"]["/OAuth/Token"]["post"]["responses"]["200"]["schema"])
    api = start_v1(refresh_token="reusable", bad_keys="401")
    jsonschema.validate(api.ask_token().json(), schema)
    assert set(api.ask_token().json()) == set(schema["properties"])
    assert api.ask_token(auth=("wrong", "wrong")).json()["success"] is False


def test_fields_are_those_of_the_file() -> None:
    """Each type of the file has exactly its properties, of their kinds."""
    definitions = {name: facts for name, facts in spec()["types"].items() if not name.endswith(SHAPES)}
    assert len(definitions) == 15
    for name, facts in definitions.items():
        assert set(FIELDS[name]) == set(facts["properties"]), name
        for field in FIELDS[name].values():
            declared = facts["properties"][field.name]
            assert field.is_list == (declared.get("type") == "array"), field
            inner = declared.get("items", declared)
            reference = inner.get("$ref", "").rsplit("/", 1)[-1]
            assert field.kind in ({reference} if reference else KINDS[inner["type"]]), field


def test_every_operation_is_there() -> None:
    """The file has the operations this test knows of, and the page names every path with its verbs."""
    assert len(spec()["paths"]) == PATHS
    assert len(ALL) == OPERATIONS
    page = PAGE.read_text(encoding="utf-8")
    for path, resource in RESOURCES.items():
        verbs = ", ".join(verb.replace("GET one", "GET `{id}`") for verb in resource.verbs)
        assert f"| `{path}` | {verbs} |" in page
