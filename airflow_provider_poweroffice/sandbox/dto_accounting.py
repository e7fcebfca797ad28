"""
The fields of orders, invoices, ledger rows, VAT codes and the trial balance. Data only.

Notation, one word per field in the order the OpenAPI file lists them: ``Name:type``, ``<=n`` the longest
text, ``?`` may be null. In front: ``!`` required in POST, ``-`` only in answers, ``+`` accepted by POST but
not by PATCH, ``>`` accepted by POST and never answered. Nothing in front: in answers, POST and PATCH. A
type that begins with a capital is an enum (or, when :mod:`.enums` does not know it, an object the sandbox
passes on as it is).

Source: the OpenAPI file of March 2025; the ``+`` marks from the PatchDto models of June 2025.
"""

SALES_ORDER = """
+BrandingThemeCode:string? BrandingThemeId:int? ContactDeliveryAddressId:int? ContractNo:string?
-CreatedDateTimeOffset:timestamp CurrencyCode:string? CurrencyExchangeRate:number?
CustomMatchingReference:string? CustomerId:int? +CustomerNo:int? CustomerReference:string?
CustomerReferenceContactPersonId:int? DeliveryDate:date? +DeliveryTerm:string? DeliveryTermId:int?
+DepartmentCode:string? DepartmentId:int? +Dim1Code:string? Dim1Id:int? +Dim2Code:string? Dim2Id:int?
+Dim3Code:string? Dim3Id:int? ExternalImportReference:string? -Id:uuid ImportedOrderNo:int?
-IsCreatedByCurrentIntegration:bool? -LastChangedDateTimeOffset:timestamp -LineCount:int
+LocationCode:string? LocationId:int? -NetAmount:number +PaymentTerm:int? PaymentTermId:int?
+ProjectCode:string? ProjectId:int? PurchaseOrderReference:string? RelatedInvoiceNo:int?
SalesOrderDate:date? >SalesOrderLines:SalesOrderLinePostDto[]? -SalesOrderNo:int?
SalesOrderStatus:OrderStatus SalesPersonEmployeeId:int? +SalesPersonEmployeeNumber:int?
-TotalAmount:number
"""

SALES_ORDER_LINE = """
Accrual:Accrual Allowance:number? DepartmentCode:string? DepartmentId:int? Description:string?
Dim1Code:string? Dim1Id:int? Dim2Code:string? Dim2Id:int? Dim3Code:string? Dim3Id:int?
ExternalImportReference:string? -Id:uuid LineType:VoucherLineType LocationCode:string? LocationId:int?
-NetAmount:number ProductCode:string? ProductId:int? ProductUnitCost:number? ProductUnitPrice:number?
ProjectCode:string? ProjectId:int? Quantity:number? -SalesOrderId:uuid? SellersReferenceEmployeeId:int?
SellersReferenceEmployeeNo:int? SortOrder:int? -TotalAmount:number UnitOfMeasureCode:UnitOfMeasureType
UseStandardSalesAccount:bool? -VatAmount:number -VatCode:string? -VatId:int? -VatRate:number?
VatReturnSpecification:VatReturnSpecification
"""

OUTGOING_INVOICE = """
Balance:number? BalanceLastChangedDateTimeOffset:timestamp? BrandingThemeCode:string? BrandingThemeId:int?
Cid:string? ContractNo:string? CreatedDateTimeOffset:timestamp CurrencyCode:string?
CurrencyExchangeRate:number? CustomMatchingReference:string? CustomerId:int? CustomerNo:int?
CustomerReference:string? CustomerReferenceContactPersonId:int? DeliveryAddress1:string?
DeliveryAddress2:string? DeliveryAddressCity:string? DeliveryAddressCountryCode:string?
DeliveryAddressZipCode:string? DeliveryDate:date? DeliveryTerm:string? DeliveryTermId:int?
DepartmentCode:string? DepartmentId:int? Dim1Code:string? Dim1Id:int? Dim2Code:string? Dim2Id:int?
Dim3Code:string? Dim3Id:int? DueDate:date? ExternalImportReference:string? Id:uuid ImportedOrderNo:int?
InvoiceDeliveryType:InvoiceDeliveryType InvoiceNo:int? IsCreatedByCurrentIntegration:bool? IsReversed:bool
LastChangedDateTimeOffset:timestamp LocationCode:string? LocationId:int? MatchId:int? NetAmount:number
NetPostedAmount:number OrderDate:date? OrderNo:int? PaymentTerm:int? PaymentTermId:int?
ProjectCode:string? ProjectId:int? PurchaseOrderReference:string? RelatedInvoiceNo:int?
SellersReferenceEmployeeId:int? SellersReferenceEmployeeNo:int? SentDateTimeOffset:timestamp?
TotalAmount:number TotalPostedAmount:number VoucherDate:date VoucherNo:int
VoucherType:OutgoingInvoiceVoucherType
"""

ACCOUNT_TRANSACTION = """
AccountId:int AccountNo:int AgricultureDepartment:AgricultureDepartment Amount:number BankTransferId:uuid?
ContactId:int? CorrectionOfVoucherId:uuid? CorrectionOfVoucherNo:int? CreatedDateTimeOffset:timestamp
CreatedFromImportJournalId:uuid? CurrencyAmount:number CurrencyCode:string? CustomerAccountNo:int?
DepartmentCode:string? DepartmentId:int? Description:string? Dim1Code:string? Dim1Id:int? Dim2Code:string?
Dim2Id:int? Dim3Code:string? Dim3Id:int? EmployeeAccountNo:int? ExternalImportReference:string? Id:int
ImportedVoucherNo:int? IsNoteMainEntry:bool? IsReversed:bool? LastChangedDateTimeOffset:timestamp
LocationCode:string? LocationId:int? PostingDate:date ProductCode:string? ProductId:int?
ProjectCode:string? ProjectId:int? Quantity:number? Quantity2:number? ReversedVoucherId:uuid?
ReversedVoucherNo:int? SubLedgerEntryId:int? SupplierAccountNo:int? VatAmount:number VatCode:string?
VatId:int VatRate:number VatReturnSpecification:VatReturnSpecification VoucherDate:date
VoucherDescription:string? VoucherId:uuid VoucherNo:int VoucherType:VoucherType
"""

VAT_CODE = """
BaseVatCodeId:int? Code:string? Description:string? Id:int IsActive:bool? IsCustom:bool? Name:string?
Rate:number ValidFrom:date ValidTo:date? VatBasisRatio:number? VatBasisRatioValidFrom:timestamp?
VatBasisRatios:VatBasisRatios[]?
"""

TRIAL_BALANCE_LINE = """
AccountId:int AccountName:string? AccountNo:int AgricultureDepartment:AgricultureDepartment Balance:number
"""
