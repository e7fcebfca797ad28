"""
The connection form of Finance & Operations, declared once.

Rule: imports nothing, since every Airflow process loads it.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.hooks.form import CONN_FIELDS as _COMMON

UI_FIELD_BEHAVIOUR: dict[str, Any] = {
    "hidden-fields": ["schema"],
    "relabeling": {
        "login": "Client ID",
        "password": "Client secret",
        "host": "Environment URL",
        "port": "Port (443)",
    },
    "placeholders": {
        "login": "00000000-0000-0000-0000-000000000000",
        "host": "https://contoso.operations.dynamics.com",
        "port": "443",
    },
}

_TEXT = {"type": ["string", "null"]}

CONN_FIELDS: dict[str, dict[str, Any]] = {
    "tenant_id": {
        "label": "Tenant ID",
        "description": "GUID or domain of the environment's own tenant; adfs on premises",
        "schema": _TEXT,
    },
    "system_url": {
        "label": "System URL",
        "description": "Where OData (data/) lives, if not at the environment URL",
        "schema": _TEXT,
    },
    "resource": {
        "label": "Resource (audience)",
        "description": "What tokens are for; default the environment URL's origin in lower case",
        "schema": _TEXT,
    },
    "authority": {
        "label": "Authority",
        "description": "Identity service of a sovereign cloud or AD FS; default https://login.microsoftonline.com",
        "schema": _TEXT,
    },
    "token_url": {
        "label": "Token URL",
        "description": "The whole token endpoint, instead of authority and tenant",
        "schema": _TEXT,
    },
    "token_version": {
        "label": "Token version",
        "description": "v1 asks by resource, v2 by scope; default v2, or what the token URL looks like",
        "schema": {"type": ["string", "null"], "enum": ["v1", "v2", None]},
    },
    "company": {
        "label": "Default company",
        "description": "Legal entity whose rows are read where a query names none; default the app's own",
        "schema": _TEXT,
    },
    "token": {
        "label": "Token",
        "description": "Used as it is and never renewed, instead of client ID and secret",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    **{
        name: field
        for name, field in _COMMON.items()
        if name in {"connect_timeout", "read_timeout", "verify", "ca_bundle", "allow_http"}
        or name.startswith("rate_limit_")
    },
    "requests_per_second": {
        "label": "Requests per second",
        "description": "Pace to keep; none is published, default 20",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
}
