"""Where the two versions live; sources: portal pages "Transition from v1 to v2", "Postman collection"."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_poweroffice.api.facts import Endpoints
from airflow_provider_poweroffice.api.texts import shown

_V1_HOSTS = {"production": "https://api.poweroffice.net", "demo": "https://api-demo.poweroffice.net"}
_V2_ORIGIN = "https://goapi.poweroffice.net"
_V2_PREFIX = {"production": "", "demo": "/Demo"}

# Pages of the portal that are known by name; the others are reached from its front page.
_PORTAL = "https://developer.poweroffice.net"
_PAGES = {
    "accounttransactions": "/endpoints/reporting/account-transactions",
    "clientintegrationinformation": "/workflows/client-settings/client-integration-information",
    "voucherapproval": "/endpoints/voucher-workflows/voucherapproval",
    "voucherdocumentation": "/workflows/endpoints/voucher-workflow/voucher-documentation",
}


def v1_endpoints(environment: str, host: str | None) -> Endpoints:
    """
    Find production or demo of v1 at the vendor's, or below another base URL.

    :raises ValueError: an unknown environment, or a host of v2.
    """
    usual = _of(_V1_HOSTS, environment)
    base = (host or usual).rstrip("/")
    if urlsplit(base).path.lower().endswith("/v2"):
        raise ValueError(f"the host {shown(host)} is v2's: leave it empty for v1, or set api_version to v2")
    return Endpoints(base=base, token=f"{base}/OAuth/Token")


def v2_endpoints(environment: str, host: str | None) -> Endpoints:
    """
    Find production or demo of v2 at the vendor's, or below another host.

    :raises ValueError: an unknown environment, or a host that does not fit it.
    """
    prefix = _of(_V2_PREFIX, environment)
    root = host or _V2_ORIGIN
    path = urlsplit(root).path.rstrip("/")
    if not path:
        root = root.rstrip("/") + prefix
    elif path.lower().endswith("/v2"):
        root = root.rstrip("/")[: -len("/v2")]
        if path.lower().endswith("/demo/v2") != (environment == "demo"):
            raise ValueError(
                f"the host {shown(host)} does not belong to the environment {shown(environment)}: "
                "the demo environment is the one below /Demo/v2"
            )
    else:
        raise ValueError(
            f"the host {shown(host)} has the path {shown(path)}: give the server alone "
            "(https://host) or the whole base URL ending in /v2"
        )
    return Endpoints(base=root + "/v2", token=root + "/OAuth/Token")


def v2_page(endpoint: str) -> str:
    """Give the portal's page of a resource of v2, or its front page."""
    return _PORTAL + _PAGES.get(endpoint.strip("/").split("/")[0].lower(), "/")


def _of(known: dict[str, str], environment: str) -> str:
    if environment not in known:
        raise ValueError(f"unknown environment {shown(environment)}; use one of: {', '.join(known)}")
    return known[environment]
