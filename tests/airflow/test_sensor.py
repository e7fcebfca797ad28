"""Waiting: the same verdict in the worker and in the triggerer, never in a hot loop."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk import DAG, PokeReturnValue

from airflow_provider_poweroffice._compat import AirflowFailException, AirflowSensorTimeout
from airflow_provider_poweroffice.api.conditions import Condition
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeTrigger
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")
NAMES = ("poweroffice_default", "other")
NOBODY = {"customerNos": "99999999"}


def sensor(**arguments: Any) -> PowerOfficeSensor:
    """Build a sensor."""
    fast = {"attempts": 1}
    given = {"task_id": "t", "endpoint": "Customers", "retry_options": fast} | arguments
    return PowerOfficeSensor(**given)


def poke(**arguments: Any) -> bool | PokeReturnValue:
    """Ask once, in the worker."""
    return sensor(**arguments).poke({})  # type: ignore[typeddict-item]


def trigger(**arguments: Any) -> PowerOfficeTrigger:
    """Build a trigger."""
    given = {
        "endpoint": "Customers",
        "poll_interval": 1.0,
        "deadline": (datetime.now(UTC) + timedelta(seconds=60)).isoformat(),
        "poweroffice_conn_id": "poweroffice_default",
    }
    return PowerOfficeTrigger(**(given | arguments))


def run(one: PowerOfficeTrigger, seconds: float = 10) -> dict[str, Any] | None:
    """Run a trigger until its event, or for so many seconds."""

    async def wait() -> Any:
        try:
            return await asyncio.wait_for(anext(aiter(one.run())), seconds)
        except TimeoutError:
            return None

    event = asyncio.run(wait())
    return None if event is None else dict(event.payload)


CASES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"query": NOBODY}, False),
    ({"field": "IsArchived", "value": True, "query": {"customerNos": "1-"}}, None),  # type: ignore[list-item]
    ({"field": "Number", "comparison": ">", "value": "0"}, True),
    ({"field": "Number", "comparison": "<", "value": 0}, False),
    ({"field": "LastChangedDateTimeOffset", "comparison": ">", "value": "2000-01-01T00:00:00+00:00"}, True),
    ({"field": "LastChangedDateTimeOffset", "comparison": ">", "value": "2999-01-01T00:00:00Z"}, False),
    ({"field": "MailAddress.City", "comparison": "!=", "value": None}, True),
    (
        {
            "endpoint": "ClientIntegrationInformation",
            "field": "ClientName",
            "comparison": "!=",
            "value": None,
        },
        True,
    ),
]


@pytest.mark.parametrize(("arguments", "fulfilled"), CASES)
def test_same_verdict_everywhere(arguments: dict[str, Any], fulfilled: bool | None) -> None:
    """A condition means the same in the worker and in the triggerer, and gives the same record."""
    answer = poke(**arguments)
    event = run(trigger(**arguments, deadline=datetime.now(UTC).isoformat()))  # one try, then the verdict
    assert event is not None
    if fulfilled is not None:
        assert bool(answer) == fulfilled
    if isinstance(answer, PokeReturnValue):
        assert event == {"status": "success", "record": answer.xcom_value}
    else:
        assert event["status"] == "timeout"


def test_callable_condition(capsys: pytest.CaptureFixture[str]) -> None:
    """A callable judges the decoded answer, also one without content."""
    assert poke(condition=lambda body: len(body) > 5)
    assert not poke(condition=lambda body: len(body) > 5000)
    said = "waiting for its callable condition; asked once, last seen: an answer that it refused"
    assert said in capsys.readouterr().out
    assert poke(query=NOBODY, condition=lambda body: body is None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"condition": bool, "field": "Id"}, "without field"),
        ({"condition": bool, "deferrable": True}, "triggerer"),
        ({"deferrable": True, "poke_interval": 0.5}, "poke_interval"),
        ({"retry_options": {"attempts": 0}}, "attempts"),
        ({"value": "x"}, "need field"),
        ({"comparison": "in", "value": [1]}, "need field"),
        ({"field": "Id", "comparison": "=~", "value": 1}, "'=~'"),
        ({"field": "Id"}, "value=None waits for null"),
        ({"field": "Id", "comparison": "in", "value": "abc"}, "list"),
        ({"field": "Id", "comparison": ">", "value": None}, "order"),
        ({"field": "Id", "value": float("nan")}, "finite"),
        ({"field": "Id", "value": datetime(2026, 7, 1)}, "tzinfo"),  # noqa: DTZ001 - the subject
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What cannot work is refused while the DAG file is read."""
    with pytest.raises(ValueError, match=says):
        sensor(**arguments)
    with pytest.raises(TypeError, match="callable"):
        sensor(condition="x > 1")


