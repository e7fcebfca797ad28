"""The operator for services: what reaches the wire, what reaches XCom, what waits, what ends a task."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from support import FakeClock, Unthrottled
from support.d365fo import TEST

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.api.limits.throttle import NoSlotError, Slot
from airflow_provider_poweroffice.errors import (
    APITimeoutError,
    BusinessFailureError,
    NotFoundError,
    RateLimitError,
    UnexpectedStatusError,
    XppError,
)
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.operators.d365fo import D365FORestEndpointOperator
from airflow_provider_poweroffice.tasks.write_guard import KEY
from airflow_provider_poweroffice.triggers.d365fo import D365FOWaitTrigger
from poweroffice_sandbox.d365fo import D365FOSandbox

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:
    from airflow.exceptions import TaskDeferred

pytestmark = pytest.mark.usefixtures("fo_connection")
ECHO = f"{TEST}/echo"


class Timed(D365FORestEndpointOperator):
    """The operator with a test's time."""

    def _hook(self, left: float) -> D365FOHook:
        hook = super()._hook(left)
        hook._throttle = Unthrottled()
        return hook


class Store(dict[str, Any]):
    """A task state store, as far as the guard uses it."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:  # noqa: ARG002 - Airflow's
        """Keep a value."""
        self[key] = value

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.pop(key, None)


@pytest.fixture
def build(fo: D365FOSandbox, clock: FakeClock) -> Callable[..., D365FORestEndpointOperator]:
    """Give a function that builds an operator in fake time."""
    clock.lead(fo)

    def make(service_name: str = ECHO, payload: Any = None, **arguments: Any) -> D365FORestEndpointOperator:
        operator = Timed(task_id="t", service_name=service_name, payload=payload, **arguments)
        operator.__dict__["clock"] = clock
        return operator

    return make


@pytest.fixture
def run(build: Callable[..., D365FORestEndpointOperator]) -> Callable[..., Any]:
    """Give a function that runs an operator once."""

    def execute(
        service_name: str = ECHO, payload: Any = None, *, context: Any = None, **arguments: Any
    ) -> Any:
        return build(service_name, payload, **arguments).execute(context or {})

    return execute


def test_method_rule(run: Any, fo: D365FOSandbox) -> None:
    """No payload asks for the description, a payload runs the operation, unless a method is given."""
    assert run()["Parameters"] == [{"Name": "_request", "Type": "Object"}]
    assert run(payload={"_request": {"a": 1}})["a"] == 1
    assert run(f"{TEST}/getBoolean", method="POST") is True
    assert run(f"{TEST}/getBoolean", "") is True
    assert run(f"{TEST}/getBoolean", {}) is True
    assert [entry.method for entry in fo.journal() if "token" not in entry.path] == ["GET", *["POST"] * 4]


def test_discovery(run: Any) -> None:
    """Fewer than three parts ask what there is."""
    assert "SandboxServices" in [item["Name"] for item in run("")["ServiceGroups"]]
    assert run("SandboxServices")["Services"] == [{"Name": "SandboxTestService"}]


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        ("getText", 'Blåbær & "quotes"'),
        ("getNumber", 1234567.10),
        ("getNothing", None),
        ("doNothing", None),
        ("getBoolean", True),
    ],
)
def test_bare_values(run: Any, fo: D365FOSandbox, operation: str, value: Any) -> None:
    """What an operation returns comes without an envelope, scalars and nothing included."""
    for form in ("empty", "null", "204"):
        fo.set(void_body=form)
        assert run(f"{TEST}/{operation}", {}) == value


@pytest.mark.parametrize(
    "payload", [{"_request": {"n": "å€"}}, '{"_request": {"n": "å€"}}', '\ufeff{"_request": {"n": "å€"}}']
)
def test_payload_forms(run: Any, payload: Any) -> None:
    """A dict and JSON text reach the operation alike."""
    assert run(payload=payload)["n"] == "å€"


@pytest.mark.parametrize(
    ("charset", "named", "size"),
    [
        ("utf-8", "utf-8", 20),
        ("UTF8", "utf-8", 20),
        ("ANSI", "windows-1252", 19),
        ("ISO-8859-1", "iso-8859-1", 19),
    ],
)
def test_charset(run: Any, charset: str, named: str, size: int) -> None:
    """The body is really encoded as its content type says."""
    seen = run(f"{TEST}/requestInfo", '{"_request": "bl\u00e5"}', charset=charset)
    headers = {item["Name"]: item["Value"] for item in seen["Headers"]}
    assert headers["content-type"] == f"application/json;charset={named}"
    assert seen["Bytes"] == size


def test_payload_file(run: Any, build: Any, tmp_path: Path) -> None:
    """A payload may be the name of a template file, which is rendered."""
    (tmp_path / "payload.json").write_text('{"_request": {"run": "{{ run_id }}"}}')
    with DAG("d", schedule=None, template_searchpath=[str(tmp_path)]):
        operator = build(payload="payload.json")
    operator.resolve_template_files()
    operator.render_template_fields({"run_id": "r1"})
    assert operator.execute({})["run"] == "r1"
    assert run


def test_names_of_files_in_a_payload(build: Any) -> None:
    """A text in a payload that ends in .json is a value, rendered as any other, and no file to read."""
    with DAG("d", schedule=None):
        operator = build(payload={"_request": {"File": "{{ run_id }}.json", "Other": ["x.json"]}})
    operator.resolve_template_files()
    operator.render_template_fields({"run_id": "r1"})
    answer = operator.execute({})
    assert (answer["File"], answer["Other"]) == ("r1.json", ["x.json"])


def test_all_is_templated() -> None:
    """Every parameter of the call is a template."""
    plain = {"raw", "response", "full", "response_check", "fail_on_error", "idempotent", "deferrable"}
    plain |= {"max_result_bytes", "retry_options"}
    import inspect  # noqa: PLC0415 - only here

    names = set(inspect.signature(D365FORestEndpointOperator.__init__).parameters) - {"self", "kwargs"}
    assert names - plain == set(D365FORestEndpointOperator.template_fields)


def test_rendered_texts(run: Any, clock: FakeClock) -> None:
    """What templates render to, texts, is read as what it stands for."""
    arguments = {
        "retry_timeout": "None",
        "throttle_seed": "1",
        "timeout": "30",
        "expected_status": "200, 201",
    }
    assert run(payload={"_request": {}}, token="None", method="", **arguments) == {"$id": "1"}
    assert clock.naps == [1.0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"service_name": "Group/Service"}, "three, Group/Service/Operation"),
        ({"service_name": "https://x/y/z"}, "service_name"),
        ({"payload": "{no"}, "payload is not JSON"),
        ({"payload": {"a": float("nan")}}, "nan"),
        ({"payload": {"a": object()}}, "JSON"),
        ({"payload": {}, "method": "GET"}, "payload does not go with GET"),
        ({"method": "FETCH"}, "FETCH"),
        ({"charset": "utf-9"}, "unknown charset"),
        ({"payload": {"a": "€"}, "charset": "ASCII"}, "'€'"),
        ({"retry_timeout": "60"}, "retry_timeout must be 'hh:mm:ss'"),
        ({"retry_timeout": "00:60:00"}, "retry_timeout"),
        ({"throttle_seed": -1}, "throttle_seed"),
        ({"throttle_seed": 0.5}, "throttle_seed"),
        ({"throttle_seed": "x"}, "throttle_seed"),
        ({"timeout": -1}, "timeout"),
        ({"expected_status": 99}, "expected_status"),
        ({"expected_status": "ok"}, "expected_status"),
        ({"headers": {"Authorization": "x"}}, "Authorization"),
        ({"token": "a b"}, "token"),
        ({"payload": '{"a": NaN}'}, "payload is not JSON .it holds NaN"),
        ({"payload": "[-Infinity]"}, "payload is not JSON"),
        ({"headers": "X-Y: z"}, "headers must be a mapping"),
    ],
)
def test_bad_input(build: Any, fo: D365FOSandbox, arguments: dict[str, Any], says: str) -> None:
    """Bad input that comes of templates is refused by name, before any request."""
    task = build(ECHO, {"_request": {}})
    for name, value in arguments.items():
        setattr(task, name, value)
    with pytest.raises(AirflowFailException, match=says) as caught:
        task.execute({})
    assert isinstance(caught.value.__cause__, (ValueError, TypeError))
    assert fo.count() == 0


def test_bad_response_check() -> None:
    """A check that cannot be called is refused while the DAG file is read."""
    with pytest.raises(TypeError, match="response_check"):
        D365FORestEndpointOperator(task_id="t", service_name=ECHO, response_check="x")  # type: ignore[arg-type]


def test_one_budget_for_429s() -> None:
    """A second budget for the same is refused, as it would do nothing."""
    with pytest.raises(ValueError, match="retry_timeout"):
        D365FORestEndpointOperator(task_id="t", service_name=ECHO, retry_options={"rate_limit_deadline": 60})


def test_mark_of_an_editor(run: Any) -> None:
    """The byte order mark that some editors begin a file with is not sent, in no charset."""
    seen = run(f"{TEST}/requestInfo", '\ufeff{"_request": 1}', charset="ISO-8859-1")
    assert seen["Bytes"] == len('{"_request": 1}')


def test_raw(run: Any) -> None:
    """A text that is no JSON goes out as it stands when the caller says so."""
    seen = run(f"{TEST}/requestInfo", "{no", raw=True, expected_status=[200, 400], fail_on_error=False)
    assert seen["status_code"] in {200, 400}


def test_forms_of_answer(run: Any) -> None:
    """All forms of PowerOfficeOperator are here too; a failure is one of them on request."""
    assert json.loads(run(payload={"_request": {"a": 1}}, response="text"))["a"] == 1
    whole = run(payload={"_request": {"a": 1}}, full=True)
    assert (whole["status_code"], whole["body"]["a"], whole["is_success"]) == (200, 1, True)
    failed = run(f"{TEST}/throwException", {"_kind": "null"}, fail_on_error=False)
    assert (failed["status_code"], failed["is_success"]) == (500, False)
    assert failed["error_content"]["ExceptionType"] == "NullReferenceException"
    json.dumps(failed)


def test_nothing_raises(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Without exceptions, as the cmdlet is by default: no answer in time is a result, and one warning."""
    late = run(f"{TEST}/slow", {"_seconds": 2}, timeout=0.2, fail_on_error=False, response="text")
    assert (late["is_success"], late["status_code"], late["body"]) == (False, None, None)
    assert late["error_content"]["type"] == "APITimeoutError"
    assert late["outcome_unknown"] is late["error_content"]["outcome_unknown"] is True
    assert capsys.readouterr().out.count("fail_on_error=False makes that a result") == 1
    with pytest.raises(ValueError, match="throttle_seed"):
        run(f"{TEST}/getText", {}, throttle_seed=-1, fail_on_error=False)


