"""
Every error this package raises for a call to the API, and for a load into a table.

::

    PowerOfficeError                  catch-all; never raised itself
    ├── AuthenticationError           the token endpoint refused the keys
    ├── UntrustedHostError            a URL would take the keys to another origin; nothing was sent
    ├── PaginationError               a collection cannot be read by pages
    │   ├── IncompleteReadError       rows are missing, or moved while they were read; read again
    │   └── PageTooLargeError         a page is larger than page_bytes, and cannot be made smaller
    ├── ResultTooLargeError           an answer too large for XCom; use a transfer
    ├── ResponseValidationError       the answer does not fit the type asked for, or XCom
    ├── FieldTypeError                a value does not fit the type of its field in a Parquet file
    ├── LoadError                     rows cannot be stored in a table; nothing of them was
    │   ├── TypeConflictError         a value does not fit its column
    │   └── TooManyDeletionsError     more rows would be marked as deleted than allowed
    ├── VerificationError             a table of the ledger does not agree with the books; its rows are stored
    ├── InvoiceNotSentError           sending an invoice failed
    │   └── InvoicePendingError       it is not sent yet; a retry goes on waiting
    ├── WaitFailedError               what a sensor waits for has failed: its fail_if is fulfilled
    ├── InvalidBatchError             records that cannot be written; none of the batch was
    ├── BatchFailedError              records of a batch failed; a retry tries those that are not done
    ├── ResponseTooLargeError         a 2xx answer larger than max_bytes; its call was carried out
    ├── UncertainWriteError           a call was sent, and what became of it is not known
    ├── WriteConflictError            a record with the same unique field is there, and is another one
    ├── InvalidResponseError          a 2xx answer that cannot be read (cut JSON, HTML, ...)
    ├── APIConnectionError            no answer
    │   ├── APITimeoutError           no answer in time, or no slot under the rate limit
    │   └── RateLimitStoreError       the Redis server that keeps the rate limit cannot be used
    └── APIStatusError                the server answered with a failure
        ├── BadRequestError           400, 422
        │   └── RefusedError          a 2xx answer whose body reports a failure (PowerOffice v1)
        │       └── DeleteRefusedError    the record is in use; archive it instead
        ├── PermissionDeniedError     401 after a new token, 403
        ├── NotFoundError             404
        ├── ConflictError             409, 412
        ├── RateLimitError            429
        ├── ServerError               5xx
        ├── XppError                  an operation of Finance & Operations threw an exception
        ├── UnexpectedStatusError     a status that the caller did not expect
        └── BusinessFailureError      a 2xx answer that the caller's check refused

Wrong arguments raise the builtin ``ValueError`` or ``TypeError``, before any request.
Messages carry the method, the path without its query, and the vendor's own sentence; never a key,
a token, a header, a query value or a body (a load names the row and the value at fault, a write what its
record is known by). Everything else is an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal


class Answer(Protocol):
    """The answer that an error holds: what a handler reads of a :class:`~.api.response.Response`."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers as sent."""

    @property
    def content(self) -> bytes:
        """The body, decompressed; of an error, its first 256 KiB at most."""

    @property
    def method(self) -> str:
        """The HTTP method of the request, in upper case."""

    @property
    def path(self) -> str:
        """The path of the request, without its query."""

    @property
    def text(self) -> str:
        """The body as text."""

    @property
    def error_content(self) -> Any:
        """The decoded body: a dict for JSON, text, bytes, or None."""


class PowerOfficeError(Exception):
    """Base of all errors of this package."""

    #: True when it is not known whether the server carried the call out: a lost reply, a 5xx.
    outcome_unknown: bool = False
    #: Alias of the company the call was for, where a connection holds several; the message begins with it.
    company: str | None = None
    #: Earlier attempts of the same call that got no clear reply, and may have been carried out.
    uncertain_attempts: int = 0
    #: Attempts made of the call.
    attempts: int = 1

    def __str__(self) -> str:
        """Give the message, which names the company so that the person on call knows which one failed."""
        text, mark = super().__str__(), f"[{self.company}] "
        return text if self.company is None or text.startswith(mark) else mark + text


