"""An Airflow connection to a sandbox, as the texts Airflow reads. Rule: Airflow itself is not needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

Connection = Mapping[str, Any]
"""``conn_type``, ``host`` (a URL), ``login``, ``password`` and ``extra``."""


def as_json_text(connection: Connection) -> str:
    """Write the connection as JSON."""
    return json.dumps(connection)


def as_uri(connection: Connection) -> str:
    """Write the connection as URI."""
    login, password, host = (quote(str(connection[name]), safe="") for name in ("login", "password", "host"))
    extra = urlencode({"__extra__": json.dumps(connection["extra"])})
    return f"{connection['conn_type']}://{login}:{password}@{host}/?{extra}"
