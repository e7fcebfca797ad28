"""
Posting to the ledger: accounts, VAT, dimensions, currency, lock date.

Rule: a voucher is checked whole before anything is booked. Lines name accounts and VAT codes by id; a
customer or supplier is named by its sub-ledger account, never by the control account (the portal). Amounts
are gross of VAT. Assumed: VAT goes to 2700, 2702 or 2710; what rounding of a foreign currency leaves goes to
8160.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ...core.clock import ticks
from ...core.origin import SUBLEDGER, account_id
from ...core.reply import RefusedError
from ...core.table import Row
from ..books import Books
from ..reply import refuse
from ..resources import references
from ..rest.call import Call

CENT = Decimal("0.01")
LABEL = "Voucher"
# Register, control account, the field of the ledger row that holds the contact's number.
_SUBLEDGERS = (
    ("Customers", 1500, "CustomerAccountNo"),
    ("Suppliers", 2400, "SupplierAccountNo"),
    ("Employees", 2930, "EmployeeAccountNo"),
)
_CONTROL = (1500, 2400)
_VAT_ACCOUNTS = (2700, 2702, 2710)
_DIMENSIONS = {"DepartmentId", "ProjectId", "ProductId", "LocationId", "Dim1Id", "Dim2Id", "Dim3Id"}
_NO_VAT = "0"
_COPIED = ("Description", "Quantity", "Quantity2", "VatReturnSpecification", "PostingDate")


def invalid(detail: str, status: int = 400) -> RefusedError:
    """
    Make the refusal of a voucher; to be raised.

    :param status: 404 when it names something that is not there.
    """
    return refuse(status, f"{LABEL} validation error(s)", detail)


def cents(amount: Decimal | int) -> Decimal:
    """
    Round to two decimals.

    :param amount: kroner.
    :raises RefusedError: 400, it is too large.
    """
    try:
        return Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:
        raise invalid(f"The amount {amount} is too large.") from None


def account_fields(books: Books, identifier: int, *, control: bool = False) -> Row:
    """
    Give the account fields of a ledger row.

    :param identifier: of a general ledger account, or a contact's ``SubledgerAccountId``.
    :param control: whether a control account will do, as in a draft.
    :raises RefusedError: 404, there is none; 400, it is a control account.
    """
    account = books.table("GeneralLedgerAccounts").rows.get(identifier)
    if account is not None:
        if account["AccountNo"] in _CONTROL and not control:
            number = account["AccountNo"]
            raise invalid(f"Account {number} is a control account; use the SubledgerAccountId of a contact.")
        return {"AccountId": account["Id"], "AccountNo": account["AccountNo"]}
    for register, collective, field in _SUBLEDGERS:
        contact = books.table(register).rows.get(identifier - SUBLEDGER)
        if contact is not None and contact["SubledgerAccountId"] == identifier:
            return {
                "AccountId": account_id(collective),
                "AccountNo": collective,
                "ContactId": contact["Id"],
                field: contact["Number"],
            }
    raise invalid(f"Account with id = {identifier} not found.", 404)


def _vat_fields(books: Books, identifier: int | None) -> Row:
    key, value = ("Id", identifier) if identifier is not None else ("Code", _NO_VAT)
    vat = books.find("VatCodes", key, value)
    if vat is None:
        raise invalid(f"VAT code with id = {identifier} not found.", 404)
    return {"VatId": vat["Id"], "VatCode": vat["Code"], "VatRate": vat["Rate"]}


def _vat_account(code: str) -> int:
    if code == "3":
        return 2700
    return 2702 if code.startswith("3") else 2710


def dimension_fields(books: Books, line: Row) -> Row:
    """
    Give ids and codes of the dimensions of a line.

    :param line: with ``DepartmentId``, ``ProjectId``, …
    :raises RefusedError: 404, there is no such row.
    """
    result: Row = {}
    for id_field, code_field, target, key in references():
        identifier = line.get(id_field)
        if identifier is None or id_field not in _DIMENSIONS:
            continue
        found = books.find(target, "Id", identifier)
        if found is None:
            raise invalid(f"{target.rstrip('s')} with id = {identifier} not found.", 404)
        result |= {id_field: identifier, code_field: found[key]}
    return result


def ledger_lines(call: Call, lines: Iterable[Row], head: Row) -> list[Row]:
    """
    Turn the lines of a voucher into rows of the ledger.

    :param lines: with ``AccountId``, ``VatId`` and ``CurrencyAmount``, signed and gross.
    :param head: of the voucher; gives currency and date where a line has none.
    :raises RefusedError: a line cannot be posted, or the lines do not balance.
    """
    lines = list(lines)
    if not lines:
        raise invalid("The voucher has no lines.")
    total = sum(cents(line.get("CurrencyAmount") or 0) for line in lines)
    if total:
        raise invalid(f"The voucher does not balance: the sum of its lines is {total}.")
    rows = [row for line in lines for row in _line_rows(call.books, line, head)]
    rest = sum((row["Amount"] for row in rows), Decimal(0))
    if rest:
        account = account_fields(call.books, account_id(8160))
        rows.append({**rows[-1], **account, "Amount": -rest, "CurrencyAmount": Decimal("0.00")})
    return rows


def _line_rows(books: Books, line: Row, head: Row) -> list[Row]:
    date = line.get("PostingDate") or head["VoucherDate"]
    locked = books.calendar.lock_date
    if date <= locked:
        raise invalid(f"PostingDate {date} is on or before the lock date {locked}.")
    vat, rate = _vat_fields(books, line.get("VatId")), Decimal(line.get("CurrencyExchangeRate") or 1)
    gross = cents(line.get("CurrencyAmount") or 0)
    net = cents(gross / (1 + Decimal(vat["VatRate"]) / 100))
    shared: Row = {
        **{name: line[name] for name in _COPIED if line.get(name) is not None},
        **dimension_fields(books, line),
        **vat,
        "CurrencyCode": line.get("CurrencyCode") or head["CurrencyCode"],
        "PostingDate": date,
        "VatAmount": Decimal("0.00"),
    }
    row = {**shared, **account_fields(books, line["AccountId"]), **_amounts(net, rate)}
    if net == gross:
        return [row]
    tax = _amounts(gross - net, rate)
    account = account_fields(books, account_id(_vat_account(vat["VatCode"])))
    return [{**row, "VatAmount": tax["Amount"]}, {**shared, **account, **tax, "Quantity": None}]


def vat_of(rows: Iterable[Row]) -> Decimal:
    """
    Give the outgoing VAT in the rows of a voucher.

    :param rows: from :func:`ledger_lines`.
    """
    return -sum((row["Amount"] for row in rows if row["AccountNo"] in _VAT_ACCOUNTS), Decimal(0))


def _amounts(currency: Decimal, rate: Decimal) -> Row:
    return {"CurrencyAmount": currency, "Amount": cents(currency * rate)}


def book(call: Call, head: Row, rows: list[Row]) -> Row:
    """
    Book a voucher.

    :param head: fields all rows share, e.g. ``VoucherType`` and ``VoucherDate``.
    :param rows: from :func:`ledger_lines`.
    :return: its first row, with ``VoucherId`` and ``VoucherNo``.
    """
    return call.books.ledger.tail.book(head, rows, ticks(call.now))
