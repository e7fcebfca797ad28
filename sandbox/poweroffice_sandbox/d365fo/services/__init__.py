"""
Custom services: ``/api/services`` and below.

Rule: finds and reads; what an operation does is in :mod:`.operations`. POST runs an operation, GET on the
same URL describes it and never runs it. The return value is the whole body, without an envelope.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from ...core.reply import RefusedError, Reply, as_json
from ..call import Call, parse
from ..reply import no_privilege, service_error
from .operations import SERVICES, Operation, Outcome

_CHARSET = re.compile(r'charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)


def answer(call: Call) -> Reply:
    """
    Answer a call of ``/api/services``.

    :param call: with the path's parts after ``api/services``.
    :raises RefusedError: it is refused.
    """
    if len(call.parts) == 3 and call.method == "POST":  # noqa: PLR2004 - group, service, operation
        return _run(call)
    if call.method != "GET":
        return _not_allowed(call)
    return as_json(200, _described(call))


def _not_allowed(call: Call) -> Reply:
    text = f"The requested resource does not support http method '{call.method}'."
    return as_json(405, {"Message": text}, Allow="GET, POST")


def _unknown(call: Call) -> RefusedError:
    url = f"{call.base}{call.incoming.path}"
    reading = call.switches.unknown_service
    if reading == "404-empty":
        return RefusedError(Reply(404))
    if reading == "500":
        text = f"The service operation '{'/'.join(call.parts)}' was not found."
        return service_error(call.state, 500, text, "ServiceNotFoundException")
    text = f"No HTTP resource was found that matches the request URI '{url}'."
    return RefusedError(as_json(404, {"Message": text, "MessageDetail": "No route data was found."}))


def _found(call: Call) -> Any:
    found: Any = SERVICES
    for part in call.parts:
        if not isinstance(found, dict) or part not in found:
            raise _unknown(call)
        found = found[part]
    return found


def _described(call: Call) -> Any:
    found = _found(call)
    if isinstance(found, Operation):
        parameters = [{"Name": name, "Type": kind} for name, kind in found.parameters.items()]
        return {"Parameters": parameters, "Return": {"Name": "return", "Type": found.returns}}
    level = ("ServiceGroups", "Services", "Operations")[len(call.parts)]
    return {level: [{"Name": name} for name in found]}


def _run(call: Call) -> Reply:
    operation: Operation = _found(call)
    if not call.grant.app.privileged:
        raise no_privilege(call.state, "/".join(call.parts))
    given = _body(call)
    arguments = {name: _argument(call, given, name) for name in operation.parameters}
    name = "/".join(call.parts)
    call.state.executed[name] = call.state.executed.get(name, 0) + 1
    outcome = operation.run(call, arguments)
    return _reply(call, outcome)


def _refused(call: Call, text: str) -> RefusedError:
    status = int(call.switches.missing_parameter)
    return service_error(call.state, status, text, "XppServicesDeserializationException")


def _argument(call: Call, given: dict[str, Any], name: str) -> Any:
    if call.switches.parameter_names == "any-case":
        given = {key.lower(): value for key, value in given.items()}
        wanted = name.lower()
    else:
        wanted = name
    if wanted not in given:
        raise _refused(call, f"Parameter '{name}' is not found within the request content body.")
    return given[wanted]


def _body(call: Call) -> dict[str, Any]:
    text = _text(call).strip()
    if not text:
        return {}
    try:
        given = parse(text)
    except ValueError as error:
        raise _refused(call, f"The request content body is not valid JSON: {error}") from None
    if not isinstance(given, dict):
        raise _refused(call, "The request content body must be a JSON object.")
    return given


def _text(call: Call) -> str:
    """Decode the body in the charset its content type names, UTF-8 when it names none."""
    match = _CHARSET.search(call.incoming.headers.get("content-type", ""))
    charset = match[1] if match else "utf-8"
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        text = f"The character set '{charset}' is not supported."
        raise RefusedError(as_json(415, {"Message": text})) from None
    try:
        return call.incoming.body.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeError:
        raise _refused(call, f"The request content body is not valid {charset}.") from None


def _reply(call: Call, outcome: Outcome) -> Reply:
    if outcome.is_void:
        reading = call.switches.void_body
        if reading == "null":
            return Reply(200, b"null", as_json(200, None).headers, outcome.seconds)
        return Reply(204 if reading == "204" else 200, seconds=outcome.seconds)
    value = outcome.value
    if isinstance(value, dict) and call.switches.reference_ids == "present":
        value = _marked(value)
    reply = as_json(200, value)
    return Reply(200, reply.body, reply.headers, outcome.seconds)


def _marked(value: dict[str, Any]) -> dict[str, Any]:
    """Put ``$id`` on an object and the objects in it, in the order in which Json.NET numbers them."""
    count = 0

    def mark(item: Any) -> Any:
        nonlocal count
        if isinstance(item, dict):
            count += 1
            return {"$id": str(count), **{name: mark(part) for name, part in item.items()}}
        return [mark(part) for part in item] if isinstance(item, list) else item

    marked: dict[str, Any] = mark(value)
    return marked
