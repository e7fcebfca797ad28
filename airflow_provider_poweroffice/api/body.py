"""
The body of an answer: not copied in memory, not read beyond a limit, not in memory before it is needed.

Rule: what is held is at most one copy of a body; one that waits for its turn waits in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.decoding import whole_number
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.errors import PageTooLargeError

if TYPE_CHECKING:
    import requests

IN_MEMORY = 256 * 1024
"""Bytes of a waiting body that are kept in memory; a larger one goes to a temporary file."""
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Waiting:
    """
    A successful answer that nobody has asked for yet.

    :param head: it, without its content.
    :param body: the content; in a file that has no name.
    """

    head: Response
    body: IO[bytes]

    def whole(self) -> Response:
        """Take it into memory; once."""
        with self.body:
            self.body.seek(0)
            return replace(self.head, content=self.body.read())

    def drop(self) -> None:
        """Forget it."""
        self.body.close()


def read_whole(answer: requests.Response, limit: int | None = None) -> Response:
    """
    Take an answer into memory.

    :param limit: largest body in bytes; None for any.
    :raises PageTooLargeError: it is larger; the rest was not read.
    :raises requests.RequestException: the body did not come whole.
    """
    length = _length(answer)
    if length is not None:
        _check(answer, length, length, limit)
        pieces = list(answer.iter_content(None))  # one piece, as it came
        return head(answer, pieces[0] if pieces else b"")
    content = BytesIO()
    for piece in _pieces(answer, limit):
        content.write(piece)
    return head(answer, content.getvalue())


def read_to_wait(answer: requests.Response, limit: int | None = None) -> Waiting:
    """
    Take an answer where it costs no memory, see :func:`read_whole`.

    :raises PageTooLargeError, requests.RequestException: as there.
    """
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by who takes it
    try:
        for piece in _pieces(answer, limit):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return Waiting(head(answer, b""), file)


def _pieces(answer: requests.Response, limit: int | None) -> Iterator[bytes]:
    length, came = _length(answer), 0
    _check(answer, length or 0, length, limit)
    for piece in answer.iter_content(_CHUNK):
        came += len(piece)
        _check(answer, came, length, limit)
        yield piece


def _check(answer: requests.Response, size: int, length: int | None, limit: int | None) -> None:
    if limit is not None and size > limit:
        answer.close()
        raise PageTooLargeError.of(length, limit)


def _length(answer: requests.Response) -> int | None:
    """Give the length that the server announced; None where that is not the body's own."""
    encoded = answer.headers.get("Content-Encoding", "identity").lower() != "identity"
    return None if encoded else whole_number(answer.headers.get("Content-Length", ""))


def head(answer: requests.Response, content: bytes) -> Response:
    """Take everything but the body out of ``requests``."""
    return Response(
        status_code=answer.status_code,
        headers=answer.headers,
        content=content,
        method=(answer.request.method or "").upper(),
        path=(answer.request.path_url or "").partition("?")[0],
    )
