"""
The switches of v1: every fact about it that is not certain, with the answer the sandbox gives.

Rule: a switch is one field here; its option, its keyword argument and its checks follow from it. How certain
each fact is, docs/v1.md says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.switches import SwitchTable, choice, number


@dataclass(frozen=True)
class V1Switches(SwitchTable):
    """How the v1 sandbox behaves where the real service is not known; the first value is the default."""

    # Token
    token_lifetime: int = number(1200, "seconds a token is valid; 600 before the .NET 8 backend")
    expires_in: str = choice("number", "string", "one-less", about="expires_in in the token answer")
    refresh_token: str = choice(
        "absent", "reusable", "single-use", about="refresh tokens; the .NET 8 backend has none"
    )
    token_body: str = choice("form", "lenient", about="form: a body with another Content-Type is refused")
    bad_keys: str = choice("400", "401", about="answer to a wrong application or client key")
    auth_body: str = choice("envelope", "empty", about="body of 401 and 403")
    # Limits
    rate_limit: int = number(50, "requests per sliding second and integration key; 0 turns it off")
    rate_limit_key: str = choice("client", "application", about="which key an integration key is")
    retry_after: str = choice("absent", "seconds", "date", about="Retry-After of a 429")
    throttle_body: str = choice("envelope", "gateway", "empty", about="body of a 429")
    row_cap: int = number(0, "rows per call of every resource instead of its own limit; 0: its own")
    top_over_cap: str = choice("served", "refused", about="a $top above the limit when fewer rows are there")
    long_period: str = choice("served", "refused", about="a report of more than 31 days")
    # Envelope
    count: str = choice("total", "page", "absent", about="count of a list")
    bad_parameters: str = choice(
        "problem-in-data",
        "problem",
        "plain",
        "failure",
        about="answer to values that cannot be bound: 400 with a problem inside data, a bare problem or no "
        "body, or 200 with success false",
    )
    not_found: str = choice("failure", "404", "no-data", about="answer to an unknown id")
    unknown_path: str = choice("empty", "message", about="body of a 404 for a path, and of a 405")
    timestamps: str = choice("spaced", "offset", "z", about="form of times, spaced: 07:58:57 +00:00")
    time_fractions: str = choice("none", "hidden", about="hidden: compared with fractions that are not shown")
    dates: str = choice("date", "timestamp", about="form of days")
    decimals: str = choice("short", "long", about="a whole amount as 0 or 0.0")
    enums: str = choice("numbers", "names", about="form of enumerations in answers; bodies may have either")
    cid: str = choice("cid", "cID", about="name of the field cid; the older prints have cID")
    # Query
    unordered: str = choice(
        "unstable", "id", "refused", about="rows without $orderby; refused: $top and $skip need it"
    )
    filter_names: str = choice("any-case", "pascal", about="names in $filter and $orderby")
    text_case: str = choice(
        "sensitive", "insensitive", about="whether the casing of texts counts in filters and orders"
    )
    filter_functions: str = choice("odata", "named", about="named: startswith and tolower only")
    bare_dates: str = choice("accepted", "refused", about="a day or time without DateTimeOffset'…'")
    orderby_separator: str = choice("comma", "blank", about="blank: several fields need no comma")
    unsupported_options: str = choice("refused", "ignored", about="$select, $expand and unknown $-options")
    unknown_query: str = choice("ignored", "refused", about="unknown query parameters without $")
    path_case: str = choice("any", "exact", about="exact: a path in another casing is 404")
    to_date: str = choice("inclusive", "exclusive", about="whether a report has the rows of toDate")
    archived: str = choice("listed", "hidden", about="hidden: unless $filter asks for IsArchived")
    report_dates: str = choice(
        "required", "optional", about="fromDate and toDate of reports that read a period"
    )
    time_query: str = choice(
        "used", "ignored", about="fromdate and todate of TimeTracking/TimeTrackingEntry, which one sample has"
    )
    own_rows: str = choice(
        "own",
        "all",
        about="all: vouchers and bank transfers of others are listed too, which the reference denies",
    )
    ledger_party: str = choice(
        "absent", "present", about="the obsolete customer or supplier inside the entries of a ledger"
    )
    mutation: str = choice("off", "insert", "touch", "delete", about="what happens after each list served")
    # Writing
    read_lag: float = number(1.0, "seconds until a write is seen by reads")
    upsert: str = choice("id", "external-code", about="external-code: a row is also found by externalCode")
    update: str = choice("merge", "replace", about="fields left out of an update: kept or cleared")
    body_names: str = choice("any-case", "camel", about="names in bodies; camel: others are unknown")
    bad_email: str = choice(
        "failure", "empty", about="empty: an e-mail address without @ gives 200 and no body"
    )
    unknown_fields: str = choice("ignored", "refused", about="unknown fields in a body")
    lists_in_body: str = choice("refused", "saved", about="a POST with a list of objects")
    unbalanced: str = choice("refused", "accepted", about="journals whose lines do not sum to zero")
    queue_seconds: float = number(1.0, "seconds until a queued invoice is sent or an import posted")
