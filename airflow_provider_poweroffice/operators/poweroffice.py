"""
The operator: one call, or one whole collection, to XCom.

Rule: it assigns in ``__init__`` and decides in ``execute``; HTTP is the client's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.archive import delete_or_archive
from airflow_provider_poweroffice.api.call import check_method
from airflow_provider_poweroffice.api.change_filter import OVERLAP
from airflow_provider_poweroffice.api.options import CONCURRENCY, RetryOptions
from airflow_provider_poweroffice.api.retry import is_idempotent
from airflow_provider_poweroffice.errors import PowerOfficeError
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import PowerOfficeDocsLink
from airflow_provider_poweroffice.tasks.advice import warn_of_unknown
from airflow_provider_poweroffice.tasks.company import CompanyOperator, labelled, report_company
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.files import read_files
from airflow_provider_poweroffice.tasks.page_arguments import (
    check_paging,
    check_refused_delete,
    more_rows,
    open_pages,
)
from airflow_provider_poweroffice.tasks.results import (
    MAX_RESULT_BYTES,
    check_kind,
    check_limit,
    check_size,
    json_size,
    refuse_minted_keys,
    render,
    validate,
)
from airflow_provider_poweroffice.tasks.write_guard import WriteGuard, write_once

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.call import Call, Files
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.pages.pages import Pages
    from airflow_provider_poweroffice.api.pages.periods import PeriodPages
    from airflow_provider_poweroffice.api.response import Response

_TOO_LARGE = "Store it with PowerOfficeToObjectStorageOperator and hand its path to the next task."


class PowerOfficeOperator(CompanyOperator):
    """
    Call PowerOffice Go and push the answer to XCom.

    Errors that a repetition can not cure end the task at once (``AirflowFailException``, the typed error
    is its cause); transient ones are tried again within the call and then left to the task's retries.
    A POST or PATCH whose reply was lost ends the task, as it may have been carried out. On Airflow 3.3
    and later the task remembers in its state store what it sent, so that a retry after a killed worker
    does not send it again.

    :param endpoint: path below the base URL, such as ``Customers/42`` (templated).
    :param method: GET, POST, PUT, PATCH or DELETE.
    :param query: filters; None values are left out, lists are joined by commas (templated).
    :param filters: OData filter of a GET as data, where the API has such; see docs/filters.md (templated).
    :param body: dict or list for JSON, or text or bytes as they stand. A PATCH takes a list of JSON Patch
        operations (templated).
    :param files: a multipart body instead: form field to the path of a file, local or in an object store,
        such as ``{"file": "s3://aws_default@bucket/receipt.pdf"}`` (templated).
    :param headers: further headers (templated).
    :param response: ``"json"`` (default), ``"response"``, ``"text"``, ``"bytes"`` (Base64 text in XCom), or a
        type (dataclass, msgspec Struct, pydantic model): the answer is checked against it and comes as
        plain JSON.
    :param fail_on_error: False returns the whole answer as a dict with ``is_success`` and
        ``error_content``, also when the server said no; no answer at all still raises.
    :param paginate: read all pages of a collection; the result is one list.
    :param changed_since: with ``paginate``, read only what changed since this moment: a timestamp or None
        for everything (templated). The filter of the resource is chosen; some have none.
    :param created_since: the same for the time of creation (templated).
    :param overlap: seconds to go back from that moment; the API's filters are strictly greater than.
    :param split_days: with ``paginate``, read ``fromDate`` to ``toDate`` in periods of so many days at most.
    :param page_size: rows per page, default 5000; at most what the API allows.
    :param first_page: page to begin with.
    :param max_pages: pages to read at most; reaching it is a warning in the log.
    :param concurrency: pages in flight, 1 to 32, default 4; the rows and their order are those of 1.
    :param page_bytes: largest page in bytes, default 16 MiB; larger ones are read as smaller pages.
    :param order_by: order of the pages, default a unique key of the resource.
    :param on_page_error: ``"stop"`` (default), ``"skip"``: leave out a page that fails after all retries,
        with a warning and the XCom ``skipped_pages``, or a callable ``(error, page_number) -> bool``, true
        to skip.
    :param idempotent: may the call be carried out twice? Default: yes for GET, PUT and DELETE. True lets
        a POST or PATCH be tried again after a 5xx or a lost reply, and turns the state store's guard off.
    :param on_refused_delete: ``"fail"`` (default), or ``"archive"``: a v1 record that is in use is archived.
    :param max_result_bytes: largest result as JSON; None for no limit.
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``, see
        :class:`~airflow_provider_poweroffice.api.options.RetryOptions`.
    :param poweroffice_conn_id: the Airflow connection (templated).
    :param company: alias of one of the connection's companies (templated), see docs/companies.md.

    .. seealso:: docs/operators.md
    """

    template_fields: Sequence[str] = (
        "company",
        "endpoint",
        "query",
        "filters",
        "body",
        "files",
        "headers",
        "changed_since",
        "created_since",
        "poweroffice_conn_id",
    )
    template_fields_renderers = {"query": "json", "filters": "json", "body": "json", "headers": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (PowerOfficeDocsLink(),)
    ui_color = "#dcefe4"

    def __init__(
        self,
        *,
        endpoint: str,
        method: str = "GET",
        query: Mapping[str, Any] | None = None,
        filters: Any = None,
        body: Any = None,
        files: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        response: Any = "json",
        fail_on_error: bool = True,
        paginate: bool = False,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        split_days: int | None = None,
        page_size: int | None = None,
        first_page: int | None = None,
        max_pages: int | None = None,
        concurrency: int = CONCURRENCY,
        page_bytes: int | None = None,
        order_by: str | None = "default",
        on_page_error: str | Callable[[PowerOfficeError, int], bool] = "stop",
        idempotent: bool | None = None,
        on_refused_delete: str = "fail",
        max_result_bytes: int | None = MAX_RESULT_BYTES,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        company: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.company = company
        self.endpoint = endpoint
        self.query = query
        self.filters = filters
        self.body = body
        self.files = files
        self.headers = headers
        self.changed_since = changed_since
        self.created_since = created_since
        self.overlap = overlap
        self.split_days = split_days
        self.poweroffice_conn_id = poweroffice_conn_id
        self.method = check_method(method)
        self.response = response
        self.fail_on_error = fail_on_error
        self.paginate = paginate
        self.page_size = page_size
        self.first_page = first_page
        self.max_pages = max_pages
        self.concurrency = concurrency
        self.page_bytes = page_bytes
        self.order_by = order_by
        self.on_page_error = on_page_error
        self.idempotent = idempotent
        self.on_refused_delete = on_refused_delete
        self.max_result_bytes = max_result_bytes
        self.retry_options = RetryOptions.from_mapping(retry_options)
        check_kind(response)
        check_limit(max_result_bytes)
        warn_of_unknown(endpoint)
        refuse_minted_keys(endpoint)
        check_paging(self)
        check_refused_delete(on_refused_delete, self.method)

    @cached_property
    def hook(self) -> PowerOfficeHook:
        """Give the hook of the connection."""
        return PowerOfficeHook(
            self.poweroffice_conn_id, company=self.company, retry_options=self.retry_options
        )

    def execute(self, context: Context) -> Any:
        """
        Make the call.

        :return: plain JSON, see ``response``.
        """
        with (
            fail_task_when_final(self.method, idempotent=self.idempotent),
            report_company(context, self.company),
            self.hook as hook,
        ):
            refuse_minted_keys(self.endpoint)
            if self.paginate:
                return self._collect(hook.client, context)
            files = read_files(self.files)
            if is_idempotent(self.method, self.idempotent):
                return self._result_of(self._send(hook.client, files))
            return self._write_once(hook.client, context, files)

    def _send(self, client: Client, files: Files | None) -> Response:
        if self.on_refused_delete == "archive":
            sent = {"query": self.query, "headers": self.headers}
            return delete_or_archive(client, self.endpoint, **sent, fail_on_error=self.fail_on_error)
        call = self._call(client, files)
        answer = client.send(call, idempotent=self.idempotent, fail_on_error=self.fail_on_error)
        if rows := more_rows(client.dialect, answer, self.query):
            self.log.warning(
                "%s: the first page only, of %s rows in all; paginate=True reads them all",
                labelled(self.company, self.endpoint),
                rows,
            )
        return answer

    def _call(self, client: Client, files: Files | None) -> Call:
        return client.build(
            self.method,
            self.endpoint,
            query=self.query,
            body=self.body,
            files=files,
            headers=self.headers,
            filters=self.filters,
        )

    def _result_of(self, answer: Response) -> Any:
        result = render(answer, self.response if self.fail_on_error else "response")
        check_size(json_size(result), self.max_result_bytes, _TOO_LARGE)
        return result

    def _write_once(self, client: Client, context: Context, files: Files | None) -> Any:
        call = (
            self.poweroffice_conn_id,
            self.company,
            self.method,
            self.endpoint,
            self.query,
            self.body,
            files,
            self.headers,
        )
        self._call(client, files)  # arguments are checked before a note is made
        return write_once(WriteGuard(context, *call), lambda: self._send(client, files), self._result_of)

    def _collect(self, client: Client, context: Context) -> list[Any]:
        rows: list[Any] = []
        size = 0
        with open_pages(client, self, changed_since=self.changed_since) as pages:
            for page in pages:
                found = page.rows if self.response == "json" else validate(page.rows, self.response)
                rows += found
                size += json_size(found)
                # At each page: a large collection is refused early, not after it was read.
                check_size(size, self.max_result_bytes, _TOO_LARGE)
        self._report(pages, context)
        return rows

    def _report(self, pages: Pages | PeriodPages, context: Context) -> None:
        self.log.info(
            "%s: %d rows, pages: %d", labelled(self.company, self.endpoint), pages.rows, pages.pages
        )
        if pages.skipped and context.get("ti"):
            context["ti"].xcom_push(key="skipped_pages", value=pages.skipped)
