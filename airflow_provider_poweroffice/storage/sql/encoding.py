"""
Values of a row, from JSON to what a database takes.

Rule: a JSON literal without escapes is a field of a CSV file as it stands, so that most values reach
``COPY`` without becoming Python objects, and every number keeps its digits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from airflow_provider_poweroffice.storage.sql.kinds import NULL

_decode = msgspec.json.Decoder().decode


def quoted(text: bytes) -> bytes:
    """Write any text as a field of a CSV file."""
    return b'"' + text.replace(b'"', b'""') + b'"'


def csv_field(kind: str, value: bytes) -> bytes:
    """Write a JSON value as a field of a CSV file in which a bare ``null`` is NULL."""
    if value == NULL:
        return value
    if kind == "json":
        return quoted(value)
    return quoted(_decode(value).encode()) if b"\\" in value else value


def parameter(kind: str, value: bytes) -> Any:
    """Turn a JSON value into a parameter of a statement; decimals stay text."""
    if value == NULL:
        return None
    if kind == "json":
        return value.decode()
    if value[:1] == b'"':
        return _decode(value)
    if value in {b"true", b"false"}:
        return value == b"true"
    return int(value) if kind == "integer" else value.decode()


def places(value: bytes) -> int:
    """Count the digits behind the point that a JSON number needs."""
    _, point, behind = value.partition(b".")
    if value == NULL or (not point and b"e" not in value and b"E" not in value):
        return 0
    if behind.isdigit():
        return len(behind.rstrip(b"0"))
    return max(0, -int(Decimal(value.decode()).normalize().as_tuple().exponent))


def key_text(values: tuple[bytes, ...]) -> str:
    """Write a row's key as text: the value itself, or a JSON array of several."""
    if len(values) > 1:
        return f"[{b','.join(values).decode()}]"
    return str(_decode(values[0])) if values[0][:1] == b'"' else values[0].decode()
