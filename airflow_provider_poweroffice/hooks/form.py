"""
The forms of both connection types, declared once: for the provider info (3.2 and later) and for Airflow 3.1.

Rule: imports nothing of this package, since every Airflow process loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UI_FIELD_BEHAVIOUR: dict[str, Any] = {
    # Port stays visible: the Test button of Airflow 3.3.1 and 3.3.2 refuses a connection without one.
    "hidden-fields": ["schema"],
    "relabeling": {
        "login": "Application key",
        "password": "Client key",
        "host": "API base URL (optional)",
        "port": "Port (443)",
    },
    "placeholders": {
        "login": "00000000-0000-0000-0000-000000000000",
        "password": "the third key, the subscription key, is below: Extra Fields",
        "host": "https://goapi.poweroffice.net",
        "port": "443",
    },
}

# Names of keys contain "api_key": Airflow redacts an extra by its name alone, an object's values with it.
CONN_FIELDS: dict[str, dict[str, Any]] = {
    "subscription_api_key": {
        "label": "Subscription key",
        "description": "Ocp-Apim-Subscription-Key of the developer portal's product subscription; not for v1",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "client_api_keys": {
        "label": "Client keys of several companies",
        "description": "For an accounting firm: an object of alias to client key. A task chooses by "
        "company=alias; the password, if any, is the company without an alias",
        "schema": {"type": ["object", "null"]},
    },
    "environment": {
        "label": "Environment",
        "description": "All keys belong to one environment",
        "schema": {"type": ["string", "null"], "enum": ["production", "demo"], "default": "production"},
    },
    "api_version": {
        "label": "API version",
        "description": "v2 is PowerOffice Go's current API, v1 the legacy one",
        "schema": {"type": ["string", "null"], "enum": ["v2", "v1"], "default": "v2"},
    },
    "connect_timeout": {
        "label": "Connect timeout (s)",
        "description": "Seconds to establish a connection; default 10",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
    "read_timeout": {
        "label": "Read timeout (s)",
        "description": "Longest silence in seconds while waiting for an answer; default 120",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
    "requests_per_second": {
        "label": "Requests per second",
        "description": "Limit to keep; default the vendor's: v2 10, v1 50",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
    "rate_limit_share": {
        "label": "Share of the limit",
        "description": "Part to use where several hosts share a subscription key, above 0 to 1; default 1",
        "schema": {"type": ["number", "null"], "minimum": 0.001, "maximum": 1},
    },
    "rate_limit_backend": {
        "label": "Limit shared by",
        "description": "host (default): all processes of a host; process: one; or redis://server:6379/0",
        "schema": {"type": ["string", "null"]},
    },
    "rate_limit_password": {
        "label": "Redis password",
        "description": "Of that Redis server; Airflow shows an extra of this name to nobody",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "rate_limit_on_unreachable": {
        "label": "Without Redis",
        "description": "error: the call fails; local: the limit is kept for this host meanwhile",
        "schema": {"type": ["string", "null"], "enum": ["error", "local"], "default": "error"},
    },
    "verify": {
        "label": "Verify certificate",
        "description": "Off trusts any server; only for tests",
        "schema": {"type": ["boolean", "null"], "default": True},
    },
    "ca_bundle": {
        "label": "CA bundle",
        "description": "Path of a file with the certificate authorities to trust, e.g. behind a proxy",
        "schema": {"type": ["string", "null"]},
    },
    "allow_http": {
        "label": "Allow http://",
        "description": "Send the keys unencrypted, to a sandbox in your own network",
        "schema": {"type": ["boolean", "null"], "default": False},
    },
}

D365FO_UI_FIELD_BEHAVIOUR: dict[str, Any] = {
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

D365FO_CONN_FIELDS: dict[str, dict[str, Any]] = {
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
        for name, field in CONN_FIELDS.items()
        if name in {"connect_timeout", "read_timeout", "verify", "ca_bundle", "allow_http"}
        or name.startswith("rate_limit_")
    },
    "rate_limit_share": CONN_FIELDS["rate_limit_share"]
    | {"description": "Part to use where several hosts call the environment, above 0 to 1; default 1"},
    "requests_per_second": {
        "label": "Requests per second",
        "description": "Pace to keep; none is published, default 20",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
}


def for_airflow_3_1(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a form's behaviour as Airflow 3.1 reads it from the hook."""
    return {name.replace("-", "_"): value for name, value in behaviour.items()}


def form_widgets(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make the widgets of Airflow 3.1 from declared fields."""
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, PasswordField, StringField

    def widget(field: Mapping[str, Any]) -> Any:
        label, description = lazy_gettext(field["label"]), field["description"]
        schema = field["schema"]
        if schema.get("format") == "password":
            return PasswordField(label, widget=BS3PasswordFieldWidget(), description=description)
        if "boolean" in schema["type"]:
            return BooleanField(label, default=schema["default"], description=description)
        return StringField(
            label, widget=BS3TextFieldWidget(), default=schema.get("default"), description=description
        )

    return {name: widget(field) for name, field in fields.items()}
