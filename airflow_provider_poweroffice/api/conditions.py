"""
Conditions on an answer that are data, so that they mean the same in a worker and in the triggerer.

Rule: pure; a condition survives JSON. A comparison has three results: true, false, and unknown where the two
sides are not of one kind or the reading is open. Unknown fulfils no comparison, ``!=`` and ``not in``
included: a condition never comes true by accident.

===================  ==================================================================================
value                compares with
===================  ==================================================================================
number               JSON numbers, digit for digit, and texts that are plainly a number (``"1.10"``; not
                     ``"007"``, ``"1,10"`` or ``"1e3"``)
aware ``datetime``   timestamps, as moments, whatever their zone and digits; a text without a zone is UTC
``date``             dates, and moments, where it makes no difference whether the day is taken for its first
                     moment in UTC or for all of it: 10:00 is ``>=`` its day, and neither ``>`` nor ``==``
bool                 JSON booleans; never 0, 1 or text
text                 text; moments and dates where both are such. Two texts that are one number in two
                     spellings (``"007"`` and ``"7"``) are neither equal nor different. As templates render to
                     text: numbers and booleans too, as above
None                 null, by ``==`` and ``!=``; null is different from every other value
===================  ==================================================================================
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_poweroffice.api.decoding import parsing
from airflow_provider_poweroffice.api.options import is_given
from airflow_provider_poweroffice.api.texts import listed, nearest, one_line
from airflow_provider_poweroffice.api.timestamps import TICKS, ticks

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.response import Response

COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "in", "not in")

_ORDER = frozenset({">", ">=", "<", "<="})
_AMONG = frozenset({"in", "not in"})
_MISSING = object()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400 * TICKS
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,100})?")  # not 007, which is a code
_EXPONENT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,100})?[eE][+-]?[0-9]{1,4}")  # as Python writes small numbers
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INDEX = re.compile(r"[0-9]{1,9}")
_LONGEST_TEXT = 100  # characters of a number or moment
_SHOWN = 3
_SHOWN_FIELDS = 12
_SHOWN_CHARACTERS = 80

Scalar = str | int | float | Decimal | datetime | date | None
Value = Scalar | list[Scalar] | tuple[Scalar, ...]


class Judgement(NamedTuple):
    """
    What a condition found in an answer.

    :param position: of the first record that fulfils it, None for none.
    :param seen: what was there instead, in words for a log; empty where the condition is fulfilled.
    """

    position: int | None
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    What to wait for.

    Without ``field``: the answer has at least one record. With it: in at least one record the field
    compares to the value; see the table at the head of this module. A record without the field does not
    match.

    :param field: dotted path in a record, such as ``MailAddress.City`` or ``Lines.0.ProductCode``; a field
        whose own name holds a dot, such as ``@odata.etag``, is found too.
    :param comparison: one of ``COMPARISONS``.
    :param value: what to compare with: None, text, a bool, a finite number, an aware ``datetime`` or a
        ``date``; for ``in`` and ``not in`` a list of such.
    :raises ValueError, TypeError: an unknown comparison, or a value that cannot be compared so.
    """

    field: str | None = None
    comparison: str = "=="
    value: Value = None

    def __post_init__(self) -> None:
        check_comparison(self.comparison)
        check_value(self.comparison, self.value)

    def judge(self, records: Sequence[Any]) -> Judgement:
        """Look for the first record that fulfils the condition."""
        if self.field is None:
            return Judgement(0, "") if records else Judgement(None, "no record")
        found = [_dig(record, self.field.split(".")) for record in records]
        for index, one in enumerate(found):
            if one is not _MISSING and self._holds(one):
                return Judgement(index, "")
        return Judgement(None, self._seen(records, [one for one in found if one is not _MISSING]))

    def written(self) -> list[Any]:
        """Write it so that it survives JSON; :func:`read_condition` reads it back."""
        return [self.field, self.comparison, to_json(self.value)]

    def seen_in(self, record: Any) -> str:
        """Say what the field is in a record, for a message."""
        return f"{self.field} was {_shown(_dig(record, (self.field or '').split('.')))}"

    def __str__(self) -> str:
        """Say what is waited for, for a log."""
        if self.field is None:
            return "at least one record"
        return f"{self.field} {self.comparison} {_shown(self.value)}"

    def _holds(self, found: Any) -> bool:
        if isinstance(self.value, (list, tuple)):
            equal = [is_equal(found, item) for item in self.value]
            return any(equal) if self.comparison == "in" else all(one is False for one in equal)
        if self.comparison in _ORDER:
            return is_ordered(found, self.comparison, self.value) is True
        return is_equal(found, self.value) is (self.comparison == "==")

    def _seen(self, records: Sequence[Any], found: Sequence[Any]) -> str:
        if not records:
            return "no record"
        if found:
            shown = listed(dict.fromkeys(map(_shown, found)), _SHOWN)
            return f"{self.field} was {shown} in {len(records)} record(s)"
        return self._missing_field(records)

    def _missing_field(self, records: Sequence[Any]) -> str:
        """Say that no record has the field, and which they have."""
        dicts = [record for record in records if isinstance(record, Mapping)]
        names = sorted({one_line(name, _SHOWN_CHARACTERS) for record in dicts for name in record})
        meant = nearest((self.field or "").partition(".")[0], names)
        if not names:
            return f"{len(records)} record(s), and none has fields"
        advice = f"; did you mean {meant}?" if meant not in {"", self.field} else ""
        return (
            f"no field {self.field} in {len(records)} record(s), which have "
            f"{', '.join(names[:_SHOWN_FIELDS])}{', ...' if len(names) > _SHOWN_FIELDS else ''}{advice}"
        )


