"""Drafts of vouchers, their pages, and approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flow_client import PDF, account, first, members, upload

if TYPE_CHECKING:
    from sandbox_client import Api

KINDS = {
    "SupplierInvoices": ("InvoiceNo", "SupplierVoucherLines", "SupplierVoucherLines"),
    "SupplierCreditNotes": ("CreditNoteNo", "SupplierVoucherLines", "SupplierVoucherLines"),
    "ManualJournals": ("", "ManualVoucherLines", "ManualVoucherLines"),
    "BankJournals": ("", "BankJournalLines", "BankVoucherLines"),
}
COMMENT = {"Comment": "Sett og godkjent", "VoucherApprovalStatus": "Approve"}


def draft(api: Api, kind: str = "ManualJournals") -> dict[str, Any]:
    """Make a draft that can be posted."""
    number, sent, _ = KINDS[kind]
    supplier = "Supplier" in kind
    debit, credit = account(api, 6800), account(api, 1920)
    sides = {"DebitAccountId": debit} if supplier else {"DebitAccountId": debit, "CreditAccountId": credit}
    body = {"VoucherDate": "2026-05-31", "CurrencyCode": "NOK", sent: [{**sides, "CurrencyAmount": 500}]}
    if supplier:
        body |= {number: "LF-1", "CurrencyAmount": 500}
        body["SupplierAccountId"] = first(api, "Suppliers")["SubledgerAccountId"]
    answer = api.post(f"JournalEntryVouchers/{kind}", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def approved(api: Api, identifier: str) -> Any:
    """Submit and approve."""
    assert api.post(f"JournalEntryVouchers/{identifier}/submitForApproval", {}).status_code == 200
    return api.post(f"VoucherApproval/{identifier}", COMMENT)


@pytest.mark.parametrize("kind", KINDS)
def test_draft_and_lines(api: Api, kind: str) -> None:
    """A draft is read, patched and its lines changed one by one; the ledger knows nothing of it."""
    rows, made, lines = api.sandbox.totals()["AccountTransactions"], draft(api, kind), KINDS[kind][2]
    path = f"JournalEntryVouchers/{kind}/{made['Id']}"
    assert api.get(path).json() == made
    assert (
        api.patch(path, [{"op": "replace", "path": "/Description", "value": "B"}]).json()["Description"]
        == "B"
    )
    more = api.post(f"{path}/VoucherLines", {"DebitAccountId": account(api, 6800), "CurrencyAmount": 7})
    assert (more.status_code, len(more.json()[lines])) == (201, 2)
    line = f"{path}/VoucherLines/{more.json()[lines][1]['Id']}"
    assert (
        api.patch(line, [{"op": "replace", "path": "/CurrencyAmount", "value": 8.5}]).json()["CurrencyAmount"]
        == 8.5
    )
    assert api.delete(line).status_code == 200
    assert len(api.get(path).json()[lines]) == 1
    assert api.delete(f"JournalEntryVouchers/{made['Id']}").status_code == 200
    assert api.get(path).status_code == 404
    assert api.sandbox.totals()["AccountTransactions"] == rows


@pytest.mark.parametrize("kind", KINDS)
def test_approved_draft_is_posted(api: Api, kind: str) -> None:
    """Submit, find it in the list, approve: the voucher is in the ledger under the draft's id."""
    identifier = draft(api, kind)["Id"]
    api.post(f"JournalEntryVouchers/{identifier}/submitForApproval", {"Comment": "Klar"})
    waiting = api.get("VoucherApproval", availableFromDateTimeOffsetGreaterThan="2026-01-01").json()
    assert [row["Id"] for row in waiting] == [identifier]
    answer = api.post(f"VoucherApproval/{identifier}", COMMENT)
    assert answer.json() == {"InApprovalWorkflow": False, "IsPosted": True, "VoucherId": identifier}
    rows = [row for row in api.ledger(OrderBy="Id desc", PageSize=5).json() if row["VoucherId"] == identifier]
    assert sorted(row["Amount"] for row in rows) == [-500, 500]
    assert identifier in {row["Id"] for row in api.get("JournalEntryVouchers", isPosted="true").json()}
    incoming = api.get(f"IncomingInvoices/{identifier}")
    assert incoming.status_code == (200 if "Supplier" in kind else 404)


def test_posted_draft_is_closed(api: Api) -> None:
    """Whatever would change a posted draft is 409."""
    made = draft(api)
    approved(api, made["Id"])
    path = f"JournalEntryVouchers/ManualJournals/{made['Id']}"
    line = f"{path}/VoucherLines/{made['ManualVoucherLines'][0]['Id']}"
    change = [{"op": "replace", "path": "/Description", "value": "B"}]
    answers = (
        api.patch(path, change),
        api.patch(line, change),
        api.post(f"{path}/VoucherLines", {"CurrencyAmount": 1}),
        api.delete(line),
        api.delete(f"JournalEntryVouchers/{made['Id']}"),
        api.post(f"JournalEntryVouchers/{made['Id']}/submitForApproval", {}),
        upload(api, "POST", f"JournalEntryVouchers/{made['Id']}/VoucherPages"),
    )
    assert [answer.status_code for answer in answers] == [409] * 7
    assert answers[0].json()["detail"] == f"Voucher with id = {made['Id']} is already posted."


