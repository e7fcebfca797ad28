"""
Tables of sizes: how many rows a sandbox holds.

Rule: nothing of any API. A table is a frozen dataclass of whole numbers made by :func:`rows`; command-line
options, keyword arguments and checks follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from .near import choose, instead

MOST_STORED_ROWS = 200_000
"""Rows are held in memory, two or three KB each."""


class SizeError(ValueError):
    """A size has an unknown name or a value out of range."""


def rows(default: int, most: int = MOST_STORED_ROWS, least: int = 0) -> Any:
    """Make a size: its value to begin with, and its range."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True)
class SizeTable:
    """What every table of sizes can do."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, least, most = getattr(self, item.name), item.metadata["least"], item.metadata["most"]
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise SizeError(f"{item.name} = {value!r}: give a whole number from {least} to {most}.")

    @classmethod
    def choices(cls) -> dict[str, Self]:
        """Give the tables that ``size`` chooses from, by name; the first is the default."""
        return {"small": cls()}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of the sizes, in order."""
        return tuple(item.name for item in fields(cls))

    @classmethod
    def chosen(cls, size: str = "small", changes: Mapping[str, int | None] | None = None) -> Self:
        """
        Choose a table, then change single numbers.

        :param size: one of :meth:`choices`.
        :param changes: numbers of rows by name; ``None`` leaves one as it is.
        :raises SizeError: an unknown name or a number out of range.
        """
        tables = cls.choices()
        if size not in tables:
            raise SizeError(f"size = {size!r}: {choose(size, tables)}.")
        given = changes or {}
        for name in given:
            if name not in cls.names():
                raise SizeError(f"{name}: no such size; {instead(name, cls.names())}.")
        return replace(tables[size], **{name: value for name, value in given.items() if value is not None})
