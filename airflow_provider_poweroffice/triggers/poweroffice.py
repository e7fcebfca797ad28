"""
The trigger: the sensor's waiting, in the triggerer.

Rule: no blocking call on the event loop (HTTP runs in a thread, one try at a time), never a hot loop,
and no secret among the arguments, which Airflow keeps in its database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_poweroffice._compat import aget_connection, amask_secrets
from airflow_provider_poweroffice.api.conditions import Condition
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.retry import retry_reason, wait_seconds
from airflow_provider_poweroffice.errors import PowerOfficeError, ResultTooLargeError
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.tasks.company_templates import marked
from airflow_provider_poweroffice.tasks.results import check_record

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

_BACKOFF = RetryOptions(wait_initial=1.0, wait_max=300.0)


class PowerOfficeTrigger(BaseTrigger):
    """
    Poll a GET until a condition is fulfilled.

    Yields one event: ``{"status": "success", "record": ...}`` with the first record that fulfils the
    condition, ``{"status": "error", "message": ...}`` when the server refuses, or
    ``{"status": "timeout", "message": ...}``.

    :param poll_interval: seconds between two tries; after errors longer, as the server asks or doubling
        up to 300 s.
    :param deadline: ISO time after which waiting ends.

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
        poll_interval: float = 60.0,
        deadline: str,
        poweroffice_conn_id: str,
        company: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has no types there
        self.endpoint = endpoint
        self.query = query
        self.headers = headers
        self.condition = Condition(field=field, comparison=comparison, value=value)
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.poweroffice_conn_id = poweroffice_conn_id
        self.company = company

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
                "value": self.condition.value,
                "poll_interval": self.poll_interval,
                "deadline": self.deadline,
                "poweroffice_conn_id": self.poweroffice_conn_id,
                "company": self.company,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is a verdict."""
        settings = read_settings(await aget_connection(self.poweroffice_conn_id), self.company)
        # Tokens are not given to the masker here: a triggerer lives long, would collect one pattern for each
        # token for ever, and each makes the masker compile all of them anew, on the event loop.
        await amask_secrets(settings.secrets)
        client = await asyncio.to_thread(settings.open, RetryOptions(attempts=1))
        try:
            yield TriggerEvent(await self._verdict(client))
        finally:
            client.close()

    async def _verdict(self, client: Client) -> dict[str, Any]:
        failures = 0
        while True:
            wait = self.poll_interval
            try:
                record = await asyncio.to_thread(self._ask, client)
            except PowerOfficeError as error:
                if not retry_reason(error, "GET"):
                    return {"status": "error", "message": f"{type(error).__name__}: {error}"}
                failures += 1
                wait = max(wait, wait_seconds(_BACKOFF, error, failures, 1.0))
                self.log.warning("%s; next try in %.1f s", error, wait)
            else:
                failures = 0
                if record is not None:
                    return _success(record)
            left = (datetime.fromisoformat(self.deadline) - datetime.now(UTC)).total_seconds()
            if left <= 0:
                return {
                    "status": "timeout",
                    "message": marked(
                        self.company, f"{self.endpoint}: the condition was not fulfilled in time"
                    ),
                }
            await asyncio.sleep(min(wait, left))  # the last try is at the deadline

    def _ask(self, client: Client) -> Any:
        """Ask once; runs in a thread and does not touch Airflow."""
        answer = client.request("GET", self.endpoint, query=self.query, headers=self.headers)
        return self.condition.first_match(answer.body)


def _success(record: Any) -> dict[str, Any]:
    """Make the event of a fulfilled condition; a large record would fill Airflow's database."""
    try:
        check_record(record)
    except ResultTooLargeError as error:
        return {"status": "error", "message": str(error)}
    return {"status": "success", "record": record}
