"""
The trigger: the sensor's waiting, in the triggerer.

Rule: no blocking call on the event loop (see :mod:`.clients`), never a hot loop, a verdict by the deadline
whatever the server does, and no secret among the arguments, which Airflow keeps in its database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_poweroffice._compat import aget_connection, amask_secrets
from airflow_provider_poweroffice.api.call_context import Queueing
from airflow_provider_poweroffice.api.conditions import Condition, from_json, read_condition, to_json
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.retry import retry_reason, wait_seconds
from airflow_provider_poweroffice.api.sent_state import Ended, pause_after
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import NotFoundError, PowerOfficeError, ResultTooLargeError
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.tasks.company import labelled
from airflow_provider_poweroffice.tasks.results import check_record
from airflow_provider_poweroffice.tasks.waiting import Watch
from airflow_provider_poweroffice.triggers.clients import SharedClient, shared_client

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

_BACKOFF = RetryOptions(wait_initial=1.0, wait_max=300.0)

LAST_LOOK = 1.0
"""Seconds that a look may take which begins at the deadline, or after it where the triggerer was away."""


class PowerOfficeTrigger(BaseTrigger):
    """
    Poll a GET until a condition is fulfilled.

    Yields one event: ``{"status": "success", "record": ...}`` with the first record that fulfils the
    condition, ``{"status": "error", "message": ...}`` when the server refuses or ``fail_if`` is fulfilled, or
    ``{"status": "timeout", "message": ...}``; with ``memo``, if one was given.

    :param poll_interval: seconds between two tries; after errors longer, as the server asks or doubling
        up to 300 s.
    :param deadline: ISO time at which waiting ends, with a last look of ``LAST_LOOK`` seconds at most.
    :param memo: given back in the event, for the task that waits: ``dag.test()`` drops a deferred task's own
        arguments.

    The other arguments are the sensor's.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        field: str | None = None,
        comparison: str = "==",
        value: Any = None,
        fail_if: list[Any] | None = None,
        poll_interval: float = 60.0,
        deadline: str,
        poweroffice_conn_id: str,
        company: str | None = None,
        memo: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.endpoint = endpoint
        self.query = query
        self.headers = headers
        self.condition = Condition(field=field, comparison=comparison, value=from_json(value))
        self.fail_if = None if fail_if is None else read_condition("fail_if", fail_if)
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.poweroffice_conn_id = poweroffice_conn_id
        self.company = company
        self.memo = memo

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and its arguments, fit for JSON."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "endpoint": self.endpoint,
                "query": self.query,
                "headers": self.headers,
                "field": self.condition.field,
                "comparison": self.condition.comparison,
                "value": to_json(self.condition.value),
                "fail_if": self.fail_if and self.fail_if.written(),
                "poll_interval": self.poll_interval,
                "deadline": self.deadline,
                "poweroffice_conn_id": self.poweroffice_conn_id,
                "company": self.company,
                "memo": self.memo,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is a verdict."""
        left = (datetime.fromisoformat(self.deadline) - datetime.now(UTC)).total_seconds()
        end = asyncio.get_running_loop().time() + max(0.0, left)  # from here on no wall clock is asked
        try:  # the connection has no name here: this frame is in the traceback of what is raised below
            settings = read_settings(await aget_connection(self.poweroffice_conn_id), self.company)
        except ValueError as error:
            yield TriggerEvent(self._with_memo(self._error(error)))
            return
        # Tokens are not given to the masker here: a triggerer lives for months and would keep a pattern for
        # every token, and each makes the masker compile all of them again, on the event loop.
        await amask_secrets(settings.secrets)
        async with shared_client(settings) as client:
            verdict = await self._verdict(client, end)
        yield TriggerEvent(self._with_memo(verdict))

    def _with_memo(self, verdict: dict[str, Any]) -> dict[str, Any]:
        return verdict if self.memo is None else verdict | {"memo": self.memo}

    async def _verdict(self, client: SharedClient, end: float) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        watch = Watch(self.condition, self.endpoint, self.company, self.fail_if)
        place = Queueing()
        failures = looks = 0
        while True:
            looks += 1
            wait = self._pause_after(looks)
            try:
                async with asyncio.timeout(max(LAST_LOOK, end - loop.time())):
                    record = await client.call(lambda one: self._ask(one, watch), place)
                failures = 0
                if record is not None:
                    return _success(record)
            except TimeoutError:
                if place.wait is None:
                    watch.saw("no answer before the deadline")
            except Exception as error:  # noqa: BLE001 - no sensor ends without a verdict
                watch.saw(error)
                if not retry_reason(error, "GET"):
                    return self._error(error)
                failures += 1
                wait = max(wait, wait_seconds(_BACKOFF, error, failures, 1.0))
            left = end - loop.time()
            if left <= 0:
                return {"status": "timeout", "message": f"not fulfilled in time: {watch}"}
            wait = min(wait, left)  # the last look is at the deadline
            self.log.info("%s; next look in %.1f s", watch, wait)
            await asyncio.sleep(wait)

    def _pause_after(self, looks: int) -> float:  # noqa: ARG002 - for those that begin faster
        return self.poll_interval

    def _ask(self, client: Client, watch: Watch) -> Any:
        """Ask once; runs in a thread and does not touch Airflow."""
        answer = client.request("GET", self.endpoint, query=self.query, headers=self.headers)
        return watch.look(answer, self.condition)

    def _error(self, error: Exception) -> dict[str, Any]:
        if not isinstance(error, (PowerOfficeError, ValueError)):
            self.log.error("unexpected", exc_info=error)
        text = labelled(self.company, f"{self.endpoint}: {type(error).__name__}: {one_line(error)}")
        return {"status": "error", "message": text}


class PowerOfficeInvoiceTrigger(PowerOfficeTrigger):
    """
    Poll the sent state of a sales order until sending it has ended, well or not.

    Yields the events of :class:`PowerOfficeTrigger`; a failure is a ``record`` too, to be judged by the task.

    :param order_id: of the order.
    :param stale: the failure of an earlier request, which may still be shown.

    The other arguments are those of :class:`PowerOfficeTrigger`.
    """

    def __init__(self, *, order_id: str, stale: str | None = None, **polling: Any) -> None:
        super().__init__(endpoint="SalesOrders/sentState", query={"id": order_id}, **polling)
        self.condition: Condition = Ended(order_id=order_id, stale=stale)
        self.order_id = order_id
        self.stale = stale

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and its arguments, fit for JSON."""
        path, arguments = super().serialize()
        kept = {name: arguments[name] for name in _POLLING}
        return path, {"order_id": self.order_id, "stale": self.stale} | kept

    def _ask(self, client: Client, watch: Watch) -> Any:
        """Ask once; a state that is not found is one that says nothing yet, as in the worker."""
        try:
            return super()._ask(client, watch)
        except NotFoundError as error:
            watch.saw(error)
            return None

    def _pause_after(self, looks: int) -> float:
        return pause_after(looks, self.poll_interval)


_POLLING = ("poll_interval", "deadline", "poweroffice_conn_id", "company", "memo")


def _success(record: Any) -> dict[str, Any]:
    """Make the event of a fulfilled condition; a large record would fill Airflow's database."""
    try:
        check_record(record)
    except ResultTooLargeError as error:
        return {"status": "error", "message": str(error)}
    return {"status": "success", "record": record}
