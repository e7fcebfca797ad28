"""
Where the secrets of a connection may go.

A user who may edit a connection but not read it can test it with the stored secrets, as long as its host and
port are unchanged. Airflow does not check the destinations in the extras, so this module does: each must be
the host's own server, a known service of Microsoft Entra ID, or named outside the connection, in Airflow's
configuration on the machine that sends.

Rule: origins (scheme, host, port) are compared, never parts of a text.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from airflow_provider_poweroffice._compat import conf
from airflow_provider_poweroffice.api.texts import shown

SECTION = "poweroffice"
OPTION = "trusted_token_hosts"
# Public, US government and China clouds with their older names: Microsoft's page "National clouds", and the
# authorities that the Microsoft Authentication Library trusts without asking.
ENTRA_HOSTS = (
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login-us.microsoftonline.com",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
)
_ENTRA = frozenset(("https", host, 443) for host in ENTRA_HOSTS)
_PORTS = {"https": 443, "http": 80}
_ENTRY = re.compile(r"(?:https?://)?(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")

Origin = tuple[str, str, int | None]


def check_destination(name: str, url: str | None, own: str, *, sign_in: bool = False) -> None:
    """
    Refuse a URL that must not receive a connection's secrets or tokens.

    :param url: a base URL without user name and password; None is not set, and is fine.
    :param sign_in: it is a token endpoint: the known ones of Microsoft Entra ID are trusted.
    :raises ValueError: the URL is not trusted; the message says how an administrator can allow it.
    """
    if url is None or origin_of(url) == origin_of(own):
        return
    if (sign_in and origin_of(url) in _ENTRA) or is_trusted(url):
        return
    known = ", not a known one of Microsoft Entra ID" if sign_in else ""
    raise ValueError(
        f"{name} {shown(url)} is another server than host{known}: no secret or token is sent there. If "
        f"it is yours, name its host (with its port, unless 443) in Airflow's configuration: [{SECTION}] "
        f"{OPTION}, or "
        f"AIRFLOW__{SECTION.upper()}__{OPTION.upper()}"
    )


def is_trusted(url: str) -> bool:
    """
    Tell whether Airflow's configuration names the server of a URL: ``[poweroffice] trusted_token_hosts``.

    Entries are hosts, such as ``fs.contoso.com`` or ``fs.contoso.com:8443``, separated by commas or blanks.
    https is meant, unless an entry begins with ``http://``.

    :raises ValueError: an entry is not a host.
    """
    return origin_of(url) in {_entry(text) for text in configured(OPTION).replace(",", " ").split()}


def origin_of(url: str) -> Origin:
    """Give scheme, host and port of a URL, as they are compared."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not parts.netloc.isascii():  # which letters are equal is not decided here: the names must be the same
        host = parts.netloc
    return parts.scheme.lower(), host, parts.port or _PORTS.get(parts.scheme.lower())


def configured(option: str) -> str:
    """Give an option of Airflow's section ``[poweroffice]``; empty where it is not set."""
    return str(conf.get(SECTION, option, fallback="") or "")


def _entry(text: str) -> Origin:
    if not _ENTRY.fullmatch(text):
        raise ValueError(
            f"[{SECTION}] {OPTION} in Airflow's configuration: {shown(text)} is not a valid host; write "
            "names such as fs.contoso.com or fs.contoso.com:8443, separated by commas"
        )
    try:
        return origin_of((text if "://" in text else f"https://{text}").rstrip("/"))
    except ValueError:
        raise ValueError(
            f"[{SECTION}] {OPTION} in Airflow's configuration: {shown(text)} has no valid port"
        ) from None
