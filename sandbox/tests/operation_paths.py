"""Paths and required queries by template: which row an operation is tried on. Rule: a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operation_inputs import Inputs


def _voucher(kind: str) -> Callable[[Inputs], str]:
    return lambda inputs: f"Vouchers/{kind}/{inputs.make(f'/Vouchers/{kind}')['Id']}"


def _of_contact(name: str) -> Callable[[Inputs], str]:
    return lambda inputs: f"{name}/{inputs.first(name, 'ContactId')}/{inputs.first(name)}"


def _new_of_contact(name: str) -> Callable[[Inputs], str]:
    return lambda inputs: f"{name}/{inputs.first(name, 'ContactId')}"


_CONTACT_PARTS = ("ContactBankAccounts", "ContactDeliveryAddresses", "ContactPersons")
_KINDS = ("BankJournals", "ManualJournals", "SupplierCreditNotes", "SupplierInvoices")
PATHS: dict[str, Callable[[Inputs], Any]] = {
    **{f"/{name}/{{contactId}}": _new_of_contact(name) for name in _CONTACT_PARTS},
    **{f"/{name}/{{contactId}}/{{id}}": _of_contact(name) for name in _CONTACT_PARTS},
    **{
        f"/JournalEntryVouchers/{kind}/{{id}}": lambda i, kind=kind: (
            f"JournalEntryVouchers/{kind}/{i.draft(kind)['Id']}"
        )
        for kind in _KINDS
    },
    **{
        f"/JournalEntryVouchers/{kind}/{{id}}/VoucherLines": lambda i, kind=kind: (
            f"JournalEntryVouchers/{kind}/{i.draft(kind)['Id']}/VoucherLines"
        )
        for kind in _KINDS
    },
    **{
        f"/JournalEntryVouchers/{kind}/{{id}}/VoucherLines/{{lineId}}": lambda i, kind=kind: i.draft_line(
            kind
        )
        for kind in _KINDS
    },
    "/ClientAdmin/{userId}/UserAccessRoles": lambda i: (
        f"ClientAdmin/{i.first(f'ClientAdmin/{i.client()}/Users')}/UserAccessRoles"
    ),
    "/ClientAdmin/{clientId}/AccessRoles": lambda i: f"ClientAdmin/{i.client()}/AccessRoles",
    "/ClientAdmin/{clientId}/Users": lambda i: f"ClientAdmin/{i.client()}/Users",
    "/ClientAdmin/{clientId}/Users/AddPartnerUser": lambda i: (
        f"ClientAdmin/{i.last_client()}/Users/AddPartnerUser"
    ),
    "/ClientAdmin/{clientId}/Users/Invite": lambda i: f"ClientAdmin/{i.client()}/Users/Invite",
    "/ClientAdmin/{clientId}/Users/{userId}": lambda i: (
        f"ClientAdmin/{i.client()}/Users/{i.first(f'ClientAdmin/{i.client()}/Users')}"
    ),
    "/ClientAdmin/AddIntegrationToClient/{clientId}": lambda i: (
        f"ClientAdmin/AddIntegrationToClient/{i.client()}"
    ),
    "/JournalEntryVouchers/{id}": lambda i: f"JournalEntryVouchers/{i.draft('ManualJournals')['Id']}",
    "/JournalEntryVouchers/{id}/ehf": lambda i: (
        f"JournalEntryVouchers/{i.first('JournalEntryVouchers', OriginatedFromEhf=True)}/ehf"
    ),
    "/JournalEntryVouchers/{id}/submitForApproval": lambda i: (
        f"{i.draft_line('ManualJournals').partition('/VoucherLines')[0].replace('ManualJournals/', '')}"
        "/submitForApproval"
    ),
    "/JournalEntryVouchers/{id}/VoucherPages": lambda i: (
        f"JournalEntryVouchers/{i.draft('ManualJournals')['Id']}/VoucherPages"
    ),
    "/JournalEntryVouchers/{id}/VoucherPages/{pageId}": lambda i: i.page(),
    "/SalesOrders/{id}": lambda i: f"SalesOrders/{i.order()}",
    "/SalesOrders/{id}/Complete": lambda i: f"SalesOrders/{i.order()}/Complete",
    "/SalesOrders/{id}/createAndSendInvoice": lambda i: f"SalesOrders/{i.order()}/createAndSendInvoice",
    "/SalesOrders/{id}/Lines": lambda i: f"SalesOrders/{i.order()}/Lines",
    "/SalesOrders/{id}/Lines/{lineId}": lambda i: (
        (order := i.order()) and f"SalesOrders/{order}/Lines/{i.first(f'SalesOrders/{order}/Lines')}"
    ),
    "/SalesOrders/{salesOrderId}/attachments": lambda i: i.attachment().rpartition("/")[0],
    "/SalesOrders/{salesOrderId}/attachments/{id}": lambda i: i.attachment(),
    "/VoucherApproval/{voucherId}": lambda i: f"VoucherApproval/{i.first('VoucherApproval')}",
    "/Vouchers/BankJournals/{id}": _voucher("BankJournals"),
    "/Vouchers/CashJournals/{id}": _voucher("CashJournals"),
    "/Vouchers/ManualJournals/{id}": _voucher("ManualJournals"),
    "/Vouchers/YearEndJournals/{id}": _voucher("YearEndJournals"),
    "/Vouchers/OutgoingInvoiceJournals/{id}": lambda i: f"Vouchers/OutgoingInvoiceJournals/{i.invoice()}",
    "/Vouchers/Reverse/{id}": lambda i: f"Vouchers/Reverse/{i.make('/Vouchers/ManualJournals')['Id']}",
}

QUERIES: dict[tuple[str, str], Callable[[Inputs], Any]] = {
    ("/Customerledger/EntriesByMatchId", "matchId"): lambda i: next(
        row["MatchId"] for row in i.rows("Customerledger/Statement", **_YEARS) if row["MatchId"]
    ),
    ("/Supplierledger/EntriesByMatchId", "matchId"): lambda i: next(
        row["MatchId"] for row in i.rows("Supplierledger/Statement", **_YEARS) if row["MatchId"]
    ),
    ("/SalesOrders/sentState", "id"): lambda i: i.sent(),
    ("/VoucherDocumentation", "id"): lambda i: i.make("/Vouchers/ManualJournals")["Id"],
    ("/VoucherDocumentation/Download", "id"): lambda i: i.first("OutgoingInvoices"),
}
_YEARS = {"fromDate": "2022-01-01", "toDate": "2030-12-31"}
