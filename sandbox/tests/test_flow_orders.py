"""Sales orders: lines, attachments, and the way to an invoice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flow_client import PDF, balance, first, members, order, send, upload

if TYPE_CHECKING:
    import requests
    from sandbox_client import Api


def state(api: Api, identifier: str) -> dict:
    """Give the sent state of an order."""
    return api.get("SalesOrders/sentState", id=identifier).json()[0]


def test_lines_carry_the_head(api: Api) -> None:
    """Lines are made, changed and deleted one by one, and the sums of the order follow."""
    identifier = order(api)
    made = api.post(
        f"SalesOrders/{identifier}/Lines", {"ProductId": 52001, "Quantity": 1, "ProductUnitPrice": 100}
    )
    assert made.status_code == 201
    path = f"SalesOrders/{identifier}/Lines/{made.json()['Id']}"
    assert api.get(path).json() == made.json()
    assert api.get(f"SalesOrders/{identifier}").json()["NetAmount"] == 1100
    patched = api.patch(path, [{"op": "replace", "path": "/Quantity", "value": "3"}])
    assert (patched.status_code, patched.json()["TotalAmount"]) == (200, 375)
    head = api.get(f"SalesOrders/{identifier}").json()
    assert (head["NetAmount"], head["TotalAmount"], head["LineCount"]) == (1300, 1625, 2)
    assert api.delete(path).status_code == 200
    assert len(api.get(f"SalesOrders/{identifier}/Lines").json()) == 1


def test_codes_of_a_line_cannot_be_patched(api: Api) -> None:
    """A line is patched by ids; its code twins are not found."""
    identifier = order(api)
    line = api.get(f"SalesOrders/{identifier}/Lines").json()[0]["Id"]
    answer = api.patch(
        f"SalesOrders/{identifier}/Lines/{line}",
        [{"op": "replace", "path": "/ProductCode", "value": "V-0002"}],
    )
    assert (answer.status_code, "ProductCode" in answer.json()["detail"]) == (400, True)


def test_line_of_another_order(api: Api) -> None:
    """A line is found only below its own order."""
    one, other = order(api), order(api)
    line = api.get(f"SalesOrders/{one}/Lines").json()[0]["Id"]
    assert api.get(f"SalesOrders/{other}/Lines/{line}").status_code == 404


def test_vat_follows_the_sales_account(api: Api) -> None:
    """A line on the optional sales account has the VAT of that account."""
    body = {"ProductId": 52001, "Quantity": 1, "ProductUnitPrice": 100, "UseStandardSalesAccount": False}
    line = api.post(f"SalesOrders/{order(api)}/Lines", body).json()
    assert (line["VatCode"], line["VatAmount"], line["TotalAmount"]) == ("5", 0, 100)


def test_confirmed_orders_stay_as_they_are(api: Api) -> None:
    """Lines of an order that is no draft are neither added, changed nor deleted."""
    identifier = order(api, SalesOrderStatus="Confirmed")
    line = api.get(f"SalesOrders/{identifier}/Lines").json()[0]["Id"]
    path = f"SalesOrders/{identifier}/Lines"
    answers = (
        api.post(path, {"Quantity": 1}),
        api.patch(f"{path}/{line}", [{"op": "replace", "path": "/Quantity", "value": 9}]),
        api.delete(f"{path}/{line}"),
    )
    assert [answer.status_code for answer in answers] == [400, 400, 409]


def test_order_becomes_an_invoice(api: Api) -> None:
    """202 with a Location to poll; then the order is gone, and voucher, ledger and invoice agree."""
    identifier, sales = order(api, ExternalImportReference="o-1"), balance(api, 3000)
    asked = send(api, identifier, VoucherDate="2026-04-30", OverrideDueDate="2026-05-20")
    assert (asked.status_code, asked.json()["Id"]) == (202, identifier)
    poll = api.session.get(asked.headers["Location"]).json()[0]
    assert (poll["IsInvoiceBeingProcessed"], poll["InvoiceNo"]) == (True, None)
    done = state(api, identifier)
    assert (done["IsInvoiceBeingProcessed"], done["LastErrorMessage"]) == (False, None)
    assert api.get(f"SalesOrders/{identifier}").status_code == 404
    invoice = api.get("OutgoingInvoices", invoiceNos=done["InvoiceNo"]).json()[0]
    assert (invoice["NetAmount"], invoice["TotalAmount"], invoice["DueDate"]) == (1000, 1250, "2026-05-20")
    assert invoice["SentDateTimeOffset"] == done["SentDateTimeOffset"]
    rows = api.ledger(voucherNos=invoice["VoucherNo"], OrderBy="Id").json()
    assert [(row["AccountNo"], row["Amount"]) for row in rows] == [(1500, 1250), (3000, -1000), (2700, -250)]
    assert {row["VoucherId"] for row in rows} == {invoice["Id"]} == {identifier}
    assert balance(api, 3000) == sales - 1000
    assert api.get(f"OutgoingInvoices/{invoice['Id']}/Lines").json()[0]["NetAmount"] == 1000


def test_negative_order_is_a_credit_note(api: Api) -> None:
    """An order below zero becomes a credit note."""
    line = {"ProductId": first(api, "Products")["Id"], "Quantity": -1, "ProductUnitPrice": 80}
    identifier = order(api, SalesOrderLines=[line])
    send(api, identifier)
    state(api, identifier)
    number = state(api, identifier)["InvoiceNo"]
    assert api.get("OutgoingInvoices", invoiceNos=number).json()[0]["VoucherType"] == "OutgoingCreditNote"


@pytest.mark.parametrize("polls", [0, 3])
def test_polls_until_sent(start: Callable[..., Api], polls: int) -> None:
    """send_polls sets how many polls find the invoice being processed."""
    api = start(send_polls=polls)
    identifier = order(api)
    send(api, identifier)
    seen = [state(api, identifier)["IsInvoiceBeingProcessed"] for _ in range(polls + 1)]
    assert seen == [True] * polls + [False]


def test_seconds_until_sent(start: Callable[..., Api]) -> None:
    """send_seconds sets how long it takes on the sandbox's clock, whoever asks."""
    api = start(send_polls=0, send_seconds=60)
    identifier = order(api)
    send(api, identifier)
    assert state(api, identifier)["IsInvoiceBeingProcessed"] is True
    api.sandbox.advance(61)
    assert api.get(f"SalesOrders/{identifier}").status_code == 404