def test_xpp_exception_ends_the_task(run: Any, clock: FakeClock) -> None:
    """An exception in X++ is final for the task too."""
    with pytest.raises(AirflowFailException, match="voucher does not balance") as caught:
        run(f"{TEST}/throwException", {"_kind": "error"})
    assert isinstance(caught.value.__cause__, XppError)
    assert clock.naps == []


@pytest.mark.parametrize("body", ["", "[]", '{"ServiceGroups": 5}', '"x"', "null"])
def test_odd_answer_to_the_search(run: Any, fo: D365FOSandbox, body: str) -> None:
    """Where the server does not tell its services, the 404 stands as it is."""
    json_type = {"Content-Type": "application/json"}
    fo.add_fault(
        action="status", method="GET", status=200, body=body, headers=json_type, path="/api/*", times=0
    )
    with pytest.raises(AirflowFailException) as caught:
        run(f"{TEST}/ecco", {})
    assert isinstance(caught.value.__cause__, NotFoundError)


@pytest.mark.parametrize("form", ["404-message", "404-empty"])
def test_no_such_operation(run: Any, fo: D365FOSandbox, form: str) -> None:
    """An unknown operation is told with near names."""
    fo.set(unknown_service=form)
    with pytest.raises(AirflowFailException, match="no such operation: 'ecco'; near names: echo") as caught:
        run(f"{TEST}/ecco", {})
    assert isinstance(caught.value.__cause__, NotFoundError)


