"""The operator: what reaches the wire, what reaches XCom, and what ends a task."""

from __future__ import annotations

import base64
import json
import re
import warnings
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest
from airflow.sdk import DAG

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    NotFoundError,
    ResponseValidationError,
    ResultTooLargeError,
    ServerError,
)
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")
FAST = {"wait_initial": 0, "attempts": 3}


def call(**arguments: Any) -> Any:
    """Run an operator with one call."""
    arguments = {"retry_options": FAST} | arguments
    return PowerOfficeOperator(task_id="t", **arguments).execute({})  # type: ignore[typeddict-item]


def call_rendered(**arguments: Any) -> Any:
    """Run an operator whose templates were rendered to these arguments."""
    operator = PowerOfficeOperator(task_id="t", endpoint="Customers", retry_options=FAST)
    for name, value in arguments.items():
        setattr(operator, name, value)
    return operator.execute({})  # type: ignore[typeddict-item]


class Struct(msgspec.Struct):
    """A row as msgspec knows it."""

    Id: int
    Name: str


class StructNumber(msgspec.Struct):
    """A row with a money value."""

    Id: int
    UnitPrice: Decimal


@dataclass
class Row:
    """A row as the standard library knows it."""

    Id: int
    Name: str


class Model(pydantic.BaseModel):
    """A row as pydantic knows it."""

    id: int = pydantic.Field(alias="Id")
    name: str = pydantic.Field(alias="Name")


def test_kinds_of_answer() -> None:
    """Each kind gives what it says, as plain JSON."""
    body = call(endpoint="VatCodes")
    assert isinstance(body, list)
    assert json.loads(call(endpoint="VatCodes", response="text")) == body
    assert json.loads(base64.b64decode(call(endpoint="VatCodes", response="bytes"))) == body
    whole = call(endpoint="VatCodes", full=True)
    assert (whole["status_code"], whole["is_success"], whole["error_content"]) == (200, True, None)
    assert (whole["body"], whole["outcome_unknown"]) == (body, False)
    assert "X-Pagination" in whole["headers"] or "x-pagination" in whole["headers"]
    json.dumps(whole)


def test_whole_answer_in_each_form() -> None:
    """The whole answer holds the body in the form asked for, a text digit for digit."""
    made = call(endpoint="Products", method="POST", body='{"Name": "x", "UnitPrice": 1190.10}')
    one = {"endpoint": f"Products/{made['Id']}"}
    for arguments in ({"full": True}, {"fail_on_error": False}):
        text = call(**one, **arguments, response="text")
        assert ("1190.10" in text["body"], text["status_code"], text["is_success"]) == (True, 200, True)
        typed = call(**one, **arguments, response=StructNumber)
        assert (typed["body"]["Id"], Decimal(typed["body"]["UnitPrice"])) == (made["Id"], Decimal("1190.10"))
    with pytest.raises(AirflowFailException, match="UnitPrice"):
        call(endpoint="Customers", query={"PageSize": 1}, response=StructNumber, full=True)
    rows = call(endpoint="Customers", query={"Fields": "Id"}, paginate=True, full=True, max_result_bytes=None)
    assert (rows["is_success"], rows["count"]) == (True, len(rows["body"]))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"endpoint": "Customers", "method": "POST", "body": "{'Name': 'x'}"}, "not JSON .*tojson"),
        (
            {"endpoint": "Customers", "method": "POST", "body": '{"Balance": NaN}'},
            "NaN is not a number that JSON",
        ),
        ({"endpoint": "Customers", "query": "{'Fields': 'Id'}"}, "query became a text"),
        ({"endpoint": "SalesOrders", "method": "POST", "body": {}}, "POST is taken by SalesOrders/Complete"),
        ({"endpoint": "Customerledger/OpenItms"}, "did you mean Customerledger/OpenItems"),
        ({"endpoint": "ClientIntegrationInformation", "paginate": True}, r"paginate=False"),
    ],
)
def test_mistakes_of_the_first_hour(given: dict[str, Any], says: str) -> None:
    """What a new user does wrong is answered with the way out."""
    with pytest.raises(AirflowFailException, match=says):
        call_rendered(**given)


