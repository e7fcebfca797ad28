"""
Keys in URLs: ``(dataAreaId='usmf',LineNumber=1)``.

Rule: every key field, each once, each a literal of its type; quotes are doubled within texts.
"""

from __future__ import annotations

from typing import Any

from ..reply import odata_error
from .entity import COMPANY, Entity
from .literals import LiteralError, from_literal, tokens


def _pairs(entity: Entity, text: str) -> dict[str, tuple[str, Any]]:
    items = list(tokens(text))
    if len(items) == 1 and len(entity.keys) == 1:
        return {entity.keys[0].name: items[0]}
    given: dict[str, tuple[str, Any]] = {}
    while items:
        name, sign, value, *items = [*items, ("sign", ",")] if len(items) == 3 else items  # noqa: PLR2004
        comma, *items = items
        if (name[0], sign, comma) != ("word", ("sign", "="), ("sign", ",")) or name[1] in given:
            raise LiteralError(f"Syntax error in the key '({text})'.")
        given[str(name[1])] = value
    return given


def _complete(entity: Entity, given: set[str]) -> None:
    if given != {item.name for item in entity.keys}:
        wanted = ", ".join(item.name for item in entity.keys)
        raise LiteralError(f"A key of '{entity.set_name}' must have exactly: {wanted}.")


def parse_key(entity: Entity, text: str) -> tuple[Any, ...]:
    """
    Read a key.

    :param text: within the parentheses, percent-decoded.
    :return: as :meth:`.entity.Entity.key_of` gives it.
    :raises RefusedError: it cannot be read, or not every key field is there.
    """
    try:
        given = _pairs(entity, text)
        _complete(entity, set(given))
        values = {item.name: from_literal(item, *given[item.name]) for item in entity.keys}
    except LiteralError as error:
        raise odata_error(400, str(error)) from None
    except ValueError:
        raise odata_error(400, f"Syntax error in the key '({text})'.") from None
    if COMPANY in values:
        values[COMPANY] = values[COMPANY].lower()
    return tuple(values.values())