def test_submit_twice_and_without_lines(api: Api) -> None:
    """A draft in the workflow, or without lines, cannot be submitted; one in the workflow not deleted."""
    identifier = draft(api)["Id"]
    path = f"JournalEntryVouchers/{identifier}"
    assert [api.post(f"{path}/submitForApproval", {}).status_code for _ in range(2)] == [200, 409]
    assert api.delete(path).status_code == 409
    empty = api.post(
        "JournalEntryVouchers/ManualJournals", {"VoucherDate": "2026-05-31", "CurrencyCode": "NOK"}
    )
    assert api.post(f"JournalEntryVouchers/{empty.json()['Id']}/submitForApproval", {}).status_code == 409


def test_rejected_draft(api: Api) -> None:
    """A rejected draft leaves the workflow unposted, and can be submitted again."""
    identifier = draft(api, "SupplierInvoices")["Id"]
    api.post(f"JournalEntryVouchers/{identifier}/submitForApproval", {})
    path = f"VoucherApproval/{identifier}"
    assert api.post(path, {"VoucherApprovalStatus": "Reject"}).status_code == 400  # Comment is required
    rejected = api.post(path, {"VoucherApprovalStatus": "Reject", "Comment": "Feil"}).json()
    assert (rejected["IsPosted"], rejected["InApprovalWorkflow"]) == (False, False)
    shown = api.get(f"JournalEntryVouchers/SupplierInvoices/{identifier}").json()
    assert (shown["ApprovalState"], shown["VoucherState"]) == ("Rejected", "IsDraft")
    assert api.post(path, COMMENT).status_code == 404
    assert approved(api, identifier).status_code == 200


def test_what_cannot_be_posted_stays(api: Api) -> None:
    """Approving a draft that does not balance is 400 and leaves it waiting."""
    made = draft(api)
    api.post(
        f"JournalEntryVouchers/ManualJournals/{made['Id']}/VoucherLines",
        {"DebitAccountId": account(api, 6800), "CurrencyAmount": 7},
    )
    assert approved(api, made["Id"]).status_code == 400
    assert made["Id"] in {row["Id"] for row in api.get("VoucherApproval").json()}


def test_only_own_drafts(start: Callable[..., Api], client_of: type[Api]) -> None:
    """An application sees the drafts it made and those it is to approve, no others."""
    api = start()
    shop = client_of(api.sandbox, 0, application=1).login()
    mine = draft(shop)["Id"]
    assert [row["Id"] for row in shop.get("JournalEntryVouchers").json()] == [mine]
    assert mine not in {row["Id"] for row in api.get("JournalEntryVouchers").json()}
    assert api.get(f"JournalEntryVouchers/ManualJournals/{mine}").status_code == 404
    assert shop.get("VoucherApproval").status_code == 204


def test_drafts_of_the_beginning(api: Api) -> None:
    """Two drafts have arrived as EHF and wait for approval; only those have an EHF file."""
    rows = api.get("JournalEntryVouchers", OrderBy="Id").json()
    arrived = [row["Id"] for row in rows if row["OriginatedFromEhf"]]
    assert sorted(row["Id"] for row in api.get("VoucherApproval").json()) == arrived
    assert api.get(f"JournalEntryVouchers/{arrived[0]}/ehf").content.startswith(b"<?xml")
    assert api.get(f"JournalEntryVouchers/{rows[0]['Id']}/ehf").status_code == 404
    assert api.post(f"VoucherApproval/{arrived[0]}", COMMENT).json()["IsPosted"] is True


def test_pages(api: Api) -> None:
    """A page is a PDF or an image, is named by its voucher, and becomes documentation when that is posted."""
    identifier = draft(api)["Id"]
    path = f"JournalEntryVouchers/{identifier}/VoucherPages"
    assert upload(api, "POST", path).status_code == 201
    assert upload(api, "POST", path, b"\xff\xd8", "side.jpg").status_code == 201
    assert upload(api, "POST", path, name="side.docx").status_code == 400
    pages = api.get(f"JournalEntryVouchers/ManualJournals/{identifier}").json()["Pages"]
    assert api.get(f"{path}/{pages[0]['Id']}").content == PDF
    approved(api, identifier)
    about = api.get("VoucherDocumentation", id=identifier).json()[0]
    assert (about["HasPdf"], about["HasImages"], about["HasEhf"]) == (True, True, False)
    files = members(api.get("VoucherDocumentation/Download", id=identifier, documentationType="images"))
    assert list(files.values()) == [b"\xff\xd8"]
    assert api.delete(f"{path}/{pages[0]['Id']}").status_code == 409


def test_delete_page(api: Api) -> None:
    """A page of a draft can be taken away."""
    identifier = draft(api)["Id"]
    upload(api, "POST", f"JournalEntryVouchers/{identifier}/VoucherPages")
    page = api.get(f"JournalEntryVouchers/ManualJournals/{identifier}").json()["Pages"][0]["Id"]
    assert api.delete(f"JournalEntryVouchers/{identifier}/VoucherPages/{page}").status_code == 200
    assert api.get(f"JournalEntryVouchers/{identifier}/VoucherPages/{page}").status_code == 404
