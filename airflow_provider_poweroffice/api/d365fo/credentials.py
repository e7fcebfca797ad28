"""The app that calls Finance & Operations, the URLs of the environment, and its token endpoint."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlsplit

from airflow_provider_poweroffice.api.credentials import check_key
from airflow_provider_poweroffice.api.texts import holds_key, shown

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
TOKEN_VERSIONS = V1, V2 = "v1", "v2"
_NOT_A_TENANT = frozenset({"common", "organizations", "consumers"})
_ADFS = "adfs"
_COMPANY = re.compile(r"[A-Za-z0-9]{1,4}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,20}")
_TOKEN = re.compile(r"[!-~]+")


def check_legal_entity(company: object) -> None:
    """
    Refuse what cannot be the ID of a legal entity (``dataAreaId``): it becomes part of filters and of paths.

    :raises ValueError: it is not one to four ASCII letters and digits, or is ``"None"``, which a template may
        leave.
    """
    if not isinstance(company, str) or not _COMPANY.fullmatch(company) or company == "None":
        raise ValueError(
            f"company {shown(company)} is not a legal entity: its ID (dataAreaId) has one to four letters "
            "and digits, such as usmf"
        )


def _is_tenant(text: str) -> bool:
    if _GUID.fullmatch(text):
        return True
    return bool(_DOMAIN.fullmatch(text)) and text.lower() not in _NOT_A_TENANT and not holds_key(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class D365FOCredentials:
    """
    What identifies an app to one environment.

    Sources: Microsoft's pages "OAuth 2.0 client credentials flow" and "Troubleshoot service authentication".

    :param url: of the environment, ``https://contoso.operations.dynamics.com``; a path such as
        ``/namespaces/AXSF`` is kept for calls. Its origin, in lower case, is the token's audience.
    :param tenant_id: GUID or domain of the environment's own tenant; ``adfs`` on premises.
    :param client_id: of the app, which must be registered inside Finance & Operations too.
    :param client_secret: the secret's value, not its id.
    :param authority: of the tenant's cloud.
    :param token_url: the whole token endpoint, instead of authority and tenant.
    :param token_version: ``"v1"`` asks by ``resource``, ``"v2"`` by ``scope``; default v2, or what
        ``token_url`` looks like. AD FS is asked as v1.
    :param resource: the token's audience, if not the environment's origin; used unchanged.
    :param system_url: where OData lives, if not at ``url``.
    :param company: legal entity whose rows are read where a query names none, see :func:`check_legal_entity`.
    :param token: used as it is, with or without ``Bearer``, never renewed; then the keys are not used.
    :raises ValueError: names what is missing or cannot be used.
    """

    url: str
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    authority: str | None = None
    token_url: str | None = None
    token_version: str | None = None
    resource: str | None = None
    system_url: str | None = None
    company: str | None = None
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.url or not urlsplit(self.url).netloc:
            raise ValueError(
                f"url must be that of the environment, such as https://host, not {shown(self.url)}"
            )
        if self.token_version not in {None, *TOKEN_VERSIONS}:
            raise ValueError(
                f"unknown token_version {shown(self.token_version)}; use one of: {', '.join(TOKEN_VERSIONS)}"
            )
        if self.company is not None:
            check_legal_entity(self.company)
        if self.token is None:
            self._check_keys()
        elif not _TOKEN.fullmatch(self.bearer):
            raise ValueError("token is empty or has characters that no token has")

    def _check_keys(self) -> None:
        needed = {
            "tenant_id": self.tenant_id or self.token_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        if missing := [name for name, value in needed.items() if not value]:
            raise ValueError(f"missing: {', '.join(missing)}")
        check_key("tenant_id", self.tenant_id or "")
        check_key("client_id", self.client_id or "")
        check_key("client_secret", self.client_secret or "", ascii_only=False)
        if self.tenant_id and not _is_tenant(self.tenant_id):
            raise ValueError(
                f"tenant_id {shown(self.tenant_id)} is not a tenant: Finance & Operations takes tokens of "
                "its own tenant only; give its GUID or domain"
            )

    @property
    def bearer(self) -> str:
        """Give the token that was handed in, bare."""
        return re.sub(r"^bearer(\s+|$)", "", (self.token or "").strip(), flags=re.IGNORECASE)

    @property
    def audience(self) -> str:
        """Give the token's audience: ``resource``, else the environment's origin in lower case."""
        parts = urlsplit(self.url.lower())
        usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
        return self.resource or f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"

    @property
    def token_endpoint(self) -> str:
        """Give the URL of the token endpoint."""
        if self.token_url:
            return self.token_url
        version = "" if self._is_adfs or self.token_version == V1 else "/v2.0"
        authority = (self.authority or PUBLIC_AUTHORITY).rstrip("/")
        return f"{authority}/{quote(self.tenant_id or _ADFS, safe='')}/oauth2{version}/token"

    @property
    def token_form(self) -> dict[str, str]:
        """Give the token request's form; RFC 6749 §4.4."""
        by_scope = self.token_endpoint.rstrip("/").lower().endswith("/v2.0/token")
        if self.token_version and not self._is_adfs:
            by_scope = self.token_version == V2
        wanted = {"scope": f"{self.audience}/.default"} if by_scope else {"resource": self.audience}
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id or "",
            "client_secret": self.client_secret or "",
            **wanted,
        }

    @property
    def _is_adfs(self) -> bool:
        return (self.tenant_id or "").lower() == _ADFS

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must never be shown: as it is, as it is sent, and as an echo may hold it."""
        secret = self.client_secret or ""
        sent = (quote_plus(secret), quote(secret, safe=""))
        echoed = (
            json.dumps(secret)[1:-1],
            secret.replace("/", "\\/"),
            html.escape(secret),
            secret.encode().decode("latin-1"),
        )
        return tuple(dict.fromkeys(filter(None, (secret, *sent, *echoed, self.bearer))))

    @property
    def limit_key(self) -> str:
        """Name what limits hang on: the app."""
        return self.client_id or self.bearer
