"""
Valid input for every operation: ids from the sandbox's own lists, bodies from the OpenAPI file's schemas.

Rule: what a schema cannot know (which row to take, which account to post to) is in :mod:`operation_paths` and
:mod:`operation_bodies`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi import Operation, example, operations
from operation_bodies import BODIES, PATCHES, numbers
from operation_paths import PATHS, QUERIES

if TYPE_CHECKING:
    from sandbox_client import Api

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
WRONG = {"integer": "424242424242", "string": "0a000000-0000-4000-8000-00000000dead"}
REQUIRED = {
    "fromDate": "2022-01-01",
    "toDate": "2030-12-31",
    "date": "2030-12-31",
    "fromCurrency": "EUR",
    "toCurrency": "NOK",
    "asOnDate": "2025-03-03",
}


class Inputs:
    """Makes input for one client's sandbox."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Give the rows of a list."""
        answer = self.api.get(path.lstrip("/"), **params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
        return answer.json()

    def first(self, path: str, field: str = "Id", **wanted: Any) -> Any:
        """Give a field of the first row that has these values."""
        order = field if field == "AccessRoleId" else "Id"
        rows = self.rows(path, OrderBy=order, PageSize=200)
        return next(row[field] for row in rows if all(row[key] == value for key, value in wanted.items()))

    def make(self, path: str, template: str = "") -> dict[str, Any]:
        """Make a row by a POST."""
        operation = next(
            item for item in operations() if item.method == "POST" and item.path == (template or path)
        )
        answer = self.api.post(path.lstrip("/"), self.body(operation))
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def body(self, operation: Operation) -> Any:
        """Give a valid body."""
        made = example(operation.body or {"type": "object"})
        extra = BODIES.get(operation.path, lambda _inputs: {})(self)
        return {**made, **extra}

    def patch(self, operation: Operation) -> list[dict[str, Any]]:
        """Give a valid JSON Patch: one field."""
        name, value = PATCHES.get(operation.path, ("Name", f"Endret {next(numbers)}"))
        return [{"op": "replace", "path": f"/{name}", "value": value}]

    def path(self, operation: Operation) -> str:
        """Give the path with ids of rows that are there; a row to delete is made first."""
        if operation.path in PATHS:
            return PATHS[operation.path](self)
        done = ""
        parts = operation.path.lstrip("/").split("/")
        for index, part in enumerate(parts):
            is_last = index == len(parts) - 1
            if not part.startswith("{"):
                done += f"/{part}"
            elif operation.method == "DELETE" and is_last:
                done += f"/{self.make(done, '/' + '/'.join(parts[:-1]))['Id']}"
            else:
                done += f"/{self.first(done)}"
        return done.lstrip("/")

    def wrong_path(self, operation: Operation) -> str:
        """Give the path with an id no row has."""
        path = operation.path
        for item in operation.facts.get("parameters", ()):
            if item["in"] == "path":
                path = path.replace(f"{{{item['name']}}}", WRONG[item["schema"]["type"]])
        return path.lstrip("/")

    def params(self, operation: Operation) -> dict[str, Any]:
        """Give the required query parameters, and those without which there is nothing to see."""
        needed = {item["name"] for item in operation.query if item.get("required")}
        made = {name: QUERIES[path, name](self) for path, name in QUERIES if path == operation.path}
        return {**{name: REQUIRED[name] for name in needed - made.keys()}, **made}

    def account(self, number: int) -> int:
        """Give the id of an account."""
        return self.rows("GeneralLedgerAccounts", accountNos=number)[0]["Id"]

    def draft(self, kind: str) -> dict[str, Any]:
        """Make a draft voucher."""
        return self.make(f"/JournalEntryVouchers/{kind}")

    def draft_line(self, kind: str) -> str:
        """Make a draft voucher with a line, and give the line's path."""
        voucher = self.draft(kind)["Id"]
        path = f"/JournalEntryVouchers/{kind}/{voucher}/VoucherLines"
        made = self.make(path, f"/JournalEntryVouchers/{kind}/{{id}}/VoucherLines")
        lines = next(value for name, value in made.items() if name.endswith("Lines") and value)
        return f"{path}/{lines[-1]['Id']}".lstrip("/")

    def page(self) -> str:
        """Make a draft voucher with a page, and give the page's path."""
        path = f"JournalEntryVouchers/{self.draft('ManualJournals')['Id']}/VoucherPages"
        answer = self.upload("POST", path)
        assert answer.ok, answer.text
        voucher = self.api.get(path.replace("JournalEntryVouchers", "JournalEntryVouchers/ManualJournals")
                               .removesuffix("/VoucherPages")).json()  # fmt: skip
        return f"{path}/{voucher['Pages'][-1]['Id']}"

    def order(self) -> str:
        """Make a draft order with a line."""
        return self.make("/SalesOrders/Complete")["Id"]

    def attachment(self) -> str:
        """Make an order with an attachment, and give its path."""
        path = f"SalesOrders/{self.order()}/attachments"
        return f"{path}/{self.upload('POST', path).json()['Id']}"

    def upload(self, method: str, path: str, **params: Any) -> Any:
        """Send a file."""
        files = {"file": ("bilag.pdf", PDF, "application/pdf")}
        return self.api.session.request(method, f"{self.api.base}/{path}", files=files, params=params)

    def sent(self) -> str:
        """Make an order and send it as an invoice."""
        order = self.order()
        assert self.api.post(f"SalesOrders/{order}/createAndSendInvoice", {"DeliveryType": "Auto"}).ok
        return order

    def invoice(self) -> str:
        """Post an invoice; the POST is newer than the OpenAPI file."""
        customer = self.rows("Customers", OrderBy="Id", PageSize=1)[0]
        line = {"AccountId": self.account(3000), "CurrencyAmount": 100, "VatId": 103}
        body = {
            "CustomerAccountId": customer["SubledgerAccountId"],
            "VoucherDate": "2025-03-01",
            "CurrencyCode": "NOK",
            "InvoiceNo": str(900_000 + next(numbers)),
            "OutgoingInvoiceLines": [line],
        }
        answer = self.api.post("Vouchers/OutgoingInvoiceJournals", body)
        assert answer.ok, answer.text
        return answer.json()["Id"]

    def last_client(self) -> str:
        """Give the partner's client that was made last; no user is there yet."""
        return self.rows("ClientAdmin/Clients", OrderBy="Id")[-1]["Id"]

    def client(self) -> str:
        """Give a client of the partner."""
        return self.first("ClientAdmin/Clients")