def read_condition(name: str, given: Any) -> Condition:
    """
    Read a condition that is written as ``(field, comparison, value)``.

    :param name: of the argument it is from.
    :raises ValueError, TypeError: it is not written so.
    """
    if not isinstance(given, (list, tuple)) or len(given) != 3 or not isinstance(given[0], str):  # noqa: PLR2004
        raise TypeError(
            f"{name} must be (field, comparison, value), such as ('LastErrorMessage', '!=', None), "
            f"not {given!r}"
        )
    try:
        return Condition(field=given[0], comparison=given[1], value=from_json(given[2]))
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name}: {error}") from None


def check_comparison(comparison: str) -> None:
    """
    Check the ``comparison`` argument.

    :raises ValueError: it is none of ``COMPARISONS``.
    """
    if comparison not in COMPARISONS:
        raise ValueError(f"unknown comparison {comparison!r}; use one of: {', '.join(COMPARISONS)}")


def check_value(comparison: str, value: Any) -> None:
    """
    Check that a value can be compared so.

    :raises ValueError, TypeError: it cannot, such as NaN, a naive ``datetime``, or null by ``>``.
    """
    if comparison in _AMONG:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise ValueError(f"value must be a list for the comparison {comparison!r}, not {value!r}")
        if not value:
            raise ValueError(f"value must not be an empty list: {comparison!r} needs something to look for")
        for item in value:
            _check_scalar(item)
        return
    _check_scalar(value)
    if comparison in _ORDER and (value is None or isinstance(value, bool)):
        raise ValueError(f"value {value!r} has no order: {comparison!r} needs a number, a text, or a moment")


def _check_scalar(value: Any) -> None:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(
                f"value {value!r} has no time zone, so it is not a moment; give tzinfo, such as datetime.UTC"
            )
        return
    if isinstance(value, (float, Decimal)) and not Decimal(value).is_finite():  # 1e400 is finite, too
        raise ValueError(f"value must be a finite number, not {value!r}")
    if value is not None and not isinstance(value, (str, bool, int, float, Decimal, date)):
        raise TypeError(
            f"value must be None, text, a bool, a number, an aware datetime or a date, not "
            f"{type(value).__name__}; a list goes with 'in' and 'not in'"
        )


def to_json(value: Value) -> Any:
    """Write a value so that it survives JSON without loss; :func:`from_json` reads it back."""
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


