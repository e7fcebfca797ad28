"""
The token: fetched, cached, renewed early and after a 401, and sent to one origin only.

Rule: keys and tokens are put on a request here and nowhere else, after the origin has been checked,
so that a session lent to a user is as safe as the client itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from airflow_provider_poweroffice.api.body import TOKEN_BYTES, read_error, read_whole
from airflow_provider_poweroffice.api.call_context import adding, call_context
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.decoding import finite_number, read_json
from airflow_provider_poweroffice.api.dialects.base import Dialect, Endpoints
from airflow_provider_poweroffice.api.failures import status_error, token_refusal
from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.response import is_success
from airflow_provider_poweroffice.api.transport import (
    Session,
    connection_error,
    innermost,
    without_traces,
)
from airflow_provider_poweroffice.errors import (
    APITimeoutError,
    InvalidResponseError,
    PageTooLargeError,
    PowerOfficeError,
    UntrustedHostError,
)

UNSAID_LIFETIME = 600.0  # the example in the official token description
LONGEST_LIFETIME = 86_400.0  # whatever is said: a token of the identity service lives for a day at most
EARLY = 60.0  # seconds; "be proactive when renewing access token": portal page "Requests"
EARLY_SHARE = 0.2  # of a short token's life
_SENDABLE = re.compile(r"[!-~]+")  # in a header; anything else would end up in http.client's message
_REFUSED = frozenset({400, 401})
_STANDS_FOR = {"temporarily_unavailable": 503, "server_error": 500}
"""OAuth's own words for a status that the answer did not have (RFC 6749 §4.1.2.1): no key was refused."""
_LOCK_NAP = 0.25  # seconds
_REMEMBERED = 4  # tokens; one that was replaced is valid for a while, and calls that it signed are under way
_ROUNDS = 3  # tokens that one request is tried with; only a faulty server replaces more meanwhile


