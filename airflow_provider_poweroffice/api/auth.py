"""
The token: fetched, cached, renewed early, renewed once on 401, and shown to one origin only.

Rule: keys and tokens are put on a request here and nowhere else, after the origin has been checked,
so that a session lent to a user is as safe as the client itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.cuttable import noting
from airflow_provider_poweroffice.api.decoding import finite_number, read_json
from airflow_provider_poweroffice.api.dialects.base import Dialect, Endpoints
from airflow_provider_poweroffice.api.failures import read_response, status_error, token_refusal
from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.transport import Session, connection_error, innermost
from airflow_provider_poweroffice.errors import InvalidResponseError, UntrustedHostError

UNSAID_LIFETIME = 600.0  # the example in the official token description
EARLY = 60.0  # seconds; "be proactive when renewing access token": portal page "Requests"
EARLY_SHARE = 0.2  # of a short token's life
_SENDABLE = re.compile(r"[!-~]+")  # in a header; anything else would end up in http.client's message
_REFUSED = frozenset({400, 401})


class TokenAuth(AuthBase):
    """
    Signs requests to one API; safe to share between threads.

    :param on_token: told of each new token before it is used, so that a log can mask it.
    """

    def __init__(
        self,
        *,
        dialect: Dialect[Any],
        endpoints: Endpoints,
        credentials: Keys,
        session: Session,
        clock: Clock,
        on_token: Callable[[str], None] | None = None,
    ) -> None:
        self._dialect = dialect
        self._endpoints = endpoints
        self._credentials = credentials
        self._session = session
        self._clock = clock
        self._on_token = on_token
        self._lock = threading.Lock()
        self._fixed = dialect.fixed_token(credentials)
        self._token = self._fixed
        self._renew_at = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must not be shown, the token in use included."""
        token = self._token
        return self._credentials.secrets + ((token,) if token else ())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, which must be for the API itself."""
        self.check_origin(request.url or "")
        self._sign(request, self.token())
        request.register_hook("response", self._renew_once)
        return request

    def token(self, *, instead_of: str | None = None) -> str:
        """
        Give a valid token; one caller at a time fetches, the others wait and share.

        :param instead_of: a token the server refused; another one is fetched unless that was done already.
        :raises AuthenticationError: the keys were refused.
        :raises RateLimitError, ServerError, APIConnectionError: as for any call, with
            ``outcome_unknown=False`` since the call itself was not sent.
        """
        if self._fixed:
            return self._fixed
        with self._lock:
            stale = self._clock.monotonic() >= self._renew_at
            if self._token is None or stale or self._token == instead_of:
                self._token = None
                with noting(None):  # what leaves now is not the call
                    self._token = self._fetch()
            return self._token

    def _fetch(self) -> str:
        headers, form = self._dialect.token_request(self._credentials)
        started = self._clock.monotonic()
        label = f"POST {urlsplit(self._endpoints.token).path}"
        try:
            # The no-op auth keeps .netrc out of the request.
            answer = self._session.post(self._endpoints.token, data=form, headers=headers, auth=_as_it_is)
        except requests.RequestException as error:
            lost = connection_error(error, label, left=False)
            raise type(lost)(
                f"{label}: no token from {urlsplit(self._endpoints.token).netloc} ({innermost(error)}); "
                "the call was not sent",
                outcome_unknown=False,
                permanent=lost.permanent,
            ) from None
        response = read_response(answer)
        if response.status_code in _REFUSED:
            raise token_refusal(self._dialect, response, self._credentials.secrets)
        if not response.is_success:
            refusal = status_error(self._dialect, response, self._clock.time(), self._credentials.secrets)
            refusal.outcome_unknown = False
            raise refusal
        token, lifetime = _read_token(response.content, label, self._clock.time())
        self._renew_at = started + max(0.0, lifetime - min(EARLY, EARLY_SHARE * lifetime))
        if self._on_token:
            self._on_token(token)
        return token

    def _sign(self, request: requests.PreparedRequest, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"
        request.headers.update(self._dialect.headers(self._credentials))

    def _renew_once(self, answer: requests.Response, **kwargs: Any) -> requests.Response:
        """Answer a 401 by one new token and one repetition; a 401 was not carried out."""
        if answer.status_code != requests.codes.unauthorized:
            return answer
        if self._fixed or not self._dialect.renewable(read_response(answer).error_content):
            return answer
        refused = (answer.request.headers.get("Authorization") or "").removeprefix("Bearer ")
        answer.close()
        again = answer.request.copy()
        again.deregister_hook("response", self._renew_once)
        self._sign(again, self.token(instead_of=refused))
        result: requests.Response = answer.connection.send(again, **kwargs)
        result.history.append(answer)
        return result

    def check_origin(self, url: str) -> None:
        """
        Check that a URL is on a server that may see a token.

        :raises UntrustedHostError: it is not.
        """
        if _origin(url) not in map(_origin, self._endpoints.trusted):
            raise UntrustedHostError(
                f"{_origin(url)} is not the API's own server {_origin(self._endpoints.base)}: "
                "no key or token is sent there"
            )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    if not parts.netloc.isascii():  # as requests writes it: what is compared is what is sent
        prepared = requests.PreparedRequest()
        prepared.prepare_url(url, None)
        return _origin(prepared.url or "")
    return f"{parts.scheme}://{parts.hostname}:{port}".lower()


def _read_token(content: bytes, label: str, now: float) -> tuple[str, float]:
    """Read the token and its lifetime in seconds: numbers, or the texts of such."""
    try:
        body = read_json(content)
    except InvalidResponseError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not _SENDABLE.fullmatch(token):
        error = InvalidResponseError(f"{label}: the answer holds no access_token")
        error.outcome_unknown = False
        raise error
    for name, start in (("expires_in", 0.0), ("expires_on", now)):
        if (said := finite_number(body.get(name))) is not None:
            return token, said - start
    return token, UNSAID_LIFETIME
