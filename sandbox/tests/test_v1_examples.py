"""
What the vendor's own examples of v1 send, replayed as raw requests: none is refused.

The examples are those of the public repository ``PowerOffice/go-api``; paths, names of fields and values
are facts of theirs, codes are such as the sandbox's books have, and days are after the day the books are
locked. The lines of DebtCollectionDemo have products here, as the reference asks for them on normal lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from v1_bodies import DAY, PDF, journal
from v1_client import V1Api

NOW = f"{DAY}T13:37:00.1234567+01:00"
NO_CODES = {"departmentCode": None, "projectCode": None, "productCode": None, "cid": None}
HEAD = {"departmentCode": "10", "projectCode": "P100"}


@pytest.fixture
def api(start_v1: Callable[..., V1Api]) -> V1Api:
    """Give a client of books in which what is queued is done at once."""
    return start_v1(queue_seconds=0.0)


def saved(api: V1Api, path: str, body: Any) -> dict[str, Any]:
    """POST what must succeed."""
    answer = api.send("POST", path, body).json()
    assert answer["success"] is True, answer
    return answer["data"]


def done(answer: Any) -> None:
    """Check an answer without data."""
    assert answer.json() == {"success": True}


def first(api: V1Api, path: str, condition: str) -> dict[str, Any]:
    """Look a row up as the examples do: the first of a filter."""
    return api.rows(path, filter=condition, orderby="Code", skip=0, top=1)[0]


def test_customers_and_projects(api: V1Api) -> None:
    """CustomerDemo and ProjectDemo: make, list by a start, find, change whole, delete."""
    for path, body, field in (
        ("Customer", {"name": "My new customer", "vatNumber": "999999997"}, "VatNumber eq '999999997'"),
        ("Project", {"code": "P105X", "name": "My new project"}, "Code eq 'P105X'"),
    ):
        saved(api, path, body)
        text = "startswith(toupper(Name), 'MY') eq true"
        assert len(api.rows(path, filter=text, orderby="Id", skip=0, top=50)) == 1
        row = first(api, path, field)
        assert saved(api, path, {**row, "name": "My changed one"})["name"] == "My changed one"
        done(api.send("DELETE", f"{path}/{row['id']}"))


def test_products(api: V1Api) -> None:
    """ProductDemo: a group, its product, and both deleted in their order."""
    accounts = {"salesAccount": 3000, "vatExemptSalesAccount": 3100, "type": 1}
    group = {
        "code": "IOT-17144",
        "name": "Sandwiches",
        "description": "All of them",
        "unit": "each",
        **accounts,
    }
    saved(api, "ProductGroup", group)
    found = first(api, "ProductGroup", "Code eq 'IOT-17144'")
    changed = saved(api, "ProductGroup", {**found, "name": "Footlong", "description": "Most of them"})
    body = {
        "code": "1",
        "name": "Footlong",
        "description": "One",
        "costPrice": 10.5,
        "salesPrice": 50,
        "productGroupId": changed["id"],
        "gtin": "",
        "unitOfMeasureCode": 5,
        **accounts,
    }
    saved(api, "Product", body)
    sandwich = first(api, "Product", "Code eq '1'")
    done(api.send("DELETE", f"Product/{sandwich['id']}"))
    done(api.send("DELETE", f"ProductGroup/{changed['id']}"))


def test_outgoing_invoice(api: V1Api) -> None:
    """OutgoingInvoice: list by order date, make, read, add a line, set a delivery address, save, delete."""
    assert api.rows("OutgoingInvoice/List", filter="OrderDate gt DateTimeOffset'2025-06-01T00:00:00Z'")
    line = {
        "lineType": 0,
        "productCode": "1000",
        "description": "Test",
        "quantity": 5.0,
        "unitOfMeasure": "ea",
        "unitPrice": 5000.0,
        "exemptVat": False,
        "discountPercent": 0.1,
        "sortOrder": 0,
    }
    body = {
        "customerCode": 10000,
        "contractNo": "12345",
        "currencyCode": "NOK",
        "customerReference": "Reference",
        "orderDate": NOW,
        "purchaseOrderNo": "123",
        "importedOrderNo": 5555,
        "deliveryDate": NOW,
        "status": 0,
        "outgoingInvoiceLines": [line, {"lineType": 1, "description": "Description line", "sortOrder": 1}],
        **HEAD,
    }
    key = saved(api, "OutgoingInvoice", body)["id"]
    invoice = api.get(f"OutgoingInvoice/{key}").json()["data"]
    more = {"description": "Test", "discountPercent": 0.5, "exemptVat": False, "lineType": 0, "quantity": 5}
    invoice["outgoingInvoiceLines"].append({**more, "productCode": "1000", "sortOrder": 2})
    invoice["deliveryAddressId"] = 17506
    assert len(saved(api, "OutgoingInvoice", invoice)["outgoingInvoiceLines"]) == 3
    done(api.send("DELETE", f"OutgoingInvoice/{key}"))


def test_debt_collection(api: V1Api) -> None:
    """DebtCollectionDemo: two invoices are sent, put into a case; it is closed, merged, deleted."""
    assert api.get("DebtCollection/IsActiveDebtCollection").json() == {"success": True, "data": True}
    name = "Test Debt Collection Customer"
    customer = saved(
        api,
        "Customer",
        {"name": name, "vatNumber": "999638", "emailAddress": "test@example.no", "invoiceDeliveryType": 2},
    )
    keys = []
    for quantity, price in ((2, 1000), (1, 2500)):
        line = {"lineType": 0, "productCode": "1000", "description": "Test Product", "quantity": quantity}
        more = {"unitPrice": price, "exemptVat": False, "sortOrder": 0}
        head = {"customerCode": customer["code"], "orderDate": NOW, "currencyCode": "NOK"}
        body = {**head, "customerReference": "Debt Collection", "outgoingInvoiceLines": [{**line, **more}]}
        keys.append(saved(api, "OutgoingInvoice", body)["id"])
        done(api.send("POST", "OutgoingInvoice/SendInvoice", {"invoiceId": keys[-1], "deliveryType": 1}))
    path = "DebtCollection"
    ours = [row for row in api.rows(f"{path}/Invoices/AvailableInvoices") if row["id"] in keys]
    assert [row["remainingAmount"] for row in ours] == [2500, 3125]
    case = saved(api, path, {"code": str(customer["code"]), "invoices": ours})
    assert case["status"] == 0
    case = saved(api, f"{path}/AddInvoicesToCase", {"caseId": case["id"], "invoiceIds": keys})
    assert [row["id"] for row in case["invoices"]] == keys
    assert not {row["id"] for row in api.rows(f"{path}/Invoices/AvailableInvoices")} & set(keys)
    assert case["id"] in {row["id"] for row in api.rows(path)}
    invoices = api.get(f"{path}/{case['id']}").json()["data"]["invoices"]
    assert {(row["customerCode"], row["currencyCode"]) for row in invoices} == {(customer["code"], "NOK")}
    assert api.rows(f"{path}/GetAllMatchedItems", fromDateTime="2025-01-01T00:00:00+01:00") == []
    assert saved(api, f"{path}/UpdateStatus", {"caseId": case["id"], "statusText": "Closed"})["status"] == 0
    closed = {"caseId": case["id"], "statusText": "Done", "isCaseClosed": True}
    assert saved(api, f"{path}/UpdateStatus", closed)["status"] == 10
    other = saved(api, path, {"code": "2"})
    merged = saved(
        api, f"{path}/MergeCases", {"caseIds": [other["id"], case["id"], case["id"]], "caseNo": "3"}
    )
    assert (merged["code"], [row["id"] for row in merged["invoices"]]) == ("3", keys)
    done(api.send("DELETE", f"{path}/{merged['id']}"))
    assert api.rows(path) == []


def test_recurring_invoice(api: V1Api) -> None:
    """RecurringInvoice: list, make, change the way of sending and add a text line, delete."""
    assert api.rows("RecurringInvoice/List")
    line = {
        "productCode": "1000",
        "description": "Overridden",
        "quantity": 15,
        "unitOfMeasure": "EA",
        "unitPrice": 1250,
    }
    body = {
        "isActive": False,
        "nextInvoiceDate": "2026-10-01T00:00:00",
        "daysInAdvance": 1,
        "repeatTimes": 12,
        "sendFrequency": 1,
        "sendFrequencyUnit": 1,
        "sendMethod": 0,
        "customerCode": 10000,
        "currencyCode": "NOK",
        "ourReferenceEmployeeCode": 1,
        "contractNo": "Test",
        "purchaseOrderNo": "Test",
        **HEAD,
        "outgoingInvoiceLines": [{**line, "lineType": 0, "sortOrder": 0}],
    }
    made = api.get(f"RecurringInvoice/{saved(api, 'RecurringInvoice', body)['id']}").json()["data"]
    made["outgoingInvoiceLines"].append({"lineType": 1, "description": "More", "sortOrder": 2**31 - 1})
    changed = saved(api, "RecurringInvoice", {**made, "sendMethod": 1, "isActive": True})
    assert (changed["sendMethod"], len(changed["outgoingInvoiceLines"])) == (1, 2)
    done(api.send("DELETE", f"RecurringInvoice/{made['id']}"))


VOUCHERS: dict[str, dict[str, Any]] = {
    "BankJournalVoucher": journal((10000, -50000), (1920, 50000), **NO_CODES) | HEAD,
    "CashJournalVoucher": journal((3000, -50000), (1920, 50000), **NO_CODES) | HEAD,
    "PayrollJournalVoucher": journal((5000, 50000), (1920, -50000), **NO_CODES) | HEAD,
    "ManualJournalVoucher": journal((3000, -50000), (1920, 50000), vatCode="0"),
    "YearEndJournalVoucher": {
        "currencyCode": "NOK",
        "voucherDate": DAY,
        "description": "Testbilag",
        **HEAD,
        "lines": [
            {"accountCode": 1200, "amount": 50000, "currencyCode": "NOK", "description": "a", **NO_CODES},
            {"accountCode": 2050, "amount": -50000, "currencyCode": "NOK", "description": "b", **NO_CODES},
        ],
    },
    "ExpenseVoucher": {
        "currencyCode": "NOK",
        "voucherDate": DAY,
        "dueDate": DAY,
        "description": "Testbilag",
        "employeeCode": 1,
        "employeeBankAccountCode": "12061614271",
        **HEAD,
        "lines": [{"accountCode": 4300, "amount": 50000, "description": "Noe", "departmentCode": None}],
    },
    "IncomingInvoiceVoucher": {
        "currencyCode": "NOK",
        "voucherDate": DAY,
        "dueDate": DAY,
        "supplierCode": 20000,
        "invoiceNo": "1",
        **HEAD,
        "lines": [{"accountCode": 4300, "amount": 50000, "vatCode": "1", "description": "Noe"}],
    },
    "OutgoingInvoiceVoucher": {
        "currencyCode": "NOK",
        "voucherDate": DAY,
        "dueDate": DAY,
        "customerCode": 10000,
        "invoiceNo": 99001,
        **HEAD,
        "lines": [{"accountCode": 3000, "amount": 50000, "vatCode": "3", "description": "Noe"}],
    },
}


@pytest.mark.parametrize("kind", VOUCHERS)
def test_vouchers(api: V1Api, kind: str) -> None:
    """VoucherDemo: the client's lock date; then each kind is posted, reversed, and read as reversed."""
    assert api.get("Client").json()["data"]["lockDate"] < DAY
    made = saved(api, f"Voucher/{kind}", VOUCHERS[kind])
    assert made["isReversed"] is False
    done(api.send("POST", f"Voucher/{kind}/Reverse/{made['id']}"))
    assert api.get(f"Voucher/{kind}/{made['id']}").json()["data"]["isReversed"] is True


