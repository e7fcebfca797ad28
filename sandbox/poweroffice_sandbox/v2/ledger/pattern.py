"""
The pattern the ledger repeats: 256 cycles of 15 vouchers and 40 rows, different from company to company.

Rule: what a row says apart from its ids, numbers and times depends only on its place in the pattern. So any
filter on accounts, codes or types is answered for ten million rows by looking at 10,240. Amounts are whole
øre, and the lines of a voucher sum to exactly zero (portal use case "Detailed accounting reporting").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random

from ...core import names
from ...core.origin import BASE, account_id, money
from ...core.table import Row
from ..sizes import Sizes

CYCLES = 256
# The vouchers of a cycle: type and number of lines. 40 rows, so that round row numbers are whole vouchers.
CYCLE = (
    ("OutgoingInvoice", 3),
    ("IncomingInvoice", 3),
    ("IncomingOcrGiro", 2),
    ("OutgoingInvoice", 3),
    ("OutgoingPayments", 2),
    ("PayrollJournal", 4),
    ("OutgoingInvoice", 3),
    ("IncomingInvoice", 3),
    ("IncomingOcrGiro", 2),
    ("OutgoingCreditNote", 3),
    ("OutgoingPayments", 2),
    ("IncomingInvoice", 3),
    ("IncomingOcrGiro", 2),
    ("OutgoingInvoice", 3),
    ("OutgoingPayments", 2),
)
CYCLE_VOUCHERS = len(CYCLE)
CYCLE_ROWS = sum(lines for _, lines in CYCLE)
PERIOD_ROWS = CYCLES * CYCLE_ROWS

_TEXTS = {
    "OutgoingInvoice": "Utgående faktura",
    "OutgoingCreditNote": "Kreditnota til kunde",
    "IncomingInvoice": "Inngående faktura",
    "IncomingOcrGiro": "Innbetaling fra kunde",
    "OutgoingPayments": "Utbetaling til leverandør",
    "PayrollJournal": "Lønn",
}
# The largest amounts in øre, before VAT: the company earns more than it spends, is paid less than it is owed,
# and pays less than it owes, so that assets are assets and debts are debts.
_MOST = {
    "OutgoingInvoice": 18_000_000,
    "OutgoingCreditNote": 4_500_000,
    "IncomingInvoice": 8_100_000,
    "IncomingOcrGiro": 20_700_000,
    "OutgoingPayments": 6_300_000,
    "PayrollJournal": 9_000_000,
}
_VAT = {row[1]: (row[0], Decimal(row[3])) for row in names.VAT_CODES}
_COSTS = (4300, 4300, 4300, 6300, 6540, 6800, 6900)


@dataclass(frozen=True)
class Line:
    """One row of the pattern: its account, its øre, and every field that does not depend on the position."""

    account: int
    ore: int
    fields: Row


@lru_cache(maxsize=8)
def pattern(seed: str, sizes: Sizes) -> tuple[Line, ...]:
    """
    Make the pattern of one company.

    :param sizes: how many contacts, departments, … there are to refer to.
    """
    random = Random(f"{seed}/ledger")
    return tuple(
        line for _ in range(CYCLES) for kind, _ in CYCLE for line in _Voucher(random, sizes, kind).lines()
    )


class _Voucher:
    """One voucher of the pattern."""

    def __init__(self, random: Random, sizes: Sizes, kind: str) -> None:
        self._random = random
        self._sizes = sizes
        self._kind = kind
        self._dimensions = {**self._department(), **self._project()}

    def lines(self) -> Iterator[Line]:
        net = self._random.choice((110, 476_000, self._random.randint(1_000, _MOST[self._kind]), 50_010))
        vat = (net * 25 + 50) // 100
        sign = -1 if self._kind == "OutgoingCreditNote" else 1
        if self._kind.startswith("OutgoingPay"):
            supplier = self._contact("Suppliers", "SupplierAccountNo", 20_000, self._sizes.suppliers)
            yield self._line(2400, net, supplier)
            yield self._line(1920, -net)
        elif self._kind.startswith("Outgoing"):
            customer = self._contact("Customers", "CustomerAccountNo", 10_000, self._sizes.customers)
            yield self._line(1500, sign * (net + vat), customer)
            yield self._line(3000, -sign * net, self._product(), "3", -sign * vat)
            yield self._line(2700, -sign * vat, vat_code="3")
        elif self._kind == "IncomingInvoice":
            supplier = self._contact("Suppliers", "SupplierAccountNo", 20_000, self._sizes.suppliers)
            yield self._line(self._random.choice(_COSTS), net, vat_code="1", vat=vat)
            yield self._line(2710, vat, vat_code="1")
            yield self._line(2400, -net - vat, supplier)
        elif self._kind == "PayrollJournal":
            yield from self._payroll(net)
        else:
            customer = self._contact("Customers", "CustomerAccountNo", 10_000, self._sizes.customers)
            yield self._line(1920, net)
            yield self._line(1500, -net, customer)

    def _payroll(self, gross: int) -> Iterator[Line]:
        tax, held = gross * 34 // 100, gross // 50
        employee = self._contact("Employees", "EmployeeAccountNo", 1, self._sizes.employees)
        yield self._line(5000, gross, employee)
        yield self._line(2600, -tax)
        yield self._line(2930, -held)
        yield self._line(1920, -(gross - tax - held))

    def _line(
        self, account: int, ore: int, more: Row | None = None, vat_code: str = "0", vat: int = 0
    ) -> Line:
        vat_id, rate = _VAT[vat_code]
        return Line(
            account,
            ore,
            {
                "AccountId": account_id(account),
                "AccountNo": account,
                "AgricultureDepartment": "None",
                "Amount": money(ore),
                "CurrencyAmount": money(ore),
                "CurrencyCode": "NOK",
                "Description": _TEXTS[self._kind],
                "IsNoteMainEntry": False,
                "IsReversed": False,
                "VatAmount": money(vat),
                "VatCode": vat_code,
                "VatId": vat_id,
                "VatRate": rate,
                "VatReturnSpecification": "None",
                "VoucherType": self._kind,
                **self._dimensions,
                **(more or {}),
            },
        )

    def _contact(self, resource: str, number_field: str, first: int, count: int) -> Row:
        if not count:
            return {}
        index = self._random.randrange(count)
        index -= not (index + 1) % 5  # every fifth contact has no entries, so it can be deleted
        return {"ContactId": BASE[resource] + index, number_field: first + index}

    def _department(self) -> Row:
        count = self._sizes.departments
        if not count or self._random.random() < 0.3:  # noqa: PLR2004 - a share
            return {}
        index = self._random.randrange(count)
        return {"DepartmentId": BASE["Departments"] + index, "DepartmentCode": str(10 * (index + 1))}

    def _project(self) -> Row:
        count = self._sizes.projects
        if not count or self._random.random() < 0.6:  # noqa: PLR2004 - a share
            return {}
        index = self._random.randrange(count)
        return {"ProjectId": BASE["Projects"] + index, "ProjectCode": f"P-{index + 101}"}

    def _product(self) -> Row:
        count = self._sizes.products
        if not count:
            return {}
        index = self._random.randrange(count)
        code = f"V-{index + 1:04}"
        return {
            "Description": self._random.choice(names.GOODS),
            "ProductId": BASE["Products"] + index,
            "ProductCode": code,
            "Quantity": money(100 * self._random.randint(1, 12)),
        }
