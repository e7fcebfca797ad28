"""One answer of the API, whole, with its body decoded by what the server says it is."""

from __future__ import annotations

import base64
import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Self

from airflow_provider_poweroffice.api.charsets import charset_of
from airflow_provider_poweroffice.api.decoding import parsing, read_json
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.errors import APIStatusError, InvalidResponseError

_HIDDEN_HEADERS = frozenset({"set-cookie", "authorization"})
_UTF8 = frozenset({"", "utf-8", "utf8", "utf-8-sig", "us-ascii", "ascii"})
_ASCII = bytes(range(0x20, 0x7F))
_MARKS = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"
"""Blanks and byte order marks, before JSON in whatever charset begins."""


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
    :param is_utf8: ``content`` was decoded to UTF-8 from the charset that the headers still name.
    :param attempts: made of the call.
    :param uncertain_attempts: those of a writing call that got no clear reply, and may have been carried out.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    method: str
    path: str
    refused: bool = False
    inner: bytes | None = field(default=None, repr=False)
    is_utf8: bool = False
    attempts: int = 1
    uncertain_attempts: int = 0

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
            codec = charset_of(self._charset or "utf-8")[1]
        except ValueError:
            codec = "utf-8"
        return self.content.decode(codec, errors="replace")

    def in_utf8(self) -> Self:
        """
        Give the same answer with JSON in UTF-8, and without a byte order mark.

        JSON in UTF-16 or -32 is recognised by its first bytes; other charsets count as declared, but only
        where the body is not valid UTF-8, as that is what JSON is by its standard (RFC 8259 §8.1).

        :raises InvalidResponseError: it is in no charset that is known, or not in the one that is declared.
        """
        if not self._may_be_json:
            return self
        charset = self._charset_of_json()
        if charset == "utf-8":
            return self
        with parsing(f"{self._label}: the answer"):
            content = self.content.decode(charset).encode()
        return replace(self, content=content, is_utf8=True)

    def in_plain_letters(self) -> Self:
        """Give the same answer in UTF-8 where its charset writes ASCII otherwise, as UTF-16 and EBCDIC do."""
        plain = self.is_utf8 or self._charset in _UTF8 or _writes_ascii(self._charset)
        if plain or self._may_be_json:  # which is read as UTF-8 wherever it can be
            return self
        return replace(self, content=self.text.encode("utf-8", "surrogatepass"), is_utf8=True)

    def _charset_of_json(self) -> str:
        if self.content.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        detected = json.detect_encoding(self.content[:4])
        if detected != "utf-8" or self._charset in _UTF8:
            return detected
        try:
            self.content.decode()
        except UnicodeDecodeError:
            with parsing(f"{self._label}: the answer"):
                return charset_of(self._charset)[1]
        return "utf-8"

    @property
    def _may_be_json(self) -> bool:
        if self.is_json:
            return True
        undeclared = not self._content_type or self._content_type.startswith("text/")
        return undeclared and not self.is_html and self.content[:64].lstrip(_MARKS)[:1] in {b"[", b"{"}

    @cached_property
    def body(self) -> Any:
        """
        Decode the body: JSON to dicts and lists, text to str, other types to bytes; None when empty.

        Of an answer in an envelope, what is inside.

        JSON that is declared as text, or not at all, is JSON too. Half a surrogate pair becomes the text of
        its escape, as in the rows of a page.

        :raises InvalidResponseError: declared as JSON, and is not.
        """
        if self.inner is not None:
            return read_json(self.inner, f"{self._label}: the answer")
        if not self.content:
            return None
        if self.is_json:
            return self._json()
        if self.is_xml or self.is_html:
            return self.text
        if self._content_type.startswith("text/") or not self._content_type:
            return self._json_or_text()
        return self.content

    @property
    def is_html(self) -> bool:
        """Tell whether this is a page for people: a log-in, a proxy's or a maintenance page."""
        return "html" in self._content_type

    @property
    def is_xml(self) -> bool:
        """Tell whether the server declares the body as XML."""
        return "xml" in self._content_type

    @property
    def is_file(self) -> bool:
        """Tell whether the body is a file: of a type that is neither JSON nor text, or declared as one."""
        if "attachment" in self.headers.get("Content-Disposition", "").lower():
            return True
        text = self.is_json or self.is_html or self.is_xml
        return bool(self._content_type) and not text and not self._content_type.startswith("text/")

    def _json_or_text(self) -> Any:
        """Decode what is not declared as JSON, but may be: a gateway may lose the content type."""
        if self.content.lstrip()[:1] in {b"[", b"{"}:
            try:
                return self._json()
            except InvalidResponseError:
                return self.text
        return self.text

    def _json(self) -> Any:
        return read_json(escaped(self.in_utf8().content), f"{self._label}: the answer")

    @property
    def error_content(self) -> Any:
        """Give the decoded body of an unsuccessful answer, as text where it is broken; else None."""
        if self.is_success:
            return None
        try:
            return self.body
        except InvalidResponseError:
            return self.text

    @property
    def shown_headers(self) -> dict[str, str]:
        """Give the headers that may be kept: none with a session or a key."""
        return {name: value for name, value in self.headers.items() if name.lower() not in _HIDDEN_HEADERS}

    @property
    def _label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def _charset(self) -> str:
        if self.is_utf8:
            return "utf-8"
        return self._content_type.partition("charset=")[2].partition(";")[0].strip(" \"'")

    @property
    def _content_type(self) -> str:
        return self.headers.get("Content-Type", "").lower()


@lru_cache(64)
def _writes_ascii(charset: str) -> bool:
    try:
        codec = charset_of(charset)[1]
    except ValueError:
        return True  # it is read as UTF-8
    return _ASCII.decode(codec, errors="replace").encode(errors="replace") == _ASCII


def answer_of(error: APIStatusError) -> Response:
    """Give the whole answer that an error holds."""
    if not isinstance(error.response, Response):
        raise TypeError(f"{type(error).__name__} holds no answer of this client")
    return error.response


def is_success(status: int) -> bool:
    """Tell whether a status is 2xx."""
    return 200 <= status < 300  # noqa: PLR2004 - the HTTP class


def jsonable(body: Any) -> Any:
    """Make a decoded body fit for JSON: bytes become Base64 text."""
    return base64.b64encode(body).decode("ascii") if isinstance(body, bytes) else body
