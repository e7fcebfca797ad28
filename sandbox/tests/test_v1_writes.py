"""Writing to v1: create or update, delete, validation, the replica behind."""

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


def test_what_the_server_sets(v1: V1Api) -> None:
    """The id decides which row; numbers and times of a body are ignored."""
    now = saved(v1, "Customer", {"name": "Ny"})["lastChanged"]
    row = saved(v1, "Customer", {"id": 1_000_004, "name": "Nytt", "lastChanged": "2001-01-01"})
    assert (row["id"], row["name"]) == (1_000_004, "Nytt")
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
        ("Customer", {"name": "x", "discountPercent": 101}, "AggregatedValidation", "between -1000 and 100"),
        (
            "Customer",
            {"name": "x", "externalImportReference": "x" * 51},
            "AggregatedValidation",
            "50 characters",
        ),
        ("GeneralLedgerAccount", {"code": 999, "name": "x"}, "AggregatedValidation", "between 1000 and 9999"),
        ("Project", {"name": "x", "progress": 150}, "AggregatedValidation", "between 0 and 100"),
        ("Project", {"name": "x", "fixedPrice": 5}, "AggregatedValidation", "goes with the billing method"),
        ("OutgoingInvoice", {"status": 2}, "AggregatedValidation", "status cannot be 2"),
        ("OutgoingInvoice", {"customerCode": 10_001, "contactGroupId": 5}, "AggregatedValidation", "exclude"),
        (
            "TimeTracking/Activity",
            {"activityType": 0, "code": "x", "name": "x"},
            "AggregatedValidation",
            "be 0",
        ),
        (
            "JournalEntryVoucher",
            {"voucherType": 4, "currencyCode": "NOK"},
            "AggregatedValidation",
            "file is req",
        ),
        ("Bank/BankTransfer", {"amount": 1}, "AggregatedValidation", "receiverName is required"),
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
        ({"name": "x", "invoiceDeliveryType": "Pigeon"}, "invoiceDeliveryType"),
        ({"name": "x", "reminderDeliveryType": 99}, "reminderDeliveryType"),
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
        ([{"accountCode": 1920, "amount": 0, "vatReturnSpecification": 6}], "cannot be 6"),
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
    locked = {"voucherDate": "2022-12-31", "lines": [{"accountCode": 1920, "amount": 0}]}
    assert "lock date" in refused(v1, "POST", "Voucher/ManualJournalVoucher", locked)["summary"]


def test_invoice(v1: V1Api) -> None:
    """An invoice is a draft with its sums; a draft can be deleted, a sent one not."""
    line = {"productCode": "1001", "quantity": 2, "unitPrice": 10.5}
    made = saved(v1, "OutgoingInvoice", {"customerCode": 10_001, "outgoingInvoiceLines": [line]})
    assert (made["netAmount"], made["totalAmount"], made["status"]) == (21, 26.25, 0)
    listed = v1.rows("OutgoingInvoice/List", filter=f"Id eq guid'{made['id']}'")[0]
    assert "outgoingInvoiceLines" not in listed
    assert v1.send("DELETE", f"OutgoingInvoice/{made['id']}").json() == {"success": True}
    sent = v1.rows("OutgoingInvoice/List", filter="Status eq 2")[0]["id"]
    assert "related data" in refused(v1, "DELETE", f"OutgoingInvoice/{sent}")["summary"]


def test_lines(v1: V1Api) -> None:
    """A line is added without an id, changed by it, and removed by isDeleted; one that is not sent stays."""
    lines = [
        {"productCode": "1000", "quantity": 1, "unitPrice": 10, "sortOrder": place} for place in range(2)
    ]
    made = saved(v1, "OutgoingInvoice", {"customerCode": 10_001, "outgoingInvoiceLines": lines})
    first, second = (line["id"] for line in made["outgoingInvoiceLines"])
    change = [
        {"id": second, "quantity": 3},
        {"lineType": "Text", "description": "Takk", "sortOrder": 9},
    ]
    body = {"id": made["id"], "outgoingInvoiceLines": change}
    changed = saved(v1, "OutgoingInvoice", body)
    kept = [(line["id"], line.get("quantity")) for line in changed["outgoingInvoiceLines"]]
    assert kept[:2] == [(first, 1), (second, 3)]
    assert (len(kept), changed["netAmount"]) == (3, 40)
    gone = {"id": made["id"], "outgoingInvoiceLines": [{"id": first, "isDeleted": True}]}
    assert saved(v1, "OutgoingInvoice", gone)["netAmount"] == 30
    assert "has no line" in refused(v1, "POST", "OutgoingInvoice", gone)["summary"]