class Token:
    """A token, which no ``repr`` shows; frames that may raise hold nothing else of it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def of(cls, request: requests.PreparedRequest) -> Token:
        """Give the token that a request was signed with."""
        return cls((request.headers.get("Authorization") or "").removeprefix("Bearer "))


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
        self._keys = credentials.secrets
        self._session = session
        self._clock = clock
        self._on_token = on_token
        self._lock = threading.Lock()
        fixed = dialect.fixed_token(credentials)
        self._token = Token(fixed) if fixed else None
        self._latest: tuple[Token, ...] = (self._token,) if self._token else ()
        self.is_fixed = bool(fixed)
        """The token was handed in: it is used as it is, and never renewed."""
        self._renew_at = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every text that must not be shown; the latest tokens, as calls with them may be under way."""
        return self._keys + tuple(token.text for token in self._latest)

    @property
    def sent(self) -> tuple[str, ...]:
        """List those that go out with a call: the token in use, and what the API wants in headers."""
        token = self._token
        headers = self._dialect.headers(self._credentials).values()
        return (token.text, *headers) if token else (*headers,)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, which must be for the API itself."""
        self.check_origin(request.url or "")
        self._sign(request, self._valid())
        request.register_hook("response", self._renew)
        return request

    def token(self, *, instead_of: str | None = None) -> str:
        """
        Give a valid token; one caller at a time fetches, the others wait and share.

        :param instead_of: a token the server refused; another one is fetched unless that was done already.
        :raises AuthenticationError: the keys were refused.
        :raises RateLimitError, ServerError, APIConnectionError: as for any call, with
            ``outcome_unknown=False`` since the call itself was not sent.
        """
        return self._valid(None if instead_of is None else Token(instead_of)).text

    def _valid(self, refused: Token | None = None) -> Token:
        """Give a valid token, other than one that was refused."""
        if self._token and self.is_fixed:
            return self._token
        with self._locked():
            stale = self._clock.monotonic() >= self._renew_at
            if self._token is None or stale or self._token == refused:
                self._token = None
                with adding(departure=None):  # what leaves now is not the call
                    self._token = self._fetch()
            return self._token

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait for whoever fetches a token: as long as the call may take, unless this thread is cancelled."""
        context = call_context()
        while not self._lock.acquire(timeout=_LOCK_NAP):
            context.check_cancelled()
            if context.limits and context.limits.seconds_left() <= 0:
                raise APITimeoutError(
                    f"{self._label}: no token before the deadline; the call was not sent",
                    outcome_unknown=False,
                )
        try:
            yield
        finally:
            self._lock.release()

    @property
    def _label(self) -> str:
        return f"POST {urlsplit(self._endpoints.token).path}"

    def _fetch(self) -> Token:
        started = self._clock.monotonic()
        given = self._ask()
        if isinstance(given, PowerOfficeError):
            try:
                raise given
            finally:
                del given  # this frame is in its traceback
        token, lifetime = given
        self._latest = (*self._latest, token)[-_REMEMBERED:]
        self._renew_at = started + max(0.0, lifetime - min(EARLY, EARLY_SHARE * lifetime))
        if self._on_token:
            self._on_token(token.text)
        return token

    def _ask(self) -> tuple[Token, float] | PowerOfficeError:
        """
        Ask for a token, and give it with its lifetime in seconds, or the error.

        The error is raised by the caller, where no frame holds keys.
        """
        headers, form = self._dialect.token_request(self._credentials)
        label = self._label
        try:
            # The no-op auth keeps .netrc out of the request.
            answer = self._session.post(
                self._endpoints.token, data=form, headers=headers, auth=_as_it_is, stream=True
            )
            if not is_success(answer.status_code):
                return self._refusal(answer)
            response = read_whole(answer, TOKEN_BYTES)
        except requests.RequestException as error:
            lost = connection_error(error, label, left=False)
            return type(lost)(
                f"{label}: no token from {urlsplit(self._endpoints.token).netloc} ({innermost(error)}); "
                "the call was not sent",
                outcome_unknown=False,
                permanent=lost.permanent,
            )
        except PageTooLargeError:
            return _unreadable(f"{label}: the answer is larger than {TOKEN_BYTES} bytes, which no token is")
        except InvalidResponseError as error:
            return _unreadable(str(error))
        except PowerOfficeError as error:
            return without_traces(error)
        return _read_token(response.content, label, self._clock.time())

    def _refusal(self, answer: requests.Response) -> PowerOfficeError:
        response = read_error(answer, TOKEN_BYTES)
        if response.status_code in _REFUSED:
            body = response.error_content
            stands_for = _STANDS_FOR.get(str(body.get("error")).lower()) if isinstance(body, dict) else None
            if stands_for is None:
                return token_refusal(self._dialect, response, self._credentials.secrets)
            response = replace(response, status_code=stands_for)
        refusal = status_error(self._dialect, response, self._clock.time(), self._credentials.secrets)
        refusal.outcome_unknown = False
        return refusal

    def _sign(self, request: requests.PreparedRequest, token: Token) -> None:
        request.headers["Authorization"] = f"Bearer {token.text}"
        request.headers.update(self._dialect.headers(self._credentials))

    def _renew(self, answer: requests.Response, **kwargs: Any) -> requests.Response:
        """
        Repeat a call that was refused with 401, and so not carried out, with a new token.

        One new token is fetched for a request; where others replaced it meanwhile, theirs are tried too.
        """
        for turn in range(_ROUNDS):
            if answer.status_code != requests.codes.unauthorized or self.is_fixed:
                break
            if turn and self._token == Token.of(answer.request):
                break  # nobody has a newer one
            body = read_error(answer)
            answer._content, answer._content_consumed = body.content, True  # type: ignore[attr-defined] # noqa: SLF001 - for whoever borrowed the session
            if not self._dialect.token_expired(body.error_content):
                break
            again = answer.request.copy()
            again.deregister_hook("response", self._renew)
            self._sign(again, self._valid(Token.of(answer.request)))
            refused, answer = answer, answer.connection.send(again, **kwargs)
            answer.history = [*refused.history, refused]
        return answer

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


def _unreadable(message: str) -> InvalidResponseError:
    """Say that a token's answer cannot be read; the call itself was not sent."""
    error = InvalidResponseError(message)
    error.outcome_unknown = False
    return error


def _read_token(content: bytes, label: str, now: float) -> tuple[Token, float] | InvalidResponseError:
    """Read the token and its lifetime in seconds: numbers, or the texts of such."""
    try:
        body = read_json(content, label)
    except InvalidResponseError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not _SENDABLE.fullmatch(token):
        return _unreadable(f"{label}: the answer holds no access_token")
    for name, start in (("expires_in", 0.0), ("expires_on", now)):
        seconds = finite_number(body.get(name))
        if seconds is not None:
            return Token(token), min(max(0.0, seconds - start), LONGEST_LIFETIME)
    return Token(token), UNSAID_LIFETIME
