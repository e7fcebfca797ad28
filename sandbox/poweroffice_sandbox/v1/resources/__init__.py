"""
The v1 resources: path, type, verbs, module, row cap, what is required and unique.

Rule: data; how a verb works is in :mod:`..rest`. The row caps are those of the official page "Limitations".
"""

from __future__ import annotations

from dataclasses import dataclass

_REGISTER = ("GET", "GET one", "POST", "PUT", "DELETE")
_VOUCHER = ("GET", "GET one", "POST")
_READ = ("GET",)


@dataclass(frozen=True)
class Resource:
    """
    One resource.

    :param path: below the base URL, as the description writes it.
    :param entity: name of the type of its rows.
    :param verbs: of ``GET``, ``GET one``, ``POST``, ``PUT``, ``DELETE``.
    :param module: the Go module a company must have.
    :param cap: rows one call may give; 0 for no cap known.
    :param required: fields a new row must have.
    :param unique: fields no two rows may share.
    :param dates: the query parameters of a report that must be given.
    :param is_assumed: whether neither description nor documentation gives its fields.
    """

    path: str
    entity: str
    verbs: tuple[str, ...]
    module: str = "Accounting"
    cap: int = 0
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ("code",)
    dates: tuple[str, ...] = ()
    is_assumed: bool = False

    @property
    def is_report(self) -> bool:
        """Whether its rows are computed from the vouchers."""
        return self.path.startswith("Reporting/")

    @property
    def table(self) -> str:
        """The name of the table its rows are in."""
        return "OutgoingInvoice" if self.path == "OutgoingInvoice/List" else self.path.rpartition("/")[2]


def _voucher(name: str, *required: str) -> Resource:
    return Resource(
        f"Voucher/{name}",
        name,
        _VOUCHER,
        required=("voucherDate", "lines", *required),
        unique=("externalImportReference", *(("invoiceNo",) if name == "OutgoingInvoiceVoucher" else ())),
    )


def _report(name: str, entity: str, cap: int, *dates: str, is_assumed: bool = True) -> Resource:
    return Resource(f"Reporting/{name}", entity, _READ, cap=cap, dates=dates, is_assumed=is_assumed)


_ALL = (
    Resource("Customer", "Customer", _REGISTER, cap=50_000, required=("name",)),
    Resource("Supplier", "Supplier", _REGISTER, cap=50_000, required=("name",)),
    Resource("ContactGroup", "ContactGroup", _REGISTER, required=("title",), unique=("title",)),
    Resource(
        "Employee", "Employee", _REGISTER, cap=50_000, required=("firstName", "lastName"), is_assumed=True
    ),
    Resource("Product", "Product", _REGISTER, "Invoicing", cap=50_000, required=("name",), is_assumed=True),
    Resource("Project", "Project", _REGISTER, "Projects", cap=50_000, required=("name",), is_assumed=True),
    Resource("Department", "Department", _REGISTER, required=("code", "name"), is_assumed=True),
    Resource(
        "TimeTrackingEntry",
        "TimeTrackingEntry",
        _REGISTER,
        "TimeTracking",
        cap=50_000,
        required=("employeeCode", "date", "hours"),
        unique=(),
        is_assumed=True,
    ),
    Resource("GeneralLedgerAccount", "GeneralLedgerAccount", _READ),
    Resource("VatCode", "VatCode", _READ),
    _voucher("ManualJournalVoucher"),
    _voucher("BankJournalVoucher"),
    _voucher("OutgoingInvoiceVoucher", "customerCode"),
    _voucher("IncomingInvoiceVoucher", "supplierCode"),
    Resource("OutgoingInvoice/List", "OutgoingInvoiceListItem", _READ, "Invoicing", 10_000, is_assumed=True),
    Resource(
        "OutgoingInvoice",
        "OutgoingInvoice",
        ("GET one", "POST", "PUT", "DELETE"),
        "Invoicing",
        required=("customerCode", "lines"),
        unique=("externalImportReference",),
        is_assumed=True,
    ),
    Resource(
        "Import",
        "Import",
        ("GET", "GET one", "POST", "DELETE"),
        required=("fileName",),
        unique=(),
        is_assumed=True,
    ),
    _report("AccountTransactions", "AccountTransaction", 50_000, "fromDate", "toDate"),
    Resource(
        "Reporting/CustomerLedger",
        "CustomerLedgerEntry",
        ("GET", "GET one"),
        cap=20_000,
        dates=("toDate",),
    ),
    _report("SupplierLedger", "SupplierLedgerEntry", 20_000, "toDate"),
    _report("InvoiceJournal", "InvoiceJournalEntry", 5_000, "fromDate", "toDate"),
    _report("TrialBalance", "TrialBalanceLine", 0, "fromDate", "toDate"),
)
RESOURCES = {resource.path: resource for resource in _ALL}
