"""
From a JSON body to rows: names, kinds, forms.

Rule: what ASP.NET's model binding does. A value of the wrong kind is refused for all fields at once; what
only answers have is ignored; whether the row makes sense is :mod:`.rules`' matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from ..reply import bad_parameters
from ..resources.tables import ENUMS, TYPES, Field
from ..switches import V1Switches
from .times import moment

_MOST = 2**63
_MOST_AMOUNT = 10**15
_SPAN = re.compile(r"(?:\d{1,3}\.)?\d{1,2}:\d\d(?::\d\d(?:\.\d{1,7})?)?")


def parsed(body: bytes, switches: V1Switches) -> Any:
    """
    Read JSON.

    :raises RefusedError: it is none.
    """
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise bad_parameters({"": "A non-empty request body in JSON is required."}, switches) from None


def read_body(given: Any, entity: str, switches: V1Switches) -> dict[str, Any]:
    """
    Read the object of a POST; ``null`` stays, to clear a field.

    :param given: from :func:`parsed`.
    :param switches: ``body_names`` and ``unknown_fields``.
    :raises RefusedError: it is no JSON object, or values have the wrong kind.
    """
    errors: dict[str, str] = {}
    row = _object(given, entity, "", errors, switches)
    if errors:
        raise bad_parameters(errors, switches)
    return row


def _object(
    given: Any, entity: str, path: str, errors: dict[str, str], switches: V1Switches
) -> dict[str, Any]:
    if not isinstance(given, dict):
        errors[path] = f"The value of {path or 'the body'} must be a JSON object."
        return {}
    known = TYPES[entity]
    if switches.body_names == "any-case":
        lower = {name.lower(): name for name in known}
        given = {lower.get(name.lower(), name): value for name, value in given.items()}
    row = {}
    for name, value in given.items():
        place = f"{path}.{name}".lstrip(".")
        if name in known:
            field = known[name]
            # Objects inside of a read-only list are taken: C# fills such lists.
            if name == "id" or not field.is_read_only or field.is_nested:
                row[name] = _value(value, field, place, errors, switches)
        elif switches.unknown_fields == "refused":
            errors[place] = f"Could not find member '{name}' on object of type '{entity}'."
    return row


def _value(value: Any, field: Field, path: str, errors: dict[str, str], switches: V1Switches) -> Any:
    if value is None:
        if field.is_always and not field.is_read_only:
            errors[path] = f"The value 'null' is not valid for {path}."
        return None
    if field.is_list:
        if not isinstance(value, list):
            errors[path] = f"The value of {path} must be a JSON array."
            return None
        single = field._replace(is_list=False)
        return [
            _value(item, single, f"{path}[{place}]", errors, switches) for place, item in enumerate(value)
        ]
    if field.is_nested:
        return _object(value, field.kind, path, errors, switches)
    try:
        return _number_of(value, field.enum) if field.enum else _CONVERT[field.kind](value)
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        errors[path] = f"The value '{value}' is not valid for {path}."
        return None


def _number_of(value: Any, enum: str) -> int:
    """Read a value of an enumeration: its number, or its name in any case."""
    values = ENUMS[enum]
    if isinstance(value, str) and not value.lstrip("-").isdecimal():
        names = {name.lower(): number for number, name in values.items()}
        if value.lower() not in names:
            raise ValueError
        return names[value.lower()]
    number = _whole(value)
    if number not in values:
        raise ValueError
    return number


def _whole(value: Any) -> int:
    whole = int(value)
    if isinstance(value, bool) or abs(whole) >= _MOST or (not isinstance(value, str) and whole != value):
        raise ValueError
    return whole


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= _MOST_AMOUNT:
        raise ValueError
    return amount


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half a surrogate pair cannot be sent again
    return value


def _span(value: Any) -> str:
    if not _SPAN.fullmatch(_text(value)):
        raise ValueError
    return str(value)


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "int": _whole,
    "number": _amount,
    "flag": _flag,
    "text": _text,
    "span": _span,
    "date": lambda value: moment(_text(value))[:10],
    "stamp": lambda value: moment(_text(value)),
    "guid": lambda value: str(UUID(_text(value))),
}