@pytest.mark.parametrize(("status", "requests"), [(400, 1), (403, 1), (404, 1)])
def test_refusals_fail_at_once(sandbox: Sandbox, status: int, requests: int) -> None:
    """400, 403 and 404 end the waiting at once, in both places."""
    sandbox.add_fault(action="status", status=status, path="/Customers", times=0)
    with pytest.raises(AirflowFailException, match=str(status)):
        poke()
    assert sandbox.count("GET", "/Customers") == requests
    event = run(trigger())
    assert event is not None
    assert event["status"] == "error"
    assert str(status) in event["message"]
    assert sandbox.count("GET", "/Customers") == 2 * requests


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503},
        {"action": "status", "status": 429},
        {"action": "reset_after"},
    ],
)
def test_bad_moments_are_waited_out(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    """429, 5xx and lost replies do not end the waiting, in either place."""
    sandbox.add_fault(**fault, path="/Customers", times=1)
    assert poke() is False
    assert isinstance(poke(), PokeReturnValue)
    sandbox.add_fault(**fault, path="/Customers", times=1)
    event = run(trigger(poll_interval=0.1))
    assert event is not None
    assert event["status"] == "success"


@pytest.mark.parametrize("fault", [None, 429, 503])
def test_never_a_hot_loop(sandbox: Sandbox, fault: int | None) -> None:
    """In one and a half intervals there are three looks at most, whatever the server says."""
    if fault:
        sandbox.add_fault(action="status", status=fault, path="/Customers", times=0)
    deadline = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    event = run(trigger(query=NOBODY, poll_interval=1.0, deadline=deadline), seconds=30)
    assert event is not None
    assert event["status"] == "timeout"
    assert 1 <= sandbox.count("GET", "/Customers") <= 3


def test_the_loop_stays_free(sandbox: Sandbox) -> None:
    """A slow server does not stall the other triggers: 20 of them wait side by side."""
    sandbox.add_fault(action="delay", seconds=0.8, path="/Customers", times=0)

    run(trigger(query=NOBODY), seconds=0.2)  # loads what is loaded once

    async def many() -> float:
        lag = 0.0
        waits = [asyncio.ensure_future(anext(aiter(trigger(query=NOBODY).run()))) for _ in range(20)]
        for _ in range(20):
            before = time.monotonic()
            await asyncio.sleep(0.02)
            lag = max(lag, time.monotonic() - before - 0.02)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return lag

    assert asyncio.run(many()) < 0.6


def test_deadline_is_kept(sandbox: Sandbox) -> None:
    """The trigger gives up at its deadline, not a poll later."""
    began = time.monotonic()
    deadline = (datetime.now(UTC) + timedelta(seconds=4.0)).isoformat()
    event = run(trigger(query=NOBODY, poll_interval=30, deadline=deadline), seconds=60)
    assert event is not None
    assert event["status"] == "timeout"
    assert time.monotonic() - began < 10
    assert 1 <= sandbox.count("GET", "/Customers") <= 2, "the last try is at the deadline"


def test_trigger_survives_the_database() -> None:
    """What is stored of a trigger is JSON without secrets, and makes an equal trigger."""
    one = trigger(field="Id", comparison="in", value=[1, 2], query={"a": "b"})
    path, arguments = one.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert again.serialize() == one.serialize()


def test_deferrable_sensor(sandbox: Sandbox) -> None:
    """The sensor asks once, defers with a deadline, and takes the verdict of the trigger."""
    try:
        from airflow.sdk.exceptions import TaskDeferred  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.exceptions import TaskDeferred  # noqa: PLC0415

    one = sensor(
        query={"lastChangedDateTimeOffsetGreaterThan": datetime(2999, 1, 1, tzinfo=UTC)},
        deferrable=True,
        timeout=90,
    )
    with pytest.raises(TaskDeferred) as caught:
        one.execute({})  # type: ignore[typeddict-item]
    assert sandbox.count("GET", "/Customers") == 1
    _, arguments = caught.value.trigger.serialize()
    json.dumps(arguments)
    left = datetime.fromisoformat(arguments["deadline"]) - datetime.now(UTC)
    assert 85 < left.total_seconds() <= 90
    assert caught.value.method_name == "execute_complete"
    assert one.execute_complete({}, {"status": "success", "record": {"Id": 1}}) == {"Id": 1}  # type: ignore[typeddict-item]
    for event, kind in (
        ({"status": "error", "message": "403"}, AirflowFailException),
        ({"status": "timeout", "message": "late"}, AirflowSensorTimeout),
        (None, AirflowFailException),
    ):
        with pytest.raises(kind):
            one.execute_complete({}, event)  # type: ignore[typeddict-item]


@pytest.mark.finding("R6")
@pytest.mark.parametrize(
    "value", [Decimal("10.00"), 10, datetime(2026, 7, 1, tzinfo=UTC), date(2026, 7, 1), [1, Decimal("0.1")]]
)
def test_typed_values_everywhere(value: Any) -> None:
    """A typed value means the same in the worker and, through Airflow's database, in the triggerer."""
    comparison = "in" if isinstance(value, list) else "=="
    one = sensor(field="Id", comparison=comparison, value=value)
    there = trigger(field="Id", comparison=comparison, value=one.value)
    _, arguments = there.serialize()
    again = PowerOfficeTrigger(**json.loads(json.dumps(arguments)))
    assert again.condition == Condition(field="Id", comparison=comparison, value=value)


def test_unsettled_values_are_judged_later() -> None:
    """A template, and the output of another task, are looked at when they are known."""
    with DAG("settled_later", schedule=None):
        other = sensor(task_id="other").output
        for number, value in enumerate(("{{ x }}", ["{{ x }}"], other, [other])):
            sensor(field="Id", comparison="in", value=value, task_id=f"t{number}")
    one = sensor(field="Id", comparison="in", value="{{ x }}")
    one.render_template_fields({"x": "abc"})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(AirflowFailException, match="list"):
        one.poke({})  # type: ignore[typeddict-item]


@pytest.mark.finding("R6", "D3")
def test_time_out_says_what_was_seen(sandbox: Sandbox) -> None:
    """The message of a time-out: what was waited for, how often it was asked, what was seen last."""
    misspelt = {"field": "Numbr", "value": 1, "query": {"Fields": "Id,Number"}}
    says = r"Customers: waiting for Numbr == 1; asked once, .*no field Numbr .* Id, Number; did you mean Num"
    event = run(trigger(**misspelt, deadline=datetime.now(UTC).isoformat()))
    assert event is not None
    assert re.search(says, event["message"])
    with pytest.raises(AirflowSensorTimeout, match=says):
        sensor(**misspelt, timeout=0, poke_interval=0).execute({})  # type: ignore[typeddict-item]
    sandbox.add_fault(action="status", status=503, path="/Customers", times=0)
    event = run(trigger(**misspelt, deadline=datetime.now(UTC).isoformat()))
    assert event is not None
    assert "503" in event["message"]


@pytest.mark.finding("D3")
def test_a_broken_connection_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was edited into something unusable ends the sensor with its reason."""
    monkeypatch.setenv("AIRFLOW_CONN_POWEROFFICE_DEFAULT", json.dumps({"conn_type": "poweroffice"}))
    event = run(trigger())
    assert event is not None
    assert event["status"] == "error"
    assert "application key" in event["message"]


@pytest.mark.finding("D14")
def test_one_token_for_a_connection_and_company(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deferrals of one connection and company share a token, also when one begins after the other's end."""

    async def both() -> None:
        for _ in range(2):
            await asyncio.gather(*(anext(aiter(trigger().run())) for _ in range(5)))

    asyncio.run(both())
    assert sandbox.count("POST", "/OAuth/Token") == 1
    fields = json.loads(sandbox.connection_json(company=1))
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(fields))

    async def two() -> None:
        await asyncio.gather(*(anext(aiter(trigger(poweroffice_conn_id=name).run())) for name in NAMES))

    asyncio.run(two())
    assert sandbox.count("POST", "/OAuth/Token") == 3


