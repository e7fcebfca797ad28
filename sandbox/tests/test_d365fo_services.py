"""Finance & Operations: custom services."""

from __future__ import annotations

import time
from typing import Any

import pytest
from d365fo_client import TEST, Fo


def test_discovery(fo: Fo) -> None:
    """GET walks from groups to an operation's parameters, and runs nothing."""
    names = [item["Name"] for item in fo.call("GET", "/api/services").json()["ServiceGroups"]]
    assert names == ["UserSessionService", "SandboxServices"]
    services = fo.call("GET", "/api/services/SandboxServices").json()
    assert services == {"Services": [{"Name": "SandboxTestService"}]}
    operations = fo.call("GET", f"/api/services/{TEST}").json()["Operations"]
    assert {"Name": "echo"} in operations
    about = fo.call("GET", f"/api/services/{TEST}/post").json()
    assert about["Parameters"] == [{"Name": "_request", "Type": "SandboxRequest"}]
    assert about["Return"] == {"Name": "return", "Type": "SandboxResponse"}
    assert fo.sandbox.executed() == {}


def test_session_info_with_an_empty_body(fo: Fo) -> None:
    """An operation without parameters takes a POST of zero bytes without a content type."""
    answer = fo.call("POST", "/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo")
    assert (answer.status_code, answer.json()["UserCompany"], answer.json()["$id"]) == (200, "USMF", "1")


@pytest.mark.parametrize(
    ("operation", "body", "text"),
    [
        ("getText", {}, '"Blåbær & \\"quotes\\""'),
        ("getNumber", {}, "1234567.10"),
        ("getBoolean", {}, "true"),
        ("getNothing", {}, "null"),
        ("getList", {}, '[{"parmId":"10"},{"parmId":"20"}]'),
        ("doNothing", {}, ""),
        (
            "shiftDateTime",
            {"dateTime": "2025-01-01T00:00:00Z", "timeZoneOffset": 2},
            '"2025-01-01T02:00:00Z"',
        ),
        ("setHold", {"_status": 2}, "2"),
        ("echo", {"_request": [1, None, "x"]}, '[1,null,"x"]'),
    ],
)
def test_return_values_have_no_envelope(fo: Fo, operation: str, body: Any, text: str) -> None:
    """The return value is the whole body: scalars, lists, null, or nothing."""
    answer = fo.run(operation, body)
    assert (answer.status_code, answer.content.decode()) == (200, text)


def test_business_failure_is_200(fo: Fo) -> None:
    """A failure the X++ code reports itself comes with status 200."""
    answer = fo.run("post", {"_request": {"Amount": -1}})
    assert (answer.status_code, answer.json()["Success"]) == (200, False)
    assert fo.run("post", {"_request": {"Amount": 0.5}}).json()["parmVoucher"] == "GNJ000000001"


def test_exception_is_500(fo: Fo) -> None:
    """An X++ exception is 500 with message, type and activity id; its prefix is misspelt."""
    answer = fo.run("throwException", {"_kind": "error"})
    body = answer.json()
    assert (answer.status_code, sorted(body)) == (500, ["ActivityId", "ExceptionType", "Message"])
    assert body["Message"].startswith("An exception occured when invoking the operation - Journal JB-000001")
    assert "\n" in body["Message"]
    kinds = {
        kind: fo.run("throwException", {"_kind": kind}).json()["ExceptionType"]
        for kind in ("duplicate", "null")
    }
    assert kinds == {"duplicate": "DuplicateKeyException", "null": "NullReferenceException"}


