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
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, Unpack

from airflow_provider_poweroffice.api.auth import TokenAuth
from airflow_provider_poweroffice.api.body import ANSWER_BYTES
from airflow_provider_poweroffice.api.call import Call, Files, build_call, encode_query
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of, unknown_fields
from airflow_provider_poweroffice.api.change_filter import NotBefore, check_required, since_query
from airflow_provider_poweroffice.api.change_filter import given as given_moment
from airflow_provider_poweroffice.api.connection import Connection, ConnectionArguments
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.dialects.base import Dialect, Paging, Position
from airflow_provider_poweroffice.api.filters import with_filters
from airflow_provider_poweroffice.api.options import CONCURRENCY, OVERLAP, check_whole
from airflow_provider_poweroffice.api.pages.fetcher import ClientSource
from airflow_provider_poweroffice.api.pages.keys import RowKeys
from airflow_provider_poweroffice.api.pages.page import PageOptions
from airflow_provider_poweroffice.api.pages.pages import PageErrorHandler, Pages
from airflow_provider_poweroffice.api.pages.periods import PeriodPages, split_query, unique_rows
from airflow_provider_poweroffice.api.pages.unique import UniqueRows
from airflow_provider_poweroffice.api.response import Response, answer_of
from airflow_provider_poweroffice.api.sending import Sender
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.api.transport import Session
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    IncompleteReadError,
    InvalidResponseError,
    PageTooLargeError,
    ResponseTooLargeError,
)

log = logging.getLogger(__name__)

