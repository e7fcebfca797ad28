"""
``POST /data/$batch``: many operations in one request.

Rule: cuts and joins; each operation is served as if it had come alone. A changeset is atomic, and a failed
one is answered with a single part. The outer status is 200 even when parts failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit

from starlette.requests import Request

from ...core.asgi import Incoming
from ...core.reply import RefusedError, Reply
from ..call import Call
from ..reply import odata_error
from ..throttle import busy
from . import service as odata

MOST = 5_000
"""Operations in one request (Microsoft)."""

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_BAD = 400


@dataclass(frozen=True)
class _Operation:
    """One operation of a batch."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    content_id: str


def _head(text: bytes) -> tuple[dict[str, str], bytes]:
    """Cut headers (by lower-case name) from what follows them."""
    head, _, rest = text.partition(b"\r\n\r\n")
    lines = (line.partition(b":") for line in head.split(b"\r\n") if b":" in line)
    return {
        name.strip().decode("latin-1").lower(): value.strip().decode("latin-1") for name, _, value in lines
    }, rest


def _pieces(kind: str, body: bytes) -> list[bytes]:
    match = _BOUNDARY.search(kind)
    if match is None or not kind.lower().startswith("multipart/mixed"):
        raise odata_error(415, "The content type of a batch request must be multipart/mixed with a boundary.")
    # A client may end lines with LF alone.
    text = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    pieces = (b"\r\n" + text).split(b"\r\n--" + match[1].strip().encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - preamble and end
        raise odata_error(_BAD, "The batch request has no closing boundary.")
    return [piece.removeprefix(b"\r\n") for piece in pieces[1:-1]]


def _operation(piece: bytes) -> _Operation:
    outer, rest = _head(piece)
    line, _, rest = rest.partition(b"\r\n")
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/"):  # noqa: PLR2004 - method, URL, version
        raise odata_error(_BAD, f"'{line.decode('latin-1')}' is not a request line.")
    inner, body = _head(rest) if not rest.startswith(b"\r\n") else ({}, rest[2:])
    content_id = outer.get("content-id") or inner.get("content-id") or ""
    return _Operation(words[0].upper(), words[1], inner, body.removesuffix(b"\r\n"), content_id)


def _read(call: Call) -> list[_Operation | list[_Operation]]:
    """Read the operations; a list within the list is a changeset."""
    items: list[_Operation | list[_Operation]] = []
    for piece in _pieces(call.incoming.headers.get("content-type", ""), call.incoming.body):
        headers, rest = _head(piece)
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/mixed"):
            items.append([_operation(part) for part in _pieces(kind, rest)])
        else:
            items.append(_operation(piece))
    count = sum(len(item) if isinstance(item, list) else 1 for item in items)
    if count > MOST:
        raise odata_error(_BAD, f"The batch request has {count} operations; the maximum is {MOST}.")
    return items


def _served(call: Call, operation: _Operation) -> Reply:
    """Serve one operation through the same code as a request of its own."""
    try:
        url = urlsplit(urljoin(f"{call.base}/data/$batch", operation.url))
    except ValueError:
        return odata_error(_BAD, f"'{operation.url}' is not a URL.").reply
    below = urlsplit(f"{call.base}/data/").path
    if not url.path.startswith(below):
        return odata_error(404, f"'{operation.url}' is not below {call.base}/data.").reply
    headers = {**operation.headers, "host": call.incoming.headers.get("host", "")}
    scope = {
        **call.incoming.request.scope,
        "method": operation.method,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    parts = tuple(unquote(part) for part in url.path.removeprefix(below).split("/") if part)
    inner = replace(call, incoming=Incoming(Request(scope), operation.body), parts=parts, in_batch=True)
    try:
        return odata.answer(inner)
    except RefusedError as refused:
        return refused.reply


def _changeset(call: Call, operations: list[_Operation]) -> list[tuple[Reply, str]]:
    before, answers = call.state.kept(), []
    for operation in operations:
        reply = _served(call, operation)
        if reply.status >= _BAD:
            call.state.put(before)
            # Seen: one part for the whole changeset, with the first Content-ID whichever row was to blame.
            return [(reply, operations[0].content_id)]
        answers.append((reply, operation.content_id))
    return answers


def _part(reply: Reply, content_id: str) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body + b"\r\n"


def _joined(parts: list[bytes], boundary: str) -> bytes:
    mark = boundary.encode()
    return b"".join(b"--" + mark + b"\r\n" + part for part in parts) + b"--" + mark + b"--\r\n"


def batch(call: Call) -> Reply:
    """
    Answer a batch.

    :raises RefusedError: the batch itself cannot be read.
    """
    if call.method != "POST":
        raise odata_error(405, f"The requested resource does not support http method '{call.method}'.")
    asked = "odata.continue-on-error" in call.incoming.headers.get("prefer", "").lower()
    goes_on = asked or call.switches.batch_continue == "always"
    limit, done, parts = call.switches.batch_served, 0, []
    for item in _read(call):
        operations = item if isinstance(item, list) else [item]
        done += len(operations)
        if limit and done > limit:
            late = busy(call.switches.resource_seconds, call.switches, call.state.clock.now())
            answers = [(late, operations[0].content_id)]
        elif isinstance(item, list):
            answers = _changeset(call, item)
        else:
            answers = [(_served(call, item), item.content_id)]
        written = [_part(reply, content_id) for reply, content_id in answers]
        if isinstance(item, list):
            inner = f"changesetresponse_{call.state.new_id()}"
            head = f"Content-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode()
            written = [head + _joined(written, inner)]
        parts += written
        if not goes_on and any(reply.status >= _BAD for reply, _ in answers):
            break
    boundary = f"batchresponse_{call.state.new_id()}"
    kind = {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0"}
    return Reply(200, _joined(parts, boundary), kind)
