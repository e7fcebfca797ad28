"""
From vouchers to postings: the lines of the ledger each voucher makes.

Rule: the postings of a voucher sum to zero where its lines do. Amounts are with VAT; positive is debit, but
the lines of an invoice to a customer are credited (reference 2.5). A code outside of the chart of accounts
is that of a customer, supplier or employee, posted on the account of its number series. On which accounts
VAT goes is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ...core.table import Id, Row

VOUCHER_TYPES = {
    "IncomingInvoiceVoucher": 1,
    "OutgoingInvoiceVoucher": 4,
    "ManualJournalVoucher": 11,
    "ExpenseVoucher": 14,
    "CashJournalVoucher": 15,
    "YearEndJournalVoucher": 18,
    "BankJournalVoucher": 19,
    "PayrollJournalVoucher": 23,
}
"""Kind of voucher → number of its ``VoucherType``."""

REVERSAL, REVERSALS = 99, "Reversal"
PARTIES = ("Customer", "Supplier", "Employee")
_OUTPUT_VAT, _INPUT_VAT = 2700, 2710
_CENT = Decimal("0.01")
_PER_VOUCHER = 20_000
_DIMENSIONS = ("projectCode", "departmentCode", "dim1Code", "dim2Code", "dim3Code", "locationCode")
_NO_DIMENSION = "-1"
_OF_LINE = ("description", "vatReturnSpecification", "productCode", "quantity", "customMatchingReference")


class Series(NamedTuple):
    """A number series: whose it is, its first and last number, and the account it is posted on."""

    party: str
    first: int
    last: int
    account: int


class World(NamedTuple):
    """What postings depend on, besides their vouchers."""

    rates: Mapping[str, Decimal]
    series: tuple[Series, ...]


Seen = Callable[[str], Mapping[Id, Row]]


def world_of(seen: Seen) -> World:
    """Read VAT rates and number series."""
    rates = {row["code"]: row["rate"] for row in seen("VatCode").values()}
    series = (
        Series(
            PARTIES[row["type"] - 1],
            row["fromInclusive"],
            row["toInclusive"],
            row["generalLedgerAccountCode"],
        )
        for row in seen("SubledgerNumberSeries").values()
    )
    return World(rates, tuple(series))


def _account(code: int, world: World) -> tuple[int, dict[str, Any]]:
    """Give the account a line is posted on, and whose number it names."""
    for item in world.series:
        if item.first <= code <= item.last:
            return item.account, {f"{item.party.lower()}AccountNo": code}
    return code, {}


def _line(line: Row, sign: int, world: World) -> Iterator[Row]:
    """Post a line: its account, net of VAT, and the VAT."""
    account, whose = _account(line["accountCode"], world)
    code = line.get("vatCode") or "0"
    rate = world.rates.get(code, Decimal(0))
    gross = line.get("amount") or Decimal(0)
    net = (gross * 100 / (100 + rate)).quantize(_CENT)
    shared = {name: line[name] for name in _OF_LINE if name in line}
    shared |= {"vatCode": code, "vatRate": rate, "day": line.get("date"), "documentNo": line.get("invoiceNo")}
    shared |= {"cid": line.get("cid"), **{name: line.get(name) for name in _DIMENSIONS}}
    yield {**shared, **whose, "accountCode": account, "amount": sign * net, "vatAmount": sign * (gross - net)}
    if rate:
        vat = _OUTPUT_VAT if code.startswith("3") else _INPUT_VAT
        yield {**shared, "accountCode": vat, "amount": sign * (gross - net)}


# Kind → field with the party's code, sign of the lines.
_INVOICES = {
    "OutgoingInvoiceVoucher": ("customerCode", -1),
    "IncomingInvoiceVoucher": ("supplierCode", 1),
    "ExpenseVoucher": ("employeeCode", 1),
}


def _lines(kind: str, voucher: Row, world: World) -> Iterator[Row]:
    sign = 1
    if kind in _INVOICES:
        name, sign = _INVOICES[kind]
        account, whose = _account(voucher[name], world)
        total = sum((line.get("amount") or Decimal(0) for line in voucher["lines"]), Decimal(0))
        yield {**whose, "accountCode": account, "amount": -sign * total}
    for line in voucher["lines"]:
        yield from _line(line, sign, world)


def _dimensions(voucher: Row, line: Row) -> Row:
    """Give a line the dimensions of its head, unless it has its own or says that it has none."""
    codes = {name: line.get(name) or voucher.get(name) for name in _DIMENSIONS}
    return {name: None if code == _NO_DIMENSION else code for name, code in codes.items()}


def postings(kind: str, vouchers: Iterable[Row], world: World) -> Iterator[Row]:
    """Post vouchers of a kind."""
    for voucher in vouchers:
        number = voucher.get("invoiceNo")
        document = None if number is None else str(number)
        shared: dict[str, Any] = {
            "voucherNo": voucher["voucherNo"],
            "importedVoucherNo": voucher.get("importedVoucherNo"),
            "voucherType": VOUCHER_TYPES[kind],
            "voucherId": voucher["id"],
            "voucherDate": voucher["voucherDate"],
            "date": voucher["voucherDate"],
            "voucherDueDate": voucher.get("dueDate"),
            "documentNo": document,
            "cid": voucher.get("cid"),
            "description": voucher.get("description"),
            "text": voucher.get("description"),
            "currencyCode": voucher.get("currencyCode"),
            "createdDate": voucher["createdDate"],
            "lastChanged": voucher.get("lastChanged", voucher["createdDate"]),
            "externalImportReference": voucher.get("externalImportReference"),
            "hasVoucherDocumentation": voucher.get("hasImportedDocumentation", False),
            "ourReferenceEmployeeCode": voucher.get("ourReferenceEmployeeCode"),
            "customMatchingReference": voucher.get("customMatchingReference"),
            "isReversed": voucher.get("isReversed", False),
            "kind": kind,
        }
        rate = voucher.get("currencyRate") or Decimal(1)
        for place, line in enumerate(_lines(kind, voucher, world)):
            given = {name: value for name, value in line.items() if value is not None}
            key = voucher["voucherNo"] * _PER_VOUCHER + place
            amount = (line["amount"] * rate).quantize(_CENT)
            row = {**shared, **given, **_dimensions(voucher, line), "id": key, "amount": amount}
            row |= {"currencyAmount": line["amount"], "date": given.get("day", shared["date"])}
            row["voucherCID"] = row["cid"]
            if any(f"{party.lower()}AccountNo" in line for party in PARTIES):
                row["subLedgerEntryId"] = key
            yield row


def reversed_postings(reversal: Row, found: Iterable[Row]) -> Iterator[Row]:
    """
    Post the reversal of a voucher: its postings, turned round, on its own dates.

    :param found: the postings of the voucher.
    """
    for place, row in enumerate(found):
        turned: Row = {name: -row[name] for name in ("amount", "currencyAmount", "vatAmount") if name in row}
        key = reversal["voucherNo"] * _PER_VOUCHER + place
        yield {
            **row,
            **turned,
            "id": key,
            "subLedgerEntryId": key if "subLedgerEntryId" in row else None,
            "voucherNo": reversal["voucherNo"],
            "voucherType": REVERSAL,
            "voucherId": reversal["id"],
            "reversedVoucherNo": row["voucherNo"],
            "createdDate": reversal["createdDate"],
            "lastChanged": reversal["createdDate"],
            "isReversed": False,
        }


def entries(seen: Seen) -> list[Row]:
    """Give all postings, in the order of their vouchers."""
    world = world_of(seen)
    found = [row for kind in VOUCHER_TYPES for row in postings(kind, seen(kind).values(), world)]
    reversals = {row["reversedId"]: row for row in seen(REVERSALS).values()}
    if reversals:
        by_voucher: dict[str, list[Row]] = {}
        for row in found:
            if row["voucherId"] in reversals:
                by_voucher.setdefault(row["voucherId"], []).append(row)
        for key, rows in by_voucher.items():
            found.extend(reversed_postings(reversals[key], rows))
    return sorted(found, key=lambda row: (row["voucherNo"], row["id"]))


def matched(rows: Iterable[Row], contact: str, links: Iterable[Row]) -> list[Row]:
    """
    Match entries of a sub-ledger, and give what is open of each.

    Entries of one contact with the same document number are matched; matches that were asked for win.

    :param rows: postings on a control account, oldest first.
    :param contact: the field with the contact's number.
    :param links: what was asked for: ``entryIds`` and a ``matchId``, none of it where they were taken apart.
    """
    found = [{**row, "balance": row["amount"]} for row in rows]
    asked = {key: link.get("matchId") for link in links for key in link["entryIds"]}
    groups: dict[Any, list[Row]] = {}
    for row in found:
        group: tuple[Any, Any] = ("alone", row["id"])
        match, document = asked.get(row["id"]), row.get("documentNo")
        if match:
            group = ("asked", match)
        elif document and row["id"] not in asked:
            group = (row.get(contact), document)
        groups.setdefault(group, []).append(row)
    for group, members in groups.items():
        if len(members) > 1:
            _match(members, group[1] if group[0] == "asked" else members[0]["id"])
    return found


def _match(members: list[Row], match: int) -> None:
    """Let the rest of a match stand on its greatest entry."""
    rest = sum((row["amount"] for row in members), Decimal(0))
    owner = max(members, key=lambda row: abs(row["amount"]) if (row["amount"] > 0) == (rest > 0) else -1)
    changed = max(row["lastChanged"] for row in members)
    for row in members:
        row.update(matchId=match, balance=rest if row is owner else Decimal(0), lastChanged=changed)
