"""
Sends one service call and judges its answer beyond the status.

Rule: a writing call is sent once per task instance, see :mod:`.write_guard`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.d365fo.services import near_names
from airflow_provider_poweroffice.api.echoes import scrubbed
from airflow_provider_poweroffice.api.failures import read_fault
from airflow_provider_poweroffice.api.limits.throttle import Clock
from airflow_provider_poweroffice.api.response import Response, answer_of
from airflow_provider_poweroffice.api.retry import is_idempotent
from airflow_provider_poweroffice.api.writes.reconcile import uncertain
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    BusinessFailureError,
    NotFoundError,
    PowerOfficeError,
    UnexpectedStatusError,
)
from airflow_provider_poweroffice.tasks.results import ResultForm, told
from airflow_provider_poweroffice.tasks.service_call import ServiceCall
from airflow_provider_poweroffice.tasks.write_guard import WriteGuard, write_once

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.client import Client

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ServiceRun:
    """
    One call: sent, judged, and turned into the task's result.

    :param expected: statuses that count as success; none means any 2xx.
    :param check: false means that the answer reports a failure.
    :param idempotent: see ``Client.request``.
    :param form: of what the task returns.
    """

    client: Client
    call: ServiceCall
    clock: Clock
    expected: frozenset[int]
    check: Callable[[Response], Any] | None
    idempotent: bool | None
    form: ResultForm

    @cached_property
    def _built(self) -> Call:
        call = self.call
        return self.client.build(call.method, call.path, body=call.content, headers=call.headers)

    def carry_out(self, context: Any, conn_id: str) -> Any:
        """
        Send the call, unless an earlier try of the task did, and give its result.

        :raises APIStatusError: the server, ``expected`` or ``check`` refused.
        """
        if is_idempotent(self.call.method, self.idempotent):
            answer = self._send()
            if failure := self._failure(answer):
                raise failure
            return self.form.of(self.client, answer)
        call = self.call
        self._built  # noqa: B018 - arguments are checked before a note is made
        guard = WriteGuard(context, conn_id, call.method, call.path, call.content, call.headers)
        return write_once(guard, self._send, lambda answer: self.form.of(self.client, answer), self._failure)

    def _send(self) -> Response:
        began, sent_at = self.clock.monotonic(), datetime.fromtimestamp(self.clock.time(), UTC)
        try:
            answer = self.client.send(self._built, idempotent=self.idempotent)
        except PowerOfficeError as error:
            if not isinstance(error, APIStatusError) or error.status not in self.expected:
                self._explain_missing(error)
                if error.outcome_unknown and not is_idempotent(self.call.method, self.idempotent):
                    raise uncertain(self.client, self._built, error, sent_at) from error
                raise
            answer = answer_of(error)
        log.info("%s", told(self.client, self._built.endpoint, answer, self.clock.monotonic() - began))
        return answer

    def _explain_missing(self, error: PowerOfficeError) -> None:
        """Add to a 404 which part of the service name there is not, and the names near it."""
        if isinstance(error, NotFoundError) and (near := near_names(self.client, self.call.parts)):
            error.args = (f"{error}; {near}",)

    def _failure(self, answer: Response) -> APIStatusError | None:
        """Find the failure in an answer that was not refused by its status."""
        label = f"{answer.method} {answer.path}"
        refused = scrubbed(replace(answer, refused=True), self.client.auth.secrets)
        if self.expected and answer.status_code not in self.expected:
            known = ", ".join(map(str, sorted(self.expected)))
            return UnexpectedStatusError(
                f"{label}: {answer.status_code}, but expected_status is {known}; the call was carried out",
                response=refused,
            )
        if self.check is None or self.check(answer):
            return None
        fault = read_fault(self.client.dialect, refused, self.client.auth.secrets)
        says = f": {fault.detail}" if fault.detail else ""
        return BusinessFailureError(
            f"{label}: {answer.status_code}, but response_check refused the answer{says}",
            response=refused,
            detail=fault.detail,
            trace_id=fault.trace_id,
            attributes=fault.attributes,
        )
