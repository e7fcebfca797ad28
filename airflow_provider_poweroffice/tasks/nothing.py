"""What stands for None while a template is rendered, so that it is found in what was made of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self

NOTHING = f"nothing_{secrets.token_hex(16)}"
"""Stands for None while a field is rendered; random, so that no other text equals it; ``repr`` keeps it."""
_NOTHING = re.compile(NOTHING, re.IGNORECASE)


class Mark(str):
    """
    A text that a None is a part of: so is each part of it, and it equals no other text.

    :param text: with :data:`NOTHING` in the place of None.
    :param usual: the text with None; None: that follows from ``text``.
    :param original: what native rendering gives instead, if that is not a text yet.
    """

    __slots__ = ("original", "usual")
    original: Any
    usual: str

    def __new__(  # noqa: D102
        cls, text: str = f"{NOTHING}_in_a_text", *, usual: str | None = None, original: Any = None
    ) -> Self:
        mark = super().__new__(cls, text)
        mark.usual = _NOTHING.sub("None", text) if usual is None else usual
        mark.original = original
        return mark

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(self) == str(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __getitem__(self, place: Any) -> Mark:
        return Mark(usual=self.usual[place])

    def __iter__(self) -> Iterator[str]:
        return (Mark(usual=one) for one in self.usual)

    def __len__(self) -> int:
        return len(self.usual)

    def __format__(self, _: str) -> str:
        return str(self)


class Alone(Mark):
    """The text of None alone: it equals what None would give."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) or (isinstance(other, str) and other.lower() == "none")

    __hash__ = str.__hash__


MARK = Alone(NOTHING)


def is_marked(value: Any) -> bool:
    """Tell whether a text is made of a None."""
    return isinstance(value, str) and NOTHING in value.lower()


def unmarked(value: Any) -> Any:
    """Give the text that None would have given; what is no text, or has no mark, as it is."""
    if isinstance(value, Mark):
        return value.usual
    return _NOTHING.sub("None", value) if is_marked(value) else value


def marked(value: Any, within: tuple[int, ...] = ()) -> Any:
    """Jinja's ``finalize``: called with the value of each expression before it is written."""
    kind = value.__class__  # some of Airflow's values are proxies, one of them perhaps of None
    if kind is type(None):
        return MARK
    if kind in {str, int, float, bool} or id(value) in within:
        return value
    within = (*within, id(value))
    if kind is dict:
        items = [(marked(key, within), marked(item, within)) for key, item in value.items()]
        same = all(key is old and item is value[old] for (key, item), old in zip(items, value, strict=True))
        return value if same else dict(items)
    if kind in {list, tuple, set, frozenset}:
        made = [marked(item, within) for item in value]
        return kind(made) if any(new is not was for new, was in zip(made, value, strict=True)) else value
    # One of another kind writes itself as it likes, perhaps without what it holds.
    is_other = issubclass(kind, Collection) and not issubclass(kind, (str, bytes))
    if is_other and "None" in (text := str(value)) and _holds_none(value):
        return Mark(usual=text, original=value)
    return value


def _holds_none(value: Collection[Any]) -> bool:
    items = [*value, *value.values()] if isinstance(value, Mapping) else [*value]
    return any(marked(item) is not item for item in items)
