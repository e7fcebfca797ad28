"""What the examples of v1's own words do on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parameter_table import Example, check

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import IncompleteReadError, RefusedError
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator


@check
def _v1_connection(one: Example) -> None:
    PowerOfficeOperator(task_id="t", endpoint="VatCode", poweroffice_conn_id="poweroffice_v1").execute({})
    token, call = one.tap.seen
    assert (token.path, token.body) == ("/OAuth/Token", b"grant_type=client_credentials")
    assert token.headers["authorization"].startswith("Basic ")
    assert call.path == "/VatCode"
    assert not any("subscription" in name for seen in one.tap.seen for name in seen.headers)


@check
def _v1_get(one: Example) -> None:
    assert one.run()["id"] == 1_000_001
    assert (one.call.method, one.call.path) == ("GET", "/Customer/1000001")


@check
def _v1_post_new(one: Example) -> None:
    before = one.sandbox.totals()["Customer"]
    assert one.run()["name"] == "Havblikk AS"
    assert json.loads(one.call.body) == {"name": "Havblikk AS"}
    assert one.sandbox.totals()["Customer"] == before + 1


@check
def _v1_post_existing(one: Example) -> None:
    before = one.sandbox.totals()["Customer"]
    assert (one.run()["id"], one.call.method) == (1_000_001, "POST")
    assert one.sandbox.totals()["Customer"] == before


@check
def _v1_put(one: Example) -> None:
    assert one.run() is None
    path = "/Reporting/InvoiceJournal/SetExternalCaseNumber/9e3779b9-7f4a-4c15-a000-000000000001"
    assert (one.call.method, one.call.path) == ("PUT", path)


@check
def _v1_delete(one: Example) -> None:
    assert one.run()["isArchived"] is True
    assert [call.method for call in one.calls] == ["DELETE", "GET", "POST"]


@check
def _v1_filter(one: Example) -> None:
    rows = one.run()
    assert rows
    assert all(row["name"].startswith("O'Hara") for row in rows)
    assert one.call.query == {"$filter": "(startswith(Name, 'O''Hara') eq true)"}


@check
def _v1_orderby(one: Example) -> None:
    names = [row["name"] for row in one.run()]
    assert names == sorted(names, reverse=True)
    assert one.calls[0].query["$orderby"] == "Name desc"


@check
def _v1_top(one: Example) -> None:
    assert len(one.run()) == 120
    # Later pages begin with the last row of the one before, which tells whether rows moved meanwhile.
    asked = {(call.query["$skip"], call.query["$top"]) for call in one.calls}
    assert asked == {("0", "50"), ("49", "51"), ("99", "51")}


@check
def _v1_skip(one: Example) -> None:
    assert [row["id"] for row in one.run()] == [1_000_001 + 3 * place for place in range(20, 30)]
    assert one.call.query == {"$orderby": "Id", "$top": "10", "$skip": "20"}


@check
def _v1_data(one: Example) -> None:
    result = one.run()
    assert result["id"] == 1_000_001
    assert not {"success", "data"} & result.keys()


@check
def _v1_count(one: Example) -> None:
    whole = one.run()
    assert (whole["count"], len(whole["body"])) == (120, 120)
    one.sandbox.add_fault(
        action="status", status=200, path="/Customer", times=0, body='{"success":true,"data":[],"count":7}'
    )
    with pytest.raises((AirflowFailException, IncompleteReadError)) as caught:
        one.run()
    assert isinstance(caught.value.__cause__ or caught.value, IncompleteReadError)


def _refusal(one: Example) -> tuple[dict[str, Any], RefusedError]:
    """Run an example as a result and as an error."""
    result = one.run()
    assert (result["status_code"], result["is_success"]) == (200, False)
    one.task.fail_on_error = True
    with pytest.raises(AirflowFailException) as caught:
        one.run()
    assert isinstance(caught.value.__cause__, RefusedError)
    return result["error_content"], caught.value.__cause__


@check
def _v1_success(one: Example) -> None:
    content, error = _refusal(one)
    assert (content["success"], error.status, error.outcome_unknown) == (False, 200, False)


@check
def _v1_summary(one: Example) -> None:
    content, error = _refusal(one)
    assert content["validation"]["summary"] == error.summary == "Customer.name is required."
    assert error.summary in str(error)


@check
def _v1_error_log_reference(one: Example) -> None:
    content, error = _refusal(one)
    assert content["validation"]["errorLogReference"]
    assert error.errorLogReference == error.trace_id


@check
def _v1_exception(one: Example) -> None:
    content, error = _refusal(one)
    assert content["validation"]["exception"] == error.exception == error.code == "AggregatedValidation"