def test_deferrable_sensor_may_be_lucky(sandbox: Sandbox) -> None:
    """What is there at once is returned at once, without the triggerer."""
    record = sensor(deferrable=True, query={"Fields": "Id", "OrderBy": "Id asc"}).execute({})  # type: ignore[typeddict-item]
    assert set(record) == {"Id"}
    assert sandbox.count("GET", "/Customers") == 1


def test_templates() -> None:
    """Endpoint, query, headers, field, value and connection are rendered."""
    names = ("endpoint", "field", "value", "poweroffice_conn_id")
    one = sensor(**dict.fromkeys(names, "{{ x }}"), query={"a": "{{ x }}"}, headers={"b": "{{ x }}"})
    one.render_template_fields({"x": "42"})  # type: ignore[typeddict-unknown-key]
    for name in (*names, "query", "headers"):
        assert "42" in str(getattr(one, name))
        assert "{{" not in str(getattr(one, name))


def test_since(sandbox: Sandbox) -> None:
    """The sensor asks for what changed since a moment, in the worker and in the triggerer alike."""
    moment = "{{ x }}"
    one = sensor(changed_since=moment, query={"Fields": "Id"}, overlap=0)
    one.render_template_fields({"x": "2026-01-01T00:00:00Z"})  # type: ignore[typeddict-unknown-key]
    one.poke({})  # type: ignore[typeddict-item]
    wanted = "lastChangedDateTimeOffsetGreaterThan=2026-01-01T00%3A00%3A00.0000000Z"
    assert wanted in sandbox.journal()[-1].query
    assert (
        one._query(one.hook.client)["lastChangedDateTimeOffsetGreaterThan"] == "2026-01-01T00:00:00.0000000Z"
    )


