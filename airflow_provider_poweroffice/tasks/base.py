"""
What the tasks of this package have in common.

Each class adds to the one before: ``RenderedOperator`` (templates), ``CompanyTask`` (a connection and a
company), ``ReadTask`` (which rows), ``CollectionTask`` (a whole list, page by page). They know no API; the
classes that users write add the connection: ``poweroffice_conn_id`` or ``d365fo_conn_id``.

Rule: tasks assign in ``__init__`` what they are given, the object itself and never a copy, as Airflow tells
data from templates by its identity; they decide in ``execute``. DAG files import this folder, so what only a
run needs is imported when it runs.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_poweroffice.api.options import OVERLAP, RetryOptions
from airflow_provider_poweroffice.api.read_options import PagingOptions, ReadOptions, check_on_page_error
from airflow_provider_poweroffice.tasks.rendering import RenderedOperator

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import BaseOperator, Connection, Context

    from airflow_provider_poweroffice.api.catalogue import Resource
    from airflow_provider_poweroffice.api.read_options import OnPageError
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.tasks.lineage import Moved

READ_RENDERERS = {"query": "json", "filters": "json", "headers": "json"}


class CompanyTask(RenderedOperator):
    """
    Base of all tasks with the argument ``company``, the first of their template fields.

    The fields after it, ``map_index_template`` and the callbacks of the task find the alias as ``company``
    in the context. Without a company the name is undefined there: a path with it fails instead of holding
    "None".

    :param company: alias of one of the connection's companies, see docs/companies.md; in Finance & Operations
        a legal entity (templated).
    :param retry_options: a mapping such as ``{"attempts": 3, "deadline": 60}``, see
        :class:`~airflow_provider_poweroffice.api.options.RetryOptions`.
    """

    template_fields: tuple[str, ...] = ("company",)
    hook_class: ClassVar[type[ClientHook]]
    """Of the API; its ``conn_name_attr`` names the argument with the connection."""
    other_class: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """For a type of connection that is another API's: the class that takes it."""
    connection_arguments: ClassVar[tuple[str, ...]] = ()
    """Arguments that say which connection it is."""
    catalogues: ClassVar[tuple[str, ...]] = ()
    """Names of what is known of the API, by version."""

    def __init__(
        self,
        *,
        company: str | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.company = company
        self.retry_options = RetryOptions.from_mapping(retry_options, "retry_options")
        self.moved: list[Moved] = []

    def get_openlineage_facets_on_complete(self, _task_instance: Any) -> OperatorLineage:
        """Say what was moved; called by the OpenLineage provider, also where the task has failed."""
        from airflow_provider_poweroffice.tasks.lineage import openlineage

        return openlineage(self.moved)

    @property
    def api_conn_id(self) -> str:
        """Give the Airflow connection of the API."""
        conn_id: str = getattr(self, self.hook_class.conn_name_attr)
        return conn_id

    @cached_property
    def hook(self) -> ClientHook:
        """
        Give the hook of the connection.

        :raises ValueError: the connection is another API's; says which class takes it.
        """
        hook = self.hook_class(self.api_conn_id, company=self.company, retry_options=self.retry_options)
        self.check_connection(hook.get_connection(self.api_conn_id))
        return hook

    def check_connection(self, conn: Connection) -> None:
        """
        Refuse a connection of another API than the task's.

        :raises ValueError: says which class takes it.
        """
        refuse_other_api(self.hook_class.conn_name_attr, conn, self.other_class)

    @contextmanager
    def running(
        self, context: Context, method: str = "GET", *, idempotent: bool | None = None
    ) -> Iterator[ClientHook]:
        """
        Give the hook for the work of the task, and close it.

        An error that ends the block is reported for the company, and ends the task at once where no retry
        would help.
        """
        from airflow_provider_poweroffice.errors import AuthenticationError
        from airflow_provider_poweroffice.tasks.company import report_company
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        with (
            fail_task_when_final(method, idempotent=idempotent),
            report_company(context, self.company),
            self.hook as hook,
        ):
            self._check_rendered()
            try:
                yield hook
            except AuthenticationError as error:
                error.add_note(f"(connection {self.api_conn_id!r})")
                raise

    def _check_rendered(self) -> None:
        """
        Refuse what a template may have made of an argument.

        :raises TypeError: names the argument.
        """
        if isinstance(getattr(self, "query", None), str):
            raise TypeError(
                "query became a text, as a template does unless its DAG has "
                "render_template_as_native_obj=True; give a mapping with templates in its values"
            )
        for name in ("endpoint", "field"):
            value = getattr(self, name, None) or ""
            if not isinstance(value, str):
                raise TypeError(
                    f"{name} must be a text, not {value!r:.100}: it became one of another type, as "
                    "in a DAG with render_template_as_native_obj=True; write {{ ... | string }}"
                )

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render, with the company at hand; what fails is left for the summary."""
        if isinstance(self.company, str):
            context["company"] = self.company  # type: ignore[typeddict-unknown-key]  # a name of our own
        is_within = jinja_env is not None and jinja_env.finalize is not None
        try:
            return super().render_template(content, context, jinja_env, seen_oids)
        except Exception as error:
            if not is_within and (self.company or getattr(self, "companies", None)):
                from airflow_provider_poweroffice.tasks.company import leave_reason

                leave_reason(context, error, self.company if is_literal(self.company) else None)
            raise


class ReadTask(CompanyTask):
    """
    Base of tasks that ask for rows.

    :param query: filters; None values are left out, lists are joined by commas (templated).
    :param filters: OData filter as data, where the API has ``$filter``; see docs/filters.md (templated).
    :param headers: further headers (templated).
    :param changed_since: read only what changed since this moment: a timestamp or None for everything
        (templated). The filter of the resource is chosen; some have none.
    :param created_since: the same for the time of creation (templated).
    :param overlap: seconds to go back from that moment; the API's filters are strictly greater than.
    """

    template_fields = (
        *CompanyTask.template_fields,
        "query",
        "filters",
        "headers",
        "changed_since",
        "created_since",
    )
    template_fields_renderers = READ_RENDERERS
    none_means_unset = frozenset({"changed_since", "created_since"})

    def __init__(
        self,
        *,
        query: Mapping[str, Any] | None = None,
        filters: Any = None,
        headers: Mapping[str, str] | None = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.filters = filters
        self.headers = headers
        self.changed_since = changed_since
        self.created_since = created_since
        self.overlap = overlap


class CollectionTask(ReadTask):
    """
    Base of tasks that read a whole list, page by page.

    :param page_size: rows per page, default 5000; at most what the API allows.
    :param on_page_error: ``"stop"`` (default); ``"skip"``: leave out a page that fails after all retries,
        with a warning and a record of it; or a callable ``(error, page_number) -> bool``, true to skip.
    :param paging: what is rarely set, as a mapping such as ``{"concurrency": 8}``, see
        :class:`~airflow_provider_poweroffice.api.read_options.PagingOptions`.
    """

    def __init__(
        self,
        *,
        page_size: int | None = None,
        on_page_error: OnPageError = "stop",
        paging: PagingOptions | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_size = page_size
        self.on_page_error = on_page_error
        self.paging = PagingOptions.from_mapping(paging, "paging")
        for name in ("order_by", "key"):
            if not is_literal(value := getattr(self.paging, name)):
                raise ValueError(f"paging[{name!r}] must not be a template, as {value!r} is")
        check_on_page_error(on_page_error)

    def read_options(
        self,
        endpoint: str,
        *,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        changed_since: Any,
    ) -> ReadOptions:
        """
        Say which rows are read, and how.

        :param changed_since: the task's own, or the watermark that is kept for it.
        """
        return ReadOptions(
            endpoint=endpoint,
            query=query,
            headers=headers,
            filters=self.filters,
            changed_since=changed_since,
            created_since=self.created_since,
            overlap=self.overlap,
            page_size=self.page_size,
            on_page_error=self.on_page_error,
            **self.paging.changed(),
        )


def refuse_other_api(name: str, conn: Connection, other_class: Mapping[str, str]) -> None:
    """
    Refuse a connection of another API.

    :param name: of the argument with the connection.
    :param other_class: for a type of connection that is another API's, the class that takes it.
    :raises ValueError: names that class.
    """
    conn_type = str(conn.conn_type)
    if (other := other_class.get(conn_type)) is not None:
        raise ValueError(f"{name}={conn.conn_id!r} is a connection of type {conn_type}; use {other} for it")


def is_literal(value: Any) -> bool:
    """Tell, while a DAG file is read, whether an argument is neither a template nor another task's result."""
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, (list, tuple)):
        return all(map(is_literal, value))
    if isinstance(value, Mapping):
        return all(map(is_literal, value.values()))
    return not callable(getattr(value, "resolve", None))


