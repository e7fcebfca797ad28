"""
Every route of the vendor's reference of v1, against its digest ``facts/poweroffice_v1.json``.

Rule: the digest is read here anew; nothing of the sandbox's own tables is used to judge it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from v1_bodies import BODIES
from v1_client import V1Api

from poweroffice_sandbox import V1Sandbox

FACTS = json.loads((Path(__file__).parent / "facts" / "poweroffice_v1.json").read_text(encoding="utf-8"))
PAGE = Path(__file__).parents[1] / "docs" / "v1.md"
ROUTES = 271
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d \+00:00)?")
NO_WAIT = {"rate_limit": 0, "read_lag": 0.0, "queue_seconds": 0.0}
PERIOD = {"fromDate": "2022-01-01", "toDate": "2030-12-31"}
SAVES = {"create", "upsert"}


class Fact(NamedTuple):
    """One route of the digest."""

    method: str
    path: str
    facts: dict[str, Any]

    @property
    def kind(self) -> str:
        """What it does."""
        return self.facts["kind"]


ALL = [Fact(*name.split(), facts) for name, facts in FACTS["routes"].items()]


def contradictions(row: Any, entity: str, place: str = "") -> Iterator[str]:
    """Say where a row is not of a type: names, kinds, what is never null."""
    fields = FACTS["types"][entity]
    place = place or entity
    if not isinstance(row, dict):
        yield f"{place} is no object"
        return
    yield from (f"{place}.{name} is not in the reference" for name in row.keys() - fields.keys())
    for name, text in fields.items():
        kind = text.rstrip("*=~#")
        if name not in row:
            if "=" in text[len(kind) :] and not kind.startswith("["):
                yield f"{place}.{name} is never null and is missing"
            continue
        is_list, kind = kind.startswith("["), kind.strip("[]")
        if is_list != isinstance(row[name], list):
            yield f"{place}.{name} is {'no' if is_list else 'a'} list"
            continue
        for value in row[name] if is_list else [row[name]]:
            yield from _wrong(value, kind, f"{place}.{name}")


def _wrong(value: Any, kind: str, place: str) -> Iterator[str]:
    if kind in FACTS["types"]:
        yield from contradictions(value, kind, place)
        return
    if kind.startswith("E:"):
        fits = not isinstance(value, bool) and str(value) in FACTS["enums"][kind[2:]]
    else:
        fits = {
            "i32": lambda: type(value) is int and abs(value) < 2**31,
            "i64": lambda: type(value) is int and abs(value) < 2**63,
            "d": lambda: type(value) in {int, float},
            "b": lambda: type(value) is bool,
            "s": lambda: type(value) is str,
            "ts": lambda: type(value) is str,
            "g": lambda: type(value) is str and GUID.fullmatch(value),
            "dt": lambda: type(value) is str and DATE.fullmatch(value),
        }[kind]()
    if not fits:
        yield f"{place} = {value!r} is no {kind}"


def test_the_digest_is_whole() -> None:
    """The file has the routes this test knows of, and every type that they name."""
    assert len(ALL) == ROUTES
    for fact in ALL:
        assert {fact.facts.get("type"), fact.facts.get("body")} - {None} <= FACTS["types"].keys(), fact
    assert {fact.path for fact in ALL if fact.kind in SAVES and "body" in fact.facts} == set(BODIES)


@pytest.fixture(scope="module")
def filled() -> Iterator[V1Api]:
    """Start one sandbox that holds a row of everything that can be written."""
    with V1Sandbox(**NO_WAIT, unordered="id", voucher_cycles=30) as sandbox:
        api = V1Api(sandbox).login()
        for path in BODIES:
            made = saved(api, path)
            if path == "Voucher/IncomingInvoiceVoucher":
                # So that the ledger of suppliers has a match.
                assert api.send("POST", f"{path}/Reverse/{made['id']}").json() == {"success": True}
            if path == "DebtCollection":
                rows = api.rows("Reporting/CustomerLedger", **PERIOD)
                paid = next(row["voucherId"] for row in rows if row["voucherType"] == 4 and "matchId" in row)
                body = {"caseId": made["id"], "invoiceIds": [paid]}
                assert api.send("POST", f"{path}/AddInvoicesToCase", body).json()["success"] is True
        yield api


def first_id(api: V1Api, path: str) -> Any:
    """Give the id of a list's first row."""
    return api.rows(path)[0]["id"]


