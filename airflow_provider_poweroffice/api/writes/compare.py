"""
Tells whether a record is what was sent.

Rule: pure. Only what was sent is compared: what the server adds by itself is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.ASCII)
_MASK = "hidden"  # numbers of persons come masked
_BLANK: tuple[Any, ...] = (None, "", [], {})


def differences(
    sent: Mapping[str, Any],
    found: Mapping[str, Any],
    known: Collection[str] = (),
    *,
    with_nulls: bool = True,
    within: bool = False,
) -> dict[str, tuple[Any, Any]]:
    """
    Name the fields of a record that are not as they were sent.

    Numbers are compared as decimals, times as moments (one without a zone by the clock on the wall), nothing
    (null, empty or left out) is the same as nothing, names count in any case, and lists in any order. A field
    that the answer lacks is not compared, as some are written only.

    :param sent: the body, decoded.
    :param found: the record, decoded.
    :param known: fields that the record has by its description: left out of the answer, they hold nothing.
    :param with_nulls: False leaves out what was sent as null, which in a new record the server fills in.
    :param within: what objects within the record lack holds nothing as well.
    :return: pointer, such as ``/Lines/0/Amount``, to what was sent and what was found.
    """
    sent = sent if with_nulls else without_nulls(sent)
    return dict(_of_objects(sent, found, "", {name.lower() for name in known}, within=within))


def without_nulls(value: Any) -> Any:
    """Leave out what is null, within objects and lists too."""
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def has_nulls(value: Any) -> bool:
    """Tell whether an answer writes nulls, so that what it lacks is not there to be read."""
    if isinstance(value, Mapping):
        return any(map(has_nulls, value.values()))
    return any(map(has_nulls, value)) if isinstance(value, list) else value is None


def _of_objects(
    sent: Mapping[str, Any], found: Mapping[str, Any], place: str, known: Collection[str], *, within: bool
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    values = {str(name).lower(): value for name, value in found.items()}
    for name, value in sent.items():
        folded = str(name).lower()
        if folded in values or folded in known or (place and within):
            yield from _of_values(value, values.get(folded), f"{place}/{name}", within=within)


def _of_values(sent: Any, found: Any, place: str, *, within: bool) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(sent, Mapping) and isinstance(found, Mapping):
        yield from _of_objects(sent, found, place, (), within=within)
    elif isinstance(sent, list) and isinstance(found, list) and len(sent) == len(found):
        yield from _of_lists(sent, found, place, within=within)
    elif not _is_same(sent, found):
        yield place, (sent, found)


def _of_lists(
    sent: list[Any], found: list[Any], place: str, *, within: bool
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Pair each item with one that is the same; what is left is compared in the order it stands."""
    left, unpaired = list(found), []
    for index, item in enumerate(sent):
        found_at = enumerate(left)
        same = next((n for n, one in found_at if not any(_of_values(item, one, place, within=within))), None)
        if same is None:
            unpaired.append((index, item))
        else:
            del left[same]
    for (index, item), other in zip(unpaired, left, strict=True):
        yield from _of_values(item, other, f"{place}/{index}", within=within)


def _is_same(sent: Any, found: Any) -> bool:
    if isinstance(sent, Mapping) and found in _BLANK:
        return all(_is_same(value, None) for value in sent.values())
    blank = [value in _BLANK for value in (sent, found)]
    if any(blank):
        return all(blank)
    if found == _MASK:
        return True
    if bool in {type(sent), type(found)}:
        return str(sent).lower() == str(found).lower()
    if is_number(sent) or is_number(found):
        return number_of(sent) == number_of(found)
    one, other = str(sent).strip(), str(found).strip()
    return one == other or _is_same_moment(one, other)


def is_number(value: Any) -> bool:
    """Tell whether a value is a number of JSON."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def number_of(value: Any) -> Decimal | None:
    """Read a number, or a text that is one; None where it is none."""
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None


def _is_same_moment(one: str, other: str) -> bool:
    if not (_MOMENT.fullmatch(one) and _MOMENT.fullmatch(other)):
        return False
    try:
        first, second = (datetime.fromisoformat(text.replace(" +", "+")) for text in (one, other))
    except ValueError:
        return False
    if first.tzinfo is None or second.tzinfo is None:
        return first.replace(tzinfo=None) == second.replace(tzinfo=None)
    return first.astimezone(UTC) == second.astimezone(UTC)
