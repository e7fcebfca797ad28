"""
Entries of the resource table.

Rule: a resource is one :func:`entry`: its routes, fields, row cap and privilege are the vendor's tables',
or are given where those have none; what the reference says of it in words (required fields, limits, what
may not be set) and its first rows stand in the entry. The code that reads and writes knows no resource by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...core.table import Id, Row
from ..books import Seed, Source, V1Books, V1Table
from ..switches import V1Switches
from .tables import TYPES, Route, fields

Prepare = Callable[["Asking", Row, Row | None], None]
Check = Callable[["Asking", Row, Row | None], Iterator[str]]
Limit = tuple[float, float]


class Asking(Protocol):
    """What a rule knows of the request: the books, and who asks."""

    @property
    def books(self) -> V1Books:
        """The company's tables."""

    @property
    def switches(self) -> V1Switches:
        """What is uncertain."""

    @property
    def now(self) -> float:
        """Seconds since 1970."""

    @property
    def resource(self) -> Resource:
        """Whose row it is."""

    @property
    def table(self) -> V1Table:
        """The table of the resource."""

    def is_own(self, table: str, key: Id) -> bool:
        """Say whether the application that asks has made a row."""


def none(_source: Source) -> Iterable[Row]:
    """Make no rows."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """
    One resource.

    :param entity: the type of its rows, and the name of its table.
    :param path: of its list; empty where it has none.
    :param subscription: the Go module a company must have.
    :param required: fields a new row must have.
    :param unique: fields, or groups of fields with ``+`` between, that no two rows share.
    :param defaults: what a new row has when the body does not say.
    :param numbered: field that counts up, and its first number.
    :param hidden: fields that are taken and never given.
    :param masked: fields that are given as ``hidden``.
    :param limits: least and greatest value of a number; the name may lead into lines, ``lines.quantity``.
    :param lengths: characters a text may have.
    :param refused: values of an enumeration that a body may not have.
    :param is_own: whether an integration is shown only what it has made.
    :param parents: field of a child's row → field of the parent's row it equals.
    :param is_replaced: whether a save replaces the whole row.
    :param light: fields that the list leaves out.
    :param prepare: completes a row that is to be stored.
    :param check: finds what is wrong with it; both get the row before, or none.
    :param final: says whether a row can no longer be deleted.
    :param routes: besides those of the vendor's table.
    :param seed: makes its first rows.
    """

    entity: str
    path: str
    subscription: str = "Accounting"
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    numbered: tuple[str, int] | None = None
    hidden: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    is_own: bool = False
    parents: Mapping[str, str] = field(default_factory=dict)
    is_replaced: bool = False
    light: tuple[str, ...] = ()
    prepare: Prepare | None = None
    check: Check | None = None
    final: Callable[[Asking, Row], bool] | None = None
    routes: tuple[Route, ...] = ()
    seed: Seed = none

    @property
    def is_voucher(self) -> bool:
        """Whether its rows are posted."""
        return self.path.startswith("Voucher/") and "voucherNo" in TYPES[self.entity]


def entry(entity: str, path: str | None = None, *, text: str = "", **rules: Any) -> Resource:
    """
    Make a resource.

    :param path: when it is not the name of the type; empty for a table without a list of its own.
    :param text: its fields, in the notation of :mod:`.tables`, where the vendor's table has none.
    :param rules: further fields of :class:`Resource`; ``code`` is unique unless ``unique`` says otherwise.
    """
    if text:
        TYPES[entity] = fields(text)
    if "code" in TYPES[entity]:
        rules.setdefault("unique", ("code",))
    path = entity if path is None else path
    if path.startswith(("TimeTracking/", "Payroll/")):
        rules.setdefault("subscription", path.partition("/")[0])
    return Resource(entity=entity, path=path, **rules)


def register(path: str, entity: str, privilege: str = "") -> tuple[Route, ...]:
    """
    Make the five routes of a register that the vendor's table does not have.

    :param privilege: what reading needs; writing needs ``…_Full``.
    """
    one = f"{path}/{{id}}"
    return (
        Route("GET", path, "list", entity, "", privilege),
        Route("POST", path, "upsert", entity, entity, privilege),
        Route("GET", one, "one", entity, "", privilege),
        Route("DELETE", one, "delete", entity, "", privilege),
    )
