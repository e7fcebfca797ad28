"""What left decides: odd answers never make a task send a write again, with a state store or without."""

from __future__ import annotations

import json
import logging
import os
import traceback
from typing import Any

import pytest
from support.raw_server import RawServer, http
from test_write_guard import HAS_STATE_STORE, Store, Ti

from airflow_provider_poweroffice import _compat
from airflow_provider_poweroffice._compat import AirflowFailException, AirflowTaskTimeout
from airflow_provider_poweroffice.api.auth import Token, TokenAuth
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.wire import _Answer
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APITimeoutError,
    RateLimitError,
    ResponseValidationError,
)
from airflow_provider_poweroffice.operators.d365fo import D365FORestEndpointOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.results import ResultForm, json_size
from airflow_provider_poweroffice.tasks.write_guard import KEY

DEEP = b"[" * 100_000
ODD = [
    http(b"{}", headers=b"Content-Length: " + b"1" * 5000 + b"\r\n"),
    http(b'{"message":"Quota will be replenished in ' + b"9" * 5000 + b':00:00"}', status="500 X"),
    http(DEEP, status="201 Created"),
    http(b'{"success":true,"data":{"id":1,"title":"Kaf\xe9 AS"}}'),
    http(b'{"success":true,"data":{"title":1e999,"x":"\xe9"}}'),
    http(b'{"@odata.context":"c","value":{"Name":"Kaf\xe9"}}'),
    http(b'[{"a":1}', status="201 Created"),
    http(b"x", headers=b"Content-Encoding: gzip\r\n"),
    http(b"", status="303 See Other", headers=b"Location: /v2/Customers/7\r\n"),
    http(b"<html>Sign in</html>", kind=b"text/html"),
    None,
]
CONNECTIONS = {
    "v2": {"login": "app", "password": "client", "extra": {"subscription_api_key": "sub-key-1"}},
    "v1": {"login": "app", "password": "client", "extra": {"api_version": "v1"}},
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a server that answers as it is told, behind a connection for each API."""
    with RawServer() as one:
        for name, fields in CONNECTIONS.items():
            value = {"conn_type": "poweroffice", "host": one.url} | fields
            monkeypatch.setenv(f"AIRFLOW_CONN_RAW_{name.upper()}", json.dumps(value))
        fo = {
            "conn_type": "d365fo",
            "host": one.url,
            "login": "app",
            "password": "s3cret-value",
            "extra": {"authority": one.url, "tenant_id": "7e4a9700-0000-4000-8000-000000000001"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_RAW_D365FO", json.dumps(fo))
        yield one


def write(api: str, context: dict[str, Any], **arguments: Any) -> Any:
    """Run a POST task once."""
    options = {"attempts": 1}
    if api == "d365fo":
        task: Any = D365FORestEndpointOperator(
            task_id="t",
            service_name="G/S/O",
            payload={"a": 1},
            d365fo_conn_id="raw_d365fo",
            retry_timeout=1,
            retry_options=options,
            **arguments,
        )
    else:
        task = PowerOfficeOperator(
            task_id="t",
            endpoint="Customers",
            method="POST",
            body={"Name": "x"},
            poweroffice_conn_id=f"raw_{api}",
            retry_options=options,
            **arguments,
        )
    return task.execute(context)


@pytest.mark.finding("D1", "S3")
@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("api", ["v2", "v1", "d365fo"])
@pytest.mark.parametrize("answer", ODD)
def test_an_odd_answer_doubles_nothing(
    server: RawServer, api: str, answer: bytes | None, store: bool
) -> None:
    """A task is tried four times, as Airflow does after an error that is not final: one POST."""
    server.answer = lambda *_: answer
    context: dict[str, Any] = {"ti": Ti(4)} | ({"task_state_store": Store()} if store else {})
    for _ in range(4):
        try:
            write(api, context)
        except AirflowFailException:
            if not store:
                break  # Airflow does not retry it
        except Exception:  # noqa: BLE001, S112 - Airflow retries it
            continue
        else:
            if not store:
                break
    assert server.count("POST") == 1


@pytest.mark.parametrize("api", ["v2", "v1", "d365fo"])
@pytest.mark.parametrize("answer", ODD)
def test_an_uncertain_outcome_as_a_result(
    server: RawServer, api: str, answer: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing raises; whatever cannot be read says that its outcome is unknown, and is not sent again."""
    server.answer = lambda *_: answer
    context: dict[str, Any] = {"ti": Ti(4), "task_state_store": Store()}
    first = write(api, context, fail_on_error=False)
    json.dumps(first, allow_nan=False)
    if not first["is_success"]:
        assert first["outcome_unknown"] is True
        assert capsys.readouterr().out.count("makes that a result") == 1
    if first["status_code"] is None:
        assert set(first["error_content"]) == {"type", "message", "outcome_unknown"}
    again = write(api, context, fail_on_error=False)
    assert (again["is_success"], again["outcome_unknown"]) == (first["is_success"], first["outcome_unknown"])
    assert server.count("POST") == 1


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("api", ["v2", "v1", "d365fo"])
def test_not_sent_as_a_result(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot be reached is a result too, and one that is known not to have got the call."""
    fields = json.loads(os.environ[f"AIRFLOW_CONN_RAW_{api.upper()}"])
    gone = "http://127.0.0.1:9"
    extra = fields["extra"] | ({"authority": gone} if "authority" in fields["extra"] else {})
    value = json.dumps(fields | {"host": gone, "extra": extra})
    monkeypatch.setenv(f"AIRFLOW_CONN_RAW_{api.upper()}", value)
    store = Store()
    found = write(api, {"ti": Ti(4), "task_state_store": store}, fail_on_error=False)
    assert (found["is_success"], found["status_code"], found["outcome_unknown"]) == (False, None, False)
    assert found["error_content"]["type"] == "APIConnectionError"
    assert store == {}


@pytest.mark.finding("S3")
def test_the_time_limit_of_a_task(server: RawServer) -> None:
    """A task that is ended while its POST is under way is not retried; one that waits out a 429 may be."""
    for unknown, ends in ((True, AirflowFailException), (False, AirflowTaskTimeout)):
        error = AirflowTaskTimeout("too long")
        error.outcome_unknown = unknown
        with pytest.raises(ends), fail_task_when_final("POST"):
            raise error
    assert server.calls == []


@pytest.mark.finding("S3")
def test_an_error_of_our_own_after_the_call(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks after the call was carried out ends the task, as a retry would send it again."""
    server.answer = http(b'{"Id":1}', status="201 Created")

    def broken(*_: Any) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(ResultForm, "of", broken)
        with pytest.raises(AirflowFailException, match="not sent again"):
            write("v2", {})


@pytest.mark.finding("D1")
def test_notes_do_not_expire(server: RawServer) -> None:
    """A note stays until somebody deletes it, whatever the deployment's retention is."""
    server.answer = http(b'{"Id":1}', status="201 Created")
    store = Store()
    Store.retentions.clear()
    write("v2", {"task_state_store": store, "ti": Ti(2)})
    assert store[KEY]["state"] == "done"
    if HAS_STATE_STORE:
        from airflow.sdk import NEVER_EXPIRE  # noqa: PLC0415 - 3.3

        assert Store.retentions == [NEVER_EXPIRE] * 2
    else:
        assert Store.retentions == [None] * 2


@pytest.mark.finding("D1")
def test_clearing_on_success_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A deployment that forgets what tasks sent is told once what that means."""
    monkeypatch.setenv("AIRFLOW__STATE_STORE__CLEAR_ON_SUCCESS", "True")
    _compat.warn_of_clearing.cache_clear()
    with caplog.at_level(logging.WARNING):
        _compat.warn_of_clearing()
        _compat.warn_of_clearing()
    _compat.warn_of_clearing.cache_clear()
    assert [record.message for record in caplog.records if "clear_on_success" in record.message] != []
    assert len(caplog.records) == 1


@pytest.mark.finding("R22")
@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"Rows":[{"Rate":1e400}]}', r"\$\.Rows\[0\]\.Rate"),
        (b'{"Rate":NaN}', r"\$\.Rate"),
        (b'{"a":{"b":-Infinity}}', r"\$\.a\.b"),
        (b'{"Id":' + b"9" * 5000 + b"}", "not complete JSON"),
        (DEEP + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_what_xcom_cannot_hold(server: RawServer, body: bytes, place: str) -> None:
    """A value that XCom cannot hold ends the task with an error that names the field."""
    server.answer = http(body)
    task = PowerOfficeOperator(
        task_id="t", endpoint="Customers/1", poweroffice_conn_id="raw_v2", retry_options={"attempts": 1}
    )
    with pytest.raises(Exception, match=place) as caught:
        task.execute({})  # type: ignore[typeddict-item]
    assert type(caught.value.__cause__ or caught.value).__module__ == "airflow_provider_poweroffice.errors"


@pytest.mark.finding("R22")
def test_the_way_out_is_one(server: RawServer) -> None:
    """As text, the answer comes as it was sent."""
    server.answer = http(b'{"Rate":NaN}')
    task = PowerOfficeOperator(
        task_id="t", endpoint="Customers/1", poweroffice_conn_id="raw_v2", response="text"
    )
    assert task.execute({}) == '{"Rate":NaN}'  # type: ignore[typeddict-item]
    server.answer = http(b'{"Name":"cut \\ud83d"}')
    task = PowerOfficeOperator(task_id="t", endpoint="Customers/1", poweroffice_conn_id="raw_v2")
    assert task.execute({}) == {"Name": "cut \\ud83d"}  # type: ignore[typeddict-item]
    with pytest.raises(ResponseValidationError, match="half a surrogate pair"):
        json_size(["\ud83d"])
    assert json_size({"a": ["ø", 1.5, None]}) == 24


@pytest.mark.finding("D1", "S3")
@pytest.mark.parametrize("ends", [AirflowTaskTimeout, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("api", ["v2", "d365fo"])
def test_an_interruption_while_the_answer_is_awaited(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, api: str, ends: type[BaseException]
) -> None:
    """Whatever ends a task between its POST and the answer, it is not tried again, and shows no key."""

    def interrupted(*_: Any, **__: Any) -> Any:
        raise ends("now")

    monkeypatch.setattr(_Answer, "begin", interrupted)
    monkeypatch.setattr(TokenAuth, "_fetch", lambda _: Token("tok.en-1"))
    with pytest.raises(AirflowFailException) as caught:
        write(api, {"ti": Ti(4)})
    assert server.count("POST") <= 1
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "tok.en-1" not in text
    assert "sub-key-1" not in text


@pytest.mark.finding("D1", "S3")
@pytest.mark.parametrize(
    "raised",
    [
        APIConnectionError("elsewhere", outcome_unknown=False),
        APITimeoutError("elsewhere", outcome_unknown=False),
        RateLimitError("elsewhere", response=Response(429, {}, b"", "GET", "/x")),
        KeyboardInterrupt(),
        SystemExit(1),
    ],
    ids=repr,
)
def test_a_check_that_raises(server: RawServer, raised: BaseException) -> None:
    """A user's check that fails for its own reasons, transient ones too, has no POST sent again."""

    def check(_: Response) -> bool:
        raise raised

    server.answer = http(b"{}")
    with pytest.raises(AirflowFailException) as caught:
        checked(check).execute({"ti": Ti(4)})
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "s3cret-value" not in text
    assert server.count("POST") == 1


@pytest.mark.finding("D1")
def test_an_expected_disturbance_that_a_check_refuses(server: RawServer) -> None:
    """A 503 that counts as an answer, and that the check refuses, ends the task."""
    server.answer = http(b"{}", status="503 Service Unavailable")
    with pytest.raises(AirflowFailException):
        checked(lambda _: False, expected_status=[200, 503]).execute({"ti": Ti(4)})
    assert server.count("POST") == 1


def checked(check: Any, **arguments: Any) -> D365FORestEndpointOperator:
    """Build a task with a check."""
    return D365FORestEndpointOperator(
        task_id="t",
        service_name="G/S/O",
        payload={"a": 1},
        d365fo_conn_id="raw_d365fo",
        response_check=check,
        **arguments,
    )


@pytest.mark.finding("S12")
@pytest.mark.parametrize("encoded", [True, False])
def test_a_key_in_a_header_that_cannot_be_used(server: RawServer, encoded: bool) -> None:
    """An error that names an encoding or a charset does not show the key that a server echoes there."""
    headers = b"Content-Encoding: sub-key-1\r\n" if encoded else b""
    server.answer = http(b'{"x":"\xe9"}', headers=headers, kind=b"application/json; charset=sub-key-1")
    del headers
    with pytest.raises(AirflowFailException) as caught:
        write("v2", {"ti": Ti(4)})
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "sub-key-1" not in text
    assert server.count("POST") == 1