def test_expected_status(run: Any) -> None:
    """A status among the expected is a result; a 2xx that is not among them is an error."""
    body = run(f"{TEST}/throwException", {"_kind": "error"}, expected_status=[200, 500])
    assert body["ExceptionType"] == "ErrorException"
    with pytest.raises(
        AirflowFailException, match="expected_status is 202; the call was carried out"
    ) as caught:
        run(payload={"_request": {}}, expected_status=202)
    assert isinstance(caught.value.__cause__, UnexpectedStatusError)


def test_business_failure(run: Any, fo: D365FOSandbox) -> None:
    """A 200 that says no fails the task by response_check, with its message; a later try sends again."""
    store = Store()
    wrong = {"_request": {"Amount": -1}}
    arguments = {
        "response_check": lambda answer: answer.body["Success"],
        "context": {"task_state_store": store},
    }
    with pytest.raises(AirflowFailException, match="The amount must be positive") as caught:
        run(f"{TEST}/post", wrong, **arguments)
    assert isinstance(caught.value.__cause__, BusinessFailureError)
    assert store == {}
    soft = run(f"{TEST}/post", wrong, fail_on_error=False, **arguments)
    assert (soft["is_success"], soft["error_content"]["Success"]) == (False, False)
    assert run(f"{TEST}/post", {"_request": {"Amount": 1}}, **arguments)["Success"] is True
    assert fo.executed()[f"{TEST}/post"] == 3


