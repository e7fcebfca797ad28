"""What an environment's metadata says of an entity, and what becomes of a read where it is odd or sick."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import FakeClock
from support.d365fo import fo_client
from support.raw_server import RawServer, http

from airflow_provider_poweroffice.api import RetryOptions
from airflow_provider_poweroffice.api.d365fo.metadata import Entity, entity_key, entity_kinds
from airflow_provider_poweroffice.errors import ServerError
from benchmarks.moving_rows import client_of
from poweroffice_sandbox.d365fo import D365FOSandbox

NAMESPACE = "Microsoft.Dynamics.DataEntities"


def field(name: Any, sent: Any = "Edm.String", typed: Any = "String", *, key: Any = False) -> dict[str, Any]:
    """Describe a field as the service does."""
    return {"Name": name, "TypeName": sent, "DataType": typed, "IsKey": key}


def told(body: Any, name: str = "MyEntities") -> Entity:
    """Ask a server that answers any question for metadata so."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with (
        RawServer(lambda *_: http(content)) as server,
        client_of("d365fo", server.url) as client,
    ):
        client.connection.retry = RetryOptions(wait_initial=0)
        found = Entity(entity_key(client, name), entity_kinds(client, f"/data/{name}/"))
        assert len(client.entities) == 1
    return found


def entity(*fields: Any, name: Any = "MyEntities") -> dict[str, Any]:
    """Describe an entity."""
    return {"Name": "Mine", "EntitySetName": name, "Properties": list(fields)}


def test_kinds() -> None:
    """As a field is sent, so is its column; what is not known here the rows tell."""
    kinds = {
        "timestamp": [("Edm.DateTimeOffset", "UtcDateTime"), ("Edm.DateTimeOffset", "Date"), (None, "Date")],
        "date": [("Edm.Date", "Date")],
        "decimal": [("Edm.Decimal", "Real"), ("Edm.Double", "Real"), ("Edm.Single", None), (None, "Real")],
        "integer": [("Edm.Int32", "Int32"), ("Edm.Int64", "Int64"), ("Edm.Int32", "Time"), ("", "int64")],
        "boolean": [("Edm.Boolean", "Enum")],
        "text": [
            ("Edm.Guid", "Guid"),
            (f"{NAMESPACE}.NoYes", "Enum"),
            ("edm.string", None),
            (None, "String"),
        ],
        None: [
            ("Edm.TimeOfDay", "Time"),
            ("Edm.Binary", "Container"),
            ("Collection(Edm.String)", "String"),
            (f"{NAMESPACE}.Place", "Record"),
            (None, None),
            (["Edm.String"], {"a": 1}),
            (7, True),
        ],
    }
    pairs = [(kind, sent, typed) for kind, all_of in kinds.items() for sent, typed in all_of]
    fields = [field(f"F{number}", sent, typed) for number, (_, sent, typed) in enumerate(pairs)]
    found = told({"@odata.context": "c", "value": [entity(*fields)]}).kinds
    assert found == {f"F{number}": kind for number, (kind, *_) in enumerate(pairs) if kind}


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ([entity(field("A", key=True))], ("A",)),
        ({"value": [entity(field("B", key=True), name="Other"), entity(field("A", key=True))]}, ("A",)),
        ({"value": [None, 7, {"EntitySetName": ["MyEntities"]}, entity(field("A", key=True))]}, ("A",)),
        (entity(field("A", key=True)), ()),
        ({"value": [entity(field("A", key="true"), field("B", key=1))]}, ()),
        ({"value": [entity(field("A desc", key=True), field("B", key=True))]}, ()),
        ({"value": [entity(field("A", key=True), field("A", key=True), 5, None, [], field(None))]}, ("A",)),
        ({"value": [entity(field(3, key=True), {}, {"IsKey": True})]}, ()),
        ({"value": [entity() | {"Properties": 5}]}, ()),
        ({"value": [entity() | {"Properties": {"A": 1}}]}, ()),
        ({"value": [entity() | {"Properties": None}]}, ()),
        ({"value": []}, ()),
        ({"value": "text"}, ()),
        ({"value": 5}, ()),
        ({}, ()),
        ([], ()),
        (None, ()),
        ("text", ()),
        (b"<html><title>Sign in</title></html>", ()),
        (b"<edmx/>", ()),
        (b"", ()),
        (b'{"value": [', ()),
        (b"[" * 5000, ()),
        (b"\xff\xfe{}", ()),
        (b"[" + b" " * 9_000_000 + b"]", ()),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_odd_answers(answer: Any, key: tuple[str, ...]) -> None:
    """Whatever comes, it is a key that can be relied on, or none; nothing is raised."""
    assert told(answer).key == key


def test_kinds_of_what_is_selected(fo_api: Any) -> None:
    """Only fields that are read have a kind, so that a table that is made without rows has no others."""
    for query in ({"$select": "StartDate, rate"}, {"$SELECT": "StartDate,Rate"}):
        assert entity_kinds(fo_api, "ExchangeRates", query) == {"StartDate": "timestamp", "Rate": "decimal"}
    for query in (None, {"$select": "*"}, {"$top": "1"}):
        assert len(entity_kinds(fo_api, "ExchangeRates", query)) > 2


@pytest.mark.parametrize("retry", [{}, {"attempts": 2}, {"deadline": 5}], ids=str)
def test_sick_metadata_is_asked_a_little(fo: D365FOSandbox, clock: FakeClock, retry: dict[str, Any]) -> None:
    """A few tries within half a minute, once a client; who cannot go on without asks as for any call."""
    fo.set(page_size=5)
    fo.add_fault(action="status", status=503, path="/metadata/*", times=100)
    with fo_client(fo, clock, retry=RetryOptions(**retry)) as client:
        for _ in range(3):
            began = clock.monotonic()
            assert sum(len(page) for page in client.pages("ExchangeRates")) > 5
            assert clock.monotonic() - began <= 30
        few = fo.count("GET", "/metadata/PublicEntities")
        assert 1 <= few <= min(3, retry.get("attempts", 6))
        with pytest.raises(ServerError) as caught:
            entity_key(client, "ExchangeRates", needed=True)
        assert "key= names it" in caught.value.__notes__[0]
        assert fo.count("GET", "/metadata/PublicEntities") > few or "deadline" in retry


def test_metadata_that_says_wait(fo: D365FOSandbox, clock: FakeClock) -> None:
    """A 429 is no sickness: it is waited out as that of any call is."""
    fo.add_fault(action="status", status=429, path="/metadata/*", times=4, headers={"Retry-After": "50"})
    with fo_client(fo, clock) as client:
        assert client.pages("ExchangeRates").complete
        assert client.entities["ExchangeRates"]
