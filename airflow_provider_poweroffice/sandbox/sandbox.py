"""
:class:`Sandbox`: the sandbox for tests and notebooks.

Rule: the public Python face. It starts, stops and controls; what is served is decided elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from .app import App
from .clock import Clock
from .connection import as_json_text, as_uri
from .faults import Fault
from .journal import Entry
from .keys import Keys, company_of, environment_named, keys_of
from .server import ServerThread, listen
from .sizes import SIZE_NAMES, sizes
from .state import State
from .switches import Switches
from .wire import Connections


class Sandbox:
    """
    A local server that behaves like PowerOffice Go v2; a context manager.

    :param host: the address to bind.
    :param port: 0 for a free port.
    :param seed: the same seed gives the same rows.
    :param size: ``small``, ``medium`` or ``large``.
    :param clock: the source of time, seconds since 1970.
    :param faults: from the start and after each :meth:`reset`; the settings of :class:`.faults.Fault`.
    :param options: by name, the numbers of :class:`.sizes.Sizes` and the switches of
        :class:`.switches.Switches`.
    :raises SwitchError: an unknown option, or a value it does not take.
    :raises SizeError: a number of rows out of range.
    :raises PortError: the port is in use; raised by :meth:`start`.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        size: str = "small",
        clock: Callable[[], float] = time.time,
        faults: Iterable[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        rows = {name: options.pop(name) for name in SIZE_NAMES if name in options}
        switches = Switches().changed(options)
        self._host, self._port = host, port
        self._connections: Connections = {}
        self._thread: ServerThread | None = None
        self.clock = Clock(clock)
        self.state = State(switches, sizes(size, **rows), seed, self.clock, faults)

    def start(self) -> Self:
        """
        Serve in the background.

        :raises PortError: the address cannot be listened on.
        """
        self._bind().start()
        return self

    def _bind(self) -> ServerThread:
        plug = listen(self._host, self._port)
        self._port = plug.getsockname()[1]
        self._thread = ServerThread(App(self.state, self._connections), plug, self._connections, self._opened)
        return self._thread

    def serve(self, ready: Callable[[Sandbox], None]) -> None:
        """
        Serve in this thread until SIGINT or SIGTERM.

        :param ready: called when requests are answered.
        :raises PortError: the address cannot be listened on.
        """
        self._bind().run(lambda: ready(self))

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

    def base_url(self, environment: str = "production") -> str:
        """
        Give the address the API's paths are below.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}/v2"

    def token_url(self, environment: str = "production") -> str:
        """
        Give the address of the token endpoint.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}/OAuth/Token"

    def keys(self, company: int | str = 0, environment: str = "production", application: int = 0) -> Keys:
        """
        Give a company's published keys.

        :param company: position or alias; 2 has reduced privileges, 3 is an accounting firm.
        :param environment: ``production`` or ``demo``.
        :param application: position; the third one has another subscription.
        """
        return keys_of(company_of(company, environment), application)

    def connection_json(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as JSON, e.g. for ``AIRFLOW_CONN_POWEROFFICE_DEFAULT``.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return as_json_text(self.url, self.keys(company, environment), environment)

    def connection_uri(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as URI.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return as_uri(self.url, self.keys(company, environment), environment)

    def totals(self, company: int | str = 0, environment: str = "production") -> dict[str, int]:
        """
        Give the number of rows the sandbox holds, by resource.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return self.state.totals(company_of(company, environment))

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

    def set(self, **switches: Any) -> Switches:
        """
        Change switches from now on.

        :param switches: by name.
        :raises SwitchError: an unknown name or value.
        """
        return self.state.set(switches)

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.state.tokens.expire()

    def advance(self, seconds: float) -> None:
        """
        Move the sandbox's time on.

        :param seconds: how far.
        """
        self.clock.advance(seconds)

    def set_privileges(
        self, company: int | str = 0, environment: str = "production", **changes: Any
    ) -> tuple[str, ...]:
        """
        Change what the integrations of a company may do; tokens issued before keep the old rights.

        :param company: position, alias or client id.
        :param environment: ``production`` or ``demo``.
        :param changes: ``privileges``, ``add``, ``remove``, ``allow_send_invoice``.
        :return: the privileges from now on.
        """
        access = self.state.access
        return access.change_rights(access.company(company, environment), **changes).privileges

    def reset(self) -> None:
        """Put data, rights, client keys, journal and faults back to the beginning."""
        self.state.reset()

    def save(self, name: str = "saved") -> None:
        """
        Keep data, rights and client keys as they are now.

        :param name: to restore them by.
        """
        self.state.save(name)

    def restore(self, name: str = "saved") -> None:
        """
        Put data, rights and client keys back to where they were saved; journal and faults as by a reset.

        :param name: as given to :meth:`save`.
        :raises ValueError: nothing was saved by this name.
        """
        self.state.restore(name)