@pytest.mark.parametrize("arguments", [{"expected_status": 202}, {"response_check": lambda _: False}])
def test_echo_in_a_failure(run: Any, fo: D365FOSandbox, arguments: dict[str, Any]) -> None:
    """A 200 that is refused here, and repeats the token, brings it into no exception."""
    token = D365FOHook().client.auth.token()
    body = json.dumps({"Message": f"bad token {token}"})
    headers = {"Content-Type": "application/json", "X-Token": token}
    fo.add_fault(action="status", status=200, body=body, headers=headers, path="/api/*", times=0)
    with pytest.raises(AirflowFailException) as caught:
        run(ECHO, {}, token=token, **arguments)
    cause = caught.value.__cause__
    assert token not in f"{caught.value}{cause}{vars(cause)}{vars(cause.response)}"
    assert token not in json.dumps(run(ECHO, {}, token=token, fail_on_error=False, **arguments))


def test_pause(run: Any, clock: FakeClock) -> None:
    """throttle_seed pauses between 1 and N seconds after each call that was answered; none after an error."""
    for seed, low, high in ((1, 1, 1), (2.5, 1, 2.5), (60, 1, 60), (0, 0, 0)):
        clock.naps.clear()
        run(payload={"_request": {}}, throttle_seed=seed)
        assert low <= sum(clock.naps) <= high
    clock.naps.clear()
    with pytest.raises(AirflowFailException):
        run(f"{TEST}/throwException", {"_kind": "error"}, throttle_seed=5)
    assert clock.naps == []


