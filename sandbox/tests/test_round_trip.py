"""
What is written is read, and the documented ranges.

Written is what a POST of JSON makes, which are 43 of 48: 35 are read by a path of their own, 8 where
``ELSEWHERE`` says. The other 5 make no record, and ``ACTIONS`` says what they do.
The body has all documented fields that are plain, and the ids of what the books have; other references, codes
and numbers of rows, and fields that hold lists or objects, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from openapi import EXAMPLES, Operation, operations, target
from operation_bodies import numbers
from operation_inputs import Inputs
from sandbox_client import Api

from poweroffice_sandbox import Sandbox

Schema = dict[str, Any]
# The list a reference's id is taken from; other references are left out of the body.
LISTS = {
    "AccountId": "GeneralLedgerAccounts",
    "BrandingThemeId": "BrandingThemes",
    "CustomerId": "Customers",
    "DeliveryTermId": "DeliveryTerms",
    "DepartmentId": "Departments",
    "DepartmentManagerEmployeeId": "Employees",
    "EnterpriseId": "Enterprises",
    "GeneralLedgerAccountId": "GeneralLedgerAccounts",
    "LocationId": "Locations",
    "ManagerEmployeeId": "Employees",
    "PaymentTermId": "PaymentTerms",
    "PayItemId": "PayItems",
    "ProductGroupId": "ProductGroups",
    "ProductId": "Products",
    "ProjectId": "Projects",
    "ProjectManagerEmployeeId": "Employees",
    "SalesPersonEmployeeId": "Employees",
}
# Twins of an id in LISTS, by which people know what the id names: with both, the id wins.
TWINS = {"DeliveryTerm", "PaymentTerm", "PaymentTerms", "StandardSalesAccount", "OptionalSalesAccount"}
# Answered as something else: hidden without a special right.
OTHERWISE = {"NationalIdNumber"}


def _gets() -> set[str]:
    return {item.path for item in operations() if item.method == "GET" and not item.is_paged}


def _one(path: str) -> str | None:
    """Give the template by which a row made at a path is read."""
    found = [
        item for item in _gets() if item.startswith(f"{path}/{{") and item.count("/") == path.count("/") + 1
    ]
    return found[0] if found else None


def _last_line(inputs: Inputs, path: str, _made: Schema) -> Schema:
    """Give the last line of a draft voucher."""
    voucher = inputs.api.get(path.removesuffix("/VoucherLines")).json()
    return next(lines[-1] for name, lines in voucher.items() if name.endswith("VoucherLines"))


def _listed(inputs: Inputs, path: str, made: Schema) -> Schema:
    """Give a row of the list beside a path."""
    where = {"CreateNewClient": "Clients"}.get(path.rpartition("/")[2], "")
    rows = inputs.rows(f"{path.rpartition('/')[0]}/{where}".rstrip("/"))
    return next(row for row in rows if row["Id"] == made["Id"])


def _order(inputs: Inputs, _path: str, made: Schema) -> Schema:
    """Give an order with its lines, which have a list of their own."""
    path = f"SalesOrders/{made['Id']}"
    return {**inputs.api.get(path).json(), "SalesOrderLines": inputs.rows(f"{path}/Lines")}


# What has no path of its own, and where it is read.
ELSEWHERE: dict[str, Callable[[Inputs, str, Schema], Schema]] = {
    "/ClientAdmin/CreateNewClient": _listed,
    "/ClientAdmin/{clientId}/Users/AddPartnerUser": _listed,
    "/ClientAdmin/{clientId}/Users/Invite": _listed,
    "/JournalEntryVouchers/BankJournals/{id}/VoucherLines": _last_line,
    "/JournalEntryVouchers/ManualJournals/{id}/VoucherLines": _last_line,
    "/JournalEntryVouchers/SupplierCreditNotes/{id}/VoucherLines": _last_line,
    "/JournalEntryVouchers/SupplierInvoices/{id}/VoucherLines": _last_line,
    "/SalesOrders/Complete": _order,
}
# What makes no record that could be read.
ACTIONS = {
    "/JournalEntryVouchers/{id}/submitForApproval": "moves a voucher on; see test_flow_drafts",
    "/Onboarding/Finalize": "gives keys, without a token; see test_flow_access",
    "/Onboarding/Initiate": "gives an address, without a token; see test_flow_access",
    "/SalesOrders/{id}/createAndSendInvoice": "sends an order, which is done later; see test_flow_orders",
    "/VoucherApproval/{voucherId}": "moves a voucher on; see test_flow_drafts",
}
POSTS = [item for item in operations() if item.method == "POST" and item.is_json]
WRITABLE = [
    item
    for item in POSTS
    if "properties" in target(item.body or {}) and (_one(item.path) or item.path in ELSEWHERE)
]


@pytest.fixture(scope="module")
def inputs() -> Iterator[Inputs]:
    """Give the client with every privilege."""
    with Sandbox(rate_limit=0) as running:
        yield Inputs(Api(running, 3).login())


def _value(inputs: Inputs, name: str, schema: Schema) -> Any:
    """Make a value of a property; ``None`` leaves it out."""
    inner = target(schema)
    if "enum" in inner:
        return inner["enum"][-1]
    if name in LISTS:
        return inputs.first(LISTS[name])
    if (
        name in TWINS
        or name.endswith(("Id", "Ids", "No", "Nos", "Number", "Code", "Codes"))
        or inner["type"] in {"array", "object"}
    ):
        return None
    if inner["type"] == "string":
        plain = f"{name[:20]} {next(numbers)}"
        return EXAMPLES.get(inner.get("format", ""), plain)[: inner.get("maxLength", 100)]
    most = inner.get("maximum", 1_000)
    return {"integer": min(7, most), "number": 12.5, "boolean": True}[inner["type"]]


def _body(inputs: Inputs, operation: Operation) -> Schema:
    properties = target(operation.body or {})["properties"]
    made = {name: _value(inputs, name, item) for name, item in properties.items()}
    return {name: value for name, value in made.items() if value is not None} | inputs.body(operation)


def _same(sent: Any, read: Any) -> bool:
    if isinstance(sent, dict):
        return all(_same(value, read.get(name)) for name, value in sent.items())
    if isinstance(sent, list):
        return all(_same(one, other) for one, other in zip(sent, read, strict=True))
    if isinstance(sent, (int, float)) and not isinstance(sent, bool):
        return Decimal(str(sent)) == Decimal(str(read))
    return sent == read or str(sent)[:19] == str(read)[:19]


@pytest.mark.parametrize("operation", WRITABLE, ids=lambda item: item.path)
def test_written_is_read(inputs: Inputs, operation: Operation) -> None:
    """Every field of the body that answers have comes back as it was sent, when the row is read."""
    path, body = inputs.path(operation), _body(inputs, operation)
    made = inputs.api.post(path, body)
    assert made.status_code in operation.statuses, made.text
    found = ELSEWHERE.get(operation.path)
    read = found(inputs, path, made.json()) if found else inputs.api.get(f"{path}/{made.json()['Id']}").json()
    differ = {
        name: (value, read[name])
        for name, value in body.items()
        if name in read and name not in OTHERWISE and not _same(value, read[name])
    }
    assert differ == {}


RANGES = [
    (item, name, target(schema))
    for item in operations()
    if item.method == "POST" and item.body
    for name, schema in target(item.body).get("properties", {}).items()
    if "maximum" in target(schema)
]


@pytest.mark.parametrize(("operation", "name", "schema"), RANGES, ids=lambda item: getattr(item, "path", ""))
def test_ranges(inputs: Inputs, operation: Operation, name: str, schema: Schema) -> None:
    """A number outside the range of the description is refused, by POST and PATCH; its end is taken."""
    path, body = inputs.path(operation), inputs.body(operation)
    for value in (schema["minimum"] - 1, schema["maximum"] + 1):
        refused = inputs.api.post(path, {**body, name: value})
        assert (refused.status_code, name in refused.json()["detail"]) == (400, True)
    made = inputs.api.post(path, {**body, "Name": "Yttergrense", name: schema["maximum"]})
    assert made.ok, made.text
    one = f"{path}/{made.json()['Id']}"
    change = [{"op": "replace", "path": f"/{name}", "value": schema["maximum"] + 1}]
    assert inputs.api.patch(one, change).status_code == 400


def test_the_table_is_whole() -> None:
    """The tests above are of all rows that can be made; what makes none is named, and why."""
    assert {item.path for item in WRITABLE} | ACTIONS.keys() == {item.path for item in POSTS}
    assert (len(POSTS), len(WRITABLE), len(RANGES)) == (48, 43, 2)
