"""Options of a task: frozen dataclasses that survive JSON, times in seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

CONCURRENCY = 4
"""Pages in flight by default."""
OVERLAP = 1.0
"""Seconds by which an incremental read starts before its moment, by default."""
MAX_CONCURRENCY = 32
"""Requests in flight at most: far more than any rate limit of these APIs lets through."""
_NOTHING = frozenset({"", "none", "null"})
OnExists = Literal["same", "fail", "update"]
ON_EXISTS: tuple[OnExists, ...] = ("same", "fail", "update")
"""What is done where a record that is to be created is there already."""
LONGEST_REFERENCE = 50
"""Characters of a reference at most, in both versions of PowerOffice."""
REFERENCES = frozenset({"externalimportreference", "externalcode"})
"""Fields that hold one, in lower case."""
DEADLINE = 600.0
"""Seconds for one request by default, all tries, waits and its answer included."""


def is_given(value: object) -> bool:
    """Tell whether an argument has a value; a template may render None, or null, as text."""
    return value is not None and str(value).strip().lower() not in _NOTHING


def check_reference(reference: object, name: str = "reference") -> str:
    """
    Check what a record is to be known by.

    :param name: of the argument or field.
    :raises ValueError: it is no text, empty, or longer than 50 characters.
    """
    if not isinstance(reference, str) or not reference.strip():
        raise ValueError(f"{name} must be text of 1 to {LONGEST_REFERENCE} characters, not {reference!r}")
    if len(reference) > LONGEST_REFERENCE:
        raise ValueError(
            f"{name} {reference[:60]!r} has {len(reference)} characters: PowerOffice takes "
            f"{LONGEST_REFERENCE} at most. Shorten it, or use reference='auto'"
        )
    return reference


def check_concurrency(value: object) -> None:
    """
    Check the number of pages in flight.

    :raises ValueError, TypeError: it is not a whole number from 1 to ``MAX_CONCURRENCY``.
    """
    try:
        check_whole("concurrency", value, 1, MAX_CONCURRENCY)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error}; 1 reads one page after the other") from None


def check_whole(name: str, value: object, least: int, most: int | None) -> None:
    """
    Check a whole number.

    :raises ValueError, TypeError: naming the argument and its limits.
    """
    limits = f"from {least}" if most is None else f"from {least} to {most}"
    message = f"{name} must be a whole number {limits}, not {value!r}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(message)
    if value < least or (most is not None and value > most):
        raise ValueError(message)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """
    Check that a value is one of several words.

    :raises ValueError: naming the argument and the words.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}")


def check_number(owner: str, name: str, value: object, *, minimum: float) -> None:
    """
    Check a number.

    :param owner: the class whose option it is, for messages; empty for an argument of a task.
    :raises ValueError, TypeError: naming the class, the option and its limit.
    """
    name = f"{owner}.{name}" if owner else name
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not -math.inf < value < math.inf or value < minimum:
        raise ValueError(f"{name} must be at least {minimum:g}, not {value!r}")


class FromMapping:
    """Options that can be given as a mapping, as JSON and templates do."""

    __slots__ = ()

    @classmethod
    def from_mapping(cls, value: Self | Mapping[str, Any] | None, argument: str = "") -> Self:
        """
        Read options from a mapping such as ``{"attempts": 3, "deadline": 60}``; None gives the defaults.

        :param argument: what it was given as, for messages; default the class's name.
        :raises ValueError: an unknown name or a value out of range.
        :raises TypeError: a value of another type.
        """
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        name = cls.__name__
        if not isinstance(value, Mapping):
            raise TypeError(f"{argument or name} must be a mapping or {name}, not {type(value).__name__}")
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # the subclasses are dataclasses
        if unknown := sorted(set(value) - set(known), key=str):
            raise ValueError(f"{argument or name} has no option {unknown[0]!r}; known: {', '.join(known)}")
        return cls(**value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions(FromMapping):
    """
    How often and how long one request is tried; which requests may be repeated is not an option.

    The wait before attempt *n* + 1 is ``wait_initial * 2 ** (n - 1)`` seconds, at most ``wait_max``,
    times a random factor between 0.5 and 1. A wait that the server asks for wins over it, up to
    15 minutes, plus up to half a second. A wait that would pass ``deadline`` is not slept: the error is
    raised at once, with what the server asked for in ``retry_after``.

    A 429 was not carried out, so that it may be waited out for longer: see ``rate_limit_deadline``.

    :param attempts: tries in all, the first included; 1 turns retrying off.
    :param wait_initial: seconds, see above.
    :param wait_max: seconds, cap of our own waits (not of the server's).
    :param deadline: seconds for all tries and waits of one request, the wait for the rate limit included. A
        try that has not been answered whole by then is cut off. Where a read timeout is longer than the
        default of 600, that is the default; ``math.inf`` for none.
    :param rate_limit_deadline: the same for waiting out 429s, however many attempts that takes;
        ``math.inf`` sets no limit. None: 429s count like other errors.
    """

    attempts: int = 6
    wait_initial: float = 1.0
    wait_max: float = 60.0
    deadline: float = DEADLINE
    rate_limit_deadline: float | None = None

    def __post_init__(self) -> None:
        check_whole("RetryOptions.attempts", self.attempts, 1, None)
        check_number("RetryOptions", "wait_initial", self.wait_initial, minimum=0)
        check_number("RetryOptions", "wait_max", self.wait_max, minimum=0)
        if self.deadline != math.inf:
            check_number("RetryOptions", "deadline", self.deadline, minimum=0.001)
        if self.rate_limit_deadline not in {None, math.inf}:
            check_number("RetryOptions", "rate_limit_deadline", self.rate_limit_deadline, minimum=0)

    @property
    def longest(self) -> float:
        """Give the seconds after which no try of a request starts, whatever it waits for."""
        return max(self.deadline, self.rate_limit_deadline or 0.0)
