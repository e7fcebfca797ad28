"""
Endpoints known to exist in 2026 whose details are not: **assumed**.

Rule: paths and verbs are known (facts 3.3); fields (``data/assumed_fields.txt``), privileges and filters are
made up, so that a client can be tried, not trusted. Nothing else of the sandbox depends on them.
"""

from __future__ import annotations

from ..rest.filters import Filter
from .entries import entry

_TIME = "TimeTracking"

ASSUMED = (
    entry("AuditingCompany", "Auditing company"),
    entry("BankTransfers", "Bank transfer"),
    entry("CustomerProspects", "Customer prospect", unique=("OrganizationNumber",)),
    entry("LockDateSettings/history", "Lock date change"),
    entry(f"{_TIME}/HourType", "Hour type", unique=("Code",), defaults={"IsActive": True}),
    entry(f"{_TIME}/ActivityTime", "Activity", unique=("Code",), defaults={"IsActive": True}),
    entry(f"{_TIME}/ActivityItem", "Activity", unique=("Code",), defaults={"IsActive": True}),
    entry(f"{_TIME}/EntryTime", "Time entry", unique=("ExternalImportReference",)),
    entry(f"{_TIME}/EntryItem", "Item entry", unique=("ExternalImportReference",)),
    entry(
        "TimeTransactions",
        "Time transaction",
        filters={
            "fromDate": Filter("from", "EntryDate"),
            "toDate": Filter("to", "EntryDate"),
            "onlyApproved": Filter("only", "IsApproved"),
        },
        rows=f"{_TIME}/EntryTime",
    ),
)
