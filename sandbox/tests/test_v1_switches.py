"""Each switch of v1 changes the wire as it says; those of the token are shown by its own tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from v1_client import YEARS, V1Api

from poweroffice_sandbox import SwitchError, V1Sandbox, V1Switches

Start = Callable[..., V1Api]
PAGE = Path(__file__).parents[1] / "docs" / "v1.md"


@pytest.mark.parametrize(("form", "count"), [("total", 120), ("page", 7), ("absent", None)])
def test_count(start_v1: Start, form: str, count: int | None) -> None:
    """Count is of the whole, of the page, or absent as in the description of 2021."""
    assert start_v1(count=form).get("Customer", orderby="Id", top=7).json().get("count") == count


@pytest.mark.parametrize(
    ("form", "status", "names"),
    [
        ("problem-in-data", 400, {"success", "data"}),
        ("problem", 400, {"title", "status", "errors"}),
        ("plain", 400, set()),
        ("failure", 200, {"success", "validation"}),
    ],
)
def test_bad_parameters(start_v1: Start, form: str, status: int, names: set[str]) -> None:
    """bad_parameters says how values that cannot be bound are refused."""
    answer = start_v1(bad_parameters=form).get("Customer/x")
    assert answer.status_code == status
    assert (set(answer.json()) if answer.content else set()) == names


@pytest.mark.parametrize(
    ("form", "status", "success"), [("failure", 200, False), ("404", 404, False), ("no-data", 200, True)]
)
def test_not_found(start_v1: Start, form: str, status: int, success: object) -> None:
    """not_found says how an unknown id looks."""
    answer = start_v1(not_found=form).get("Customer/1")
    assert (answer.status_code, answer.json()["success"]) == (status, success)
    assert "data" not in answer.json()


@pytest.mark.parametrize("form", ["empty", "message"])
def test_unknown_path(start_v1: Start, form: str) -> None:
    """unknown_path says whether 404 and 405 have a body."""
    api = start_v1(unknown_path=form)
    for method, path, status in (
        ("GET", "Nothing", 404),
        ("POST", "VatCode", 405),
        ("GET", "OAuth/Token", 405),
    ):
        answer = api.send(method, path)
        assert answer.status_code == status
        assert bool(answer.content) is (form == "message")


@pytest.mark.parametrize(
    ("form", "end"),
    [("spaced", r"\d\d:\d\d:\d\d \+00:00"), ("offset", r"\d\d:\d\d:\d\d\+00:00"), ("z", r"\d\d:\d\d:\d\dZ")],
)
def test_timestamps(start_v1: Start, form: str, end: str) -> None:
    """The form of times, and of days with a time."""
    row = start_v1(timestamps=form).rows("Customer")[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT" + end, row["lastChanged"])


@pytest.mark.parametrize(("form", "end"), [("date", ""), ("timestamp", r"T00:00:00 \+00:00")])
def test_dates(start_v1: Start, form: str, end: str) -> None:
    """dates: days without a time, as the vendor's samples have them, or with one."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d" + end, start_v1(dates=form).rows("Customer")[0]["since"])


@pytest.mark.parametrize(("form", "text"), [("short", '"rate":25,'), ("long", '"rate":25.0,')])
def test_decimals(start_v1: Start, form: str, text: str) -> None:
    """A whole amount is an integer, or has a zero."""
    assert text in start_v1(decimals=form).get("VatCode", filter="Code eq '3'").text


@pytest.mark.parametrize(("form", "value"), [("numbers", 2), ("names", "Sent")])
def test_enums(start_v1: Start, form: str, value: object) -> None:
    """Enumerations are numbers or names in answers; a body may have either."""
    api = start_v1(enums=form)
    assert {row["status"] for row in api.rows("OutgoingInvoice/List")} == {value}
    for place, sent in enumerate((200, "200", "NonBillable", "nonbillable")):
        body = {"activityType": sent, "code": f"N{place}", "name": "Ny"}
        data = api.send("POST", "TimeTracking/Activity", body).json()["data"]
        assert data["activityType"] == {2: 200, "Sent": "NonBillable"}[value]
    assert len(api.rows("TimeTracking/Activity", filter="ActivityType eq 200")) == 4


@pytest.mark.parametrize("name", ["cid", "cID"])
def test_cid(start_v1: Start, name: str) -> None:
    """The newer or the older spelling of cid."""
    assert any(name in row for row in start_v1(cid=name).rows("Reporting/InvoiceJournal", **YEARS))


def test_ledger_party(start_v1: Start) -> None:
    """Present: entries of a ledger have the customer inside, as before 3.0.0, with three fields."""
    api = start_v1()
    assert not any("customer" in row for row in api.rows("Reporting/CustomerLedger", **YEARS))
    api.sandbox.set(ledger_party="present")
    row = api.rows("Reporting/CustomerLedger", **YEARS)[0]
    assert {"id", "code", "name"} <= set(row["customer"])


def test_own_rows(start_v1: Start) -> None:
    """All: vouchers that others made are listed too."""
    api = start_v1()
    own = {row["id"] for row in api.rows("Voucher/ManualJournalVoucher")}
    assert V1Api(api.sandbox, application=1).login().rows("Voucher/ManualJournalVoucher") == []
    api.sandbox.set(own_rows="all")
    assert own < {row["id"] for row in api.rows("Voucher/ManualJournalVoucher")}


