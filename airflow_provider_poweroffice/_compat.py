"""
The one place that knows Airflow versions: names that moved between 3.1 and 3.3, and what is missing.

What degrades before Airflow 3.3 is listed in docs/decisions.md.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowFailException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
    )
    from airflow.sdk.log import mask_secret, redact  # type: ignore[attr-defined]  # imported there on all versions
else:
    from airflow.sdk.log import mask_secret, redact

    try:  # 3.2
        from airflow.sdk.configuration import conf
        from airflow.sdk.exceptions import (
            AirflowFailException,
            AirflowRescheduleException,
            AirflowSensorTimeout,
            AirflowSkipException,
            AirflowTaskTimeout,
        )
    except ImportError:
        from airflow.configuration import conf
        from airflow.exceptions import (
            AirflowFailException,
            AirflowRescheduleException,
            AirflowSensorTimeout,
            AirflowSkipException,
            AirflowTaskTimeout,
        )

__all__ = [
    "HAS_ASSET_STATE",
    "AirflowFailException",
    "AirflowRescheduleException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "aget_connection",
    "amask_secrets",
    "conf",
    "keep_task_state",
    "lineage_collector",
    "mask_secrets",
    "redacted",
    "task_state_store",
    "warn_of_clearing",
]


log = logging.getLogger(__name__)

HAS_ASSET_STATE = find_spec("airflow.sdk.state") is not None
"""Airflow 3.3: tasks can keep a state with an asset."""


def mask_secrets(secrets: tuple[str, ...]) -> None:
    """Have Airflow blank out texts in every log of this task."""
    for secret in secrets:
        mask_secret(secret)


def redacted(text: str) -> str:
    """Blank out in a text what was given to the masker."""
    return str(redact(text))


async def amask_secrets(secrets: tuple[str, ...]) -> None:
    """Do the same on the triggerer's event loop."""
    try:
        from airflow.sdk.log import amask_secret  # noqa: PLC0415 - 3.3
    except ImportError:
        from asgiref.sync import sync_to_async  # noqa: PLC0415 - only needed before 3.3

        await sync_to_async(mask_secrets)(secrets)
        return
    for secret in secrets:
        await amask_secret(secret)


async def aget_connection(conn_id: str) -> Connection:
    """Get a connection on the triggerer's event loop."""
    from airflow.sdk import BaseHook, Connection  # noqa: PLC0415 - this module stays cheap to import

    if hasattr(
        Connection, "aextra_dejson"
    ):  # 3.3.2; before it, the async getter could block on its own masking
        return await BaseHook.aget_connection(conn_id)
    from asgiref.sync import sync_to_async  # noqa: PLC0415 - only needed before 3.3.2

    return await sync_to_async(BaseHook.get_connection)(conn_id)


def lineage_collector() -> Any:
    """Give what collects the lineage of hooks; it does nothing where nobody reads it."""
    try:
        from airflow.sdk.lineage import get_hook_lineage_collector  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.lineage.hook import get_hook_lineage_collector  # type: ignore[import-not-found,no-redef]  # noqa: PLC0415
    return get_hook_lineage_collector()


def keep_task_state(store: Any, key: str, value: Any) -> None:
    """Put a value into a task's state store, to stay until it is deleted."""
    try:
        from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # noqa: PLC0415 - 3.3
    except ImportError:
        store.set(key, value)
        return
    store.set(key, value, retention=NEVER_EXPIRE)


@cache
def warn_of_clearing() -> None:
    """Say once in each process that Airflow is set up to forget what tasks have sent."""
    if conf.getboolean("state_store", "clear_on_success", fallback=False):
        log.warning(
            "[state_store] clear_on_success is on: Airflow forgets what a task sent as soon as it succeeds; "
            "a task that is cleared afterwards sends its POST or PATCH again"
        )


def task_state_store(context: Any) -> Any:
    """Give the state store of the running task (3.3), or None."""
    return context.get("task_state_store") if context else None
