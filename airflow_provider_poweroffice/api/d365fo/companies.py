"""
Whose rows an OData call sees: without ``cross-company`` only those of the app user's own company.

Rule: pure. Source: Microsoft's page "Open Data Protocol (OData)", section "Cross-company behavior".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

_FIELD = "dataareaid"
_SWITCH = "cross-company"
_SPELLINGS = frozenset({_SWITCH, "cross_company"})
_SET = re.compile(r"data/[^/(]+(/\$count)?")
_QUOTED = re.compile(r"'(?:[^']|'')*'")


def with_company(method: str, endpoint: str, query: Mapping[str, str], company: str | None) -> dict[str, str]:
    """
    Complete a query: ``cross-company=true`` where filter or key name a company, and the default company.

    A ``cross-company`` in the query wins: ``false`` reads as the app user, and no company is added.

    :param endpoint: below the base URL, such as ``data/CustomersV3``.
    :param query: may spell it ``cross_company`` too.
    :param company: whose rows of a set are read when the query names none; None adds nothing.
    :raises ValueError: ``cross-company`` is neither true nor false.
    """
    wanted = {name: value for name, value in query.items() if name.lower() not in _SPELLINGS}
    if not endpoint.startswith("data/"):
        return dict(query)
    given = [value.strip().lower() for name, value in query.items() if name.lower() in _SPELLINGS]
    if given and given[-1] not in {"true", "false"}:
        raise ValueError(f"query[{_SWITCH!r}] must be true or false, not {given[-1]!r}")
    name, text = next(
        ((name, text) for name, text in query.items() if name.lower() == "$filter"), ("$filter", "")
    )
    named = _FIELD in _QUOTED.sub("", text + unquote(endpoint)).lower()
    if company and not given and not named and method == "GET" and _SET.fullmatch(endpoint):
        own = "dataAreaId eq '{}'".format(company.replace("'", "''"))
        wanted[name] = f"({text}) and {own}" if text.strip() else own
        named = True
    if given[-1] == "true" if given else named:
        wanted[_SWITCH] = "true"
    return wanted
