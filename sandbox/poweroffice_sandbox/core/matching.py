"""
How a rule names requests: a method and a path glob.

Rule: one meaning for faults, counts and the journal.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

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
