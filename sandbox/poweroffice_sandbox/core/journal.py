"""
The journal: one entry for each API request as it was received. Rule: no secret is ever written into it.

Headers and bodies are not kept at all; of the query only ``subscription-key`` could carry a secret.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

_PREFIX = re.compile(r"^(?:(/demo)?(/v2)?|/namespaces/[^/]+)(?=/)")


def api_path(path: str) -> str:
    """
    Give a path without environment, version and namespace, in lower case.

    ``/Demo/v2/Customers`` is ``/customers``, ``/namespaces/AXSF/data/Vendors`` is ``/data/vendors``.
    """
    return _PREFIX.sub("", path.lower())


def matches(method: str, path: str, *, wanted_method: str | None, wanted_path: str | None) -> bool:
    """
    Say whether a request is one of those named.

    :param wanted_method: ``None``, ``""`` or ``*`` for any.
    :param wanted_path: a glob, any casing, with or without ``/v2`` and ``/Demo``; ``None`` or ``""`` for any.
    """
    if wanted_method and wanted_method not in {"*", method} and wanted_method.upper() != method:
        return False
    if not wanted_path:
        return True
    glob = wanted_path.lower()
    return fnmatchcase(path.lower(), glob) or fnmatchcase(api_path(path), glob)


KEPT = 100_000
"""Entries kept; older ones are dropped, the counts too."""

_SECRET = re.compile(r"(subscription-key=)[^&]*", re.IGNORECASE)


@dataclass
class Entry:
    """One request; ``status`` is 0 when no reply was sent."""

    number: int
    time: float
    method: str
    path: str
    query: str
    bytes_in: int
    status: int = 0
    bytes_out: int = 0
    company: str | None = None
    fault: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the entry as JSON."""
        return asdict(self)


class Journal:
    """The requests since the start or the last reset."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._number = 0

    def open(self, *, now: float, method: str, path: str, query: str, size: int) -> Entry:
        """
        Note a request; the answer is filled in later.

        :param size: bytes of the body.
        """
        self._number += 1
        entry = Entry(self._number, now, method, path, _SECRET.sub(r"\1hidden", query), size)
        self._entries.append(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Give all entries, oldest first."""
        return list(self._entries)

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """
        Count requests.

        :param method: ``None`` for any.
        :param path: a glob, see :func:`.matching.matches`.
        """
        return sum(
            matches(entry.method, entry.path, wanted_method=method, wanted_path=path)
            for entry in list(self._entries)
        )