def test_report_dates(start_v1: Start) -> None:
    """Optional: a report without days is of all days."""
    assert start_v1(report_dates="required").get("Reporting/AccountTransactions").status_code == 400
    assert len(start_v1(report_dates="optional").rows("Reporting/AccountTransactions")) == 1500


@pytest.mark.parametrize("form", ["used", "ignored"])
def test_time_query(start_v1: Start, form: str) -> None:
    """Fromdate and todate of the hours are used, or ignored."""
    api = start_v1(time_query=form)
    rows = api.rows("TimeTracking/TimeTrackingEntry", fromdate="2024-01-01", todate="2024-01-31")
    assert all(row["date"].startswith("2024-01") for row in rows) is (form == "used")


def test_lists_in_body(start_v1: Start) -> None:
    """Saved: a POST may have a list, which is saved whole or not at all."""
    api = start_v1()
    several = [{"name": "En"}, {"name": "To"}]
    assert api.send("POST", "Customer", several).status_code == 400
    api.sandbox.set(lists_in_body="saved")
    answer = api.send("POST", "Customer", several).json()
    assert ([row["name"] for row in answer["data"]], answer["count"]) == (["En", "To"], 2)
    assert api.send("POST", "Customer", [{"name": "Tre"}, {}]).json()["success"] is False
    assert api.sandbox.totals()["Customer"] == 122


def test_unbalanced(start_v1: Start) -> None:
    """Accepted: a journal whose lines do not sum to zero is posted."""
    body = {"voucherDate": "2026-01-05", "lines": [{"accountCode": 1920, "amount": 1}]}
    for form in ("refused", "accepted"):
        answer = start_v1(unbalanced=form).send("POST", "Voucher/ManualJournalVoucher", body).json()
        assert answer["success"] is (form == "accepted")


@pytest.mark.parametrize(("form", "more"), [("insert", 1), ("touch", 0), ("delete", -1)])
@pytest.mark.parametrize("path", ["Customer", "ContactGroup", "OutgoingInvoice/List"])
def test_mutation(start_v1: Start, form: str, more: int, path: str) -> None:
    """After each list a row is there, changed or gone."""
    api = start_v1(mutation=form)
    one, two = api.rows(path), api.rows(path)
    assert len(two) - len(one) == more
    changed = [row for row in two if row not in one]
    assert len(changed) == (0 if form == "delete" or (form == "touch" and path == "ContactGroup") else 1)


def test_upsert(start_v1: Start) -> None:
    """external-code: a customer is found by it too."""
    api = start_v1()
    body = {"name": "Ny", "externalCode": 70_001}
    assert api.send("POST", "Customer", body).json()["data"]["id"] == 1_000_359
    api.sandbox.set(upsert="external-code")
    assert api.send("POST", "Customer", body).json()["data"]["id"] == 1_000_004


def test_update(start_v1: Start) -> None:
    """Replace: what is not sent is cleared, except the code and what the service sets."""
    api = start_v1(update="replace")
    row = api.send("POST", "Customer", {"id": 1_000_001, "name": "Ny"}).json()["data"]
    assert {"emailAddress", "phoneNumber", "vatNumber", "since"}.isdisjoint(row)
    assert (row["code"], row["name"]) == (10_000, "Ny")


def test_bodies(start_v1: Start) -> None:
    """body_names and unknown_fields: what becomes of names the body should not have."""
    api = start_v1()
    assert api.send("POST", "Customer", {"Name": "Ny", "Colour": 1}).json()["success"] is True
    api.sandbox.set(body_names="camel")
    assert "name is required" in api.send("POST", "Customer", {"Name": "Ny"}).text
    api.sandbox.set(unknown_fields="refused")
    errors = api.send("POST", "Customer", {"Name": "Ny"}).json()["data"]["errors"]
    assert errors == {"Name": ["Could not find member 'Name' on object of type 'Customer'."]}


def test_bad_email(start_v1: Start) -> None:
    """Empty: a wrong e-mail address gives 200 and nothing, and nothing is stored."""
    answer = start_v1(bad_email="empty").send("POST", "Customer", {"name": "Ny", "emailAddress": "x"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_defaults_are_the_facts() -> None:
    """What the documentation says is the default."""
    switches = V1Switches()
    assert (switches.rate_limit, switches.token_lifetime, switches.read_lag) == (50, 1200, 1.0)
    with pytest.raises(SwitchError, match="count = 'some'"):
        V1Sandbox(count="some")
    with pytest.raises(SwitchError, match="colour: no such option"):
        V1Sandbox(colour="red")


def test_page_and_tests_name_every_switch() -> None:
    """The page has a line for each switch, with its values; the tests use each value but the default."""
    page = PAGE.read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_v1_*.py"))
    for switch in fields(V1Switches):
        values = switch.metadata["values"] or ()
        assert f"| `{switch.name}` | {', '.join(f'`{value}`' for value in values)}" in page
        assert f"{switch.name}=" in tests, switch.name
        assert all(f'"{value}"' in tests for value in values[1:]), switch.name
