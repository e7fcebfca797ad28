"""
What a query parameter holds: a filter as sent, and its value read as list, time, date or flag.

Rule: a value that cannot be read is a 400 in the words of the OpenAPI examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...core.clock import parse_ticks, stamp
from ...core.reply import refuse
from ...core.table import Table


class Filter(NamedTuple):
    """One query parameter: how it is read, the field it looks at, and the enum it takes."""

    kind: str
    field: str
    enum: str = ""


class Given(NamedTuple):
    """One filter as a client sent it."""

    name: str
    value: str
    filter: Filter
    query: Mapping[str, str]
    tables: Callable[[str], Table]
    today: str = ""

    @property
    def words(self) -> list[str]:
        """The parts of a comma separated list."""
        return [word.strip() for word in self.value.split(",") if word.strip()]


def uncastable(detail: str) -> Exception:
    """Make the refusal of a list; to be raised."""
    return refuse(400, "Unable to cast object(s)", detail)  # OpenAPI, example of a 400 on Customers


def invalid(given: Given) -> Exception:
    """Make the refusal of a single value; to be raised."""
    detail = f"The value '{given.value}' is not valid for {given.name}."
    return refuse(400, "One or more validation errors occurred.", detail)


def numbers(given: Given) -> list[tuple[int, float]]:
    """
    Read a list with ranges, ``1-5, 7, 9-``; both ends belong to a range.

    :raises RefusedError: 400, it is no such list.
    """
    ranges: list[tuple[int, float]] = []
    for word in given.words:
        low, dash, high = (part.strip() for part in word.partition("-"))
        if not low.isdecimal() or (high and not high.isdecimal()):
            raise uncastable(f"{given.name} contains '{word}', which is neither a number nor a range.")
        ranges.append((int(low), int(low) if not dash else int(high) if high else float("inf")))
    return ranges


def moment(given: Given) -> int:
    """
    Read a timestamp, in ticks.

    :raises RefusedError: 400, it is none.
    """
    try:
        return parse_ticks(given.value)
    except ValueError:
        raise invalid(given) from None


def day(given: Given) -> str:
    """
    Read a date; a time or an offset behind it is not taken into account (OpenAPI).

    :raises RefusedError: 400, it is none.
    """
    try:
        return stamp(parse_ticks(given.value.strip()[:10]))[:10]
    except ValueError:
        raise invalid(given) from None


def flag(given: Given) -> bool:
    """
    Read true or false.

    :raises RefusedError: 400, it is neither.
    """
    if given.value.strip().lower() not in {"true", "false"}:
        raise invalid(given)
    return given.value.strip().lower() == "true"


def ids(given: Given) -> set[int]:
    """
    Read a list of ids; ranges are not allowed.

    :raises RefusedError: 400, it is no such list.
    """
    if "-" in given.value:
        raise uncastable(
            f"{given.name} contains negative numbers and/or range of numbers. '-' is not allowed, "
            "only comma ',' separated single positive numbers are allowed."
        )
    if not all(word.isdecimal() for word in given.words):
        raise uncastable(f"{given.name} contains something that is not a number.")
    return {int(word) for word in given.words}
