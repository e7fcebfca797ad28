"""
One call, checked and encoded before anything is sent.

Rule: all bad input is refused here, with a message that names the argument, its value and the way out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.api.multipart import Files

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_encode = msgspec.json.Encoder(decimal_format="number").encode
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_VISIBLE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS = frozenset({"authorization", "ocp-apim-subscription-key", "host", "content-length", "accept-encoding"})
_NEVER = frozenset(
    {
        # Of one hop, or of the framing (RFC 9110 §7.6.1, §10.1.1, §10.1.4; RFC 9112 §6, §9).
        *("connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("http2-settings", "max-forwards"),
        # Another identity, method or address than the call's own.
        *("cookie", "cookie2", "forwarded", "x-original-url", "x-rewrite-url", "x-original-method"),
        *("x-http-method", "x-http-method-override", "x-method-override", "x-http-verb-override"),
    }
)
_NEVER_BEGINS = ("proxy-", "x-forwarded-")
_KEY_PREDICATE = re.compile(r"\((?:[^'()]|'[^'()]*')*\)")  # (dataAreaId='usmf',CustomerAccount='O''Hara')
_UNSAFE = re.compile(r"['\"`;\\\s<>{}|^]")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MEDIA_TYPE = re.compile(r"[!#$&^_.+A-Za-z0-9-]+/[!#$&^_.+A-Za-z0-9-]+( *;[\x20-\x7e]*)?")  # RFC 6838 §4.2
_MISSING = frozenset({"None", "null", "nan", "NaN", "undefined"})  # what programs write for no value


@dataclass(frozen=True)
class Call:
    """
    A checked call: ``query`` is text, ``content`` is bytes or None.

    :param url: instead of endpoint and query, a page's link as the server gave it.
    :param is_complete: the dialect has completed the query.
    """

    method: str
    endpoint: str
    query: dict[str, str]
    content: bytes | None
    files: Files | None
    headers: dict[str, str]
    url: str | None = None
    is_complete: bool = False


def build_call(
    dialect: Dialect[Any],
    method: str,
    endpoint: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    files: Files | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call:
    """
    Check and encode a call; the arguments are those of ``Client.request``.

    :raises ValueError: an argument that cannot be sent.
    :raises TypeError: an argument of the wrong type.
    """
    verb = check_method(method)
    sent = check_headers(headers)
    has_type = "content-type" in {name.lower() for name in sent}
    _check_content(verb, body, files, has_type=has_type)
    content = None if body is None else encode_body(dialect, verb, body)
    if content is not None and not has_type:
        sent["Content-Type"] = dialect.body_type(verb)
    if dialect.slash_at_end and verb != "DELETE" and isinstance(endpoint, str):
        endpoint = endpoint.strip().removesuffix("/")
    path = dialect.path(check_endpoint(endpoint))
    return Call(verb, path, encode_query(query), content, check_files(files), sent)


def _check_content(verb: str, body: Any, files: Files | None, *, has_type: bool) -> None:
    if verb == "GET" and (body is not None or files is not None):
        raise ValueError("body and files do not go with GET; filters belong into query")
    if body is not None and files is not None:
        raise ValueError("body and files exclude each other: a multipart request is made of files alone")
    if files is not None and has_type:
        raise ValueError(
            "headers must not set 'Content-Type' beside files: it names the boundary of the parts"
        )


def check_method(method: str) -> str:
    """Give the method in upper case."""
    verb = method.upper() if isinstance(method, str) else method
    if verb not in METHODS:
        raise ValueError(f"unknown method {method!r}; use one of: {', '.join(METHODS)}")
    return verb


def check_endpoint(endpoint: str) -> str:
    """Give the endpoint without a leading slash; it must stay below the base URL."""
    if not isinstance(endpoint, str) or not endpoint.strip().strip("/"):
        raise ValueError(f"endpoint must name a resource such as 'Customers', not {endpoint!r}")
    path = endpoint.strip()
    if trouble := _leads_elsewhere(path) or _is_malformed(path):
        raise ValueError(f"endpoint {endpoint!r} {trouble}")
    return path.lstrip("/")


def has_dots(path: str) -> bool:
    """Tell whether a path, decoded, has a part ``.`` or ``..``, which a server may resolve."""
    return not {".", ".."}.isdisjoint(path.split("/"))


def _leads_elsewhere(path: str) -> str | None:
    """Say why a path might not stay below the base URL."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or path.startswith("//"):
        return "is an absolute URL; give the path below the connection's base URL, such as 'Customers'"
    if "?" in path or "#" in path:
        return "holds a query; pass it as query={...}"
    plain = _decoded(path)
    if has_dots(plain) or not plain.isprintable():
        return "must not contain '.' or '..' parts or control characters"
    return None


def _is_malformed(path: str) -> str | None:
    """Say why a path cannot be sent, or lacks a part."""
    if found := _UNSAFE.search(_KEY_PREDICATE.sub(_without_quotes, path)):
        return (
            f"holds {found[0]!r}, which cannot stand in a path; percent-encode it, as "
            "urllib.parse.quote(value, safe='') does"
        )
    if missing := _MISSING.intersection(_decoded(path).split("/")):
        return f"has the part {min(missing)!r}: was an id missing?"
    if "//" in path or path.endswith("/"):
        return "has an empty part: was an id empty? If not, leave out the last slash"
    return None


