"""
What makes a record the same record: the fields that its API keeps unique, and where the record is found.

Rule: pure. Only what the vendor says is unique is here: a call is sent again because of it.

Sources: v2, the OpenAPI file's texts of ``ExternalImportReference`` (unique within a class of contacts, a set
of dimensions, the lines of an order) and ``Code``; v1, the vendor's reference of the objects; Finance &
Operations, the key of an entity.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from airflow_provider_poweroffice.api.catalogue.bodies import body_of
from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.d365fo.entities import entity_path
from airflow_provider_poweroffice.api.dialects.base import Dialect
from airflow_provider_poweroffice.api.options import REFERENCES, check_reference
from airflow_provider_poweroffice.api.writes.compare import is_number, number_of

_EMPTY = (None, "")
_MADE = "af-"
_SET = re.compile(r"data/([A-Za-z_]\w*)", re.ASCII)

_V2 = """
Customers | Customers | Customers/{} | ExternalImportReference=externalImportReference ExternalNumber=externalNos Number=customerNos
Suppliers | Suppliers | Suppliers/{} | ExternalImportReference=externalImportReference ExternalNumber=externalNos Number=supplierNos
Employees | Employees | Employees/{} | ExternalImportReference=externalImportReference ExternalNumber=externalNos Number=employeeNos
CustomDimensions | CustomDimensions | CustomDimensions/{} | ExternalImportReference=externalImportReference Code=codes | Ordinal
SalaryLines | SalaryLines | SalaryLines/{} | ExternalImportReference
SalesOrders/Complete | SalesOrders | SalesOrders/{}/Complete | ExternalImportReference
SalesOrders/{id}/Lines | SalesOrders/{id}/Lines | SalesOrders/{id}/Lines/{} | ExternalImportReference
Vouchers/BankJournals | | Vouchers/BankJournals/{} | ExternalImportReference
Vouchers/CashJournals | | Vouchers/CashJournals/{} | ExternalImportReference
Vouchers/ManualJournals | | Vouchers/ManualJournals/{} | ExternalImportReference
Vouchers/YearEndJournals | | Vouchers/YearEndJournals/{} | ExternalImportReference
Vouchers/OutgoingInvoiceJournals | | Vouchers/OutgoingInvoiceJournals/{} | ExternalImportReference InvoiceNo
Vouchers/OutgoingCreditNoteJournals | | Vouchers/OutgoingCreditNoteJournals/{} | ExternalImportReference InvoiceNo
ContactPersons/{contactId} | ContactPersons | ContactPersons/{contactId}/{} | ExternalCode=externalCodes
ContactDeliveryAddresses/{contactId} | ContactDeliveryAddresses | ContactDeliveryAddresses/{contactId}/{} | ExternalCode=externalCodes
Departments | Departments | Departments/{} | Code=codes
Locations | Locations | Locations/{} | Code=codes
ProductGroups | ProductGroups | ProductGroups/{} | Code=codes
Products | Products | Products/{} | Code=codes
Projects | Projects | Projects/{} | Code=projectCodes
GeneralLedgerAccounts | GeneralLedgerAccounts | GeneralLedgerAccounts/{} | AccountNo=accountNos | AgricultureDepartment
"""  # noqa: E501 - a table: path | list | record | unique fields, each with its filter of the list | shared fields
_V1 = """
Customer | Customer | Customer/{} | externalImportReference code
Supplier | Supplier | Supplier/{} | externalImportReference code
Employee | Employee | Employee/{} | externalImportReference code
OutgoingInvoice | OutgoingInvoice/List | OutgoingInvoice/{} | externalImportReference
TimeTracking/TimeTrackingEntry | TimeTracking/TimeTrackingEntry | TimeTracking/TimeTrackingEntry/{} | externalImportReference
Department | Department | Department/{} | code
Location | Location | Location/{} | code
Product | Product | Product/{} | code
ProductGroup | ProductGroup | ProductGroup/{} | code
Project | Project | Project/{} | code
"""  # noqa: E501 - as above; vouchers are added below
_V1_VOUCHERS = ["Bank", "Cash", "Manual", "Payroll", "YearEnd"]
_V1_OTHERS = ("Expense", "IncomingInvoice", "OutgoingInvoice")


Search = tuple[Mapping[str, Any], Sequence[Any] | None]
"""Query and filters of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """
    What makes the record of a call the same record.

    :param unique: the unique fields that the body carries, with their values; the first is looked up by.
    :param within: fields of the body that two records must share too to be the same one, such as ``Ordinal``.
    :param list_path: the list that the record is in; "" where the API has none.
    :param searches: query and filters of that list that find the record, one after the other; both empty: it
        is read whole.
    :param record: path of the record, ``{}`` for its id; "" where the path is made of ``key``.
    :param id_field: the field of a record with its id.
    :param key: all key fields, where the record has no id of its own.
    :param fields: fields that a record has, as far as they are described.
    """

    unique: Mapping[str, Any]
    within: Mapping[str, Any] = field(default_factory=dict)
    list_path: str
    searches: tuple[Search, ...] = ()
    record: str
    id_field: str
    key: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """Write it, such as ``ExternalImportReference='af-…'``."""
        return ", ".join(f"{name}={value!r}" for name, value in self.unique.items())

    @property
    def reference(self) -> str:
        """Give the value that is looked up by, as text."""
        return str(next(iter(self.unique.values())))

    def how_to_find(self, day: str) -> str:
        """
        Say which GET finds it.

        :param day: on which it was sent; a voucher is in no list, but its lines are in the ledger.
        """
        if not self.list_path:
            return f"GET AccountTransactions?fromDate={day}&toDate={day}, {self.text}"
        query = "&".join(f"{name}={value}" for name, value in self.searches[0][0].items())
        return f"GET {self.list_path}?{query}" if query else f"GET {self.list_path}, {self.text}"

    @property
    def is_filtered(self) -> bool:
        """Tell whether the record is found without reading the whole list."""
        return any(query or filters for query, filters in self.searches)

    def path_of(self, row: Mapping[str, Any]) -> str | None:
        """Give the path of a record that was found; None where the row lacks its id."""
        if self.key:
            values = {name: row.get(name) for name in self.key}
            entity = self.list_path.removeprefix("data/")
            return None if None in values.values() else f"data/{entity_path(entity, values)}"
        found = value_of(row, self.id_field)
        return None if found is None else self.record.format(found)

    def id_of(self, row: Mapping[str, Any]) -> Any:
        """Give the id of a record, or its key as a dict."""
        return {name: row.get(name) for name in self.key} if self.key else value_of(row, self.id_field)

    def is_of(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a record holds one of the unique values, and shares what it must share."""
        some = all if self.key else any
        return some(is_alike(value_of(row, name), value) for name, value in self.unique.items()) and all(
            is_alike(value_of(row, name), value) for name, value in self.within.items()
        )


def identity_of(
    dialect: Dialect[Any],
    method: str,
    endpoint: str,
    body: Any,
    *,
    key: tuple[str, ...] | None = None,
) -> Identity | None:
    """
    Find what makes the record of a POST the same record, by what its body carries.

    :param endpoint: as a call has it: below the base URL.
    :param body: decoded JSON.
    :param key: the key fields of an entity of Finance & Operations that is not in the catalogue.
    :return: None where the body has no unique field: such a call cannot be told from another one.
    :raises ValueError: a reference is longer than the API takes.
    """
    if method != "POST" or not isinstance(body, Mapping):
        return None
    if dialect.name == "d365fo":
        return _of_entity(dialect, endpoint, body, key)
    for pattern, line in _table(dialect.name):
        if found := pattern.fullmatch(endpoint.strip("/")):
            return _of_record(dialect, line, found.groupdict(), body)
    return None


def reference_of(*parts: object) -> str:
    """
    Make a reference of what a record is made from: the same parts give the same one.

    :return: ``af-`` and 40 characters, so that it fits into the 50 that PowerOffice takes.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return _MADE + base64.b32encode(digest).decode().lower()[:40]


def is_made(reference: Any) -> bool:
    """Tell whether a reference is one of :func:`reference_of`."""
    return isinstance(reference, str) and reference.startswith(_MADE)


def with_reference(dialect: Dialect[Any], endpoint: str, body: Any, reference: str) -> dict[str, Any]:
    """
    Put a reference into the field that a resource has for it.

    :param body: a dict, or one as JSON text.
    :raises ValueError: the resource has none, the body is no dict, or has another reference.
    """
    name = reference_field(dialect, endpoint)
    if name is None:
        raise ValueError(
            f"reference does not go with {endpoint!r}: its records have no field that is kept unique. Leave "
            "it out; a POST whose reply is lost is then not sent again"
        )
    if isinstance(body, (str, bytes)):
        try:
            body = json.loads(body, parse_float=Decimal)
        except ValueError as error:
            raise ValueError(f"reference needs a body that is a dict, or one as JSON text: {error}") from None
    if not isinstance(body, Mapping):
        raise ValueError(f"reference needs a body that is a dict, not {type(body).__name__}")  # noqa: TRY004
    has = value_of(body, name)
    if has not in _EMPTY and has != reference:
        raise ValueError(
            f"the body has {name} {has!r} already, and reference is {reference!r}: give one of them"
        )
    return {**{key: value for key, value in body.items() if key.lower() != name.lower()}, name: reference}


def reference_field(dialect: Dialect[Any], endpoint: str) -> str | None:
    """Name the field of a POST body that takes a reference; None where the resource has none."""
    for pattern, (_, _, unique, _) in _table(dialect.name):
        if pattern.fullmatch(endpoint.strip("/")):
            return next((name for name in unique if name.lower() in REFERENCES), None)
    return None


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """Give a field's value, whatever the case of its name."""
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if str(key).lower() == name.lower()), None)


