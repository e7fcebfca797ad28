"""
Which errors end a task, and which may be left to its retries.

Rule: a task is tried again only where that can help and cannot book twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout

if TYPE_CHECKING:
    from airflow_provider_poweroffice.errors import PowerOfficeError


@contextmanager
def fail_task_when_final(method: str = "GET", *, idempotent: bool | None = None) -> Iterator[None]:
    """
    Let transient errors through to Airflow's retries; turn final ones into ``AirflowFailException``.

    Final are refused keys and requests, a writing call whose outcome is unknown (whatever ended it, the
    task's own time limit included) unless it may be sent again, and arguments or a connection that are wrong
    (``ValueError``, ``TypeError``) or need a package that is not installed (``ImportError``): they would fail
    again at the next try. The error is the exception's ``__cause__``.
    """
    from airflow_provider_poweroffice.api.retry import is_idempotent
    from airflow_provider_poweroffice.errors import PowerOfficeError

    once = not is_idempotent(method, idempotent)
    try:
        yield
    except PowerOfficeError as error:
        if may_be_retried(error, method, idempotent=idempotent):
            raise
        raise AirflowFailException(_text(error)) from error
    except (ValueError, TypeError, ImportError) as error:
        raise AirflowFailException(_text(error)) from error
    except BaseException as error:  # the task's time limit, or an end of the process
        if once and getattr(error, "outcome_unknown", False) and not getattr(error, "repeatable", False):
            raise AirflowFailException(
                f"{_what_ended(error)} ended {method} while its answer was awaited: look whether it was "
                "carried out before you clear the task"
            ) from error
        raise


def may_be_retried(error: PowerOfficeError, method: str, *, idempotent: bool | None = None) -> bool:
    """Tell whether a task that ended so may be tried again."""
    from airflow_provider_poweroffice.api.retry import retry_reason
    from airflow_provider_poweroffice.errors import (
        APITimeoutError,
        BatchFailedError,
        InvoiceNotSentError,
        UncertainWriteError,
        VerificationError,
    )

    if isinstance(error, (UncertainWriteError, InvoiceNotSentError)):
        return error.repeatable
    no_slot = isinstance(error, APITimeoutError) and not error.outcome_unknown  # later there may be one
    # Books may agree when all is posted, and of a batch only what is not done is tried again.
    may_pass = no_slot or isinstance(error, (VerificationError, BatchFailedError))
    return may_pass or bool(retry_reason(error, method, idempotent=idempotent))


def _what_ended(error: BaseException) -> str:
    return "the task's time limit" if isinstance(error, AirflowTaskTimeout) else type(error).__name__


def _text(error: Exception) -> str:
    notes = " ".join(getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {error} {notes}".rstrip()
