"""
From the fields of a ``d365fo`` connection to a client's arguments.

Rule: pure; every message names the field, its value (never a secret's) and the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.api.options import Timeouts
from airflow_provider_poweroffice.api.texts import shown
from airflow_provider_poweroffice.hooks.destinations import check_destination
from airflow_provider_poweroffice.hooks.settings import (
    D365FO_TYPE,
    Settings,
    read_extra,
    read_flag,
    read_number,
    read_rate_limit,
    read_url,
    read_verify,
)

if TYPE_CHECKING:
    from airflow.sdk import Connection


def read_d365fo(conn: Connection, company: str | None = None, *, token: str | None = None) -> Settings:
    """
    Read a connection.

    :param company: legal entity whose rows are read; None takes the connection's default.
    :param token: wins over the connection's keys.
    :raises ValueError: what is missing or wrong, by the field's name.
    """
    if conn.conn_type and conn.conn_type != D365FO_TYPE:
        raise ValueError(
            f"it is of the type {shown(conn.conn_type)}; choose 'Dynamics 365 Finance & Operations' "
            f"({D365FO_TYPE!r})"
        )
    extra = read_extra(conn.extra)
    given = token or _text(extra, "token")
    # As it is: a tenant with a stray blank is refused, as a key with one is.
    tenant = next(
        (str(extra[name]) for name in ("tenant_id", "tenantId", "tenant") if _text(extra, name)), None
    )
    allow_http = read_flag(extra, "allow_http", default=False)
    urls = {
        name: read_url(_text(extra, name), None, allow_http=allow_http, name=f"extra {name}")
        for name in ("system_url", "authority", "token_url")
    }
    url = read_url(conn.host, conn.port if conn.host else None, allow_http=allow_http)
    if not given:
        _require(conn, tenant, urls["token_url"])
    if not url:
        raise ValueError("missing: host (environment URL), such as https://contoso.operations.dynamics.com")
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
            resource=_text(extra, "resource"),
            company=company or _text(extra, "company"),
            token=given,
            **urls,
        ),
        company=company,
        environment="production",
        host=url,
        api_version=D365FO_TYPE,
        timeouts=Timeouts(
            connect=read_number(extra, "connect_timeout", Timeouts().connect),
            read=read_number(extra, "read_timeout", Timeouts().read),
        ),
        verify=read_verify(extra),
        requests_per_second=read_number(extra, "requests_per_second", None),
        rate_limit=read_rate_limit(extra),
    )


def says_read_timeout(conn: Connection) -> bool:
    """Tell whether the connection itself limits how long an answer may take."""
    return _text(read_extra(conn.extra), "read_timeout") is not None


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    """Read a text; forms store an empty one for what was not filled in."""
    value = extra.get(name)
    return None if value is None or not str(value).strip() else str(value).strip()


def _require(conn: Connection, tenant: str | None, token_url: str | None) -> None:
    fields = {
        "host (environment URL)": conn.host,
        "login (client ID)": conn.login,
        "password (client secret)": conn.password,
        "extra tenant_id (tenant ID)": tenant or token_url,
    }
    if missing := [name for name, value in fields.items() if not value]:
        raise ValueError(f"missing: {', '.join(missing)}")
