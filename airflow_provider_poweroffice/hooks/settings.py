"""
From the fields of an Airflow connection to a client, for both connection types.

Rule: every message names the field, its value unless it may be a key, and the way out. ``Settings.open``
is the one door to the client: what lies behind it imports ``requests``, which costs 150 ms.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from airflow_provider_poweroffice.api.connection_options import RateLimit, Timeouts
from airflow_provider_poweroffice.api.credentials import Credentials, Keys
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.hooks.companies import DoubledNameError, each_once, key_of, read_client_keys
from airflow_provider_poweroffice.hooks.destinations import (
    OPTION,
    SECTION,
    check_destination,
    configured,
    is_trusted,
)
from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, D365FO_CONN_FIELDS

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock, Throttle

log = logging.getLogger(__name__)

CONN_TYPE = "poweroffice"
D365FO_TYPE = "d365fo"
_NAMES = {CONN_TYPE: "PowerOffice Go", D365FO_TYPE: "Dynamics 365 Finance & Operations"}
_TALENT = "http://hr.talent.dynamics.com"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LAST_PORT = 65_535
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_TENANT_NAMES = ("tenant_id", "tenantId", "tenant")
_CLOSE = 0.8  # how alike the name of an extra must be to a known one
_OTHER_NAMES = {"ocpapimsubscriptionkey": "subscription_api_key", "apikey": "subscription_api_key"}

Extra = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What a connection says; see docs/connection.md.

    :param credentials: the API's own: :class:`Credentials`, or :class:`D365FOCredentials`.
    :param company: alias of the company whose client key is in the credentials; None for the password's. Of
        Finance & Operations, the legal entity whose rows are read.
    :param clear_subscription_key: it stands in an extra that Airflow does not redact.
    :param misspelt: what is said of extras that nobody reads, and that look like known ones.
    """

    credentials: Keys
    company: str | None = None
    environment: str
    host: str | None
    api_version: str
    timeouts: Timeouts
    verify: bool | str
    requests_per_second: float | None
    rate_limit: RateLimit = field(default_factory=RateLimit)
    clear_subscription_key: bool = False
    misspelt: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must not be shown."""
        return (*self.credentials.secrets, *self.rate_limit.secrets)

    @property
    def has_token_and_keys(self) -> bool:
        """Tell whether a token was handed in although there are keys, which are then not used."""
        keys = self.credentials
        return isinstance(keys, D365FOCredentials) and bool(keys.token and keys.client_secret)

    def open(
        self,
        retry: RetryOptions,
        *,
        on_token: Callable[[str], None] | None = None,
        clock: Clock | None = None,
        throttle: Throttle | None = None,
    ) -> Client:
        """
        Open a client; also on the triggerer, where a hook cannot read a connection.

        :param on_token: told of each new token, so that a log can mask it.
        :param clock: time; a test's own clock moves without waiting.
        :param throttle: keeps the rate limit instead of the shared one.
        :raises ValueError: a setting that the API does not know.
        """
        from airflow_provider_poweroffice.api.client import Client

        for hint in self.misspelt:
            log.warning("connection: %s", hint)
        if self.verify is False:
            log.warning(
                "verify is off in the connection: any server that answers is trusted, and gets the keys"
            )
        return Client(
            self.credentials,
            environment=self.environment,
            host=self.host,
            api_version=self.api_version,
            retry=retry,
            timeouts=self.timeouts,
            verify=self.verify,
            requests_per_second=self.requests_per_second,
            rate_limit=self.rate_limit,
            on_token=on_token,
            company=self.company,
            clock=clock,
            throttle=throttle,
        )

    def for_test(self) -> Settings:
        """
        Give what the Test button may use: the secrets, but nothing of the extras that leads them elsewhere.

        Anyone who may edit a connection can test it with secrets that they may not read. So the rate limit is
        that of the process, and no Redis server is asked; certificates are checked as this machine checks
        them, unless Airflow's configuration names every server that is asked; nothing takes longer than by
        default.
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
        servers = [self.host]
        if isinstance(self.credentials, D365FOCredentials):
            servers.append(self.credentials.token_endpoint)
        return all(server is not None and is_trusted(server) for server in servers)

    @property
    def remarks(self) -> str:
        """Give what the Test button adds: secrets that anybody may read, and what was not tried."""
        found = list(self.misspelt)
        if self.clear_subscription_key:
            found.append(
                "Warning: Airflow shows extra subscription_key to everyone who may see the connection; "
                "call it subscription_api_key."
            )
        if self.rate_limit.is_redis:
            if urlsplit(self.rate_limit.backend).password:
                found.append(
                    "Warning: Airflow shows the password in rate_limit_backend to everyone who may see the "
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


def read_settings(
    conn: Connection,
    company: str | None = None,
    *,
    token: str | None = None,
    only: str | None = None,
    named: bool = True,
) -> Settings:
    """
    Read a connection.

    :param company: alias in the extra ``client_api_keys``, None takes the password's company; of Finance &
        Operations a legal entity, None takes the connection's default.
    :param token: of Finance & Operations: wins over the connection's keys.
    :param only: the connection type that is accepted; None accepts both.
    :param named: say the connection's name in errors. Airflow tests under a random name, which nobody knows.
    :raises ValueError: what is missing or wrong, by the field's name; an unknown company.
    """
    with _naming(conn.conn_id if named else None):
        kind = conn.conn_type or only or CONN_TYPE
        if kind not in _READERS or (only and kind != only):
            wanted = only or CONN_TYPE
            raise ValueError(
                f"it is of the type {shown(kind)}; choose {_NAMES[wanted]!r} ({wanted!r}) in the connection"
            )
        extra = read_extra(conn.extra)
        hints = misspelt(kind, extra)
        try:
            return replace(_READERS[kind](conn, extra, company, token), misspelt=hints)
        except ValueError as error:
            raise ValueError("; ".join((str(error), *hints))) from None


def misspelt(kind: str, extra: Extra) -> tuple[str, ...]:
    """
    Find extras that nobody reads and that look like known ones.

    :param kind: the connection type.
    """
    from difflib import get_close_matches

    fields = D365FO_CONN_FIELDS if kind == D365FO_TYPE else CONN_FIELDS
    known = {*fields, *(_TENANT_NAMES if kind == D365FO_TYPE else ("subscription_key",))}
    plain = {name.replace("_", ""): name for name in fields} | _OTHER_NAMES
    hints = []
    for name in extra.keys() - known:
        folded = re.sub(r"[^a-z0-9]", "", str(name).lower())
        if close := get_close_matches(folded, plain, n=1, cutoff=_CLOSE):
            hints.append(f"extra {shown(name)} is not read: is it {plain[close[0]]}?")
    return tuple(sorted(hints))


def read_aliases(conn: Connection, *, named: bool = True) -> list[str]:
    """
    Read the aliases of a connection's companies, in its order; none for a connection of one company.

    :raises ValueError: the extra ``client_api_keys`` cannot be used.
    """
    with _naming(conn.conn_id if named else None):
        return [] if conn.conn_type == D365FO_TYPE else list(read_client_keys(read_extra(conn.extra)))


def api_version_of(conn: Connection) -> str:
    """
    Tell which version of PowerOffice's API a connection is of.

    :raises ValueError: its extras cannot be read.
    """
    with _naming(conn.conn_id):
        return _version(read_extra(conn.extra))


def _version(extra: Extra) -> str:
    return (_text(extra, "api_version") or "v2").lower()


def says_read_timeout(conn: Connection) -> bool:
    """Tell whether the connection itself limits how long an answer may take."""
    return _text(read_extra(conn.extra), "read_timeout") is not None


@contextmanager
def _naming(conn_id: str | None) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError(str(error) if conn_id is None else f"connection {conn_id!r}: {error}") from None


def _read_poweroffice(conn: Connection, extra: Extra, company: str | None, token: str | None) -> Settings:  # noqa: ARG001
    # As it is: a key with a stray blank is refused.
    subscription_key = str(extra.get("subscription_api_key") or extra.get("subscription_key") or "") or None
    api_version = _version(extra)
    if api_version == D365FO_TYPE:
        raise ValueError(
            f"api_version {api_version!r} is a type of connection: set conn_type to {D365FO_TYPE!r}"
        )
    client_key = key_of(read_client_keys(extra), company, conn.password)
    needed = {"login (application key)": conn.login, "password (client key)": client_key}
    if api_version != "v1":
        needed["extra subscription_api_key (subscription key)"] = subscription_key
    _require(needed)
    return Settings(
        credentials=Credentials(
            application_key=str(conn.login),
            client_key=str(client_key),
            subscription_key=subscription_key,
        ),
        company=company,
        environment=(_text(extra, "environment") or "production").lower(),
        host=read_url(conn.host, conn.port, allow_http=read_flag(extra, "allow_http", default=False)),
        api_version=api_version,
        clear_subscription_key=_text(extra, "subscription_key") is not None,
        **_common(extra),
    )


def _read_d365fo(conn: Connection, extra: Extra, company: str | None, token: str | None) -> Settings:
    allow_http = read_flag(extra, "allow_http", default=False)
    urls = {
        name: read_url(_text(extra, name), None, allow_http=allow_http, name=f"extra {name}")
        for name in ("system_url", "authority", "token_url")
    }
    resource, host = _text(extra, "resource"), conn.host
    if is_human_resources(host, urls["system_url"]):
        # As documented for Talent: the first address names the audience only, the second is the instance.
        resource, host = resource or _TALENT, urls["system_url"]
    url = read_url(host, conn.port if host else None, allow_http=allow_http)
    tenant = _tenant(extra)
    given = token or _text(extra, "token")
    needed: dict[str, str | None] = {"host (environment URL)": url}
    if not given:
        needed |= {
            "login (client ID)": conn.login,
            "password (client secret)": conn.password,
            "extra tenant_id (tenant ID)": tenant or urls["token_url"],
        }
    _require(needed)
    assert url is not None  # noqa: S101 - required above
    check_destination("extra authority", urls["authority"], url, sign_in=True)
    check_destination("extra token_url", urls["token_url"], url, sign_in=True)
    check_destination("extra system_url", urls["system_url"], url)
    return Settings(
        credentials=D365FOCredentials(
            url=url,
            tenant_id=tenant,
            client_id=conn.login or None,
            client_secret=conn.password or None,
            token_version=_text(extra, "token_version"),
            resource=resource,
            company=company or _text(extra, "company"),
            token=given,
            **urls,
        ),
        company=company,
        environment="production",
        host=url,
        api_version=D365FO_TYPE,
        **_common(extra),
    )


def _tenant(extra: Extra) -> str | None:
    """Give the tenant as it is: one with a stray blank is refused, as a key with one is."""
    return next((str(extra[name]) for name in _TENANT_NAMES if _text(extra, name)), None)


def is_human_resources(host: str | None, system_url: str | None) -> bool:
    """
    Tell whether a connection is written as the cmdlet documents it for Talent and Human Resources.

    :param host: ``http://hr.talent.dynamics.com``, the audience of all instances, or the same with https.
    :param system_url: of the instance, ``https://aos-....hr.talent.dynamics.com/namespaces/...``.
    """
    plain = (host or "").strip().lower().rstrip("/").removeprefix("https://").removeprefix("http://")
    instance = urlsplit(system_url or "")
    below = (instance.hostname or "").endswith(f".{urlsplit(_TALENT).hostname}")
    return f"http://{plain}" == _TALENT and instance.scheme == "https" and below


_READERS: dict[str, Callable[[Connection, Extra, str | None, str | None], Settings]] = {
    CONN_TYPE: _read_poweroffice,
    D365FO_TYPE: _read_d365fo,
}


def _common(extra: Extra) -> dict[str, Any]:
    """Read what both types have."""
    usual, shared = Timeouts(), RateLimit()
    return {
        "timeouts": Timeouts(
            connect=read_number(extra, "connect_timeout", usual.connect),
            read=read_number(extra, "read_timeout", usual.read),
        ),
        "verify": _read_verify(extra),
        "requests_per_second": read_number(extra, "requests_per_second", None),
        "rate_limit": RateLimit(
            share=read_number(extra, "rate_limit_share", shared.share),
            backend=_text(extra, "rate_limit_backend") or shared.backend,
            password=str(extra.get("rate_limit_password") or ""),
            on_unreachable=(_text(extra, "rate_limit_on_unreachable") or shared.on_unreachable).lower(),
            directory=configured("rate_limit_dir"),
        ),
    }


def _require(needed: Mapping[str, object]) -> None:
    if missing := [name for name, value in needed.items() if not value]:
        raise ValueError(f"missing: {', '.join(missing)}")


def read_extra(text: str | None) -> Extra:
    """Read the extra fields."""
    if not text:
        return {}
    try:
        extra = json.loads(text, object_pairs_hook=each_once)
    except DoubledNameError as error:
        raise ValueError(f"extra: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"extra is not valid JSON ({error}); it must be an object such as {{...}}") from None
    if not isinstance(extra, dict):
        raise ValueError('extra must be a JSON object such as {"subscription_api_key": "..."}')  # noqa: TRY004
    return extra


def _text(extra: Extra, name: str) -> str | None:
    """Read a text; forms store an empty one for what was not filled in."""
    value = extra.get(name)
    return None if value is None or not str(value).strip() else str(value).strip()


def read_url(host: str | None, port: int | None, *, allow_http: bool, name: str = "host") -> str | None:
    """
    Read an optional base URL; Airflow gives an empty text where a URI had none.

    :param name: of the field, for messages.
    :raises ValueError: it is not a base URL, or would send keys unencrypted.
    """
    text = (host or "").strip()
    if not text:
        if port not in {None, 0, 443}:
            raise ValueError(f"port {port} is given without a host; leave it empty, or 443")
        return None
    parts = _split(text, name)
    if parts.scheme not in {"https", "http"}:
        raise ValueError(f"{name} {shown(text)} has the scheme {shown(parts.scheme)}; use https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allow_http:
        raise ValueError(
            f"{name} {shown(text)} would send the keys unencrypted; use https://, or set allow_http in extra "
            "for a server in your own network"
        )
    if not port or parts.port:
        return f"{parts.scheme}://{parts.netloc}{parts.path}"
    if not 0 < port <= _LAST_PORT:
        raise ValueError(f"port {port} must be 1 to {_LAST_PORT}, or empty")
    return f"{parts.scheme}://{parts.netloc.removesuffix(':')}:{port}{parts.path}"


def _split(text: str, name: str) -> SplitResult:
    """Take a base URL apart; one that two programs might read differently is refused."""
    if "@" in text:  # not shown: it may hold a password
        raise ValueError(f"{name} with an '@' is not a base URL; keys go to login and password")
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise ValueError(
            f"{name} {shown(text)} is not a base URL: it has blanks, backslashes or invisible characters"
        )
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        no_port = parts.port == 0  # which some programs read as the usual one
    except ValueError:  # its text may hold what was pasted behind a colon
        raise ValueError(f"{name} {shown(text)} is not a valid URL; check its port and brackets") from None
    if no_port or not parts.hostname or parts.query or parts.fragment or "%" in parts.netloc:
        raise ValueError(
            f"{name} {shown(text)} is not a base URL; write https://server, or https://server/path"
        )
    return parts


def _read_verify(extra: Extra) -> bool | str:
    """Read which certificates are trusted."""
    bundle = extra.get("ca_bundle")
    if not read_flag(extra, "verify", default=True):
        return False
    return str(bundle) if bundle else True


def read_flag(extra: Extra, name: str, *, default: bool) -> bool:
    """Read a boolean, which a URI holds as text."""
    value = extra.get(name)
    if value is None or value == "":
        return default
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(f"extra {name} must be true or false, not {shown(value)}")
    return text in _TRUE


def read_number(extra: Extra, name: str, default: Any) -> Any:
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
