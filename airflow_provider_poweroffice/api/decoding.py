"""
The one place where texts of a server are parsed: whatever a parser raises becomes one error.

Rule: pure. ``json`` raises ``ValueError``, ``UnicodeDecodeError`` or ``RecursionError``; ``int`` a
``ValueError`` above 4300 digits; ``float`` and ``email.utils`` an ``OverflowError``; msgspec one of these, or
a ``DecodeError`` that is a ``ValueError`` in some of its versions only. No caller has to know.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

import msgspec

from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import InvalidResponseError, PowerOfficeError

T = TypeVar("T")

UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    msgspec.MsgspecError,
)
"""Everything that a parser of this package may raise for a text that it cannot read."""
MOST = 2**63 - 1
"""The largest count that a server is believed."""
_DIGITS = len(str(MOST))
# A zone by name that is not one of RFC 5322 counts as UTC in email.utils, which may be hours too late.
_ZONE = re.compile(r"(?<=[0-9] )[A-Za-z]+$")
_ZONES = frozenset({"GMT", "UTC", "UT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"})
_REASON = 200  # characters


@contextmanager
def parsing(what: str, *, mismatch: type[PowerOfficeError] = InvalidResponseError) -> Iterator[None]:
    """
    Turn whatever a parser raises inside into a typed error.

    :param what: what is parsed, as the message begins: ``"GET /v2/Customers: page 3"``.
    :param mismatch: raised instead where the text is JSON, but not of the type asked for (msgspec's
        ``ValidationError``).
    :raises InvalidResponseError: it cannot be read; the message says why.
    """
    try:
        yield
    except msgspec.ValidationError as error:
        raise mismatch(f"{what} is not of the expected form ({reason_of(error)})") from None
    except UNREADABLE as error:  # not chained: some of these errors hold the whole text
        raise InvalidResponseError(f"{what} is not complete JSON ({reason_of(error)})") from None


class JSONReader(Generic[T]):
    """
    Reads JSON of one type; as fast as the msgspec decoder in it.

    :param kind: the type wanted, such as ``list[msgspec.Raw]``.
    :param mismatch: see :func:`parsing`.
    """

    def __init__(self, kind: type[T], *, mismatch: type[PowerOfficeError] = InvalidResponseError) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._mismatch = mismatch

    def __call__(self, content: bytes | str | msgspec.Raw, what: str = "the answer") -> T:
        """
        Read a text.

        :raises InvalidResponseError: it is not complete JSON.
        :raises PowerOfficeError: ``mismatch``: it is JSON of another type.
        """
        with parsing(what, mismatch=self._mismatch):
            return self._decode(content)


def read_json(content: bytes | str, what: str = "the answer") -> Any:
    """
    Read any JSON, in UTF-8, -16 or -32; half a surrogate pair, ``NaN`` and ``Infinity`` are taken as sent.

    :raises InvalidResponseError: it is not complete JSON, or nested too deeply for Python.
    """
    with parsing(what):
        return json.loads(content)


def reason_of(error: Exception) -> str:
    """Say why a text could not be parsed: one short line."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return (
            f"byte 0x{error.object[error.start]:02x} at position {error.start} is not valid {error.encoding}"
        )
    return one_line(error, _REASON)


def whole_number(value: Any, most: int = MOST) -> int | None:
    """
    Read a count: a whole number, or the text of one in ASCII digits.

    :return: 0 to ``most``; None for anything else.
    """
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > _DIGITS:
            return None
        value = int(text[-_DIGITS:])
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= most else None


def finite_number(value: Any) -> float | None:
    """
    Read a number, or the text of one.

    :return: it, finite; None for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except UNREADABLE:
        return None
    return number if math.isfinite(number) else None


def http_date(text: str | None) -> datetime | None:
    """
    Read an HTTP date, such as a ``Date`` or ``Retry-After`` header (RFC 9110 §5.6.7).

    :return: the moment, in UTC; None where there is none, or its zone is not known, or no calendar has it.
    """
    if not text or ((zone := _ZONE.search(text.strip())) and zone[0].upper() not in _ZONES):
        return None
    try:
        moment = parsedate_to_datetime(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except UNREADABLE:
        return None