def test_refused_keys_name_the_connection(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DAG may use several connections: the one whose key is refused is named, and what to check."""
    fields = json.loads(sandbox.connection_json())
    fields["extra"]["subscription_api_key"] = "0" * 32
    monkeypatch.setenv("AIRFLOW_CONN_PO_WRONG", json.dumps(fields))
    with pytest.raises(AirflowFailException, match=r"belongs to the environment \(connection 'po_wrong'\)"):
        call(endpoint="VatCodes", poweroffice_conn_id="po_wrong")


def test_misfit_as_a_result() -> None:
    """An answer that came, and cannot be given, keeps its status: the call was carried out."""
    small = {"fail_on_error": False, "max_result_bytes": 100}
    for arguments in ({"response": StructNumber, "fail_on_error": False}, small):
        found = call(endpoint="Customers", method="POST", body={"Name": "Liten AS"}, **arguments)
        assert (found["is_success"], found["status_code"], found["outcome_unknown"]) == (False, 201, False)
        assert found["error_content"]["type"] in {"ResponseValidationError", "ResultTooLargeError"}


def test_successful_call_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Status, what was made and how long it took are in the log; nothing of query and body is."""
    made = call(endpoint="Customers", method="POST", body={"Name": "Hemmelig AS"})
    call(endpoint="Customers", query={"Fields": "Id", "PageSize": 1, "PageNumber": 1})
    said = capsys.readouterr().out
    assert re.search(rf"POST /v2/Customers: 201 after [\d.]+ s, Id {made['Id']}\b", said)
    assert re.search(r"GET /v2/Customers: 200 after [\d.]+ s", said)
    assert "Hemmelig" not in said
    assert "Fields" not in said


def test_nothing_found_is_an_empty_list() -> None:
    """204 gives [] for a GET, so that a mapped task gets nothing to map."""
    assert call(endpoint="Customers", query={"customerNos": "99999999"}) == []
    assert call(endpoint="Customers", query={"customerNos": "99999999"}, paginate=True) == []
    assert call(endpoint="Customers", query={"customerNos": "99999999"}, response="text") == ""


@pytest.mark.parametrize("kind", [Struct, Row, Model, list[Struct], list[Row], list[Model]])
def test_type(kind: Any) -> None:
    """A type checks every row and gives plain JSON with the API's names."""
    query = {"PageSize": 3, "OrderBy": "Id asc"}
    expected = [{key: row[key] for key in ("Id", "Name")} for row in call(endpoint="Customers", query=query)]
    assert call(endpoint="Customers", query=query, response=kind) == expected


@pytest.mark.parametrize("kind", [list, list[dict], dict])
def test_plain_types(kind: Any) -> None:
    """A list is a list, whatever its rows are."""
    assert call(endpoint="VatCodes", response=kind) == call(endpoint="VatCodes")


def test_type_of_one_object() -> None:
    """A single object is checked too, and decimals come as text, exactly."""
    made = call(endpoint="Products", method="POST", body='{"Name": "x", "UnitPrice": 1190.10}')
    one = call(endpoint=f"Products/{made['Id']}", response=StructNumber)
    assert one["Id"] == made["Id"]
    assert Decimal(one["UnitPrice"]) == Decimal("1190.10")


@pytest.mark.parametrize("kind", [StructNumber, list[StructNumber]])
def test_type_that_does_not_fit(kind: Any) -> None:
    """A misfit ends the task, names the place and not the value."""
    with pytest.raises(AirflowFailException, match="UnitPrice") as caught:
        call(endpoint="Customers", query={"PageSize": 1}, response=kind)
    assert isinstance(caught.value.__cause__, ResponseValidationError)


def test_pydantic_misfit_shows_no_value() -> None:
    """Pydantic's own message would show the value; ours does not."""

    class Wrong(pydantic.BaseModel):
        Name: int

    made = call(endpoint="Customers", method="POST", body={"Name": "Hemmelig Person"})
    with pytest.raises(AirflowFailException, match="Name") as caught:
        call(endpoint=f"Customers/{made['Id']}", response=Wrong)
    assert "Hemmelig" not in str(caught.value)


def test_paginate(sandbox: Sandbox) -> None:
    """All pages come as one list, and the page arguments reach the wire."""
    rows = call(
        endpoint="Customers",
        query={"Fields": "Id"},
        paginate=True,
        page_size=50,
        paging={"order_by": "Id desc", "first_page": 1},
    )
    assert len(rows) == sandbox.totals()["Customers"]
    assert [row["Id"] for row in rows] == sorted((row["Id"] for row in rows), reverse=True)
    assert sandbox.count("GET", "/Customers") == 3 + 1, "three pages, and whether rows moved meanwhile"
    assert (
        len(
            call(
                endpoint="Customers",
                query={"Fields": "Id"},
                paginate=True,
                page_size=10,
                paging={"max_pages": 2},
            )
        )
        == 20
    )
    assert call(endpoint="VatCodes", paginate=True, response=Struct)[0].keys() == {"Id", "Name"}


@pytest.mark.parametrize("operator", [PowerOfficeOperator, PowerOfficeToObjectStorageOperator])
def test_bad_concurrency(operator: type[Any]) -> None:
    """A number of pages in flight that cannot be is refused while the DAG file is read."""
    path = {"object_path": "file:///tmp/a.ndjson.gz"} if operator is not PowerOfficeOperator else {}
    with pytest.raises(
        ValueError, match="concurrency must be a whole number from 1 to 32, not 33; 1 reads one page"
    ):
        operator(task_id="t", endpoint="Customers", paging={"concurrency": 33}, **path)


def test_too_large(sandbox: Sandbox) -> None:
    """A result too large for XCom is refused after the first page, and the way out is named."""
    with pytest.raises(AirflowFailException, match="PowerOfficeToObjectStorageOperator") as caught:
        call(endpoint="Customers", paginate=True, page_size=60, paging={"concurrency": 1})
    assert isinstance(caught.value.__cause__, ResultTooLargeError)
    assert sandbox.count("GET", "/Customers") == 1
    with pytest.raises(AirflowFailException, match="max_result_bytes=100"):
        call(endpoint="ClientIntegrationInformation", max_result_bytes=100)
    assert len(call(endpoint="Customers", max_result_bytes=None)) == sandbox.totals()["Customers"]


@pytest.mark.parametrize("on_page_error", ["skip", lambda error, page: page == 2 and error.status == 500])
def test_skipped_pages_are_recorded(sandbox: Sandbox, on_page_error: Any) -> None:
    """A skipped page is recorded in an XCom of its own."""
    sandbox.add_fault(action="status", status=500, path="/Customers", every=2, times=1)
    pushed: dict[str, Any] = {}

    class Ti:
        def xcom_push(self, key: str, value: Any) -> None:
            pushed[key] = value

    operator = PowerOfficeOperator(
        task_id="t",
        endpoint="Customers",
        query={"Fields": "Id"},
        paginate=True,
        page_size=50,
        paging={"concurrency": 1},  # request n is page n
        on_page_error=on_page_error,
        retry_options={"attempts": 1},
    )
    rows = operator.execute({"ti": Ti()})  # type: ignore[typeddict-item]
    assert len(rows) == sandbox.totals()["Customers"] - 50
    assert [skip["page"] for skip in pushed["skipped_pages"]] == [2]


def test_not_failing() -> None:
    """fail_on_error=False always gives the whole answer, whether yes or no."""
    no = call(endpoint="Customers/1", fail_on_error=False)
    assert (no["is_success"], no["status_code"], no["body"]) == (False, 404, None)
    assert no["error_content"]["title"] == "Object(s) not found"
    yes = call(endpoint="ClientIntegrationInformation", fail_on_error=False)
    assert (yes["is_success"], yes["error_content"]) == (True, None)


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ({"endpoint": "Customers/1"}, NotFoundError),
        ({"endpoint": "Nope"}, NotFoundError),
    ],
)
def test_final_errors_end_the_task(arguments: dict[str, Any], cause: type[Exception]) -> None:
    """What a retry cannot cure is not retried; the typed error is the cause."""
    with pytest.raises(AirflowFailException, match=cause.__name__) as caught:
        call(**arguments)
    assert isinstance(caught.value.__cause__, cause)


