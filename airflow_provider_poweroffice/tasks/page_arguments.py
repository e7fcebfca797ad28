"""The arguments about pages: which go together, and what becomes of a page that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice.api.change_filter import OVERLAP
from airflow_provider_poweroffice.api.options import CONCURRENCY, check_concurrency
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.errors import PowerOfficeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects import Dialect
    from airflow_provider_poweroffice.api.pages.pages import Pages
    from airflow_provider_poweroffice.api.pages.periods import PeriodPages
    from airflow_provider_poweroffice.api.response import Response

_OF_PAGES: dict[str, Any] = {
    "page_size": None,
    "first_page": None,
    "max_pages": None,
    "concurrency": CONCURRENCY,
    "page_bytes": None,
    "changed_since": None,
    "created_since": None,
    "split_days": None,
    "order_by": "default",
    "overlap": OVERLAP,
    "on_page_error": "stop",
}
_OF_ONE_CALL: dict[str, Any] = {
    "method": "GET",
    "body": None,
    "files": None,
    "idempotent": None,
    "fail_on_error": True,
}


def check_reading(operator: Any) -> None:
    """
    Check how pages are read.

    :param operator: one with ``on_page_error`` and ``concurrency``.
    :raises ValueError, TypeError: a value that can not be used.
    """
    check_concurrency(operator.concurrency)
    value = operator.on_page_error
    if value not in {"stop", "skip"} and not callable(value):
        raise ValueError(
            f"on_page_error must be 'stop', 'skip' or a callable (error, page) -> bool, not {value!r}"
        )


def check_refused_delete(value: Any, method: str) -> None:
    """
    Check the argument.

    :raises ValueError: it is neither ``"fail"`` nor ``"archive"``, or the method is not DELETE.
    """
    if value not in {"fail", "archive"}:
        raise ValueError(f"on_refused_delete must be 'fail' or 'archive', not {value!r}")
    if value == "archive" and method != "DELETE":
        raise ValueError(f"on_refused_delete='archive' needs method='DELETE', not {method!r}")


def open_pages(client: Client, operator: Any, *, changed_since: Any) -> Pages | PeriodPages:
    """
    Begin to read the collection that an operator's arguments name.

    :param operator: one with ``endpoint``, ``query``, ``headers`` and the arguments about pages.
    :param changed_since: the operator's own, or the watermark that is kept for it.
    """
    options = {
        "query": operator.query,
        "headers": operator.headers,
        "filters": operator.filters,
        "page_size": operator.page_size,
        "first_page": operator.first_page,
        "max_pages": operator.max_pages,
        "concurrency": operator.concurrency,
        "page_bytes": operator.page_bytes,
        "order_by": operator.order_by,
        "on_page_error": _handler(operator.on_page_error),
        "changed_since": changed_since,
        "created_since": operator.created_since,
        "overlap": operator.overlap,
    }
    if operator.split_days is None:
        return client.pages(operator.endpoint, **options)
    return client.periods(operator.endpoint, split_days=operator.split_days, **options)


def _handler(value: Any) -> Callable[[PowerOfficeError, int], bool] | None:
    """Turn ``on_page_error`` into what ``Client.pages`` takes."""
    if value == "stop":
        return None
    if value == "skip":
        return lambda _error, _page: True
    handler: Callable[[PowerOfficeError, int], bool] = value
    return handler


def check_paging(operator: Any) -> None:
    """
    Refuse arguments that would do nothing: those of pages without ``paginate``, those of one call with it.

    :raises ValueError: names the argument and what it needs.
    """
    check_reading(operator)
    for name, default in (_OF_ONE_CALL if operator.paginate else _OF_PAGES).items():
        if getattr(operator, name) != default:
            needs = f"paginate=True needs {name}={default!r}"
            raise ValueError(needs if operator.paginate else f"{name} needs paginate=True")
    if operator.paginate and isinstance(operator.response, str) and operator.response != "json":
        raise ValueError("paginate=True goes with response='json' or a type")


def more_rows(dialect: Dialect[Any], answer: Response, query: Mapping[str, Any] | None) -> str | None:
    """
    Tell whether a list was cut after its first page.

    :param answer: to one call.
    :param query: what was asked for; who asks for a page knows that there are more.
    :return: how many rows there are in all, or ``"more"``; None when nothing was cut.
    """
    if not (answer.is_success and answer.is_json and answer.content):
        return None
    try:
        rows, info = dialect.page(answer.headers, answer.content)
        counted = len(split_rows(rows)) if info.total_rows else 0
    except msgspec.DecodeError:  # one record, not a list
        return None
    by_page = any(name.lower() == dialect.page_keys[0].lower() for name in query or {})
    more = info.is_last is False or (info.total_pages or 1) > 1 or (info.total_rows or 0) > counted
    if by_page or not more:
        return None
    return str(info.total_rows or "more")
