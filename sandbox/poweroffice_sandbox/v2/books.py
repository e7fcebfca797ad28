"""
Everything one company holds: its tables and its ledger, made when first asked for.

Rule: the only place that knows which rows refer to which.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from random import Random
from typing import Self

from ..core.companies import ENVIRONMENTS, Company
from ..core.table import Id, Row, Table
from .ledger.ledger import Ledger
from .ledger.pattern import PERIOD_ROWS, pattern
from .ledger.rows import RowWriter
from .resources import RESOURCES
from .resources.flows import EMPTY_TABLES
from .seeds import SEEDS
from .seeds.documents import invoices, orders
from .seeds.drafts import DRAFT_SEEDS
from .seeds.partner import PARTNER_SEEDS
from .seeds.registers import Maker
from .seeds.seed import Source, seeded
from .sizes import Sizes

# Id field, its twin for people (or nothing), the resource meant, the twin's name over there.
LOOKUPS = (
    ("DepartmentId", "DepartmentCode", "Departments", "Code"),
    ("CustomerId", "CustomerNo", "Customers", "Number"),
    ("ProjectId", "ProjectCode", "Projects", "Code"),
    ("ParentProjectId", "ParentProjectCode", "Projects", "Code"),
    ("ProductId", "ProductCode", "Products", "Code"),
    ("ManagerEmployeeId", "ManagerEmployeeNo", "Employees", "Number"),
    ("ProjectManagerEmployeeId", "ProjectManagerEmployeeNo", "Employees", "Number"),
    ("SalesPersonEmployeeId", "SalesPersonEmployeeNumber", "Employees", "Number"),
    ("StandardSalesAccountId", "StandardSalesAccount", "GeneralLedgerAccounts", "AccountNo"),
    ("OptionalSalesAccountId", "OptionalSalesAccount", "GeneralLedgerAccounts", "AccountNo"),
    ("VatCodeId", "VatCode", "VatCodes", "Code"),
    ("ActivityItemId", "", "TimeTracking/ActivityItem", "Code"),
    ("ActivityTimeId", "", "TimeTracking/ActivityTime", "Code"),
    ("AccountId", "", "GeneralLedgerAccounts", "AccountNo"),
    ("BankAccountId", "BankAccountNumber", "ClientBankAccounts", "BankAccountNumber"),
    ("BrandingThemeId", "BrandingThemeCode", "BrandingThemes", "Code"),
    ("DeliveryTermId", "DeliveryTerm", "DeliveryTerms", "Name"),
    ("Dim1Id", "Dim1Code", "CustomDimensions", "Code"),
    ("Dim2Id", "Dim2Code", "CustomDimensions", "Code"),
    ("Dim3Id", "Dim3Code", "CustomDimensions", "Code"),
    ("EmployeeId", "", "Employees", "Number"),
    ("EnterpriseId", "", "Enterprises", "EnterpriseNo"),
    ("ExpenseBankAccountId", "", "ContactBankAccounts", "BankAccountNumber"),
    ("GeneralLedgerAccountId", "GeneralLedgerAccountNo", "GeneralLedgerAccounts", "AccountNo"),
    ("ClientBankAccountId", "", "ClientBankAccounts", "BankAccountNumber"),
    ("HourTypeId", "", "TimeTracking/HourType", "Code"),
    ("InvoiceBrandingThemeId", "InvoiceBrandingThemeCode", "BrandingThemes", "Code"),
    ("LocationId", "LocationCode", "Locations", "Code"),
    ("OppositeAccountId", "", "GeneralLedgerAccounts", "AccountNo"),
    ("PayItemId", "", "PayItems", "Code"),
    ("PaymentTermId", "PaymentTerm", "PaymentTerms", "CreditDays"),
    ("PaymentTermId", "PaymentTerms", "PaymentTerms", "CreditDays"),
    ("ProductGroupId", "ProductGroupCode", "ProductGroups", "Code"),
    ("SalaryBankAccountId", "", "ContactBankAccounts", "BankAccountNumber"),
    ("TravelExpenseBankAccountId", "", "ContactBankAccounts", "BankAccountNumber"),
)
_FLOW_SEEDS = {**DRAFT_SEEDS, **PARTNER_SEEDS}
_LEDGER_IDS = {
    "Customers": "ContactId",
    "Suppliers": "ContactId",
    "Employees": "ContactId",
    "Departments": "DepartmentId",
    "Projects": "ProjectId",
    "Products": "ProductId",
    "GeneralLedgerAccounts": "AccountId",
}


class Books:
    """
    One company's data.

    :param company: whose.
    :param sizes: how many rows to begin with.
    :param seed: the sandbox's seed.
    """

    def __init__(self, company: Company, sizes: Sizes, seed: int) -> None:
        self.company = company
        self._sizes = sizes
        self._seed = f"{seed}/{company.environment}/{company.index}"
        self._first = ENVIRONMENTS[company.environment].applications[0].key
        self._maker = Maker(self._seed, sizes)
        self._tables: dict[str, Table] = {}
        self._ledger: Ledger | None = None
        self._last_id = 20_000_000

    def copy(self) -> Self:
        """Give a copy that later changes do not reach."""
        other = copy(self)
        other._tables = {name: table.copy() for name, table in self._tables.items()}  # noqa: SLF001
        other._ledger = None if self._ledger is None else self._ledger.copy()  # noqa: SLF001 - its own class
        for name, member in type(self).__dict__.items():
            if isinstance(member, cached_property):
                other.__dict__.pop(name, None)
        return other

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        if self._ledger is None:
            self._ledger = Ledger(
                pattern(self._seed, self._sizes), self._sizes.ledger_rows, self.company.index
            )
        return self._ledger

    @cached_property
    def writer(self) -> RowWriter:
        """The writer of whole ledger rows; it keeps its templates."""
        return RowWriter(self.ledger, self.company.index)

    def new_id(self) -> int:
        """Give an id no row has had."""
        self._last_id += 1
        return self._last_id

    def table(self, resource: str) -> Table:
        """
        Give a table.

        :param resource: e.g. ``Customers``; ``SalesOrderLines`` is one too.
        """
        if resource not in self._tables:
            self._tables |= self._made(resource)
        return self._tables[resource]

    def _made(self, resource: str) -> dict[str, Table]:
        """Make a table as it is at the beginning; an order and its lines are made together."""
        if resource in {"SalesOrders", "SalesOrderLines"}:
            heads, lines = orders(self._seed, self._sizes)
            return {"SalesOrders": Table(heads, self._first), "SalesOrderLines": Table(lines)}
        if resource == "OutgoingInvoices":
            rows = invoices(self.ledger, self._sizes.outgoing_invoices, self.company.index)
            return {resource: Table(rows, self._first)}
        if resource in SEEDS:
            return {resource: Table(seeded(SEEDS[resource], self._source(resource)))}
        if resource in _FLOW_SEEDS:
            return {resource: Table(_FLOW_SEEDS[resource](self._source(resource)), self._first)}
        if resource in EMPTY_TABLES:
            return {resource: Table()}
        return {resource: Table(self._maker.rows(resource))}

    def _as_first(self, resource: str) -> Table:
        """Give a table without what clients have written; a seed must not depend on when it is made."""
        table = self.table(resource)
        return self._made(resource)[resource] if table.is_changed else table

    def _source(self, resource: str) -> Source:
        random = Random(f"{self._seed}/{resource}")
        return Source(random, self.company, self._sizes, self._as_first, lambda: self.ledger)

    def totals(self) -> dict[str, int]:
        """Give the number of rows of each resource."""
        stored = {item.table: len(self.table(item.table)) for item in RESOURCES.values() if item.verbs}
        return {**stored, "AccountTransactions": len(self.ledger)}

    def find(self, resource: str, field: str, value: object) -> Row | None:
        """
        Find a row by one of its fields; texts compare without case.

        :param resource: e.g. ``Departments``.
        :param field: e.g. ``Code``.
        """
        if field == "Id" and isinstance(value, (int, str)):
            return self.table(resource).rows.get(value)
        wanted = str(value).casefold()
        rows = self.table(resource).rows.values()
        return next((row for row in rows if str(row[field]).casefold() == wanted), None)

    def in_use(self, resource: str, identifier: Id) -> bool:
        """
        Say whether other rows refer to a row.

        :param resource: e.g. ``Customers``.
        """
        if resource == "ContactGroups":
            contacts = [row for name in ("Customers", "Suppliers", "Employees") for row in self._rows(name)]
            return any(identifier in (row["ContactGroupIds"] or ()) for row in contacts)
        fields = [name for name, _, target, _ in LOOKUPS if target == resource]
        for item in RESOURCES.values():
            named = [name for name in fields if item.verbs and name.lower() in item.schema.by_name]
            if named and any(row.get(name) == identifier for row in self._rows(item.table) for name in named):
                return True
        field = _LEDGER_IDS.get(resource)
        if field is None:
            return False
        used = self.ledger.lines[: min(PERIOD_ROWS, self.ledger.base_rows)]
        rows = (*(line.fields for line in used), *self.ledger.tail.rows)
        return any(row.get(field) == identifier for row in rows)

    def _rows(self, resource: str) -> list[Row]:
        return list(self.table(resource).rows.values())
