"""The query options of v1 and their limits; source: its pages "Filtering" and "Limitations"."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_poweroffice.api.filters import FILTER

MOST = 50_000  # where the page says nothing, the largest of them
_CAPS = {
    "reporting/customerledger": 20_000,
    "reporting/supplierledger": 20_000,
    "outgoinginvoice/list": 10_000,
    "reporting/invoicejournal": 5_000,
}
_OPTIONS = (FILTER, "$orderby", "$top", "$skip")


def row_cap(endpoint: str) -> int:
    """Give the cap on rows of one call."""
    return _CAPS.get(endpoint.lower(), MOST)


def check_options(endpoint: str, query: Mapping[str, str]) -> None:
    """
    Refuse options that v1 does not have, paging without an order, and ``$top`` above the cap.

    :raises ValueError: with the way out.
    """
    for name in query:
        if name.startswith("$") and name not in _OPTIONS:
            raise ValueError(f"query holds {name!r}: v1 knows {', '.join(_OPTIONS)}, in lower case")
    paging = [name for name in ("$skip", "$top") if name in query]
    if paging and "$orderby" not in query:
        raise ValueError(f"{paging[0]} needs an order, as rows have none: add '$orderby' (order_by)")
    if paging == ["$skip"]:
        raise ValueError("$skip does not work without $top: add it")
    top, most = query.get("$top", "0").strip(), row_cap(endpoint)
    if not top.isdecimal() or int(top) > most:
        raise ValueError(f"$top must be a whole number of rows up to {most} for {endpoint}, not {top!r}")