def is_update(dialect: Dialect[Any], body: Any) -> bool:
    """Tell whether a POST changes the record whose id it has, as in v1."""
    return dialect.name == "v1" and isinstance(body, Mapping) and value_of(body, "id") is not None


_Line = tuple[str, str, Mapping[str, str], tuple[str, ...]]


@cache
def _table(name: str) -> tuple[tuple[re.Pattern[str], _Line], ...]:
    lines = {"v2": _V2, "v1": _V1}.get(name, "").strip().splitlines()
    if name == "v1":
        kinds = [f"{kind}Journal" for kind in _V1_VOUCHERS] + list(_V1_OTHERS)
        paths = (f"Voucher/{kind}Voucher" for kind in kinds)
        lines += [f"{path} | {path} | {path}/{{}} | externalImportReference" for path in paths]
    return tuple(_read(line) for line in lines)


def _read(text: str) -> tuple[re.Pattern[str], _Line]:
    path, rows, record, unique, within = (*(part.strip() for part in text.split("|")), "")[:5]
    names = dict(part.partition("=")[::2] for part in unique.split())
    pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)), re.IGNORECASE)
    return pattern, (rows, record, names, tuple(within.split()))


def _of_record(
    dialect: Dialect[Any], line: _Line, places: Mapping[str, str], body: Mapping[str, Any]
) -> Identity | None:
    rows, record, names, within = line
    for name, value in places.items():
        rows, record = (text.replace(f"{{{name}}}", value) for text in (rows, record))
    unique = _given(body, names)
    if not unique or is_update(dialect, body):
        return None
    for name, value in unique.items():
        if name.lower() in REFERENCES and isinstance(value, str):
            check_reference(value, name)
    fields = fields_of(dialect.catalogue_name, rows)
    is_v1 = dialect.name == "v1"
    searches = _v1_searches(unique, fields) if is_v1 else _v2_searches(unique, names)
    return Identity(
        unique=unique,
        within=_given(body, within),
        list_path=rows,
        searches=searches if rows else (),
        record=record,
        id_field="id" if is_v1 else "Id",
        # A voucher is in no list, and can be read as it is posted.
        fields=frozenset(fields if rows else body_of(dialect.catalogue_name, "POST", record[: -len("/{}")])),
    )


