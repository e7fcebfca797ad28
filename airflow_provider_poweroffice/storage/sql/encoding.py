"""
Values of a row, from JSON to what a database takes.

Rule: a JSON literal without escapes is a field of a CSV file as it stands, so that most values reach
``COPY`` without becoming Python objects, and every number keeps its digits.
"""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_provider_poweroffice.storage.kinds import NULL, canonical, kind_of

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
    if kind == "text":
        return value.decode()
    if value in {b"true", b"false"}:
        return value == b"true"
    return int(value) if kind == "integer" else value.decode()


def key_text(values: tuple[bytes, ...]) -> str:
    """
    Write a row's key as text: the value itself, or a JSON array of several.

    It is made of what the values are, not of how a server spells them, so that a record has one key whether
    a letter is sent as an escape or not, and a number as ``1`` or ``1.0``.
    """
    if len(values) == 1:
        if values[0].isdigit():
            return values[0].decode()
        if values[0][:1] == b'"':
            return str(_decode(values[0]))
    parts = [_spelled(value) for value in values]
    return (parts[0] if len(parts) == 1 else b"[%b]" % b",".join(parts)).decode(errors="replace")


def _spelled(value: bytes) -> bytes:
    kind = kind_of(value)
    if kind in {"integer", "decimal"}:
        return canonical(value)
    return value if kind in {"boolean", None} else msgspec.json.encode(_decode(value))
