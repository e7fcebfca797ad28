"""The body of a PATCH in v2: JSON Patch, RFC 6902."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEDIA_TYPE = "application/json-patch+json"
"""The only type that the OpenAPI file declares for PATCH."""

_OPS = frozenset({"add", "remove", "replace", "copy", "move", "test"})
_EXAMPLE = '[{"op": "replace", "path": "/Name", "value": "..."}]'


def check_patch(body: Any) -> None:
    """
    Check that a body is a list of operations.

    :raises ValueError: with an example.
    """
    if not isinstance(body, (list, tuple)) or not body:
        raise ValueError(f"body of PATCH must be a list of JSON Patch operations such as {_EXAMPLE}")
    for operation in body:
        known = isinstance(operation, Mapping) and operation.get("op") in _OPS
        if not known or not str(operation.get("path", "")).startswith("/"):
            raise ValueError(f"body of PATCH has an operation without a known op and path; use {_EXAMPLE}")
