"""
Everything one company holds: its tables and its ledger, made when first asked for.

Rule: the only place that knows which rows refer to which.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Self

from ..core.companies import ENVIRONMENTS, Company
from ..core.table import Id, Row, Table
from ..core.today import Calendar
from .ledger.ledger import Ledger
from .ledger.pattern import PERIOD_ROWS, pattern
from .ledger.rows import RowWriter
from .resources import RESOURCES, references, table_of
from .seeds import Source, seeded
from .sizes import Sizes


class Books:
    """
    One company's data.

    :param company: whose.
    :param sizes: how many rows to begin with.
    :param seed: the sandbox's seed.
    :param calendar: when they end.
    """

    def __init__(self, company: Company, sizes: Sizes, seed: int, calendar: Calendar) -> None:
        self.company = company
        self.calendar = calendar
        self._sizes = sizes
        self._seed = f"{seed}/{company.environment}/{company.index}"
        self._first = ENVIRONMENTS[company.environment].applications[0].key
        self._tables: dict[str, Table] = {}
        self._unmoved: dict[str, Table] = {}
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
            self._ledger = self._new_ledger(*self.calendar.ledger())
        return self._ledger

    def _new_ledger(self, start: int, end: int) -> Ledger:
        lines = pattern(self._seed, self._sizes)
        return Ledger(lines, self._sizes.ledger_rows, self.company.index, start, end)

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
            self._tables[resource] = self._made(resource)
        return self._tables[resource]

    def _made(self, name: str, *, is_moved: bool = True) -> Table:
        """Make a table as it is at the beginning, with its dates as the seed or as the calendar has them."""
        seed, resource = table_of(name)
        source = Source(
            self._seed,
            name,
            company=self.company,
            sizes=self._sizes,
            table=self._as_seeded if self.calendar.days else self._as_first,
            ledger=self._ledger_of_seeds if self.calendar.days else lambda: self.ledger,
        )
        rows = seed.rows(source) if resource is None else seeded(seed, resource.schema, source)
        if is_moved:
            rows = self.calendar.moved(rows)
        return Table(rows, self._first if seed.is_owned else "")

    def _as_seeded(self, name: str) -> Table:
        """Give a table with the dates of its seed, which another seed makes its own from."""
        if name not in self._unmoved:
            self._unmoved[name] = self._made(name, is_moved=False)
        return self._unmoved[name]

    def _ledger_of_seeds(self) -> Ledger:
        return self._new_ledger(*self.calendar.ledger(is_moved=False))

    def _as_first(self, name: str) -> Table:
        """Give a table without what clients have written; a seed must not depend on when it is made."""
        table = self.table(name)
        return self._made(name) if table.is_changed else table

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
        return self.table(resource).find(field, value)

    def in_use(self, resource: str, identifier: Id) -> bool:
        """
        Say whether other rows refer to a row.

        :param resource: e.g. ``Customers``.
        """
        if resource == "ContactGroups":
            contacts = [row for name in ("Customers", "Suppliers", "Employees") for row in self._rows(name)]
            return any(identifier in (row["ContactGroupIds"] or ()) for row in contacts)
        fields = [name for name, _, target, _ in references() if target == resource]
        for item in RESOURCES.values():
            named = [name for name in fields if item.verbs and name.lower() in item.schema.by_name]
            if named and any(row.get(name) == identifier for row in self._rows(item.table) for name in named):
                return True
        field = RESOURCES[resource].ledger_field
        if not field:
            return False
        used = self.ledger.lines[: min(PERIOD_ROWS, self.ledger.base_rows)]
        rows = (*(line.fields for line in used), *self.ledger.tail.rows)
        return any(row.get(field) == identifier for row in rows)

    def _rows(self, resource: str) -> list[Row]:
        return list(self.table(resource).rows.values())
