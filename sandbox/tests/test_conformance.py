"""
Every operation of the official description, called with valid and invalid input.

The description is its digest, ``facts/poweroffice_v2.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import conformance
import jsonschema
import pytest
from openapi import Operation, operations, spec, validator
from operation_inputs import PDF, Inputs
from query_values import UNCHANGED, choices, known_value
from sandbox_client import Api

from poweroffice_sandbox import Sandbox

if TYPE_CHECKING:
    import requests

ALL = operations()
# The partner's company may call ClientAdmin too.
PARTNER = 3


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Start one sandbox for all operations; what a test changes, no other relies on."""
    with Sandbox(rate_limit=0, page_size_cap=300) as running:
        yield running


@pytest.fixture(scope="module")
def inputs(sandbox: Sandbox) -> Inputs:
    """Give the client with every privilege."""
    return Inputs(Api(sandbox, PARTNER).login())


@pytest.fixture(scope="module")
def powerless(sandbox: Sandbox) -> Api:
    """Give a client without any privilege."""
    company = sandbox.state.access.companies("production")[1]
    sandbox.state.access.change_rights(company, privileges=())
    return Api(sandbox, 1).login()


@pytest.fixture(params=ALL, ids=lambda item: item.name)
def operation(request: pytest.FixtureRequest, sandbox: Sandbox) -> Operation:
    """Give each operation of the description; one that is not served fails."""
    assert conformance.is_served(request.param, sandbox)
    return request.param


def send(api: Api, operation: Operation, path: str, body: Any = None, **params: Any) -> requests.Response:
    """Send a request as its operation declares it."""
    url = f"{api.base}/{path}"
    media = next(iter(operation.facts.get("requestBody", {}).get("content", {})), "")
    if media == "multipart/form-data":
        files = {"file": ("bilag.pdf", PDF, "application/pdf")}
        return api.session.request(operation.method, url, params=params, files=files)
    headers = {"Content-Type": media} if operation.method == "PATCH" else {}
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body, default=str)
    return api.session.request(operation.method, url, params=params, data=data, headers=headers)


def valid(inputs: Inputs, operation: Operation, **extra: Any) -> requests.Response:
    """Send a valid request."""
    body = None
    if operation.body is not None:
        body = inputs.patch(operation) if operation.method == "PATCH" else inputs.body(operation)
    return send(inputs.api, operation, inputs.path(operation), body, **{**inputs.params(operation), **extra})


def check(operation: Operation, answer: requests.Response) -> None:
    """Assert that an answer has a documented status of success and the body declared for it."""
    assert answer.status_code in {code for code in operation.statuses if code < 300}, answer.text[:500]
    check = validator(operation.name, answer.status_code)
    if check is not None:
        rows = answer.json()
        check.validate(rows[:25] if isinstance(rows, list) else rows)


def test_success(inputs: Inputs, operation: Operation) -> None:
    """Valid input gives a documented status, and a body that is exactly the declared schema."""
    answer = valid(inputs, operation)
    check(operation, answer)
    if operation.method == "GET":
        assert answer.status_code == 200
        assert answer.content


def test_errors(inputs: Inputs, operation: Operation, powerless: Api) -> None:
    """No token is 401, no privilege 403, a wrong id 404, where the file declares them."""
    path, params = inputs.wrong_path(operation), inputs.params(operation)
    if 401 in operation.statuses:
        bare = Api(inputs.api.sandbox, PARTNER)
        assert send(bare, operation, path, {}, **params).status_code == 401
    needs_privilege = "roles" in operation.facts
    if 403 in operation.statuses and needs_privilege:
        assert send(powerless, operation, path, {}, **params).status_code == 403
    if 404 in operation.statuses and "{" in operation.path:
        body = inputs.patch(operation) if operation.method == "PATCH" else None
        if operation.method == "POST" and operation.body is not None:
            body = inputs.body(operation)
        answer = send(inputs.api, operation, path, body, **params)
        assert answer.status_code == 404, answer.text[:300]
        assert {"title", "detail"} <= set(answer.json())


@pytest.mark.parametrize("queried", [item for item in ALL if item.is_queried], ids=lambda item: item.name)
def test_queries(inputs: Inputs, queried: Operation) -> None:
    """Every documented query parameter is accepted and, being a filter, gives the rows it says."""
    path, required = inputs.path(queried), inputs.params(queried)
    whole = send(inputs.api, queried, path, **required).content
    for parameter in queried.query:
        name, values = parameter["name"], choices(queried, parameter)
        answers = [send(inputs.api, queried, path, **{**required, name: value}) for value in values]
        assert {400, 500}.isdisjoint(answer.status_code for answer in answers), name
        if {name, (queried.path, name)}.isdisjoint(UNCHANGED):
            assert any(answer.content != whole for answer in answers), f"{name} changes nothing"
        found = known_value(name, json.loads(whole)) if queried.is_paged else None
        if found is not None:
            rows = send(inputs.api, queried, path, **{**required, name: str(found[1])}).json()
            assert {row[found[0]] for row in rows} == {found[1]}, name


@pytest.mark.parametrize("paged", [item for item in ALL if item.is_paged], ids=lambda item: item.name)
def test_paging(inputs: Inputs, paged: Operation) -> None:
    """Every list takes the paging parameters the file declares for it."""
    path, required = inputs.path(paged), inputs.params(paged)
    field = next(iter(send(inputs.api, paged, path, **required).json()[0]))
    paging = {"PageNumber": 1, "PageSize": 1, "OrderBy": field, "Fields": field}
    answer = send(inputs.api, paged, path, **required, **paging, UseDatabaseValidation="true")
    assert [list(row) for row in answer.json()] == [[field]]


def test_every_operation_is_served() -> None:
    """All 245 operations are there, and the table in the documentation says so."""
    missing = conformance.unserved()
    assert conformance.documented() == conformance.table(missing), "run sandbox/tests/conformance.py --write"
    assert len(ALL) == 245
    assert missing == []


def test_token_endpoint(sandbox: Sandbox) -> None:
    """The token endpoint answers as its own description says, with success and with wrong keys."""
    responses, types = (spec("poweroffice_token")[part] for part in ("paths", "types"))

    def declared(status: str) -> Any:
        contents = responses["/Token"]["post"]["responses"][status]["content"]
        return {**next(iter(contents.values()))["schema"], "components": {"schemas": types}}

    api = Api(sandbox)
    good, bad = api.ask_token(), api.ask_token(auth=("wrong", "wrong"))
    assert (good.status_code, bad.status_code) == (200, 400)
    jsonschema.validate(good.json(), declared("200"))
    jsonschema.validate(bad.json(), declared("400"))