def test_transient_errors_are_left_to_retries(sandbox: Sandbox) -> None:
    """A 5xx of a GET is tried within the call, then raised for Airflow's own retries."""
    sandbox.add_fault(action="status", status=503, path="/Customers", times=0)
    with pytest.raises(ServerError):
        call(endpoint="Customers")
    assert sandbox.count("GET", "/Customers") == 3


@pytest.mark.parametrize("action", ["reset_after", "garbage"])
def test_uncertain_write_ends_the_task(sandbox: Sandbox, action: str) -> None:
    """A POST with an unknown outcome is sent once, and the task is not retried."""
    sandbox.add_fault(action=action, method="POST", path="/Customers", times=0)
    with pytest.raises(AirflowFailException):
        call(endpoint="Customers", method="POST", body={"Name": "x"})
    assert sandbox.count("POST", "/Customers") == 1


def test_idempotent_write_is_left_to_retries(sandbox: Sandbox) -> None:
    """A POST declared idempotent is tried again within the call and by the task."""
    sandbox.add_fault(action="reset_after", method="POST", path="/Customers", times=0)
    with pytest.raises(APIConnectionError):
        call(endpoint="Customers", method="POST", body={"Name": "x"}, idempotent=True)
    assert sandbox.count("POST", "/Customers") == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"endpoint": "Customers", "method": "HEAD"}, "GET, POST"),
        ({"endpoint": "Customers", "response": "xml"}, "'xml'"),
        ({"endpoint": "Customers", "response": 5}, "response"),
        ({"endpoint": "Customers", "response": "HttpResponse"}, "full=True gives status and headers"),
        ({"endpoint": "Customers", "page_size": 5}, "paginate=True"),
        ({"endpoint": "Customers", "paginate": True, "method": "POST"}, "method='GET'"),
        ({"endpoint": "Customers", "paginate": True, "body": {}}, "body=None"),
        ({"endpoint": "Customers", "paginate": True, "idempotent": True}, "idempotent=None"),
        ({"endpoint": "Customers", "paging": {"order_by": "Id desc"}}, "order_by.* needs paginate=True"),
        ({"endpoint": "Customers", "on_page_error": "skip"}, "on_page_error needs paginate=True"),
        ({"endpoint": "Customers", "overlap": 60}, "overlap needs paginate=True"),
        ({"endpoint": "Customers", "paginate": True, "response": "text"}, "json"),
        ({"endpoint": "Customers", "on_page_error": "ignore"}, "'ignore'"),
        (
            {"endpoint": "Customers", "paging": {"page": 2}},
            "has no option 'page'; known: first_page",
        ),
        ({"endpoint": "Customers", "max_result_bytes": 0}, "max_result_bytes"),
        ({"endpoint": "Customers", "max_result_bytes": "1 MB"}, "max_result_bytes"),
        ({"endpoint": "Customers", "retry_options": {"attempts": -1}}, "attempts"),
    ],
)
def test_bad_arguments_fail_while_parsing(arguments: dict[str, Any], says: str) -> None:
    """What is not templated is checked when the DAG file is read."""
    with pytest.raises(ValueError, match=says):
        PowerOfficeOperator(task_id="t", **arguments)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"endpoint": ""}, ValueError),
        ({"endpoint": "https://evil.example/"}, ValueError),
        ({"endpoint": "a/../b"}, ValueError),
        ({"endpoint": "Customers", "body": {}}, ValueError),
        (
            {"endpoint": "x", "method": "POST", "body": {}, "files": {"file": "/srv/files/a.pdf"}},
            ValueError,
        ),
        ({"endpoint": "x", "method": "PUT", "files": ["a.pdf"]}, TypeError),
        ({"endpoint": "x", "paginate": True, "page_size": 20001}, ValueError),
    ],
)
def test_bad_arguments_fail_before_any_request(
    sandbox: Sandbox, arguments: dict[str, Any], error: type[Exception]
) -> None:
    """What is templated is checked before anything is sent, the token included; no retry would help."""
    with pytest.raises(AirflowFailException) as caught:
        call_rendered(**arguments)
    assert type(caught.value.__cause__) is error
    assert sandbox.journal() == []