_MOST_ROWS = {"poweroffice_v2": 20_000, "poweroffice_v1": 50_000}
"""Rows of the largest page, as far as an API of several versions says; the dialects have them too."""


def check_reading(task: ReadTask, endpoint: Any, *, by_change: bool = False) -> None:
    """
    Refuse, while a DAG file is read, what no version of the API can answer; templates are not looked at.

    :param endpoint: of the rows.
    :param by_change: the task keeps a watermark.
    :raises ValueError, TypeError: names the argument and the way out.
    """
    check_query(task.query)
    _check_filters(task)
    _read_moments(task)
    _check_overlap(task.overlap)
    known = _known(task, endpoint)
    _check_size(task, max(_MOST_ROWS[name] for name in known or _MOST_ROWS))
    if not task.catalogues:
        _check_entity(task, by_change=by_change)
    if known:
        _check_moments(task, known, by_change=by_change)
        _check_required(task.query, endpoint, known)


def _known(task: ReadTask, endpoint: Any) -> dict[str, Resource]:
    """Give what each version of the API has at an endpoint; nothing where a template makes it."""
    if not isinstance(endpoint, str) or not is_literal(endpoint):
        return {}
    from airflow_provider_poweroffice.api.catalogue import catalogue

    return {name: found for name in task.catalogues if (found := catalogue(name).find(endpoint))}


