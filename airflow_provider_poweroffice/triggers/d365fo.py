"""
The trigger that waits until a throttled call may be tried again.

Rule: it makes no call and knows no secret; the worker tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class D365FOWaitTrigger(BaseTrigger):
    """
    Wait until a moment.

    Yields one event, ``{"status": "success", "started": ..., "waits": ...}``. What is known of the waits so
    far travels in it, as ``dag.test()`` drops a deferred task's own arguments.

    :param moment: ISO time with zone.
    :param started: when the first try was made, in seconds since 1970.
    :param waits: how often the task has waited, this time included.
    """

    def __init__(self, *, moment: str, started: float, waits: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.moment = moment
        self.started = started
        self.waits = waits

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and its arguments, fit for JSON."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"moment": self.moment, "started": self.started, "waits": self.waits},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait; a triggerer that was away for longer goes on at once."""
        left = (datetime.fromisoformat(self.moment) - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(max(0.0, left))
        yield TriggerEvent({"status": "success", "started": self.started, "waits": self.waits})
