"""What APIs with OData query options share: filters, order, and how two filters become one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from airflow_provider_poweroffice.api.dialects.base import Dialect, K
from airflow_provider_poweroffice.api.filters import FILTER, Literals


class ODataDialect(Dialect[K]):
    """An API whose lists take ``$filter``, ``$orderby``, ``$top`` and ``$skip``."""

    order_key: ClassVar[str] = "$orderby"
    page_keys: ClassVar[tuple[str, ...]] = ("$top", "$skip")
    literals: ClassVar[Literals]

    def since(self, name: str, kind: str, moment: str) -> dict[str, str]:  # noqa: ARG002 - the field tells
        """Ask for rows whose field is later than a moment."""
        return {FILTER: f"({name} gt {self.literals.moment.format(moment)})"}

    def with_filter(self, query: Mapping[str, str], further: Mapping[str, str]) -> dict[str, str]:
        """Join the filters of both by ``and``."""
        given = {name: text for name, text in query.items() if name.lower() == FILTER and text.strip()}
        if not given or FILTER not in further:
            return super().with_filter(query, further)
        (name,) = given
        return {**query, name: f"(({given[name]}) and {further[FILTER]})"}