def _import(kind: str) -> dict[str, Any]:
    when = {"documentDate": NOW, "documentNumber": 1, "postingDate": NOW, "currencyCode": "NOK"}
    invoice = [
        {
            "amount": 100.0,
            "currencyAmount": 100.0,
            "customerCode": 10000,
            "dueDate": NOW,
            "cid": "7123451002",
            "reference": "Reference here",
            "invoiceNo": "100",
            "description": "test1",
            "accountNumber": 0,
            **when,
        },
        {
            "accountNumber": 3000,
            "amount": -100.0,
            "currencyAmount": -100.0,
            "vatCode": "3",
            "quantity": 1.0,
            "description": "test2",
            "productCode": "1000",
            **when,
        },
    ]
    empty = {"departmentCode": "", "projectCode": "", "quantity": 0}
    payroll = [
        {"accountNumber": code, "amount": amount, **when, **empty}
        for code, amount in ((1570, 23576), (2600, -23576))
    ]
    order = {
        "orderNo": 1234,
        "orderDate": NOW,
        "customerCode": 10000,
        "reference": "Sales order",
        "paymentTerms": 14,
        "currency": "NOK",
        "mergeWithPreviousOrder": False,
        "salesOrderLines": [
            {"productCode": "1000", "quantity": 5, "discount": 10, "salesOrderLineUnitPrice": 1000},
            {"description": "A description", "quantity": 0},
        ],
    }
    return {
        "invoices": {"description": "Invoices", "type": 1, "date": NOW, "importLines": invoice},
        "payroll": {"description": "Payroll", "type": 3, "date": NOW, "importLines": payroll},
        "orders": {"description": "Orders", "date": NOW, "salesOrders": [order]},
    }[kind]


