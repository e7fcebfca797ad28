"""
The switches: every fact about PowerOffice Go that is not certain, with the answer the sandbox gives.

Rule: a switch is one field here; its command-line option, its keyword argument and its checks follow from it.
How certain each fact is, docs/v2.md says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.switches import SwitchTable, choice, number


@dataclass(frozen=True)
class Switches(SwitchTable):
    """How the sandbox behaves where the real service is not known; the first value is the default."""

    rate_limit: int = number(10, "requests per sliding second and subscription; 0 turns it off")
    retry_after: str = choice("seconds", "date", "absent", about="Retry-After of a 429")
    token_lifetime: int = number(1200, "seconds a token is valid")
    expires_in: str = choice("number", "string", about="JSON type of expires_in in the token answer")
    bad_keys: str = choice("400", "401", about="status for a wrong application or client key")
    problem_type: str = choice("json", "problem-json", about="media type of the API's own errors")
    bad_parameters: str = choice(
        "errors", "detail", about="400 for what cannot be bound: errors by parameter and status, or a detail"
    )
    www_authenticate: str = choice("present", "absent", about="WWW-Authenticate of a 401")
    auth_body: str = choice("empty", "problem", about="body of the API's own 401 and 403")
    pagination: str = choice(
        "full", "minimal", "totals-only", "absent", about="keys of X-Pagination (minimal: nextPageLink only)"
    )
    pagination_links: str = choice("absolute", "relative", "internal-host", about="form of the page links")
    page_past_end: str = choice("204", "empty", "404", about="answer to a PageNumber after the last")
    page_size_over_max: str = choice("400", "clamp", about="answer to a PageSize above 20000")
    page_size_cap: int = number(0, "rows per page the server gives at most, whatever was asked; 0: no cap")
    empty_list: str = choice("204", "empty-array", about="answer when nothing matches")
    default_order: str = choice("shuffled", "id", about="order of a list without OrderBy")
    mutation: str = choice("off", "insert", "touch", "delete", about="what happens after each page served")
    read_lag: float = number(0.0, "seconds until a write is seen by reads")
    nulls: str = choice("included", "omitted", about="fields without a value in answers")
    timestamps: str = choice("7-digits-z", "6-digits-z", "offset", "naive", about="form of timestamps")
    unknown_query: str = choice("400", "ignore", about="answer to an unknown query parameter")
    long_urls: str = choice("404", "served", about="answer to path and query of more than 2000 characters")
    missing_date: str = choice("404", "400", about="status when a required date is missing")
    invoice_dates: str = choice("optional", "required", about="fromDate and toDate of OutgoingInvoices")
    body_media_type: str = choice("json", "any", about="json: 415 unless the Content-Type is one of JSON")
    patch_media_type: str = choice(
        "any", "strict", about="of a PATCH; strict: 415 unless application/json-patch+json"
    )
    patch_names: str = choice(
        "any-case", "exact", about="exact: operations on names in another casing are silently ignored"
    )
    taken_text: str = choice(
        "id", "no-id", "exists", "norwegian", "bare", about="how a refusal says that a unique value is in use"
    )
    taken_status: str = choice("400", "409", "422", about="status of that refusal")
    unique_check: str = choice("on", "off", about="off: a second record with a unique value is taken too")
    reverse: str = choice("202", "200", about="status of a reversal")
    documentation_put: str = choice("202", "204", about="status of PUT VoucherDocumentation")
    send_invoice_field: str = choice(
        "absent", "present", about="AllowSendInvoice in ClientIntegrationInformation"
    )
    send_polls: int = number(1, "times sentState says that an invoice is being processed")
    send_seconds: float = number(0.0, "seconds an invoice is being processed at least")
    send_lag: float = number(0.0, "seconds that sentState is behind")
    send_result: str = choice(
        "sent",
        "failed",
        "fallback",
        "undelivered",
        about="how sending an invoice ends; fallback: sent another way, undelivered: an invoice nobody got",
    )
    unsent_state: str = choice("204", "row", "404", about="sentState of an order that nobody asked to send")
    invoiced_reference: str = choice(
        "free", "taken", about="may a new order have the reference of one that became an invoice"
    )
