"""
The fields of every v1 type, in the order they are sent.

Rule: data. Types marked "2021" are those of the published description; the others are made up, and
docs/v1.md says so.
"""

from __future__ import annotations

from typing import NamedTuple

_SCALARS = {"int", "text", "flag", "number", "date", "stamp", "guid"}


class Field(NamedTuple):
    """
    One field.

    :param kind: ``int``, ``text``, ``flag``, ``number``, ``date``, ``stamp`` or ``guid``; or the name of the
        type inside.
    :param is_list: whether there are several.
    """

    name: str
    kind: str
    is_list: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it can be compared in a filter."""
        return self.kind in _SCALARS and not self.is_list


# name:kind; text where no kind is given, [kind] for several.
_ADDRESS = "id:int address1 address2 city zipCode countryCode isPrimary:flag lastChanged:stamp"
_CONTACT = """
name legalName contactPersonId:int vatNumber websiteUrl since:date isPerson:flag currencyCode
mailAddress:MailAddress streetAddress:MailAddress streetAddresses:[MailAddress] emailAddress phoneNumber
isArchived:flag lastChanged:stamp contactGroups:[text]
"""
_VOUCHER = """
voucherNo:int voucherDate:date createdDate:stamp currencyCode externalImportReference importedVoucherNo:int
isReversed:flag
"""
_LINE = "id:int accountCode:int amount:number description vatCode"
_JOURNAL_LINE = _LINE + " currencyCode currencyRate:number date:date"
_ENTRY = """
id:int postingDate:date dueDate:date voucherNo:int currencyCode currencyAmount:number amount:number
balance:number voucherId:guid voucherDate:date voucherType:int matchId:int lastChanged:stamp createdDate:stamp
"""
_CHANGED = "isArchived:flag lastChanged:stamp"
_INVOICE = """
id:int invoiceNo:int customerCode:int customerReference invoiceDate:date dueDate:date status:int currencyCode
netAmount:number totalAmount:number externalImportReference createdDate:stamp lastChanged:stamp
"""

_TYPES = {
    # 2021
    "MailAddress": _ADDRESS,
    "Customer": f"""
        id:int code:int externalCode:int {_CONTACT} invoiceDeliveryType:int isVatFree:flag discountPercent:int
        invoiceEmailAddress paymentTerms:int useFactoring:flag sendReminders:flag doNotAddLatePaymentFees:flag
        doNotAddLatePaymentInterest:flag deliveryTerm
    """,
    "Supplier": f"id:int code:int {_CONTACT}",
    "ContactGroup": "id:int title sendInvoicesToGroup:flag",
    "OutgoingInvoiceVoucherLine": _LINE,
    "OutgoingInvoiceVoucher": f"""
        id:int invoiceNo:int customerCode:int cid {_VOUCHER} currencyRate:number dueDate:date
        deliveryDate:date deliveryTerm description lines:[OutgoingInvoiceVoucherLine]
    """,
    "IncomingInvoiceVoucherLine": _LINE,
    "IncomingInvoiceVoucher": f"""
        id:int invoiceNo supplierCode:int {_VOUCHER} currencyRate:number dueDate:date
        lines:[IncomingInvoiceVoucherLine]
    """,
    "ManualJournalVoucherLine": _JOURNAL_LINE,
    "ManualJournalVoucher": f"id:int description {_VOUCHER} lines:[ManualJournalVoucherLine]",
    "BankJournalVoucherLine": f"{_JOURNAL_LINE} invoiceNo",
    "BankJournalVoucher": f"id:int description {_VOUCHER} lines:[BankJournalVoucherLine]",
    "CustomerLedgerEntry": f"{_ENTRY} customer:Customer",
    "GeneralLedgerAccount": """
        id:int code:int name vatCode currencyCode departmentCode projectCode isActive:flag
        isDepartmentRequired:flag isProjectRequired:flag isVatCodeLockedAfterPosting:flag
        createdFromImportJournalId lastChanged:stamp
    """,
    "VatCode": "id:int code name description rate:number isActive:flag",
    # Assumed
    "SupplierLedgerEntry": f"{_ENTRY} supplier:Supplier",
    "Employee": f"""
        id:int code:int firstName lastName jobTitle emailAddress phoneNumber departmentCode startDate:date
        mailAddress:MailAddress {_CHANGED}
    """,
    "Product": f"""
        id:int code name description type:int unit salesPrice:number costPrice:number vatCode isActive:flag
        {_CHANGED}
    """,
    "Project": f"""
        id:int code name customerCode:int departmentCode startDate:date endDate:date status:int
        isInternal:flag {_CHANGED}
    """,
    "Department": f"id:int code name {_CHANGED}",
    "TimeTrackingEntry": """
        id:guid employeeCode:int projectCode date:date hours:number comment isBillable:flag createdDate:stamp
        lastChanged:stamp
    """,
    "OutgoingInvoiceLine": "id:int productCode description quantity:number unitPrice:number vatCode",
    "OutgoingInvoice": f"{_INVOICE} lines:[OutgoingInvoiceLine]",
    "OutgoingInvoiceListItem": _INVOICE,
    "AccountTransaction": """
        id:int accountCode:int accountName voucherNo:int voucherType:int voucherId:guid voucherDate:date
        postingDate:date description amount:number currencyCode currencyAmount:number vatCode customerCode:int
        supplierCode:int createdDate:stamp lastChanged:stamp
    """,
    "TrialBalanceLine": """
        accountCode:int accountName openingBalance:number change:number closingBalance:number
    """,
    "InvoiceJournalEntry": """
        invoiceNo:int voucherNo:int customerCode:int invoiceDate:date dueDate:date netAmount:number
        vatAmount:number totalAmount:number currencyCode
    """,
    "Import": "id:int description fileName status:int createdDate:stamp",
}


def _field(text: str) -> Field:
    name, _, kind = text.partition(":")
    return Field(name, kind.strip("[]") or "text", kind.startswith("["))


FIELDS = {name: {field.name: field for field in map(_field, text.split())} for name, text in _TYPES.items()}
"""Type name → field name → field."""


def field_named(entity: str, name: str, *, exact: bool = False) -> Field | None:
    """
    Find a field by its name in a filter or a body.

    :param name: any casing, or, when ``exact``, PascalCase.
    :param exact: whether the casing counts.
    """
    for field in FIELDS[entity].values():
        if (field.name[0].upper() + field.name[1:] == name) if exact else field.name.lower() == name.lower():
            return field
    return None
