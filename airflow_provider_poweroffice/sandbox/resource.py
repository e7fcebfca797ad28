"""
What a resource is, and the filters that several share.

Rule: the shape of the table; its entries are in :mod:`.resources_registers` and :mod:`.resources_accounting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .filters import Filter
from .schema import Schema

CREATED, CHANGED = "CreatedDateTimeOffset", "LastChangedDateTimeOffset"
_ALL = ("list", "get", "post", "patch", "delete")


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

    @property
    def schema_name(self) -> str:
        """The name in ``<Name>PatchDto``."""
        return self.label.title().replace(" ", "")

    @property
    def filter_names(self) -> dict[str, str]:
        """The filters' names by lower-case name."""
        return {name.lower(): name for name in self.filters}


CREATED_FILTER = {"createdDateTimeOffsetGreaterThan": Filter("after", CREATED)}
CHANGED_FILTER = {"lastChangedDateTimeOffsetGreaterThan": Filter("after", CHANGED)}
DIMENSION_FILTERS = {
    "departmentCodes": Filter("codes_or_none", "DepartmentCode"),
    "projectCodes": Filter("projects", "ProjectCode"),
    "includeSubProject": Filter("ignored", ""),
}
