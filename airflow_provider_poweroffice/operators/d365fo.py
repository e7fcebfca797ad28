"""The operators of Finance & Operations: a service operation, and rows of an entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import conf
from airflow_provider_poweroffice.api.options import RetryOptions, is_given
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.links import D365FODocsLink
from airflow_provider_poweroffice.tasks.base import check_flags, check_reading, is_literal, refuse_other_api
from airflow_provider_poweroffice.tasks.call import CallTask, Request
from airflow_provider_poweroffice.tasks.connections import D365FOTask
from airflow_provider_poweroffice.tasks.rendering import RenderedOperator
from airflow_provider_poweroffice.tasks.results import (
    MAX_RESULT_BYTES,
    ResultForm,
    check_kind,
    check_limit,
)

if TYPE_CHECKING:
    from airflow.sdk import Context
    from jinja2 import Environment

    from airflow_provider_poweroffice.api.limits.throttle import Clock
    from airflow_provider_poweroffice.api.response import Response
    from airflow_provider_poweroffice.errors import RateLimitError

_FOR_EVER = float("inf")
_TOO_LARGE = "Have the operation return less, or raise max_result_bytes."


class D365FORestEndpointOperator(RenderedOperator):
    """
    Call a service operation of Finance & Operations and push its answer to XCom.

    A call answered with 429 was not carried out, so it is retried, without limit unless ``retry_timeout`` or
    the task's ``execution_timeout`` end that. An exception in X++, refused keys and bad requests end the task
    at once; so does a POST whose reply was lost. On Airflow 3.3 and later no retry sends a POST again.

    :param service_name: ``Group/Service/Operation`` (templated). With GET, fewer parts list the groups,
        services or operations below.
    :param payload: dict or list, JSON text, or the name of a ``.json`` template file; ``""`` sends an
        empty body (templated). Its top-level names are the operation's parameters.
    :param method: default GET without a payload, which gives an operation's description, and POST with one;
        an operation without parameters is run by ``payload={}`` (templated).
    :param raw: send a payload of text unchanged, without the check that it is JSON.
    :param charset: of the body, such as ``utf-8``, ``UTF8``, ``ISO-8859-1``, ``ASCII``, ``ANSI``
        (windows-1252); named in the content type (templated).
    :param headers: further headers (templated).
    :param retry_timeout: budget for waiting out 429s: ``"hh:mm:ss"``, seconds as a number, or a timedelta;
        unset or zero sets no limit (templated). A wait that would exceed it fails the task at once.
    :param throttle_seed: N: pause between 1 and N seconds after each answered call; 0: none (templated).
    :param token: used as given, with or without ``Bearer``, instead of the connection's keys (templated).
    :param timeout: seconds for the call and its answer; 0: no limit; None: the connection's limit, if it sets
        one (templated).
    :param response: form of the body: ``"json"`` (default), ``"text"``, ``"bytes"`` or a type.
    :param full: return the whole answer, with the body in that form; see :class:`CallTask`.
    :param expected_status: a status or several that count as success, and no others; default any 2xx
        (templated).
    :param response_check: a callable that gets the whole answer; false means that it reports a failure, as
        business failures with status 200 do.
    :param fail_on_error: False returns the whole answer whatever happens, with one warning in the log: the
        cmdlet without ``EnableException``. Wrong arguments still fail the task.
    :param idempotent: may the call be carried out twice? Default: yes for GET, PUT and DELETE.
    :param deferrable: wait out long 429s in the triggerer; default ``[operators] default_deferrable``.
    :param max_result_bytes: largest result as JSON; None for no limit.
    :param retry_options: for errors other than 429, such as ``{"attempts": 3, "deadline": 60}``.
    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/d365fo.md
    """

    template_fields: Sequence[str] = (
        "service_name",
        "payload",
        "method",
        "charset",
        "headers",
        "retry_timeout",
        "throttle_seed",
        "token",
        "timeout",
        "expected_status",
        "d365fo_conn_id",
    )
    none_means_unset = frozenset(
        {"method", "retry_timeout", "throttle_seed", "token", "timeout", "expected_status"}
    )
    template_fields_renderers = {"payload": "json", "headers": "json"}  # noqa: RUF012 - Airflow's form
    operator_extra_links = (D365FODocsLink(),)
    ui_color = "#e3dff2"
    defer_from = 10.0
    """Seconds of waiting that a deferrable task spends in the worker; a longer wait frees its slot."""

    def __init__(
        self,
        *,
        service_name: str,
        payload: Any = None,
        method: str | None = None,
        raw: bool = False,
        charset: str = "utf-8",
        headers: Mapping[str, str] | None = None,
        retry_timeout: str | float | timedelta | None = None,
        throttle_seed: float | str = 0,
        token: str | None = None,
        timeout: float | str | None = None,
        response: Any = "json",
        full: bool = False,
        expected_status: int | str | Sequence[int] | None = None,
        response_check: Callable[[Response], Any] | None = None,
        fail_on_error: bool = True,
        idempotent: bool | None = None,
        deferrable: bool | None = None,
        max_result_bytes: int | None = MAX_RESULT_BYTES,
        retry_options: RetryOptions | Mapping[str, Any] | None = None,
        d365fo_conn_id: str = D365FOHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service_name = service_name
        self.payload = payload
        self._payload_is_loaded = False
        self.method = method
        self.raw = raw
        self.charset = charset
        self.headers = headers
        self.retry_timeout = retry_timeout
        self.throttle_seed = throttle_seed
        self.token = token
        self.timeout = timeout
        self.response = response
        self.full = full
        self.expected_status = expected_status
        self.response_check = response_check
        self.fail_on_error = fail_on_error
        self.idempotent = idempotent
        default = conf.getboolean("operators", "default_deferrable", fallback=False)
        self.deferrable = default if deferrable is None else deferrable
        self.max_result_bytes = max_result_bytes
        self.retry_options = RetryOptions.from_mapping(retry_options, "retry_options")
        if self.retry_options.rate_limit_deadline is not None:
            raise ValueError(
                "retry_options holds rate_limit_deadline; the budget for 429s is retry_timeout here"
            )
        self.d365fo_conn_id = d365fo_conn_id
        check_kind(response)
        check_limit(max_result_bytes)
        if response_check is not None and not callable(response_check):
            raise TypeError(f"response_check must be callable, not {response_check!r}")
        check_flags(self, "raw", "full", "fail_on_error", "deferrable")
        if idempotent is not None:
            check_flags(self, "idempotent")
        self._check_literals()

    def _check_literals(self) -> None:
        """
        Refuse, while the DAG file is read, what no call can have; templates are not looked at.

        :raises ValueError, TypeError: names the argument, its value and the way out.
        """
        from airflow_provider_poweroffice.tasks import service_call

        for read, value in (
            (service_call.read_retry_timeout, self.retry_timeout),
            (service_call.read_seed, self.throttle_seed),
            (service_call.read_timeout, self.timeout),
            (service_call.read_statuses, self.expected_status),
        ):
            if is_literal(value):
                read(value)
        of_call = (self.service_name, self.payload, self.method, self.charset, self.headers)
        if all(map(is_literal, of_call)) and not _names_file(self.payload):
            service_call.read_call(
                self.service_name,
                self.payload,
                method=self.method,
                charset=self.charset,
                headers=self.headers,
                raw=self.raw,
            )

    @cached_property
    def clock(self) -> Clock:
        """The clock of the task; tests inject their own."""
        from airflow_provider_poweroffice.api.limits.throttle import SystemClock

        return SystemClock()

    def resolve_template_files(self) -> None:
        """Load a payload that is the name of a template file; no other argument names one."""
        if _names_file(self.payload):
            from jinja2 import TemplateNotFound

            with suppress(TemplateNotFound):  # Airflow logs it when the task runs
                self._load_payload(self.get_template_env())
        self.prepare_template()

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render; a payload from ``partial()`` is loaded now: Airflow resolves no files of mapped tasks."""
        is_data = id(content) in (seen_oids or ())  # from an upstream task: it names no file
        is_payload = content is self.payload and not self._payload_is_loaded
        if is_payload and not is_data and _names_file(content):
            content = self._load_payload(jinja_env or self.get_template_env())
        return super().render_template(content, context, jinja_env, seen_oids)

    def _load_payload(self, environment: Environment) -> str:
        from jinja2 import TemplateNotFound

        if environment.loader is None:
            raise TemplateNotFound(self.payload)
        text = environment.loader.get_source(environment, self.payload)[0]
        self.payload = text
        self._payload_is_loaded = True
        return text

    def execute(self, context: Context) -> Any:
        """
        Make the call.

        :return: plain JSON, see ``response``.
        """
        return self._execute(context, self.clock.time(), 0)

    def execute_again(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Make the call again after a wait in the triggerer; the earlier one was not carried out."""
        return self._execute(context, event["started"], event["waits"])

    def _execute(self, context: Context, started: float, waits: int) -> Any:
        from airflow_provider_poweroffice.errors import PowerOfficeError, RateLimitError
        from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
        from airflow_provider_poweroffice.tasks.service_answers import ServiceRun
        from airflow_provider_poweroffice.tasks.service_call import (
            read_call,
            read_retry_timeout,
            read_seed,
            read_statuses,
        )

        with fail_task_when_final():
            call = read_call(
                self.service_name,
                self.payload,
                method=self.method,
                charset=self.charset,
                headers=self.headers,
                raw=self.raw,
            )
            expected, seed = read_statuses(self.expected_status), read_seed(self.throttle_seed)
            budget = read_retry_timeout(self.retry_timeout)
            left = _FOR_EVER if budget is None else max(0.0, budget - (self.clock.time() - started))
        form = ResultForm(
            kind=self.response,
            full=self.full,
            fail_on_error=self.fail_on_error,
            limit=self.max_result_bytes,
            too_large=_TOO_LARGE,
        )
        with fail_task_when_final(call.method, idempotent=self.idempotent), self._hook(left) as hook:
            run = ServiceRun(
                client=hook.client,
                call=call,
                clock=self.clock,
                expected=expected,
                check=self.response_check,
                idempotent=self.idempotent,
                form=form,
            )
            try:
                result = run.carry_out(context, self.d365fo_conn_id)
            except PowerOfficeError as error:
                if isinstance(error, RateLimitError):
                    self._wait_in_triggerer(error, budget, started, waits)
                result = form.of_error(error, call.method)
                self.log.warning("%s; fail_on_error=False makes that a result", error)
        if seed:
            self._pause(seed)
        return result

    def _hook(self, left: float) -> D365FOHook:
        """Give the hook, with a number of seconds for waiting out 429s in the worker."""
        from airflow_provider_poweroffice.tasks.service_call import read_timeout

        limit = min(self.defer_from, left) if self.deferrable else left
        timeout = read_timeout(self.timeout)
        hook = D365FOHook(
            self.d365fo_conn_id,
            retry_options=replace(self.retry_options, rate_limit_deadline=limit),
            token=self.token if is_given(self.token) else None,
            read_timeout=timeout,
            unlimited=timeout is None,
            clock=self.clock,
        )
        conn = hook.get_connection(hook.conn_id)
        refuse_other_api(hook.conn_name_attr, conn, {"poweroffice": "PowerOfficeOperator"})
        return hook

    def _wait_in_triggerer(
        self, error: RateLimitError, budget: float | None, started: float, waits: int
    ) -> None:
        """Defer a long wait to the triggerer; returns where the wait exceeds what the task may wait."""
        import random

        from airflow_provider_poweroffice.api.dialects.d365fo import D365FO
        from airflow_provider_poweroffice.api.retry import fitting_wait

        own_limit = self.execution_timeout.total_seconds() if self.execution_timeout else _FOR_EVER
        limit = min(own_limit, _FOR_EVER if budget is None else budget)
        elapsed = self.clock.time() - started
        left, jitter = limit - elapsed, random.random()  # noqa: S311 - spreads calls in time
        wait = fitting_wait(self.retry_options, error, waits + 1, jitter, left, D365FO.default_retry_after)
        if not self.deferrable or wait > left:
            error.add_note(
                f"429s were waited out for {elapsed:.0f} s; a wait of {wait:.0f} s more would pass "
                f"retry_timeout={self.retry_timeout!r} or execution_timeout."
            )
            return
        from airflow_provider_poweroffice.triggers.d365fo import D365FOWaitTrigger

        allowed = "for ever" if limit == _FOR_EVER else f"{limit:.0f} s in all"
        self.log.warning(
            "%s: waiting %.0f s in the triggerer, %.0f s so far, %s allowed", error, wait, elapsed, allowed
        )
        moment = datetime.fromtimestamp(self.clock.time() + wait, UTC).isoformat()
        self.defer(
            trigger=D365FOWaitTrigger(moment=moment, started=started, waits=waits + 1),
            method_name="execute_again",
        )

    def _pause(self, seed: float) -> None:
        import random

        seconds = random.uniform(1.0, seed)  # noqa: S311 - spreads calls in time
        self.log.info("pausing %.1f s (throttle_seed=%g)", seconds, seed)
        self.clock.sleep(seconds)


def _names_file(payload: Any) -> bool:
    return isinstance(payload, str) and payload.endswith(".json")


class D365FOEntityOperator(D365FOTask, CallTask):
    """
    Call an entity by OData and push the answer to XCom: all of :class:`CallTask`.

    The path is made from entity, key and action, so that no value is pasted into a URL. Rows come without
    their envelope.

    :param entity: name of the set, such as ``CustomersV3``; case counts (templated).
    :param key: every key field of one row with its value (templated). A text from a template that stands for
        something else is ``(text, type)``: ``{"LineNumber": ("{{ params.line }}", "number")}``.
    :param action: an OData action of the set or the row, called by POST with ``body`` (templated).
    :param etag: the row's ``@odata.etag`` from an earlier read, or ``*``: PATCH, PUT and DELETE are refused
        with ``ConflictError`` when the row has changed since (templated).
    :param cross_company: True reaches all companies of the app's user, False only its own; default True where
        key or filter name ``dataAreaId`` (templated).
    :param company: a legal entity (templated).
    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/d365fo.md, docs/operators.md
    """

    template_fields = (
        *CallTask.template_fields,
        "entity",
        "key",
        "action",
        "etag",
        "cross_company",
        "d365fo_conn_id",
    )
    template_fields_renderers = CallTask.template_fields_renderers | {"key": "json"}
    none_means_unset = CallTask.none_means_unset | {"cross_company"}
    other_class = MappingProxyType({"poweroffice": "PowerOfficeOperator"})
    too_large = "Store the rows with D365FOToObjectStorageOperator, and hand on the path."
    ui_color = "#e3dff2"

    def __init__(
        self,
        *,
        entity: str,
        key: Mapping[str, Any] | None = None,
        action: str | None = None,
        etag: str | None = None,
        cross_company: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.key = key
        self.action = action
        self.etag = etag
        self.cross_company = cross_company
        if self.method == "GET":
            check_reading(self, entity)
        body = self.body
        if self.method == "PATCH" and self.changes is None and not isinstance(body, str) and is_literal(body):
            from airflow_provider_poweroffice.api.dialects.d365fo import D365FO

            D365FO().check_body("PATCH", body)

    def request(self) -> Request:
        """
        Make the path of the row or action, and its headers.

        :raises ValueError: a key that names no row, or a name that is not one.
        """
        from airflow_provider_poweroffice.api.d365fo.entities import entity_path

        action = self.action if is_given(self.action) else None
        headers, query = self.headers, self.query
        if is_given(self.etag):
            headers = {**(headers or {}), "If-Match": str(self.etag)}
        if is_given(self.cross_company):
            query = {**(query or {}), "cross-company": self.cross_company}
        return Request(
            method="POST" if action and self.method == "GET" and not self.paginate else self.method,
            endpoint=entity_path(self.entity, self.key, action=action),
            query=query,
            headers=headers,
        )