@pytest.mark.parametrize("kind", ["invoices", "payroll", "orders"])
def test_imports(api: V1Api, kind: str) -> None:
    """ImportDemo: an import is saved, listed among those not posted, and posted whole."""
    made = saved(api, "Import", _import(kind))
    assert made["id"] in {row["id"] for row in api.rows("Import", filter="IsPosted eq false")}
    done(api.send("POST", "Import/Post", made))
    assert api.get(f"Import/{made['id']}/status").json()["data"]["isPosted"] is True
    assert api.rows("Import", filter="IsPosted eq false") == []


def test_journal_entry(api: V1Api) -> None:
    """JournalEntryDemo: drafts are listed with their lines, and one is made with its file."""
    assert all(row["voucherLines"] for row in api.rows("JournalEntryVoucher"))
    line = {
        "date": DAY,
        "debitAccountCode": 1920,
        "debitVatCode": None,
        "creditAccountCode": 3000,
        "creditVatCode": "3",
        "currencyCode": "NOK",
        "amount": 150000,
        "departmentCode": None,
        "projectCode": None,
        "description": "x",
    }
    body = {
        "voucherType": 4,
        "description": "Test",
        "voucherDate": DAY,
        "currencyCode": "NOK",
        "voucherLines": [line],
        "file": {"fileName": "Test.pdf", "fileType": 1, "base64EncodedData": PDF},
    }
    assert "file" not in saved(api, "JournalEntryVoucher", body)


