"""
Files that are sent: those of the argument ``files``, and files of records.

Rule: a path may come from a form filled in by anyone who may start a run, and the file it names leaves the
company. So local files must lie below folders that the worker's own configuration names, and everything else
comes through an Airflow connection to an object store. What is sent is a copy in a temporary file: it stays
as it was checked, and can be sent again.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from airflow.sdk import ObjectStoragePath

from airflow_provider_poweroffice._compat import conf

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.multipart import Files

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Most that the files of one call may hold together, where the API names no limit."""
_IN_MEMORY = 256 * 1024  # bytes of a copy that need no file
STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "wasb", "wasbs", "oss", "oci"})
"""Schemes of object stores that are reached through an Airflow connection."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NEVER = (Path("/proc"), Path("/sys"), Path("/dev"))
_WAY_OUT = (
    "name folders in [poweroffice] file_roots of the worker's airflow.cfg, or in its environment: "
    "AIRFLOW__POWEROFFICE__FILE_ROOTS=/data/receipts:/data/invoices"
)


@contextmanager
def open_files(files: Any, *, limit: int = MAX_FILE_BYTES) -> Iterator[Files | None]:
    """
    Copy files to where they are sent from: local ones below ``[poweroffice] file_roots``, or of a store.

    :param files: form field to path, or None. A path is absolute, begins with ``file:///``, or is the URI of
        an object, such as ``s3://aws_default@bucket/receipt.pdf``.
    :param limit: bytes of all files together; no more are read.
    :raises TypeError: not a mapping of field to path.
    :raises ValueError: a path that may not be read, or files that are too large.
    :raises OSError: the file does not exist or cannot be read.
    """
    if files is None:
        yield None
        return
    if not isinstance(files, Mapping) or not all(isinstance(path, str) for path in files.values()):
        raise TypeError("files must map a form field to a file's path, such as {'file': 's3://bucket/a.pdf'}")
    found: dict[str, tuple[str, IO[bytes]]] = {}
    left = limit
    with ExitStack() as copies:
        for field, path in files.items():
            where = f"files[{field!r}]"
            copy: Any = copies.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
            name, source = open_source(where, path)
            with source:
                left -= _copied(source, copy, left)
            if left < 0:
                most = f"{limit / 2**20:g} MiB"
                _refuse(where, path, f"is too large: this call takes files of at most {most} together")
            found[str(field)] = (name, copy)
        yield found


def _copied(source: IO[bytes], copy: IO[bytes], most: int) -> int:
    """Copy and count the bytes; of a longer source, stop one byte above ``most``."""
    size = 0
    while size <= most and (piece := source.read(min(_IN_MEMORY, most + 1 - size))):
        size += copy.write(piece)
    return size


def open_source(where: str, path: str) -> tuple[str, IO[bytes]]:
    """
    Open what is to be sent: a local file below ``[poweroffice] file_roots``, or an object of a store.

    :param where: the argument, for messages.
    :return: the file's name, and the file, for the caller to close.
    :raises ValueError: a path that may not be read.
    :raises OSError: the file does not exist or cannot be read.
    """
    if "::" in path or not path.isprintable():
        _refuse(where, path, "is not one file: chains ('::') and control characters are not accepted")
    scheme = _SCHEME.match(path)
    if scheme is None or path.startswith("file:///"):
        return _open_local(where, path, Path(path.removeprefix("file://")))
    if scheme[1] not in STORES or not path.startswith(f"{scheme[1]}://") or not urlsplit(path).netloc:
        stores = ", ".join(sorted(STORES))
        _refuse(where, path, f"must be a local file, file:///..., or an object of a store ({stores})")
    target = ObjectStoragePath(path)
    return target.name, target.open("rb")


def _open_local(where: str, path: str, local: Path) -> tuple[str, IO[bytes]]:
    if not local.is_absolute():
        _refuse(where, path, "must be an absolute path, such as file:///data/receipts/1.pdf")
    roots = _roots()
    if not roots:
        _refuse(where, path, f"is a local file, and this worker lets none be sent; {_WAY_OUT}")
    real = Path(os.path.realpath(local))
    _check_below(where, path, real, roots)
    # A pipe would wait for a writer. Another file may have been put there since; what was opened counts.
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        _refuse(where, path, "is not a plain file")
    if status.st_nlink > 1:
        os.close(descriptor)
        names = f"has {status.st_nlink} names (hard links), any of which may be outside of these folders"
        _refuse(where, path, f"{names}: copy it there")
    file = open(descriptor, "rb")  # noqa: PTH123, SIM115 - a descriptor, not a path; closed by who takes it
    own_name = Path(f"/proc/self/fd/{descriptor}")
    if own_name.exists():  # Linux
        try:
            _check_below(where, path, Path(os.path.realpath(own_name)), roots)
        except ValueError:
            file.close()
            raise
    return local.name, file


def _check_below(where: str, path: str, real: Path, roots: list[Path]) -> None:
    if any(real.is_relative_to(never) for never in _NEVER):
        _refuse(where, path, "is not a file of a disk")
    if not any(real.is_relative_to(root) for root in roots):
        _refuse(where, path, f"lies outside of the folders whose files this worker may send; {_WAY_OUT}")


def _roots() -> list[Path]:
    """
    Read the folders from which files may be sent.

    :raises ValueError: one of them is not absolute.
    """
    text = conf.get("poweroffice", "file_roots", fallback="") or ""
    names = [name.strip() for name in re.split(r"[:\n,]", text) if name.strip()]
    for name in names:
        if not Path(name).is_absolute():
            raise ValueError(f"[poweroffice] file_roots: {name!r} must be an absolute path of the worker")
    return [Path(os.path.realpath(name)) for name in names]


def _refuse(where: str, path: str, why: str) -> NoReturn:
    raise ValueError(f"{where}: {path!r} {why}")
