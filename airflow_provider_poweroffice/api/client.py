"""
The client: one request, or all pages of a collection.

::

    with Client(Credentials(application_key=..., client_key=..., subscription_key=...)) as client:
        company = client.request("GET", "ClientIntegrationInformation").body
        for page in client.pages("Customers"):
            for customer in page.rows: ...

One client serves one company. It may be used by several threads.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, Unpack

from airflow_provider_poweroffice.api.auth import TokenAuth
from airflow_provider_poweroffice.api.body import ANSWER_BYTES, IN_MEMORY, SpooledResponse
from airflow_provider_poweroffice.api.body_check import check_body, is_described
from airflow_provider_poweroffice.api.call import Call, build_call, encode_query
from airflow_provider_poweroffice.api.change_filter import check_query, since_query
from airflow_provider_poweroffice.api.connection import Connection, ConnectionArguments
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.d365fo.metadata import Entity, entity_key
from airflow_provider_poweroffice.api.dialects.base import Dialect
from airflow_provider_poweroffice.api.filters import with_filters
from airflow_provider_poweroffice.api.multipart import Files
from airflow_provider_poweroffice.api.options import OVERLAP, RetryOptions, check_whole
from airflow_provider_poweroffice.api.pages.opening import open_pages, open_periods
from airflow_provider_poweroffice.api.pages.pages import Pages
from airflow_provider_poweroffice.api.pages.periods import PeriodPages
from airflow_provider_poweroffice.api.read_options import ReadArguments, ReadOptions
from airflow_provider_poweroffice.api.response import Response, answer_of
from airflow_provider_poweroffice.api.sending import Sender
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.api.transport import Session
from airflow_provider_poweroffice.api.uploads import check_upload
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    IncompleteReadError,
    InvalidResponseError,
    PageTooLargeError,
    ResponseTooLargeError,
)

log = logging.getLogger(__name__)


class Client:
    """
    A company's API.

    :param credentials: the API's keys, such as :class:`Credentials`.
    :param options: see :class:`~airflow_provider_poweroffice.api.connection.Connection`.
    :raises ValueError: a key, environment, host or version that cannot be used.
    """

    def __init__(self, credentials: Keys, **options: Unpack[ConnectionArguments]) -> None:
        self.connection = Connection(credentials, **options)
        self._sender = Sender(self.connection)
        self._told: set[str] = set()
        self.entities: dict[str, Entity | None] = {}
        """What Finance & Operations answered of entities, by set; None: it was asked, and did not answer."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, those of the token included."""
        self.connection.close()

    @property
    def dialect(self) -> Dialect[Any]:
        """Give what is special of the API."""
        return self.connection.dialect

    @property
    def auth(self) -> TokenAuth:
        """Give what signs requests."""
        return self.connection.auth

    @property
    def session(self) -> Session:
        """Give an authenticated session below the base URL, to be used by one thread."""
        return self.connection.session

    def request(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        files: Files | None = None,
        headers: Mapping[str, str] | None = None,
        filters: Any = None,
        idempotent: bool | None = None,
        fail_on_error: bool = True,
        max_bytes: int = ANSWER_BYTES,
        retry: RetryOptions | None = None,
    ) -> Response:
        """
        Make one call and give the whole answer.

        :param method: GET, POST, PUT, PATCH or DELETE.
        :param endpoint: path below the base URL, such as ``Customers/42``.
        :param query: filters. None leaves one out; lists are joined by commas; dates, aware datetimes,
            numbers and booleans are written the API's way.
        :param body: dict or list, sent as JSON (a PATCH as ``application/json-patch+json``); text or
            bytes are sent as they stand.
        :param files: a multipart body instead: form field to ``(file name, content[, media type])``; a
            content is bytes or an open file, which is sent piece by piece.
        :param headers: further headers; a ``Content-Type`` here replaces the body's own.
        :param filters: of a GET, see :func:`~airflow_provider_poweroffice.api.filters.filter_text`.
        :param idempotent: may the call be carried out twice? None: yes for GET, PUT and DELETE.
            Decides whether a 5xx or a lost reply is tried again.
        :param fail_on_error: False gives an answer outside 2xx back instead of raising it.
        :param max_bytes: largest body of a 2xx answer, decompressed; of others, 256 KiB are kept.
        :param retry: how often it is tried, instead of the client's own.
        :return: the answer. Of a DELETE that is repeated after a lost reply, and finds nothing any more, one
            with status 204: the record is gone, as was wanted.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises ResponseTooLargeError: the body is larger than ``max_bytes``.
        :raises PowerOfficeError: see :mod:`airflow_provider_poweroffice.errors`.
        """
        call = self.build(
            method, endpoint, query=query, body=body, files=files, headers=headers, filters=filters
        )
        check_whole("max_bytes", max_bytes, 1, None)
        return self.send(
            call, idempotent=idempotent, fail_on_error=fail_on_error, max_bytes=max_bytes, retry=retry
        )

    def build(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        files: Files | None = None,
        headers: Mapping[str, str] | None = None,
        filters: Any = None,
    ) -> Call:
        """
        Check and encode a call, to be sent with :meth:`send`; the arguments are those of :meth:`request`.

        :raises ValueError, TypeError: bad arguments; nothing is sent.
        """
        call = build_call(
            self.dialect, method, endpoint, query=query, body=body, files=files, headers=headers
        )
        if call.method == "GET":
            call = replace(call, query=with_filters(self.dialect.literals, call.query, filters))
            check_query(self.dialect, call.endpoint, call.query)
        elif filters is not None:
            raise ValueError(f"filters go with GET, not {call.method}")
        call = replace(
            call, files=check_upload(self.dialect.catalogue_name, call.method, call.endpoint, call.files)
        )
        problems = check_body(self.dialect.catalogue_name, call.method, call.endpoint, body)
        if strange := one_line(", ".join(str(problem) for problem in problems if problem.kind == "unknown")):
            known = is_described(self.dialect.catalogue_name, call.method, call.endpoint)
            what = "the API drops without a word" if known else "the API's reference does not have"
            self._warn_once(f"{self.connection.label_of(call)}: fields of the body that {what}: {strange}")
        return self._sender.completed(call)

    def send(
        self,
        call: Call,
        *,
        idempotent: bool | None = None,
        fail_on_error: bool = True,
        max_bytes: int = ANSWER_BYTES,
        retry: RetryOptions | None = None,
    ) -> Response:
        """
        Send a call that was built, and give the whole answer; see :meth:`request`.

        :raises PowerOfficeError: see :mod:`airflow_provider_poweroffice.errors`; nothing else is raised.
        """
        try:
            return self._whole(
                self._sender.send(call, idempotent, self._readable, retry=retry, limit=max_bytes)
            )
        except PageTooLargeError as error:
            raise ResponseTooLargeError.of(self.connection.label_of(call), error.size, max_bytes) from None
        except APIStatusError as error:
            if call.method == "DELETE" and error.uncertain_attempts and self.dialect.is_missing(error):
                log.info("%s: gone already: an earlier attempt deleted it", self.connection.label_of(call))
                return self.deleted(error)
            if fail_on_error:
                raise
            return answer_of(error)

    def download(
        self,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = ANSWER_BYTES,
    ) -> SpooledResponse:
        """
        Make one GET whose answer is kept as it came, in a file without a name, whatever its size.

        :param max_bytes: largest body, decompressed.
        :return: the answer without its content, and the file; whoever takes it closes it.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises InvalidResponseError: there is nothing in it, or it is a page for people.
        :raises ResponseTooLargeError: the body is larger than ``max_bytes``.
        :raises PowerOfficeError: as for :meth:`request`.
        """
        call = self.build("GET", endpoint, query=query, headers=headers)
        check_whole("max_bytes", max_bytes, 1, None)
        label = self.connection.label_of(call)
        try:
            found = self._sender.fetch_ahead(call, max_bytes)
        except PageTooLargeError as error:
            raise ResponseTooLargeError.of(label, error.size, max_bytes) from None
        if found.head.is_file:
            return replace(found, head=self._sender.without_secrets(call, found.head))
        # Not a file by its type: it is judged as any answer is, and may be a refusal.
        answer = self._sender.send(call, None, self._readable, spooled=found, limit=max_bytes)
        if not answer.content:
            raise InvalidResponseError(f"{label}: {answer.status_code} with no content to be stored")
        file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by who takes it
        file.write(answer.content)
        return SpooledResponse(answer, file)

    @staticmethod
    def deleted(error: APIStatusError) -> Response:
        """Give the answer to a DELETE whose record an earlier one took away, from the error that says so."""
        return replace(answer_of(error), status_code=HTTPStatus.NO_CONTENT, content=b"", refused=False)

    def pages(self, endpoint: str, **arguments: Unpack[ReadArguments]) -> Pages:
        """
        Read a collection, a page at a time.

        :param endpoint: path of a list, such as ``AccountTransactions``.
        :param arguments: which rows, and how: the options of
            :class:`~airflow_provider_poweroffice.api.read_options.ReadOptions`, without ``split_days``, which
            is :meth:`periods`.
        :return: an iterator of :class:`Page`; an empty collection gives no page.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises PaginationError: a repeated page, or an answer that is not a list.
        :raises PageTooLargeError: a page larger than ``page_bytes`` that cannot be made smaller.
        :raises UntrustedHostError: a page's link leads to another server.
        :raises PowerOfficeError: as for :meth:`request`.
        """
        return self._open(ReadOptions(endpoint=endpoint, **arguments))

    def _warn_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text)

    def periods(self, endpoint: str, *, split_days: int, **arguments: Unpack[ReadArguments]) -> PeriodPages:
        """
        Read a report over a long time in short periods, one after another, as one collection.

        :param split_days: the longest period in days; neighbours share one day, whose rows count once.
        :param arguments: as for :meth:`pages`; ``query`` holds ``fromDate`` and ``toDate`` (``YYYY-MM-DD``,
            both included).
        :return: an iterator of :class:`Page`, as that of :meth:`pages`.
        :raises ValueError: rows of the resource have no key, or bad arguments.
        """
        read = ReadOptions(endpoint=endpoint, split_days=split_days, **arguments)
        return open_periods(self._sender, read, split_days)

    def read(self, options: ReadOptions) -> Pages | PeriodPages:
        """Read a collection by options that were made before, see :meth:`pages` and :meth:`periods`."""
        if options.split_days is None:
            return self._open(options)
        return open_periods(self._sender, options, options.split_days)

    def _open(self, options: ReadOptions) -> Pages:
        ask_key = partial(entity_key, self) if self.dialect.name == "d365fo" else None
        return open_pages(self._sender, options, ask_key)

    def narrow(
        self,
        endpoint: str,
        query: Mapping[str, Any] | None,
        *,
        filters: Any = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
    ) -> dict[str, str]:
        """
        Give the query of one GET as text, with all filters in it; the arguments are those of :meth:`pages`.

        :raises ValueError, TypeError: bad arguments.
        """
        moment = self.since(
            endpoint, changed_since=changed_since, created_since=created_since, overlap=overlap
        )
        narrowed = with_filters(self.dialect.literals, encode_query(query), filters)
        return self.dialect.with_filter(narrowed, moment)

    def _whole(self, response: Response) -> Response:
        """
        Refuse what was read in part only.

        :raises IncompleteReadError: an expanded collection goes on behind a link.
        """
        field = self.dialect.cut_field(response.content) if response.method == "GET" else None
        if field:
            raise IncompleteReadError.of_field(f"{response.method} {response.path}", field)
        return response

    def _readable(self, response: Response) -> Response:
        """
        Decode the body now: a cut one, or a page for people, is noticed while it can be repeated.

        :raises InvalidResponseError: it is not an answer of this API.
        """
        label = f"{response.method} {response.path}"
        if response.is_html:
            raise InvalidResponseError(
                f"{label}: {response.status_code} with an HTML page: a log-in, proxy or maintenance page"
            )
        if problem := self.dialect.no_answer(response):
            raise InvalidResponseError(f"{label}: {response.status_code} {problem}")
        response = replace(response, inner=self.dialect.unwrap(response.content))
        _ = response.body
        return response

    def since(
        self, endpoint: str, *, changed_since: Any = None, created_since: Any = None, overlap: float = OVERLAP
    ) -> dict[str, str]:
        """
        Make the filter that reads what changed, or was created, since a moment.

        The API's filters are strictly greater than, and differ by resource; some resources have none.

        :param changed_since: a timestamp text or an aware datetime; None and empty text give no filter.
        :param created_since: the same for the time of creation.
        :param overlap: seconds to go back from it, as rows may be written later with the same time.
        :return: a query of one filter, or none.
        :raises ValueError: no timestamp, one in the future, or a resource without such a filter; then the
            message says what works instead.
        """
        return since_query(
            self.dialect,
            endpoint,
            changed_since=changed_since,
            created_since=created_since,
            overlap=overlap,
            now=self.connection.clock.time(),
        )