def test_templates(sandbox: Sandbox) -> None:
    """Endpoint, method, query, body, files, headers and connection are rendered."""
    arguments = {
        "endpoint": "{{ x }}",
        "method": "{{ x }}",
        "query": {"a": "{{ x }}"},
        "body": [{"b": "{{ x }}"}],
        "files": {"c": "{{ x }}"},
        "headers": {"d": "{{ x }}"},
        "poweroffice_conn_id": "{{ x }}",
    }
    operator = PowerOfficeOperator(task_id="t", **arguments)  # type: ignore[arg-type]
    operator.render_template_fields({"x": "42"})  # type: ignore[typeddict-unknown-key]
    for name in arguments:
        assert "42" in str(getattr(operator, name)), name
        assert "{{" not in str(getattr(operator, name)), name
    assert sandbox.journal() == []


def test_params_of_the_dag_stay_out() -> None:
    """The DAG's params are Airflow's business: our query is not touched by them."""
    with DAG("d", schedule=None, params={"x": 1}):
        operator = PowerOfficeOperator(task_id="t", endpoint="Customers")
    assert operator.query is None


def test_header_reaches_the_wire(sandbox: Sandbox) -> None:
    """A header of the task's own is sent: here it chooses a media type the server refuses."""
    sandbox.set(patch_media_type="strict")
    made = call(endpoint="Customers", method="POST", body={"Name": "x"})
    patch = [{"op": "replace", "path": "/Name", "value": "y"}]
    with pytest.raises(AirflowFailException, match="415"):
        call(
            endpoint=f"Customers/{made['Id']}",
            method="PATCH",
            body=patch,
            headers={"Content-Type": "application/json"},
        )
    assert call(endpoint=f"Customers/{made['Id']}", method="PATCH", body=patch)["Name"] == "y"


