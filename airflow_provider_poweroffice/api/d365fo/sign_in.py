"""
Why the identity service refused: its codes, in words that say what to do.

Rule: a table. Source: Microsoft's page "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import re

from airflow_provider_poweroffice.api.facts import Fault

_ID = "client id"
_SECRET = "client secret"  # noqa: S105 - the name of one
_TENANT = "tenant"
_AUDIENCE = "resource (audience)"
_CODES = {
    7000215: (_SECRET, "it is wrong; often the secret's id was pasted instead of its value"),
    7000222: (_SECRET, "it has expired: make a new one in the app registration"),
    7000218: (_SECRET, "it is missing, or the app needs a certificate"),
    700016: (_ID, "no such app in this tenant: check login (client id) and tenant_id"),
    90002: (_TENANT, "no such tenant: check tenant_id, and authority for a sovereign cloud"),
    500011: (_AUDIENCE, "the tenant knows no such resource: check host (environment URL), or set resource"),
    50001: (
        _AUDIENCE,
        "the resource is unknown or switched off: check host (environment URL), or set resource",
    ),
    70011: (_AUDIENCE, "the scope is malformed: check host (environment URL) and token_version"),
    1002012: (_AUDIENCE, "the scope must end in /.default: check token_version and resource"),
    900144: ("token request", "the endpoint misses a form field: check that token_version fits token_url"),
    65001: (_AUDIENCE, "not consented: a trailing slash or capitals in resource have this effect too"),
    50196: ("token request", "too many sign-ins in a row; wait before the next try"),
}
_UNKNOWN = (
    "client id or client secret",
    "check login (client id), password (client secret), tenant_id and host (environment URL)",
)
_CODE = re.compile(r"AADSTS(\d{1,9})(?!\d)")


def explain(fault: Fault) -> tuple[str, str]:
    """Say which key was refused, and what to do."""
    found = _CODE.search(fault.detail or "")
    return _CODES.get(int(found[1]), _UNKNOWN) if found else _UNKNOWN
