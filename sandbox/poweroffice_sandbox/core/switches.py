"""
Tables of switches: what is not certain about an API, and how its sandbox answers.

Rule: nothing of any API. A table is a frozen dataclass made of :func:`choice` and :func:`number` fields; the
command-line options, keyword arguments and checks follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from .near import choose, instead


def choice(*values: str, about: str) -> Any:
    """
    Make a switch of a few texts.

    :param values: those it takes; the first is the default.
    :param about: for ``--help``.
    """
    return field(default=values[0], metadata={"values": values, "about": about})


def number(default: float, about: str) -> Any:
    """
    Make a switch that is a number, not negative; whole when the default is.

    :param about: for ``--help``.
    """
    return field(default=default, metadata={"values": None, "about": about})


class SwitchError(ValueError):
    """A switch has an unknown name or a value it does not take."""


@dataclass(frozen=True)
class SwitchTable:
    """What every table of switches can do."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, allowed = getattr(self, item.name), item.metadata["values"]
            if allowed is not None and value not in allowed:
                raise SwitchError(f"{item.name} = {value!r}: {choose(value, allowed)}.")
            if allowed is None and not _is_amount(value, whole=isinstance(item.default, int)):
                kind = "a whole number" if isinstance(item.default, int) else "a number"
                raise SwitchError(f"{item.name} = {value!r}: give {kind} that is not negative.")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of the switches, in order."""
        return tuple(item.name for item in fields(cls))

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """
        Give the same switches with some changed.

        :param changes: by name; ``-`` and ``_`` are the same.
        :raises SwitchError: an unknown name or value.
        """
        named = {name.replace("-", "_"): value for name, value in changes.items()}
        for name in named:
            if name not in self.names():
                raise SwitchError(f"{name}: no such switch; {instead(name, self.names())}.")
        return replace(self, **named)

    def as_dict(self) -> dict[str, Any]:
        """Give the switches as JSON."""
        return asdict(self)


def _is_amount(value: Any, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and value >= 0
