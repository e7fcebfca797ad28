"""
Customerledger and Supplierledger as resources.

Rule: data only; see :mod:`.entries`. They are answered by :mod:`..subledger.api` and have no table.
"""

from __future__ import annotations

from ..rest.filters import Filter
from .entries import entry
from .resource import Resource

_LISTS = ("Balances", "OpenItems", "Statement", "EntriesByMatchId")


def _ledger(prefix: str, name: str) -> Resource:
    return entry(
        f"{prefix}ledger/{name}",
        f"{prefix} ledger entry",
        filters={
            "customMatchingReferences": Filter("codes", "CustomMatchingReference"),
            f"{prefix.lower()}Nos": Filter("numbers", f"{prefix}AccountNo"),
            "date": Filter("to", "PostingDate"),
            "externalNos": Filter("numbers", f"{prefix}ExternalNo"),
            "fromDate": Filter("from", "PostingDate"),
            "includeOnlyOpenItems": Filter("only", "Balance"),
            "invoiceNos": Filter("codes", "InvoiceNo"),
            "matchId": Filter("number", "MatchId"),
            "onlyBalancesGreaterThanAmount": Filter("matched", ""),
            "onlyBalancesLessThanAmount": Filter("matched", ""),
            "onlyCreatedByCurrentIntegration": Filter("only", "IsCreatedByCurrentIntegration"),
            "subLedgerNumberSeriesIds": Filter("codes", "SubLedgerNumberSeriesId"),
            "toDate": Filter("to", "PostingDate"),
            "voucherTypes": Filter("enums", "VoucherType", "VoucherType"),
        },
        stored=False,
    )


SUBLEDGERS = tuple(
    _ledger(prefix, f"{prefix}Balances" if name == "Balances" else name)
    for prefix in ("Customer", "Supplier")
    for name in _LISTS
)
