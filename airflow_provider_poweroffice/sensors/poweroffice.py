"""
The sensor: waits until a GET answers a condition.

Rule: conditions are data, so that they mean the same in every mode; only a callable is tied to the
worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_poweroffice._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    conf,
)
from airflow_provider_poweroffice.api.change_filter import OVERLAP
from airflow_provider_poweroffice.api.conditions import Condition, check_comparison, check_value
from airflow_provider_poweroffice.api.options import RetryOptions
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.errors import PowerOfficeError
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.links import PowerOfficeDocsLink
from airflow_provider_poweroffice.tasks.advice import warn_of_unknown
from airflow_provider_poweroffice.tasks.company import CompanyOperator, labelled, report_company
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.results import check_record
from airflow_provider_poweroffice.tasks.waiting import Watch

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client

_SHORTEST_POLL = 1.0
_TRIGGERER_GRACE = timedelta(seconds=60)
_NOT_GIVEN: Any = object()


class PowerOfficeSensor(CompanyOperator, BaseSensorOperator):
    """
    Wait until a GET answers a condition, and push the first record that fulfils it.

    Without ``field`` and ``condition``: until there is at least one record. With ``field``: until in at
    least one record the field compares to the value. One page is read, so narrow the query down.

    Refused keys and requests (400, 403, 404) fail the task at once. A 401 for a new token, 429, 5xx or
    lost reply is logged, and the next poke tries again; a server's longer wait is respected.

    :param endpoint: path, such as ``SalesOrders/sentState`` (templated).
    :param query: filters (templated).
    :param filters: OData filter as data, for APIs that have ``$filter``; see docs/filters.md (templated).
    :param headers: further headers (templated).
    :param changed_since: ask only for what changed since this moment: a timestamp or None
        for everything (templated). The filter of the resource is chosen; some have none.
    :param created_since: the same for the time of creation (templated).
    :param overlap: seconds to go back from that moment; the API's filters are strictly greater than.
    :param field: dotted path in a record, such as ``IsInvoiceBeingProcessed`` (templated).
    :param comparison: one of ``== != > >= < <= in "not in"``.
    :param value: what to compare with (templated): text, a number (``Decimal`` too), a bool, an aware
        ``datetime``, a ``date``, or None for null; a list of such for ``in``. Required with ``field``.
    :param condition: a callable that gets the decoded answer (None for no content) and returns truth;
        instead of ``field``, and only without ``deferrable``.
    :param deferrable: wait in the triggerer; default ``[operators] default_deferrable``, and with
        ``condition`` the worker.
    :param retry_options: for one poke in the worker, such as ``{"attempts": 3}``.
    :param poweroffice_conn_id: the Airflow connection (templated).
    :param company: alias of one of the connection's companies (templated), see docs/companies.md.

    .. seealso:: docs/operators.md
    """

    template_fields: Sequence[str] = (
        "company",
        "endpoint",
        "query",
        "filters",
        "headers",
        "changed_since",
        "created_since",
        "field",
        "value",
        "poweroffice_conn_id",
    )
    template_fields_renderers = {"query": "json", "filters": "json", "headers": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (PowerOfficeDocsLink(),)
    ui_color = "#f2ead3"

    def __init__(
        self,
        *,
        endpoint: str,
        query: Mapping[str, Any] | None = None,
        filters: Any = None,
        headers: Mapping[str, str] | None = None,
        changed_since: Any = None,
        created_since: Any = None,
        overlap: float = OVERLAP,
        field: str | None = None,
        comparison: str = "==",
        value: Any = _NOT_GIVEN,
        condition: Callable[[Any], Any] | None = None,
        deferrable: bool | None = None,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        poweroffice_conn_id: str = PowerOfficeHook.default_conn_name,
        company: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.company = company
        self.endpoint = endpoint
        self.query = query
        self.filters = filters
        self.headers = headers
        self.changed_since = changed_since
        self.created_since = created_since
        self.overlap = overlap
        self.field = field
        self.comparison = comparison
        self.value = None if value is _NOT_GIVEN else value
        self.condition = condition
        default = condition is None and conf.getboolean("operators", "default_deferrable", fallback=False)
        self.deferrable = default if deferrable is None else deferrable
        self.retry_options = RetryOptions.from_mapping(retry_options or {"attempts": 3, "deadline": 60})
        self.poweroffice_conn_id = poweroffice_conn_id
        warn_of_unknown(endpoint)
        if condition is not None and (field is not None or deferrable):
            raise ValueError(
                "condition, a callable, goes without field, and without deferrable: it can not be sent to "
                "the triggerer. Use field, comparison and value there"
            )
        if condition is not None and not callable(condition):
            raise TypeError(f"condition must be callable, not {condition!r}; use field, comparison and value")
        check_comparison(comparison)
        if field is None and (self.value is not None or comparison != "=="):
            raise ValueError("comparison and value need field: what is to be compared?")
        if field is not None and value is _NOT_GIVEN:
            raise ValueError(f"field {field!r} needs value: what to compare with; value=None waits for null")
        if field is not None and _is_literal(self.value):
            check_value(comparison, self.value)
        if self.deferrable and self.poke_interval < _SHORTEST_POLL:
            raise ValueError(f"poke_interval must be at least {_SHORTEST_POLL:g} s when deferrable")

    @cached_property
    def hook(self) -> PowerOfficeHook:
        """Give the hook of the connection."""
        return PowerOfficeHook(
            self.poweroffice_conn_id, company=self.company, retry_options=self.retry_options
        )

    def execute(self, context: Context) -> Any:
        """Poke once in the worker; then wait there, or in the triggerer."""
        with self.hook, report_company(context, self.company):  # one token for all pokes
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
        from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger  # noqa: PLC0415

        limit = timedelta(seconds=self.timeout)
        condition = self._condition()
        return self.defer(
            trigger=PowerOfficeTrigger(
                endpoint=self.endpoint,
                query=self._query(self.hook.client),
                headers=dict(self.headers or {}),
                field=condition.field,
                comparison=condition.comparison,
                value=condition.value,
                poll_interval=self.poke_interval,
                deadline=(datetime.now(UTC) + limit).isoformat(),
                poweroffice_conn_id=self.poweroffice_conn_id,
                company=self.company,
            ),
            method_name="execute_complete",
            # The trigger keeps the deadline itself; this is for a triggerer that is gone.
            timeout=limit + _TRIGGERER_GRACE,
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """
        Take the triggerer's verdict.

        :raises AirflowFailException: the server refused.
        :raises AirflowSensorTimeout: the condition was not fulfilled within ``timeout``.
        """
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
        with fail_task_when_final():
            condition = self._condition()
            client = self.hook.client
            try:
                answer = client.request("GET", self.endpoint, query=self._query(client), headers=self.headers)
                record = self._watch.look(answer, condition) if self.condition is None else None
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
        return bool(self.condition(body))  # its own errors are left to the task's retries

    @cached_property
    def _watch(self) -> Watch:
        what = self._condition() if self.condition is None else "its callable condition"
        return Watch(what, self.endpoint, self.company)

    def _query(self, client: Client) -> dict[str, str]:
        return client.narrow(
            self.endpoint,
            self.query,
            filters=self.filters,
            changed_since=self.changed_since,
            created_since=self.created_since,
            overlap=self.overlap,
        )

    def _condition(self) -> Condition:
        return Condition(field=self.field, comparison=self.comparison, value=self.value)


def _is_literal(value: Any) -> bool:
    """Tell whether a value is known while the DAG file is read: no template, no output of another task."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_literal, value))
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    return not hasattr(value, "resolve")
