"""
The fields of the registers: contacts, products, projects, departments, accounts. Data only.

Notation, one word per field in the order the OpenAPI file lists them: ``Name:type``, ``<=n`` the longest
text, ``?`` may be null. In front: ``!`` required in POST, ``-`` only in answers, ``+`` accepted by POST but
not by PATCH, ``>`` accepted by POST and never answered. Nothing in front: in answers, POST and PATCH. A
type that begins with a capital is an enum (or, when :mod:`.enums` does not know it, an object the sandbox
passes on as it is).

Source: the OpenAPI file of March 2025; the ``+`` marks from the PatchDto models of June 2025.
"""

CUSTOMER = """
Allowance:number? BillableRate:number? -ContactCreatedDateTimeOffset:timestamp ContactGroupIds:int[]?
-CreatedFromImportJournalId:uuid? CurrencyCode:string? -CustomerCreatedDateTimeOffset:timestamp
CustomerSince:date? DateOfBirth:date? +DeliveryTerm:string? DeliveryTermId:int? +DepartmentCode:string?
DepartmentId:int? DoNotAddLatePaymentFees:bool? DoNotAddLatePaymentInterest:bool?
DoNotAutomatePaymentNotifications:bool? EmailAddress:string? ExternalImportReference:string<=50?
ExternalNumber:int? FirstName:string? -Id:int +InvoiceBrandingThemeCode:string?
InvoiceBrandingThemeId:int? InvoiceDeliveryType:InvoiceDeliveryType InvoiceEmailAddress:string?
InvoiceEmailAddressCC:string? -IsActive:bool? IsArchived:bool? IsPerson:bool? IsVatFree:bool?
-LastChangedDateTimeOffset:timestamp LastName:string? LegalName:string? MailAddress:address Name:string?
NationalIdNumber:string? NoticeOfDebtCollectionDeliveryType:NoticeOfDebtCollectionDeliveryType Number:int?
OrganizationNumber:string? PaymentReminderEmailAddress:string? +PaymentTerm:int? PaymentTermId:int?
PhoneNumber:string? ReminderDeliveryType:ReminderDeliveryType SalesPersonEmployeeId:int?
+SalesPersonEmployeeNumber:int? SendPaymentReminders:bool? >SubLedgerNumberSeriesId:uuid?
-SubledgerAccountId:int TransferToDebtCollectionAgency:bool? UseInvoiceFee:bool? WebsiteUrl:string?
"""

SUPPLIER = """
-ContactCreatedDateTimeOffset:timestamp ContactGroupIds:int[]? -CreatedFromImportJournalId:uuid?
CurrencyCode:string? DateOfBirth:date? EmailAddress:string? ExternalImportReference:string?
ExternalNumber:int? FirstName:string? -Id:int -IsActive:bool? IsArchived:bool? IsPerson:bool?
-LastChangedDateTimeOffset:timestamp LastName:string? LegalName:string? MailAddress:address Name:string?
Number:int? OrganizationNumber:string? Payout:bool? PhoneNumber:string? >SubLedgerNumberSeriesId:uuid?
-SubledgerAccountId:int -SupplierCreatedDateTimeOffset:timestamp WebsiteUrl:string?
"""

EMPLOYEE = """
-ContactCreatedDateTimeOffset:timestamp ContactGroupIds:int[]? -CreatedFromImportJournalId:uuid?
DateOfBirth:date? +DepartmentCode:string? DepartmentId:int? EmailAddress:string?
-EmployeeCreatedDateTimeOffset:timestamp EndDate:date? -ExpenseBankAccountId:int?
ExternalImportReference:string? ExternalNumber:int? !FirstName:string? Gender:Gender HiredDate:date?
-Id:int InternationalIdCountryCode:string? InternationalIdNumber:string?
InternationalIdReportToAltinn:bool? InternationalIdType:InternationalIdType IsArchived:bool?
JobTitle:string? -LastChangedDateTimeOffset:timestamp !LastName:string? +LocationCode:string?
LocationId:int? MailAddress:address ManagerEmployeeId:int? +ManagerEmployeeNo:int?
NationalIdNumber:string? Number:int? PhoneNumber:string? -SalaryBankAccountId:int? StartDate:date?
>SubLedgerNumberSeriesId:uuid? -SubledgerAccountId:int -TravelExpenseBankAccountId:int?
"""