def test_failed_sending(start: Callable[..., Api]) -> None:
    """send_result=failed ends in LastErrorMessage; the order is still there and can be sent again."""
    api = start(send_polls=0, send_result="failed")
    identifier = order(api)
    send(api, identifier)
    failed = state(api, identifier)
    assert (failed["InvoiceNo"], failed["IsInvoiceBeingProcessed"]) == (None, False)
    assert failed["LastErrorMessage"]
    api.sandbox.set(send_result="sent")
    assert send(api, identifier).status_code == 202
    assert state(api, identifier)["InvoiceNo"]


@pytest.mark.parametrize("result", ["fallback", "undelivered"])
def test_invoiced_with_an_error(start: Callable[..., Api], result: str) -> None:
    """send_result: an invoice that was sent another way, and one that reached nobody; the order is gone."""
    api = start(send_polls=0, send_result=result)
    identifier = order(api)
    send(api, identifier)
    ended = state(api, identifier)
    assert ended["LastErrorMessage"]
    assert bool(ended["SentDateTimeOffset"]) == (result == "fallback")
    assert api.get(f"OutgoingInvoices/{identifier}").json()["InvoiceNo"] == ended["InvoiceNo"]
    assert api.get(f"SalesOrders/{identifier}").status_code == 404


def test_state_that_lags(start: Callable[..., Api]) -> None:
    """send_lag: sentState tells of a request later than it was made, and so of its end."""
    api = start(send_polls=0, send_lag=60)
    identifier = order(api)
    send(api, identifier)
    assert api.get("SalesOrders/sentState", id=identifier).status_code == 204
    assert api.get(f"SalesOrders/{identifier}").status_code == 404
    api.sandbox.advance(61)
    assert state(api, identifier)["InvoiceNo"]


