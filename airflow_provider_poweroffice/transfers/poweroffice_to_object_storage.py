"""
The transfer: a whole collection to one object, in constant memory.

Rule: pages go to a local spool as they come, and the finished spool to its final name in one step, so
that a killed task leaves the old object or none, and a rerun the new one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath

from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.change_filter import OVERLAP
from airflow_provider_poweroffice.api.options import CONCURRENCY, RetryOptions
from airflow_provider_poweroffice.errors import PowerOfficeError
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import PowerOfficeDocsLink
from airflow_provider_poweroffice.storage.codecs import FORMATS, Spool, encode
from airflow_provider_poweroffice.storage.publish import publish
from airflow_provider_poweroffice.tasks.advice import warn_of_unknown
from airflow_provider_poweroffice.tasks.collection import Reading
from airflow_provider_poweroffice.tasks.company import (
    CompanyOperator,
    check_company_in,
    labelled,
    report_company,
)
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.lineage import object_uri, report_lineage
from airflow_provider_poweroffice.tasks.page_arguments import check_reading
from airflow_provider_poweroffice.tasks.watermark import (
    announce,
    check_incremental,
    increment_of,
    with_asset,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.api.pages.page import Page

_SYNTAX = re.compile(r"[?#*\[\]{}|<>\"\\]|::|%[0-9A-Fa-f]{2}")
"""Queries, fragments, wildcards, other separators, chains of file systems, and percent-encodings."""


class PowerOfficeToObjectStorageOperator(CompanyOperator):
    """
    Copy a collection of PowerOffice Go to one object in any store Airflow knows.

    Rows are stored as the server sent them: no number is parsed, ``1.10`` stays ``1.10``. The rows are
    ordered by a unique key, so a rerun over equal data gives equal bytes.

    Returns a receipt: ``{"path", "company", "endpoint", "format", "rows", "pages", "bytes", "sha256",
    "seconds", "watermark", "truncated", "skipped_pages"}``; ``watermark`` is what the
    next ``changed_since`` goes on from: the latest ``LastChangedDateTimeOffset`` seen, but no later than the
    server's time when the read began; ``changed_since`` itself when nothing has changed; None without rows,
    or when pages were left out.

    :param endpoint: path of a list, such as ``AccountTransactions`` (templated).
    :param object_path: where to, with a scheme: ``s3://aws_default@bucket/ledger.ndjson.gz``,
        ``file:///data/{{ company }}/ledger.ndjson.gz`` (templated). A task mapped over companies
        must have the company in it. ``{{ ds }}`` is undefined in runs without a logical date;
        ``{{ run_id }}`` is always there.
    :param query: filters (templated).
    :param filters: OData filter as data, for APIs that have ``$filter``; see docs/filters.md (templated).
    :param headers: further headers (templated).
    :param format: ``"ndjson.gz"`` (one row a line, compressed), ``"ndjson"``, ``"json pages"``: one JSON
        array that holds the array of each page as it was sent, or ``"parquet"``: typed columns, money as
        decimal (needs the extra ``parquet``).
    :param fields: types of columns in a Parquet file, over those of the official description: name to
        ``"integer"``, ``"decimal"``, ``"boolean"``, ``"date"``, ``"timestamp"``, ``"text"`` or ``"json"``.
    :param changed_since: read only what changed since this moment: a timestamp or None
        for everything (templated). The filter of the resource is chosen; some have none.
    :param created_since: the same for the time of creation (templated).
    :param incremental: read only what changed since the last run of this task; the first reads everything.
        The watermark is kept with the asset ``poweroffice://<connection>/<endpoint>``: docs/increments.md.
    :param full_refresh: read everything this time all the same, e.g. ``"{{ params.full_refresh }}"``
        (templated).
    :param overlap: seconds to go back from that moment; the API's filters are strictly greater than.
    :param split_days: read ``fromDate`` to ``toDate`` of the query in periods of so many days at most, as one
        collection.
    :param page_size: rows per page, default 5000; at most what the API allows.
    :param first_page: page to begin with.
    :param max_pages: pages to read at most; reaching it is a warning and ``truncated`` in the receipt.
    :param concurrency: pages in flight, 1 to 32, default 4; the rows and their order are those of 1.
    :param page_bytes: largest page in bytes, default 16 MiB; larger ones are read as smaller pages.
    :param order_by: order of the pages, default a unique key of the resource.
    :param on_page_error: ``"stop"`` (default), ``"skip"`` (recorded in the receipt) or a callable
        ``(error, page_number) -> bool``, true to skip.
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``.
    :param poweroffice_conn_id: the Airflow connection (templated).
    :param company: alias of one of the connection's companies (templated), see docs/companies.md.

    .. seealso:: docs/operators.md
    """

    template_fields: Sequence[str] = (
        "company",
        "endpoint",
        "object_path",
        "query",
        "filters",
        "headers",
        "changed_since",
        "created_since",
        "full_refresh",
        "poweroffice_conn_id",
    )
    template_fields_renderers = {"query": "json", "filters": "json", "headers": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (PowerOfficeDocsLink(),)
    ui_color = "#d9e8f5"

    def __init__(
        self,
        *,
        endpoint: str,
        object_path: str,
        query: Mapping[str, Any] | None = None,
        filters: Any = None,
        headers: Mapping[str, str] | None = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        incremental: bool = False,
        full_refresh: bool | str = False,
        split_days: int | None = None,
        format: str = "ndjson.gz",  # noqa: A002 - the word of pandas, DuckDB and COPY
        fields: Mapping[str, str] | None = None,
        page_size: int | None = None,
        first_page: int | None = None,
        max_pages: int | None = None,
        concurrency: int = CONCURRENCY,
        page_bytes: int | None = None,
        order_by: str | None = "default",
        on_page_error: str | Callable[[PowerOfficeError, int], bool] = "stop",
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        company: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            **with_asset(kwargs, incremental=incremental, endpoint=endpoint, conn_id=poweroffice_conn_id)
        )
        self.company = company
        self.endpoint = endpoint
        self.object_path = object_path
        self.query = query
        self.filters = filters
        self.headers = headers
        self.changed_since = changed_since
        self.created_since = created_since
        self.overlap = overlap
        self.incremental = incremental
        self.full_refresh = full_refresh
        self.split_days = split_days
        self.poweroffice_conn_id = poweroffice_conn_id
        self.format = format
        self.fields = fields
        self.page_size = page_size
        self.first_page = first_page
        self.max_pages = max_pages
        self.concurrency = concurrency
        self.page_bytes = page_bytes
        self.order_by = order_by
        self.on_page_error = on_page_error
        self.retry_options = RetryOptions.from_mapping(retry_options)
        if format not in FORMATS:
            raise ValueError(f"unknown format {format!r}; use one of: {', '.join(map(repr, FORMATS))}")
        if fields is not None and format != "parquet":
            raise ValueError(f"fields goes with format='parquet'; the rows of {format!r} have no types")
        check_reading(self)
        check_incremental(self)
        warn_of_unknown(endpoint)

    @cached_property
    def hook(self) -> PowerOfficeHook:
        """Give the hook of the connection."""
        return PowerOfficeHook(
            self.poweroffice_conn_id, company=self.company, retry_options=self.retry_options
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Copy the collection and give the receipt."""
        with fail_task_when_final(), report_company(context, self.company):
            check_company_in(self.object_path, self.company, context)
            increment = increment_of(self, context, target=f"{self.dag_id}.{self.task_id}")
            since = increment.since(full_refresh=self.full_refresh) if increment else self.changed_since
            receipt = self._copy(since)
            note = increment.move(since, receipt["watermark"]) if increment else None
            announce(context, self.outlets, receipt, note)
            return receipt

    def _copy(self, since: Any) -> dict[str, Any]:
        started = monotonic()
        target = object_path(self.object_path, self.format)
        with (
            self.hook as hook,
            Reading(hook.client, self, changed_since=since) as reading,
        ):
            pages = reading.pages
            with tempfile.TemporaryFile() as file:  # without a name: nothing is left of it, however it ends
                with Spool(file, compress=self.format.endswith(".gz")) as spool:
                    self._write(hook.client.dialect, iter(reading), spool)
                    digest = spool.finish()
                publish(file, target)
            report_lineage(hook, self, object_uri(self.object_path))
        receipt = {
            "path": self.object_path,
            "company": self.company,
            "endpoint": self.endpoint,
            "format": self.format,
            "rows": pages.rows,
            "pages": pages.pages,
            "bytes": spool.bytes,
            "sha256": digest,
            "seconds": round(monotonic() - started, 3),
            "watermark": reading.watermark(),
            "truncated": pages.truncated,
            "skipped_pages": pages.skipped,
        }
        self.log.info(
            "%s: %d rows, pages: %d, %d bytes to %s in %.1f s",
            labelled(self.company, self.endpoint),
            *(receipt[name] for name in ("rows", "pages", "bytes", "path", "seconds")),
        )
        return receipt

    def _write(self, dialect: Dialect[Any], pages: Iterator[Page], spool: Spool) -> None:
        if self.format != "parquet":
            for data in encode(pages, self.format):
                spool.add(data)
            return
        from airflow_provider_poweroffice.storage.parquet import ParquetFile, write_parquet  # noqa: PLC0415

        resource = dialect.catalogue.find(self.endpoint)
        fields = fields_of(dialect.catalogue_name, self.endpoint)
        key = dialect.key_field(self.endpoint) if resource else ""
        write_parquet(ParquetFile(spool, fields, overrides=self.fields, key=key), pages)