CONTACT_GROUP = """
-CreatedDateTimeOffset:timestamp -Id:int -LastChangedDateTimeOffset:timestamp !Name:string<=400?
"""

CONTACT_ADDRESS = """
AddressLine1:string<=200? AddressLine2:string<=200? !City:string<=100? CountryCode:string?
ExternalCode:string<=50? -Id:int -LastChangedDateTimeOffset:timestamp !ZipCode:string<=50?
"""

PRODUCT = """
Code:string<=100? -CreatedDateTimeOffset:timestamp -CreatedFromImportJournalId:uuid? Description:string?
Gtin:string? -Id:int IsArchived:bool? IsStockItem:bool? -LastChangedDateTimeOffset:timestamp
!Name:string<=400? +OptionalSalesAccount:int?
+OptionalSalesAccountAgricultureDepartment:AgricultureDepartment OptionalSalesAccountId:int?
+ProductGroupCode:string? ProductGroupId:int? ProductType:ProductType +StandardSalesAccount:int?
+StandardSalesAccountAgricultureDepartment:AgricultureDepartment StandardSalesAccountId:int?
-StockAvailable:number? StockOnHand:number? -StockOnHandLastChangedDatetimeOffset:timestamp?
UnitCost:number? UnitOfMeasureCode:UnitOfMeasureType UnitPrice:number?
"""

PROJECT = """
AllowAllActivities:bool? AllowAllEmployees:bool? AttachExpenseVouchersWhenBilling:bool?
BillableRate:number? BillableRateSpecification:BillableRateSpecification +BrandingThemeCode:string?
BrandingThemeId:int? BudgetedBillableRate:number? BudgetedCostOfGoods:number? BudgetedHours:number?
BudgetedOtherOperatingExpenses:number? BudgetedPayrollExpenses:number? BudgetedRevenueHours:number?
BudgetedTotalRevenue:number? Code:string? ContactPersonId:int? ContractNo:string?
-CreatedDateTimeOffset:timestamp -CreatedFromImportJournalId:uuid? CustomerId:int? +CustomerNo:int?
+DeliveryTerm:string? DeliveryTermId:int? DenyTimeTracking:bool? +DepartmentCode:string? DepartmentId:int?
EndDate:date? ExpenseMarkupDescription:string? ExpenseMarkupEnabled:bool? ExpenseMarkupFactor:number?
ExternalNumber:int? FixedPrice:number? HourlyRateMarkupDescription:string? HourlyRateMarkupEnabled:bool?
HourlyRateMarkupFactor:number? -Id:int IsActive:bool? IsBillable:bool? IsInternal:bool?
-LastChangedDateTimeOffset:timestamp +LocationCode:string? LocationId:int? !Name:string?
+ParentProjectCode:string? ParentProjectId:int? PaymentTermId:int? +PaymentTerms:int? Progress:int?
ProjectBillingMethod:ProjectBillingMethod ProjectManagerEmployeeId:int? +ProjectManagerEmployeeNo:int?
ProjectStatus:ProjectStatusType PurchaseOrderNo:string? StartDate:date?
"""

DEPARTMENT = """
Code:string? -CreatedDateTimeOffset:timestamp -CreatedFromImportJournalId:uuid? -Id:int IsActive:bool?
-LastChangedDateTimeOffset:timestamp ManagerEmployeeId:int? +ManagerEmployeeNo:int? !Name:string?
"""

GENERAL_LEDGER_ACCOUNT = """
!+AccountNo:int +AgricultureDepartment:AgricultureDepartment CurrencyCode:string? +DepartmentCode:string?
DepartmentId:int? -GeneralLedgerAccountType:GeneralLedgerAccountType -Id:int !IsActive:bool?
IsDepartmentRequired:bool? IsProjectRequired:bool? IsVatCodeLocked:bool?
-LastChangedDateTimeOffset:timestamp !Name:string? Unit1:UnitOfMeasureType Unit2:UnitOfMeasureType
+VatCode:string? VatCodeId:int? VatReturnSpecification:VatReturnSpecification
"""
