"""
:class:`BaseSandbox`: start, stop and control of a sandbox, whichever API it serves.

Rule: the public Python face that all sandboxes share; what is served is decided by the part.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from .asgi import Api, Shell
from .clock import Clock
from .faults import Fault
from .journal import Entry
from .near import instead
from .server import PortError, ServerThread, listen
from .sizes import SizeTable
from .sockets import Connections
from .state import BaseState
from .switches import SwitchError, SwitchTable
from .today import Calendar, day_of

T = TypeVar("T", bound=BaseState[Any, Any])
_COMMON = ("host", "port", "seed", "size", "clock", "faults", "today")


class SeedError(ValueError):
    """A seed that is no whole number."""


class BaseSandbox(ABC, Generic[T]):
    """
    A local server; a context manager.

    :param host: the address to bind.
    :param port: 0 for a free port.
    :param seed: the same seed gives the same rows.
    :param size: how many rows: ``small``, or another name of the API's table of sizes.
    :param clock: the source of time, seconds since 1970.
    :param faults: from the start and after each :meth:`reset`; the settings of :class:`.faults.Fault`.
    :param today: the day on which the books end and the sandbox's time begins: a date or its text.
        Left out, the books end at 2025-12-31 and the time is that of ``clock``.
    :param options: by name, sizes and switches of the API's tables.
    :raises SwitchError: an unknown option, or a value it does not take.
    :raises SizeError: a number of rows out of range.
    :raises SeedError: a seed that is no whole number.
    :raises TodayError: a day on which no books can end.
    :raises PortError: the port is in use; raised by :meth:`start`.
    """

    switch_table: ClassVar[type[SwitchTable]]
    size_table: ClassVar[type[SizeTable]]
    state_class: ClassVar[type[BaseState[Any, Any]]]
    api_class: ClassVar[type[Any]]
    """An :class:`.asgi.Api`, made of the state."""

    another_port = "Choose another port, or 0 for a free one."
    """What a refused port is answered with, besides the reason."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        size: str = "small",
        clock: Callable[[], float] = time.time,
        faults: Iterable[Mapping[str, Any]] = (),
        today: date | str | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise SeedError(f"seed = {seed!r}: give a whole number.")
        self._check(options)
        rows = {name: options.pop(name) for name in self.size_table.names() if name in options}
        sizes = self.size_table.chosen(size, rows)
        self._host, self._port = host, port
        self._connections: Connections = {}
        self._thread: ServerThread | None = None
        switches = self.switch_table().changed(options)
        moving, calendar = Clock(clock), Calendar(None if today is None else day_of(today))
        calendar.set(moving)
        self.state: T = self.state_class(switches, sizes, seed, moving, faults=faults, calendar=calendar)  # type: ignore[assignment]
        self._api: Api = self.api_class(self.state)

    @classmethod
    def _check(cls, options: Iterable[str]) -> None:
        """Refuse the name of an option that does not exist; a switch may have dashes in its name."""
        own = {*cls.size_table.names(), *cls.switch_table.names()}
        for name in options:
            if name.replace("-", "_") not in own:
                names = (*cls.switch_table.names(), *cls.size_table.names(), *_COMMON)
                raise SwitchError(f"{name}: no such option; {instead(name, names)}.")

    @abstractmethod
    def totals(self) -> dict[str, int]:
        """Give the number of rows the sandbox holds, by resource."""

    @abstractmethod
    def announcement(self) -> str:
        """Give what the command prints: addresses, keys, an Airflow connection, a ``curl`` example."""

    def bind(self) -> Self:
        """
        Take the port; nothing is answered yet.

        :raises PortError: the address cannot be listened on.
        """
        if self._thread is None:
            try:
                plug = listen(self._host, self._port)
            except PortError as error:
                raise PortError(f"{error}. {self.another_port}") from error
            self._port = plug.getsockname()[1]
            shell = Shell(self.state, self._api, self._connections, self._host)
            self._thread = ServerThread(shell, plug, self._connections, self._opened)
        return self

    def start(self) -> Self:
        """
        Serve in the background.

        :raises PortError: the address cannot be listened on.
        """
        self._bound().start()
        return self

    def serve(self, ready: Callable[[Self], None]) -> None:
        """
        Serve in this thread until SIGINT or SIGTERM.

        :raises PortError: the address cannot be listened on.
        """
        self._bound().run(lambda: ready(self))

    def _bound(self) -> ServerThread:
        self.bind()
        assert self._thread is not None  # noqa: S101 - bind has set it
        return self._thread

    def _opened(self) -> None:
        self.state.connections += 1

    def stop(self) -> None:
        """Stop serving; the state can still be read."""
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def clock(self) -> Clock:
        """The sandbox's time."""
        return self.state.clock

    def journal(self) -> list[Entry]:
        """Give the API requests received, oldest first."""
        return self.state.journal.entries()

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """
        Count the API requests received.

        :param method: ``None`` for any.
        :param path: a glob, any casing, with or without ``/v2``; ``None`` for any.
        """
        return self.state.journal.count(method, path)

    @property
    def connections(self) -> int:
        """TCP connections accepted since the start."""
        return self.state.connections

    def add_fault(self, **rule: Any) -> Fault:
        """
        Make chosen requests go wrong.

        :param rule: the settings of :class:`.faults.Fault`; ``action`` is required.
        :raises FaultError: an unknown setting or value.
        """
        return self.state.add_fault(rule)

    def clear_faults(self) -> None:
        """Take all faults back."""
        self.state.faults.rules.clear()

    def set(self, **switches: Any) -> SwitchTable:
        """
        Change switches from now on.

        :return: all of them.
        :raises SwitchError: an unknown name or value.
        """
        changed: SwitchTable = self.state.set(switches)
        return changed

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.state.expire_tokens()

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time on."""
        self.clock.advance(seconds)

    def reset(self) -> None:
        """Put data, rights, client keys, journal and faults back to the beginning."""
        self.state.reset()

    def save(self, name: str = "saved") -> None:
        """Keep data, rights and client keys as they are now."""
        self.state.save(name)

    def restore(self, name: str = "saved") -> None:
        """
        Put data, rights and client keys back to where they were saved; journal and faults as by a reset.

        :param name: as given to :meth:`save`.
        :raises ValueError: nothing was saved by this name.
        """
        self.state.restore(name)