def test_upload(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read from storage and sent as multipart under its own name; it comes back as it went."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", str(tmp_path))
    (tmp_path / "bilag.pdf").write_bytes(b"%PDF-1.4 bilag")
    order = call(
        endpoint="SalesOrders/Complete",
        method="POST",
        body={
            "CustomerId": call(endpoint="Customers", query={"PageSize": 1})[0]["Id"],
            "SalesOrderLines": [{"LineType": "Text", "Description": "x"}],
        },
    )
    attachments = f"SalesOrders/{order['Id']}/attachments"
    made = call(endpoint=attachments, method="POST", files={"file": f"file://{tmp_path}/bilag.pdf"})
    assert made["FileName"] == "bilag.pdf"
    content = call(endpoint=f"{attachments}/{made['Id']}", response="bytes")
    assert base64.b64decode(content) == b"%PDF-1.4 bilag"
    before = sandbox.count("POST", f"/{attachments}")
    with pytest.raises(FileNotFoundError):
        call(endpoint=attachments, method="POST", files={"file": f"file://{tmp_path}/none.pdf"})
    assert sandbox.count("POST", f"/{attachments}") == before


def test_misspelt_endpoint_is_warned_of() -> None:
    """A misspelt resource is a warning while the DAG file is read; a new one, or a template, is none."""
    with pytest.warns(UserWarning, match="did you mean 'Customers'"):
        PowerOfficeOperator(task_id="t", endpoint="Custmers")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for endpoint in ("Customers", "BankTransfers", "Customers/{{ x }}", "{{ Custmers }}"):
            PowerOfficeOperator(task_id="t", endpoint=endpoint)


