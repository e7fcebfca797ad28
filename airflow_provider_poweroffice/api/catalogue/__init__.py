"""
What is known of an API's resources: facts for advice, never a wall, as an API grows.

Rule: pure; the facts are in text files beside this module, made from the official description by
``tools/catalogue.py``, and read when first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from airflow_provider_poweroffice.api.texts import nearest

_CLOSE = 0.75  # how alike a name must be to be suggested
_CLOSE_WORD = 0.8  # the same for what people call it
_SYNONYMS = {
    "ledger": ("AccountTransactions", "Reporting/AccountTransactions"),
    "generalledger": ("AccountTransactions", "Reporting/AccountTransactions"),
    "transaction": ("AccountTransactions", "Reporting/AccountTransactions"),
    "entry": ("AccountTransactions", "Reporting/AccountTransactions"),
    "journal": ("AccountTransactions", "Reporting/AccountTransactions"),
    "account": ("GeneralLedgerAccounts", "GeneralLedgerAccount"),
    "chartofaccount": ("GeneralLedgerAccounts", "GeneralLedgerAccount"),
    "invoice": ("OutgoingInvoices", "OutgoingInvoice"),
    "salesinvoice": ("OutgoingInvoices", "OutgoingInvoice"),
    "purchaseinvoice": ("IncomingInvoices", "Voucher/IncomingInvoiceVoucher"),
    "supplierinvoice": ("IncomingInvoices", "Voucher/IncomingInvoiceVoucher"),
    "bill": ("IncomingInvoices", "Voucher/IncomingInvoiceVoucher"),
    "creditnote": ("OutgoingInvoices", "OutgoingInvoice"),
    "vendor": ("Suppliers", "Supplier"),
    "voucher": ("Vouchers/ManualJournals", "Voucher/ManualJournalVoucher"),
    "order": ("SalesOrders",),
    "contact": ("ContactPersons", "Customers"),
    "person": ("ContactPersons", "Employees", "Employee"),
    "staff": ("Employees", "Employee"),
    "accountingsetting": ("FinancialSettings", "VatSettings"),
    "accountsetting": ("FinancialSettings", "VatSettings"),
    "setting": ("FinancialSettings", "OrganizationSettings"),
    "vat": ("VatCodes", "VatCode"),
    "tax": ("VatCodes", "VatCode"),
    "taxcode": ("VatCodes", "VatCode"),
    "company": ("ClientIntegrationInformation",),
    "organization": ("ClientIntegrationInformation",),
    "me": ("ClientIntegrationInformation",),
    "balance": ("TrialBalance", "Reporting/TrialBalance"),
    "openitem": ("Customerledger/OpenItems", "Reporting/CustomerLedger"),
    "document": ("VoucherDocumentation/Download",),
    "attachment": ("VoucherDocumentation/Download",),
    "timesheet": ("TimeTracking/TimeTrackingEntry",),
    "hour": ("TimeTracking/TimeTrackingEntry",),
    "item": ("Products", "Product"),
    "article": ("Products", "Product"),
}
"""What people call things, and the resources that they mean by it; those an API lacks are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """
    One path of an API.

    :param path: with placeholders, such as ``Customers/{id}``.
    :param verbs: HTTP methods.
    :param kind: ``"paged"`` list, ``"whole"`` list, or empty: no list.
    :param key: a field that no two rows of the list share.
    :param created_filter: query name that takes a creation time, exclusive.
    :param changed_filter: query name that takes a change time, exclusive.
    :param created_field: field of a row with its creation time.
    :param changed_field: field of a row with its change time.
    :param required: query names that must be given.
    :param filters: all query names, paging aside.
    :param privilege: what reading needs; writing needs ``…_Full``.
    :param reference: field of a POST body that the server keeps unique.
    :param most: rows that one call may give; 0 where the API states none of its own for it.
    """

    path: str
    verbs: tuple[str, ...]
    kind: str
    key: str
    created_filter: str
    changed_filter: str
    created_field: str
    changed_field: str
    required: tuple[str, ...]
    filters: tuple[str, ...]
    privilege: str
    reference: str
    most: int

    def privilege_for(self, method: str) -> str:
        """Name the privilege that a call needs; several are alternatives."""
        full = "" if method == "GET" else "_Full"
        return " or ".join(name + full for name in self.privilege.split("/") if name)

    def lacking(self, query: Mapping[str, Any]) -> list[str]:
        """Name the query names that must be given, and are not."""
        given = {
            str(name).lower() for name, value in query.items() if value is not None and str(value).strip()
        }
        return [name for name in self.required if name.lower() not in given]

    def since_filter(self, kind: str) -> str:
        """
        Name the query that takes a moment.

        :param kind: ``"changed"`` or ``"created"``.
        :raises ValueError: the resource has none; the message says what works instead.
        """
        name = self.changed_filter if kind == "changed" else self.created_filter
        if not name:
            raise ValueError(f"{self.path} cannot be read by {kind}_since: {self._instead(kind)}")
        return name

    def _instead(self, kind: str) -> str:
        other = "created" if kind == "changed" else "changed"
        if self.created_filter if kind == "changed" else self.changed_filter:
            return f"the API has no such filter for it; {other}_since works"
        if moments := [name for name in self.filters if name.lower().endswith("greaterthan")]:
            return f"the API has no such filter for it; in query, {' or '.join(moments)} works"
        if "voucherNos" in self.filters:
            return 'the API has no such filter for it; in query, voucherNos="<last + 1>-" reads what is new'
        return "the API has no such filter for it; read it whole"