@pytest.mark.parametrize("switch", ["free", "taken"])
def test_reference_of_a_sent_order(start: Callable[..., Api], switch: str) -> None:
    """invoiced_reference: whether a new order may have the reference of one that became an invoice."""
    api = start(send_polls=0, invoiced_reference=switch)
    identifier = order(api, ExternalImportReference="o-1")
    send(api, identifier)
    state(api, identifier)
    body = {"CustomerId": first(api, "Customers")["Id"], "ExternalImportReference": "o-1"}
    answer = api.post("SalesOrders/Complete", body)
    assert answer.status_code == (201 if switch == "free" else 400)
    assert switch == "free" or f"Id = {identifier}" in answer.json()["detail"]


def test_sending_twice(api: Api) -> None:
    """An order being processed cannot be sent again."""
    identifier = order(api)
    assert [send(api, identifier).status_code for _ in range(2)] == [202, 400]


def test_missing_right_to_send(start: Callable[..., Api]) -> None:
    """Without the right to send, 400 "Missing privilege"; send_invoice_field shows the right."""
    api = start(send_invoice_field="present")
    api.sandbox.set_privileges(allow_send_invoice=False)
    assert send(api, order(api)).status_code == 202  # the token is older
    answer = send(api.login(), order(api))
    assert (answer.status_code, answer.json()["title"]) == (400, "Missing privilege")
    assert api.get("ClientIntegrationInformation").json()["AllowSendInvoice"] is False
    api.sandbox.set(send_invoice_field="absent")
    assert "AllowSendInvoice" not in api.get("ClientIntegrationInformation").json()


def test_state_of_an_order_never_sent(api: Api) -> None:
    """There is no state before an order was asked to be sent."""
    assert api.get("SalesOrders/sentState", id=order(api)).status_code == 204
    assert api.get("SalesOrders/sentState", id="nonsense").status_code == 400
    api.sandbox.set(unsent_state="row")
    unsent = state(api, order(api))
    assert (unsent["IsInvoiceBeingProcessed"], unsent["InvoiceNo"], unsent["LastErrorMessage"]) == (
        False,
        None,
        None,
    )
    api.sandbox.set(unsent_state="404")
    assert api.get("SalesOrders/sentState", id=order(api)).status_code == 404


def test_attachments(api: Api) -> None:
    """A file comes back byte for byte, is listed with its size, and documents the invoice."""
    identifier = order(api)
    path = f"SalesOrders/{identifier}/attachments"
    assert api.get(path).status_code == 204
    made = upload(api, "POST", path, name="blå.pdf")
    assert (made.status_code, made.json()["FileName"], made.json()["FileSize"]) == (201, "blå.pdf", len(PDF))
    file = api.get(f"{path}/{made.json()['Id']}")
    assert (file.content, file.headers["Content-Type"]) == (PDF, "application/pdf")
    extra = upload(api, "POST", path).json()["Id"]
    assert api.delete(f"{path}/{extra}").status_code == 200
    assert [row["Id"] for row in api.get(path).json()] == [made.json()["Id"]]
    send(api, identifier)
    state(api, identifier)
    number = state(api, identifier)["InvoiceNo"]
    voucher = api.get("OutgoingInvoices", invoiceNos=number).json()[0]["Id"]
    assert api.get("VoucherDocumentation", id=voucher).json()[0]["HasSalesOrderAttachments"] is True
    assert members(api.get("VoucherDocumentation/Download", id=voucher))["blå.pdf"] == PDF


def test_upload_without_a_file(api: Api) -> None:
    """An upload that is no multipart, or has another field, is 400."""
    url = f"{api.base}/SalesOrders/{order(api)}/attachments"
    wrong: list[requests.Response] = [
        api.session.post(url, data=PDF),
        api.session.post(url, files={"document": PDF}),
        api.session.post(url, files={"file": ("a.pdf", b"")}),
    ]
    assert [answer.status_code for answer in wrong] == [400] * 3
