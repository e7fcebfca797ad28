"""One answer of the API, whole, with its body decoded by what the server says it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_HIDDEN_HEADERS = frozenset({"set-cookie", "authorization"})


@dataclass(frozen=True)
class Response:
    """
    An answer; its ``repr`` shows neither headers nor body, which may hold what a log must not.

    :param status_code: HTTP status.
    :param headers: header names and values as sent; look-ups ignore case when built by the client.
    :param content: the body's bytes, decompressed.
    :param method: upper-case HTTP method of the request.
    :param path: path of the request, without the query.
    :param refused: the body of a 2xx answer says that the call failed, as that of PowerOffice v1 does.
    :param inner: the answer proper, where ``content`` wraps it in an envelope; JSON.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    method: str
    path: str
    refused: bool = False
    inner: bytes | None = field(default=None, repr=False)

    @property
    def is_success(self) -> bool:
        """Tell whether the status is 2xx and the body no refusal; redirects are never followed."""
        return is_success(self.status_code) and not self.refused

    @property
    def is_json(self) -> bool:
        """Tell whether the server declares the body as JSON, problem details included."""
        return "json" in self._content_type

    @property
    def text(self) -> str:
        """Decode the body as text: the declared charset, else UTF-8; bad bytes become U+FFFD."""
        try:
            return self.content.decode(self._charset or "utf-8", errors="replace")
        except (LookupError, ValueError):  # some of Python's codecs are no charsets
            return self.content.decode("utf-8", errors="replace")

    @cached_property
    def body(self) -> Any:
        """
        Decode the body: JSON to dicts and lists, text to str, other types to bytes; None when empty.

        Of an answer in an envelope, what is inside.

        JSON that is declared as text, or not at all, is JSON too.

        :raises ValueError: declared as JSON, and is not.
        """
        if self.inner is not None:
            return json.loads(self.inner)
        if not self.content:
            return None
        if self.is_json:
            return self._json()
        if "xml" in self._content_type or self.is_html:
            return self.text
        if self._content_type.startswith("text/") or not self._content_type:
            return self._json_or_text()
        return self.content

    @property
    def is_html(self) -> bool:
        """Tell whether this is a page for people: a log-in, a proxy's or a maintenance page."""
        return "html" in self._content_type

    def _json_or_text(self) -> Any:
        """Decode what is not declared as JSON, but may be: a gateway may lose the content type."""
        if self.content.lstrip()[:1] in {b"[", b"{"}:
            try:
                return self._json()
            except ValueError:
                return self.text
        return self.text

    def _json(self) -> Any:
        """Decode JSON, which is UTF-8, -16 or -32 by its standard, whatever is declared; else as declared."""
        try:
            return json.loads(self.content)
        except UnicodeDecodeError:
            if self._charset in {"", "utf-8", "utf8"}:
                raise
            return json.loads(self.text)

    @property
    def error_content(self) -> Any:
        """Give the decoded body of an unsuccessful answer, as text where it is broken; else None."""
        if self.is_success:
            return None
        try:
            return self.body
        except ValueError:
            return self.text

    def to_dict(self, body: Any) -> dict[str, Any]:
        """
        Build the JSON form that operators push to XCom.

        :param body: the body in the form the caller asked for.
        """
        return {
            "status_code": self.status_code,
            "headers": {
                name: value for name, value in self.headers.items() if name.lower() not in _HIDDEN_HEADERS
            },
            "body": body if self.is_success else None,
            "is_success": self.is_success,
            "error_content": jsonable(self.error_content),
        }

    @property
    def _charset(self) -> str:
        return self._content_type.partition("charset=")[2].partition(";")[0].strip(" \"'")

    @property
    def _content_type(self) -> str:
        return self.headers.get("Content-Type", "").lower()


def is_success(status: int) -> bool:
    """Tell whether a status is 2xx."""
    return 200 <= status < 300  # noqa: PLR2004 - the HTTP class


def jsonable(body: Any) -> Any:
    """Make a decoded body fit for JSON: bytes become Base64 text."""
    return base64.b64encode(body).decode("ascii") if isinstance(body, bytes) else body
