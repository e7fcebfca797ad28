"""
Who may call the control endpoints: programs of this machine, and no web page.

Rule: decided by headers only. A page of another site cannot send JSON without asking first (CORS), which is
never granted; a name that an attacker points to this machine (DNS rebinding) is not a loopback name.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from .reply import Reply, as_json

Headers = Sequence[tuple[str, str]]
"""Names in lower case, and values, as received."""

_CROSS_SITE = "cross-site"
_WAY_OUT = "Call the control endpoints by a loopback address, or send the header 'Host: localhost'."


def is_loopback(host: str) -> bool:
    """
    Say whether a name or address is this machine for whoever uses it.

    :param host: without a port; an IPv6 address with or without brackets.
    """
    name = host.lower().strip("[]").removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _named(netloc: str) -> str | None:
    """Give the host of ``host:port``, ``None`` when it is not one."""
    try:
        parts = urlsplit(f"//{netloc}")
        parts.port  # noqa: B018 - raises when it is not a number
    except ValueError:
        return None
    return None if parts.path or parts.query or "@" in netloc else parts.hostname


def _is_ours(netloc: str, bound: str) -> bool:
    host = _named(netloc)
    return host is not None and (is_loopback(host) or host == bound.lower().strip("[]"))


def _is_own_origin(origin: str, bound: str) -> bool:
    scheme, separator, netloc = origin.partition("://")
    return bool(separator) and scheme.lower() in {"http", "https"} and _is_ours(netloc, bound)


def refusal(method: str, headers: Headers, *, bound: str, body: bytes, is_page: bool = False) -> Reply | None:
    """
    Refuse a control call that a web page may have sent; ``None`` lets it through.

    :param bound: the address the sandbox listens on; it counts as ours besides the loopback ones.
    :param is_page: whether people come here from other sites in a browser, by a link.
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value.strip())
    hosts, origins = found.get("host", []), found.get("origin", [])
    if len(hosts) != 1 or not _is_ours(hosts[0], bound):
        return as_json(403, {"error": f"Host {', '.join(hosts)!r} is not a loopback address. {_WAY_OUT}"})
    if not all(_is_own_origin(origin, bound) for origin in origins):
        return as_json(403, {"error": f"Origin {', '.join(origins)!r}: no web page may control the sandbox."})
    follows_link = is_page and method == "GET" and found.get("sec-fetch-mode") == ["navigate"]
    if not origins and _CROSS_SITE in found.get("sec-fetch-site", []) and not follows_link:
        return as_json(403, {"error": "Sec-Fetch-Site cross-site: no web page may control the sandbox."})
    if (body or method not in {"GET", "HEAD", "DELETE"}) and not _is_json(found.get("content-type", [])):
        return as_json(415, {"error": "Send control calls with the header 'Content-Type: application/json'."})
    return None


def _is_json(types: list[str]) -> bool:
    return [item.partition(";")[0].strip().lower() for item in types] == ["application/json"]
