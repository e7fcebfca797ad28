"""
The fields of orders, and those of ledger rows as text.

Notation: see :mod:`.tables`. Orders are written here and not made by the tool, because ``+`` marks of theirs
come from the PatchDto models of June 2025. A type that is neither enum nor entity is an object the sandbox
passes on as it is.
"""

from __future__ import annotations

from .tables import named_words

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
Accrual:Accrual Allowance:number? +DepartmentCode:string? DepartmentId:int? Description:string?
+Dim1Code:string? Dim1Id:int? +Dim2Code:string? Dim2Id:int? +Dim3Code:string? Dim3Id:int?
ExternalImportReference:string? -Id:uuid LineType:VoucherLineType +LocationCode:string? LocationId:int?
-NetAmount:number +ProductCode:string? ProductId:int? ProductUnitCost:number? ProductUnitPrice:number?
+ProjectCode:string? ProjectId:int? Quantity:number? -SalesOrderId:uuid? SellersReferenceEmployeeId:int?
+SellersReferenceEmployeeNo:int? SortOrder:int? -TotalAmount:number UnitOfMeasureCode:UnitOfMeasureType
UseStandardSalesAccount:bool? -VatAmount:number -VatCode:string? -VatId:int? -VatRate:number?
VatReturnSpecification:VatReturnSpecification
"""

ACCOUNT_TRANSACTION = named_words("fields")["AccountTransaction"]
