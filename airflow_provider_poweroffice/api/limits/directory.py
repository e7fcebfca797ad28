"""
A directory that nobody else can put a trap into.

Rule: a symbolic link is never followed, and a directory that strangers may write to is not used.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

VARIABLE = "POWEROFFICE_RATE_LIMIT_DIR"
"""Environment variable that names another directory, which several accounts of a host may share."""


def chosen_directory() -> tuple[Path, bool]:
    """Give the directory, and whether it was chosen by ``POWEROFFICE_RATE_LIMIT_DIR``."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen), True
    return Path(tempfile.gettempdir()) / f"airflow-provider-poweroffice-{os.geteuid()}", False


def open_directory(path: Path, *, chosen: bool) -> int:
    """
    Open a directory, made if it is not there; only its owner may enter one made here.

    :param chosen: it was chosen by an administrator: another account may own it, and its group may write.
    :raises OSError: it can not be made, is a link, or others could have prepared it.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=chosen)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    found = os.fstat(handle)
    strangers = stat.S_IWOTH if chosen else stat.S_IRWXG | stat.S_IRWXO
    if found.st_mode & strangers or not (chosen or found.st_uid == os.geteuid()):
        os.close(handle)
        raise PermissionError(
            errno.EPERM,
            f"it belongs to uid {found.st_uid} with mode {stat.S_IMODE(found.st_mode):04o}, which others "
            f"may use; remove it, or name another directory in {VARIABLE}",
            str(path),
        )
    return handle


def open_file(directory: int, name: str) -> int:
    """
    Open a file for reading and writing, made if it is not there; the directory's group may use it too.

    :param directory: see :func:`open_directory`.
    :raises OSError: it can not be made, or is no plain file.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    handle = os.open(name, flags, 0o600, dir_fd=directory)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise PermissionError(errno.EPERM, "it is no plain file", name)
    group = os.fstat(directory).st_mode & stat.S_IWGRP
    if group and found.st_uid == os.geteuid():
        os.fchmod(handle, 0o660)
    return handle
