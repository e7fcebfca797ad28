"""
Where secrets can be read, in whatever was written.

Rule: it names places and secrets, never a secret's value.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

_TELLING = 8  # a common beginning of fewer bytes is anywhere by chance


def spellings(secret: str) -> list[bytes]:
    """
    Give what a secret looks like as it is, in hexadecimal, and inside of base64.

    :param secret: at least 8 letters.
    :return: always 5; of base64 those letters that do not depend on what stands before and behind.
    """
    plain = secret.encode()
    inside = [
        base64.b64encode(bytes(before) + plain)[(before * 8 + 5) // 6 : (before + len(plain)) * 8 // 6]
        for before in range(3)
    ]
    return [plain, plain.hex().encode(), *inside]


def _beginning(texts: list[bytes]) -> bytes:
    """Give what all begin with."""
    first, last = min(texts), max(texts)
    same = next((i for i, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:same]


class Search:
    """
    A search for secrets.

    :param secrets: by a name that may be printed; of one kind, which may have a beginning in common.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._ways: list[tuple[bytes, Mapping[str, bytes]]] = []
        spelt = {name: spellings(secret) for name, secret in secrets.items()}
        for way in zip(*spelt.values(), strict=True):
            self._ways.append((_beginning(list(way)), dict(zip(spelt, way, strict=True))))

    def names_in(self, data: bytes) -> set[str]:
        """
        Give the names of the secrets in the data.

        Inside of base64, those that differ in the last letter only may be named too.
        """
        found: set[str] = set()
        for beginning, wanted in self._ways:
            # Dozens of keys that differ in the end only need not be looked for one by one.
            if len(beginning) < _TELLING or beginning in data:
                found |= {name for name, text in wanted.items() if text in data}
        return found


def leaks(places: Iterable[tuple[str, bytes]], searches: Sequence[Search]) -> tuple[int, list[str]]:
    """
    Look everywhere.

    :return: how many places there were, and what is where.
    """
    count, found = 0, []
    for place, data in places:
        count += 1
        names = sorted({name for search in searches for name in search.names_in(data)})
        found += [f"{name} in {place}" for name in names]
    return count, found


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file below a folder; a running server may take one away meanwhile."""
    for file in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if file.is_file():
                yield str(file.relative_to(folder)), file.read_bytes()
