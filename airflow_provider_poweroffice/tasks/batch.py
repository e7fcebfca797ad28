"""
Many records into PowerOffice Go: what the operators share, from a file and from a query.

Rule: each run has its own folder below ``results_path``. It says what was written, however the task ends, and
the next try continues from there.
"""

from __future__ import annotations

import io
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import MAX_CONCURRENCY, check_whole
from airflow_provider_poweroffice.batches import ACTIONS, FORMATS
from airflow_provider_poweroffice.tasks.base import CompanyTask, check_path, is_literal
from airflow_provider_poweroffice.tasks.preview import check_preview, is_preview
from airflow_provider_poweroffice.tasks.to_object_storage import check_object_path

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

    from airflow_provider_poweroffice.batches.plan import Job
    from airflow_provider_poweroffice.batches.records import Line
    from airflow_provider_poweroffice.hooks.base import ClientHook


_NO_RECORDS = "the input has no records"


class BatchTask(CompanyTask):
    """
    Base of tasks that write many records to one endpoint of PowerOffice Go v2, each once.

    Every record is checked before the first one is written, and all that cannot be written are reported
    together, with their lines. Existing rows are read in bulk and compared, so an unchanged one costs no
    request. A killed or failed task continues where it stopped. An input without records skips the
    task, whose receipt then has no ``path``, and a ``warning`` where the file has 0 bytes, else None.

    Returns a receipt: ``{"path", "uri", "bucket", "key", "company", "endpoint", "action", "records",
    "skipped", "created", "updated", "unchanged", "deleted", "failed", "uncertain", "invalid", "seconds"}``;
    ``path`` is that of the results, one JSON line a record: ``line``, ``key``, ``status``, ``id``,
    ``reference``, ``error``, ``tries``, ``at``. ``skipped`` counts records that the mapping left out. With
    ``preview`` it is ``{"records", "skipped", "counts", "problems", "would"}``.

    :param endpoint: path of a list, such as ``Customers`` (templated).
    :param action: ``"create"``; ``"update"``; ``"upsert"``, which creates what is not there; ``"delete"``.
    :param results_path: folder for the results, such as ``s3://aws_default@bucket/results``; each run makes
        one of its own below it (templated).
    :param key: field of the body that identifies a record, such as ``ExternalNumber``, unique in the input;
        all actions except ``create`` find records by it (templated).
    :param mapping: a dict of templates, shaped as the body; ``row`` is the record, besides it there are
        ``run_id``, ``params`` and ``company``. Or a function from a record to a body, or its dotted name;
        None from it leaves the record out. Default: the record is the body.
    :param lookups: field, such as ``"DepartmentId"`` or ``"VoucherLines.AccountId"``, to a list and a field
        of it, such as ``("Departments", "Code")``: the value that the mapping gives is looked up there, and
        the id of its row is sent.
    :param concurrency: calls under way at once, 1 to 32; 1 keeps the order of the input.
    :param max_failures: records that may fail, or below 1 the share of them; more fail the task. If more than
        that are invalid, nothing is written.
    :param preview: say what would be done, and write nothing (templated, of True and False only).
    """

    template_fields = (*CompanyTask.template_fields, "endpoint", "results_path", "key", "preview")
    none_means_unset = CompanyTask.none_means_unset | {"key"}
    ui_color = "#dcefe4"

    def __init__(
        self,
        *,
        endpoint: str,
        action: str,
        results_path: str,
        key: str | None = None,
        mapping: Mapping[str, Any] | Callable[[dict[str, Any]], Any] | str | None = None,
        lookups: Mapping[str, tuple[str, str]] | None = None,
        concurrency: int = 4,
        max_failures: float = 0,
        preview: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.action = action
        self.results_path = results_path
        self.key = key
        self.mapping = mapping
        self.lookups = lookups
        self.concurrency = concurrency
        self.max_failures = max_failures
        self.preview = preview
        self.warning: str | None = None  # of an input without records: why that may be wrong
        if action not in ACTIONS:
            raise ValueError(f"unknown action {action!r}; use one of: {', '.join(map(repr, ACTIONS))}")
        if key is None and action != "create":
            raise ValueError(
                f"action={action!r} needs key=, a field by which records are found: 'ExternalNumber'"
            )
        check_whole("concurrency", concurrency, 1, MAX_CONCURRENCY)
        check_preview(preview)
        _check_max_failures(max_failures)
        _check_lookups(lookups)
        if not (mapping is None or callable(mapping) or isinstance(mapping, str)):
            from airflow_provider_poweroffice.batches.mapping import compile_mapping

            compile_mapping(mapping, {})
        check_path(self, endpoint, ("poweroffice_v2",))
        if is_literal(results_path):
            _check_folder(results_path)

    @abstractmethod
    def lines(self, folder: ObjectStoragePath, *, store: bool) -> Any:
        """
        Give a context manager with the records.

        :param folder: of the run.
        :param store: something may be stored in it.
        """

    @property
    @abstractmethod
    def source(self) -> str | None:
        """Give the URI of what is read, without a connection; None where it has none."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Write the records, and give the receipt."""
        from airflow_provider_poweroffice._compat import AirflowSkipException
        from airflow_provider_poweroffice.batches.batch import preview, run
        from airflow_provider_poweroffice.tasks.company import labelled
        from airflow_provider_poweroffice.tasks.lineage import report_written
        from airflow_provider_poweroffice.tasks.to_object_storage import place_of
        from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

        started, label = monotonic(), labelled(self.company, self.endpoint)
        with self.running(context, "POST", idempotent=True) as hook:
            only_look = is_preview(self.preview)
            scope, folder = self._place(context, store=not only_look)
            job = self._job(hook, context, scope)
            with self.lines(folder, store=not only_look) as found:
                first = next(found, None)
                if first is None:
                    if not only_look:
                        self._leave_nothing(context)
                    raise AirflowSkipException(f"{label}: {self.warning or _NO_RECORDS}; nothing to do")
                lines = chain([first], found)
                if only_look:
                    return preview(hook.client, job, lines)
                receipt = run(
                    hook.client,
                    job,
                    lines,
                    folder,
                    label=label,
                    concurrency=self.concurrency,
                    max_failures=self.max_failures,
                )
            receipt = place_of(receipt["path"]) | receipt | {"company": self.company}
            receipt["seconds"] = round(monotonic() - started, 3)
            report_written(hook, self.endpoint, self.source)
            emit_asset_event(context, self.outlets, receipt, None)
            return receipt

    def _leave_nothing(self, context: Context) -> None:
        """Leave the receipt of an input without records: a task that is skipped returns none."""
        from airflow_provider_poweroffice.batches.batch import OUTCOMES

        if (ti := context.get("ti")) is not None:
            told = {"path": None, "company": self.company, "endpoint": self.endpoint, "action": self.action}
            counts = dict.fromkeys(("records", "skipped", *OUTCOMES), 0)
            ti.xcom_push(key="return_value", value=told | counts | {"warning": self.warning})

    def _job(self, hook: ClientHook, context: Context, scope: tuple[str, ...]) -> Job:
        from airflow_provider_poweroffice.batches.mapping import compile_mapping
        from airflow_provider_poweroffice.batches.plan import Job

        if hook.client.dialect.name != "v2":
            raise ValueError(
                f"{type(self).__name__} writes to PowerOffice Go v2, and {hook.conn_id!r} is a connection of "
                f"{hook.client.dialect.name}: map PowerOfficeOperator over the records instead"
            )
        names = {"run_id": context["run_id"], "params": context.get("params"), "company": self.company}
        return Job(
            endpoint=self.endpoint.strip("/"),
            action=self.action,
            key=self.key,
            mapper=compile_mapping(self.mapping, names),
            lookups={field: (place[0], place[1]) for field, place in (self.lookups or {}).items()},
            scope="/".join((*scope, self.company or "")),
        )

    def _place(self, context: Context, *, store: bool) -> tuple[tuple[str, ...], ObjectStoragePath]:
        """
        Name this task of this run, and give the folder that it has.

        A mapped task that is cleared with another list of companies may have another index now: it continues
        where its company had the same work to do.

        :param store: something may be stored in the folder.
        """
        from airflow_provider_poweroffice.batches.results import index_of

        run = (self.dag_id, self.task_id, str(context["run_id"]))
        index = getattr(context.get("ti"), "map_index", None)
        mapped = () if index in {None, -1} else (str(index),)
        folder = self._folder((*run, *((self.company,) if self.company else ())))
        if self.company and mapped:
            mapped = (index_of(folder, mapped[0], self._work(), store=store),)
        for part in mapped:
            folder = folder / part
        return (*run, *mapped), folder

    def _work(self) -> str:
        """Give a fingerprint of the work, the same for each company and index."""
        import hashlib

        names = ("endpoint", "action", "key", "lookups", "object_path", "format", "sql_conn_id", "sql")
        work = [getattr(self, name, None) for name in (*names, "parameters")]
        mapping = getattr(self.mapping, "__qualname__", None) or self.mapping
        return hashlib.sha256(repr([*work, mapping]).encode()).hexdigest()

    def _folder(self, parts: tuple[str, ...]) -> ObjectStoragePath:
        from airflow_provider_poweroffice.tasks.to_object_storage import open_object_path

        names = "/".join((self.results_path.rstrip("/"), *map(_file_name, parts), "results.ndjson"))
        return open_object_path(names, None).parent


def _file_name(part: str) -> str:
    """Turn a name into the name of a folder, a different one for each."""
    import hashlib

    plain = re.sub(r"[^\w+-]+", "-", part)
    return plain if plain == part else f"{plain}-{hashlib.sha256(part.encode()).hexdigest()[:8]}"


def _check_max_failures(most: object) -> None:
    if isinstance(most, bool) or not isinstance(most, (int, float)) or not most >= 0:
        raise ValueError(f"max_failures must be a count, or a share below 1, not {most!r}")


def _check_lookups(lookups: object) -> None:
    if lookups is None:
        return
    if not isinstance(lookups, Mapping) or not all(
        isinstance(place, (list, tuple)) and len(place) == len(("list", "field"))
        for place in lookups.values()
    ):
        raise ValueError(
            "lookups must map a field to a list and a field of it, such as "
            f"{{'DepartmentId': ('Departments', 'Code')}}, not {lookups!r}"
        )


class FileBatch(BatchTask):
    """
    Write the records of a file to PowerOffice Go v2: all of :class:`BatchTask`.

    :param object_path: the file, such as ``s3://aws_default@bucket/customers.csv``, or a local one below
        ``[poweroffice] file_roots`` of the worker (templated). Records of NDJSON are its lines, of CSV its
        rows by the names of the header (UTF-8; commas, semicolons or tabs; an empty cell is None), of JSON
        the objects of one array, which is read whole.
    :param format: ``"ndjson"``, ``"csv"``, ``"json"`` or ``"parquet"`` (needs the extra ``parquet``); default
        by the end of the name, with ``.gz`` or ``.zst`` (needs the extra ``zstd``) behind it or not.
    """

    template_fields = (*BatchTask.template_fields, "object_path")

    def __init__(self, *, object_path: str, format: str | None = None, **kwargs: Any) -> None:  # noqa: A002 - as pandas
        super().__init__(**kwargs)
        self.object_path = object_path
        self.format = format
        if format is not None and format not in FORMATS:
            raise ValueError(f"unknown format {format!r}; use one of: {', '.join(map(repr, FORMATS))}")
        if is_literal(object_path):
            from airflow_provider_poweroffice.batches.records import format_of

            check_object_path(object_path, None)
            format_of(object_path, format)

    @property
    def source(self) -> str | None:
        """Name the file."""
        from airflow_provider_poweroffice.tasks.lineage import object_uri

        return object_uri(self.object_path)

    @contextmanager
    def lines(self, folder: ObjectStoragePath, *, store: bool) -> Iterator[Iterator[Line]]:  # noqa: ARG002
        """Read the file."""
        from airflow_provider_poweroffice.batches.records import format_of, read_records
        from airflow_provider_poweroffice.tasks.files import open_source

        form = format_of(self.object_path, self.format)
        _, source = open_source("object_path", self.object_path)
        with source:
            file = io.BufferedReader(source)  # type: ignore[type-var]
            if not file.peek(1):
                self._begin_empty(form)
            yield _naming(self.object_path, read_records(file, form))

    def _begin_empty(self, form: str) -> None:
        """
        Warn of a file of 0 bytes, which a program that was ended early leaves.

        :raises ValueError: it is no file of its format.
        """
        if form != "ndjson":
            raise ValueError(f"object_path: {self.object_path!r} is empty (0 bytes), which no {form} is")
        self.warning = (
            f"{self.object_path!r} is empty (0 bytes): no records, unless what writes it was ended early"
        )
        self.log.warning("%s", self.warning)


class QueryBatch(BatchTask):
    """
    Write the rows of a query to PowerOffice Go v2: all of :class:`BatchTask`.

    The rows are first stored in the folder of the run: once they are found valid and sending has begun,
    retries and cleared tasks work on the stored rows.

    :param sql_conn_id: the Airflow connection of the database (templated).
    :param sql: one query, or the path of a file ``.sql`` with it; ``row`` has its columns (templated).
    :param parameters: of the query, as the database's driver takes them (templated).
    """

    template_fields = (*BatchTask.template_fields, "sql_conn_id", "sql", "parameters")
    template_fields_renderers = {"sql": "sql", "parameters": "json"}  # noqa: RUF012
    template_ext = (".sql",)
    source = None

    def __init__(self, *, sql_conn_id: str, sql: str, parameters: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql_conn_id = sql_conn_id
        self.sql = sql
        self.parameters = parameters

    @contextmanager
    def lines(self, folder: ObjectStoragePath, *, store: bool) -> Iterator[Iterator[Line]]:
        """Read the rows that are stored, or ask for them and store them."""
        import tempfile

        from airflow_provider_poweroffice.batches.records import read_records
        from airflow_provider_poweroffice.storage.codecs import Spool
        from airflow_provider_poweroffice.storage.publish import publish

        stored = folder / "rows.ndjson.gz"
        # As long as nothing was begun, the table may have been corrected.
        if store and (folder / "batch.json").exists() and stored.exists():
            with stored.open("rb") as earlier:
                yield read_records(earlier, "ndjson.gz")
            return
        with tempfile.TemporaryFile() as file:
            with Spool(file, "ndjson.gz") as spool:
                for line in self._rows():
                    spool.add(line)
                spool.finish()
            if store:
                publish(file, stored)
            file.seek(0)
            yield read_records(file, "ndjson.gz")

    def _rows(self) -> Iterator[bytes]:
        """
        Ask the database; a row is a line of JSON, numbers exactly.

        :raises ValueError: it is not a query, or two columns have the same name.
        :raises TypeError: a value is of a kind that JSON cannot hold.
        """
        from contextlib import closing

        from airflow_provider_poweroffice.hooks.database import database_hook

        with closing(database_hook(self.sql_conn_id).get_conn()) as connection:
            cursor = (
                connection.cursor()
            )  # closed with it: alone, one of MySQL's refuses while rows are unread
            cursor.execute(self.sql, *(() if self.parameters is None else (self.parameters,)))
            if cursor.description is None:
                raise ValueError("sql gives no rows: it must be one query, such as a select")
            names = [column[0] for column in cursor.description]
            if twice := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"sql gives two columns of the name {twice[0]!r}: rename one with AS")
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    values = row.values() if isinstance(row, Mapping) else row
                    yield _json_of(dict(zip(names, values, strict=True))) + b"\n"


def _naming(path: str, lines: Iterator[Line]) -> Iterator[Line]:
    """Name the file in the error of one that cannot be read as a whole."""
    try:
        yield from lines
    except ValueError as error:
        raise ValueError(f"object_path: {path!r}: {error}") from None


def _json_of(row: dict[str, Any]) -> bytes:
    """
    Write a row as JSON; NaN and infinity stay in it, and make its record unreadable.

    :raises TypeError: names the column whose value JSON cannot hold, or would hold in Base64.
    """
    from airflow_provider_poweroffice.api.call import encode_json
    from airflow_provider_poweroffice.batches.plan import has_bytes

    for name, value in row.items():
        if has_bytes(value):
            raise _no_json(name, value)
    try:
        return encode_json(row)
    except ValueError:
        pairs = (encode_json(name) + b":" + _or_nan(value) for name, value in row.items())
        return b"{%b}" % b",".join(pairs)
    except TypeError:
        for name, value in row.items():
            try:
                encode_json(value)
            except TypeError:
                raise _no_json(name, value) from None
        raise


def _or_nan(value: object) -> bytes:
    from airflow_provider_poweroffice.api.call import encode_json

    try:
        return encode_json(value)
    except ValueError:
        return b"NaN"


def _no_json(name: str, value: object) -> TypeError:
    kind = type(value).__name__
    return TypeError(f"sql: the column {name!r} holds a {kind}: cast it in the query, or leave it out")


def _check_folder(results_path: object) -> None:
    if not isinstance(results_path, str):
        raise TypeError(f"results_path must be the URI of a folder, not {type(results_path).__name__}")
    try:
        check_object_path(f"{results_path.rstrip('/')}/results.ndjson", None)
    except ValueError as error:
        raise ValueError(f"results_path: {error}") from None
