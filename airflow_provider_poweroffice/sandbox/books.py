"""
Everything one company holds: its tables and its ledger, made when first asked for.

Rule: the only place that knows which rows refer to which.
"""

from __future__ import annotations

from functools import cached_property
from itertools import count

from .documents import invoices, orders
from .keys import Company
from .ledger import Ledger
from .ledger_rows import RowWriter
from .pattern import PERIOD_ROWS, pattern
from .registers import Maker
from .resources import RESOURCES
from .sizes import Sizes
from .table import Id, Row, Table

# Id field, its twin for people, the resource meant, the twin's name over there.
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
)
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
        self._maker = Maker(self._seed, sizes)
        self._tables: dict[str, Table] = {}
        self._ledger: Ledger | None = None
        self._ids = count(20_000_001)

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        if self._ledger is None:
            self._ledger = Ledger(pattern(self._seed, self._sizes), self._sizes.ledger_rows)
        return self._ledger

    @cached_property
    def writer(self) -> RowWriter:
        """The writer of whole ledger rows; it keeps its templates."""
        return RowWriter(self.ledger, self.company.index)

    def new_id(self) -> int:
        """Give an id no row has had."""
        return next(self._ids)

    def table(self, resource: str) -> Table:
        """
        Give a table.

        :param resource: e.g. ``Customers``; ``SalesOrderLines`` is one too.
        """
        if resource not in self._tables:
            self._make(resource)
        return self._tables[resource]

    def _make(self, resource: str) -> None:
        if resource in {"SalesOrders", "SalesOrderLines"}:
            heads, lines = orders(self._seed, self._sizes)
            self._tables |= {"SalesOrders": Table(heads), "SalesOrderLines": Table(lines)}
        elif resource == "OutgoingInvoices":
            rows = invoices(self.ledger, self._sizes.outgoing_invoices, self.company.index)
            self._tables[resource] = Table(rows)
        else:
            self._tables[resource] = Table(self._maker.rows(resource))

    def totals(self) -> dict[str, int]:
        """Give the number of rows of each resource."""
        stored = {name: len(self.table(name)) for name, item in RESOURCES.items() if item.verbs}
        return {**stored, "AccountTransactions": len(self.ledger)}

    def find(self, resource: str, field: str, value: object) -> Row | None:
        """
        Find a row by one of its fields; texts compare without case.

        :param resource: e.g. ``Departments``.
        :param field: e.g. ``Code``.
        :param value: what it must be.
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
        :param identifier: its id.
        """
        if resource == "ContactGroups":
            contacts = [row for name in ("Customers", "Suppliers", "Employees") for row in self._rows(name)]
            return any(identifier in (row["ContactGroupIds"] or ()) for row in contacts)
        fields = [name for name, _, target, _ in LOOKUPS if target == resource]
        stored = (row for name, item in RESOURCES.items() if item.verbs for row in self._rows(name))
        if any(row.get(name) == identifier for row in stored for name in fields):
            return True
        field = _LEDGER_IDS.get(resource)
        used = self.ledger.lines[: min(PERIOD_ROWS, len(self.ledger))] if field else ()
        return any(line.fields.get(str(field)) == identifier for line in used)

    def _rows(self, resource: str) -> list[Row]:
        return list(self.table(resource).rows.values())
