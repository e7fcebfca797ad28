"""
What a sandbox answers with: the reply value, and JSON.

Rule: nothing of any API; the bodies of errors are in each API's own ``reply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode
JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """Status, headers and body, ready to be sent; ``seconds`` is how long the work took, in real time."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class RefusedError(Exception):
    """A request cannot be served; carries the reply that says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_bytes(value: Any) -> bytes:
    """Encode as JSON; a :class:`~decimal.Decimal` becomes a number with its own digits (``-4760.00``)."""
    return _encode(value)


def as_json(status: int, value: Any, **headers: str) -> Reply:
    """
    Make a JSON reply.

    :param headers: further headers; ``_`` stands for ``-``.
    """
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json_bytes(value), {"Content-Type": JSON_TYPE, **named})