def test_waiting_for_ever(
    run: Any, fo: D365FOSandbox, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a retry_timeout 429s are waited out for hours, and each wait says so."""
    fo.set(resource_seconds=600)
    fo.add_fault(action="throttle", seconds=10_000, times=0)
    with caplog.at_level(logging.WARNING):
        assert run(f"{TEST}/getBoolean", {}) is True
    assert sum(clock.naps) >= 10_000
    assert caplog.text.count("tried until the task's own time limit") == len(clock.naps)
    assert fo.executed() == {f"{TEST}/getBoolean": 1}


@pytest.mark.parametrize("budget", ["00:01:00", 60, timedelta(minutes=1)])
def test_budget(run: Any, fo: D365FOSandbox, clock: FakeClock, budget: Any) -> None:
    """A wait that would pass the budget fails at once, without sleeping; the task's own retries go on."""
    fo.set(resource_seconds=100)
    fo.add_fault(action="throttle", seconds=100, times=0)
    with pytest.raises(RateLimitError) as caught:
        run(f"{TEST}/getBoolean", {}, retry_timeout=budget)
    assert clock.naps == []
    assert "retry_timeout" in caught.value.__notes__[0]
    soft = run(f"{TEST}/getBoolean", {}, retry_timeout=budget, fail_on_error=False)
    assert (soft["status_code"], soft["is_success"]) == (429, False)


@pytest.mark.parametrize("deferrable", [False, True])
def test_budget_that_just_fits(build: Any, fo: D365FOSandbox, clock: FakeClock, *, deferrable: bool) -> None:
    """A wait as long as the budget is not beyond it, whatever is added to spread calls in time."""
    fo.add_fault(action="status", status=429, headers={"Retry-After": "60"}, path="/api/*", times=1)
    operator = build(f"{TEST}/getBoolean", {}, retry_timeout=60, deferrable=deferrable)
    if not deferrable:
        assert operator.execute({}) is True
        assert clock.naps == [60.0]
        return
    with pytest.raises(TaskDeferred) as caught:
        operator.execute({})
    moment = caught.value.trigger.serialize()[1]["moment"]
    assert datetime.fromisoformat(moment).timestamp() - clock.time() == pytest.approx(60, abs=0.001)


@pytest.mark.parametrize("deferrable", [False, True])
def test_wait_beyond_all_calendars(
    build: Any, fo: D365FOSandbox, clock: FakeClock, *, deferrable: bool
) -> None:
    """A server that asks for millennia breaks no clock: the wait is a year at most."""
    header = {"Retry-After": "99999999999"}
    fo.add_fault(action="status", status=429, headers=header, path="/api/*", times=1)
    operator = build(f"{TEST}/getBoolean", {}, deferrable=deferrable)
    if deferrable:
        with pytest.raises(TaskDeferred):
            operator.execute({})
    else:
        assert operator.execute({}) is True
    assert sum(clock.naps) < 367 * 86_400


def test_budget_is_enough(run: Any, fo: D365FOSandbox, clock: FakeClock) -> None:
    """A budget counts from the first try, over all waits."""
    fo.set(resource_seconds=20, resource_retry_after="absent")
    fo.add_fault(action="throttle", seconds=25, times=0)
    assert run(f"{TEST}/getBoolean", {}, retry_timeout="00:00:31") is True
    assert [round(nap) for nap in clock.naps] == [10, 20]


def test_deferral(build: Any, fo: D365FOSandbox, clock: FakeClock) -> None:
    """A long wait frees the worker: the task is deferred, and the call made again, once, when it is over."""
    fo.set(resource_seconds=300)
    fo.add_fault(action="throttle", seconds=300, times=0)
    store = Store()
    operator = build(f"{TEST}/getBoolean", {}, deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        operator.execute({"task_state_store": store})
    assert (clock.naps, store) == ([], {})
    deferred = caught.value
    assert isinstance(deferred.trigger, D365FOWaitTrigger)
    path, arguments = deferred.trigger.serialize()
    assert path.endswith("triggers.d365fo.D365FOWaitTrigger")
    left = datetime.fromisoformat(arguments["moment"]).timestamp() - clock.time()
    assert 299 <= left <= 301
    assert json.loads(json.dumps(arguments)) == arguments
    event = {"event": {"status": "success", **arguments}}
    clock.sleep(left)
    again = build(f"{TEST}/getBoolean", {}, deferrable=True)
    assert again.resume_execution(deferred.method_name, event, {"task_state_store": store}) is True
    assert fo.executed() == {f"{TEST}/getBoolean": 1}
    assert store[KEY]["state"] == "done"


@pytest.mark.parametrize(("seconds", "defers"), [(5, False), (11, True)])
def test_short_waits_stay(
    build: Any, fo: D365FOSandbox, clock: FakeClock, seconds: int, *, defers: bool
) -> None:
    """A short wait is not worth a journey through the database."""
    fo.set(resource_seconds=seconds)
    fo.add_fault(action="throttle", seconds=seconds, times=0)
    operator = build(f"{TEST}/getBoolean", {}, deferrable=True)
    if defers:
        with pytest.raises(TaskDeferred):
            operator.execute({})
    else:
        assert operator.execute({}) is True
    assert bool(clock.naps) != defers


@pytest.mark.parametrize(
    "arguments", [{"retry_timeout": "00:10:00"}, {"execution_timeout": timedelta(minutes=10)}]
)
def test_budget_over_deferrals(
    build: Any, fo: D365FOSandbox, clock: FakeClock, arguments: dict[str, Any]
) -> None:
    """The budget, and the task's own limit, count through deferrals."""
    fo.add_fault(action="status", status=429, headers={"Retry-After": "400"}, path="/api/*", times=0)
    operator = build(f"{TEST}/getBoolean", {}, deferrable=True, **arguments)
    with pytest.raises(TaskDeferred) as caught:
        operator.execute({})
    clock.sleep(400)
    with pytest.raises(RateLimitError):
        operator.resume_execution("execute_again", {"event": caught.value.trigger.serialize()[1]}, {})
    assert fo.executed() == {}


def test_trigger_waits() -> None:
    """The trigger ends at its moment, and at once when that is over; it survives JSON."""
    soon = (datetime.now(UTC) + timedelta(seconds=0.05)).isoformat()
    for moment in (soon, "2000-01-01T00:00:00+00:00"):
        _, arguments = D365FOWaitTrigger(moment=moment, started=1.5, waits=2).serialize()
        trigger = D365FOWaitTrigger(**json.loads(json.dumps(arguments)))

        async def first(one: D365FOWaitTrigger) -> Any:
            return await asyncio.wait_for(anext(aiter(one.run())), 5)

        assert asyncio.run(first(trigger)).payload == {"status": "success", "started": 1.5, "waits": 2}


def test_no_slot_is_left_to_retries(fo: D365FOSandbox) -> None:
    """A call that found no slot under the shared limit was not sent: the task's retries may find one."""

    class Busy(Unthrottled):
        def acquire(self, patience: float | None = None) -> Slot:  # noqa: ARG002 - the protocol's
            raise NoSlotError(61.0)

    class Queued(Timed):
        def _hook(self, left: float) -> D365FOHook:
            hook = super()._hook(left)
            hook._throttle = Busy()
            return hook

    store = Store()
    operator = Queued(task_id="t", service_name=ECHO, payload={}, retry_options={"deadline": 30})
    with pytest.raises(APITimeoutError, match="not sent"):
        operator.execute({"task_state_store": store})
    assert (store, fo.executed()) == ({}, {})


def test_lost_reply_is_not_repeated(run: Any, fo: D365FOSandbox) -> None:
    """A POST whose reply was lost ends the task, and no retry sends it again."""
    context = {"task_state_store": Store()}
    fo.add_fault(action="reset_after", path="/api/*")
    for _ in range(2):
        with pytest.raises(AirflowFailException):
            run(f"{TEST}/getBoolean", {}, context=context)
    assert fo.executed() == {f"{TEST}/getBoolean": 1}
    assert run(f"{TEST}/getBoolean", {}, idempotent=True) is True


@pytest.mark.parametrize("error", [AirflowTaskTimeout("too long"), SystemExit(1)])
def test_ended_while_waiting(
    build: Any, fo: D365FOSandbox, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A task that is ended while it waits out a 429 has sent nothing that counts: its retry may send."""
    fo.add_fault(action="status", status=429, headers={"Retry-After": "60"}, path="/api/*", times=1)
    store = Store()

    def sleep(_seconds: float) -> None:
        assert store[KEY]["state"] == "sent"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(clock, "sleep", sleep)
        with pytest.raises(type(error)):
            build(f"{TEST}/getBoolean", {}).execute({"task_state_store": store})
    assert store == {}
    assert build(f"{TEST}/getBoolean", {}).execute({"task_state_store": store}) is True
    assert fo.executed() == {f"{TEST}/getBoolean": 1}


def test_worker_died_after_the_call(run: Any, fo: D365FOSandbox) -> None:
    """A retry returns what the first try got, and sends nothing."""
    context = {"task_state_store": Store()}
    first = run(payload={"_request": {"a": 1}}, context=context)
    assert run(payload={"_request": {"a": 1}}, context=context) == first
    assert fo.executed() == {ECHO: 1}


@pytest.mark.parametrize(
    "case",
    [(None, None, None), (None, 7, 7), (0, 7, None), (3, 7, 3)],
)
def test_timeout(
    build: Any,
    fo: D365FOSandbox,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[Any, Any, Any],
) -> None:
    """0 and None are no limit, unless the connection has one and nothing is said here."""
    timeout, of_connection, limit = case
    fields = json.loads(fo.connection_json())
    fields["extra"]["read_timeout"] = of_connection
    monkeypatch.setenv("AIRFLOW_CONN_D365FO_DEFAULT", json.dumps(fields))
    adapter: Any = build(timeout=timeout)._hook(0).get_conn().get_adapter(fo.url)
    assert adapter._timeouts.read == limit


def test_token_request_has_a_limit(build: Any, fo: D365FOSandbox) -> None:
    """However long an operation may take, its token may not."""
    client = build()._hook(0).client
    adapter: Any = client.auth._session.get_adapter(fo.url)
    assert adapter._timeouts.read == 120


def test_link(build: Any) -> None:
    """The task's link opens Microsoft's page about services."""
    (link,) = D365FORestEndpointOperator.operator_extra_links
    assert link.get_link(build(), ti_key=None).endswith("/custom-services")


def test_token(
    run: Any, fo: D365FOSandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A token is used as given, no other is fetched, it is said so, and it is never shown or renewed."""
    token = D365FOHook().client.auth.token()
    with caplog.at_level(logging.DEBUG):
        assert run(f"{TEST}/getBoolean", {}, token=f"Bearer {token}") is True
        fo.expire_tokens()
        with pytest.raises(AirflowFailException, match="handed in may have expired"):
            run(f"{TEST}/getBoolean", {}, token=token)
    shown = caplog.text + "".join(capfd.readouterr())
    assert "a token was handed in: it is used" in shown
    assert token not in shown
    assert fo.count("POST", "*/token") == 1


def test_large_answer(run: Any) -> None:
    """A result too large for XCom is refused, with the way out."""
    with pytest.raises(AirflowFailException, match="max_result_bytes"):
        run(f"{TEST}/large", {"_rows": 2000})
    assert len(run(f"{TEST}/large", {"_rows": 2000}, max_result_bytes=None)) == 2000