def test_one_token_for_all_pokes(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sensor that waits in the worker fetches a token once, not at each poke."""
    monkeypatch.setattr("airflow.sdk.bases.sensor.time.sleep", lambda _: None)
    asked: list[object] = []
    one = sensor(condition=lambda body: asked.append(body) or len(asked) == 4, poke_interval=1)
    one.execute({})  # type: ignore[typeddict-item]
    assert sandbox.count("GET", "/Customers") == 4
    assert sandbox.count("POST", "/OAuth/Token") == 1
    assert "client" not in vars(one.hook)


class Ti:
    """A task instance, as far as a sensor looks at it."""

    def get_first_reschedule_date(self, _context: object) -> None:
        """Say that it has not waited yet."""


def test_reschedule(sandbox: Sandbox) -> None:
    """In reschedule mode a poke that finds nothing gives the slot back, and closes its connections."""
    try:
        from airflow.sdk.exceptions import AirflowRescheduleException  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.exceptions import AirflowRescheduleException  # noqa: PLC0415
    one = sensor(query=NOBODY, mode="reschedule", poke_interval=30)
    with pytest.raises(AirflowRescheduleException):
        one.execute({"ti": Ti()})  # type: ignore[typeddict-item]
    assert sandbox.count("GET", "/Customers") == 1
    assert "client" not in vars(one.hook)
    assert sensor(mode="reschedule").execute({"ti": Ti()})["Id"]  # type: ignore[typeddict-item]


@pytest.mark.parametrize("deferrable", [True, False])
def test_soft_fail(sandbox: Sandbox, *, deferrable: bool) -> None:
    """With soft_fail a refusal skips the task, in the worker and when deferrable alike."""
    try:
        from airflow.sdk.exceptions import AirflowSkipException  # noqa: PLC0415 - 3.2
    except ImportError:
        from airflow.exceptions import AirflowSkipException  # noqa: PLC0415
    sandbox.add_fault(action="status", status=403, path="/Customers", times=0)
    with pytest.raises(AirflowSkipException):
        sensor(soft_fail=True, deferrable=deferrable).execute({})  # type: ignore[typeddict-item]


def test_large_record(sandbox: Sandbox) -> None:
    """A record too large for Airflow's database is refused in the worker and in the triggerer."""
    body = json.dumps([{"Id": 1, "Text": "x" * 60_000}])
    sandbox.add_fault(action="status", status=200, body=body, path="/Customers", times=0)
    with pytest.raises(AirflowFailException, match="Fields=Id"):
        poke()
    event = run(trigger())
    assert event is not None
    assert event["status"] == "error"
    assert "Fields=Id" in event["message"]


def test_callable_under_default_deferrable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all sensors are deferrable by default, one with a callable waits in the worker."""
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    assert sensor().deferrable is True
    assert sensor(condition=bool).deferrable is False
    assert sensor(deferrable=False).deferrable is False


FAILED = ("LastErrorMessage", "!=", None)
UNSENT = {
    "Id": "6a5d54a4-7b5f-4b3e-8ad4-13f9c5b0a001",
    "IsInvoiceBeingProcessed": False,
    "InvoiceNo": None,
    "LastErrorMessage": "The receiver refused the e-mail.",
}
SAYS = (
    r"WaitFailedError: SalesOrders/sentState: fail_if LastErrorMessage != null is fulfilled by the record "
    r'with Id 6a5d54a4-7b5f-4b3e-8ad4-13f9c5b0a001: LastErrorMessage was "The receiver refused the e-mail."'
)
STATE = "SalesOrders/sentState"
SENT: dict[str, Any] = {"endpoint": STATE, "field": "IsInvoiceBeingProcessed", "value": False}
MODES: dict[str, dict[str, Any]] = {
    "poke": SENT,
    "reschedule": SENT | {"mode": "reschedule"},
    "deferrable": SENT | {"deferrable": True},
    "callable": {"endpoint": STATE, "condition": bool},
}


@pytest.mark.parametrize("mode", MODES)
def test_fail_if(sandbox: Sandbox, mode: str) -> None:
    """A record that says that it failed ends the waiting in every mode, though the condition is fulfilled."""
    sandbox.add_fault(action="status", status=200, body=json.dumps([UNSENT]), path=f"/{STATE}", times=0)
    with pytest.raises(AirflowFailException, match=SAYS):
        sensor(**MODES[mode], fail_if=FAILED).execute({"ti": Ti()})  # type: ignore[typeddict-item]
    assert isinstance(poke(**SENT), PokeReturnValue), "as it was without it"
    assert isinstance(poke(**SENT, fail_if=("LastErrorMessage", "==", "x")), PokeReturnValue)


def test_fail_if_in_the_triggerer(sandbox: Sandbox) -> None:
    """What fails later, while the task is deferred, is the trigger's verdict; it survives the database."""
    waiting = UNSENT | {"IsInvoiceBeingProcessed": True, "LastErrorMessage": None}
    path, kind = f"/{STATE}", {"action": "status", "status": 200}
    sandbox.add_fault(**kind, body=json.dumps([waiting]), path=path, times=1)
    sandbox.add_fault(**kind, body=json.dumps([UNSENT]), path=path, times=0)
    one = trigger(**SENT, fail_if=list(FAILED), poll_interval=0.1, memo={"a": 1})
    event = run(PowerOfficeTrigger(**json.loads(json.dumps(one.serialize()[1]))))
    assert event is not None
    assert (event["status"], event["memo"]) == ("error", {"a": 1})
    with pytest.raises(AirflowFailException, match=SAYS):
        sensor(**SENT).execute_complete({}, event)  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("fail_if", "says"),
    [
        ("LastErrorMessage", "must be .field, comparison, value."),
        (("LastErrorMessage", None), "must be .field, comparison, value."),
        (("Amount", "=~", 1), "fail_if: unknown comparison"),
        (("Amount", ">", None), "fail_if: value None has no order"),
    ],
)
def test_bad_fail_if(fail_if: Any, says: str) -> None:
    """What is no condition is refused while the DAG file is read."""
    with pytest.raises((ValueError, TypeError), match=says):
        sensor(fail_if=fail_if)


def test_fail_if_is_rendered() -> None:
    """A condition may hold templates; what they give is judged when the task runs."""
    one = sensor(fail_if=("Number", ">", "{{ x }}"), query={"customerNos": "1-"})
    one.render_template_fields({"x": 0})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(AirflowFailException, match=r"fail_if Number > .*record with Id"):
        one.poke({})  # type: ignore[typeddict-item]
