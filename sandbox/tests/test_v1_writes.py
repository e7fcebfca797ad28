"""Writing to v1: create or update, PUT, delete, validation, the replica behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from v1_client import V1Api


def saved(v1: V1Api, path: str, body: Any) -> dict[str, Any]:
    """POST what must succeed."""
    answer = v1.send("POST", path, body)
    assert answer.status_code == 200
    assert answer.json()["success"] is True, answer.text
    return answer.json()["data"]


def refused(v1: V1Api, method: str, path: str, body: Any = None) -> dict[str, str]:
    """Send what must fail with HTTP 200."""
    answer = v1.send(method, path, body)
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    return answer.json()["validation"]


def test_create_then_update(v1: V1Api) -> None:
    """POST without an id creates; with one it updates, and keeps what is not sent."""
    made = saved(v1, "Customer", {"name": 'Blåbær & "Bringebær" d\'Or', "mailAddress": {"city": "Ås"}})
    assert v1.sandbox.totals()["Customer"] == 121
    assert made["code"] == 10_120
    changed = saved(v1, "Customer", {"id": made["id"], "phoneNumber": "99"})
    assert v1.sandbox.totals()["Customer"] == 121
    assert changed == {**made, "phoneNumber": "99", "lastChanged": changed["lastChanged"]}
    assert v1.get(f"Customer/{made['id']}").json()["data"] == changed
    assert saved(v1, "Customer", {"id": made["id"], "phoneNumber": None}).get("phoneNumber") is None


def test_change_is_seen_by_its_filter(v1: V1Api) -> None:
    """A row just written is after the moment before it."""
    made = saved(v1, "Customer", {"name": "Ny"})
    text = f"LastChanged ge DateTimeOffset'{made['lastChanged'].replace(' ', '')}'"
    assert [row["id"] for row in v1.rows("Customer", filter=text)] == [made["id"]]


def test_put(v1: V1Api) -> None:
    """PUT updates the row of the path or of the body, and makes none."""
    key = v1.rows("Supplier")[0]["id"]
    answer = v1.send("PUT", f"Supplier/{key}", {"isArchived": True})
    assert answer.json()["data"]["isArchived"] is True
    assert v1.send("PUT", "Supplier", {"id": key, "name": "Nytt"}).json()["data"]["name"] == "Nytt"
    assert "needs the id" in refused(v1, "PUT", "Supplier", {"name": "Nytt"})["summary"]
    assert "was not found" in refused(v1, "PUT", "Supplier/5", {"name": "Nytt"})["summary"]


def test_what_the_server_sets(v1: V1Api) -> None:
    """The path decides which row; numbers and times of a body are ignored."""
    now = saved(v1, "Customer", {"name": "Ny"})["lastChanged"]
    body = {"id": 1_000_004, "name": "Nytt", "lastChanged": "2001-01-01"}
    row = v1.send("PUT", "Customer/1000001", body).json()["data"]
    assert (row["id"], row["name"]) == (1_000_001, "Nytt")
    assert row["lastChanged"] >= now
    lines = [{"accountCode": 1920, "amount": 1}, {"accountCode": 1700, "amount": -1}]
    voucher = {"voucherDate": "2026-01-05", "voucherNo": 5, "createdDate": "2001-01-01", "lines": lines}
    made = saved(v1, "Voucher/ManualJournalVoucher", voucher)
    assert (made["voucherNo"], made["createdDate"] >= now) == (601, True)


def test_delete(v1: V1Api) -> None:
    """What nothing refers to can be deleted, once."""
    made = saved(v1, "Customer", {"name": "Borte"})
    assert v1.send("DELETE", f"Customer/{made['id']}").json() == {"success": True}
    assert "was not found" in refused(v1, "DELETE", f"Customer/{made['id']}")["summary"]
    assert v1.send("DELETE", "Customer").status_code == 405


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("Customer", "Id"),
        ("Supplier", "Id"),
        ("Employee", "Id"),
        ("Project", "Id"),
        ("Product", "Id"),
        ("Department", "Id"),
        ("ContactGroup", "Id"),
    ],
)
def test_refused_delete(v1: V1Api, path: str, order: str) -> None:
    """The first row of each register is in use, and stays; the last is not, and goes."""
    rows = v1.rows(path, orderby=order)
    text = refused(v1, "DELETE", f"{path}/{rows[0]['id']}")["summary"]
    assert text.endswith("could not be deleted due to related data.")
    assert v1.get(f"{path}/{rows[0]['id']}").json()["data"] == rows[0]
    assert v1.send("DELETE", f"{path}/{rows[-1]['id']}").json() == {"success": True}
    assert v1.sandbox.totals()[path] == len(rows) - 1


def test_archive_instead(v1: V1Api) -> None:
    """What cannot be deleted can be archived."""
    key = v1.rows("Customer", orderby="Id", top=1)[0]["id"]
    refused(v1, "DELETE", f"Customer/{key}")
    assert saved(v1, "Customer", {"id": key, "isArchived": True})["isArchived"] is True
    assert key in {row["id"] for row in v1.rows("Customer", filter="IsArchived eq true")}


@pytest.mark.parametrize(
    ("path", "body", "exception", "words"),
    [
        ("Customer", {}, "AggregatedValidation", "Customer.name is required."),
        ("Employee", {}, "AggregatedValidation", "Employee.firstName is required. Employee.lastName is"),
        ("Customer", {"name": "x", "code": 10_000}, "ApiUniqueConstraint", "'10000' exists already"),
        ("ContactGroup", {"title": "Kommuner"}, "ApiUniqueConstraint", "exists already"),
        ("Customer", {"name": "x", "emailAddress": "x"}, "AggregatedValidation", "no e-mail address"),
        ("Project", {"name": "x", "customerCode": 9}, "AggregatedValidation", "code '9' does not exist"),
        ("Customer", {"id": 5, "name": "x"}, None, "Customer with id 5 was not found."),
    ],
)
def test_validation(v1: V1Api, path: str, body: Any, exception: str | None, words: str) -> None:
    """What makes no sense is refused with HTTP 200, a summary, a reference and an exception seen live."""
    validation = refused(v1, "POST", path, body)
    assert words in validation["summary"]
    assert validation.get("exception") == exception
    assert validation["errorLogReference"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": 5}, "name"),
        ({"name": "x", "code": "ti"}, "code"),
        ({"name": "x", "code": 1.5}, "code"),
        ({"name": "x", "code": 2**63}, "code"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x", "isPerson": "no"}, "isPerson"),
        ({"name": "x", "since": "yesterday"}, "since"),
        ({"name": "x", "contactGroups": "5"}, "contactGroups"),
        ({"name": "x", "mailAddress": "Oslo"}, "mailAddress"),
        ({"name": "x", "streetAddresses": [{"id": "x"}]}, "streetAddresses[0].id"),
        ([], ""),
        (None, ""),
    ],
)
def test_binding(v1: V1Api, body: Any, field: str) -> None:
    """A value of the wrong kind is 400, success true, with the problem inside data."""
    answer = v1.send("POST", "Customer", body)
    assert (answer.status_code, answer.json()["success"]) == (400, True)
    assert list(answer.json()["data"]["errors"]) == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"name": Infinity}', b'{"code": Infinity}'])
def test_no_json(v1: V1Api, body: bytes) -> None:
    """What is no JSON object of a customer is 400 too."""
    assert v1.session.post(f"{v1.base}/Customer", data=body).status_code == 400


def test_huge_amount(v1: V1Api) -> None:
    """An amount no book can hold is 400."""
    lines = [{"accountCode": 3000, "amount": "1e400"}]
    body = {"voucherDate": "2026-01-05", "customerCode": 10_001, "lines": lines}
    answer = v1.send("POST", "Voucher/OutgoingInvoiceVoucher", body)
    assert list(answer.json()["data"]["errors"]) == ["lines[0].amount"]


def test_voucher(v1: V1Api) -> None:
    """A posted voucher gets the next number of all, and its lines are in the transactions."""
    lines = [{"accountCode": 1920, "amount": 10.25}, {"accountCode": 10_001, "amount": -10.25}]
    body = {"voucherDate": "2026-01-05", "externalImportReference": "a", "lines": lines}
    made = saved(v1, "Voucher/BankJournalVoucher", body)
    assert made["voucherNo"] == 601
    rows = v1.rows("Reporting/AccountTransactions", fromDate="2026-01-05", toDate="2026-01-05")
    assert {(row["accountCode"], row["amount"]) for row in rows} == {(1920, 10.25), (1500, -10.25)}
    assert {row["voucherNo"] for row in rows} == {601}
    again = refused(v1, "POST", "Voucher/BankJournalVoucher", body)
    assert (again["exception"], f"id {made['id']}" in again["summary"]) == ("ApiUniqueConstraint", True)
    assert v1.send("DELETE", f"Voucher/BankJournalVoucher/{made['id']}").status_code == 405


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "lines is required"),
        (
            [{"accountCode": 1920, "amount": 1}, {"accountCode": 99, "amount": -1}],
            "account '99' does not exist",
        ),
        ([{"accountCode": 1920, "amount": 1}], "do not sum to zero, but to 1"),
        ([{"accountCode": 1920}], "amount is required"),
        ([{"accountCode": 1920, "amount": 0, "vatCode": "77"}], "code '77' does not exist"),
    ],
)
def test_bad_voucher(v1: V1Api, lines: list[Any], words: str) -> None:
    """A voucher that cannot be booked is refused."""
    body = {"voucherDate": "2026-01-05", "lines": lines}
    assert words in refused(v1, "POST", "Voucher/ManualJournalVoucher", body)["summary"]


def test_invoice(v1: V1Api) -> None:
    """An invoice is a draft with its sums; a draft can be deleted, a sent one not."""
    line = {"productCode": "1001", "quantity": 2, "unitPrice": 10.5, "vatCode": "3"}
    made = saved(v1, "OutgoingInvoice", {"customerCode": 10_001, "lines": [line]})
    assert (made["netAmount"], made["totalAmount"], made["status"]) == (21, 26.25, 0)
    assert "lines" not in v1.rows("OutgoingInvoice/List", filter=f"Id eq {made['id']}")[0]
    assert v1.send("DELETE", f"OutgoingInvoice/{made['id']}").json() == {"success": True}
    sent = v1.rows("OutgoingInvoice/List", filter="Status eq 2")[0]["id"]
    assert "related data" in refused(v1, "DELETE", f"OutgoingInvoice/{sent}")["summary"]


def test_guid_ids(v1: V1Api) -> None:
    """Hours have a guid as id, also in the path."""
    body = {"employeeCode": 1, "date": "2026-01-05T00:00:00 +00:00", "hours": 7.5}
    key = saved(v1, "TimeTrackingEntry", body)["id"]
    assert v1.get(f"TimeTrackingEntry/{key.upper()}").json()["data"]["hours"] == 7.5
    assert saved(v1, "TimeTrackingEntry", {"id": key, "hours": 3})["hours"] == 3


def test_replica_is_behind(start_v1: Callable[..., V1Api]) -> None:
    """By default a read sees a write after a second, also a deletion."""
    now = [1_800_000_000.0]
    api = start_v1(read_lag=1.0, clock=lambda: now[0])
    key = saved(api, "Customer", {"name": "Ny"})["id"]
    assert api.get(f"Customer/{key}").json()["success"] is False
    now[0] += 1.5
    assert api.get(f"Customer/{key}").json()["success"] is True
    api.send("DELETE", f"Customer/{key}")
    assert api.get(f"Customer/{key}").json()["success"] is True
    now[0] += 1.5
    assert api.get(f"Customer/{key}").json()["success"] is False