def parented(api: V1Api, path: str) -> str:
    """Put a parent's id into a path."""
    return (
        path.replace("{parentId}", str(first_id(api, path.partition("/")[0])))
        if "{parentId}" in path
        else path
    )


def body_of(api: V1Api, path: str) -> dict[str, Any]:
    """Give the documented body; what stands for an id becomes one."""
    given = BODIES[path].items()
    return {
        name: first_id(api, value[1:]) if isinstance(value, str) and value.startswith("@") else value
        for name, value in given
    }


def saved(api: V1Api, path: str) -> dict[str, Any]:
    """POST the documented body."""
    answer = api.send("POST", parented(api, path), body_of(api, path))
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True, f"{path}: {answer.text}"
    return answer.json()["data"]


def values(api: V1Api, fact: Fact) -> dict[str, Any]:
    """Give values for the placeholders of a GET."""
    path = fact.path
    known: dict[str, Any] = {
        "ordinal": 1,
        "accountCode": 3000,
        "contactGroupName": "Kommuner",
        "includeSubProject": "false",
        "showOnlyTransactionsWithoutDepartment": "false",
        "fromInvoiceNo": 10001,
        "toInvoiceNo": 10009,
    }
    head = path.partition("/{")[0]
    if "{matchId}" in path:
        known["matchId"] = next(row["matchId"] for row in api.rows(head, **PERIOD) if "matchId" in row)
    if "{debtCollectionInvoiceId}" in path:
        known["debtCollectionInvoiceId"] = api.rows("DebtCollection")[0]["invoices"][0]["id"]
    if "{voucherId}" in path:
        known["voucherId"] = first_id(api, f"{path.partition('/')[0]}/List")
    if "{voucherNo}" in path:
        documented = api.rows("Voucher/ManualJournalVoucher", filter="HasImportedDocumentation eq true")
        known["voucherNo"] = documented[0]["voucherNo"]
    if "{parentId}" in path:
        known["parentId"] = first_id(api, path.partition("/")[0])
    if "{id}" in path:
        whole = path.removesuffix("/status").removesuffix("/{id}")
        has_list = f"GET {whole}" in FACTS["routes"]
        if whole == "Voucher/VoucherDocumentation":
            documented = api.rows("Voucher/ManualJournalVoucher", filter="HasImportedDocumentation eq true")
            known["id"] = documented[0]["id"]
        else:
            source = whole if has_list else f"{whole}/List"
            known["id"] = first_id(api, source.replace("{parentId}", str(known.get("parentId"))))
    return known


READS = [fact for fact in ALL if fact.method == "GET" and "type" in fact.facts]


