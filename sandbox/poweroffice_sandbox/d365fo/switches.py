"""
The switches: every fact about Finance & Operations that is not certain, with the answer the sandbox gives.

Rule: a switch is one field here. How certain each fact is, docs/d365fo.md says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.switches import SwitchTable, choice, number


@dataclass(frozen=True)
class D365FOSwitches(SwitchTable):
    """How the sandbox behaves where the real service is not known; the first value is the default."""

    token_lifetime: int = number(3599, "seconds a token is valid")
    expires_in_v1: str = choice("string", "number", about="JSON type of expires_in from the v1 endpoint")
    expires_in_v2: str = choice("number", "string", about="JSON type of expires_in from the v2 endpoint")
    adfs_answer: str = choice("small", "like-v1", about="fields of the token answer of AD FS")
    odd_audience: str = choice(
        "issued", "65001", about="upper case or a trailing slash in the resource: a token F&O refuses, or 400"
    )
    sign_in: str = choice(
        "required",
        "skipped",
        about="skipped: any bearer token the sandbox did not issue is one of the app main",
    )
    unauthorized_body: str = choice("empty", "message", about="body of a 401")
    www_authenticate: str = choice("present", "absent", about="WWW-Authenticate of a 401")
    no_privilege: str = choice("403", "500", about="status for an app whose user lacks the privilege")
    user_limits: str = choice("off", "on", about="the user-based limits, withdrawn in 2023")
    user_requests: int = number(6000, "user-based: requests in a window; 0 for no limit")
    user_seconds: float = number(1200.0, "user-based: seconds of execution in a window; 0 for no limit")
    user_concurrent: int = number(52, "user-based: requests at the same time; 0 for no limit")
    user_window: int = number(300, "user-based: seconds of the sliding window")
    request_seconds: float = number(
        0.0, "user-based: seconds of execution each request counts besides its own"
    )
    user_retry_after: str = choice("seconds", "date", "absent", about="Retry-After of a user-based 429")
    retry_growth: int = number(5, "user-based: seconds the wait grows by each call made during it")
    web_servers: int = number(2, "web servers behind the affinity cookie; the user-based limits are for each")
    resource_load: str = choice(
        "normal",
        "high",
        "critical",
        "exhausted",
        about="resource-based: high refuses apps of low priority, …",
    )
    resource_seconds: int = number(60, "resource-based: what Retry-After says")
    resource_retry_after: str = choice(
        "seconds", "date", "absent", about="Retry-After of a resource-based 429"
    )
    throttle_body: str = choice("message", "text", "odata", "empty", about="body of a 429")
    service_error: str = choice("500", "400", about="status of an X++ exception in a service operation")
    missing_parameter: str = choice("400", "500", about="status when the body lacks a parameter")
    parameter_names: str = choice("exact", "any-case", about="casing of parameter names in a service call")
    unknown_service: str = choice(
        "404-message", "404-empty", "500", about="answer to an unknown group, service or operation"
    )
    void_body: str = choice("empty", "null", "204", about="answer of an operation without a return value")
    reference_ids: str = choice("present", "absent", about='"$id" in objects that services return')
    page_size: int = number(10_000, "rows on an OData page at most")
    next_link: str = choice("skip", "skiptoken", about="how the next link says where it goes on")
    next_link_form: str = choice("absolute", "relative", "internal-host", about="form of the next link")
    top_over_page: str = choice("continue", "clamp", about="$top above the page size: more pages, or one")
    empty_next_page: str = choice("no", "yes", about="yes: a full last page has a link to an empty one")
    default_order: str = choice("stored", "shuffled", about="order of rows without $orderby")
    count_path: str = choice("served", "404", about="GET /data/{Set}/$count")
    company_case: str = choice(
        "own", "query", about="dataAreaId in answers: as the company's own ID, or as the query spells it"
    )
    text_compare: str = choice("any-case", "exact", about="comparing texts in $filter")
    put: str = choice(
        "merge", "replace", about="PUT of some fields: the others stay, or go to their defaults"
    )
    write_errors: str = choice("400", "500", about="status of a refused write or action outside $batch")
    stale_etag: str = choice("412", "409", "400", about="status when If-Match is not the row's ETag")
    batch_continue: str = choice(
        "asked", "always", about="after a failed part of a $batch: the rest only with Prefer, or always"
    )
    batch_served: int = number(0, "operations of a $batch that are served, the others are 429; 0 for all")
    empty_date: str = choice("noon", "midnight", about="time of day of dates without one")
    unknown_label: str = choice("text", "404", about="a label there is not: a text that says so, or 404")
    export_polls: int = number(1, "status calls that say Executing before an export or import has ended")