class Catalogue:
    """All that is known of one API."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()[1:]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """List the resources by path."""
        return tuple(_read(line) for line in self._lines)

    @cached_property
    def _exact(self) -> dict[str, Resource]:
        return {item.path.lower(): item for item in self.resources}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Resource]]:
        return [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(item.path)), re.IGNORECASE), item)
            for item in self.resources
            if "{" in item.path
        ]

    def find(self, endpoint: str) -> Resource | None:
        """Find the resource of an endpoint, in any case; None when it is not known."""
        path = endpoint.strip("/")
        exact = self._exact.get(path.lower())
        return exact or next((item for pattern, item in self._patterns if pattern.fullmatch(path)), None)

    def suggest(self, endpoint: str) -> str | None:
        """Name the resource that an unknown endpoint was perhaps meant to be, by spelling or meaning."""
        if self.find(endpoint):
            return None
        version, _, below = endpoint.strip("/").partition("/")
        if re.fullmatch(r"v\d", version.lower()):  # the base URL has it
            return below if self.find(below) else self.suggest(below)
        if meant := self._meant(endpoint):
            return meant[0]
        first, _, rest = endpoint.strip("/ ").partition("/")
        if self.has_root(endpoint):
            return self._beside(first.lower(), rest)
        root = self._root_like(first.lower())
        return "/".join(filter(None, (root, rest))) if root else None

    def _beside(self, first: str, rest: str) -> str | None:
        """Name the path that begins with ``first`` and goes on much as ``rest``."""
        paths = [item.path.strip("/") for item in self.resources]
        below = {
            path.partition("/")[2]: path
            for path in paths
            if path.lower().startswith(f"{first}/") and "{" not in path
        }
        return below.get(nearest(rest, below, _CLOSE))

    def _root_like(self, first: str) -> str | None:
        """Name the resource that is spelled much as a word, or that people mean by one which is."""
        roots = {root: root for root in (item.path.split("/")[0] for item in self.resources)}
        meant = {word: paths[0] for word in _SYNONYMS if (paths := self._meant(word))}
        words = sorted({first, re.sub(r"[\W_]", "", first)})
        for names, alike in ((roots, _CLOSE), (meant, _CLOSE_WORD)):
            for word in words:
                if name := nearest(word, names, alike):
                    return names[name]
        return None

    def takers(self, resource: Resource, method: str) -> str:
        """Say of a resource that it does not take a method, and which near it do; nothing where it does."""
        if method in resource.verbs:
            return ""
        first = resource.path.split("/")[0]
        near = [one.path for one in self.resources if method in one.verbs and one.path.split("/")[0] == first]
        does = f"; {method} is taken by {', '.join(near)}" if near else ""
        return f"{resource.path} does not take {method}, but {', '.join(resource.verbs)}{does}"

    def has_root(self, endpoint: str) -> bool:
        """Tell whether a resource begins as an endpoint does."""
        first = endpoint.strip("/ ").partition("/")[0].lower()
        return any(item.path.partition("/")[0].lower() == first for item in self.resources)

    def _meant(self, text: str) -> list[str]:
        """Name the resources that people mean by a word."""
        word = re.sub(r"[\W_]", "", text.lower())
        return [path for path in _synonyms(word) if path.lower() in self._exact]

    def search(self, text: str) -> Iterator[Resource]:
        """Find resources whose path, filters or privilege hold a text in any case, what it names first."""
        wanted = text.lower()
        named = {wanted, *(path.lower() for path in self._meant(text))}
        yield from (item for item in self.resources if item.path.lower() in named)
        for item in self.resources:
            if (
                item.path.lower() not in named
                and wanted in " ".join((item.path, *item.filters, item.privilege)).lower()
            ):
                yield item


def _synonyms(word: str) -> tuple[str, ...]:
    """Find a word as it is, or without the end of a plural."""
    singular = {word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y"}
    return next((_SYNONYMS[one] for one in sorted(singular, key=len, reverse=True) if one in _SYNONYMS), ())


def _read(line: str) -> Resource:
    """Read one line of a catalogue."""
    fields = [part.strip() for part in line.split("|")]
    fields += [""] * (13 - len(fields))
    path, verbs, kind, key, created, changed, created_at, changed_at, *fields = fields
    required, filters, privilege, unique, most = fields

    def names(text: str) -> tuple[str, ...]:
        return tuple(filter(None, text.split(",")))

    return Resource(
        path=path.lstrip("/"),
        verbs=names(verbs),
        kind=kind,
        key=key,
        created_filter=created,
        changed_filter=changed,
        created_field=created_at,
        changed_field=changed_at,
        required=names(required),
        filters=names(filters),
        privilege=privilege,
        reference=unique,
        most=int(most or 0),
    )


def table_of(name: str) -> dict[str, str]:
    """Read a file beside this module: what is before the first bar of a line, and what is behind it."""
    path = files(__name__).joinpath(f"{name}.txt")
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.is_file() else []
    return {key: text for key, _, text in (line.partition(" | ") for line in lines)}


@cache
def catalogue(name: str) -> Catalogue:
    """Load a catalogue."""
    return Catalogue(files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8"))