@pytest.mark.parametrize(
    ("operation", "body", "words"),
    [
        ("echo", {"_Request": 1}, "Parameter '_request' is not found within the request content body."),
        ("echo", [1], "must be a JSON object"),
        ("setHold", {"_status": None}, "'_status' cannot be converted"),
        ("shiftDateTime", {"dateTime": "soon", "timeZoneOffset": 1}, "'dateTime' cannot be converted"),
        ("slow", {"_seconds": "x"}, "'_seconds' cannot be converted"),
    ],
)
def test_bad_arguments(fo: Fo, operation: str, body: Any, words: str) -> None:
    """A missing or unfit parameter is a deserialization error, 400 or 500 by a switch; nothing is run."""
    answer = fo.run(operation, body)
    assert (answer.status_code, answer.json()["ExceptionType"]) == (
        400,
        "XppServicesDeserializationException",
    )
    assert words in answer.json()["Message"]
    fo.sandbox.set(missing_parameter="500")
    assert fo.run(operation, body).status_code == 500


def test_charsets(fo: Fo) -> None:
    """A body is read in the charset its content type names; an unknown one is 415."""
    text = '{"_request": "blåbær"}'
    for charset in ("utf-8", "iso-8859-1", "utf-16", "windows-1252"):
        headers = {"Content-Type": f"application/json;charset={charset}"}
        answer = fo.run("echo", data=text.encode(charset), headers=headers)
        assert (answer.status_code, answer.json()) == (200, "blåbær")
    wrong = fo.run("echo", data=text.encode("latin-1"), headers={"Content-Type": "application/json"})
    assert (wrong.status_code, "not valid utf-8" in wrong.json()["Message"]) == (400, True)
    unknown = fo.run("echo", data=b"{}", headers={"Content-Type": "application/json; charset=nope"})
    assert unknown.status_code == 415


def test_readings(fo: Fo) -> None:
    """Switches change what is not certain: unknown services, void, $id, casing of parameters."""
    unknown = fo.run("nope", {})
    assert (unknown.status_code, "MessageDetail" in unknown.json()) == (404, True)
    fo.sandbox.set(
        unknown_service="404-empty", void_body="204", reference_ids="absent", parameter_names="any-case"
    )
    assert (fo.run("nope", {}).status_code, fo.run("nope", {}).content) == (404, b"")
    assert fo.run("doNothing", {}).status_code == 204
    assert fo.run("echo", {"_REQUEST": {"a": 1}}).json() == {"a": 1}
    fo.sandbox.set(unknown_service="500", void_body="null", service_error="400")
    assert fo.run("nope", {}).json()["ExceptionType"] == "ServiceNotFoundException"
    assert fo.run("doNothing", {}).content == b"null"
    assert fo.run("throwException", {"_kind": "null"}).status_code == 400


def test_slow_and_large(fo: Fo) -> None:
    """An operation can take its time in reality, and give megabytes."""
    before = time.perf_counter()
    assert fo.run("slow", {"_seconds": 0.2}).json() == "done"
    assert time.perf_counter() - before >= 0.2
    answer = fo.run("large", {"_rows": 20_000})
    assert (len(answer.json()), len(answer.content) > 2_000_000) == (20_000, True)


def test_execution_is_counted(fo: Fo) -> None:
    """What was run is counted, so that a test can tell a call sent twice; a lost answer was run."""
    fo.sandbox.add_fault(action="reset_after", path="/api/services/*")
    with pytest.raises(OSError, match=r"reset|abort"):
        fo.run("getText", {})
    fo.run("getText", {})
    assert fo.sandbox.executed() == {f"{TEST}/getText": 2}
    assert fo.control("GET", "executed").json() == {f"{TEST}/getText": 2}


def test_request_info(fo: Fo) -> None:
    """The sandbox tells what it was sent, but not the token."""
    seen = fo.run("requestInfo", {}, headers={"Cookie": "a=b"}).json()
    names = {item["Name"]: item["Value"] for item in seen["Headers"]}
    assert (names["cookie"], "authorization" in names, seen["Bytes"]) == ("a=b", False, 2)


def test_other_verbs(fo: Fo) -> None:
    """PUT on an operation is 405."""
    assert fo.call("PUT", f"/api/services/{TEST}/echo").status_code == 405
