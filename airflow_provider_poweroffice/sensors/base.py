"""
Waits until the answer to a GET fulfils a condition: what the sensors of both APIs share.

Rule: conditions are data, so that they mean the same in every mode; only a callable is tied to the
worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_poweroffice._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    conf,
)
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.tasks.base import ReadTask, check_path, check_reading, is_literal

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.conditions import Condition, Value
    from airflow_provider_poweroffice.tasks.waiting import Watch

_SHORTEST_POLL = 1.0
_TRIGGERER_GRACE = timedelta(seconds=60)
_NOT_GIVEN: Any = object()


class ConditionSensor(ReadTask, BaseSensorOperator):
    """
    Wait until the answer to a GET fulfils a condition, and push the first record that does to XCom.

    Without ``field`` and ``condition``: until there is at least one record. With ``field``: until in at
    least one record the field compares to the value. One page is read, so narrow the query down.

    Refused keys and requests (400, 403, 404) fail the task at once. A 401 for a new token, 429, 5xx or
    lost reply is logged, and the next poke tries again; a server's longer wait is respected.

    :param endpoint: path, such as ``SalesOrders/sentState`` (templated).
    :param field: dotted path in a record, such as ``IsInvoiceBeingProcessed`` (templated).
    :param comparison: one of ``== != > >= < <= in "not in"``.
    :param value: what to compare with (templated): text, a number (``Decimal`` too), a bool, an aware
        ``datetime``, a ``date``, or None for null; a list of such for ``in``. Required with ``field``.
    :param condition: a callable that gets the decoded answer (None for no content) and returns truth;
        instead of ``field``, and only without ``deferrable``.
    :param fail_if: ``(field, comparison, value)``, a condition as above: a record that fulfils it fails the
        task at once, whatever else is fulfilled (templated).
    :param deferrable: wait in the triggerer; default ``[operators] default_deferrable``, and with
        ``condition`` the worker.
    :param retry_options: for one poke in the worker, default ``{"attempts": 3, "deadline": 60}``.
    """

    template_fields = (*ReadTask.template_fields, "endpoint", "field", "value", "fail_if")
    ui_color = "#f2ead3"

    def __init__(
        self,
        *,
        endpoint: str,
        field: str | None = None,
        comparison: str = "==",
        value: Value | XComArg = _NOT_GIVEN,
        condition: Callable[[Any], object] | None = None,
        fail_if: tuple[str, str, Value | XComArg] | list[Any] | None = None,
        deferrable: bool | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(retry_options=retry_options or {"attempts": 3, "deadline": 60}, **kwargs)
        self.endpoint = endpoint
        self.field = field
        self.comparison = comparison
        self.value = None if value is _NOT_GIVEN else value
        self.condition = condition
        self.fail_if = fail_if
        default = condition is None and conf.getboolean("operators", "default_deferrable", fallback=False)
        self.deferrable = default if deferrable is None else deferrable
        check_path(self, endpoint, self.catalogues)
        check_reading(self, endpoint)
        self._check_condition(is_given=value is not _NOT_GIVEN, is_told_to_defer=bool(deferrable))
        if self.deferrable and self.poke_interval < _SHORTEST_POLL:
            raise ValueError(f"poke_interval must be at least {_SHORTEST_POLL:g} s when deferrable")

    def _check_condition(self, *, is_given: bool, is_told_to_defer: bool) -> None:
        """
        Refuse conditions that mean nothing, or that cannot be sent to the triggerer.

        :param is_given: there is a ``value``.
        :raises ValueError, TypeError: names the argument.
        """
        from airflow_provider_poweroffice.api.conditions import check_comparison, check_value, read_condition

        if self.fail_if is not None and is_literal(self.fail_if):
            read_condition("fail_if", self.fail_if)
        if self.condition is not None:
            self._check_callable(is_told_to_defer=is_told_to_defer)
        check_comparison(self.comparison)
        if self.field is None:
            if self.value is not None or self.comparison != "==":
                raise ValueError("comparison and value need field: what is to be compared?")
            return
        if not is_given:
            raise ValueError(
                f"field {self.field!r} needs value: what to compare with; value=None waits for null"
            )
        if is_literal(self.value):
            check_value(self.comparison, self.value)

    def _check_callable(self, *, is_told_to_defer: bool) -> None:
        if self.field is not None or is_told_to_defer:
            raise ValueError(
                "condition, a callable, goes without field, and without deferrable: it cannot be sent to "
                "the triggerer. Use field, comparison and value there"
            )
        if not callable(self.condition):
            raise TypeError(
                f"condition must be callable, not {self.condition!r}; use field, comparison and value"
            )

    def execute(self, context: Context) -> Any:
        """Poke once in the worker; then wait there, or in the triggerer."""
        from airflow_provider_poweroffice.tasks.company import report_company
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final

        with fail_task_when_final():
            self._check_rendered()
            hook = self.hook
        with hook, report_company(context, self.company):  # one token for all pokes
            return self._wait(context)

    def _wait(self, context: Context) -> Any:
        if not self.deferrable:
            try:
                return super().execute(context)
            except AirflowSensorTimeout as error:
                raise AirflowSensorTimeout(f"{error} {self._watch}") from error
        try:
            found = self.poke(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:  # as Airflow does with what comes from the triggerer
                raise AirflowSkipException(str(error)) from error
            raise
        if found:
            return found.xcom_value if isinstance(found, PokeReturnValue) else None
        from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger

        limit = timedelta(seconds=self.timeout)
        condition, fail_if = self._condition(), self._failing()
        return self.defer(
            trigger=PowerOfficeTrigger(
                endpoint=self.endpoint,
                query=self._query(self.hook.client),
                headers=dict(self.headers or {}),
                field=condition.field,
                comparison=condition.comparison,
                value=condition.value,
                fail_if=None if fail_if is None else fail_if.written(),
                poll_interval=self.poke_interval,
                deadline=(datetime.now(UTC) + limit).isoformat(),
                poweroffice_conn_id=self.api_conn_id,
                company=self.company,
            ),
            method_name="execute_complete",
            # The trigger keeps the deadline itself; this is for a triggerer that is gone.
            timeout=limit + _TRIGGERER_GRACE,
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """
        Take the triggerer's verdict.

        :raises AirflowFailException: the server refused, or ``fail_if`` is fulfilled.
        :raises AirflowSensorTimeout: the condition was not fulfilled within ``timeout``.
        """
        from airflow_provider_poweroffice.tasks.company import labelled, report_company

        with report_company(context, self.company):
            if event and event.get("status") == "timeout":
                raise AirflowSensorTimeout(event["message"])
            if not event or event.get("status") != "success":
                message = (event or {}).get("message", "the trigger ended without a verdict")
                raise AirflowFailException(message)
        self.log.info(labelled(self.company, "condition fulfilled"))
        return event.get("record")

    def poke(self, context: Context) -> bool | PokeReturnValue:  # noqa: ARG002 - Airflow's signature
        """Ask once."""
        from airflow_provider_poweroffice.api.retry import retry_reason
        from airflow_provider_poweroffice.errors import PowerOfficeError
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
        from airflow_provider_poweroffice.tasks.results import check_record

        with fail_task_when_final():
            condition = self._condition()
            client = self.hook.client
            try:
                answer = client.request("GET", self.endpoint, query=self._query(client), headers=self.headers)
                if self.condition is None:
                    record = self._watch.look(answer, condition)
                else:
                    self._watch.check(answer)
            except PowerOfficeError as error:
                if not retry_reason(error, "GET"):
                    raise
                self._watch.saw(error)
                self.log.warning("no answer, waiting for the next poke: %s", self._watch)
                return False
            if self.condition is None:
                if record is None:
                    self.log.info("%s", self._watch)
                    return False
                check_record(record)
                return PokeReturnValue(is_done=True, xcom_value=record)
            body = answer.body
            self._watch.saw("an answer that it refused")
        if self.condition(body):  # its own errors are left to the task's retries
            return True
        self.log.info("%s", self._watch)
        return False

    @cached_property
    def _watch(self) -> Watch:
        from airflow_provider_poweroffice.tasks.waiting import Watch

        what = self._condition() if self.condition is None else "its callable condition"
        return Watch(what, self.endpoint, self.company, self._failing())

    def _query(self, client: Client) -> dict[str, str]:
        return client.narrow(
            self.endpoint,
            self.query,
            filters=self.filters,
            changed_since=self.changed_since,
            created_since=self.created_since,
            overlap=self.overlap,
        )

    def _failing(self) -> Condition | None:
        from airflow_provider_poweroffice.api.conditions import read_condition

        return None if self.fail_if is None else read_condition("fail_if", self.fail_if)

    def _condition(self) -> Condition:
        from airflow_provider_poweroffice.api.conditions import Condition

        value = cast("Value", self.value)  # rendered: no XComArg any more
        return Condition(field=self.field, comparison=self.comparison, value=value)
