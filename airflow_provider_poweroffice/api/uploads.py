"""
The calls that take a file: which kinds of it, and how large.

Rule: pure. A kind is told by what a file holds, not by its name. Calls that are not known take any file.

Source: the OpenAPI file's requests of ``multipart/form-data``; of the documentation of a voucher it says PDF
only, 30 MB at most, and that a later one replaces it. Which images a page may be follows v1's list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.api.multipart import Content, Files, head_of, pieces, size_of

MIB = 1024 * 1024
FIELD = "file"
_HEAD = 1024  # a PDF may have other bytes before its sign, within these
_SIGNS = {
    "PDF": ("application/pdf", (b"%PDF-",)),
    "JPEG": ("image/jpeg", (b"\xff\xd8\xff",)),
    "PNG": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "TIFF": ("image/tiff", (b"II*\x00", b"MM\x00*")),
    "GIF": ("image/gif", (b"GIF87a", b"GIF89a")),
    "BMP": ("image/bmp", (b"BM",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """
    A call that takes a file.

    :param kinds: what it may be; none: anything.
    :param largest: bytes; None: the API names no limit.
    :param is_listed: a GET of the same path lists the files with name and size, and of each there is a GET.
    """

    kinds: tuple[str, ...] = ()
    largest: int | None = None
    is_listed: bool = False


_UPLOADS = {
    "PUT VoucherDocumentation": Upload(kinds=("PDF",), largest=30 * MIB),
    "POST JournalEntryVouchers/{id}/VoucherPages": Upload(kinds=tuple(_SIGNS)),
    "POST SalesOrders/{salesOrderId}/attachments": Upload(is_listed=True),
}


def upload_of(catalogue_name: str, method: str, endpoint: str) -> Upload | None:
    """
    Find what is known of a call that takes a file.

    :param catalogue_name: such as ``poweroffice_v2``; v1 takes files as Base64 in JSON.
    """
    resource = catalogue(catalogue_name).find(endpoint)
    known = catalogue_name == "poweroffice_v2" and resource
    return _UPLOADS.get(f"{method} {resource.path}") if known and resource else None


def check_upload(catalogue_name: str, method: str, endpoint: str, files: Files | None) -> Files | None:
    """
    Refuse files that a call does not take.

    :return: them, with the media type that their content is of, where none was given and it is known.
    :raises ValueError: an empty one, or one of another kind, too large, or in another field; names it, the
        limit and the call.
    """
    if files is None:
        return None
    upload = upload_of(catalogue_name, method, endpoint)
    if upload is not None and set(files) != {FIELD}:
        raise ValueError(
            f"files has the fields {', '.join(map(repr, files))}: {method} {endpoint} takes one file, in the "
            f"field {FIELD!r}"
        )
    checked = {}
    for field, part in files.items():
        where, size = f"files[{field!r}]: {part[0]!r}", size_of(part[1])
        if not size:
            raise ValueError(f"{where} is empty")
        kind = _kind_of(part[1])
        if upload is not None:
            _check(upload, f"{method} {endpoint}", where, kind, size)
        checked[field] = part if kind is None else (*part[:2], *(part[2:] or (_SIGNS[kind][0],)))
    return checked


def _check(upload: Upload, label: str, where: str, kind: str | None, size: int) -> None:
    if upload.kinds and kind not in upload.kinds:
        wanted = "no PDF" if upload.kinds == ("PDF",) else "neither a PDF nor an image"
        takes = " or ".join(filter(None, (", ".join(upload.kinds[:-1]), upload.kinds[-1])))
        raise ValueError(f"{where} is {wanted} by its content: {label} takes {takes}")
    if upload.largest is not None and size > upload.largest:
        raise ValueError(
            f"{where} is too large: {size:,} bytes, and {label} takes at most {upload.largest // MIB} MiB"
        )


def _kind_of(content: Content) -> str | None:
    head = head_of(content, _HEAD)
    found = (kind for kind, (_, signs) in _SIGNS.items() if head.startswith(signs))
    return next(found, "PDF" if b"%PDF-" in head else None)


def digest_of(content: Content) -> str:
    """Give the SHA-256 of a content, as hexadecimal digits."""
    digest = hashlib.sha256()
    for piece in pieces(content):
        digest.update(piece)
    return digest.hexdigest()
