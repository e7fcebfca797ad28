"""Bodies by path: what a schema does not say of a valid POST or PATCH. Rule: a table; invented values."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operation_inputs import Inputs

numbers = itertools.count(1)


def _lines(inputs: Inputs) -> dict[str, Any]:
    line = {"PostingDate": "2025-03-01", "VatId": 100}
    first = {**line, "AccountId": inputs.account(1920), "CurrencyAmount": 100}
    second = {**line, "AccountId": inputs.account(7770), "CurrencyAmount": -100}
    return {"CurrencyCode": "NOK", "VoucherDate": "2025-03-01", "VoucherLines": [first, second]}


def _draft(_inputs: Inputs) -> dict[str, Any]:
    return {"CurrencyCode": "NOK", "VoucherDate": "2025-03-01"}


def _draft_line(inputs: Inputs) -> dict[str, Any]:
    accounts = {"DebitAccountId": inputs.account(6800), "CreditAccountId": inputs.account(1920)}
    vat = {"DebitVatId": 100, "CreditVatId": 100}
    return {**accounts, **vat, "CurrencyAmount": 125, "CurrencyCode": "NOK", "PostingDate": "2025-03-01"}


def _supplier_line(inputs: Inputs) -> dict[str, Any]:
    return {"DebitAccountId": inputs.account(6800), "CurrencyAmount": 125}


def _pay_item(inputs: Inputs) -> dict[str, Any]:
    return {"PayItemId": inputs.first("PayItems")}


BODIES: dict[str, Callable[[Inputs], Any]] = {
    "/ClientAdmin/CreateNewClient": lambda i: {
        "AdminUserId": i.first(f"ClientAdmin/{i.client()}/Users"),
        "OrganizationNumber": f"9990{next(numbers):05}",
        "MailAddress": {"City": "Voss", "ZipCode": "5700"},
    },
    "/ClientAdmin/{clientId}/Users/AddPartnerUser": lambda i: {
        "AccessRoleId": i.first(f"ClientAdmin/{i.last_client()}/AccessRoles", "AccessRoleId"),
        "PartnerUserId": i.first(f"ClientAdmin/{i.client()}/Users"),
    },
    "/ClientAdmin/{clientId}/Users/Invite": lambda i: {
        "AccessRoleId": i.first(f"ClientAdmin/{i.client()}/AccessRoles", "AccessRoleId"),
        "EmailAddress": f"ny{next(numbers)}@kunde.example",
    },
    "/ClientBankAccounts": lambda i: {
        "BankAccountNumber": f"9997{next(numbers):07}",
        "CountryCode": "NO",
        "CurrencyCode": "NOK",
        "GeneralLedgerAccountId": i.account(1920),
    },
    "/ClientBankAccounts/BankApprovers": lambda i: {"BankAccountId": i.first("ClientBankAccounts")},
    "/ContactGroups": lambda _i: {"Name": f"Gruppe {next(numbers)}"},
    "/Customers": lambda _i: {"Name": "Elvedalen Frisør"},
    "/CustomDimensions": lambda _i: {"Ordinal": 1},
    "/DeliveryTerms": lambda _i: {"Name": f"Term {next(numbers)}"},
    "/Employees/{employeeId}/Employments": lambda i: {"EnterpriseId": i.first("Enterprises")},
    "/Employees/Employments/{employmentId}/FixedSalaries": _pay_item,
    "/GeneralLedgerAccounts": lambda _i: {"AccountNo": 3100 + next(numbers) % 400 + 1},
    "/JournalEntryVouchers/BankJournals": _draft,
    "/JournalEntryVouchers/BankJournals/{id}/VoucherLines": _draft_line,
    "/JournalEntryVouchers/ManualJournals": _draft,
    "/JournalEntryVouchers/ManualJournals/{id}/VoucherLines": _draft_line,
    "/JournalEntryVouchers/SupplierCreditNotes": lambda i: {
        **_draft(i),
        "CreditNoteNo": f"K-{next(numbers)}",
    },
    "/JournalEntryVouchers/SupplierCreditNotes/{id}/VoucherLines": _supplier_line,
    "/JournalEntryVouchers/SupplierInvoices": lambda i: {**_draft(i), "InvoiceNo": f"F-{next(numbers)}"},
    "/JournalEntryVouchers/SupplierInvoices/{id}/VoucherLines": _supplier_line,
    "/JournalEntryVouchers/{id}/submitForApproval": lambda _i: {"Comment": "Klar"},
    "/Onboarding/Initiate": lambda i: {
        "ApplicationKey": i.api.keys.application_key,
        "RedirectUri": "https://integrasjon.example/tilbake",
    },
    "/Onboarding/Finalize": lambda i: {"OnboardingToken": onboarding_token(i)},
    "/PaymentTerms": lambda _i: {"Name": f"Term {next(numbers)}"},
    "/SalaryLines": lambda i: {"EmployeeId": i.first("Employees"), **_pay_item(i)},
    "/SalesOrders/Complete": lambda i: {
        "CustomerId": i.first("Customers"),
        "SalesOrderLines": [{"ProductId": i.first("Products"), "Quantity": 2}],
    },
    "/SalesOrders/{id}/createAndSendInvoice": lambda _i: {"DeliveryType": "Auto"},
    "/SalesOrders/{id}/Lines": lambda i: {"ProductId": i.first("Products"), "Quantity": 1},
    "/Suppliers": lambda _i: {"Name": "Tindetoppen Elektro AS"},
    "/Vouchers/BankJournals": _lines,
    "/Vouchers/CashJournals": _lines,
    "/Vouchers/ManualJournals": _lines,
    "/Vouchers/YearEndJournals": _lines,
}


def onboarding_token(inputs: Inputs) -> str:
    """Log in like the user of the onboarding page, and give the token the browser brings back."""
    body = {**BODIES["/Onboarding/Initiate"](inputs)}
    url = inputs.api.post("Onboarding/Initiate", body).json()["TemporaryUrl"]
    answer = inputs.api.session.get(url, allow_redirects=False)
    location = answer.headers.get("Location", "")
    return location.partition("oken=")[2].partition("&")[0]


# The field a PATCH replaces, when it is not the name.
PATCHES: dict[str, tuple[str, Any]] = {
    "/ClientAdmin/{clientId}/Users/{userId}": ("ToDate", "2026-12-31"),
    "/ClientBankAccounts/{id}": ("BankName", "Fjellbanken"),
    "/ClientBankAccounts/BankApprovers/{id}": ("IsActiveApprover", "true"),
    "/ContactBankAccounts/{contactId}/{id}": ("BankAccountNumber", "99960000001"),
    "/ContactDeliveryAddresses/{contactId}/{id}": ("City", "Voss"),
    "/ContactPersons/{contactId}/{id}": ("PhoneNumber", "+4755000001"),
    "/Employees/{employeeId}": ("PhoneNumber", "+4755000002"),
    "/Employees/{employeeId}/BankAccounts": ("SalaryBankAccountId", 3_400_061),
    "/Employees/{employeeId}/Employments/{employmentId}": ("EmploymentSpecification", "CrossBorderCommuter"),
    "/Employees/{employeeId}/HourlyRates/{hourlyRateId}": ("CostRate", 420.5),
    "/Employees/{employeeId}/PayrollSettings": ("NumberOfHolidays", 25),
    "/Employees/{employeeId}/PensionSettings": ("PensionAgeFno", 67),
    "/Employees/Employments/{employmentId}/FixedSalaries/{fixedSalaryId}": ("Amount", "45000.50"),
    "/Employees/Employments/{employmentId}/FtePercentages/{ftePercentageId}": ("FtePercentage", "80"),
    "/Employees/Employments/{employmentId}/Layoffs/{layoffId}": ("LayoffPercentage", 60),
    "/Employees/Employments/{employmentId}/Leaves/{leaveId}": ("ExcludeEmployeeFromPayroll", "true"),
    "/Employees/Employments/{employmentId}/Salaries/{salaryId}": ("AnnualSalary", "530000"),
    "/JournalEntryVouchers/BankJournals/{id}": ("Description", "Endret"),
    "/JournalEntryVouchers/BankJournals/{id}/VoucherLines/{lineId}": ("Description", "Endret"),
    "/JournalEntryVouchers/ManualJournals/{id}": ("Description", "Endret"),
    "/JournalEntryVouchers/ManualJournals/{id}/VoucherLines/{lineId}": ("Description", "Endret"),
    "/JournalEntryVouchers/SupplierCreditNotes/{id}": ("Description", "Endret"),
    "/JournalEntryVouchers/SupplierCreditNotes/{id}/VoucherLines/{lineId}": ("Description", "Endret"),
    "/JournalEntryVouchers/SupplierInvoices/{id}": ("Description", "Endret"),
    "/JournalEntryVouchers/SupplierInvoices/{id}/VoucherLines/{lineId}": ("Description", "Endret"),
    "/SalaryLines/{id}": ("Comment", "Endret"),
    "/SalesOrders/{id}": ("CustomerReference", "Endret"),
    "/SalesOrders/{id}/Lines/{lineId}": ("Description", "Endret"),
}
