"""
Sums over a table of the ledger: by account, and of vouchers that do not sum to zero.

Rule: exact decimals, added up by the database; rows that are marked as deleted do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.sql.columns import AuditColumns, Existing
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session
from airflow_provider_poweroffice.storage.sql.identifiers import snake_case
from airflow_provider_poweroffice.storage.sql.plan import LoadPlan
from airflow_provider_poweroffice.storage.sql.refusal import named_table

FIELDS = ("AccountNo", "Amount", "PostingDate", "VoucherNo")


@dataclass(frozen=True, slots=True)
class LedgerSums:
    """
    What the rows of one company sum up to.

    :param accounts: account number to sum, over the days asked for.
    :param vouchers: how many vouchers there are.
    :param unbalanced: of those that do not sum to zero, number and sum.
    """

    accounts: dict[int, Decimal]
    vouchers: int
    unbalanced: list[tuple[int, Decimal]]


def ledger_sums(session: Session, plan: LoadPlan, first: str, last: str) -> LedgerSums:
    """
    Sum up a company's ledger.

    :param plan: of the load into the table.
    :param first: the first posting date that counts for accounts, ``YYYY-MM-DD``; vouchers count whole.
    :param last: the last.
    :raises LoadError: the table lacks a column that is needed, or the database refuses.
    """
    database = session.database
    with named_table(str(plan.table)), session.transaction(staging=True):
        existing = database.describe(session, plan.table)
        if existing is None:
            return LedgerSums({}, 0, [])
        fields = _expressions(session, plan, existing)
        audit = AuditColumns("" if plan.layout == "raw" else "_")
        where = (
            f"FROM {plan.table.quoted(database.quote)} "
            f"WHERE {database.quoted(audit.company)} = {database.mark} "
            f"AND {database.quoted(audit.deleted_at)} IS NULL"
        )
        company, total = plan.owner.company, database.exact_sum(fields["Amount"])
        accounts = session.rows(
            f"SELECT {fields['AccountNo']}, {total} {where} AND {_days(database, fields, existing)} "
            f"GROUP BY {fields['AccountNo']}",
            (company, first, last),
        )
        vouchers = session.rows(f"SELECT count(DISTINCT {fields['VoucherNo']}) {where}", (company,))
        # A text, which SQLite's sum is, becomes a number by adding to it.
        unbalanced = session.rows(
            f"SELECT voucher, total FROM (SELECT {fields['VoucherNo']} AS voucher, {total} AS total {where} "  # noqa: S608 - as above
            f"GROUP BY {fields['VoucherNo']}) AS vouchers WHERE total + 0 <> 0",
            (company,),
        )
    return LedgerSums(
        accounts={int(number): Decimal(value) for number, value in accounts},
        vouchers=int(vouchers[0][0]),
        unbalanced=sorted((int(number), Decimal(value)) for number, value in unbalanced),
    )


def _expressions(session: Session, plan: LoadPlan, existing: Mapping[str, Existing]) -> dict[str, str]:
    """Say in SQL where each field of :data:`FIELDS` is."""
    database = session.database
    if plan.layout == "raw":
        return {field: database.in_json(database.quoted("payload"), field) for field in FIELDS}
    missing = [field for field in FIELDS if _column(plan, field) not in existing]
    if missing:
        raise LoadError(
            f"table {plan.table} has no column for {', '.join(missing)}, so its sums cannot be verified",
            table=str(plan.table),
        )
    return {field: database.quoted(_column(plan, field)) for field in FIELDS}


def _column(plan: LoadPlan, field: str) -> str:
    return snake_case(field) if plan.column_names == "snake_case" else field


def _days(database: Database, fields: Mapping[str, str], existing: Mapping[str, Existing]) -> str:
    """Write the condition that a row was posted between two days; in JSON a day is text."""
    posted, day = fields["PostingDate"], database.mark
    columns = [column for name, column in existing.items() if posted[1:-1] == name]
    if columns:
        day = database.compared(day, columns[0])
    else:
        posted = f"{database.substring}({posted}, 1, 10)"
    return f"{posted} >= {day} AND {posted} <= {day}"
