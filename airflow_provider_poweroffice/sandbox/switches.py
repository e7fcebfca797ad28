"""
The switches: every fact about PowerOffice Go that is not certain, with the answer the sandbox gives.

Rule: a switch is one field here; its command-line option, its keyword argument and its checks follow from it.
How certain each fact is, docs/sandbox.md says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any


def _choice(*values: str, about: str) -> Any:
    return field(default=values[0], metadata={"values": values, "about": about})


def _number(default: float, about: str) -> Any:
    return field(default=default, metadata={"values": None, "about": about})


class SwitchError(ValueError):
    """A switch has an unknown name or a value it does not take."""


@dataclass(frozen=True)
class Switches:
    """How the sandbox behaves where the real service is not known; the first value is the default."""

    rate_limit: int = _number(10, "requests per sliding second and subscription; 0 turns it off")
    retry_after: str = _choice("seconds", "date", "absent", about="Retry-After of a 429")
    token_lifetime: int = _number(1200, "seconds a token is valid")
    expires_in: str = _choice("number", "string", about="JSON type of expires_in in the token answer")
    bad_keys: str = _choice("400", "401", about="status for a wrong application or client key")
    auth_body: str = _choice("empty", "problem", about="body of the API's own 401 and 403")
    pagination: str = _choice(
        "full", "minimal", "totals-only", "absent", about="keys of X-Pagination (minimal: nextPageLink only)"
    )
    pagination_links: str = _choice("absolute", "relative", "internal-host", about="form of the page links")
    page_past_end: str = _choice("204", "empty", "404", about="answer to a PageNumber after the last")
    page_size_over_max: str = _choice("400", "clamp", about="answer to a PageSize above 20000")
    page_size_cap: int = _number(0, "rows per page the server gives at most, whatever was asked; 0: no cap")
    empty_list: str = _choice("204", "empty-array", about="answer when nothing matches")
    default_order: str = _choice("shuffled", "id", about="order of a list without OrderBy")
    mutation: str = _choice("off", "insert", "touch", "delete", about="what happens after each page served")
    read_lag: float = _number(0.0, "seconds until a write is seen by reads")
    nulls: str = _choice("included", "omitted", about="fields without a value in answers")
    timestamps: str = _choice("7-digits-z", "6-digits-z", "offset", "naive", about="form of timestamps")
    unknown_query: str = _choice("400", "ignore", about="answer to an unknown query parameter")
    long_urls: str = _choice("404", "served", about="answer to path and query of more than 2000 characters")
    missing_date: str = _choice("404", "400", about="status when a required date is missing")
    invoice_dates: str = _choice("optional", "required", about="fromDate and toDate of OutgoingInvoices")
    patch_media_type: str = _choice("any", "strict", about="strict: 415 unless application/json-patch+json")
    patch_names: str = _choice(
        "any-case", "exact", about="exact: operations on names in another casing are silently ignored"
    )
    reverse: str = _choice("202", "200", about="status of a reversal")
    documentation_put: str = _choice("202", "204", about="status of PUT VoucherDocumentation")
    send_invoice_field: str = _choice(
        "absent", "present", about="AllowSendInvoice in ClientIntegrationInformation"
    )
    send_polls: int = _number(1, "times sentState says that an invoice is being processed")
    send_seconds: float = _number(0.0, "seconds an invoice is being processed at least")
    send_result: str = _choice("sent", "failed", about="how sending an invoice ends")

    def __post_init__(self) -> None:
        for item in fields(self):
            value, allowed = getattr(self, item.name), item.metadata["values"]
            if allowed is not None and value not in allowed:
                raise SwitchError(f"{item.name} = {value!r}: choose one of {', '.join(allowed)}.")
            if allowed is None and not _is_amount(value, whole=isinstance(item.default, int)):
                kind = "a whole number" if isinstance(item.default, int) else "a number"
                raise SwitchError(f"{item.name} = {value!r}: give {kind} that is not negative.")

    def changed(self, changes: Mapping[str, Any]) -> Switches:
        """
        Give the same switches with some changed.

        :param changes: by name; ``-`` and ``_`` are the same.
        :raises SwitchError: an unknown name or value.
        """
        named = {name.replace("-", "_"): value for name, value in changes.items()}
        for name in named:
            if name not in SWITCH_NAMES:
                raise SwitchError(f"{name}: no such switch; there are {', '.join(SWITCH_NAMES)}.")
        return replace(self, **named)

    def as_dict(self) -> dict[str, Any]:
        """Give the switches as JSON."""
        return asdict(self)


def _is_amount(value: Any, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and value >= 0


SWITCH_NAMES = tuple(item.name for item in fields(Switches))
