"""Finance & Operations: both throttles, and the faults every sandbox has."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests
from d365fo_client import Fo

BUSY = (
    "This request could not be processed at this time due to system experiencing high resource utilization."
)


def _now() -> float:
    return datetime(2025, 6, 1, tzinfo=UTC).timestamp()


def _limited(start_fo: Callable[..., Fo], **options: float) -> Fo:
    return start_fo(user_limits="on", web_servers=1, clock=_now, **options)


def test_requests_in_a_window(start_fo: Callable[..., Fo]) -> None:
    """One too many waits until the oldest is out of the window; each call meanwhile makes it longer."""
    fo = _limited(start_fo, user_requests=3, user_window=300)
    assert [fo.get("UnitsOfMeasure").status_code for _ in range(3)] == [200] * 3
    refused = [fo.get("UnitsOfMeasure") for _ in range(3)]
    assert [answer.headers["Retry-After"] for answer in refused] == ["300", "305", "310"]
    text = "Number of requests exceeded the limit of 3 over the time window of 300 seconds."
    assert refused[0].json() == {"Message": text}
    fo.sandbox.advance(309)
    assert fo.get("UnitsOfMeasure").status_code == 429
    fo.sandbox.advance(10)
    assert fo.get("UnitsOfMeasure").status_code == 200


def test_execution_time(start_fo: Callable[..., Fo]) -> None:
    """Seconds of execution are summed in the same window."""
    fo = _limited(start_fo, user_seconds=2.0, request_seconds=1.0)
    assert [fo.get("UnitsOfMeasure").status_code for _ in range(3)] == [200, 200, 429]
    assert "Combined execution time" in fo.get("UnitsOfMeasure").json()["Message"]


def test_concurrent_requests(start_fo: Callable[..., Fo]) -> None:
    """Requests at the same time have a limit of their own."""
    fo = _limited(start_fo, user_concurrent=2)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: fo.run("slow", {"_seconds": 0.5}), range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    late = next(answer for answer in answers if answer.status_code == 429)
    assert late.json()["Message"] == "Number of concurrent requests exceeded the limit of 2."
    fo.sandbox.advance(2)
    assert fo.run("getText", {}).status_code == 200


def test_limits_are_per_app_and_server(start_fo: Callable[..., Fo]) -> None:
    """Another app has its own limit; so has another web server, which the cookie chooses."""
    fo = start_fo(user_limits="on", user_requests=2, web_servers=2)
    cookie = {"Cookie": "ApplicationAffinity=server-0"}
    kept = [fo.call("GET", "/data/UnitsOfMeasure", headers=cookie).status_code for _ in range(3)]
    assert kept == [200, 200, 429]
    other = Fo(fo.sandbox, "retail").login()
    assert other.call("GET", "/data/UnitsOfMeasure", headers=cookie).status_code == 200
    spread = [fo.get("UnitsOfMeasure").status_code for _ in range(4)]
    assert spread.count(200) == 2


def test_resource_based(fo: Fo) -> None:
    """Under load apps of low priority are refused first; tokens and on-premises environments never."""
    clients = [Fo(fo.sandbox, app).login() for app in ("retail", "main", "important")]
    seen = []
    for load in ("normal", "high", "critical", "exhausted"):
        fo.sandbox.set(resource_load=load)
        seen.append([client.get("UnitsOfMeasure").status_code for client in clients])
    assert seen == [[200, 200, 200], [429, 200, 200], [429, 429, 200], [429, 429, 429]]
    assert fo.get("UnitsOfMeasure").headers["Retry-After"] == "60"
    assert fo.ask_token().status_code == 200
    fo.base = fo.sandbox.base_url("/namespaces/AXSF")
    assert fo.get("UnitsOfMeasure").status_code == 200


@pytest.mark.parametrize("model", ["user", "resource"])
def test_retry_after(start_fo: Callable[..., Fo], model: str) -> None:
    """Either throttle comes with seconds, with a date, or without any wait."""
    options = {"user_limits": "on", "user_requests": 1, "retry_growth": 0, "user_window": 60}
    fo = start_fo(
        clock=_now, web_servers=1, **(options if model == "user" else {"resource_load": "exhausted"})
    )
    fo.get("UnitsOfMeasure")
    assert fo.get("UnitsOfMeasure").headers["Retry-After"] == "60"
    fo.sandbox.set(**{f"{model}_retry_after": "date"})
    answer = fo.get("UnitsOfMeasure")
    assert parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() == _now() + 60
    fo.sandbox.set(**{f"{model}_retry_after": "absent"})
    assert "Retry-After" not in fo.get("UnitsOfMeasure").headers


@pytest.mark.parametrize(
    ("reading", "body"),
    [
        ("message", f'{{"Message":"{BUSY}"}}'),
        ("text", BUSY),
        ("odata", f'{{"error":{{"code":"","message":"{BUSY}"}}}}'),
        ("empty", ""),
    ],
)
def test_body_of_a_429(fo: Fo, reading: str, body: str) -> None:
    """The body of a 429 is not known; there are four readings."""
    fo.sandbox.set(throttle_body=reading, resource_load="exhausted")
    answer = fo.run("getText", {})
    assert (answer.status_code, answer.text, "ms-dyn-aid" in answer.headers) == (429, body, True)
    assert fo.sandbox.executed() == {}


def test_scripted_faults(fo: Fo) -> None:
    """Faults hit paths below a namespace too, and the throttle fault is the API's own 429."""
    fo.sandbox.add_fault(
        action="status", status=502, body="<html>Bad gateway</html>", path="/data/UnitsOfMeasure"
    )
    assert fo.get("UnitsOfMeasure").headers["Content-Type"] == "text/html"
    fo.sandbox.add_fault(action="throttle", seconds=30, path="/data/*")
    fo.base = fo.sandbox.base_url("/namespaces/AXSF")
    answer = fo.get("UnitsOfMeasure")
    assert (answer.status_code, answer.json()["Message"]) == (429, BUSY)
    fo.sandbox.clear_faults()
    fo.sandbox.add_fault(action="truncate", path="/data/*")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        fo.get("UnitsOfMeasure")
    fo.sandbox.add_fault(action="status", status=429, headers={"Retry-After": "7"}, path="/*/oauth2/*")
    assert fo.ask_token().headers["Retry-After"] == "7"
    fo.sandbox.add_fault(action="expire_tokens")
    assert fo.get("UnitsOfMeasure").status_code == 302


def test_control(fo: Fo) -> None:
    """Switches, totals and time can be set over HTTP too."""
    assert fo.control("POST", "switches", {"page_size": 2}).json()["page_size"] == 2
    wrong = fo.control("POST", "switches", {"rate_limit": 1})
    assert (wrong.status_code, "rate_limit: no such switch" in wrong.json()["error"]) == (400, True)
    assert fo.control("GET", "totals", company="usmf").json()["rows"]["CustomersV3"] == 120
    assert fo.control("GET", "totals").json()["rows"]["CustomersV3"] == 360
    assert fo.control("GET", "totals", company="nope").status_code == 400
    assert fo.control("GET", "privileges").status_code == 404
    fo.control("POST", "advance", {"seconds": 3600})
    assert fo.get("UnitsOfMeasure").status_code == 401