def _given(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name in names if (value := value_of(body, name)) not in _EMPTY}


def _v1_searches(unique: Mapping[str, Any], fields: Mapping[str, str]) -> tuple[Search, ...]:
    return tuple(({}, [_condition(name, value, fields.get(name))]) for name, value in unique.items())


def _v2_searches(unique: Mapping[str, Any], filters: Mapping[str, str]) -> tuple[Search, ...]:
    """Search by each filter; at last in the whole list, where there is none, or it may miss a value."""
    searches: list[Search] = [
        ({filters[name]: value}, None) for name, value in unique.items() if filters[name]
    ]
    if not searches or any(map(_breaks_list, unique.values())):
        searches.append(({}, None))
    return tuple(searches)


def _breaks_list(value: Any) -> bool:
    """Tell whether a value is another one as a filter, which takes several between commas, and trims them."""
    return isinstance(value, str) and ("," in value or value != value.strip())


def _condition(name: str, value: Any, kind: str | None) -> tuple[Any, ...]:
    """Write a condition of v1's filter, whose fields are in PascalCase."""
    typed = "number" if kind == "integer" else "text"
    return (name[:1].upper() + name[1:], "==", str(value), typed)


def _of_entity(
    dialect: Dialect[Any], endpoint: str, body: Mapping[str, Any], key: tuple[str, ...] | None
) -> Identity | None:
    """Find the key of an entity's row: all of its fields, but the company, which the server may fill in."""
    named = _SET.fullmatch(endpoint)
    if named is None:
        return None
    resource = dialect.catalogue.find(endpoint)
    names = tuple(filter(None, resource.key.split(","))) if resource else key or ()
    unique = {name: body[name] for name in sorted(names, key=_is_company) if body.get(name) not in _EMPTY}
    if not names or not all(map(_is_company, set(names) - unique.keys())):
        return None
    # Without a company, the server takes that of the app's user, and not that of the connection.
    query = {} if any(map(_is_company, unique)) else {"cross-company": "false"}
    return Identity(
        unique=unique,
        list_path=endpoint,
        searches=((query, [(name, "==", value) for name, value in unique.items()]),),
        record="",
        id_field="",
        key=names,
    )


def _is_company(name: str) -> bool:
    return name.lower() == "dataareaid"


def is_alike(found: Any, wanted: Any) -> bool:
    """Compare as a server's index does: texts in any case, and with what it has as a number by the value."""
    if found in _EMPTY or wanted in _EMPTY:
        return found in _EMPTY and wanted in _EMPTY
    if str(found).strip().casefold() == str(wanted).strip().casefold():
        return True
    return is_number(found) and number_of(found) == number_of(wanted)