class AuthenticationError(PowerOfficeError):
    """
    The token endpoint refused the keys.

    :param key: which key is at fault as far as the answer tells: ``"subscription key"`` or
        ``"application key or client key"``.
    :param status: HTTP status of the token endpoint.
    :param code: the machine-readable error, e.g. ``invalid_client``.
    """

    def __init__(self, message: str, *, key: str, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.status = status
        self.code = code


class UntrustedHostError(PowerOfficeError):
    """A request with keys was about to leave for an origin other than the API's; it was not sent."""


class PaginationError(PowerOfficeError):
    """A collection cannot be read by pages: a repeated page, another page than asked for, or no list."""


class IncompleteReadError(PaginationError):
    """Rows are missing: a page came back empty or not at all, or rows moved during the read."""

    @classmethod
    def of_field(cls, label: str, field: str) -> IncompleteReadError:
        """
        Say that an expanded row holds only part of its nested rows.

        :param label: method and path.
        :param field: the expanded collection that the server cut short with a link to the rest.
        """
        return cls(
            f"{label}: {field} is incomplete: the server links to more of its rows. Read them as a "
            f"separate collection instead of with $expand={field}"
        )


class PageTooLargeError(PaginationError):
    """
    A page is larger than ``page_bytes``; the rest of it was not read.

    :param size: bytes of its body, where the server told.
    """

    def __init__(self, message: str, *, size: int | None) -> None:
        super().__init__(message)
        self.size = size

    @classmethod
    def of(cls, size: int | None, limit: int) -> PageTooLargeError:
        """
        Say how large the page is.

        :param size: bytes, None when not known.
        :param limit: the largest that was allowed.
        """
        what = "more" if size is None else f"{size:,} bytes"
        return cls(f"a page is larger than page_bytes={limit}: {what}", size=size)


class ResultTooLargeError(PowerOfficeError):
    """An answer is larger than the operator may put into XCom."""


class ResponseValidationError(PowerOfficeError):
    """
    The answer does not fit the type it was to be validated against, or has what XCom cannot hold.

    The message names the place, and has no values.
    """


class FieldTypeError(PowerOfficeError):
    """
    A value does not fit the type of its field.

    :param field: name of the field.
    :param row: the key of the row, as sent.
    """

    def __init__(self, message: str, *, field: str, row: str) -> None:
        super().__init__(message)
        self.field = field
        self.row = row


class LoadError(PowerOfficeError):
    """
    Rows cannot be stored in a table of a database: the table holds what it held before.

    The database's own error, where there is one, is the ``__cause__``.

    :param table: its name.
    :param row: the key of the row at fault, None where no single row is.
    """

    def __init__(self, message: str, *, table: str, row: str | None = None) -> None:
        super().__init__(message)
        self.table = table
        self.row = row


class TypeConflictError(LoadError):
    """
    A value does not fit its column.

    :param column: its name.
    :param value: as it was sent, cut after 80 bytes.
    """

    def __init__(self, message: str, *, table: str, column: str, row: str, value: str) -> None:
        super().__init__(message, table=table, row=row)
        self.column = column
        self.value = value


class TooManyDeletionsError(LoadError):
    """
    More rows would be marked as deleted than ``max_deletions`` allows: rather a wrong key or query.

    :param gone: rows that would be marked.
    :param rows: rows of the company that are not marked yet.
    """

    def __init__(self, message: str, *, table: str, gone: int, rows: int) -> None:
        super().__init__(message, table=table)
        self.gone = gone
        self.rows = rows


class VerificationError(PowerOfficeError):
    """
    A table of the ledger does not agree with the books, although everything that was read is stored.

    :param accounts: of each account that differs its number, the sum in the table and that in the books.
    :param vouchers: of each voucher that does not sum to zero its number and its sum.
    """

    def __init__(
        self,
        message: str,
        *,
        accounts: Sequence[tuple[int, Decimal, Decimal]],
        vouchers: Sequence[tuple[int, Decimal]],
    ) -> None:
        super().__init__(message)
        self.accounts = accounts
        self.vouchers = vouchers


class InvoiceNotSentError(PowerOfficeError):
    """
    Sending an invoice failed; the message has the vendor's reason.

    :param order_id: of the sales order, and of the invoice if there is one.
    :param last_error: ``LastErrorMessage`` of the order's sent state.
    :param invoice_no: the invoice is in the books, and was not delivered.
    :param repeatable: a retry of the task sends the order again.
    """

    def __init__(
        self,
        message: str,
        *,
        order_id: str,
        last_error: str | None = None,
        invoice_no: int | None = None,
        repeatable: bool = False,
    ) -> None:
        super().__init__(message)
        self.order_id = order_id
        self.last_error = last_error
        self.invoice_no = invoice_no
        self.repeatable = repeatable


class InvoicePendingError(InvoiceNotSentError):
    """An invoice was not sent within the time that was given; a retry of the task goes on waiting."""

    def __init__(self, message: str, *, order_id: str) -> None:
        super().__init__(message, order_id=order_id, repeatable=True)


class WaitFailedError(PowerOfficeError):
    """What a sensor waits for has failed: a record fulfils its ``fail_if``. The message names both."""


class InvalidBatchError(PowerOfficeError):
    """
    Records cannot be written as they are: nothing of the batch was.

    :param problems: each with ``line``, ``message``, ``key`` and ``field``.
    """

    def __init__(self, message: str, *, problems: Sequence[Any]) -> None:
        super().__init__(message)
        self.problems = problems


class BatchFailedError(PowerOfficeError):
    """Records of a batch failed, more than ``max_failures``; another try leaves alone what is done."""


class InvalidResponseError(PowerOfficeError):
    """A successful status with a body that cannot be read; the call itself may have been carried out."""

    outcome_unknown = True


class ResponseTooLargeError(PowerOfficeError):
    """
    A successful status with a body larger than ``max_bytes``, which was not read; the call was carried out.

    :param size: bytes of the body, where the server told.
    """

    outcome_unknown = True

    def __init__(self, message: str, *, size: int | None) -> None:
        super().__init__(message)
        self.size = size

    @classmethod
    def of(cls, label: str, size: int | None, limit: int) -> ResponseTooLargeError:
        """
        Say how large the answer is.

        :param label: method and path without query.
        :param size: bytes, None when not known.
        :param limit: the largest that was allowed.
        """
        what = "more" if size is None else f"{size:,} bytes"
        return cls(
            f"{label}: larger than max_bytes={limit}: {what}. Raise it, or read a list by pages",
            size=size,
        )


class UncertainWriteError(PowerOfficeError):
    """
    A writing call was sent, and what became of it is not known; the last error is the ``__cause__``.

    :param sent_at: when it was sent first, UTC, ISO 8601.
    :param how_to_check: the GET that shows whether it was carried out, in words.
    :param reference: what the record is known by; None where nothing tells it from another one.
    :param repeatable: the same call may be sent again, as the server refuses a second record like it.
    """

    outcome_unknown = True

    def __init__(
        self,
        message: str,
        *,
        sent_at: str,
        how_to_check: str = "",
        reference: str | None = None,
        repeatable: bool = False,
    ) -> None:
        super().__init__(message)
        self.sent_at = sent_at
        self.how_to_check = how_to_check
        self.reference = reference
        self.repeatable = repeatable


class WriteConflictError(PowerOfficeError):
    """
    A record with the same unique field is there, and is not what was sent; nothing was changed.

    :param differences: pointer, such as ``/MailAddress/City``, to what was sent and what is there; empty
        where being there is the conflict.
    :param id: of that record, or a list where there are several; None where it cannot be read.
    """

    def __init__(
        self,
        message: str,
        *,
        id: Any,  # noqa: A002 - the record's own word
        differences: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.id = id
        self.differences = dict(differences or {})


class APIConnectionError(PowerOfficeError):
    """
    No answer.

    :param outcome_unknown: False when the request provably never reached the server (refused
        connection, unknown host, TLS), so that any method may be repeated.
    :param permanent: True when a repetition cannot help (a certificate that is not trusted).
    :param retry_after: seconds before which a repetition cannot help, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome_unknown: bool,
        permanent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown
        self.permanent = permanent
        self.retry_after = retry_after


class APITimeoutError(APIConnectionError):
    """
    No answer in time.

    While waiting for a slot under the rate limit or while connecting (``outcome_unknown=False``), or while
    waiting for the reply.
    """


class RateLimitStoreError(APIConnectionError):
    """The Redis server that keeps the rate limit cannot be used; the call was not sent."""


class APIStatusError(PowerOfficeError):
    """
    The server answered with a status outside 2xx, or with a body that says that the call failed.

    Attributes: ``status`` (int), ``code`` (the machine-readable error, e.g. ``invalid_client``),
    ``title`` and ``detail`` (the vendor's sentences), ``trace_id``, ``retry_after`` (seconds the server
    asks to wait, or None), ``final`` (a repetition cannot help), ``response`` (the whole answer),
    ``error_content`` (its decoded body) and ``request_id`` (the id sent with the call, where the API takes
    one). Errors of Finance & Operations also have ``message``, ``exception_type``, ``inner_type`` and
    ``activity_id``.
    """

    request_id: str | None = None

    def __init__(
        self,
        message: str,
        *,
        response: Answer,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        trace_id: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        final: bool = False,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.response = response
        self.status = response.status_code
        self.code = code
        self.title = title
        self.detail = detail
        self.trace_id = trace_id
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown
        self.final = final
        for name, value in (attributes or {}).items():
            setattr(self, name, value)

    @property
    def error_content(self) -> Any:
        """Give the decoded body of the answer: a dict for JSON, text, bytes, or None."""
        return self.response.error_content


class BadRequestError(APIStatusError):
    """400 or 422: a bad filter, an unknown query name, a validation error, a duplicate reference."""


class RefusedError(BadRequestError):
    """
    A 2xx answer whose body reports a failure: nothing was carried out.

    Attributes: ``summary`` (the vendor's sentence), ``error_log_reference`` (to be given to the vendor's
    support) and ``exception`` (such as ``OData`` or ``ApiUniqueConstraint``); None where the body lacks one.
    """

    summary: str | None = None
    error_log_reference: str | None = None
    exception: str | None = None

    @property
    def errorLogReference(self) -> str | None:  # noqa: N802 - the vendor's own name
        """Give ``error_log_reference``."""
        return self.error_log_reference


class DeleteRefusedError(RefusedError):
    """A refused DELETE: mostly of a record with related data, which can be archived instead."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(
            f"{message.rstrip('.')}; a record in use is archived instead: on_refused_delete='archive', "
            "or send it with isArchived true",
            **facts,
        )


class PermissionDeniedError(APIStatusError):
    """401 although the token is new, or 403: a privilege or the company's module is missing."""


class NotFoundError(APIStatusError):
    """404: an unknown id, code or route, a required date left out, or a URL that is too long."""


class ConflictError(APIStatusError):
    """409 or 412: deleting what is in use, or changing what is already posted."""


class RateLimitError(APIStatusError):
    """429: the call was refused at the gateway and not carried out."""


class ServerError(APIStatusError):
    """5xx: unless the token endpoint said so, the call may have been carried out."""


class XppError(APIStatusError):
    """
    An operation of Finance & Operations threw an exception, so that its work was rolled back; never repeated.

    ``message`` is the infolog, ``exception_type`` the exception's class; support asks for ``activity_id``.
    """


class UnexpectedStatusError(APIStatusError):
    """A status that is none of ``expected_status``; a 2xx among them was carried out."""


class BusinessFailureError(APIStatusError):
    """A 2xx answer that ``response_check`` refused: the call was answered, but says that it failed."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: PermissionDeniedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: BadRequestError,
    429: RateLimitError,
}


def error_class(status: int) -> type[APIStatusError]:
    """Name the error class of an HTTP status."""
    return ServerError if status >= 500 else _BY_STATUS.get(status, APIStatusError)  # noqa: PLR2004 - the HTTP class
