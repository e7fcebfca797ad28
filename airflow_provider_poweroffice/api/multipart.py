"""
A body of ``multipart/form-data`` (RFC 7578), read from its files piece by piece.

Rule: a request may be sent more than once, after a 401 for example, so each iteration begins anew. Memory
holds one piece of a file, whatever its size.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from typing import IO

from urllib3.fields import RequestField

Content = bytes | bytearray | IO[bytes]
Files = Mapping[str, tuple[str, Content] | tuple[str, Content, str]]
"""Form field to (file name, content[, media type]); a content is bytes, or a file that can be read again."""

_PIECE = 64 * 1024


def size_of(content: Content) -> int:
    """Count the bytes of a content."""
    if isinstance(content, (bytes, bytearray)):
        return len(content)
    content.seek(0, os.SEEK_END)  # which need not say where that is
    return content.tell()


def head_of(content: Content, size: int) -> bytes:
    """Give the first bytes of a content; a file may give fewer than it is asked for, and more behind them."""
    head = bytearray()
    for piece in pieces(content):
        head += piece
        if len(head) >= size:
            break
    return bytes(head[:size])


def pieces(content: Content) -> Iterator[bytes]:
    """Give a content from its beginning, piece by piece."""
    if isinstance(content, (bytes, bytearray)):
        for start in range(0, len(content), _PIECE):
            yield bytes(content[start : start + _PIECE])
        return
    content.seek(0)
    while piece := content.read(_PIECE):
        yield piece


class Multipart:
    """
    The body of one request.

    :param files: checked by ``call.check_files``.
    """

    def __init__(self, files: Files) -> None:
        self._boundary = secrets.token_hex(16)
        self._parts = [(self._head(field, *part[:1], *part[2:]), part[1]) for field, part in files.items()]
        self._end = f"--{self._boundary}--\r\n".encode()
        sizes = (len(head) + size_of(content) + len(b"\r\n") for head, content in self._parts)
        self._size = sum(sizes) + len(self._end)

    @property
    def content_type(self) -> str:
        """Name the media type, with the boundary of the parts."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        """Count the bytes of the body."""
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        """Give the body from its beginning."""
        for head, content in self._parts:
            yield head
            yield from pieces(content)
            yield b"\r\n"
        yield self._end

    def _head(self, field: str, name: str, media_type: str | None = None) -> bytes:
        part = RequestField(name=field, data=b"", filename=name)
        part.make_multipart(content_type=media_type)
        return f"--{self._boundary}\r\n{part.render_headers()}".encode()
