"""
Page, size, order and fields of a list (OpenAPI ``ResourceParameters``), and the ``X-Pagination`` header.

Rule: knows counts and names, never rows of a resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ...core.reply import Reply, as_json, json_bytes
from ..gateway import QUERY
from ..reply import problem, refuse
from ..schema.filters import Filter, Given, flag
from .call import Call
from .wire_form import formed

DEFAULT_SIZE = 5_000
MAX_SIZE = 20_000
PARAMETERS = {
    "pagenumber": "PageNumber",
    "pagesize": "PageSize",
    "orderby": "OrderBy",
    "fields": "Fields",
    "usedatabasevalidation": "UseDatabaseValidation",
}
_INTERNAL = "http://goapi-backend.internal.invalid"


@dataclass(frozen=True)
class Page:
    """What part of a list is asked for, and in which form."""

    number: int
    size: int
    order: tuple[tuple[str, bool], ...]
    """Field and whether descending; empty for no order."""
    fields: tuple[str, ...]
    """Fields wanted, in the order of the DTO."""

    def bounds(self, total: int) -> tuple[int, int]:
        """Give the first index of the page and the one after its last."""
        start = (self.number - 1) * self.size
        return min(start, total), min(start + self.size, total)


def _invalid(detail: str) -> Exception:
    return refuse(400, "Invalid resourceParameter", detail)


def read_page(call: Call) -> Page:
    """
    Read the parameters every list takes, and refuse names it does not take.

    :raises RefusedError: 400, one of them is wrong.
    """
    if call.switches.unknown_query == "400":
        known = {*PARAMETERS, *call.resource.filter_names, QUERY}
        for name, _ in call.pairs:
            if name.lower() not in known:
                raise refuse(
                    400, "Invalid query parameter", f"The query parameter '{name}' is not supported."
                )
    validation = call.query.get("usedatabasevalidation", "")
    if validation.strip():
        flag(Given("UseDatabaseValidation", validation, Filter("flag", ""), call.query, call.books.table))
    return Page(_positive(call, "PageNumber", 1), _size(call), _order(call), _fields(call))


def _positive(call: Call, name: str, default: int) -> int:
    text = call.query.get(name.lower(), "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise _invalid(f"{name} must be a whole number greater than 0, not '{text}'.")
    return int(text)


def _size(call: Call) -> int:
    size = _positive(call, "PageSize", DEFAULT_SIZE)
    if size > MAX_SIZE:
        if call.switches.page_size_over_max == "400":
            raise _invalid(f"PageSize is not allowed to be larger than MaxPageSize ({MAX_SIZE}).")
        size = MAX_SIZE
    cap = int(call.switches.page_size_cap)
    return min(size, cap) if cap else size


def _named(call: Call, parameter: str, name: str) -> str:
    field = call.resource.schema.by_name.get(name.lower())
    if field is None or field.mark == ">":
        raise _invalid(f"{parameter}: '{name}' is not a property of {call.resource.label}.")
    return field.name


def _order(call: Call) -> tuple[tuple[str, bool], ...]:
    result = []
    for part in filter(None, (part.strip() for part in call.query.get("orderby", "").split(","))):
        name, _, direction = part.partition(" ")
        direction = direction.strip().lower() or "asc"
        if direction not in {"asc", "desc"}:
            raise _invalid(f"OrderBy: '{direction}' is neither asc nor desc.")
        result.append((_named(call, "OrderBy", name), direction == "desc"))
    return tuple(result)


def _fields(call: Call) -> tuple[str, ...]:
    words = [word.strip() for word in call.query.get("fields", "").split(",") if word.strip()]
    wanted = {_named(call, "Fields", word) for word in words}
    names = call.resource.schema.names
    return tuple(name for name in names if name in wanted) if wanted else names


def page_reply(call: Call, page: Page, total: int, body: bytes) -> Reply:
    """Answer with a page."""
    empty = nothing(call, page, total)
    if empty is not None:
        return empty
    headers = {"Content-Type": "application/json; charset=utf-8"}
    pagination = _pagination(call, page, total)
    if pagination is not None:
        headers["X-Pagination"] = json_bytes(pagination).decode()
    return Reply(200, formed(body, call.switches), headers)


def nothing(call: Call, page: Page, total: int) -> Reply | None:
    """Answer when there are no rows on the page; ``None`` when there are."""
    start, stop = page.bounds(total)
    if start < stop:
        return None
    kind = call.switches.empty_list if total == 0 else call.switches.page_past_end
    if kind == "204":
        return Reply(204)
    if kind == "404":
        return problem(404, "Object(s) not found", f"Page {page.number} not found.")
    return as_json(200, [])


def _pagination(call: Call, page: Page, total: int) -> dict[str, Any] | None:
    pages = -(-total // page.size)
    totals = {
        "totalCount": total,
        "pageSize": page.size,
        "currentPage": page.number,
        "totalPages": pages,
    }
    following = _link(call, page.number + 1, page.size) if page.number < pages else None
    if call.switches.pagination == "absent":
        return None
    if call.switches.pagination == "totals-only":
        return totals
    if call.switches.pagination == "minimal":
        return {"nextPageLink": following} if following else {}
    previous = _link(call, page.number - 1, page.size) if page.number > 1 else None
    return {**totals, "previousPageLink": previous, "nextPageLink": following}


def _link(call: Call, number: int, size: int) -> str:
    own = {"pagenumber", "pagesize", QUERY}
    pairs = [pair for pair in call.pairs if pair[0].lower() not in own]
    query = urlencode([*pairs, ("PageNumber", str(number)), ("PageSize", str(size))])
    origin = {"absolute": call.origin, "relative": "", "internal-host": _INTERNAL}
    return f"{origin[call.switches.pagination_links]}{call.path}?{query}"
