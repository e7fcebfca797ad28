"""
A documented body for each resource of v1 that can be written.

Rule: names and kinds of the vendor's reference; codes that the sandbox's books have. ``@name`` stands for
the id of a row of that list.
"""

from __future__ import annotations

from typing import Any

DAY = "2026-01-15"
PDF = "JVBERi0xLjQK"
_ADDRESS = {
    "address1": "Sjøgata 2",
    "zipCode": "5014",
    "city": "Bergen",
    "countryCode": "NO",
    "isPrimary": True,
}
_PARTY = {"emailAddress": "ny@example.no", "mailAddress": _ADDRESS, "contactGroups": ["Kommuner", "Helt ny"]}
_ORDER = {
    "customerCode": 10001,
    "orderDate": DAY,
    "currencyCode": "NOK",
    "departmentCode": "10",
    "projectCode": "P100",
    "customerReference": "Ref",
    "purchaseOrderNo": "123",
    "importedOrderNo": 5555,
    "outgoingInvoiceLines": [
        {
            "lineType": 0,
            "productCode": "1000",
            "description": "Ny",
            "quantity": 5,
            "unitPrice": 100.5,
            "discountPercent": 0.1,
            "exemptVat": False,
            "unitOfMeasure": "ea",
            "sortOrder": 0,
        },
        {"lineType": 1, "description": "Tekst", "sortOrder": 2147483647},
    ],
}


def journal(*sides: tuple[int, float], **more: Any) -> dict[str, Any]:
    """Make the body of a journal voucher."""
    lines = [
        {"accountCode": code, "amount": amount, "date": DAY, "currencyCode": "NOK", "description": "Linje"}
        | more
        for code, amount in sides
    ]
    return {"voucherDate": DAY, "currencyCode": "NOK", "description": "Bilag", "lines": lines}


_TWO_SIDES = journal((1920, 500), (10001, -500))
_YEAR_END = {
    **_TWO_SIDES,
    "lines": [{**line, "date": None} for line in journal((1280, 5), (2050, -5))["lines"]],
}
for _line in _YEAR_END["lines"]:
    del _line["date"]

