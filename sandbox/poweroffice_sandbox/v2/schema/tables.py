"""
The official tables: operations, fields and enums as the OpenAPI file of March 2025 lists them.

Rule: reads ``data/*.txt``; nothing is added here. ``operations``, ``fields`` and ``enums`` are written by
``tools/sandbox_tables.py``.

Notation of the fields, one word each: ``Name:type``, ``<=n`` the longest text, ``=a..b`` the range of a
number, ``?`` may be null. In front: ``!`` required in POST, ``-`` only in answers, ``+`` accepted by POST but
not by PATCH, ``~`` by PATCH but not by POST, ``>`` accepted by POST and never answered. Nothing in front: in
answers, POST and PATCH. A type that begins with a capital is an enum or another entity.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Operation(NamedTuple):
    """One operation; ``answer`` and ``body`` are names of schemas, ``-`` when there is none."""

    method: str
    path: str
    status: int
    privilege: str | None
    answer: str
    body: str
    filters: tuple[str, ...]

    @property
    def entity(self) -> str:
        """The entity it answers with, or nothing."""
        return self.answer.strip("[-]").removesuffix("Dto")

    @property
    def verb(self) -> str:
        """One of list, get, post, patch, delete; ``get`` is also a single object without an id."""
        if self.method == "GET":
            return "list" if self.answer.startswith("[") else "get"
        return self.method.lower()


def read(name: str) -> str:
    """Read one of the files."""
    return (files(__package__) / "data" / f"{name}.txt").read_text(encoding="utf-8")


@cache
def named_words(name: str) -> dict[str, str]:
    """Read a file of named lists: a name at the beginning of a line, its words indented below."""
    result: dict[str, str] = {}
    heading = ""
    for line in read(name).splitlines():
        if line.startswith(" "):
            result[heading] += line
        else:
            heading = line
            result[heading] = ""
    return result


def _operation(line: str) -> Operation:
    method, path, status, privilege, answer, body, *filters = line.split()
    return Operation(
        method, path, int(status), None if privilege == "-" else privilege, answer, body, tuple(filters)
    )


@cache
def operations() -> tuple[Operation, ...]:
    """Give the official operations by path."""
    return tuple(_operation(line) for line in read("operations").splitlines())


ENUMS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split()) for name, words in named_words("enums").items()
}
"""The string enums of the API, by name; values exactly as the OpenAPI file spells them."""
