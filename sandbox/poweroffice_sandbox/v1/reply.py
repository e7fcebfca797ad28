"""
What v1 answers with: the envelope, its failures, and what stands outside of it.

Rule: one function for each body shape. Shapes: published description of 2021, ``BaseResponse`` and
``Validation``; official documentation, pages "Backend changes" and "Limitations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from ..core.reply import RefusedError, Reply, as_json
from ..core.throttle import with_retry_after
from .switches import V1Switches

# The exceptions seen live.
ODATA = "OData"
VALIDATION = "AggregatedValidation"
UNIQUE = "ApiUniqueConstraint"


def success(data: Any = None, count: int | None = None) -> Reply:
    """
    Make the answer to a call that went well.

    :param data: a row, a list of rows, or nothing.
    :param count: of a list; ``None`` leaves it out.
    """
    body = {"success": True, "data": data, "count": count}
    return as_json(200, {name: value for name, value in body.items() if value is not None})


def failure(summary: str, exception: str | None = None, status: int = 200) -> Reply:
    """
    Make a business error: HTTP 200, unless another status is given, and ``success: false``.

    :param exception: one of those seen; left out when none is known.
    """
    reference = f"{crc32(summary.encode()):08X}"
    validation = {"errorLogReference": reference, "summary": summary, "exception": exception}
    given = {name: value for name, value in validation.items() if value is not None}
    return as_json(status, {"success": False, "validation": given})


def refuse(summary: str, exception: str | None = None) -> RefusedError:
    """
    Make the exception for a business error; to be raised.

    :param summary: see :func:`failure`.
    :param exception: see :func:`failure`.
    """
    return RefusedError(failure(summary, exception))


def _sendable(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON may bring and UTF-8 cannot send."""
    return text.encode("utf-8", "replace").decode()


def bad_parameters(errors: Mapping[str, str], switches: V1Switches) -> RefusedError:
    """
    Make the exception for values ASP.NET cannot bind; to be raised.

    :param errors: the sentence for each parameter or field.
    :param switches: ``bad_parameters`` says which shape.
    """
    errors = {_sendable(name): _sendable(text) for name, text in errors.items()}
    if switches.bad_parameters == "failure":
        return refuse(" ".join(errors.values()), VALIDATION)
    if switches.bad_parameters == "plain":
        return RefusedError(Reply(400))
    problem = {
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": {name: [text] for name, text in errors.items()},
    }
    if switches.bad_parameters == "problem":
        return RefusedError(as_json(400, problem))
    return RefusedError(as_json(400, {"success": True, "data": problem}))


def denied(status: int, summary: str, switches: V1Switches) -> Reply:
    """
    Make a 401 or 403.

    :param switches: ``auth_body`` says whether there is a body.
    """
    return Reply(status) if switches.auth_body == "empty" else failure(summary, status=status)


def throttled(seconds: int, switches: V1Switches, now: float) -> Reply:
    """
    Make a 429.

    :param switches: ``throttle_body`` and ``retry_after`` say which shape.
    """
    text = f"Rate limit is exceeded. Try again in {seconds} seconds."
    reply = {
        "envelope": failure(text, status=429),
        "gateway": as_json(429, {"statusCode": 429, "message": text}),
        "empty": Reply(429),
    }[switches.throttle_body]
    return with_retry_after(reply, seconds, switches.retry_after, now)


def no_such(status: int, method: str, path: str, switches: V1Switches) -> Reply:
    """
    Make a 404 for a path, or a 405 for a verb.

    :param switches: ``unknown_path`` says whether there is a body.
    """
    if switches.unknown_path == "empty":
        return Reply(status)
    return as_json(status, {"message": f"No HTTP resource was found that matches '{method} {path}'."})


def not_found(entity: str, identifier: str, switches: V1Switches) -> Reply:
    """
    Make the answer to an id nobody has.

    :param switches: ``not_found`` says which shape.
    """
    text = f"{entity} with id {identifier} was not found."
    if switches.not_found == "no-data":
        return success()
    return failure(text, status=404 if switches.not_found == "404" else 200)


def not_served(route: str) -> Reply:
    """
    Make the answer of the sandbox itself to a route that the vendor has and the sandbox does not serve.

    :param route: its method and path.
    """
    return failure(
        f"The sandbox does not serve {route}; PowerOffice Go does. See its docs/v1.md.", status=501
    )
