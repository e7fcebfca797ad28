"""What the examples of the cmdlet's parameters do on the wire."""

from __future__ import annotations

import json

import pytest
from parameter_table import Example, check

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import XppError
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook


@check
def _fo_service_name(one: Example) -> None:
    assert one.run() == 'Blåbær & "quotes"'
    assert one.call.path == "/api/services/SandboxServices/SandboxTestService/getText"


@check
def _fo_payload(one: Example) -> None:
    assert one.run()["Text"] == "Blåbær"
    assert json.loads(one.call.body) == {"_request": {"Text": "Blåbær"}}
    assert one.call.method == "POST"


@check
def _fo_no_payload(one: Example) -> None:
    assert one.run()["Parameters"]
    assert (one.call.method, one.call.body) == ("GET", b"")


@check
def _fo_payload_charset(one: Example) -> None:
    one.run()
    assert one.call.body == '{"_request": "Blåbær"}'.encode("latin-1")
    assert one.call.headers["content-type"] == "application/json;charset=iso-8859-1"


@check
def _fo_retry_timeout(one: Example) -> None:
    throttled = {"action": "status", "status": 429, "path": "/api/*", "headers": {"Retry-After": "25"}}
    one.in_fake_time()
    one.sandbox.add_fault(**throttled, times=2)
    assert one.run() == 'Blåbær & "quotes"'
    assert (len(one.calls), sum(one.clock.naps) <= 60) == (3, True)
    one.sandbox.add_fault(**(throttled | {"headers": {"Retry-After": "61"}}))
    naps = len(one.clock.naps)
    with pytest.raises(Exception, match="429"):
        one.run()
    assert len(one.clock.naps) == naps, "a wait beyond the budget is not begun"


@check
def _fo_throttle_seed(one: Example) -> None:
    one.run()
    assert (one.clock.naps, len(one.calls)) == ([1.0], 1)


@check
def _fo_token(one: Example) -> None:
    one.params["token"] = f"Bearer {D365FOHook().client.auth.token()}"
    one.tap.seen.clear()
    one.run()
    (call,) = one.tap.seen
    assert call.headers["authorization"] == one.params["token"], "no token request, and the token as given"


@check
def _fo_enable_exception(one: Example) -> None:
    result = one.run()
    assert (result["status_code"], result["is_success"]) == (500, False)
    assert result["error_content"]["ExceptionType"] == "ErrorException"
    one.task.fail_on_error = True
    with pytest.raises(AirflowFailException) as caught:
        one.run()
    assert isinstance(caught.value.__cause__, XppError)


@check
def _fo_timeout_sec(one: Example) -> None:
    assert one.run() == "done"
    one.task.timeout = 0.05
    with pytest.raises(Exception, match="no reply"):
        one.run()


@check
def _fo_connection(one: Example) -> None:
    keys = one.sandbox.keys()
    with D365FOHook() as hook:
        hook.services()
        hook.client.request("GET", "UnitsOfMeasure")
    token, service = one.tap.seen
    assert token.path == f"/{keys.tenant_id}/oauth2/v2.0/token"
    form = dict(item.split("=", 1) for item in token.body.decode().split("&"))
    assert form["client_id"] == keys.client_id
    assert form["client_secret"]
    assert keys.client_secret not in token.path
    assert service.path == "/api/services"
    assert [seen.path for seen in one.system.seen] == ["/data/UnitsOfMeasure"]
