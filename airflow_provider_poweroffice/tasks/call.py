"""One call, or one whole collection, to XCom: what the operators of both APIs have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from airflow_provider_poweroffice.api.options import ON_EXISTS
from airflow_provider_poweroffice.api.read_options import ReadOptions
from airflow_provider_poweroffice.tasks.base import CollectionTask, check_flags, is_literal
from airflow_provider_poweroffice.tasks.preview import check_preview, is_preview
from airflow_provider_poweroffice.tasks.results import (
    MAX_RESULT_BYTES,
    ResultForm,
    check_kind,
    check_limit,
    check_size,
    json_size,
    refuse_minted_keys,
    validate,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects.base import Dialect, PageInfo
    from airflow_provider_poweroffice.api.multipart import Files
    from airflow_provider_poweroffice.api.options import OnExists
    from airflow_provider_poweroffice.api.response import Response
    from airflow_provider_poweroffice.tasks.write_guard import WriteGuard

_OF_PAGES = {
    field.name: field.default
    for field in fields(ReadOptions)
    if field.name in {"page_size", "changed_since", "created_since", "overlap", "on_page_error"}
}
_OF_ONE_CALL: dict[str, Any] = {
    "method": "GET",
    "body": None,
    "files": None,
    "idempotent": None,
    "preview": False,
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked for, and how: made of a task's rendered arguments.

    :param endpoint: path below the base URL.
    :param body: as it is sent.
    """

    method: str
    endpoint: str
    query: Mapping[str, Any] | None
    headers: Mapping[str, str] | None
    body: Any = None


