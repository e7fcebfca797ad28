"""
Put a finished local file where it belongs, all or nothing.

Rule: no reader ever sees a half-written object under the final name, whatever kills the writer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

# Stores that show an object only once it is uploaded whole.
_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "wasb", "wasbs", "oss", "oci"})
_LOCAL = frozenset({"file", "local"})


def publish(local: str, target: Any) -> None:
    """
    Copy a local file to an object path.

    Object stores take it in one upload. A local target is written beside its final name and renamed;
    so is a target on any other file system. What a killed earlier run left beside it is removed.

    :param local: path of the finished file.
    :param target: an ``ObjectStoragePath`` or any path of universal-pathlib.
    """
    if target.protocol in _ATOMIC:
        target.fs.put_file(local, target.path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    beside = target.parent / f"{_leftover_prefix(target)}{uuid.uuid4().hex}"
    try:
        if target.protocol in _LOCAL:
            shutil.copyfile(local, beside.path)
            _sync(beside.path)
            Path(beside.path).replace(target.path)
        else:
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


def _sync(path: str) -> None:
    """Bring the bytes to the disk before the name points to them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