_KINDS: dict[str, Callable[[str], Decimal | date]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def from_json(value: Any) -> Any:
    """Read what :func:`to_json` wrote."""
    if isinstance(value, (list, tuple)):
        return [from_json(item) for item in value]
    if isinstance(value, Mapping):
        ((kind, text),) = value.items()
        return _KINDS[kind](text)
    return value


def records_of(answer: Response) -> tuple[list[Any], list[Any]]:
    """
    Give the records of an answer twice: as decoded everywhere, and with every digit of their numbers.

    :param answer: of a GET.
    """
    records = _records(answer.body)
    if not isinstance(answer.body, (list, dict)):
        return records, records
    with parsing(f"{answer.method} {answer.path}: the answer"):
        content = answer.content if answer.inner is None else answer.inner
        try:
            exact = json.loads(content, parse_float=Decimal)
        except UnicodeDecodeError:
            exact = json.loads(answer.text, parse_float=Decimal)
    return records, _records(exact)


def _records(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    return [] if body is None else [body]


def _dig(record: Any, parts: Sequence[str]) -> Any:
    """Follow a path; the longest name that fits goes first, as a field's own name may hold dots."""
    if not parts:
        return record
    if isinstance(record, Mapping):
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if name in record and (found := _dig(record[name], parts[length:])) is not _MISSING:
                return found
    elif isinstance(record, list) and _INDEX.fullmatch(parts[0]) and int(parts[0]) < len(record):
        return _dig(record[int(parts[0])], parts[1:])
    return _MISSING


def is_equal(found: Any, value: Scalar) -> bool | None:
    """
    Tell whether a field equals a value; None where that is not known.

    :param found: decoded JSON.
    """
    if found is None or value is None:
        # What a template renders for nothing is not a value to differ from.
        nothing = isinstance(value, str) and not is_given(value)
        return None if nothing else found is value
    if isinstance(found, bool) or isinstance(value, bool):
        return _equal_truth(found, value)
    if isinstance(found, str) and isinstance(value, str):
        return _equal_texts(found, value)
    pair = _pair(found, value)
    return None if pair is None else pair.equal


def is_ordered(found: Any, comparison: str, value: Scalar) -> bool | None:
    """
    Tell whether a field lies so of a value; None where that is not known.

    :param comparison: one of ``> >= < <=``.
    """
    if found is None or value is None or isinstance(found, bool) or isinstance(value, bool):
        return None
    pair = _pair(found, value)
    if pair is None and isinstance(found, str) and isinstance(value, str):
        pair = _texts(found, value)
    if pair is None:
        return None
    fact, wanted = (pair.below, comparison == "<")
    if comparison in {">", "<="}:
        fact, wanted = (pair.above, comparison == ">")
    return None if fact is None else fact is wanted


class _Pair(NamedTuple):
    """How a field lies of a value; None for what is not known."""

    equal: bool | None
    above: bool | None
    below: bool | None


def _ordered(left: Any, right: Any) -> _Pair:
    return _Pair(left == right, left > right, left < right)


def _equal_truth(found: Any, value: Any) -> bool | None:
    """Compare where one side is a boolean; only the value may be the text of one."""
    if isinstance(found, bool) and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower())
    if isinstance(found, bool) and isinstance(value, bool):
        return found is value
    return None


def _equal_texts(found: str, value: str) -> bool | None:
    """Compare texts; unknown where both are one number in two spellings, which may be codes or amounts."""
    if found == value:
        return True
    if (pair := _temporal(found, value)) is not None:
        return pair.equal
    left, right = _loose_number(found), _loose_number(value)
    return None if left is not None and left == right else False


def _pair(found: Any, value: Any) -> _Pair | None:
    """Compare numbers, moments and dates; None where the two are not of one such kind."""
    if isinstance(value, date) or (isinstance(found, str) and isinstance(value, str)):
        return _temporal(found, value) if isinstance(found, str) else None
    left, right = _number(found, python=False), _number(value, python=True)
    return None if left is None or right is None else _ordered(left, right)


def _texts(found: str, value: str) -> _Pair | None:
    """Put texts in order by code point, where the order of the numbers that they may be is the same."""
    left, right = _loose_number(found), _loose_number(value)
    if left is None and right is None:
        return None if _when(found) or _when(value) else _ordered(found, value)
    if left is None or right is None:
        return None
    return _agreed(_ordered(left, right), _ordered(found, value))


def _agreed(one: _Pair, other: _Pair) -> _Pair:
    """Keep what two readings have in common."""
    return _Pair(*(left if left is right else None for left, right in zip(one, other, strict=True)))


def _number(value: Any, *, python: bool) -> Decimal | None:
    """
    Read a number.

    :param python: a text may be as Python writes a small or a large one, ``1e-05``.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
        return number if number.is_finite() else None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return None
    text = value.strip()
    plain = _NUMBER.fullmatch(text) or (python and _EXPONENT.fullmatch(text))
    return Decimal(text) if plain else None


def _loose_number(text: str) -> Decimal | None:
    """Read what somebody might take for a number, such as 007 or +47."""
    text = text.strip().removeprefix("+")
    sign, digits = text[:1] == "-", text.removeprefix("-")
    digits = digits.lstrip("0") or "0"
    digits = f"0{digits}" if digits[:1] in {".", "e", "E"} else digits
    number = _number(digits, python=True)
    return -number if number is not None and sign else number


class _Time(NamedTuple):
    """A moment, or a day."""

    moment: int
    """Of 100 ns since 1970; of a day, its beginning in UTC."""
    day: int
    """The day as it is written, by its beginning."""
    is_day: bool


def _temporal(found: str, value: str | date) -> _Pair | None:
    left, right = _when(found), _when(value)
    if left is None or right is None:
        return None
    if left.is_day == right.is_day:
        return _ordered(left.moment, right.moment)
    # A moment and a day: what holds whether the day is taken for its first moment, or for all of it.
    return _agreed(_ordered(left.moment, right.moment), _ordered(left.day, right.day))


def _when(value: str | date) -> _Time | None:
    """Read a moment or a day; of text, what begins with ``YYYY-MM-DD`` and holds nothing else."""
    if isinstance(value, datetime):
        count = (value - _EPOCH) // timedelta(microseconds=1) * (TICKS // 1_000_000)
        return _Time(count, _begin(value), is_day=False)
    if isinstance(value, date):
        return _Time(_begin(value), _begin(value), is_day=True)
    text = value.strip()
    if len(text) > _LONGEST_TEXT or not text.isascii():
        return None
    try:
        day = _begin(date.fromisoformat(text[:10]))
        is_day = _DATE.fullmatch(text) is not None
        return _Time(day if is_day else ticks(text), day, is_day)
    except (ValueError, OverflowError):
        return None


def _begin(day: date) -> int:
    return (day.toordinal() - _EPOCH.toordinal()) * _DAY


def _shown(value: Any) -> str:
    """Write a value for a log: one line, cut."""
    if isinstance(value, (list, tuple)):
        text = f"[{', '.join(map(_shown, value[:_SHOWN]))}{', ...' if len(value) > _SHOWN else ''}]"
    elif isinstance(value, (Decimal, date)):
        text = value.isoformat() if isinstance(value, date) else str(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return one_line(text, _SHOWN_CHARACTERS)
