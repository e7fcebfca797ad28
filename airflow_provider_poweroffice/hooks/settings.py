"""
From the fields of an Airflow connection to a client's arguments.

Rule: pure; every message names the field, its value (never a key's) and the way out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.options import Timeouts
from airflow_provider_poweroffice.api.rate_limit import RateLimit
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.hooks.companies import key_of, read_client_keys
from airflow_provider_poweroffice.hooks.destinations import OPTION, SECTION, is_trusted

if TYPE_CHECKING:
    from airflow.sdk import Connection

CONN_TYPE = "poweroffice"
D365FO_TYPE = "d365fo"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What a connection says; see docs/connection.md.

    :param credentials: the API's own: :class:`Credentials`, or ``D365FOCredentials``.
    :param company: alias of the company whose client key is in the credentials; None for the password's. Of
        Finance & Operations, the legal entity whose rows are read.
    :param clear_subscription_key: it stands in an extra that Airflow does not redact.
    """

    credentials: Any
    company: str | None = None
    environment: str
    host: str | None
    api_version: str
    timeouts: Timeouts
    verify: bool | str
    requests_per_second: float | None
    rate_limit: RateLimit = field(default_factory=RateLimit)
    clear_subscription_key: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must not be shown."""
        return (*self.credentials.secrets, *self.rate_limit.secrets)

    def for_test(self) -> Settings:
        """
        Give what the Test button may use: the secrets, but nothing of the extras that leads them elsewhere.

        Whoever may edit a connection can test it with secrets that they may not read. So the limit is that of
        the process, and no Redis server is asked; certificates are checked as this machine checks them,
        unless Airflow's configuration names every server that is asked; nothing takes longer than by default.
        """
        usual = Timeouts()
        timeouts = Timeouts(
            connect=min(self.timeouts.connect, usual.connect),
            read=min(self.timeouts.read or usual.read or 0, usual.read or 0),
        )
        return replace(
            self,
            verify=self.verify if self._asks_trusted_only else True,
            timeouts=timeouts,
            rate_limit=RateLimit(share=self.rate_limit.share, backend="process"),
        )

    @property
    def _asks_trusted_only(self) -> bool:
        servers = [self.host, getattr(self.credentials, "token_endpoint", self.host)]
        return all(server is not None and is_trusted(server) for server in servers)

    @property
    def remarks(self) -> str:
        """Give what the Test button adds: secrets that anybody may read, and what was not tried."""
        found = []
        if self.clear_subscription_key:
            found.append(
                "Warning: Airflow shows extra subscription_key to whoever may see the connection; "
                "call it subscription_api_key."
            )
        if self.rate_limit.is_redis:
            if urlsplit(self.rate_limit.backend).password:
                found.append(
                    "Warning: Airflow shows the password in rate_limit_backend to whoever may see the "
                    "connection; put it into rate_limit_password."
                )
            found.append("The Redis server of rate_limit_backend was not asked.")
        if self.verify is not True and not self._asks_trusted_only:
            found.append(
                "Certificates were checked as this machine checks them: a test does without verify and "
                f"ca_bundle of the connection, unless [{SECTION}] {OPTION} in Airflow's configuration names "
                "its servers."
            )
        return "".join(f" {remark}" for remark in found)


def read_settings(conn: Connection, company: str | None = None) -> Settings:
    """
    Read a connection.

    :param company: alias in the extra ``client_api_keys``; None takes the password's company.
    :raises ValueError: what is missing or wrong, by the field's name; an unknown alias.
    """
    with naming(conn):
        return read_unnamed(conn, company)


def read_aliases(conn: Connection) -> list[str]:
    """
    Read the aliases of a connection's companies, in its order; none for a connection of one company.

    :raises ValueError: the extra ``client_api_keys`` can not be used.
    """
    with naming(conn):
        return list(read_client_keys(read_extra(conn.extra)))


@contextmanager
def naming(conn: Connection) -> Iterator[None]:
    """Name a connection in the errors of what is read from it."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError(f"connection {conn.conn_id!r}: {error}") from None


