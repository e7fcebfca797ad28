"""
The body of an answer: whole or an error, bounded in memory however it is packed, in a file while it waits.

Rule: bytes are counted after decompression, in pieces; what a server announces is compared and never
allocated. What is held is at most one copy of a body; one that waits for its turn waits in a temporary file.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

import requests
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

from airflow_provider_poweroffice.api.decoding import whole_number
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.texts import whole_name
from airflow_provider_poweroffice.errors import InvalidResponseError, PageTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

IN_MEMORY = 256 * 1024
"""Bytes of a waiting body that are kept in memory; a larger one goes to a temporary file."""
ANSWER_BYTES = 64 * 1024 * 1024
"""Largest body of one call's answer where the caller does not say."""
ERROR_BYTES = 256 * 1024
"""Bytes of an error's body that are read; the rest is cut off."""
TOKEN_BYTES = 64 * 1024
"""Largest body of a token endpoint's answer."""
ACCEPTED_ENCODINGS = "gzip, deflate"
"""For ``Accept-Encoding``: what is decompressed here."""

_CHUNK = 120 * 1024  # below what glibc maps anew: larger pieces of several threads leave holes in the heap
_MOST_ENCODINGS = 3  # one on top of the other; servers send one
_GZIP, _ZLIB, _RAW_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class SpooledResponse:
    """
    A successful answer whose content waits in a file.

    :param head: it, without its content.
    :param body: the content; in a file that has no name, or in memory where it is small.
    """

    head: Response
    body: IO[bytes]

    def whole(self) -> Response:
        """Take it into memory; once."""
        with self.body:
            if isinstance(self.body, BytesIO):
                return replace(self.head, content=self.body.getvalue())  # no copy
            self.body.seek(0)
            return replace(self.head, content=self.body.read())

    def drop(self) -> None:
        """Forget it."""
        self.body.close()


def read_whole(answer: requests.Response, limit: int | None = None) -> Response:
    """
    Take an answer into memory.

    :param limit: largest body in bytes, decompressed; None for ``ANSWER_BYTES``.
    :raises PageTooLargeError: it is larger; the rest was not read.
    :raises InvalidResponseError: its ``Content-Encoding`` was not asked for.
    :raises requests.RequestException: the body did not come whole.
    """
    content = BytesIO()
    for piece in _limited(answer, ANSWER_BYTES if limit is None else limit):
        content.write(piece)
    return head(answer, content.getvalue())


def read_spooled(answer: requests.Response, limit: int | None = None) -> SpooledResponse:
    """
    Take an answer where it costs no memory, see :func:`read_whole`.

    :raises PageTooLargeError, InvalidResponseError, requests.RequestException: as there.
    """
    pieces, length = _limited(answer, ANSWER_BYTES if limit is None else limit), _length(answer)
    if length is not None and length <= IN_MEMORY:
        return SpooledResponse(head(answer, b""), BytesIO(b"".join(pieces)))
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by whoever takes it
    if length is not None:
        file.rollover()
    try:
        for piece in pieces:
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return SpooledResponse(head(answer, b""), file)


def read_error(answer: requests.Response, limit: int = ERROR_BYTES) -> Response:
    """
    Take an answer that is an error, as much of its body as came and is worth reading.

    The status tells what happened; a body that is too long, breaks off or is garbled must not hide it.
    """
    content = BytesIO()
    try:
        for piece in _pieces(answer):
            content.write(piece[: limit - content.tell()])
            if content.tell() >= limit:
                break
    except (requests.RequestException, InvalidResponseError):
        pass
    answer.close()
    return head(answer, content.getvalue())


def _limited(answer: requests.Response, limit: int) -> Iterator[bytes]:
    length, came = _length(answer), 0
    _check(answer, length or 0, length, limit)
    for piece in _pieces(answer):
        came += len(piece)
        _check(answer, came, length, limit)
        yield piece


def _check(answer: requests.Response, size: int, length: int | None, limit: int) -> None:
    if size > limit:
        answer.close()
        raise PageTooLargeError.of(length, limit)


