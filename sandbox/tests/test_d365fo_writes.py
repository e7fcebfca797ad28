"""Finance & Operations: writing entities, actions and batches."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from d365fo_client import ENUM, Fo

GROUP = "CustomerGroups(dataAreaId='usmf',CustomerGroupId='77')"
NEW = {"CustomerGroupId": "77", "Description": "New"}


def _inner(answer: requests.Response) -> str:
    return str(answer.json()["error"]["innererror"]["message"])


def test_create_update_delete(fo: Fo) -> None:
    """201 with the row, ETag and Location; 204; 204; then the key is not there, in two ways."""
    made = fo.call("POST", "/data/CustomerGroups", json=NEW)
    assert (made.status_code, made.json()["dataAreaId"], made.json()["PaymentTermId"]) == (201, "usmf", "")
    assert made.headers["ETag"] == made.json()["@odata.etag"]
    assert requests.get(made.headers["Location"], headers=fo.headers, timeout=5).json() == made.json()
    changed = fo.call("PATCH", f"/data/{GROUP}", json={"IsSalesTaxIncludedInPrice": "Yes"})
    assert (changed.status_code, changed.content) == (204, b"")
    row = fo.get(GROUP).json()
    assert (row["IsSalesTaxIncludedInPrice"], row["Description"]) == ("Yes", "New")
    assert row["@odata.etag"] != made.json()["@odata.etag"]
    assert fo.call("DELETE", f"/data/{GROUP}").status_code == 204
    assert fo.get(GROUP).status_code == 404
    for verb in ("PATCH", "DELETE"):
        missing = fo.call(verb, f"/data/{GROUP}", json={})
        assert missing.status_code == 400
        assert _inner(missing) == "No resources were found when selecting for update."


def test_other_company_is_not_selected(fo: Fo) -> None:
    """A write to another company's row needs cross-company."""
    path = "/data/CustomerGroups(dataAreaId='usrt',CustomerGroupId='10')"
    assert fo.call("PATCH", path, json={"Description": "X"}).status_code == 400
    assert fo.call("PATCH", f"{path}?cross-company=true", json={"Description": "X"}).status_code == 204