def read_unnamed(conn: Connection, company: str | None = None) -> Settings:
    """Read a connection that Airflow tests: it has a name that nobody knows, and errors do not say it."""
    if conn.conn_type == D365FO_TYPE:
        from airflow_provider_poweroffice.hooks.d365fo_settings import read_d365fo  # noqa: PLC0415 - a circle

        return read_d365fo(conn, company)
    if conn.conn_type and conn.conn_type != CONN_TYPE:
        raise ValueError(
            f"it is of the type {shown(conn.conn_type)}; choose 'PowerOffice Go' ({CONN_TYPE!r})"
        )
    extra = read_extra(conn.extra)
    subscription_key = str(extra.get("subscription_api_key") or extra.get("subscription_key") or "") or None
    api_version = str(extra.get("api_version") or "v2").strip().lower()
    if api_version == D365FO_TYPE:
        raise ValueError(
            f"api_version {api_version!r} is a type of connection: set conn_type to {D365FO_TYPE!r}"
        )
    client_key = key_of(read_client_keys(extra), company, conn.password)
    _require_keys(conn, client_key, subscription_key, by_subscription=api_version != "v1")
    return Settings(
        credentials=Credentials(
            application_key=str(conn.login),
            client_key=str(client_key),
            subscription_key=subscription_key,
        ),
        company=company,
        environment=str(extra.get("environment") or "production").strip().lower(),
        host=read_url(conn.host, conn.port, allow_http=read_flag(extra, "allow_http", default=False)),
        api_version=api_version,
        timeouts=Timeouts(
            connect=read_number(extra, "connect_timeout", Timeouts().connect),
            read=read_number(extra, "read_timeout", Timeouts().read),
        ),
        verify=read_verify(extra),
        requests_per_second=read_number(extra, "requests_per_second", None),
        rate_limit=read_rate_limit(extra),
        clear_subscription_key=bool(extra.get("subscription_key")),
    )


def read_rate_limit(extra: Mapping[str, Any]) -> RateLimit:
    """Read with whom the limit is shared."""
    return RateLimit(
        share=read_number(extra, "rate_limit_share", RateLimit().share),
        backend=str(extra.get("rate_limit_backend") or RateLimit().backend).strip(),
        password=str(extra.get("rate_limit_password") or ""),
        on_unreachable=str(extra.get("rate_limit_on_unreachable") or RateLimit().on_unreachable).lower(),
    )


def read_extra(text: str | None) -> Mapping[str, Any]:
    """Read the extra fields."""
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"extra is not valid JSON ({error}); it must be an object such as {{...}}") from None
    if not isinstance(extra, dict):
        raise ValueError('extra must be a JSON object such as {"subscription_api_key": "..."}')  # noqa: TRY004
    return extra


def _require_keys(
    conn: Connection, client_key: object, subscription_key: object, *, by_subscription: bool
) -> None:
    fields: dict[str, object] = {
        "login (application key)": conn.login,
        "password (client key)": client_key,
    }
    if by_subscription:
        fields["extra subscription_api_key (subscription key)"] = subscription_key
    if missing := [name for name, value in fields.items() if not value]:
        raise ValueError(f"missing: {', '.join(missing)}")


def read_url(host: str | None, port: int | None, *, allow_http: bool, name: str = "host") -> str | None:
    """
    Read an optional base URL; Airflow gives an empty text where a URI had none.

    :param name: of the field, for messages.
    """
    if not host or not host.strip():
        if port not in {None, 0, 443}:
            raise ValueError(f"port {port} is given without a host; leave it empty, or 443")
        return None
    if "@" in host:  # not shown: it may hold a password
        raise ValueError(f"{name} with an '@' is no base URL; keys go to login and password")
    if not host.strip().isprintable() or re.search(r"[\s\\]", host.strip()):
        raise ValueError(
            f"{name} {shown(host)} is no base URL: it has blanks, backslashes or invisible characters"
        )
    url = host.strip() if "://" in host else f"https://{host.strip()}"
    parts = _split(url, host, name)
    if parts.scheme not in {"https", "http"}:
        raise ValueError(f"{name} {shown(host)} has the scheme {shown(parts.scheme)}; use https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allow_http:
        raise ValueError(
            f"{name} {shown(host)} would send the keys unencrypted; use https://, or set allow_http in extra "
            "for a server in a network of your own"
        )
    netloc = parts.netloc if parts.port or not port else f"{parts.netloc}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path}"


def _split(url: str, host: str, name: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{name} {shown(host)} is no URL ({error})") from None
    if not parts.hostname or parts.query or parts.fragment or "%" in parts.netloc:
        raise ValueError(f"{name} {shown(host)} is no base URL; write https://server, or https://server/path")
    return parts


def read_verify(extra: Mapping[str, Any]) -> bool | str:
    """Read which certificates are trusted."""
    bundle = extra.get("ca_bundle")
    if not read_flag(extra, "verify", default=True):
        return False
    return str(bundle) if bundle else True


def read_flag(extra: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Read a boolean, which a URI holds as text."""
    value = extra.get(name)
    if value is None or value == "":
        return default
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(f"extra {name} must be true or false, not {shown(value)}")
    return text in _TRUE


def read_number(extra: Mapping[str, Any], name: str, default: Any) -> Any:
    """Read a number above 0, which a URI holds as text."""
    value = extra.get(name)
    if value is None or value == "":
        return default
    try:
        number = float(str(value))
    except (TypeError, ValueError):
        raise ValueError(f"extra {name} must be a number, not {shown(value)}") from None
    if not 0 < number < float("inf"):
        raise ValueError(f"extra {name} must be above 0, not {shown(value)}")
    return number
