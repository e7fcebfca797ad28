"""
The error bodies of PowerOffice Go v2.

Rule: one function for each body shape.
"""

from __future__ import annotations

import msgspec

from ..core.reply import JSON_TYPE, RefusedError, Reply, as_json, json_bytes
from .switches import Switches

_PROBLEM_TYPE = "application/problem+json; charset=utf-8"
_UNBOUND = "One or more validation errors occurred."


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
    return Reply(status, body, {"Content-Type": _PROBLEM_TYPE})


def refuse(status: int, title: str, detail: str) -> RefusedError:
    """
    Make the exception for a problem; to be raised.

    :param title: see :func:`problem`.
    :param detail: see :func:`problem`.
    """
    return RefusedError(problem(status, title, detail))


def unbound(name: str, detail: str) -> RefusedError:
    """
    Make the exception for what ASP.NET cannot bind to a parameter or body; to be raised.

    :param name: of the parameter; ``$`` for the body.
    """
    body = json_bytes({"title": _UNBOUND, "status": 400, "errors": {name: [detail]}})
    return RefusedError(Reply(400, body, {"Content-Type": _PROBLEM_TYPE}))


def dressed(reply: Reply, switches: Switches) -> Reply:
    """Give an error the media type, shape and headers that the switches ask for."""
    headers, body = dict(reply.headers), reply.body
    if headers.get("Content-Type") == _PROBLEM_TYPE:
        if switches.problem_type == "json":
            headers["Content-Type"] = JSON_TYPE
        if switches.bad_parameters == "detail" and body.startswith(b'{"title":"One or more'):
            (texts,) = msgspec.json.decode(body)["errors"].values()
            body = json_bytes({"title": _UNBOUND, "detail": texts[0]})
    if reply.status == 401 and switches.www_authenticate == "present":  # noqa: PLR2004 - unauthorized
        key = 'AzureApiManagementKey realm="goapi",name="Ocp-Apim-Subscription-Key",type="header"'
        headers["WWW-Authenticate"] = key if b"subscription key" in body else 'Bearer error="invalid_token"'
    return Reply(reply.status, body, headers, reply.seconds)


NOT_FOUND = gateway(404, "Resource not found")
"""An operation the gateway does not know; API Management's own text."""
