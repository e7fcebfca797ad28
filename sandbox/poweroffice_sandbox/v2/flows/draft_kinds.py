"""The four kinds of drafts. Rule: data only; names are those of the OpenAPI file."""

from __future__ import annotations

from dataclasses import dataclass

LIST = "JournalEntryVouchers"


@dataclass(frozen=True)
class Kind:
    """One kind of draft: path, entities, the names of its lines in bodies and answers, its types."""

    path: str
    entity: str
    line: str
    sent_lines: str
    shown_lines: str
    type: str
    approval_type: str

    @property
    def table(self) -> str:
        """The name of the table of its heads."""
        return f"{LIST}/{self.path}"

    @property
    def line_table(self) -> str:
        """The name of the table of its lines."""
        return f"{self.table}/Lines"


_SUPPLIER = ("SupplierVoucherLine", "SupplierVoucherLines", "SupplierVoucherLines")
_MANUAL = ("ManualJournalEntryVoucherLine", "ManualVoucherLines", "ManualVoucherLines")
_BANK = ("BankJournalEntryVoucherLine", "BankJournalLines", "BankVoucherLines")
KINDS = (
    Kind(
        "SupplierInvoices",
        "SupplierInvoiceJournalEntryVoucher",
        *_SUPPLIER,
        "IncomingInvoice",
        "SupplierInvoice",
    ),
    Kind(
        "SupplierCreditNotes",
        "SupplierCreditNoteJournalEntryVoucher",
        *_SUPPLIER,
        "IncomingCreditNote",
        "SupplierCreditNote",
    ),
    Kind("ManualJournals", "ManualJournalEntryVoucher", *_MANUAL, "ManualJournal", "ManualJournal"),
    Kind("BankJournals", "BankJournalEntryVoucher", *_BANK, "BankJournal", "BankJournal"),
)
