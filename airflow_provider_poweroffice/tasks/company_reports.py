"""
What a task says of the company it works for: in its errors, and in an XCom that a summary reads.

Rule: the alias and the reason of a failure, never a key; texts are blanked out before they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow_provider_poweroffice._compat import (
    AirflowRescheduleException,
    AirflowSkipException,
    AirflowTaskTimeout,
    redacted,
)
from airflow_provider_poweroffice.errors import PowerOfficeError
from airflow_provider_poweroffice.hooks.companies import check_company
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

KEY = "poweroffice_company"
"""XCom of a task that works for a company: ``{"company", "map_index", "error"}``, error None or text."""

_LONGEST = 1000  # characters of an error: XCom lives in Airflow's database


@contextmanager
def report_company(context: Mapping[str, Any] | None, company: str | None) -> Iterator[None]:
    """
    Name the company in each error of the block, and leave it and the reason of a failure as an XCom.

    For tasks of your own, too::

        with report_company(get_current_context(), company), PowerOfficeHook(company=company) as hook:
            ...

    The XCom is written at the beginning, so that a killed task leaves its company, and again with the error
    when the block fails. Airflow clears it when the task is tried again. What ends a try without failing it
    (skip, reschedule, deferral) is let through.

    :param context: the task's context.
    :param company: alias; None, for a connection of one company, leaves everything as it is.
    :raises AirflowFailException: at once, if the company is not an alias.
    """
    if company is None:
        yield
        return
    with fail_task_when_final():
        check_company(company)
    _push(context, company, None)
    try:
        yield
    except (AirflowSkipException, AirflowRescheduleException):
        raise
    except (Exception, AirflowTaskTimeout) as error:
        _name(error, company)
        _push(context, company, _reason(error))
        raise


def check_company_in(path: str, company: str | None, context: Mapping[str, Any] | None) -> None:
    """
    Refuse a path that all tasks mapped over companies would share: the last one's data would stay.

    :param path: rendered.
    :param company: alias.
    :param context: the task's context.
    :raises ValueError: the task is mapped, and the path does not hold the company as a word.
    """
    ti = context.get("ti") if context else None
    mapped = getattr(ti, "map_index", None) not in {None, -1}
    if company and mapped and not re.search(rf"(?<![^\W_]){re.escape(company)}(?![^\W_])", str(path)):
        raise ValueError(
            f"{path!r} does not hold the company {company!r}: the mapped tasks would overwrite each other's "
            "data; write {{ company }} into it"
        )


def _name(error: BaseException, company: str) -> None:
    """Have the error's message say which company it is about; a type of its own form gets a note."""
    if isinstance(error, PowerOfficeError):
        error.company = company
    elif f"[{company}]" in str(error):
        return
    elif len(error.args) == 1 and isinstance(error.args[0], str):
        error.args = (f"[{company}] {error.args[0]}",)
    else:
        error.add_note(f"company: {company}")


def _reason(error: BaseException) -> str:
    """Give the error's type, unless its text begins with one, and its text without the company's name."""
    text = redacted(str(error))
    return (text if type(error).__name__ == "AirflowFailException" else f"{type(error).__name__}: {text}")[
        :_LONGEST
    ]


def _push(context: Mapping[str, Any] | None, company: str, error: str | None) -> None:
    ti = context.get("ti") if context else None
    if ti is not None:
        index = getattr(ti, "map_index", None)
        outcome = {"company": company, "map_index": -1 if index is None else index, "error": error}
        ti.xcom_push(key=KEY, value=outcome)
