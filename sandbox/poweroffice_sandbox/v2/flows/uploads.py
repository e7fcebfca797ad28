"""
Files sent as ``multipart/form-data``, and files sent back.

Rule: one field named ``file`` (OpenAPI); what is in it stays bytes. Kept as rows of a table named ``Files``.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from email.message import Message
from typing import NamedTuple
from urllib.parse import quote

from ...core.reply import Reply
from ..reply import refuse
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


_EHF = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
 <cbc:ID>{name}</cbc:ID>
</Invoice>
"""
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 5 0 R >> >> >>"
)
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQ"
    "CgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k="
)
"""One grey pixel."""


def pdf(text: str) -> bytes:
    """Make a PDF of one page."""
    drawn = f"BT /F1 14 Tf 72 760 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    result, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(result))
        result += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(result) + end % (len(places) + 1, table, len(places) + 1, len(result))


def ehf(name: str) -> bytes:
    """Make an EHF invoice, its head only."""
    return _EHF.format(name=name).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Make a zip; the same files make the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
