"""
The path of an entity's row: its key, typed and escaped.

Rule: pure. A quote is doubled first, then all is percent-encoded: the other way round, a key could end early
and reach another row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from airflow_provider_poweroffice.api.filters import Literals, literal

# A date without a time carries noon in this API: captures of keys such as LeaveDate=2019-10-04T12:00:00Z.
LITERALS = Literals(day="{}T12:00:00Z", enums=True)
"""How OData V4 writes values here; ``has``, ``in`` and functions are not supported."""
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NAMESPACE = "Microsoft.Dynamics.DataEntities"


def entity_path(entity: str, key: Mapping[str, Any] | None = None, *, action: str | None = None) -> str:
    """
    Give the path of an entity set, of one row, or of an action.

    ::

        entity_path("CustomersV3", {"dataAreaId": "usmf", "CustomerAccount": "O'Hara"})
        # CustomersV3(dataAreaId='usmf',CustomerAccount='O''Hara')

    :param entity: name of the set, such as ``CustomersV3``; case counts.
    :param key: every key field of the row with its value: text, a number, a boolean, a date, an aware
        datetime or a UUID. ``(value, type)`` says what a text stands for, see ``api.filters``.
    :param action: of the set or the row, such as ``calculate``, or its full name.
    :raises ValueError: names what cannot be written.
    """
    _check_name("entity", entity)
    path = entity
    if key is not None:
        path += f"({','.join(_field(name, value) for name, value in _checked(key).items())})"
    if action is None:
        return path
    for part in str(action).split("."):
        _check_name("action", part)
    return f"{path}/{action if '.' in action else f'{_NAMESPACE}.{action}'}"


def _checked(key: Any) -> Mapping[str, Any]:
    if not isinstance(key, Mapping) or not key:
        raise ValueError(
            f"key must map every key field to its value, such as {{'dataAreaId': 'usmf'}}, not {key!r}"
        )
    return key


def _field(name: str, value: Any) -> str:
    _check_name("key", name)
    where = f"key[{name!r}]"
    if value is None or value == "":
        raise ValueError(
            f"{where} is {value!r}: a row is found by all fields of its key; one that is empty in the row is "
            "('', 'text')"
        )
    kind = None
    if isinstance(value, (list, tuple)) and len(value) == 2:  # noqa: PLR2004 - value and type
        value, kind = value
    text = literal(value, LITERALS, kind, where)
    # Characters that a path may hold stay as they are, for the sake of logs; a date's colons too.
    return f"{name}={quote(text, safe=chr(39) + (':' if isinstance(value, (date, datetime)) else ''))}"


def _check_name(where: str, name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{where} has {name!r}, which is not a name")