def _length(answer: requests.Response) -> int | None:
    """Give the length that the server announced; None where that is not the body's own."""
    if _encodings(answer) or "Transfer-Encoding" in answer.headers:
        return None
    return whole_number(answer.headers.get("Content-Length", ""))


def _encodings(answer: requests.Response) -> list[str]:
    names = (name.strip().lower() for name in answer.headers.get("Content-Encoding", "").split(","))
    return [name for name in names if name not in {"", "identity"}]


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    """
    Give a body in pieces of bounded size, decompressed.

    :raises InvalidResponseError, requests.RequestException: see :func:`read_whole`.
    """
    if answer._content_consumed:  # type: ignore[attr-defined] # noqa: SLF001 - read, to see what a 401 says
        yield from answer.iter_content(_CHUNK)
        return
    encodings = _encodings(answer)
    unknown = [name for name in encodings if name not in _DECODERS]
    if unknown or len(encodings) > _MOST_ENCODINGS:
        answer.close()
        raise InvalidResponseError(
            f"{answer.request.method} {(answer.request.path_url or '').partition('?')[0]}: the body has the "
            f"Content-Encoding {whole_name(', '.join(encodings))}, which was not asked for"
        )
    pieces = _raw(answer)
    for name in reversed(encodings):
        pieces = _DECODERS[name](pieces)
    try:
        yield from pieces
    except ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error, request=answer.request) from error
    except (DecodeError, zlib.error) as error:
        raise requests.exceptions.ContentDecodingError(error, request=answer.request) from error
    except (HTTPError, OSError, ValueError) as error:  # what urllib3 and http.client raise
        raise requests.exceptions.ChunkedEncodingError(error, request=answer.request) from error


def _raw(answer: requests.Response) -> Iterator[bytes]:
    """Give a body as it comes over the wire."""
    empty = True
    for piece in answer.raw.stream(_CHUNK, decode_content=False):
        empty = empty and not piece
        yield piece
    framed = "Content-Length" in answer.headers or "Transfer-Encoding" in answer.headers
    if empty and not framed and _encodings(answer) and answer.status_code not in {204, 304}:
        raise DecodeError("nothing came of a compressed body")


def _gunzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return _inflate(pieces, _GZIP)


def _undeflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress ``deflate``: with zlib's head as its standard says, or without one as some servers do."""
    start = b""
    for piece in pieces:
        start += piece
        if len(start) > 1:
            break
    if start:
        zlibs = start[0] & 0x0F == zlib.DEFLATED and int.from_bytes(start[:2], "big") % 31 == 0
        yield from _inflate(chain([start], pieces), _ZLIB if zlibs else _RAW_DEFLATE)


def _inflate(pieces: Iterator[bytes], form: int) -> Iterator[bytes]:
    """
    Decompress in pieces of bounded size.

    :raises DecodeError: the end of the compressed data did not come.
    """
    machine = None
    for data in pieces:
        while data:
            if machine is None or (machine.eof and form == _GZIP and _GZIP_MAGIC.startswith(data[:2])):
                machine = zlib.decompressobj(form)  # of the first, or of a further member
            if machine.eof:
                break  # padding behind the end
            yield from _drain(machine, data)
            data = machine.unused_data  # noqa: PLW2901 - what is left of it
    if machine is not None and not machine.eof:
        raise DecodeError("the compressed body broke off")


def _drain(machine: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Decompress all that a piece holds."""
    size = _CHUNK
    while not machine.eof and (data or size == _CHUNK):
        inflated = machine.decompress(data, _CHUNK)
        data, size = machine.unconsumed_tail, len(inflated)
        if inflated:
            yield inflated


_DECODERS: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
}


def head(answer: requests.Response, content: bytes) -> Response:
    """Take everything but the body out of ``requests``."""
    return Response(
        status_code=answer.status_code,
        headers=answer.headers,
        content=content,
        method=(answer.request.method or "").upper(),
        path=(answer.request.path_url or "").partition("?")[0],
    )