def object_path(text: str, form: str) -> ObjectStoragePath:
    """
    Check where an object is to go, before anything is read.

    :raises ValueError: no scheme, a scheme that no installed provider knows, or a name that
        contradicts the format.
    """
    if not isinstance(text, str) or "://" not in text:
        raise ValueError(
            f"object_path {text!r} has no scheme; write file:///path or s3://conn_id@bucket/path"
        )
    if text.endswith("/") or (text.startswith("file://") and not text.startswith("file:///")):
        raise ValueError(
            f"object_path {text!r} must be the whole path of an object; local ones begin with file:///"
        )
    if trouble := _trouble(text.partition("://")[2]):
        raise ValueError(
            f"object_path {text!r} {trouble}: the store would write, or find, another object than this one"
        )
    if any(text.endswith(end) != form.endswith(end[1:]) for end in (".gz", ".parquet")):
        raise ValueError(f"object_path {text!r} does not fit format={form!r}: its readers go by the name")
    try:
        path = ObjectStoragePath(text)
        _ = path.fs
    except (ValueError, ImportError) as error:
        scheme = text.partition("://")[0]
        raise ValueError(
            f"object_path {text!r}: no file system for {scheme}:// is installed ({error}); "
            "s3, gs and abfs come with the Amazon, Google and Azure providers"
        ) from None
    written = text.partition("://")[2].partition("/")[2]
    if not path.path.endswith(written) or path.name != written.rpartition("/")[2]:
        raise ValueError(f"object_path {text!r} would be written as {path.path!r}; name the object so")
    return path


def _trouble(place: str) -> str | None:
    """
    Find what a store, a file system, or a reader of the path takes as syntax, or drops.

    :param place: the path behind its scheme.
    """
    if found := _SYNTAX.search(place):
        return f"holds {found[0]!r}"
    if not place.isprintable():
        return "holds a character that cannot be printed"
    parts = place.removeprefix("/").split("/")  # file:///path has no host
    if "" in parts:
        return "has an empty part"
    for part in parts:
        if part in {".", "..", "None"} or part != part.strip() or part.endswith("."):
            return f"has the part {part!r}"
    return None