BODIES: dict[str, dict[str, Any]] = {
    "Bank/BankTransfer": {
        "description": "Leie",
        "receiverName": "Utleie AS",
        "receiverCountryCode": "NO",
        "amount": 1500.75,
        "payableBankAccount": "15068012345",
        "balancingAccountNo": 6300,
        "receivableBankAccountCode": "15062000000",
        "receivableBankAccountCountryCode": "NO",
        "paymentDate": DAY,
        "currencyCode": "NOK",
    },
    "Bank/ClientBankAccount": {
        "code": "15068099999",
        "bankName": "Ny bank",
        "generalLedgerAccountCode": 1920,
    },
    "Budget": {
        "name": "Budsjett 2026",
        "managerCode": 1,
        "year": 2026,
        "budgetLineItems": [{"accountCode": 3000, "month": 1, "year": 2026, "amount": -1000}],
    },
    "ContactGroup": {"title": "Ny gruppe", "sendInvoicesToGroup": True},
    "ContactShareholder": {"partyId": 1000001, "name": "Eier AS", "share": 0.5, "isPerson": False},
    "ContactUltimateBeneficialOwner": {
        "partyId": 1000001,
        "firstName": "Eva",
        "lastName": "Li",
        "hasVotingRights": True,
    },
    "CustomDimensionValue": {
        "code": "D9",
        "name": "Ny verdi",
        "customDimensionOrdinal": 1,
        "externalReference": "x",
    },
    "Customer": {"name": "Ny kunde AS", "vatNumber": "999999997", "discountPercent": 10, **_PARTY},
    "Customer/{parentId}/BankAccount": {"code": "15062000001", "countryCode": "NO"},
    "Customer/{parentId}/Contact": {"firstName": "Liv", "lastName": "Ås", "emailAddress": "liv@example.no"},
    "DebtCollection": {
        "code": "2026-1",
        "externalCaseUrl": "https://inkasso.example/1",
        "balanceAgency": 10.5,
    },
    "DeliveryTerms": {"name": "DDP"},
    "Department": {"code": "99", "name": "Ny avdeling", "managerCode": 1},
    "Employee": {
        "firstName": "Kåre",
        "lastName": "Ny",
        "jobTitle": "Montør",
        "hiredDate": DAY,
        "hourlyRates": [{"validFrom": DAY, "hourlyRate": 900}],
        **_PARTY,
    },
    "Employee/{parentId}/BankAccount": {"code": "15062000002", "countryCode": "NO"},
    "GeneralLedgerAccount": {
        "code": 3016,
        "name": "Salgskonto 3016",
        "currencyCode": "NOK",
        "isActive": True,
        "vatCode": "3",
    },
    "Import": {
        "description": "Lønn",
        "type": 3,
        "date": DAY,
        "importLines": [
            {
                "accountNumber": 5000,
                "documentNumber": 1,
                "documentDate": DAY,
                "postingDate": DAY,
                "amount": 23576,
                "departmentCode": "",
                "projectCode": "",
                "quantity": 0,
            },
            {
                "accountNumber": 2600,
                "documentNumber": 1,
                "documentDate": DAY,
                "postingDate": DAY,
                "amount": -23576,
            },
        ],
    },
    "InvoiceAttachment": {
        "invoiceId": "@OutgoingInvoice/List",
        "fileName": "a.pdf",
        "base64EncodedData": PDF,
    },
    "JournalEntryVoucher": {
        "voucherType": 4,
        "description": "Kassesalg",
        "voucherDate": DAY,
        "currencyCode": "NOK",
        "voucherLines": [
            {
                "date": DAY,
                "debitAccountCode": 1920,
                "creditAccountCode": 3000,
                "creditVatCode": "3",
                "currencyCode": "NOK",
                "amount": 150000,
            }
        ],
        "file": {"fileName": "a.pdf", "fileType": 1, "base64EncodedData": PDF},
    },
    "Location": {"code": "9", "name": "Nytt sted"},
    "OutgoingInvoice": _ORDER,
    "OutgoingInvoice/SaveNote": {"voucherId": "@OutgoingInvoice/List", "text": "Husk"},
    "PaymentTerms": {"name": "60 dager", "creditDays": 60},
    "Payroll/SalaryLine": {
        "employeeCode": 1,
        "payItemCode": "120",
        "quantity": 100,
        "projectCode": "P100",
        "departmentCode": "10",
        "comment": "På lønnsslippen",
    },
    "Product": {
        "code": "240",
        "name": "Ny vare",
        "salesPrice": 250,
        "costPrice": 100,
        "salesAccount": 3000,
        "vatExemptSalesAccount": 3100,
        "type": 1,
        "productGroupId": 651,
        "unitOfMeasureCode": 5,
        "gtin": "",
    },
    "ProductGroup": {
        "code": "IOT-17144",
        "name": "Mat",
        "description": "All mat",
        "type": 1,
        "salesAccount": 3000,
        "vatExemptSalesAccount": 3100,
        "unit": "each",
    },
    "Project": {"code": "P905", "name": "Nytt prosjekt", "progress": 50, "customerCode": 10001, "status": 2},
    "Project/{parentId}/Activity": {"activityCode": "200", "isBillable": False},
    "Project/{parentId}/TeamMember": {"employeeCode": 2, "hourlyRate": 700.5},
    "Quote": {**_ORDER, "quoteDate": DAY, "expiryDate": "2026-02-15"},
    "RecurringInvoice": {
        **_ORDER,
        "isActive": False,
        "nextInvoiceDate": DAY,
        "daysInAdvance": 1,
        "repeatTimes": 12,
        "sendFrequency": 1,
        "sendFrequencyUnit": 1,
        "sendMethod": 0,
        "exceptMonths": [7],
    },
    "RecurringInvoice/SaveNote": {"voucherId": "@RecurringInvoice/List", "text": "Husk"},
    "Supplier": {"name": "Ny leverandør AS", "standardGeneralLedgerAccountCode": 4300, **_PARTY},
    "Supplier/{parentId}/BankAccount": {"code": "15062000003", "countryCode": "NO"},
    "Supplier/{parentId}/Contact": {"firstName": "Pål", "lastName": "Ås"},
    "TimeTracking/Activity": {
        "activityType": 100,
        "code": "300",
        "name": "Ny aktivitet",
        "productCode": "1000",
    },
    "TimeTracking/HourType": {"description": "Reisetid", "payItemCode": "120"},
    "TimeTracking/TimeTrackingEntry": {
        "activityCode": "100",
        "employeeCode": 1,
        "projectCode": "P100",
        "date": DAY,
        "minutes": 90,
        "hourType": "Overtid 100 %",
        "comment": "Kommentar",
    },
    "Voucher/BankJournalVoucher": journal((10001, -50000), (1920, 50000), cid="1", invoiceNo="10001"),
    "Voucher/CashJournalVoucher": _TWO_SIDES,
    "Voucher/ExpenseVoucher": {
        "employeeCode": 1,
        "voucherDate": DAY,
        "dueDate": "2026-01-25",
        "currencyCode": "NOK",
        "description": "Utlegg",
        "departmentCode": "10",
        "lines": [{"accountCode": 6800, "amount": 500, "vatCode": "1", "description": "Papir"}],
    },
    "Voucher/IncomingInvoiceVoucher": {
        "supplierCode": 20001,
        "voucherDate": DAY,
        "dueDate": "2026-02-01",
        "invoiceNo": "F-900",
        "currencyCode": "NOK",
        "lines": [{"accountCode": 4300, "amount": 1250, "vatCode": "1"}],
    },
    "Voucher/ManualJournalVoucher": journal((6300, 400), (1700, -400)),
    "Voucher/OutgoingInvoiceVoucher": {
        "customerCode": 10001,
        "voucherDate": DAY,
        "dueDate": "2026-02-01",
        "invoiceNo": 77001,
        "currencyCode": "NOK",
        "lines": [{"accountCode": 3000, "amount": 1250, "vatCode": "3", "discountPercent": 10}],
    },
    "Voucher/PayrollJournalVoucher": journal((5000, 50000), (1920, -50000)),
    "Voucher/VoucherDocumentation": {
        "voucherId": "@Voucher/ManualJournalVoucher",
        "fileName": "a.pdf",
        "fileType": 1,
        "base64EncodedData": PDF,
    },
    "Voucher/YearEndJournalVoucher": _YEAR_END,
}