def _check_required(query: Any, endpoint: str, known: Mapping[str, Resource]) -> None:
    if query is not None and not isinstance(query, Mapping):  # a template
        return
    lacking = [item.lacking(query or {}) for item in known.values()]
    if all(lacking):
        needed = dict.fromkeys(lacking[0], "...")
        raise ValueError(f"endpoint {endpoint!r} needs {' and '.join(needed)}: query={needed}")


def check_query(query: Any) -> None:
    """
    Refuse a query that is not a mapping, unless a template makes it.

    :raises TypeError: with an example.
    """
    if query is not None and not isinstance(query, Mapping) and is_literal(query):
        raise TypeError(f"query must be a mapping such as {{'Fields': 'Id,Name'}}, not {query!r}")


def check_flag(name: str, value: object) -> None:
    """
    Refuse an argument that is neither True nor False: a text, a template too, would count as true.

    :raises TypeError: names the argument.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}{_no_template(value)}")


def _no_template(value: object) -> str:
    return "" if is_literal(value) else "; it cannot be a template"


def check_flags(task: object, *names: str) -> None:
    """
    Refuse arguments of a task that are neither True nor False.

    :raises TypeError: names the argument.
    """
    for name in names:
        check_flag(name, getattr(task, name))


def _check_filters(task: ReadTask) -> None:
    """Refuse filters that cannot be sent; of PowerOffice, v1 alone has them."""
    if task.filters is None or not is_literal(task.filters):
        return
    from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
    from airflow_provider_poweroffice.api.filters import with_filters

    with_filters(DIALECTS["v1" if task.catalogues else "d365fo"].literals, {}, task.filters)


def _check_entity(task: ReadTask, *, by_change: bool) -> None:
    """Refuse what no entity of Finance & Operations can be asked for."""
    size = getattr(task, "page_size", None)
    first = (getattr(task, "paging", None) or PagingOptions()).first_page
    by_change = by_change or _is_moment(task.changed_since)
    is_by_moment = by_change or _is_moment(task.created_since)
    if size is None and first is None and not is_by_moment:
        return
    from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
    from airflow_provider_poweroffice.api.pages.page_size import PageLimits

    dialect = DIALECTS["d365fo"]
    PageLimits.of(dialect, "data/X", ReadOptions(endpoint="data/X", page_size=size, first_page=first))
    if is_by_moment:
        raise ValueError(f"{'changed' if by_change else 'created'}_since: {dialect.since_advice}")


def _check_overlap(seconds: Any) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
        raise ValueError(
            f"overlap must be a number of seconds from 0, not {seconds!r}{_no_template(seconds)}"
        )


def _read_moments(task: ReadTask) -> None:
    wanted = {name: getattr(task, name) for name in ("changed_since", "created_since")}
    for name, moment in wanted.items():
        if _is_moment(moment):
            from airflow_provider_poweroffice.api.change_filter import read_moment

            read_moment(name, moment)


def _check_size(task: ReadTask, most: int) -> None:
    size = getattr(task, "page_size", None)
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= most):
        raise ValueError(
            f"page_size must be a whole number of rows from 1 to {most}, not {size!r}{_no_template(size)}"
        )


def _check_moments(task: ReadTask, known: Mapping[str, Resource], *, by_change: bool) -> None:
    wanted = {
        "changed": by_change or _is_moment(task.changed_since),
        "created": _is_moment(task.created_since),
    }
    for kind in (kind for kind, is_wanted in wanted.items() if is_wanted):
        if not any(getattr(item, f"{kind}_filter") for item in known.values()):
            next(iter(known.values())).since_filter(kind)
    if task.filters is not None and is_literal(task.filters) and list(known) == ["poweroffice_v2"]:
        raise ValueError("filters are for v1: v2 has no $filter; its own filters go into query")


def _is_moment(value: Any) -> bool:
    return value is not None and is_literal(value) and bool(str(value).strip())


def check_path(task: BaseOperator, endpoint: Any, catalogues: tuple[str, ...]) -> None:
    """
    Refuse an endpoint that is not a path, and warn of one that looks misspelt; templates are not looked at.

    The version of the connection is not known while a DAG file is read, so an endpoint that any version has
    is accepted. An unknown one is a warning, not an error, as the API grows and this package may be older.

    :param task: named in the warning, as a task's log has those of all tasks of its DAG file.
    :param catalogues: names of those of the API's versions, such as ``poweroffice_v2``.
    :raises ValueError: it is not a path below a base URL, or has an empty part.
    """
    if not is_literal(endpoint):
        return
    from airflow_provider_poweroffice.api.call import check_endpoint

    check_endpoint(endpoint.strip().removesuffix("/") if isinstance(endpoint, str) else endpoint)
    if meant := _meant(endpoint, catalogues):
        text = f"task {task.task_id!r}: endpoint {endpoint!r} is not known; did you mean {meant}?"
        warnings.warn(text, UserWarning, stacklevel=5)


def _meant(endpoint: str, catalogues: tuple[str, ...]) -> str:
    """Say which resource an unknown endpoint was perhaps meant to be, and of which version."""
    from airflow_provider_poweroffice.api.catalogue import catalogue

    versions = {name.rpartition("_")[2]: catalogue(name) for name in catalogues}
    if any(known.find(endpoint) for known in versions.values()):
        return ""
    at_home = [version for version, known in versions.items() if known.has_root(endpoint)]
    found = {version: versions[version].suggest(endpoint) for version in at_home or versions}
    return " or ".join(f"{path!r} ({version})" for version, path in found.items() if path)
