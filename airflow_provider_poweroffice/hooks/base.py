"""
What the hooks of all APIs have: from an Airflow connection to an authenticated client.

Rule: a hook translates a connection, and speaks no HTTP itself. Nothing is read, nor loaded, before it is
needed, as hooks are also built while DAG files are parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from airflow.sdk import BaseHook

from airflow_provider_poweroffice._compat import mask_secrets
from airflow_provider_poweroffice.api.options import RetryOptions

if TYPE_CHECKING:
    import requests
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.hooks.settings import Settings

_P = ParamSpec("_P")
_T = TypeVar("_T")


def without_frames(method: Callable[_P, _T]) -> Callable[_P, _T]:
    """
    Let a method raise without the frames below it.

    They hold connections with their keys, and error trackers show what frames hold. The method itself takes
    none as an argument.
    """

    @wraps(method)
    def raising_here(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(*args, **kwargs)
        except (ValueError, TypeError, ImportError) as error:
            error.__cause__ = error.__context__ = None
            ended = error.with_traceback(None)
        raise ended

    return raising_here


class ClientHook(BaseHook):
    """
    One company's API, behind one Airflow connection.

    May be used as a context manager, which closes its connections at the end.

    :param company: alias of one of the connection's companies, or legal entity; None for its default.
    :param retry_options: see :class:`~airflow_provider_poweroffice.api.options.RetryOptions`, or a
        mapping such as ``{"attempts": 3, "deadline": 60}``.
    """

    conn_name_attr: str
    """The argument, of hooks and tasks, that names the connection."""
    conn_type: str

    def __init__(
        self,
        conn_id: str,
        *,
        company: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.conn_id = conn_id
        self.company = company
        self.retry_options = RetryOptions.from_mapping(retry_options, "retry_options")
        self.mask: Callable[[tuple[str, ...]], None] = mask_secrets
        """Has Airflow mask what must not be shown; it asks Airflow, which not every thread may do."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    @without_frames
    def client(self) -> Client:
        """
        Build the client, with its keys and tokens masked in Airflow's logs.

        :raises ValueError: the connection lacks a key, has a field that cannot be used, or does not know
            the company.
        """
        return self._open(self._settings())

    def get_conn(self) -> requests.Session:
        """
        Give an authenticated ``requests.Session``.

        URLs may be relative, ``get_conn().get("Customers")``. The session signs requests to the API's
        own server only, follows no redirect, keeps the rate limit and has a timeout; it does not retry.
        """
        return self.client.session

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "client" in self.__dict__:
            self.client.close()
            del self.__dict__["client"]

    def test_connection(self) -> tuple[bool, str]:
        """
        Try the keys.

        On success: whose they are and what they open. On failure: which key or other setting is wrong. A
        connection of several companies is tried with each client key; those that fail are named. Which extras
        a test does not use: see :meth:`Settings.for_test`.
        """
        from airflow_provider_poweroffice.hooks.diagnosis import diagnose
        from airflow_provider_poweroffice.hooks.settings import read_aliases

        conn = self.get_connection(self.conn_id)
        try:
            names: list[str | None] = [self.company]
            if self.company is None and (aliases := read_aliases(conn, named=False)):
                names = [*([None] if conn.password else []), *aliases]
        except ValueError as error:
            return False, str(error)
        return diagnose(lambda company: self._read(conn, company, named=False), names)

    def _settings(self) -> Settings:
        """Read the connection, and have Airflow mask what must not be shown."""
        settings = self._read(self.get_connection(self.conn_id), self.company)
        self.mask(settings.secrets)
        return settings

    def _read(self, conn: Connection, company: str | None, *, named: bool = True) -> Settings:
        from airflow_provider_poweroffice.hooks.settings import read_settings

        return read_settings(conn, company, named=named)

    def _open(self, settings: Settings) -> Client:
        return settings.open(self.retry_options, on_token=lambda token: self.mask((token,)))
