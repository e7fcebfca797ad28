"""What to do with a page that fails after all retries: the ``on_page_error`` argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_poweroffice.errors import PowerOfficeError


def check_page_error(value: Any) -> None:
    """
    Check the argument.

    :raises ValueError: it is none of ``"stop"``, ``"skip"`` and a callable.
    """
    if value not in {"stop", "skip"} and not callable(value):
        raise ValueError(
            f"on_page_error must be 'stop', 'skip' or a callable (error, page) -> bool, not {value!r}"
        )


def page_error_handler(value: Any) -> Callable[[PowerOfficeError, int], bool] | None:
    """Turn the argument into what ``Client.pages`` takes."""
    if value == "stop":
        return None
    if value == "skip":
        return lambda _error, _page: True
    handler: Callable[[PowerOfficeError, int], bool] = value
    return handler
