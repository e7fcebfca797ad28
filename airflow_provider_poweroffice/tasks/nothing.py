"""What stands for None while a template is rendered, so that it is found in what was made of it."""

from __future__ import annotations

import secrets
from typing import Any

NOTHING = f"nothing_{secrets.token_hex(16)}"
"""Stands for None while a field is rendered; random, so that no other text equals it; ``repr`` keeps it."""


class _Mark(str):
    """The same in a template: a slice of it is all of it, and it equals the text that None would give."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and (other.lower() == "none" or str(self) == str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __getitem__(self, _: Any) -> _Mark:
        return self

    def __format__(self, _: str) -> str:
        return str(self)


MARK = _Mark(NOTHING)


def marked(value: Any, within: tuple[int, ...] = ()) -> Any:
    """Jinja's ``finalize``: called with the value of each expression before it is written."""
    if value is None:
        return MARK
    kind = type(value)
    if kind not in {dict, list, tuple, set, frozenset} or id(value) in within:
        return value
    within = (*within, id(value))
    if kind is dict:
        items: Any = {key: marked(item, within) for key, item in value.items()}
        return items if any(items[key] is not item for key, item in value.items()) else value
    items = [marked(item, within) for item in value]
    return kind(items) if any(new is not old for new, old in zip(items, value, strict=True)) else value
