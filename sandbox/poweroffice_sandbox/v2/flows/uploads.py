"""
Files sent as ``multipart/form-data``, and files sent back.

Rule: one field named ``file`` (OpenAPI); what is in it stays bytes. Kept as rows of a table named ``Files``.
"""

from __future__ import annotations

from email.message import Message
from typing import NamedTuple
from urllib.parse import quote

from ...core.reply import Reply, refuse
from ..rest.call import Call

FIELD = "file"
FILES = "Files"
_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "xml": "application/xml",
}


class Upload(NamedTuple):
    """A file as sent."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """What the name ends with, in lower case, without the dot."""
        return self.name.rpartition(".")[2].lower()


def _header(text: str) -> Message:
    message = Message()
    message["Content-Disposition" if text.lower().startswith("form-data") else "Content-Type"] = text
    return message


def read_upload(call: Call) -> Upload:
    """
    Read the file of a request.

    :raises RefusedError: 400, there is none.
    """
    boundary = _header(call.headers.get("content-type", "")).get_param("boundary")
    if not isinstance(boundary, str):
        raise _refused("The body must be multipart/form-data.")
    for part in (b"\r\n" + call.body).split(b"\r\n--" + boundary.encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        for line in head.decode("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            disposition = _header(value.strip())
            if name.strip().lower() == "content-disposition" and _param(disposition, "name") == FIELD:
                return _checked(Upload(_param(disposition, "filename") or FIELD, content))
    raise _refused(f"The {FIELD} field is required.")


def _param(message: Message, name: str) -> str:
    value = message.get_param(name, "", "content-disposition")
    return value[2] if isinstance(value, tuple) else str(value)


def _checked(upload: Upload) -> Upload:
    if not upload.content:
        raise _refused("The file is empty.")
    return upload


def _refused(detail: str) -> Exception:
    return refuse(400, "File validation error(s)", detail)


def keep(call: Call, identifier: int, upload: Upload) -> None:
    """Keep a file."""
    call.books.table(FILES).put({"Id": identifier, "File": upload}, call.now)


def kept(call: Call, identifier: int) -> Upload:
    """Give a kept file."""
    upload: Upload = call.books.table(FILES).rows[identifier]["File"]
    return upload


def file_reply(upload: Upload) -> Reply:
    """Answer with a file."""
    kind = _TYPES.get(upload.suffix, "application/octet-stream")
    named = f"attachment; filename*=UTF-8''{quote(upload.name)}"
    return Reply(200, upload.content, {"Content-Type": kind, "Content-Disposition": named})
