"""
The clients of a triggerer's triggers, and the threads in which their requests run.

Rule: one client, hence one token, for each connection and company of an event loop. Requests run in a small
pool of this package's own, never in the loop's default one, which every other trigger needs (name look-ups of
aiohttp, Airflow's own). No thread sleeps: a wait for the rate limit is slept on the loop. A trigger that
stops waiting for an answer cuts its connection, which frees the thread at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from airflow_provider_poweroffice.api.call_context import Queueing, adding
from airflow_provider_poweroffice.api.cancellation import CancelScope
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.errors import PowerOfficeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.settings import Settings

T = TypeVar("T")

THREADS = 32
"""Requests in flight of all triggers of a process."""

THREADS_EACH = 8
"""Requests in flight of one connection and company, so that a slow server does not hold all threads."""

IDLE = 600.0
"""Seconds after which a client that no trigger uses is closed."""

_pool: tuple[int, ThreadPoolExecutor] | None = None


def _threads() -> ThreadPoolExecutor:
    """Give the pool of this process; a forked child has none of its parent's threads."""
    global _pool  # noqa: PLW0603 - one pool a process
    if _pool is None or _pool[0] != os.getpid():
        _pool = (os.getpid(), ThreadPoolExecutor(THREADS, thread_name_prefix="poweroffice-trigger"))
    return _pool[1]


class SharedClient:
    """A client that the triggers of one event loop share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self._free = asyncio.Semaphore(THREADS_EACH)
        self.users = 0
        self.closing: asyncio.TimerHandle | None = None

    async def call(self, act: Callable[[Client], T], place: Queueing) -> T:
        """
        Make one call in a thread, as soon as the rate limit has a slot.

        Cancelled, it cuts the connection that the thread waits on.

        :param act: makes the call.
        :param place: the caller's own, for all its calls.
        :raises PowerOfficeError: what the call raised.
        """
        client = await self._open()
        while True:
            place.begin()
            try:
                async with self._free:
                    return await _in_thread(lambda: act(client), place)
            except PowerOfficeError:
                if place.wait is None:
                    raise
            await asyncio.sleep(place.wait)

    async def _open(self) -> Client:
        async with self._opening:
            if self._client is None:  # in a thread, as it imports requests
                self._client = await _in_thread(lambda: self._settings.open(RetryOptions(attempts=1)), None)
            return self._client

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


async def _in_thread(act: Callable[[], T], place: Queueing | None) -> T:
    scope = CancelScope()

    def carry_out() -> T:
        with adding(scope=scope, queueing=place):
            try:
                scope.check()
                return act()
            finally:
                scope.unregister()

    context = contextvars.copy_context()
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, carry_out)
    finally:
        scope.cancel()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Settings, SharedClient]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_client(settings: Settings) -> AsyncIterator[SharedClient]:
    """
    Lend the client of a connection and company; it stays open for the next trigger for ``IDLE`` seconds.

    A connection that was edited meanwhile gets a new client.
    """
    loop = asyncio.get_running_loop()
    clients = _clients.setdefault(loop, {})
    shared = clients.get(settings)
    if shared is None:
        shared = clients[settings] = SharedClient(settings)
    if shared.closing is not None:
        shared.closing.cancel()
        shared.closing = None
    shared.users += 1
    try:
        yield shared
    finally:
        shared.users -= 1
        if not shared.users:
            shared.closing = loop.call_later(IDLE, _close, clients, settings)


def _close(clients: dict[Settings, SharedClient], settings: Settings) -> None:
    clients.pop(settings).close()
