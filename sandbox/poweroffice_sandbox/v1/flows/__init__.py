"""
What v1 does besides reading and writing rows: actions, and answers that are no table's.

Rule: one function for each; the table at the end names the routes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.reply import Reply
from ..rest.call import V1Call
from . import debt_collection, imports, invoices, single, vouchers

ACTIONS: Mapping[str, Callable[[V1Call], Reply]] = {
    "GET ClientIntegrationInformation": single.information,
    "GET Client": single.client,
    "GET Import/{id}/status": imports.status,
    "GET Blob/GetVoucherDocumentation/{voucherNo}": single.documentation,
    "GET DebtCollection/IsActiveDebtCollection": debt_collection.is_active,
    "GET DebtCollection/{id}": debt_collection.one,
    "POST DebtCollection": debt_collection.create,
    "POST DebtCollection/AddInvoicesToCase": debt_collection.add_invoices,
    "POST DebtCollection/MergeCases": debt_collection.merge,
    "POST DebtCollection/UpdateStatus": debt_collection.update_status,
    "POST Import/Post": imports.post,
    "POST JournalEntryVoucher/ForwardIncomingEhf": single.forward,
    "POST OutgoingInvoice/SendInvoice": invoices.send,
    "PUT Reporting/InvoiceJournal/SetExternalCaseNumber/{id}": invoices.set_case_number,
    "POST Reporting/CustomerLedger/MatchEntries": vouchers.match("Customer"),
    "POST Reporting/CustomerLedger/UnmatchEntries": vouchers.unmatch("Customer"),
    "POST Reporting/SupplierLedger/MatchEntries": vouchers.match("Supplier"),
    "POST Reporting/SupplierLedger/UnmatchEntries": vouchers.unmatch("Supplier"),
    "POST Voucher/IncomingInvoiceVoucher/UpdateRemittanceInfo": vouchers.remittance,
    **{f"POST Voucher/{kind}/Reverse/{{voucherId}}": vouchers.reverse(kind) for kind in vouchers.KINDS},
}
"""``METHOD path`` → what answers it."""

TASKS: Mapping[str, Callable[[V1Call, str], None]] = {"send": invoices.sent, "post": imports.posted}
"""What the service does some time after it was asked."""


def do_due(call: V1Call) -> None:
    """Do what is due by now."""
    queue = call.books.queue
    due = [item for item in queue if item.time <= call.now]
    for item in due:
        queue.remove(item)
        TASKS[item.task](call, str(item.key))
