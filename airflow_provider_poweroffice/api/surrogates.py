r"""
Lone surrogates in JSON: ``"cut \ud83d"``, a text that was cut in the middle of a character.

Rule: pure. RFC 8259 (section 8.2) allows such an escape, some serializers write it, and neither a parser nor
a database takes it. One such escape must not make a whole page unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from airflow_provider_poweroffice.api.decoding import JSONReader
from airflow_provider_poweroffice.errors import PaginationError

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_MANY = 10_000  # backslashes
_split = JSONReader(list[msgspec.Raw], mismatch=PaginationError)


def escaped(content: bytes) -> bytes:
    r"""
    Turn each half into its six letters: ``"\uD83D"`` becomes ``"\\ud83d"``; all else stays as it is.

    :return: JSON that every parser accepts; ``content`` itself where there is no lone surrogate.
    """
    return _replaced(content, lambda half: b"\\\\" + half.lower())


def masked(content: bytes) -> bytes:
    r"""
    Turn each half into ``\ufffd``, so that each byte keeps its place.

    :return: JSON that every parser accepts; ``content`` itself where there is no lone surrogate.
    """
    return _replaced(content, lambda _half: b"\\ufffd")


def _replaced(content: bytes, by: Callable[[bytes], bytes]) -> bytes:
    if not _may_hold_halves(content):
        return content
    found = False

    def replace(escape: re.Match[bytes]) -> bytes:
        nonlocal found
        half = escape[1]
        if half is None:
            return escape[0]
        found = True
        return by(half)

    replaced = _ESCAPE.sub(replace, content)
    return replaced if found else content


def _may_hold_halves(content: bytes) -> bool:
    """Look for the beginning of such an escape; a single byte is found far faster than two."""
    position = -1
    for _ in range(_MANY):
        position = content.find(b"\\", position + 1)
        if position < 0:
            return False
        if content[position + 1 : position + 3] in {b"ud", b"uD"}:
            return True
    return content.find(b"\\ud", position) >= 0 or content.find(b"\\uD", position) >= 0


def split_rows(content: bytes) -> list[msgspec.Raw]:
    """
    Split a JSON array into its elements, each as it was sent, halves included.

    :raises PaginationError: it is JSON, but not an array.
    :raises InvalidResponseError: it is not complete JSON.
    """
    safe = masked(content)
    rows = _split(safe)
    if safe is content:
        return rows
    end, as_sent = 0, []
    for row in map(bytes, rows):
        start = safe.index(row, end)
        end = start + len(row)
        as_sent.append(msgspec.Raw(content[start:end]))
    return as_sent
