"""What the tests of the flows share: accounts, vouchers, orders, files. Rule: plain HTTP."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests
    from sandbox_client import Api

PDF = b"%PDF-1.4\r\n--not a boundary\r\n\x00\xff\r\n%%EOF\r\n"


def account(api: Api, number: int) -> int:
    """Give the id of an account."""
    return api.get("GeneralLedgerAccounts", accountNos=number).json()[0]["Id"]


def first(api: Api, path: str) -> dict[str, Any]:
    """Give the first row of a list."""
    return api.get(path, OrderBy="Id", PageSize=1).json()[0]


def voucher(api: Api, *lines: tuple[int, int, Any], date: str = "2026-05-31", **more: Any) -> dict[str, Any]:
    """Make the body of a voucher; a line is account id, VAT id and amount."""
    return {
        "VoucherDate": date,
        "CurrencyCode": "NOK",
        "VoucherLines": [
            {"AccountId": number, "VatId": vat, "CurrencyAmount": amount, "PostingDate": date}
            for number, vat, amount in lines
            or ((account(api, 6300), 100, 100), (account(api, 1920), 100, -100))
        ],
        **more,
    }


def order(api: Api, **more: Any) -> str:
    """Make an order of 1000 and VAT, and give its id."""
    line = {"ProductId": first(api, "Products")["Id"], "Quantity": 2, "ProductUnitPrice": 500}
    body = {"CustomerId": first(api, "Customers")["Id"], "SalesOrderLines": [line], **more}
    return api.post("SalesOrders/Complete", body).json()["Id"]


def send(api: Api, identifier: str, **body: Any) -> requests.Response:
    """Ask for an order to be sent."""
    return api.post(f"SalesOrders/{identifier}/createAndSendInvoice", {"DeliveryType": "Auto", **body})


def upload(
    api: Api, method: str, path: str, content: bytes = PDF, name: str = "bilag.pdf", **params: Any
) -> requests.Response:
    """Send a file."""
    return api.session.request(method, f"{api.base}/{path}", files={"file": (name, content)}, params=params)


def balance(api: Api, number: int) -> float:
    """Give the balance of an account, all days."""
    return api.get("TrialBalance", date="2099-12-31", accountNos=number).json()[0]["Balance"]


def members(answer: requests.Response) -> dict[str, bytes]:
    """Give the files of a zip."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