_DEFAULT_ORDER = "default"


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
        :param filters: of a GET, see :func:`~airflow_provider_poweroffice.api.filters.filter_text`.
        :param idempotent: may the call be carried out twice? None: yes for GET, PUT and DELETE.
            Decides whether a 5xx or a lost reply is tried again.
        :param fail_on_error: False gives an answer outside 2xx back instead of raising it.
        :param max_bytes: largest body of a 2xx answer, decompressed; of others, 256 KiB are kept.
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
        return self.send(call, idempotent=idempotent, fail_on_error=fail_on_error, max_bytes=max_bytes)

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
            self._check(call.endpoint, call.query)
        elif filters is not None:
            raise ValueError(f"filters go with GET, not {call.method}")
        if strange := list(unknown_fields(body, self._fields_of(call))):
            log.warning(
                "%s: fields of the body that are not known, and that the API drops without a word: %s",
                self.connection.label_of(call),
                one_line(", ".join(strange)),
            )
        return self._sender.completed(call)

    def send(
        self,
        call: Call,
        *,
        idempotent: bool | None = None,
        fail_on_error: bool = True,
        max_bytes: int = ANSWER_BYTES,
    ) -> Response:
        """
        Send a call that was built, and give the whole answer; see :meth:`request`.

        :raises PowerOfficeError: see :mod:`airflow_provider_poweroffice.errors`; nothing else is raised.
        """
        try:
            return self._whole(self._sender.send(call, idempotent, self._readable, limit=max_bytes))
        except PageTooLargeError as error:
            raise ResponseTooLargeError.of(self.connection.label_of(call), error.size, max_bytes) from None
        except APIStatusError as error:
            if call.method == "DELETE" and error.uncertain_attempts and self.dialect.is_missing(error):
                log.info("%s: gone already: an earlier attempt deleted it", self.connection.label_of(call))
                gone = answer_of(error)
                return replace(gone, status_code=HTTPStatus.NO_CONTENT, content=b"", refused=False)
            if fail_on_error:
                raise
            return answer_of(error)

    def pages(
        self,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        page_size: int | None = None,
        first_page: int | None = None,
        max_pages: int | None = None,
        concurrency: int = CONCURRENCY,
        page_bytes: int | None = None,
        order_by: str | None = _DEFAULT_ORDER,
        on_page_error: PageErrorHandler | None = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        filters: Any = None,
        unique: UniqueRows | None = None,
    ) -> Pages:
        """
        Read a collection, a page at a time.

        :param endpoint: path of a list, such as ``AccountTransactions``.
        :param query: filters; the paging names are arguments of their own here.
        :param headers: further headers.
        :param page_size: rows per page; default 5000, at most what the API allows.
        :param first_page: page to begin with; default 1.
        :param max_pages: pages to read at most; when it is reached, a warning is logged and
            ``pages.truncated`` is set.
        :param concurrency: pages in flight, 1 to 32; order and rows are those of 1, which reads one page
            after the other. An API whose pages hang on each other by links is read so in any case.
        :param page_bytes: largest page in bytes, at least 65536; default 16 MiB. A page that is larger, or
            fails for its size, is read again in smaller pages, and so is the rest.
        :param order_by: e.g. ``"Id asc"``; default a unique key of the resource, so that pages do not
            overlap; None sends no order. An ``OrderBy`` in ``query`` counts as this argument.
        :param on_page_error: what to do when a page fails after all retries; default: raise. Refused
            keys, missing privileges and rate limits are always raised.
        :param changed_since: read only what changed since then, see :meth:`since`; rows that come twice
            in this read count once.
        :param created_since: read only what was created since then.
        :param overlap: seconds to go back from it.
        :param filters: see :func:`~airflow_provider_poweroffice.api.filters.filter_text`.
        :param unique: leaves out rows that came before, also in other reads that share it.
        :return: an iterator of :class:`Page`; an empty collection gives no page.
        :raises ValueError, TypeError: bad arguments, before any request.
        :raises PaginationError: a repeated page, or an answer that is not a list.
        :raises PageTooLargeError: a page larger than ``page_bytes`` that cannot be made smaller.
        :raises UntrustedHostError: a page's link leads to another server.
        :raises PowerOfficeError: as for :meth:`request`.
        """
        base = build_call(self.dialect, "GET", endpoint, query=query, headers=headers)
        options = PageOptions.of(
            self.dialect,
            base.endpoint,
            page_size=page_size,
            first_page=first_page,
            max_pages=max_pages,
            concurrency=concurrency,
            page_bytes=page_bytes,
        )
        moment = self.since(
            base.endpoint, changed_since=changed_since, created_since=created_since, overlap=overlap
        )
        given = {name.lower() for name in base.query}
        for name in self.dialect.page_keys:
            if name.lower() in given:
                raise ValueError(f"query must not hold {name!r} here; use page_size and first_page")
        order = self.dialect.default_order(base.endpoint) if order_by == _DEFAULT_ORDER else order_by
        narrowed = with_filters(self.dialect.literals, base.query, filters)
        fixed = self.dialect.with_filter(narrowed, moment)
        resource = self.dialect.catalogue.find(base.endpoint)
        paging = self.dialect.paging_of(base.endpoint)
        whole = paging is Paging.WHOLE
        if order and not whole and self.dialect.order_key.lower() not in given:
            fixed[self.dialect.order_key] = order
        first = Position(number=options.first_page, offset=0)
        self._check(
            base.endpoint, fixed | ({} if whole else self.dialect.page_query(first, options.page_size))
        )
        by_default = order_by == _DEFAULT_ORDER and self.dialect.order_key.lower() not in given
        keys = self._keys_of(base.endpoint) if not whole and (order_by is not None or moment) else None
        listed = (
            {self.dialect.fields_key: ",".join(keys.fields)} if keys and self.dialect.fields_key else None
        )
        key_order = self.dialect.default_order(base.endpoint) if keys and order and not by_default else None
        offset = paging is Paging.OFFSET or (
            paging is Paging.LINKED and max_pages is None and not given & {"$top", "$skip"}
        )
        narrow = {name.lower() for name in fixed} - {self.dialect.order_key.lower()}
        narrow -= {name.lower() for name in (resource.required if resource else ())}
        return Pages(
            ClientSource(
                self._sender,
                replace(base, query=fixed),
                options,
                paged=not whole,
                listed=listed,
                by_key={self.dialect.order_key: key_order} if key_order else None,
            ),
            options,
            label=self.connection.label_of(base),
            on_page_error=on_page_error,
            unique=unique,
            paging=paging,
            ordered=by_default,
            keys=keys,
            overlap=offset and by_default and bool(order) and resource is not None,
            drop_doubled=resource is not None or bool(moment),
            grows_at_end=not narrow
            or (given_moment(created_since) and narrow <= set(map(str.lower, moment))),
            not_before=self._not_before(changed_since, created_since) if moment else None,
        )

    def _fields_of(self, call: Call) -> Mapping[str, BodyField]:
        resource = self.dialect.catalogue.find(call.endpoint)
        return body_of(self.dialect.catalogue_name, call.method, resource.path) if resource else {}

    def _keys_of(self, endpoint: str) -> RowKeys | None:
        fields = self.dialect.key_field(endpoint)
        return RowKeys(fields.split(",")) if fields else None

    def _not_before(self, changed_since: Any, created_since: Any) -> NotBefore:
        name = "changed_since" if given_moment(changed_since) else "created_since"
        value = changed_since if given_moment(changed_since) else created_since
        return NotBefore(name, value, self.connection.clock.time())

    def periods(
        self, endpoint: str, *, split_days: int, query: Mapping[str, Any] | None = None, **options: Any
    ) -> PeriodPages:
        """
        Read a report over a long time in short periods, one after another, as one collection.

        :param split_days: the longest period in days; neighbours share one day, whose rows count once.
        :param query: filters, with ``fromDate`` and ``toDate`` (``YYYY-MM-DD``, both included).
        :param options: as for :meth:`pages`; ``max_pages`` counts for each period.
        :return: an iterator of :class:`Page`, as that of :meth:`pages`.
        :raises ValueError: rows of the resource have no key, or bad arguments.
        """
        if options.get("first_page") is not None:
            raise ValueError("first_page does not go with split_days: each period has its own pages")
        unique = unique_rows(self.dialect.key_field(endpoint))
        queries = split_query(encode_query(query), split_days)
        return PeriodPages(queries, lambda part: self.pages(endpoint, query=part, unique=unique, **options))

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

    def _check(self, endpoint: str, query: dict[str, str]) -> None:
        check_required(self.dialect.catalogue, endpoint, query)
        self.dialect.check_query(endpoint, query)

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
