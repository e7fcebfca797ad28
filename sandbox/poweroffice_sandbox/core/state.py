"""
What every running sandbox knows, whichever API it serves: journal, faults, switches, time.

Rule: no HTTP and nothing of any API. Control endpoints and the Python face both act through this class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from .clock import Clock
from .faults import Fault, Faults, make_fault
from .journal import Journal
from .sizes import SizeTable
from .switches import SwitchTable
from .today import Calendar
from .tokens import IssuedTokens

S = TypeVar("S", bound=SwitchTable)
Z = TypeVar("Z", bound=SizeTable)
_USUAL = Calendar()


class BaseState(ABC, Generic[S, Z]):
    """
    The state of one sandbox.

    :param switches: how it behaves to begin with.
    :param sizes: how many rows it begins with.
    :param seed: of the data and of the faults' chances.
    :param clock: its time.
    :param faults: those in force from the start.
    :param calendar: when its books end.
    """

    data: ClassVar[tuple[str, ...]]
    """The attributes that :meth:`save` keeps; each has ``copy``, or is a dict of such, or of plain values."""

    tokens: IssuedTokens[Any]

    def __init__(
        self,
        switches: S,
        sizes: Z,
        seed: int,
        clock: Clock,
        *,
        faults: Iterable[Mapping[str, Any]] = (),
        calendar: Calendar = _USUAL,
    ) -> None:
        self.switches = switches
        self.sizes = sizes
        self.clock = clock
        self.calendar = calendar
        self.connections = 0
        self.seed = seed
        self._saved: dict[str, dict[str, Any]] = {}
        self._first_faults = tuple(faults)
        self.prepare()
        self.reset()

    @abstractmethod
    def prepare(self) -> None:
        """Make what a reset does not touch: tokens, the memory of a throttle."""

    @abstractmethod
    def begin(self) -> None:
        """Put the data to the beginning."""

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.tokens.expire()

    def kept(self) -> dict[str, Any]:
        """Give a copy of the data, for :meth:`put`."""
        return {part: _copied(getattr(self, part)) for part in self.data}

    def put(self, data: Mapping[str, Any]) -> None:
        """
        Put back what :meth:`kept` gave; it may be put back again.

        :param data: from :meth:`kept`.
        """
        for part, value in data.items():
            setattr(self, part, _copied(value))

    def reset(self) -> None:
        """Put data, journal and faults back to the beginning; switches, tokens and time stay."""
        self.journal = Journal()
        self.faults = Faults(self.seed)
        for rule in self._first_faults:
            self.add_fault(rule)
        self.begin()

    def save(self, name: str = "saved") -> None:
        """Keep the data as it is now."""
        self._saved[name] = self.kept()

    def restore(self, name: str = "saved") -> None:
        """
        Put the data back to where it was saved; otherwise like :meth:`reset`.

        :param name: as given to :meth:`save`.
        :raises ValueError: nothing was saved by this name.
        """
        if name not in self._saved:
            raise ValueError(f"name = {name!r}: nothing was saved by this name.")
        self.reset()
        self.put(self._saved[name])

    def set(self, changes: Mapping[str, Any]) -> S:
        """
        Change switches.

        :raises SwitchError: an unknown name or value.
        """
        self.switches = self.switches.changed(changes)
        return self.switches

    def add_fault(self, rule: Mapping[str, Any]) -> Fault:
        """
        Add a fault.

        :param rule: see :class:`.faults.Fault`.
        :raises FaultError: the rule cannot be used.
        """
        return self.faults.add(make_fault(rule), self.clock.now())

    def health(self) -> dict[str, Any]:
        """Give a sign of life."""
        return {
            "status": "ok",
            "time": self.clock.now(),
            "seed": self.seed,
            "connections": self.connections,
        }


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item.copy() if hasattr(item, "copy") else item for key, item in value.items()}
    return value.copy()
