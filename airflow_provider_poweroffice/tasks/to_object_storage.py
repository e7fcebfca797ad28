"""
A whole collection to one object, in constant memory.

Rule: pages go to a local spool as they come, and the finished spool to its final name in one step, so
that a killed task leaves the old object or none, and a rerun the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath

from airflow_provider_poweroffice.api.options import is_given
from airflow_provider_poweroffice.storage import FORMATS
from airflow_provider_poweroffice.tasks.base import is_literal
from airflow_provider_poweroffice.tasks.transfer import TransferTask, now

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.pages.page import Page
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.storage.codecs import Spool
    from airflow_provider_poweroffice.tasks.watermark import Increment

_SYNTAX = re.compile(r"[?#*\[\]{}|<>\"\\]|::|%[0-9A-Fa-f]{2}")
"""Queries, fragments, wildcards, other separators, chains of file systems, and percent-encodings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunCopy:
    """
    A copy that may be made.

    :param target: where to, opened.
    :param increment: its watermark, where it keeps one.
    :param since: the moment to read from; None reads everything.
    """

    path: str
    target: ObjectStoragePath
    increment: Increment | None
    since: Any

    @property
    def place(self) -> dict[str, str]:
        """Name the object."""
        return {"path": self.path}


class ToObjectStorage(TransferTask):
    """
    Copy a collection to one object in any store Airflow knows.

    Rows are stored as the server sent them: no number is parsed, ``1.10`` stays ``1.10``. The rows are
    ordered by a unique key, so a rerun over equal data gives equal bytes.

    Returns a receipt: ``{"path", "uri", "bucket", "key", "company", "endpoint", "format", "rows", "pages",
    "bytes", "sha256", "began", "since", "seconds", "watermark", "truncated", "skipped_pages"}``; ``uri``,
    ``bucket`` and ``key`` are what other operators take, without the connection that ``path`` may name;
    ``began`` is a moment in UTC, ``since`` what was read from, None for everything; ``watermark`` is what the
    next ``changed_since`` goes on from: the latest change time seen, but no later than the server's time when
    the read began; ``changed_since`` itself when nothing has changed; None without rows, or when pages were
    left out.

    :param object_path: where to, with a scheme: ``s3://aws_default@bucket/ledger.ndjson.gz``,
        ``file:///data/{{ company }}/ledger.ndjson.gz`` (templated). A task mapped over companies
        must have the company in it. ``{{ ds }}`` is undefined in runs without a logical date;
        ``{{ run_id }}`` is always there.
    :param format: ``"ndjson.gz"`` (one row a line, compressed), ``"ndjson.zst"`` (needs the extra ``zstd``),
        ``"ndjson"``, ``"json pages"``: one JSON array that holds the array of each page as it was sent, or
        ``"parquet"``: typed columns, money as decimal (needs the extra ``parquet``).
    :param fields: types of columns in a Parquet file, over those of the official description: name to
        ``"integer"``, ``"decimal"``, ``"boolean"``, ``"date"``, ``"timestamp"``, ``"text"`` or ``"json"``.
    """

    template_fields = (*TransferTask.template_fields, "object_path")
    writes_object = True
    ui_color = "#d9e8f5"

    def __init__(
        self,
        *,
        object_path: str,
        format: str = "ndjson.gz",  # noqa: A002 - the word of pandas, DuckDB and COPY
        fields: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object_path = object_path
        self.format = format
        self.fields = fields
        if format not in FORMATS:
            raise ValueError(f"unknown format {format!r}; use one of: {', '.join(map(repr, FORMATS))}")
        if fields is not None and format != "parquet":
            raise ValueError(f"fields goes with format='parquet'; the rows of {format!r} have no types")
        check_path_or_template(object_path, format)

    def execute(self, context: Context) -> dict[str, Any]:
        """Copy the collection and give the receipt."""
        with self.running(context) as hook:
            begun = self.begin(context, hook, None, f"{self.dag_id}.{self.task_id}")
            return self.end(context, hook, begun, self.carry_out(hook.client, begun))

    def begin(
        self,
        context: Context,
        hook: ClientHook,  # noqa: ARG002 - a table's load asks the API
        target: None,  # noqa: ARG002 - each object is opened by its path
        name: str,
    ) -> BegunCopy:
        """Begin a copy: open where it goes, and ask Airflow where it goes on from."""
        from airflow_provider_poweroffice.tasks.company import check_company_in

        check_company_in(self.object_path, self.company, context)
        increment = self.increment(context, target=name)
        since = increment.since(full_refresh=self.full_refresh) if increment else self.changed_since
        return BegunCopy(
            path=self.object_path,
            target=open_object_path(self.object_path, self.format),
            increment=increment,
            since=since,
        )

    def carry_out(self, client: Client, begun: BegunCopy) -> dict[str, Any]:
        """Copy the rows, and give the receipt; on any thread, as Airflow is not asked."""
        import tempfile

        from airflow_provider_poweroffice.storage.codecs import Spool
        from airflow_provider_poweroffice.storage.publish import publish
        from airflow_provider_poweroffice.tasks.lineage import moved, object_uri

        began, started = now(), monotonic()
        with self.reading(client, replace(self.read(), changed_since=begun.since)) as reading:
            pages = reading.pages
            with tempfile.TemporaryFile() as file:  # without a name: nothing is left of it, however it ends
                with Spool(file, self.format) as spool:
                    self._write(client, iter(reading), spool)
                    digest = spool.finish()
                publish(file, begun.target)
        uri = object_uri(self.object_path)
        self.moved += moved(client, self.api_conn_id, self.endpoint, uri, rows=pages.rows, size=spool.bytes)
        return {
            **place_of(self.object_path),
            "company": self.company,
            "endpoint": self.endpoint,
            "format": self.format,
            "rows": pages.rows,
            "pages": pages.pages,
            "bytes": spool.bytes,
            "sha256": digest,
            "began": began,
            "since": str(begun.since) if is_given(begun.since) else None,
            "seconds": round(monotonic() - started, 3),
            "watermark": reading.watermark(),
            "truncated": pages.truncated,
            "skipped_pages": pages.skipped,
        }

    def end(
        self, context: Context, hook: ClientHook, begun: BegunCopy, done: dict[str, Any]
    ) -> dict[str, Any]:
        """End a copy: tell Airflow how far it came, and give the receipt."""
        from airflow_provider_poweroffice.tasks.lineage import object_uri, report_lineage
        from airflow_provider_poweroffice.tasks.watermark import emit_asset_event

        report_lineage(hook, self.endpoint, object_uri(self.object_path))
        note = begun.increment.move(begun.since, done["watermark"]) if begun.increment else None
        emit_asset_event(context, self.outlets, done, note)
        self.log.info(
            "%s: %d rows, pages: %d, %d bytes to %s in %.1f s",
            self.label,
            *(done[name] for name in ("rows", "pages", "bytes", "path", "seconds")),
        )
        return done

    def told_kinds(self, client: Client) -> Mapping[str, str]:  # noqa: ARG002 - an API may tell
        """Give the kinds of fields that the API itself tells; rows may say otherwise."""
        return {}

    def _write(self, client: Client, pages: Iterator[Page], spool: Spool) -> None:
        from airflow_provider_poweroffice.storage.codecs import encode

        if self.format != "parquet":
            for data in encode(pages, self.format):
                spool.add(data)
            return
        from airflow_provider_poweroffice.api.catalogue.fields import fields_of
        from airflow_provider_poweroffice.storage.parquet import ParquetFile, write_parquet

        dialect = client.dialect
        resource = dialect.catalogue.find(self.endpoint)
        fields = fields_of(dialect.catalogue_name, self.endpoint)
        key = dialect.key_field(self.endpoint) if resource else ""
        told = {} if fields else self.told_kinds(client)
        write_parquet(ParquetFile(spool, fields, told=told, overrides=self.fields, key=key), pages)


def place_of(path: str) -> dict[str, str | None]:
    """
    Give the names by which other operators take an object.

    :param path: checked, such as ``s3://aws_default@bucket/2026/ledger.ndjson``.
    :return: ``path``; ``uri``, without the connection; ``bucket`` and ``key``, None for a local file.
    """
    scheme, _, place = path.partition("://")
    place = place.rpartition("@")[2] if "@" in place.partition("/")[0] else place
    bucket, _, key = place.partition("/")
    is_local = scheme.lower() in {"file", "local"}
    return {
        "path": path,
        "uri": f"{scheme}://{place}",
        "bucket": None if is_local else bucket,
        "key": None if is_local else key,
    }


_PACKAGES = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "apache-airflow-providers-amazon[s3fs]"),
    **dict.fromkeys(("gs", "gcs"), "apache-airflow-providers-google"),
    **dict.fromkeys(("abfs", "abfss", "adl"), "apache-airflow-providers-microsoft-azure"),
}
_SCHEMES = frozenset(
    ["file", "local", "s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "adl", "wasb", "hdfs"]
)
"""What the providers of Airflow register, looked at when it runs: a file system may open its connection."""


def check_object_path(text: Any, form: str | None) -> str:
    """
    Check where an object is to go, as far as its text says; give what is behind the scheme.

    :param form: of its content; None: any.
    :raises ValueError: no scheme, or one that no installed provider knows; a name that contradicts the
        format, or one that a store would read as another object's.
    """
    if not isinstance(text, str) or "://" not in text:
        raise ValueError(
            f"object_path {text!r} has no scheme; write file:///path or s3://conn_id@bucket/path"
        )
    from airflow.sdk.io import has_fs

    scheme, _, place = text.partition("://")
    if text.endswith("/") or (scheme.lower() in {"file", "local"} and not place.startswith("/")):
        raise ValueError(
            f"object_path {text!r} must be the whole path of an object; local ones begin with file:///"
        )
    if scheme.lower() not in _SCHEMES and not has_fs(scheme.lower()):
        _file_system(text)
    if trouble := _trouble(place):
        raise ValueError(
            f"object_path {text!r} {trouble}: the store would write, or find, another object than this one"
        )
    if form is not None and any(
        text.endswith(end) != form.endswith(end[1:]) for end in (".gz", ".zst", ".parquet")
    ):
        end = {"json pages": ".json"}.get(form, f".{form}")
        raise ValueError(
            f"object_path {text!r} does not fit format={form!r}, as readers go by the name: end it in "
            f"{end!r}, or name another format"
        )
    return place


def check_path_or_template(text: Any, form: str | None) -> None:
    """
    Do the same while a DAG file is read; of a template, with a word in the place of each expression.

    :raises ValueError: as :func:`check_object_path`.
    """
    if is_literal(text):
        check_object_path(text, form)
    elif known := _known_of(text):
        try:
            check_object_path(known, None if text.endswith("}}") else form)
        except ValueError as error:
            raise ValueError(str(error).replace(repr(known), repr(text), 1)) from None


def _known_of(template: Any) -> str | None:
    """Give what a template makes, as far as that is known; None where it may make anything."""
    from jinja2 import Environment, TemplateSyntaxError

    if not isinstance(template, str) or template.startswith("{{"):
        return None
    known = ""
    try:
        for _, kind, value in Environment(autoescape=False).lex(template):  # noqa: S701 - nothing is rendered
            if kind == "data":
                known += value
            elif kind == "variable_begin":
                known += "/x" if known in {"file://", "local://"} else "x"
            elif kind in {"block_begin", "comment_begin"}:
                return None
    except TemplateSyntaxError:
        return None
    return known


def open_object_path(text: str, form: str | None) -> ObjectStoragePath:
    """
    Give the target of a transfer, before anything is read.

    :raises ValueError: see :func:`check_object_path`; or no installed provider knows the scheme.
    """
    place = check_object_path(text, form)
    path = _file_system(text)
    written = place.partition("/")[2]
    if not path.path.endswith(written) or path.name != written.rpartition("/")[2]:
        raise ValueError(f"object_path {text!r} would be written as {path.path!r}; name the object so")
    if path.protocol in {"file", "local"} and path.exists() and not path.is_file():
        raise ValueError(
            f"object_path {text!r} is there and is not a file (a folder or a device); name a file"
        )
    return path


def _file_system(text: str) -> ObjectStoragePath:
    """
    Find what holds an object.

    :raises ValueError: no installed provider knows the scheme.
    """
    try:
        path = ObjectStoragePath(text)
        _ = path.fs
    except (ValueError, ImportError) as error:
        scheme = text.partition("://")[0]
        package = _PACKAGES.get(scheme.lower())
        way_out = f"pip install '{package}'" if package else f"{', '.join(_PACKAGES)} come with providers"
        raise ValueError(
            f"object_path {text!r}: no file system for {scheme}:// is installed ({error}); {way_out}"
        ) from None
    return path


def _trouble(place: str) -> str | None:
    """
    Find what a store, a file system, or a reader of the path takes as syntax, or drops.

    :param place: the path behind its scheme.
    """
    if found := _SYNTAX.search(place):
        hint = (
            " (a template has two, {{ company }}, which are four in an f-string)" if found[0] == "{" else ""
        )
        return f"holds {found[0]!r}{hint}"
    if not place.isprintable():
        return "holds a character that cannot be printed"
    parts = place.removeprefix("/").split("/")  # file:///path has no host
    if "" in parts:
        return "has an empty part"
    for part in parts:
        if part in {".", "..", "None"} or part != part.strip() or part.endswith("."):
            return f"has the part {part!r}"
    return None
