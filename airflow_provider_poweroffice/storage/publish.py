"""
Put a finished local file where it belongs, all or nothing.

Rule: no reader ever sees a half-written object under the final name, whatever kills the writer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

# Stores that show an object only once it is uploaded whole.
_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "wasb", "wasbs", "oss", "oci"})
_LOCAL = frozenset({"file", "local"})
_PIECE = 1 << 20


def publish(file: IO[bytes], target: Any) -> None:
    """
    Copy a local file, which needs no name, to an object path.

    Object stores take it in one upload. A local target is written beside its final name and renamed;
    so is a target on any other file system. What a killed earlier run left beside it is removed.

    :param file: the finished file, open and flushed.
    :param target: an ``ObjectStoragePath`` or any path of universal-pathlib.
    """
    if target.protocol in _ATOMIC:
        with _named(file) as local:
            target.fs.put_file(local, target.path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    beside = target.parent / f"{_leftover_prefix(target)}{uuid.uuid4().hex}"
    try:
        if target.protocol in _LOCAL:
            _copy(file, Path(beside.path))
            Path(beside.path).replace(target.path)
        else:
            with _named(file) as local:
                target.fs.put_file(local, beside.path)
            target.fs.mv(beside.path, target.path)
    finally:
        if beside.exists():
            beside.unlink()


def _leftover_prefix(target: Any) -> str:
    # A hash: with more before or behind it, a long name would be too long.
    return f".{hashlib.sha256(target.name.encode()).hexdigest()[:16]}.partial-"


def _remove_leftovers(target: Any) -> None:
    for sibling in target.parent.iterdir():
        if sibling.name.startswith(_leftover_prefix(target)):
            sibling.unlink(missing_ok=True)


def _copy(file: IO[bytes], path: Path) -> None:
    """Bring the bytes to the disk before the final name points to them."""
    file.seek(0)
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy, _PIECE)
        copy.flush()
        os.fsync(copy.fileno())


@contextmanager
def _named(file: IO[bytes]) -> Iterator[str]:
    """Give a path by which other code can read an open file; on Linux none is made."""
    path = f"/proc/self/fd/{file.fileno()}"
    if Path(path).exists():
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="poweroffice-") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, _PIECE)
        copy.flush()
        yield copy.name