def test_payroll_and_hours(api: V1Api) -> None:
    """Payroll and TimeTracking: pay items, a salary line; an entry by obsolete hours."""
    assert first(api, "Payroll/PayItem", "Code eq '120'")["name"]
    wage = {"employeeCode": 2, "payItemCode": "120", "quantity": 100, "comment": "On the payslip", **HEAD}
    made = saved(api, "Payroll/SalaryLine", wage)
    done(api.send("DELETE", f"Payroll/SalaryLine/{made['id']}"))
    assert api.rows("TimeTracking/HourType")
    assert api.rows("TimeTracking/Activity")
    path = "TimeTracking/TimeTrackingEntry"
    assert api.rows(path, filter="Date ge DateTimeOffset'2025-01-01T00:00:00Z'", orderby="Date")
    body = {
        "activityCode": "100",
        "date": DAY,
        "comment": "A comment",
        "hours": 12.0,
        "minutes": 0,
        "employeeCode": 1,
        "projectCode": "P101",
        "hourType": "Overtid 100 %",
    }
    entry = saved(api, path, body)
    assert entry["minutes"] == 720
    assert saved(api, path, {**entry, "hours": 24.0})["minutes"] == 1440


def test_accounts_and_reports(api: V1Api) -> None:
    """GeneralLedgerAccounts and Reporting: an account, balances, transactions, matches."""
    account = {
        "code": 3016,
        "name": "Salgskonto 3016",
        "currencyCode": "NOK",
        "isActive": True,
        "vatCode": "3",
    }
    made = saved(api, "GeneralLedgerAccount", account)
    codes = [row["code"] for row in api.rows("GeneralLedgerAccount", orderby="Code")]
    assert codes == sorted(codes)
    done(api.send("DELETE", f"GeneralLedgerAccount/{made['id']}"))
    assert api.rows("Reporting/TrialBalance/", date="2025-12-31T00:00:00")
    days = {"fromDate": "2014-01-01", "toDate": "2026-11-29T23:59:59"}
    assert api.rows("Reporting/AccountTransactions/3000", **days)
    rows = api.rows("Reporting/CustomerLedger", orderby="Id", **days)
    match = next(row["matchId"] for row in rows if "matchId" in row)
    asked = {"matchDate": NOW, "entryIds": [row["id"] for row in rows if row.get("matchId") == match]}
    for path in ("UnmatchEntries", "MatchEntries"):
        done(api.send("POST", f"Reporting/CustomerLedger/{path}", asked))
