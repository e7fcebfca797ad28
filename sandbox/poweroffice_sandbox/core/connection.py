"""An Airflow connection to the sandbox, as the texts Airflow reads. Rule: Airflow itself is not needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from .companies import Keys


def _parts(url: str, keys: Keys, environment: str) -> dict[str, Any]:
    return {
        "conn_type": "poweroffice",
        "host": url,
        "login": keys.application_key,
        "password": keys.client_key,
        "extra": {"subscription_api_key": keys.subscription_key, "environment": environment},
    }


def as_json_text(url: str, keys: Keys, environment: str, client_keys: Mapping[str, str] | None = None) -> str:
    """
    Write the connection as JSON.

    :param url: of the sandbox, without a path.
    :param keys: of a company.
    :param environment: ``production`` or ``demo``.
    :param client_keys: alias to client key of the companies that the connection holds besides.
    """
    parts = _parts(url, keys, environment)
    if client_keys:
        parts["extra"]["client_api_keys"] = dict(client_keys)
    return json.dumps(parts)


def as_uri(url: str, keys: Keys, environment: str) -> str:
    """
    Write the connection as URI.

    :param url: of the sandbox, without a path.
    :param keys: of a company.
    :param environment: ``production`` or ``demo``.
    """
    parts = _parts(url, keys, environment)
    host, extra = quote(parts["host"], safe=""), urlencode({"__extra__": json.dumps(parts["extra"])})
    return f"{parts['conn_type']}://{parts['login']}:{parts['password']}@{host}/?{extra}"