class CallTask(CollectionTask):
    """
    Call the API and push the answer to XCom.

    Errors that a repetition cannot cure end the task at once (``AirflowFailException``, the typed error is
    its cause); transient ones are tried again within the call and then left to the task's retries. A POST
    whose body carries a unique field, such as a reference, is sent again after a lost reply: the server
    refuses a second record, and the existing one is compared with what was sent. Any other POST whose reply
    was lost ends the task, as it may have been carried out. On Airflow 3.3 and later the task remembers in
    its state store what it sent, so that a retry after a killed worker does not double it. See
    docs/writing.md.

    :param method: GET, POST, PUT, PATCH or DELETE (templated).
    :param body: dict or list for JSON, or text or bytes as they stand. A PATCH of PowerOffice v2 takes a list
        of JSON Patch operations (templated).
    :param changes: instead of ``body``, the fields of a record with their new values: sent by PATCH, as JSON
        Patch in PowerOffice v2, where ids are changed and not codes (templated).
    :param compare: with ``changes``: the record is read first, and nothing is sent where nothing differs.
    :param on_exists: what a POST does where the record already exists: ``"same"`` (default) accepts it if it
        is what was sent and fails otherwise, ``"fail"`` fails in both cases, ``"update"`` changes what
        differs.
    :param files: a multipart body instead: form field to the path of a file, local or in an object store,
        such as ``{"file": "s3://aws_default@bucket/receipt.pdf"}``; see docs/operators.md (templated).
    :param response: form of the body: ``"json"`` (default), ``"text"``, ``"bytes"`` (Base64 text in XCom), or
        a type (dataclass, msgspec Struct, pydantic model): it is checked against it and comes as plain JSON.
    :param full: return the whole answer: a dict of ``status_code``, ``headers``, ``body`` in the form of
        ``response``, ``is_success``, ``error_content``, ``outcome_unknown``, and ``count``, the rows of the
        whole list as far as the server counts them; of a POST or PATCH also ``outcome``: ``"created"``,
        ``"updated"`` or ``"unchanged"``.
    :param fail_on_error: False returns such a dict whatever happens, with one warning in the log: what the
        server refused, with its ``error_content``; and no answer, a time-out, refused keys or an answer that
        cannot be read, with the ``error_content`` ``{"type", "message", "outcome_unknown"}``. Wrong arguments
        still fail the task.
    :param paginate: read all pages of a collection; the result is one list. ``page_size``, ``on_page_error``
        and ``paging`` need it; skipped pages are in the XCom ``skipped_pages``.
    :param idempotent: may the call be carried out twice? Default: yes for GET, PUT and DELETE. True lets
        a POST or PATCH be tried again after a 5xx or a lost reply, and turns the state store's guard off.
    :param preview: True sends nothing: the call is checked and returned as it would be sent, see
        :func:`~airflow_provider_poweroffice.tasks.preview.preview_of` (templated, of True and False only).
    :param max_result_bytes: largest result as JSON; None for no limit.
    """

    too_large: ClassVar[str]
    """The way out of a result too large for XCom."""
    template_fields = (*CollectionTask.template_fields, "method", "body", "changes", "files", "preview")
    template_fields_renderers = CollectionTask.template_fields_renderers | {"body": "json", "changes": "json"}

    def __init__(
        self,
        *,
        method: str = "GET",
        body: Any = None,
        changes: Mapping[str, Any] | str | None = None,
        compare: bool = False,
        on_exists: OnExists = "same",
        files: Mapping[str, str] | None = None,
        response: Any = "json",
        full: bool = False,
        fail_on_error: bool = True,
        paginate: bool = False,
        idempotent: bool | None = None,
        preview: bool | str = False,
        max_result_bytes: int | None = MAX_RESULT_BYTES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        from airflow_provider_poweroffice.api.call import check_method

        self.method = check_method(method) if is_literal(method) else method
        if changes is not None and self.method == "GET":
            self.method = "PATCH"
        self.body = body
        self.changes = changes
        self.compare = compare
        self.on_exists = on_exists
        self.files = files
        self.response = response
        self.full = full
        self.fail_on_error = fail_on_error
        self.paginate = paginate
        self.idempotent = idempotent
        self.preview = preview
        self.max_result_bytes = max_result_bytes
        check_flags(self, "full", "fail_on_error", "paginate", "compare")
        if idempotent is not None:
            check_flags(self, "idempotent")
        check_preview(preview)
        self._check_on_exists()
        self._check_changes()
        _check_headers(self.headers)
        check_kind(response)
        check_limit(max_result_bytes)
        self._check_paginate()

    @abstractmethod
    def request(self) -> Request:
        """
        Say what is asked for, by the rendered arguments.

        :raises ValueError: they name nothing that can be asked for.
        """

    def execute(self, context: Context) -> Any:
        """
        Make the call.

        :return: plain JSON, see ``response``.
        """
        from airflow_provider_poweroffice.api.call import check_method
        from airflow_provider_poweroffice.errors import PowerOfficeError
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        with fail_task_when_final():
            self.method = check_method(self.method)
        with self.running(context, self.method, idempotent=self.idempotent) as hook:
            request = self.request()
            refuse_minted_keys(request.endpoint)
            if is_preview(self.preview):
                return self._preview(hook.client, request, context)
            request = msgspec.structs.replace(
                request, body=self.content(hook.client.dialect, request, context)
            )
            try:
                if self.paginate:
                    return self._collect(hook.client, request, context)
                return self._call(hook.client, request, context)
            except PowerOfficeError as error:
                result = self._form.of_error(error, request.method)
                self.log.warning("%s; fail_on_error=False makes that a result", error)
                return result

    def content(self, dialect: Dialect[Any], request: Request, context: Context) -> Any:  # noqa: ARG002
        """
        Give the body to be sent.

        :raises ValueError: ``changes`` that cannot be made, or a text that is to be JSON and is not.
        """
        if self.changes is None:
            if isinstance(self.body, str) and not any(
                n.lower() == "content-type" for n in request.headers or ()
            ):
                _check_json(self.body)
            return self.body
        from airflow_provider_poweroffice.api.writes.changes import patch_of

        if request.method != "PATCH":
            raise ValueError(f"changes need method='PATCH', not {request.method!r}")
        if not isinstance(self.changes, Mapping):
            raise ValueError(f"changes must map fields to their new values, not {self.changes!r}")  # noqa: TRY004
        if dialect.name == "v2":
            return patch_of(dialect.catalogue_name, request.endpoint, self.changes)
        return dict(self.changes)

    @property
    def _form(self) -> ResultForm:
        return ResultForm(
            kind=self.response,
            full=self.full,
            fail_on_error=self.fail_on_error,
            limit=self.max_result_bytes,
            too_large=self.too_large,
        )

    def _call(self, client: Client, request: Request, context: Context) -> Any:
        from airflow_provider_poweroffice.api.retry import is_idempotent

        if request.method == "DELETE":
            return self._delete(client, request, context)
        if self.compare and (found := self._compared(client, request)) is not None:
            return found
        with self._opened(client, request) as files:
            if is_idempotent(request.method, self.idempotent):
                return self._form.of(client, self._send(client, request, files))
            return self._write_once(client, request, files, context)

    def _opened(self, client: Client, request: Request) -> AbstractContextManager[Files | None]:
        """Open the files, which hold no more than the call takes."""
        from airflow_provider_poweroffice.api.uploads import upload_of
        from airflow_provider_poweroffice.tasks.files import MAX_FILE_BYTES, open_files

        upload = upload_of(client.dialect.catalogue_name, request.method, request.endpoint)
        return open_files(self.files, limit=(upload and upload.largest) or MAX_FILE_BYTES)

    def _preview(self, client: Client, request: Request, context: Context) -> dict[str, Any]:
        """
        Check the call and give it as it would be sent.

        :raises ValueError: it is a GET, which writes nothing.
        """
        from airflow_provider_poweroffice.api.writes.reconcile import foresee
        from airflow_provider_poweroffice.tasks.preview import preview_of

        if request.method == "GET" or self.paginate:
            raise ValueError("preview does not go with GET, which writes nothing: name a writing method")

        @contextmanager
        def build(body: Any) -> Iterator[Call]:
            with self._opened(client, request) as files:
                yield self._built(client, msgspec.structs.replace(request, body=body), files)

        def foreseen(call: Call) -> tuple[str, Call | None]:
            if self.compare and self._compared(client, request) is not None:
                return "unchanged", None
            return foresee(client, call, on_exists=self.on_exists)

        result = preview_of(
            client,
            request.method,
            request.endpoint,
            content=lambda: self.content(client.dialect, request, context),
            build=build,
            foresee=foreseen,
        )
        check_size(json_size(result), self.max_result_bytes, "Raise max_result_bytes, or preview less.")
        return result

    def _send(self, client: Client, request: Request, files: Files | None) -> Response:
        from airflow_provider_poweroffice.tasks.company import labelled
        from airflow_provider_poweroffice.tasks.results import told

        call = self._built(client, request, files)
        monotonic = client.connection.clock.monotonic
        began = monotonic()
        answer = client.send(call, idempotent=self.idempotent)
        self.log.info("%s", labelled(self.company, told(client, call.endpoint, answer, monotonic() - began)))
        if rows := more_rows(client.dialect, answer, request.query):
            self.log.warning(
                "%s: the first page only, of %s rows in all; paginate=True reads them all",
                labelled(self.company, request.endpoint),
                rows,
            )
        return answer

    def _built(self, client: Client, request: Request, files: Files | None) -> Call:
        return client.build(
            request.method,
            request.endpoint,
            query=request.query,
            body=request.body,
            files=files,
            headers=request.headers,
            filters=self.filters,
        )

    def _delete(self, client: Client, request: Request, context: Context) -> Any:
        """
        Delete; a missing record counts as deleted where an earlier try of the task may have deleted it.

        That try may have been killed, or have lost its reply. A first try that finds nothing fails.
        """
        from airflow_provider_poweroffice.errors import APIStatusError

        guard = self._guard(request, None, context)
        began = guard.began_before()
        try:
            with nullcontext() if began else guard.sending():
                answer = self._send(client, request, None)
        except APIStatusError as error:
            if not (began and client.dialect.is_missing(error)):
                raise
            self.log.info("%s; an earlier try of this task deleted it", error)
            answer = client.deleted(error)
        result = self._form.of(client, answer)
        with guard.carried_out() as note:
            note.result = result
        return result

    def _compared(self, client: Client, request: Request) -> Any:
        """Read the record to be changed; give it as the result where nothing would change."""
        from airflow_provider_poweroffice.api.writes.compare import differences

        answer = client.request("GET", request.endpoint, query=request.query)
        changes: Mapping[str, Any] = self.changes  # type: ignore[assignment]  # checked in content
        # What the answer lacks is sent: it may be null and left out, or unknown, which the server then says.
        different = differences(changes, answer.body, changes, within=True)
        if different:
            self.log.info("%s: to be changed: %s", request.endpoint, ", ".join(different))
            return None
        self.log.info("%s: nothing is sent, as the record is so already", request.endpoint)
        return self._result(client, answer, "unchanged")

    def _write_once(self, client: Client, request: Request, files: Files | None, context: Context) -> Any:
        from airflow_provider_poweroffice.api.writes.reconcile import check_on_exists, sameness, write_call
        from airflow_provider_poweroffice.errors import PowerOfficeError
        from airflow_provider_poweroffice.tasks.company import labelled
        from airflow_provider_poweroffice.tasks.results import told
        from airflow_provider_poweroffice.tasks.write_guard import write_once

        call = self._built(client, request, files)  # arguments are checked before a note is made
        check_on_exists(client.dialect, call, self.on_exists)
        same = None if self.idempotent is False else sameness(client.dialect, call)
        guard = self._guard(request, files, context, same)
        outcomes: list[str] = []

        def send() -> Response:
            if self.idempotent is False:
                return self._send(client, request, files)
            monotonic = client.connection.clock.monotonic
            began = monotonic()
            written = write_call(client, call, on_exists=self.on_exists, began_before=guard.began)
            line = told(client, call.endpoint, written.answer, monotonic() - began)
            self.log.info("%s, %s", labelled(self.company, line), written.outcome)
            outcomes.append(written.outcome)
            return written.answer

        found = self._uploaded(client, call, waits=()) if guard.is_blind else None
        try:
            if found is None:
                return write_once(guard, send, lambda answer: self._result(client, answer, *outcomes))
        except PowerOfficeError as error:
            if error.outcome_unknown and guard.is_of_this_call:
                found = self._uploaded(client, call)
            if found is None:
                raise
        result = self._result(client, found, "created")
        with guard.carried_out() as note:
            note.result = result
        return result

    def _uploaded(self, client: Client, call: Call, **options: Any) -> Response | None:
        """Look for the file of a call that may have been carried out, where the API lists such files."""
        from airflow_provider_poweroffice.api.writes.attachments import find_upload
        from airflow_provider_poweroffice.errors import PowerOfficeError

        try:
            found = find_upload(client, call, **options)
        except PowerOfficeError as error:
            self.log.warning("whether the file is there could not be looked up: %s", error)
            return None
        if found is not None:
            self.log.info("%s: the file is there, byte for byte; it is not sent again", call.endpoint)
        return found

    def _result(self, client: Client, answer: Response, *outcome: str) -> Any:
        result = self._form.of(client, answer)
        return result | {"outcome": outcome[0]} if outcome and self._form.is_full else result

    def _guard(
        self, request: Request, files: Files | None, context: Context, same: str | None = None
    ) -> WriteGuard:
        from airflow_provider_poweroffice.api.uploads import digest_of
        from airflow_provider_poweroffice.tasks.write_guard import WriteGuard

        return WriteGuard(
            context,
            self.api_conn_id,
            self.company,
            request.method,
            request.endpoint,
            request.query,
            request.body,
            files and {field: (part[0], digest_of(part[1])) for field, part in files.items()},
            request.headers,
            same=same,
            is_stable=self.is_stable,
        )

    @property
    def is_stable(self) -> bool:
        """Tell whether a retry of the task surely makes the same write, whatever its templates give then."""
        return self.method == "PATCH"

    def _collect(self, client: Client, request: Request, context: Context) -> Any:
        from airflow_provider_poweroffice.tasks.company import labelled

        rows: list[Any] = []
        size = 0
        options = self.read_options(
            request.endpoint, query=request.query, headers=request.headers, changed_since=self.changed_since
        )
        with client.read(options) as pages:
            for page in pages:
                found = page.rows if self.response == "json" else validate(page.rows, self.response)
                rows += found
                size += json_size(found)
                # At each page: a large collection is refused early, not after it was read.
                check_size(size, self.max_result_bytes, self.too_large)
        label = labelled(self.company, request.endpoint)
        self.log.info("%s: %d rows, pages: %d", label, pages.rows, pages.pages)
        if pages.skipped and context.get("ti"):
            context["ti"].xcom_push(key="skipped_pages", value=pages.skipped)
        return self._form.of_rows(rows, pages.total_rows)

    def _check_on_exists(self) -> None:
        """
        Check the argument, and that it does something.

        :raises ValueError: names it, its value and what it needs.
        """
        if self.on_exists not in ON_EXISTS:
            raise ValueError(
                f"on_exists must be one of {', '.join(map(repr, ON_EXISTS))}, not {self.on_exists!r}"
            )
        if self.on_exists != "same" and self.idempotent is not None:
            raise ValueError("on_exists goes without idempotent: what is unique in the body decides")
        if self.on_exists != "same" and is_literal(self.method) and self.method != "POST":
            raise ValueError(f"on_exists={self.on_exists!r} needs method='POST', not {self.method!r}")

    def _check_changes(self) -> None:
        """
        Refuse arguments of a change that do not go together.

        :raises ValueError: names the arguments.
        """
        if self.compare and self.changes is None:
            raise ValueError("compare=True needs changes={...}, the fields with their new values")
        if self.changes is None:
            return
        if self.body is not None or self.files is not None:
            raise ValueError("changes exclude body and files: they are the body of a PATCH")
        if is_literal(self.method) and self.method != "PATCH":
            raise ValueError(f"changes need method='PATCH', not {self.method!r}")
        if is_literal(self.changes) and not (isinstance(self.changes, Mapping) and self.changes):
            raise ValueError(f"changes must map fields to their new values, not {self.changes!r}")

    def _check_paginate(self) -> None:
        """
        Refuse arguments that would do nothing: those of pages without ``paginate``, of one call with it.

        :raises ValueError: names the argument and what it needs.
        """
        for name, default in (_OF_ONE_CALL if self.paginate else _OF_PAGES).items():
            if getattr(self, name) != default:
                needs = f"paginate=True needs {name}={default!r}"
                raise ValueError(needs if self.paginate else f"{name} needs paginate=True")
        if not self.paginate and (options := self.paging.changed()):
            raise ValueError(f"paging[{next(iter(options))!r}] needs paginate=True")
        if self.paginate and isinstance(self.response, str) and self.response != "json":
            raise ValueError("paginate=True goes with response='json' or a type")


def _check_json(text: str) -> None:
    import json

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not a number that JSON has")

    try:
        json.loads(text or "null", parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"body is a text that is not JSON ({str(error).partition(':')[0]}): in a template write "
            "{{ ... | tojson }}; what is not meant to be JSON needs a Content-Type in headers"
        ) from None


def _check_headers(headers: Any) -> None:
    """Refuse headers that cannot be sent, unless they are templates."""
    from airflow_provider_poweroffice.api.call import check_headers

    if isinstance(headers, Mapping):
        check_headers({name: value for name, value in headers.items() if is_literal(value)})
    elif is_literal(headers):
        check_headers(headers)


def more_rows(dialect: Dialect[Any], answer: Response, query: Mapping[str, Any] | None) -> str | None:
    """
    Tell whether a list was cut after its first page.

    :param answer: to one call.
    :param query: the query as sent; if it names a page, the caller pages by hand and is not warned.
    :return: how many rows there are in all, or ``"more"``; None when nothing was cut.
    """
    from airflow_provider_poweroffice.api.surrogates import split_rows
    from airflow_provider_poweroffice.errors import InvalidResponseError, PaginationError

    if not (answer.is_success and answer.is_json and answer.content):
        return None
    if any(name.lower() == dialect.page_keys[0].lower() for name in query or {}):
        return None
    try:
        rows, info = dialect.page(answer.headers, answer.content)
        counted = len(split_rows(rows)) if info.total_rows else 0
    except (InvalidResponseError, PaginationError):  # one record, not a list
        return None
    return str(info.total_rows or "more") if _says_more(info, counted) else None


def _says_more(info: PageInfo, counted: int) -> bool:
    """Tell whether a page says that there are more rows than it has."""
    return info.is_last is False or (info.total_pages or 1) > 1 or (info.total_rows or 0) > counted
