"""
``preview=True``: a writing call is made ready, checked and shown, and not sent.

Rule: reads at most; what it gives is plain JSON for XCom.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.tasks.base import is_literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.client import Client

log = logging.getLogger(__name__)

_COUNTED = {"created": "create", "updated": "update", "deleted": "delete", "unchanged": "unchanged"}


def check_preview(value: Any) -> None:
    """
    Refuse, while a DAG file is read, what is neither True, False nor a template.

    :raises TypeError: any other text would count as true.
    """
    if is_literal(value) and not isinstance(value, bool):
        raise TypeError(_message(value))


def is_preview(value: Any) -> bool:
    """
    Read the rendered argument: True, False, or what a template writes for them, in any case.

    :raises TypeError: it is neither, so that it is not known whether the call may be sent.
    """
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise TypeError(_message(value))
    return value


def _message(value: Any) -> str:
    return f"preview must be True or False, or a template that gives one of them, not {value!r}"


def preview_of(
    client: Client,
    method: str,
    endpoint: str,
    *,
    content: Callable[[], Any],
    build: Callable[[Any], AbstractContextManager[Call]],
    foresee: Callable[[Call], tuple[str, Call | None]],
) -> dict[str, Any]:
    """
    Check a call and show it; GETs aside, nothing is sent.

    :param content: makes the body from the arguments.
    :param build: makes the call with that body, and lets go of its files. What these two raise of the
        arguments is a problem too.
    :param foresee: says what a call would do, and which call would be sent; asked where no body is refused.
    :return: ``would``, a list of ``{"method", "path", "body"}``, with ``query`` and ``files`` where there are
        any: what would be sent, and nothing where an argument cannot be; ``problems``, a list of
        ``{"pointer", "kind", "message"}``, see :mod:`~airflow_provider_poweroffice.api.body_check`;
        ``counts``, of the calls by ``create``, ``update``, ``delete``, ``unchanged``, ``conflict``, where
        another record is there, and ``invalid``, what would be refused;
        ``checked``, whether the body was held against a description of it.
    """
    from airflow_provider_poweroffice.api.body_check import check_body, is_described
    from airflow_provider_poweroffice.api.texts import one_line
    from airflow_provider_poweroffice.errors import WriteConflictError

    name = client.dialect.catalogue_name
    counted = "invalid"
    problems: list[dict[str, Any]] = []
    would: list[dict[str, Any]] = []
    try:
        body = content()
        found = check_body(name, method, endpoint, body)
        problems += [{"pointer": item.pointer, "kind": item.kind, "message": item.message} for item in found]
        with build(body) as call:
            sent: Call | None = call
            if all(item.kind == "unknown" for item in found):
                outcome, sent = foresee(call)
                counted = _COUNTED[outcome]
            would += [_shown(client, sent)] if sent else []
    except WriteConflictError as error:
        counted = "conflict"
        problems.append({"pointer": "", "kind": "conflict", "message": str(error)})
    except (ValueError, TypeError, OSError) as error:
        problems.append({"pointer": "", "kind": "argument", "message": str(error)})
    said = [f"{item['pointer']} {item['message']}".strip() for item in problems]
    log.log(
        logging.WARNING if said else logging.INFO,
        "preview: %s %s is not sent; problems: %d%s",
        method,
        endpoint,
        len(said),
        one_line(f": {', '.join(said)}") if said else "",
    )
    return {
        "would": would,
        "problems": problems,
        "counts": {counted: 1},
        "checked": is_described(name, method, endpoint),
    }


def _shown(client: Client, call: Call) -> dict[str, Any]:
    from airflow_provider_poweroffice.api.multipart import size_of

    result: dict[str, Any] = {
        "method": call.method,
        "path": client.connection.path_of(call),
        "body": _body(call.content),
    }
    if call.query:
        result["query"] = dict(call.query)
    if call.files:
        parts = call.files.items()
        result["files"] = {field: {"name": part[0], "bytes": size_of(part[1])} for field, part in parts}
    return result


def _body(content: bytes | None) -> Any:
    if not content:
        return None
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