def _decoded(path: str) -> str:
    return unquote(path).replace("\\", "/")


def _without_quotes(key: re.Match[str]) -> str:
    """Take the quotes of an entity's key away, which are its own syntax (OData)."""
    return key[0].replace("'", "")


def encode_query(query: Mapping[str, Any] | None) -> dict[str, str]:
    """
    Turn filter values into text.

    None leaves a filter out. Lists become ``a,b``, the API's list form; dates become ``YYYY-MM-DD``,
    times UTC with ``Z``, booleans ``true`` and ``false``.
    """
    if query is None:
        return {}
    if not isinstance(query, Mapping):
        raise TypeError(f"query must be a mapping of names to values, not {type(query).__name__}")
    encoded = {}
    for name, value in query.items():
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"query has a name that is not text: {name!r}")
        if value is not None:
            encoded[name] = _query_text(name, value)
    return encoded


def _query_text(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        if not value:
            raise ValueError(
                f"query[{name!r}] is an empty list, which would read everything; None leaves a filter out"
            )
        items = [_query_scalar(name, item) for item in value]
        if broken := [item for item in items if "," in item]:
            raise ValueError(
                f"query[{name!r}]: {broken[0]!r} holds a comma, which separates the values of a list"
            )
        return ",".join(items)
    return _query_scalar(name, value)


def _query_scalar(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal, UUID)) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                f"query[{name!r}]: {value!r} has no time zone, so the moment is not known; "
                "use an aware datetime, such as datetime(..., tzinfo=timezone.utc)"
            )
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(
        f"query[{name!r}]: cannot send a {type(value).__name__}; use text, numbers, dates or lists of them"
    )


def encode_body(dialect: Dialect[Any], method: str, body: Any) -> bytes:
    """
    Encode a body: dicts and lists as JSON (Decimal as an exact number), text and bytes as they stand.

    Text and bytes go out under the media type of a JSON body unless ``headers`` names another one.
    """
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    dialect.check_body(method, body)
    return encode_json(body)


def encode_json(body: Any) -> bytes:
    """
    Write a body as JSON; Decimal as an exact number, dates and times as ISO 8601.

    :raises ValueError: a number that JSON cannot hold.
    :raises TypeError: a value that it cannot hold.
    """
    _refuse_non_numbers(body, "body")
    try:
        return _encode(body)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise TypeError(f"body cannot be written as JSON: {error}") from None


def _refuse_non_numbers(value: Any, where: str) -> None:
    """JSON has no NaN; the encoder would write null, and an amount would be gone."""
    if isinstance(value, (float, Decimal)) and not math.isfinite(value):
        raise ValueError(f"{where} is {value!r}, which JSON cannot hold")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_non_numbers(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _refuse_non_numbers(item, f"{where}[{index}]")


def check_files(files: Files | None) -> Files | None:
    """Check the shape of a multipart body."""
    if files is None:
        return None
    if not isinstance(files, Mapping) or not files:
        raise TypeError(
            "files must map a form field to (file name, content), such as {'file': ('a.pdf', b'...')}"
        )
    for field, part in files.items():
        if not isinstance(part, tuple) or len(part) not in {2, 3} or not _is_content(part[1]):
            raise TypeError(
                f"files[{field!r}] must be (file name, content) or (file name, content, media type); a "
                "content is bytes, or a file open for reading bytes that can be read from its beginning again"
            )
        _check_part(field, *part[:1], *part[2:])
    return files


def _is_content(content: Any) -> bool:
    if isinstance(content, (bytes, bytearray)):
        return True
    seekable = getattr(content, "seekable", None)
    return callable(seekable) and bool(seekable()) and isinstance(content.read(0), bytes)


def _check_part(field: Any, name: Any, media_type: Any = "text/plain") -> None:
    """Refuse what would write other headers into a part, or cannot be written."""
    for text in (field, name):
        if not isinstance(text, str) or not text or _UNWRITABLE.search(text):
            raise ValueError(
                f"files[{field!r}]: {text!r} is not a name; it is text without control characters"
            )
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError(f"files[{field!r}]: {media_type!r} is not a media type such as application/pdf")


def check_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Check headers; those with keys are the connection's business."""
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping of names to text, not {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"headers[{name!r}] must be text")
        plain = name.strip().lower().replace("_", "-")  # some servers read both alike
        if plain in _OURS:
            raise ValueError(f"headers must not set {name!r}: it is made from the connection")
        if plain in _NEVER or plain.startswith(_NEVER_BEGINS):
            raise ValueError(
                f"headers must not set {name!r}: it says how a message is carried, or makes another request "
                "of it, and servers on the way may not agree what it means. Leave it out"
            )
        if not _TOKEN.fullmatch(name) or value != value.strip() or not _VISIBLE.fullmatch(value):
            raise ValueError(
                f"headers[{name!r}] cannot be sent: a name is letters, digits and hyphens, a value is one "
                "line of Latin-1 text without spaces around it"
            )
    return dict(headers)