def test_send_invoice(start_v1: Callable[..., V1Api]) -> None:
    """A queued invoice is being processed, and later sent, posted and in the ledger, or says why not."""
    api = start_v1(queue_seconds=60.0)
    line = {"productCode": "1001", "quantity": 2, "unitPrice": 10.5}
    made = saved(api, "OutgoingInvoice", {"customerCode": 10_001, "outgoingInvoiceLines": [line]})
    api.send("POST", "OutgoingInvoice/SendInvoice", {"invoiceId": made["id"], "invoiceDate": "2026-01-05"})
    one = f"OutgoingInvoice/{made['id']}"
    assert api.get(one).json()["data"]["isInvoiceBeingProcessed"] is True
    api.sandbox.advance(61)
    sent = api.get(one).json()["data"]
    assert (sent["status"], sent["isInvoiceBeingProcessed"], sent["voucherDate"]) == (2, False, "2026-01-05")
    entry = api.rows(
        "Reporting/CustomerLedger", toDate="2026-02-01", filter=f"VoucherId eq guid'{made['id']}'"
    )
    assert (entry[0]["documentNo"], entry[0]["balance"]) == (str(sent["invoiceNo"]), 26.25)
    assert "is sent" in refused(api, "POST", "OutgoingInvoice", {"id": made["id"]})["summary"]
    late = saved(api, "OutgoingInvoice", {"customerCode": 10_001, "outgoingInvoiceLines": [line]})
    api.send("POST", "OutgoingInvoice/SendInvoice", {"invoiceId": late["id"], "invoiceDate": "2022-01-05"})
    api.sandbox.advance(61)
    told = api.get(f"OutgoingInvoice/{late['id']}").json()["data"]
    assert "lock date" in told["lastErrorMessage"]


def test_import(start_v1: Callable[..., V1Api]) -> None:
    """An import is uploaded, then posted on demand, and its status says how far it is."""
    api = start_v1(queue_seconds=60.0)
    sides = ((1570, 5), (2600, -5))
    lines = [
        {"accountNumber": code, "amount": amount, "documentNumber": 1, "documentDate": "2026-01-31"}
        for code, amount in sides
    ]
    made = saved(api, "Import", {"type": "Payroll", "date": "2026-01-31", "importLines": lines})
    status = f"Import/{made['id']}/status"
    assert api.get(status).json()["data"]["canBePosted"] is True
    assert api.send("POST", "Import/Post", {"id": made["id"]}).json() == {"success": True}
    assert api.get(status).json()["data"]["isPosting"] is True
    api.sandbox.advance(61)
    assert api.get(status).json()["data"]["isPosted"] is True
    rows = api.rows("Reporting/AccountTransactions", fromDate="2026-01-31", toDate="2026-01-31")
    assert {(row["accountCode"], row["amount"], row["voucherType"]) for row in rows} == {
        (1570, 5, 23),
        (2600, -5, 23),
    }
    assert "is posted" in refused(api, "POST", "Import", {"id": made["id"]})["summary"]


def test_reverse(v1: V1Api) -> None:
    """A reversal takes the postings back, once, and only of a voucher of one's own."""
    own = v1.rows("Voucher/ManualJournalVoucher", orderby="VoucherNo")[0]
    path = f"Voucher/ManualJournalVoucher/Reverse/{own['id']}"
    assert v1.send("POST", path).json() == {"success": True}
    assert v1.get(f"Voucher/ManualJournalVoucher/{own['id']}").json()["data"]["isReversed"] is True
    day = own["voucherDate"]
    rows = v1.rows("Reporting/AccountTransactions", fromDate=day, toDate=day)
    undone = [row for row in rows if row.get("reversedVoucherNo") == own["voucherNo"]]
    assert {row["voucherType"] for row in undone} == {99}
    done = {row["accountCode"]: row["amount"] for row in rows if row["voucherId"] == own["id"]}
    assert {row["accountCode"]: -row["amount"] for row in undone} == done
    assert "reversed already" in refused(v1, "POST", path)["summary"]
    v1.sandbox.set(own_rows="all")
    others = [row for row in v1.rows("Voucher/ManualJournalVoucher") if not row["isReversed"]]
    v1.sandbox.set(own_rows="own")
    mine = {row["id"] for row in v1.rows("Voucher/ManualJournalVoucher")}
    foreign = next(row["id"] for row in others if row["id"] not in mine)
    assert "was not found" in refused(v1, "POST", path.replace(own["id"], foreign))["summary"]
    assert v1.get(f"Voucher/ManualJournalVoucher/{foreign}").json()["success"] is False


def test_matching(v1: V1Api) -> None:
    """Open entries can be matched and taken apart; a match is read by its id."""
    rows = v1.rows("Reporting/CustomerLedger", orderby="Id", toDate="2030-12-31")
    keys = [row["id"] for row in rows if "matchId" not in row][:2]
    ledger = "Reporting/CustomerLedger"
    asked = {"matchDate": "2026-01-01", "entryIds": keys}
    assert v1.send("POST", f"{ledger}/MatchEntries", asked).json() == {"success": True}
    assert {row["id"] for row in v1.rows(f"{ledger}/{keys[0]}")} == set(keys)
    assert v1.send("POST", f"{ledger}/UnmatchEntries", asked).json() == {"success": True}
    assert v1.rows(f"{ledger}/{keys[0]}") == []
    assert "two entries" in refused(v1, "POST", f"{ledger}/MatchEntries", {"entryIds": keys[:1]})["summary"]
    assert "was not found" in refused(v1, "POST", f"{ledger}/MatchEntries", {"entryIds": [1, 2]})["summary"]


