"""
Put a finished local file where it belongs, all or nothing.

Rule: no reader ever sees a half-written object under the final name, whatever kills the writer, and no
writer removes the file that another one is still writing.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

# Stores that show an object only once it is uploaded whole.
_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "wasb", "wasbs", "oss", "oci"})
_LOCAL = frozenset({"file", "local"})
_is_partial = re.compile(r"\.[0-9a-f]{16}\.partial-\w+").fullmatch
_PIECE = 1024 * 1024
_PART = 8 * 1024 * 1024
"""Bytes of a part of an object of S3: its file system holds ten in memory, and by default each has 50 MiB."""
ABANDONED = 86_400
"""Seconds after which a partial file on a remote file system is taken for that of a killed writer."""


def publish(file: IO[bytes], target: Any) -> None:
    """
    Copy a local file, which needs no name, to an object path.

    Object stores take it in one upload. A local target is written beside its final name and renamed; so is a
    target on any other file system. The next publisher of any object in the folder removes what a killed
    writer left: on a local disk at once, elsewhere after a day.

    :param target: an ``ObjectStoragePath`` or any path of universal-pathlib.
    """
    if target.protocol in _ATOMIC:
        with _named(file) as local:
            target.fs.put_file(local, target.path, **_parts(target.protocol))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    name = f"{_prefix(target)}{uuid.uuid4().hex}"
    if target.protocol in _LOCAL:
        _publish_locally(file, Path(target.path), name)
    else:
        with _named(file) as local:
            _publish_remotely(local, target, target.parent / name)


def _parts(protocol: str) -> dict[str, int]:
    if protocol in {"s3", "s3a"}:
        return {"chunksize": _PART}
    # Its parts have 4 MiB, and without this 128 would be in memory.
    return {"max_concurrency": 10} if protocol in {"abfs", "abfss", "adl"} else {}


def sha256_of(file: IO[bytes]) -> tuple[int, str]:
    """Give the bytes of a file and their SHA-256 in hex, read from its beginning."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


@contextmanager
def _named(file: IO[bytes]) -> Iterator[str]:
    """Give a path by which other code can read an open file; on Linux none is made."""
    path: Path | None
    try:
        path = Path(f"/proc/self/fd/{file.fileno()}")
    except io.UnsupportedOperation:  # it is in memory
        path = None
    if path is not None and path.exists():
        yield str(path)
        return
    with tempfile.NamedTemporaryFile(prefix="poweroffice-") as copy:
        _copy(file, copy)
        yield copy.name


def _copy(file: IO[bytes], copy: IO[bytes]) -> None:
    file.seek(0)
    shutil.copyfileobj(file, copy, 1 << 20)
    copy.flush()


def _publish_locally(file: IO[bytes], target: Path, name: str) -> None:
    _remove_abandoned(target.parent)
    with _held(target.parent / name) as partial:
        try:
            _copy(file, partial)
            os.fsync(partial.fileno())  # the bytes are on the disk before the name points to them
            Path(partial.name).replace(target)
        finally:
            Path(partial.name).unlink(missing_ok=True)


@contextmanager
def _held(path: Path) -> Iterator[IO[bytes]]:
    """
    Create a file that is locked for as long as its writer lives.

    Another publisher may find the file between its creation and its lock, and remove it; then it is
    created again.
    """
    while True:
        file = path.open("xb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        except OSError:  # no locks on this file system: then nobody removes what is locked by nobody
            break
        file.close()
    with file:
        yield file


def _remove_abandoned(folder: Path) -> None:
    """Remove partial files whose writer was killed, whatever they were to become: their locks are gone."""
    for path in folder.iterdir():
        if not _is_partial(path.name):
            continue
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)


def _publish_remotely(local: str, target: Any, partial: Any) -> None:
    for sibling in target.parent.iterdir():
        if _is_partial(sibling.name) and _age(sibling) > ABANDONED:
            with suppress(FileNotFoundError):
                sibling.unlink()
    try:
        target.fs.put_file(local, partial.path)
        target.fs.mv(partial.path, target.path)
    finally:
        with suppress(FileNotFoundError):
            if partial.exists():
                partial.unlink()


def _age(path: Any) -> float:
    """Seconds since a remote file was written; 0 where its file system does not tell."""
    try:
        written = path.fs.modified(path.path)
    except (NotImplementedError, OSError):  # fsspec raises the first for file systems that keep no times
        return 0
    return time.time() - written.timestamp() if isinstance(written, datetime) else 0


def _prefix(target: Any) -> str:
    # A hash: with more before or behind it, a long name would be too long.
    return f".{hashlib.sha256(target.name.encode()).hexdigest()[:16]}.partial-"