@pytest.mark.parametrize("since", ["changed_since", "created_since"])
def test_since(sandbox: Sandbox, since: str) -> None:
    """The moment is templated, and becomes the resource's own filter."""
    operator = PowerOfficeOperator(
        task_id="t",
        endpoint="Customers",
        query={"Fields": "Id"},
        paginate=True,
        overlap=0,
        **{since: "{{ x }}"},
    )
    operator.render_template_fields({"x": "2000-01-01T00:00:00Z"})  # type: ignore[typeddict-unknown-key]
    assert len(operator.execute({})) == sandbox.totals()["Customers"]  # type: ignore[typeddict-item]
    name = {"changed_since": "lastChangedDate", "created_since": "customerCreatedDate"}[since]
    assert f"{name}TimeOffsetGreaterThan=2000-01-01T00%3A00%3A00.0000000Z" in sandbox.journal()[-1].query
    with pytest.raises(ValueError, match="paginate=True"):
        PowerOfficeOperator(task_id="t", endpoint="Customers", **{since: "2000-01-01T00:00:00Z"})


def test_first_page_only_is_said(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that has more pages than the one asked for is warned of, and not cut in silence."""
    rows = call(endpoint="Customers", query={"PageSize": 10, "Fields": "Id"})
    assert len(rows) == 10
    assert f"the first page only, of {sandbox.totals()['Customers']} rows" in capsys.readouterr().out
    call(endpoint="Customers", query={"PageSize": 10, "PageNumber": 2, "Fields": "Id"})
    call(endpoint="VatCodes")
    assert "first page only" not in capsys.readouterr().out


@pytest.mark.finding("S19")
@pytest.mark.parametrize(
    "endpoint",
    [
        "Onboarding/Finalize",
        "/onboarding/FINALIZE",
        "Onboarding/Finalize/",
        "Onboarding%2FFinalize",
        "Onboarding%252fFinalize",
        "%4Fnboarding/Finali%7Ae",
        "Onboarding//Finalize",
        "Onboarding\\Finalize",
        "Onboarding;x=1/Finalize;y",
        "Onboarding/./Finalize",
        " Onboarding/Finalize%20",
        "ClientAdmin/AddIntegrationToClient/8f1c",
        "clientadmin/addintegrationtoclient/{{ params.client }}",
        "v2/ClientAdmin%2faddIntegrationToClient/x",
    ],
)
def test_minted_keys_do_not_go_to_xcom(sandbox: Sandbox, endpoint: str) -> None:
    """A call that answers with a client key is refused, however its path is written."""
    with pytest.raises(ValueError, match="secrets backend"):
        PowerOfficeOperator(task_id="t", endpoint=endpoint, method="POST", body={})
    task = PowerOfficeOperator(task_id="t", endpoint="{{ x }}", method="POST", body={})
    task.endpoint = endpoint  # as a template may render
    with pytest.raises(AirflowFailException):
        task.execute({})  # type: ignore[typeddict-item]
    assert sandbox.journal() == []


def test_keys_that_are_not_minted() -> None:
    """Neighbours of those paths are called as ever."""
    for endpoint in ("Onboarding/Initiate", "ClientAdmin/Clients", "Onboarding/FinalizeStatus"):
        assert (
            PowerOfficeOperator(task_id="t", endpoint=endpoint, method="POST", body={}).endpoint == endpoint
        )


@pytest.mark.finding("R21")
@pytest.mark.parametrize("endpoint", ["VatCodes/None", "Customers/%4eone/x", "Customers/null", "None"])
def test_endpoint_of_nothing(sandbox: Sandbox, endpoint: str) -> None:
    """An id that is missing is no id, whoever wrote the text."""
    with pytest.raises(AirflowFailException, match="was an id missing"):
        call_rendered(endpoint=endpoint)
    assert sandbox.journal() == []