def test_hours(v1: V1Api) -> None:
    """Hours need activity and employee; times go together and agree with the minutes."""
    path = "TimeTracking/TimeTrackingEntry"
    body = {"activityCode": "100", "employeeCode": 1, "date": "2026-01-05", "fromTime": "22:00:00"}
    assert "go together" in refused(v1, "POST", path, body)["summary"]
    body["toTime"] = "01:30:00"
    made = saved(v1, path, body)
    assert (made["minutes"], made["hours"], made["billableHours"]) == (210, 3.5, 3.5)
    assert "it is 210" in refused(v1, "POST", path, {**body, "minutes": 60})["summary"]
    assert "is required" in refused(v1, "POST", path, {"minutes": 60})["summary"]
    locked = v1.rows(path, filter="IsLocked eq true")[0]["id"]
    assert "is locked" in refused(v1, "POST", path, {"id": locked, "minutes": 60})["summary"]
    assert "related data" in refused(v1, "DELETE", f"{path}/{locked}")["summary"]


def test_parties(v1: V1Api) -> None:
    """Groups that do not exist are made; numbers of persons are hidden."""
    body = {
        "firstName": "Liv",
        "lastName": "Ny",
        "socialSecurityNumber": "01017012345",
        "contactGroups": ["Helt ny"],
    }
    made = saved(v1, "Employee", body)
    assert made["socialSecurityNumber"] == "hidden"
    assert "Helt ny" in {row["title"] for row in v1.rows("ContactGroup")}
    assert [row["id"] for row in v1.rows("ContactGroup/helt ny/employees")] == [made["id"]]
    assert (
        "no bank account"
        in refused(v1, "POST", "Employee", {"id": made["id"], "payrollBankAccountCode": "1"})["summary"]
    )
    saved(v1, f"Employee/{made['id']}/BankAccount", {"code": "15061234567"})
    saved(v1, "Employee", {"id": made["id"], "payrollBankAccountCode": "15061234567"})
    addresses = saved(v1, "Customer", {"name": "Ny", "streetAddresses": [{"city": "Ås"}, {"city": "Bø"}]})
    kept = addresses["streetAddresses"][:1]
    assert saved(v1, "Customer", {"id": addresses["id"], "streetAddresses": kept})["streetAddresses"] == kept
    assert v1.get(f"Supplier/{addresses['id']}/Contact").json()["success"] is False


def test_settings(v1: V1Api) -> None:
    """A default stays until another takes its place; a dimension is changed by its ordinal."""
    default = next(row["id"] for row in v1.rows("PaymentTerms") if row["isDefault"])
    assert "related data" in refused(v1, "DELETE", f"PaymentTerms/{default}")["summary"]
    saved(v1, "PaymentTerms", {"name": "Nå", "creditDays": 0, "isDefault": True})
    assert v1.send("DELETE", f"PaymentTerms/{default}").json() == {"success": True}
    assert saved(v1, "CustomDimensionDefinition", {"ordinal": 3, "name": "Båt"})["name"] == "Båt"
    assert "out of range" in refused(v1, "POST", "CustomDimensionDefinition", {"ordinal": 4})["summary"]
    client = saved(v1, "Client", {"phoneNumber": "99", "lockDate": "2030-01-01"})
    assert (client["phoneNumber"], client["lockDate"]) == ("99", "2022-12-31")
    sub = saved(v1, "Project", {"name": "Del", "code": "1", "parentProjectCode": "P100"})
    assert sub["code"] == "P100.1"
    assert v1.get("Budget").json()["data"][0]["budgetLineItems"]


def test_documentation(v1: V1Api) -> None:
    """A file goes on a voucher of one's own, and is read by the voucher's number."""
    voucher = v1.rows("Voucher/BankJournalVoucher", orderby="VoucherNo")[0]
    body = {"voucherId": voucher["id"], "fileName": "a.pdf", "fileType": 1, "base64EncodedData": "JVBERi0="}
    saved(v1, "Voucher/VoucherDocumentation", body)
    saved(v1, "Voucher/VoucherDocumentation", {**body, "fileName": "b.pdf"})
    assert (
        v1.get(f"Blob/GetVoucherDocumentation/{voucher['voucherNo']}").json()["data"]["fileName"] == "b.pdf"
    )
    assert v1.get("Blob/GetVoucherDocumentationList/1").json() == {"success": True, "data": []}
    assert (
        "not made by this"
        in refused(v1, "POST", "Voucher/VoucherDocumentation", {**body, "voucherId": "0" * 32})["summary"]
    )


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