def test_number_sequence_and_defaults(fo: Fo) -> None:
    """A key left out is filled by the number sequence; nulls become the empty value of the type."""
    given = {
        "OrganizationName": "A",
        "CustomerGroupId": "10",
        "CreditLimit": None,
        "CredManCreditLimitDate": None,
    }
    row = fo.call("POST", "/data/CustomersV3", json=given).json()
    assert (row["CustomerAccount"], row["CreditLimit"], row["OnHoldStatus"]) == ("US-900001", 0, "No")
    assert row["CredManCreditLimitDate"] == "1900-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CustomerAccount": "US-000001"}, "The record already exists."),
        ({"OrganizationName": ""}, "Warning: Field 'Name' must be filled in; Error: validateWrite failed"),
        ({"CustomerGroupId": "99"}, "The value '99' in field 'Customer group' is not found"),
        ({"dataAreaId": "nope"}, "The company 'nope' is not available"),
    ],
)
def test_infolog(fo: Fo, changes: dict[str, Any], words: str) -> None:
    """A refused write is 400 or 500, its text in innererror, and nothing is stored."""
    answer = fo.call(
        "POST", "/data/CustomersV3", json={"OrganizationName": "A", "CustomerGroupId": "10", **changes}
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (400, "", "An error has occurred.")
    assert error["innererror"]["type"].endswith("AxODataWriteException")
    assert _inner(answer).startswith("Write failed for table row of type 'CustomerV3'. Infolog: ")
    assert words in _inner(answer)
    assert fo.sandbox.totals("usmf")["CustomersV3"] == 120


@pytest.mark.parametrize(
    "changes",
    [
        {"Nope": 1},
        {"CreditLimit": "much"},
        {"CreditLimit": True},
        {"OnHoldStatus": "Some"},
        {"OnHoldStatus": None},
        {"OnHoldStatus": 1},
        {"CredManCreditLimitDate": "soon"},
        {"OrganizationName": 5},
    ],
)
def test_unfit_values(fo: Fo, changes: dict[str, Any]) -> None:
    """A property that is not there, or a value of another type, is 400 without innererror."""
    answer = fo.call(
        "POST", "/data/CustomersV3", json={"OrganizationName": "A", "CustomerGroupId": "10", **changes}
    )
    assert (answer.status_code, "innererror" in answer.json()["error"]) == (400, False)


@pytest.mark.parametrize("reading", ["412", "409", "400"])
def test_if_match(fo: Fo, reading: str) -> None:
    """A stale ETag is refused with the status of the switch; the present one and ``*`` are not."""
    fo.sandbox.set(stale_etag=reading)
    path = "/data/UnitsOfMeasure('ea')"
    etag = fo.call("GET", path).headers["ETag"]
    assert fo.call("PATCH", path, json={"DecimalPrecision": 1}, headers={"If-Match": etag}).status_code == 204
    stale = fo.call("PATCH", path, json={"DecimalPrecision": 2}, headers={"If-Match": etag})
    assert stale.status_code == int(reading)
    assert fo.call("GET", path).json()["DecimalPrecision"] == 1
    assert fo.call("DELETE", path, headers={"If-Match": "*"}).status_code == 204


def test_put(fo: Fo) -> None:
    """PUT changes the fields it has; by a switch it empties the others."""
    path = "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')"
    assert fo.call("PUT", path, json={"Description": "X"}).status_code == 204
    assert fo.call("GET", path).json()["PaymentTermId"] == "Net30"
    fo.sandbox.set(put="replace")
    fo.call("PUT", path, json={"Description": "X"})
    assert fo.call("GET", path).json()["PaymentTermId"] == ""


def test_actions(fo: Fo) -> None:
    """Actions are bound to a row or a set; a failing one says which, and on what."""
    path = "/data/LedgerJournalHeaders(dataAreaId='usmf',JournalBatchNumber='JB-000002')"
    assert fo.call("POST", f"{path}/{ENUM}.countLines").json()["value"] == 2
    assert fo.call("POST", f"{path}/{ENUM}.post").status_code == 204
    again = fo.call("POST", f"{path}/{ENUM}.post")
    assert again.status_code == 400
    text = "Exception occurred while executing action post on Entity LedgerJournalHeader: Journal JB-000002"
    assert _inner(again).startswith(text)
    assert (
        fo.call("POST", f"/data/LedgerJournalHeaders/{ENUM}.nextJournalNumber").json()["value"] == "JB-900001"
    )
    held = fo.call("POST", f"/data/CustomersV3/{ENUM}.accountsOnHold", json={"company": "usmf"}).json()[
        "value"
    ]
    assert held == [f"US-{number:06d}" for number in range(17, 120, 17)]
    for wrong, status in (("LedgerJournalHeaders", 400), ("CustomersV3", 404)):
        assert fo.call("POST", f"/data/{wrong}/{ENUM}.post").status_code == status


def _part(number: int, group: str, name: str = "10") -> str:
    body = json.dumps({"CustomerGroupId": group, "OrganizationName": f"B{number}", "CustomerAccount": name})
    head = (
        f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {number}\r\n\r\n"
    )
    return f"{head}POST CustomersV3 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"


def _batch(fo: Fo, *parts: str, changeset: bool = False, **headers: str) -> tuple[int, list[str], list[str]]:
    text = "".join(f"--b\r\n{part}" for part in parts) + "--b--\r\n"
    if changeset:
        text = f"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{text}--a--\r\n"
    kind = {"Content-Type": f"multipart/mixed; boundary={'a' if changeset else 'b'}", **headers}
    answer = fo.call("POST", "/data/$batch", data=text.encode(), headers=kind)
    ids = re.findall(r"Content-ID: (\d+)", answer.text)
    return answer.status_code, re.findall(r"HTTP/1\.1 (\d+)", answer.text), ids


def test_batch(fo: Fo) -> None:
    """A changeset is all or nothing with one error part; the outer status is 200 either way."""
    good, bad = _part(1, "10", "B-1"), _part(2, "99", "B-2")
    assert _batch(fo, good, bad, changeset=True) == (200, ["500"], ["1"])
    assert fo.sandbox.totals("usmf")["CustomersV3"] == 120
    assert _batch(fo, good, _part(2, "20", "B-2"), changeset=True) == (200, ["201", "201"], ["1", "2"])
    assert fo.sandbox.totals("usmf")["CustomersV3"] == 122
    assert _batch(fo, bad, _part(3, "10", "B-3")) == (200, ["500"], ["2"])
    goes_on = {"Prefer": "odata.continue-on-error"}
    assert _batch(fo, bad, _part(3, "10", "B-3"), **goes_on) == (200, ["500", "201"], ["2", "3"])


def test_batch_limits(fo: Fo) -> None:
    """Parts can be throttled on their own; more than 5,000 operations are refused."""
    fo.sandbox.set(batch_served=1, batch_continue="always")
    assert _batch(fo, _part(1, "10", "C-1"), _part(2, "10", "C-2"))[1] == ["201", "429"]
    assert (
        _batch(fo, *["Content-Type: application/http\r\n\r\nGET UnitsOfMeasure HTTP/1.1\r\n\r\n"] * 5001)[0]
        == 400
    )
    assert (
        fo.call("POST", "/data/$batch", data=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    )


def test_save_and_restore(fo: Fo) -> None:
    """Rows can be kept and put back, as often as wanted; a reset makes the first ones again."""
    fo.call("POST", "/data/CustomerGroups", json=NEW)
    fo.sandbox.save()
    for _ in range(2):
        fo.call("DELETE", f"/data/{GROUP}")
        fo.sandbox.restore()
        assert fo.get(GROUP).json()["Description"] == "New"
    fo.sandbox.reset()
    assert fo.get(GROUP).status_code == 404
