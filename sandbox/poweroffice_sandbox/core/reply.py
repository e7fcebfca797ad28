"""
What the sandbox answers with: the reply value and the error bodies.

Rule: one function for each body shape.
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


def gateway(status: int, message: str) -> Reply:
    """Make an error of the API Management gateway: ``{statusCode, message}``."""
    return as_json(status, {"statusCode": status, "message": message})


def problem(status: int, title: str, detail: str) -> Reply:
    """
    Make an error of the API: lower-case problem details, ``title`` and ``detail`` only.

    :param title: e.g. ``Customer validation error(s)``.
    """
    # OpenAPI, error examples: lower-case names, only these two.
    body = json_bytes({"title": title, "detail": detail})
    return Reply(status, body, {"Content-Type": "application/problem+json; charset=utf-8"})


def refuse(status: int, title: str, detail: str) -> RefusedError:
    """
    Make the exception for a problem; to be raised.

    :param title: see :func:`problem`.
    :param detail: see :func:`problem`.
    """
    return RefusedError(problem(status, title, detail))


NOT_FOUND = gateway(404, "Resource not found")
"""An operation the gateway does not know; API Management's own text."""
