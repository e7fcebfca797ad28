"""
Checks vouchers that are posted straight to the ledger: finds what would be refused before the first is sent.

Rule: only what the portal and the OpenAPI file say. Lines sum to zero; nothing is posted on or before the
lock date; accounts and VAT codes exist, are active, and are not control accounts, which the
``SubledgerAccountId`` of a customer or supplier replaces. Each list is read once, the sub-ledgers only where
an id is not an account of the general ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.texts import shown

_KINDS = frozenset({"bankjournals", "cashjournals", "manualjournals", "yearendjournals"})
_CONTROL = frozenset({1500, 2400})  # as the portal says; the API does not mark them
_SUBLEDGERS = ("Customers", "Suppliers", "Employees")
_CENT = Decimal("0.01")

Found = tuple[int, str | None, str, str]
"""Line, key, field and message."""
Named = dict[Any, list[Found]]
"""What vouchers name, and where."""


class VoucherCheck:
    """Collects vouchers, then asks the server once about all that they name."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._problems: list[Found] = []
        self._named: dict[str, Named] = {"PostingDate": {}, "AccountId": {}, "VatId": {}}

    @classmethod
    def of(cls, client: Client, path: str) -> VoucherCheck | None:
        """Give a check for the vouchers of an endpoint; None where their lines are not plain postings."""
        first, _, kind = path.lower().partition("/")
        return cls(client) if first == "vouchers" and kind in _KINDS else None

    def take(self, line: int, key: str | None, body: dict[str, Any]) -> None:
        """Look at one voucher."""
        given = body.get("VoucherLines")
        lines = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
        if not lines:
            self._problems.append((line, key, "VoucherLines", "the voucher has no lines"))
        if total := _sum_of(lines):
            told = f"the voucher does not balance: the sum of its lines is {total}"
            self._problems.append((line, key, "VoucherLines", told))
        for index, item in enumerate(lines):
            names = item | {"PostingDate": item.get("PostingDate") or body.get("VoucherDate")}
            for name, seen in self._named.items():
                value = names.get(name)
                if value and not isinstance(value, (dict, list)):  # the schema's check tells
                    seen.setdefault(value, []).append((line, key, f"VoucherLines/{index}/{name}", ""))

    def problems(self) -> Iterator[Found]:
        """
        Tell what is wrong, after the reads.

        :raises PowerOfficeError: a list cannot be read.
        """
        yield from self._problems
        yield from self._locked()
        yield from self._accounts(self._named["AccountId"])
        yield from self._vat_codes(self._named["VatId"])

    def _locked(self) -> Iterator[Found]:
        settings = self._client.request("GET", "LockDateSettings").body
        until = str(settings.get("LockDate") or "")[:10] if isinstance(settings, dict) else ""
        for value, where in self._named["PostingDate"].items():
            if until and str(value)[:10] <= until:
                yield from _each(where, f"{str(value)[:10]} is on or before the lock date {until}")

    def _accounts(self, named: Named) -> Iterator[Found]:
        accounts = self._rows("GeneralLedgerAccounts", "Id,AccountNo,IsActive") if named else {}
        contacts: set[Any] = set()
        for name in _SUBLEDGERS if named.keys() - accounts.keys() else ():
            rows = self._rows(name, "Id,SubledgerAccountId").values()
            contacts.update(row.get("SubledgerAccountId") for row in rows)
        for value, where in named.items():
            if value in accounts:
                yield from _each(where, _unpostable(accounts[value]))
            elif value not in contacts:
                yield from _each(where, f"no account has the id {shown(value)}")

    def _vat_codes(self, named: Named) -> Iterator[Found]:
        codes = self._rows("VatCodes", "Id,Code,IsActive") if named else {}
        for value, where in named.items():
            if value not in codes:
                yield from _each(where, f"no VAT code has the id {shown(value)}")
            elif codes[value].get("IsActive") is False:
                yield from _each(where, f"VAT code {shown(codes[value].get('Code'))} is not active")

    def _rows(self, endpoint: str, fields: str) -> dict[Any, dict[str, Any]]:
        with self._client.pages(endpoint, query={"Fields": fields}) as pages:
            return {row["Id"]: row for page in pages for row in page.rows}


def _each(where: list[Found], message: str) -> Iterator[Found]:
    return ((line, key, field, message) for line, key, field, _ in where if message)


def _unpostable(account: dict[str, Any]) -> str:
    """Say why nothing may be posted to an account of the general ledger; "" where it may."""
    number = account.get("AccountNo")
    if number in _CONTROL:
        return f"account {number} is a control account: use a contact's SubledgerAccountId"
    return f"account {number} is not active" if account.get("IsActive") is False else ""


def _sum_of(lines: list[dict[str, Any]]) -> Decimal:
    """Sum up the lines; 0 where they have no sum: several currencies, or an amount that is not a number."""
    amounts = [_cents(item.get("CurrencyAmount")) for item in lines]
    currencies = {str(item.get("CurrencyCode")) for item in lines}
    if None in amounts or len(currencies) > 1:
        return Decimal(0)
    return sum(filter(None, amounts), Decimal(0))


def _cents(value: Any) -> Decimal | None:
    """Give an amount to the cent; None where it is not a number, which the check of the schema reports."""
    if value is None:
        return Decimal(0)
    try:
        amount = Decimal(str(value))
        return amount.quantize(_CENT, ROUND_HALF_UP) if not isinstance(value, bool) else None
    except InvalidOperation:
        return None
