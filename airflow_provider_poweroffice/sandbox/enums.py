"""The string enums of the API, by name. Rule: values exactly as the OpenAPI file spells them."""

_TEXT = """
AgricultureDepartment: None Finance Farming Forestry FurAnimals OtherIndustries Private
BillableRateSpecification: Activity Employee Project
Gender: Male Female Hidden
GeneralLedgerAccountType: Asset Liability Equity Income Expense
InternationalIdType: PassportNumber NationalIdentityNumber TaxIdentificationNumber
    ValueAddedTaxIdentificationNumber
InvoiceDeliveryType: PdfByEmail Print EHF AvtaleGiro External Efaktura Factoring
Months: January February March April May June July August September October November December
NoticeOfDebtCollectionDeliveryType: PdfByEmail Print
OrderStatus: Draft Confirmed
OutgoingInvoiceVoucherType: OutgoingInvoice OutgoingCreditNote
ProductType: Product Service
ProjectBillingMethod: FixedPrice Time TimeAndExpenses
ProjectStatusType: Tentative Active Archived NotStarted Complete
ReminderDeliveryType: PdfByEmail Print
UnitOfMeasureType: BX MTR KMT KGM EA LTR HUR DAY MTK MTQ TNE MON ANN QAN NL XRO XBA XPL XPC PR XCI XBG SET
    XTY XOF FTK KWH MWH LBR CMT DMT LM XPK GRM HGM XFL XBE E54 MMT DAA H18 MLT HLT DLT AK XCR E14 MJ J57
    XJG XCT XSA XTU WEE XCA XCN NAR M4 XVQ P1 MFU KMK LM3 FOT FM3 E34 E35
VatReturnSpecification: None Adjustment LossesOnClaims ReversalOfInputValueAddedTax Withdrawals
    AdjustmentVatCompensationRealProperty PurchasesEligibleForCompensation
VoucherLineType: Normal Text Summary InvoiceFee TotalHours
VoucherType: Unknown IncomingInvoice IncomingCreditNote OutgoingInvoice OutgoingCreditNote
    IncomingBankRemittance IncomingOcrGiro ManualJournal Expense CashJournal IncomingPayments
    OutgoingPayments YearEndJournal BankJournal VatReturns PayrollJournal OutgoingPaymentReminder
    OutgoingNoticeOfDebtCollection OutgoingPaymentDemand OutgoingWarrantOfExecution CorrectionVoucher
    ReversalVoucher DepreciationJournal TravelExpense Settlement NegativeSettlement
    SystemGeneratedDocumentationVoucher
"""

# OpenAPI file of March 2025. A line that is indented goes on with the enum above.
ENUMS: dict[str, tuple[str, ...]] = {
    name: tuple(values.split())
    for name, _, values in (line.partition(":") for line in _TEXT.replace("\n    ", " ").split("\n") if line)
}
