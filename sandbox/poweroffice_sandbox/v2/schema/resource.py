"""
What a resource is, and the filters that several share.

Rule: the shape of the table; its entries are in :mod:`..resources`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...core.table import Row, Table
from .dto import CHANGED, CREATED, Schema
from .filters import Filter
from .tables import Operation

Tables = Callable[[str], Table]
_ALL = ("list", "get", "post", "patch", "delete")


class Seed(NamedTuple):
    """
    How a table is filled: a function of :class:`..seeds.Source` to its first rows.

    :param is_complete: whether the rows have every field; otherwise those left out are filled in.
    :param is_owned: whether the first application has made those that say that an integration did.
    """

    rows: Callable[[Any], Iterable[Row]]
    is_complete: bool = False
    is_owned: bool = False


NO_ROWS = Seed(lambda _source: (), is_complete=True)


class Parent(NamedTuple):
    """
    What a nested resource belongs to.

    Where its id is looked up, which field holds it, what errors call it, which of its fields are copied.
    """

    tables: tuple[str, ...]
    field: str
    label: str
    copied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """
    One resource.

    :param label: its name in error texts.
    :param verbs: of list, get, post, patch, delete.
    :param post_status: what a POST answers.
    :param created_fields: the times set by a POST.
    :param unique: fields no two rows may share.
    :param defaults: what a POST sets when the client does not.
    :param contact: whether its ids come from the contacts' id space and it has a sub-ledger account.
    :param operations: how it is called; empty when a flow has routes of its own for it.
    :param seed: the rows its table begins with.
    :param named_by: the fields of other resources that hold its id: the field, the twin that holds a code or
        number for people (or nothing), and the name of that code here.
    :param ledger_field: the field of ledger rows that holds its id.
    :param parent: what it belongs to, when the first id of its paths is that of something else.
    :param rows: the table its rows are in, when that has another name.
    :param view: makes the row shown from a stored one, when they differ; it can look into other tables.
    :param delete_status: what a DELETE answers.
    :param required: filters a list cannot do without.
    :param newer: filters known to exist since the OpenAPI file; what they look at is assumed.
    :param model: the name in ``<Name>PatchDto``, where it is not the label's.
    :param visible: says of a row, given its owner and the application that asks, whether it may be seen.
    """

    name: str
    label: str
    privilege: str
    schema: Schema
    filters: Mapping[str, Filter]
    verbs: tuple[str, ...] = _ALL
    post_status: int = 201
    created_fields: tuple[str, ...] = (CREATED,)
    unique: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    contact: bool = False
    operations: tuple[Operation, ...] = ()
    parent: Parent | None = None
    rows: str = ""
    view: Callable[[Tables, Row], Row] | None = None
    delete_status: int = 200
    newer: Mapping[str, Filter] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    visible: Callable[[Row, str | None, str], bool] | None = None
    seed: Seed = NO_ROWS
    named_by: tuple[tuple[str, str, str], ...] = ()
    ledger_field: str = ""
    model: str = ""

    @property
    def table(self) -> str:
        """The name of the table its rows are in."""
        return self.rows or self.name

    @property
    def schema_name(self) -> str:
        """The name in ``<Name>PatchDto``."""
        return self.model or self.label.title().replace(" ", "")

    @property
    def filter_names(self) -> dict[str, str]:
        """The filters' names by lower-case name."""
        return {name.lower(): name for name in (*self.filters, *self.newer)}


CREATED_FILTER = {"createdDateTimeOffsetGreaterThan": Filter("after", CREATED)}
CHANGED_FILTER = {"lastChangedDateTimeOffsetGreaterThan": Filter("after", CHANGED)}
DIMENSION_FILTERS = {
    "departmentCodes": Filter("codes_or_none", "DepartmentCode"),
    "projectCodes": Filter("projects", "ProjectCode"),
    "includeSubProject": Filter("ignored", ""),
}
