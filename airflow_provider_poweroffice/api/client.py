"""
The client: one request, or all pages of a collection.

::

    with Client(Credentials(application_key=..., client_key=..., subscription_key=...)) as client:
        company = client.request("GET", "ClientIntegrationInformation").body
        for page in client.pages("Customers"):
            for customer in page.rows: ...

One client serves one company. It may be used by one thread at a time; its token is safe to share.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests

from airflow_provider_poweroffice.api.auth import TokenAuth
from airflow_provider_poweroffice.api.call import Call, Files, build_call
from airflow_provider_poweroffice.api.credentials import Credentials
from airflow_provider_poweroffice.api.dialects import DIALECTS
from airflow_provider_poweroffice.api.failures import read_response, status_error
from airflow_provider_poweroffice.api.options import RetryOptions, Timeouts
from airflow_provider_poweroffice.api.paging import Page, PageErrorHandler, PageOptions, Pages, split_page
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import note_uncertain_attempts, retrying
from airflow_provider_poweroffice.api.throttle import Clock, SystemClock, Throttle, shared_throttle
from airflow_provider_poweroffice.api.transport import PacedAdapter, Session, connection_error
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    InvalidResponseError,
    PowerOfficeError,
    RateLimitError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
_DEFAULT_ORDER = "default"


class Client:
    """
    A company's API.

    :param credentials: the three keys.
    :param environment: ``"production"`` or ``"demo"``.
    :param host: another server instead of the vendor's: ``https://host[:port]``, or a base URL that
        ends in ``/v2``.
    :param api_version: which API; ``"v2"``.
    :param retry: see :class:`RetryOptions`.
    :param timeouts: see :class:`Timeouts`.
    :param verify: False trusts any certificate; a path trusts the authorities in that file.
    :param requests_per_second: the limit to keep; default the vendor's 10 per subscription key.
    :param throttle: keeps the limit instead of the one that this process shares per subscription key.
    :param clock: time; a test's own clock moves without waiting.
    :param on_token: told of each new token, so that a log can mask it.
    :raises ValueError: a key, environment, host or version that can not be used.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        environment: str = "production",
        host: str | None = None,
        api_version: str = "v2",
        retry: RetryOptions | None = None,
        timeouts: Timeouts | None = None,
        verify: bool | str = True,
        requests_per_second: float | None = None,
        throttle: Throttle | None = None,
        clock: Clock | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> None:
        if api_version not in DIALECTS:
            raise ValueError(
                f"unknown api_version {api_version!r}; this release speaks: {', '.join(DIALECTS)}"
            )
        self.dialect = DIALECTS[api_version]
        self.endpoints = self.dialect.endpoints(environment, host)
        self.retry = retry or RetryOptions()
        self._clock = clock or SystemClock()
        self._throttle = throttle or shared_throttle(
            credentials.subscription_key,
            urlsplit(self.endpoints.base).netloc,
            self.dialect.requests_per_second if requests_per_second is None else requests_per_second,
        )
        adapter = PacedAdapter(self._throttle, timeouts or Timeouts())
        self.session = Session(self.endpoints.base, adapter, verify=verify)
        self.auth = TokenAuth(
            dialect=self.dialect,
            endpoints=self.endpoints,
            credentials=credentials,
            session=Session(self.endpoints.base, adapter, verify=verify),
            clock=self._clock,
            on_token=on_token,
        )
        self.session.auth = self.auth

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def request(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        files: Files | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        fail_on_error: bool = True,
    ) -> Response:
        """
        Make one call and give the whole answer.

        :param method: GET, POST, PUT, PATCH or DELETE.
        :param endpoint: path below the base URL, such as ``Customers/42``.
        :param query: filters. None leaves one out; lists are joined by commas; dates, aware datetimes,
            numbers and booleans are written the API's way.
        :param body: dict or list, sent as JSON (a PATCH as ``application/json-patch+json``); text or
            bytes are sent as they stand.
        :param files: a multipart body instead: form field to ``(file name, bytes[, media type])``.
        :param headers: further headers; a ``Content-Type`` here replaces the body's own.
        :param idempotent: may the call be carried out twice? None: yes for GET, PUT and DELETE.
            Decides whether a 5xx or a lost reply is tried again.
        :param fail_on_error: False gives an answer outside 2xx back instead of raising it.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises PowerOfficeError: see :mod:`airflow_provider_poweroffice.errors`.
        """
        call = build_call(
            self.dialect, method, endpoint, query=query, body=body, files=files, headers=headers
        )
        try:
            return self._carry_out(call, idempotent, _readable)
        except APIStatusError as error:
            if fail_on_error:
                raise
            return error.response

    def pages(
        self,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        page_size: int | None = None,
        first_page: int | None = None,
        max_pages: int | None = None,
        order_by: str | None = _DEFAULT_ORDER,
        on_page_error: PageErrorHandler | None = None,
    ) -> Pages:
        """
        Read a collection, a page at a time.

        :param endpoint: path of a list, such as ``AccountTransactions``.
        :param query: filters; the paging names are arguments of their own here.
        :param headers: further headers.
        :param page_size: rows per page, 1 to 20000; default 5000.
        :param first_page: page to begin with; default 1.
        :param max_pages: pages to read at most; when it is reached, a warning is logged and
            ``pages.truncated`` is set.
        :param order_by: e.g. ``"Id asc"``; default a unique key of the resource, so that pages do not
            overlap; None sends no order. An ``OrderBy`` in ``query`` counts as this argument.
        :param on_page_error: what to do when a page fails after all retries; default: raise. Refused
            keys, missing privileges and rate limits are always raised.
        :return: an iterator of :class:`Page`; an empty collection gives no page.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises PaginationError: a repeated page, or an answer that is no list.
        :raises PowerOfficeError: as for :meth:`request`.
        """
        options = PageOptions.of(self.dialect, page_size, first_page, max_pages)
        base = build_call(self.dialect, "GET", endpoint, query=query, headers=headers)
        given = {name.lower() for name in base.query}
        for name in self.dialect.page_keys:
            if name.lower() in given:
                raise ValueError(f"query must not hold {name!r} here; use page_size and first_page")
        order = self.dialect.default_order(base.endpoint) if order_by == _DEFAULT_ORDER else order_by
        fixed = dict(base.query)
        if order and self.dialect.order_key.lower() not in given:
            fixed[self.dialect.order_key] = order

        def fetch(number: int) -> Page:
            query = fixed | self.dialect.page_query(number, options.page_size)
            call = Call("GET", base.endpoint, query, None, None, base.headers)
            return self._carry_out(
                call, None, lambda answer: split_page(answer, number, self.dialect.page_info(answer.headers))
            )

        return Pages(fetch, options, label=f"GET {self._path(base)}", on_page_error=on_page_error)

    def _carry_out(self, call: Call, idempotent: bool | None, read: Callable[[Response], T]) -> T:
        """Try a call until it is answered and read, or may not be tried again."""
        uncertain = 0

        def on_wait(error: BaseException, seconds: float) -> None:
            nonlocal uncertain
            if isinstance(error, RateLimitError):
                self._throttle.pause(seconds)
            if call.method != "GET":
                uncertain += bool(getattr(error, "outcome_unknown", False))

        label = f"{call.method} {self._path(call)}"
        loop = retrying(
            self.retry,
            method=call.method,
            label=label,
            idempotent=idempotent,
            clock=self._clock,
            on_wait=on_wait,
        )
        try:
            return loop(lambda: read(self._send(call, label)))
        except PowerOfficeError as error:
            note_uncertain_attempts(error, uncertain)
            raise

    def _send(self, call: Call, label: str) -> Response:
        try:
            answer = self.session.request(
                call.method,
                call.endpoint,
                params=call.query,
                data=call.content,
                files=call.files,
                headers=call.headers,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise connection_error(error, label) from None
        response = read_response(answer)
        if response.is_success:
            return response
        length = len(answer.request.url or "")
        raise status_error(self.dialect, response, self._clock.time(), self.auth.secrets, url_length=length)

    def _path(self, call: Call) -> str:
        return f"{urlsplit(self.endpoints.base).path}/{call.endpoint}"


def _readable(response: Response) -> Response:
    """Decode a JSON body now, so that a cut one is noticed while the call can still be repeated."""
    try:
        _ = response.body
    except ValueError as error:
        raise InvalidResponseError(
            f"{response.method} {response.path}: the answer is no complete JSON ({error})"
        ) from None
    return response