@pytest.mark.parametrize("fact", READS, ids=lambda fact: fact.path)
def test_reads(filled: V1Api, fact: Fact) -> None:
    """Each list and row has the names, kinds and ids of the reference, and all that is never null."""
    path = fact.path
    for name, value in values(filled, fact).items():
        path = path.replace(f"{{{name}}}", str(value))
    query = PERIOD if "fromDate" in fact.facts.get("query", ()) else {}
    # As the vendor's pages print it, with a slash at the end.
    answer = filled.get(f"{path}/", **query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["success"] is True, answer.text
    assert ("count" in body) == (fact.kind == "list")
    rows = body["data"] if fact.kind in {"list", "plain"} else [body["data"]]
    assert rows
    assert [text for row in rows for text in contradictions(row, fact.facts["type"])] == []


@pytest.mark.parametrize("fact", [fact for fact in READS if fact.kind == "list"], ids=lambda fact: fact.path)
def test_filters(filled: V1Api, fact: Fact) -> None:
    """Each field of a list is filterable and orders it; what is inside is not."""
    path = fact.path
    for name, value in values(filled, fact).items():
        path = path.replace(f"{{{name}}}", str(value))
    query = PERIOD if "fromDate" in fact.facts.get("query", ()) else {}
    kinds = {
        name[0].upper() + name[1:]: text.rstrip("*=~#")
        for name, text in FACTS["types"][fact.facts["type"]].items()
    }
    inner = {name for name, kind in kinds.items() if kind.startswith("[") or kind in FACTS["types"]}
    plain = [name for name in kinds if name not in inner]
    condition = " or ".join(f"{name} ne null" for name in plain)
    assert filled.rows(path, filter=condition, orderby=",".join(plain), **query)
    for name in inner:
        assert "cannot be compared" in filled.failed(path, filter=f"{name} eq null", **query)["summary"]
    assert filled.failed(path, filter="Nothing eq 1", **query)["exception"] == "OData"


@pytest.fixture(scope="module")
def shared() -> Iterator[V1Api]:
    """Start one sandbox for all round trips."""
    with V1Sandbox(**NO_WAIT, unordered="id") as sandbox:
        yield V1Api(sandbox).login()


@pytest.mark.parametrize("path", BODIES)
def test_round_trip(shared: V1Api, path: str) -> None:
    """What is written by the documented body is read back, changed by its id, and deleted."""
    api = shared
    api.sandbox.reset()
    api.login()
    made = saved(api, path)
    entity = FACTS["routes"][f"POST {path}"]["type"]
    assert list(contradictions(made, entity)) == []
    for name, value in body_of(api, path).items():
        if name in made:
            assert same(value, made[name]), (name, value, made[name])
    key = made.get("id", made.get("voucherId"))
    one = f"{parented(api, path)}/{key}"
    if f"GET {path}/{{id}}" in FACTS["routes"]:
        assert api.get(one).json()["data"] == made
    if f"GET {path}" in FACTS["routes"]:
        literal = f"guid'{key}'" if isinstance(key, str) else key
        assert [row["id"] for row in api.rows(parented(api, path), filter=f"Id eq {literal}")] == [key]
    if FACTS["routes"][f"POST {path}"]["kind"] == "upsert":
        again = api.send(
            "POST",
            parented(api, path),
            {**body_of(api, path), "id": key} if path == "Budget" else {"id": key},
        )
        assert again.json()["success"] is True, again.text
        stamped = {name for name in made if name.lower().removesuffix("date").endswith("lastchanged")}
        assert {name: value for name, value in again.json()["data"].items() if name not in stamped} == {
            name: value for name, value in made.items() if name not in stamped
        }
    if f"DELETE {path}/{{id}}" in FACTS["routes"]:
        assert api.send("DELETE", one).json() == {"success": True}
    elif path.startswith("Voucher/"):
        assert api.send("DELETE", one).status_code in {404, 405}


def same(sent: Any, answered: Any) -> bool:
    """Say whether an answer has what was sent; it may have more."""
    if isinstance(sent, dict):
        return all(name not in answered or same(value, answered[name]) for name, value in sent.items())
    if isinstance(sent, list):
        return len(sent) == len(answered) and all(map(same, sent, answered))
    return sent == answered


def test_every_route_answers(filled: V1Api) -> None:
    """No route is a mute 404: it is served, or answer and page name it as not served."""
    page = PAGE.read_text(encoding="utf-8")
    stranger = V1Api(filled.sandbox)
    for fact in ALL:
        path = re.sub(r"\{\w+\}", "1", fact.path)
        assert stranger.send(fact.method, path).status_code == 401
        answer = filled.send(fact.method, path, {} if fact.method == "POST" else None)
        if answer.status_code == 501:
            assert f"does not serve {fact.method} {fact.path};" in answer.json()["validation"]["summary"]
            assert f"`{fact.method} {fact.path}`" in page
        else:
            assert answer.status_code in {200, 400}, (fact, answer.text)
            assert "type" in fact.facts or fact.kind in {"action", "delete"}, fact
