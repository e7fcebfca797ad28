"""
The error bodies of PowerOffice Go v2.

Rule: one function for each body shape.
"""

from __future__ import annotations

from ..core.reply import RefusedError, Reply, as_json, json_bytes


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
