"""What the examples of Profitbase Flow's properties do on the wire."""

from __future__ import annotations

import json
from dataclasses import replace

from parameter_table import Example, check

from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator


@check
def _title(one: Example) -> None:
    one.run()
    assert (one.task.task_display_name, one.call.path) == ("VAT codes", "/v2/VatCodes")


@check
def _description(one: Example) -> None:
    one.run()
    assert (one.task.doc_md, one.call.body) == ("Reads the *VAT codes*.", b"")


@check
def _flow_connection(one: Example) -> None:
    PowerOfficeOperator(task_id="t", endpoint="VatCodes").execute({})
    keys = one.sandbox.keys()
    token, call = one.tap.seen
    assert token.headers["authorization"].startswith("Basic ")
    assert call.headers["authorization"].startswith("Bearer ")
    for seen in one.tap.seen:
        assert seen.headers["ocp-apim-subscription-key"] == keys.subscription_key


@check
def _dynamic_connection(one: Example) -> None:
    one.params["company"] = "north"
    one.run()
    assert one.task.poweroffice_conn_id == "poweroffice_north"
    assert one.call.path == "/v2/VatCodes"


@check
def _configuration(one: Example) -> None:
    result = one.run()
    assert isinstance(result, str)
    assert json.loads(result)[0].keys() == {"Id", "Name"}
    call = one.call
    assert (call.method, call.path, call.query) == ("GET", "/v2/Projects", {"Fields": "Id,Name"})
    assert call.headers["x-reason"] == "month end"


@check
def _method(one: Example) -> None:
    before = one.sandbox.totals()["Customers"]
    one.run()
    assert (one.call.method, one.call.path) == ("POST", "/v2/Customers")
    assert one.sandbox.totals()["Customers"] == before + 1


@check
def _uri(one: Example) -> None:
    assert one.run()["ClientName"]
    assert one.call.path == "/v2/ClientIntegrationInformation"


@check
def _headers(one: Example) -> None:
    one.run()
    assert one.call.headers["x-reason"] == "month end"


@check
def _parameters_query(one: Example) -> None:
    assert one.run()[0].keys() == {"Id", "Name"}
    assert one.call.query == {"Fields": "Id,Name"}


@check
def _parameters_body(one: Example) -> None:
    one.run()
    assert json.loads(one.call.body) == {"Name": "Blåbær AS", "EmailAddress": "post@example.no"}
    assert one.call.headers["content-type"] == "application/json"


@check
def _response_type(one: Example) -> None:
    result = one.run()
    assert (result["status_code"], result["is_success"]) == (200, True)
    assert json.loads(result["body"])[0]["Id"]
    assert result["headers"]


@check
def _response_type_raw(one: Example) -> None:
    result = one.run()
    assert isinstance(result, str)
    assert json.loads(result)[0]["Code"]


@check
def _response_type_data(one: Example) -> None:
    result = one.run()
    assert [row.keys() for row in result] == [{"Id", "Name"}] * 5
    assert one.call.query["PageSize"] == "5"


@check
def _is_success(one: Example) -> None:
    result = one.run()
    assert (result["status_code"], result["is_success"]) == (404, False)


@check
def _error_content(one: Example) -> None:
    result = one.run()
    assert (result["status_code"], result["is_success"]) == (400, False)
    assert "title" in {name.lower() for name in result["error_content"]}


@check
def _on_error(one: Example) -> None:
    one.run()
    handler = one.dag.get_task("tell_somebody")
    assert str(getattr(handler.trigger_rule, "value", handler.trigger_rule)) == "one_failed"
    assert one.task.downstream_task_ids == {"tell_somebody"}


@check
def _on_page_error(one: Example) -> None:
    one.sandbox.add_fault(action="status", status=500, path="/Customers", every=2, times=1)
    one.task.retry_options = type(one.task.retry_options)(attempts=1)
    one.task.paging = replace(one.task.paging, concurrency=1)  # the second request is the second page
    total = one.sandbox.totals()["Customers"]
    assert len(one.run()) == total - 50
    assert [call.query["PageNumber"] for call in one.calls] == ["1", "2", "3"]


@check
def _start_page(one: Example) -> None:
    assert len(one.run()) == one.sandbox.totals()["Customers"] - 50
    assert min(call.query["PageNumber"] for call in one.calls) == "2"


@check
def _items_per_page(one: Example) -> None:
    assert len(one.run()) == one.sandbox.totals()["Customers"]
    *pages, keys = sorted(int(call.query["PageSize"]) for call in one.calls)
    assert set(pages) == {20}
    assert keys > 20  # the list of ids at the end, which tells whether rows moved meanwhile


@check
def _max_page_count(one: Example) -> None:
    assert len(one.run()) == 40
    assert sorted(call.query["PageNumber"] for call in one.calls) == ["1", "2"]


@check
def _retry_on_429(one: Example) -> None:
    one.sandbox.add_fault(
        action="status", status=429, path="/Customers", times=2, headers={"Retry-After": "30"}
    )
    one.in_fake_time()
    assert len(one.run()) == one.sandbox.totals()["Customers"]
    assert (len(one.calls), all(nap >= 30 for nap in one.clock.naps)) == (3, True)
