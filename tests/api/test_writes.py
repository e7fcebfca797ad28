"""One record is written once: lost replies, refusals in any words, and what is there already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from support import FakeClock, client_of, v1_client_of
from support.d365fo import fo_client

from airflow_provider_poweroffice.api import Client, RetryOptions
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.api.writes.changes import patch_of
from airflow_provider_poweroffice.api.writes.compare import differences
from airflow_provider_poweroffice.api.writes.identity import (
    identity_of,
    is_alike,
    reference_of,
    with_reference,
)
from airflow_provider_poweroffice.api.writes.reconcile import foresee, write
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    BadRequestError,
    NotFoundError,
    RateLimitError,
    UncertainWriteError,
    WriteConflictError,
)
from benchmarks.writes_once import KINDS, TEXTS, Kind, measure
from poweroffice_sandbox import D365FOSandbox, Sandbox, V1Sandbox

BODY = {
    "Name": "Fjordlys AS",
    "ExternalImportReference": "inv-7",
    "MailAddress": {"City": "Bodø", "ZipCode": "8006"},
}
LOST = {"action": "reset_after", "method": "POST", "times": 1}
FO_BODY = {"dataAreaId": "usmf", "CustomerAccount": "W-1", "OrganizationName": "A", "CustomerGroupId": "10"}


@pytest.fixture
def api(sandbox: Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of v2 that tries a call three times."""
    with client_of(sandbox, clock, concurrency=1, retry=RetryOptions(attempts=3)) as one:
        yield one


@pytest.fixture
def v1(v1_sandbox: V1Sandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of v1 that tries a call three times."""
    with v1_client_of(v1_sandbox, clock, retry=RetryOptions(attempts=3)) as one:
        yield one


@pytest.fixture
def dynamics(fo: D365FOSandbox, clock: FakeClock) -> Iterator[Client]:
    """Give a client of Finance & Operations that tries a call three times."""
    with fo_client(fo, clock, retry=RetryOptions(attempts=3)) as one:
        yield one


def named(api: Client, reference: str = "inv-7") -> int:
    """Count the customers with a reference."""
    pages = api.pages("Customers", query={"externalImportReference": reference})
    return sum(len(page.rows) for page in pages)


def requests(sandbox: Any) -> list[str]:
    """List the requests, those for tokens aside."""
    return [f"{one.method} {one.path}" for one in sandbox.journal() if "oken" not in one.path]


@pytest.mark.sample(1)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.endpoint)
def test_schedules(kind: Kind) -> None:
    """Some of benchmarks/writes_once.py: 220 in all, each record is there once, and the last try says so."""
    found = measure(kind, 100 if kind.endpoint == "Customers" else 30, seed=7)
    assert found.wrong == []
    assert (found.missing, found.doubled, found.uncertain) == (0, 0, 0)
    assert found.faults > found.records / 2
    assert found.kills > found.records / 8


def test_created(api: Client, sandbox: Sandbox) -> None:
    """A record is created by one POST and no other request."""
    found = write(api, "POST", "Customers", body=BODY)
    assert (found.outcome, found.tries, found.reference) == ("created", 1, "inv-7")
    assert found.id == found.record["Id"]
    assert requests(sandbox) == ["POST /v2/Customers"]


@pytest.mark.parametrize("status", ["400", "409", "422"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_lost_reply_and_a_refusal_in_any_words(
    api: Client, sandbox: Sandbox, text: str, status: str
) -> None:
    """What is refused after a lost reply is looked up, read and compared, whatever the refusal says."""
    sandbox.set(taken_text=text, taken_status=status)
    sandbox.add_fault(**LOST, path="/Customers")
    found = write(api, "POST", "Customers", body=BODY)
    assert (found.outcome, found.tries, found.record["Name"]) == ("created", 2, "Fjordlys AS")
    assert named(api) == 1
    if text == "bare":
        with pytest.raises(APIStatusError, match="not valid"):
            write(api, "POST", "Customers", body=BODY)
    else:
        again = write(api, "POST", "Customers", body=BODY)
        assert (again.outcome, again.tries, again.id) == ("unchanged", 1, found.id)


@pytest.mark.parametrize("text", ["id", "no-id"])
@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("Suppliers", {"Name": "S", "ExternalNumber": 77}),
        ("Employees", {"FirstName": "A", "LastName": "B", "Number": 4711}),
        ("Departments", {"Name": "D", "Code": "d 1"}),
        ("Products", {"Name": "P", "Code": "p-1", "UnitPrice": 12.5}),
        ("Projects", {"Name": "P", "Code": "Ø1"}),
        ("CustomDimensions", {"Name": "C", "Ordinal": 1, "ExternalImportReference": "c1"}),
        ("GeneralLedgerAccounts", {"AccountNo": 6999, "IsActive": True, "Name": "A"}),
        ("SalaryLines", {"ExternalImportReference": "s1", "Quantity": 2}),
    ],
)
def test_other_unique_fields(
    api: Client, sandbox: Sandbox, endpoint: str, body: dict[str, Any], text: str
) -> None:
    """Numbers and codes are unique too; a list without a filter for them is read whole."""
    sandbox.set(taken_text=text)
    if endpoint == "SalaryLines":
        employee, item = (api.request("GET", name).body[0]["Id"] for name in ("Employees", "PayItems"))
        body = body | {"EmployeeId": employee, "PayItemId": item}
    before = sandbox.totals()[endpoint]
    sandbox.add_fault(**LOST, path=f"/{endpoint}")
    found = write(api, "POST", endpoint, body=body)
    assert (found.outcome, sandbox.totals()[endpoint]) == ("created", before + 1)


def test_another_record_is_there(api: Client, sandbox: Sandbox) -> None:
    """One that differs is a conflict, which names the fields and no values, and changes nothing."""
    made = write(api, "POST", "Customers", body=BODY)
    other = BODY | {"Name": "Havblaast AS", "MailAddress": {"City": "Bodø", "ZipCode": "9000"}}
    with pytest.raises(WriteConflictError, match=r"differs .* in /Name, /MailAddress/ZipCode\.") as caught:
        write(api, "POST", "Customers", body=other)
    assert caught.value.id == made.id
    assert caught.value.differences["/Name"] == ("Havblaast AS", "Fjordlys AS")
    assert "Havblaast" not in str(caught.value)
    assert named(api) == 1
    assert not any(one.startswith("PATCH") for one in requests(sandbox))


def test_on_exists(api: Client) -> None:
    """It fails on what is there, but not on what an earlier try created; or changes what differs."""
    write(api, "POST", "Customers", body=BODY)
    with pytest.raises(WriteConflictError, match="was there before"):
        write(api, "POST", "Customers", body=BODY, on_exists="fail")
    assert (
        write(api, "POST", "Customers", body=BODY, on_exists="fail", began_before=True).outcome == "created"
    )
    other = BODY | {"Name": "Havblaast AS", "MailAddress": {"City": "Narvik", "ZipCode": "8006"}}
    found = write(api, "POST", "Customers", body=other, on_exists="update")
    assert (found.outcome, found.record["Name"]) == ("updated", "Havblaast AS")
    assert found.record["MailAddress"]["City"] == "Narvik"
    assert write(api, "POST", "Customers", body=other, on_exists="update").outcome == "unchanged"
    by_code = other | {"DepartmentCode": "20"}
    assert api.request("GET", "Departments", query={"codes": "20"}).body
    with pytest.raises(WriteConflictError, match=r"/DepartmentCode cannot be patched.*/DepartmentId"):
        write(api, "POST", "Customers", body=by_code, on_exists="update")
    with pytest.raises(ValueError, match="on_exists must be one of 'same', 'fail', 'update'"):
        write(api, "POST", "Customers", body=BODY, on_exists="skip")  # type: ignore[arg-type]
    assert named(api) == 1


def test_an_update_takes_no_other_record(api: Client) -> None:
    """A record with another reference is another one; a reference made here gives way to one there."""
    body = {"Name": "Fjordlys AS", "ExternalNumber": 98_765}
    mine = write(api, "POST", "Customers", body=body | {"ExternalImportReference": "crm-1"})
    other = body | {"Name": "Havblikk AS", "ExternalImportReference": "crm-2"}
    with pytest.raises(WriteConflictError, match=r"has the ExternalImportReference 'crm-1'.*another record"):
        write(api, "POST", "Customers", body=other, on_exists="update")
    made = reference_of("dag", "run 1")
    found = write(
        api, "POST", "Customers", body=other | {"ExternalImportReference": made}, on_exists="update"
    )
    assert (found.outcome, found.id) == ("updated", mine.id)
    there = api.request("GET", f"Customers/{mine.id}").body
    assert (there["Name"], there["ExternalImportReference"]) == ("Havblikk AS", "crm-1")
    again = other | {"ExternalImportReference": made}
    assert write(api, "POST", "Customers", body=again, on_exists="update").outcome == "unchanged"


def test_a_conflict_after_a_lost_reply_is_uncertain(api: Client) -> None:
    """An earlier try may have made the record: that stays uncertain, and no second reference is advised."""
    write(api, "POST", "Customers", body=BODY)
    with pytest.raises(WriteConflictError, match="would make a second one") as caught:
        write(api, "POST", "Customers", body=BODY | {"Name": "x"}, began_before=True)
    assert caught.value.outcome_unknown is True
    with pytest.raises(WriteConflictError, match="give it another reference") as caught:
        write(api, "POST", "Customers", body=BODY | {"Name": "x"})
    assert caught.value.outcome_unknown is False


def test_two_records(api: Client, sandbox: Sandbox) -> None:
    """A server that took both calls is told of: two records have the reference."""
    sandbox.set(unique_check="off")
    sandbox.add_fault(**LOST, path="/Customers")
    with pytest.raises(WriteConflictError, match="2 records have ExternalImportReference='inv-7'") as caught:
        write(api, "POST", "Customers", body=BODY)
    assert len(caught.value.id) == 2


def test_reads_that_lag(sandbox: Sandbox, clock: FakeClock) -> None:
    """A look-up that finds nothing proves nothing: it is made again."""
    clock.lead(sandbox)
    sandbox.set(read_lag=5, taken_text="no-id")
    with client_of(sandbox, clock, concurrency=1, retry=RetryOptions(attempts=3)) as api:
        sandbox.add_fault(**LOST, path="/Customers")
        assert write(api, "POST", "Customers", body=BODY).outcome == "created"
        sandbox.set(read_lag=600)
        sandbox.add_fault(**LOST, path="/Customers")
        body = BODY | {"ExternalImportReference": "inv-8"}
        with pytest.raises(UncertainWriteError, match=r"GET Customers\?externalImportReference=inv-8"):
            write(api, "POST", "Customers", body=body)


def test_without_a_unique_field(api: Client, sandbox: Sandbox) -> None:
    """It is sent once, and the error says what, when, and the GET to see by."""
    for fault in ({"action": "reset_after"}, {"action": "status", "status": 503}, {"action": "garbage"}):
        sandbox.add_fault(**{"method": "POST", "path": "/Customers", "times": 1} | fault)
        with pytest.raises(UncertainWriteError, match="nothing in it is unique") as caught:
            write(api, "POST", "Customers", body={"Name": "x"})
        error = caught.value
        assert (error.repeatable, error.reference, error.outcome_unknown) == (False, None, True)
        assert error.how_to_check.startswith("GET Customers?customerCreatedDateTimeOffsetGreaterThan=")
        assert error.sent_at in str(error)
        assert error.__cause__ is not None
    assert sandbox.count("POST", "/Customers") == 3


def test_tries_used_up(api: Client, sandbox: Sandbox) -> None:
    """With a reference the error says that it may be sent again; a refusal after it stays what it is."""
    sandbox.add_fault(action="status", status=503, method="POST", path="/Customers", times=3)
    with pytest.raises(UncertainWriteError, match="sent 3 times") as caught:
        write(api, "POST", "Customers", body=BODY)
    assert (caught.value.repeatable, caught.value.reference) == (True, "inv-7")
    sandbox.add_fault(action="status", status=503, method="POST", path="/Customers", times=1)
    with pytest.raises(NotFoundError, match="Department"):
        write(api, "POST", "Customers", body=BODY | {"DepartmentCode": "none"})
    sandbox.add_fault(action="status", status=429, method="POST", path="/Customers", times=1)
    assert write(api, "POST", "Customers", body=BODY).outcome == "created"


def test_a_lost_reply_and_then_no_slot(sandbox: Sandbox, clock: FakeClock) -> None:
    """A 429 at the last try leaves open what became of the one before."""
    options = RetryOptions(attempts=2)
    with client_of(sandbox, clock, retry=options) as api:
        sandbox.add_fault(action="reset_after", method="POST", path="/Customers", times=1)
        slept = clock.sleep

        def then_refused(seconds: float) -> None:
            slept(seconds)
            sandbox.add_fault(action="status", status=429, method="POST", path="/Customers", times=1)

        clock.sleep = then_refused  # type: ignore[method-assign]
        with pytest.raises(UncertainWriteError) as caught:
            write(api, "POST", "Customers", body=BODY)
        assert isinstance(caught.value.__cause__, RateLimitError)


def test_the_look_up_itself_fails(api: Client, sandbox: Sandbox) -> None:
    """What is refused, and cannot be read, is uncertain after a lost reply, else the refusal itself."""
    write(api, "POST", "Customers", body=BODY)
    sandbox.add_fault(action="status", status=403, method="GET", times=0)
    with pytest.raises(BadRequestError, match="already in use"):
        write(api, "POST", "Customers", body=BODY)
    with pytest.raises(UncertainWriteError):
        write(api, "POST", "Customers", body=BODY, began_before=True)


def test_vouchers(api: Client, sandbox: Sandbox) -> None:
    """A voucher is found by the id in the refusal; without one, the ledger is named as the place to look."""
    kind = next(kind for kind in KINDS if kind.endpoint == "Vouchers/ManualJournals")
    body = kind.body(api, "v-1")
    before = kind.count(sandbox)
    sandbox.add_fault(**LOST, path=kind.path)
    assert write(api, "POST", kind.endpoint, body=body).outcome == "created"
    with pytest.raises(WriteConflictError, match="/Description"):
        write(api, "POST", kind.endpoint, body=body | {"Description": "x"})
    with pytest.raises(WriteConflictError, match="cannot be updated"):
        write(api, "POST", kind.endpoint, body=body | {"Description": "x"}, on_exists="update")
    sandbox.set(taken_text="no-id")
    with pytest.raises(UncertainWriteError, match=r"GET AccountTransactions\?fromDate="):
        write(api, "POST", kind.endpoint, body=body, began_before=True)
    assert kind.count(sandbox) == before + 1


def test_changes_are_repeated(api: Client, sandbox: Sandbox) -> None:
    """A PATCH that only replaces is sent again; one that adds is not. A DELETE that finds nothing is done."""
    made = write(api, "POST", "Customers", body=BODY)
    path = f"Customers/{made.id}"
    sandbox.add_fault(action="reset_after", method="PATCH", times=1)
    found = write(api, "PATCH", path, body=[{"op": "replace", "path": "/Name", "value": "y"}])
    assert (found.outcome, found.tries, found.id) == ("updated", 2, made.id)
    sandbox.add_fault(action="reset_after", method="PATCH", times=1)
    with pytest.raises(UncertainWriteError, match=f"GET {path}"):
        write(api, "PATCH", path, body=[{"op": "add", "path": "/ContactGroupIds/-", "value": 1}])
    assert sandbox.count("PATCH") == 3
    assert write(api, "DELETE", path).outcome == "deleted"
    assert write(api, "DELETE", path, began_before=True).outcome == "deleted"
    with pytest.raises(NotFoundError):
        write(api, "DELETE", path)
    with pytest.raises(ValueError, match="a GET writes nothing"):
        write(api, "GET", path)


def test_v1(v1: Client, v1_sandbox: V1Sandbox) -> None:
    """A reference is unique in v1 too; a POST with an id is an update, and repeated."""
    body = {"name": "Fjordlys AS", "externalImportReference": "inv-7"}
    v1_sandbox.add_fault(**LOST, path="/Customer")
    made = write(v1, "POST", "Customer", body=body)
    assert (made.outcome, made.tries) == ("created", 2)
    with pytest.raises(WriteConflictError, match="/name"):
        write(v1, "POST", "Customer", body=body | {"name": "b"})
    found = write(v1, "POST", "Customer", body=body | {"name": "b"}, on_exists="update")
    assert (found.outcome, found.record["name"], found.id) == ("updated", "b", made.id)
    v1_sandbox.add_fault(**LOST, path="/Customer")
    assert write(v1, "POST", "Customer", body={"id": made.id, "name": "c"}).outcome == "updated"
    v1_sandbox.add_fault(**LOST, path="/Customer")
    rows = {"id": made.id, "streetAddresses": [{"city": "Oslo"}]}
    with pytest.raises(UncertainWriteError):
        write(v1, "POST", "Customer", body=rows)
    v1_sandbox.add_fault(**LOST, path="/Product")
    assert write(v1, "POST", "Product", body={"code": "w1", "name": "P", "type": 0}).outcome == "created"


def test_entities(dynamics: Client, fo: D365FOSandbox) -> None:
    """The key of an entity is its identity: a second one is refused as existing, read and compared."""
    fo.add_fault(**LOST, path="/data/CustomersV3")
    made = write(dynamics, "POST", "CustomersV3", body=FO_BODY)
    assert (made.outcome, made.tries) == ("created", 2)
    assert made.id == {"dataAreaId": "usmf", "CustomerAccount": "W-1"}
    same = FO_BODY | {"dataAreaId": "USMF", "CreditLimit": None}
    assert write(dynamics, "POST", "CustomersV3", body=same).outcome == "unchanged"
    other = FO_BODY | {"OrganizationName": "B", "CreditLimit": Decimal("10.50")}
    with pytest.raises(WriteConflictError, match="/OrganizationName, /CreditLimit"):
        write(dynamics, "POST", "CustomersV3", body=other)
    found = write(dynamics, "POST", "CustomersV3", body=other, on_exists="update")
    assert (found.outcome, found.record["OrganizationName"], found.record["CreditLimit"]) == (
        "updated",
        "B",
        10.5,
    )
    fo.add_fault(**LOST, path="/data/CustomersV3")
    with pytest.raises(UncertainWriteError, match="nothing in it is unique"):  # a number of a sequence
        write(dynamics, "POST", "CustomersV3", body={"OrganizationName": "C", "CustomerGroupId": "10"})


def test_an_entity_that_is_not_in_the_catalogue(dynamics: Client, fo: D365FOSandbox) -> None:
    """The environment is asked for its key, and only when it is needed."""
    body = {"MainAccountId": "999999", "Name": "A", "ChartOfAccounts": "Shared"}
    resource = dynamics.dialect.catalogue.find("data/MainAccounts")
    assert resource is None
    fo.add_fault(**LOST, path="/data/MainAccounts")
    found = write(dynamics, "POST", "MainAccounts", body=body)
    assert (found.outcome, found.tries) == ("created", 2)
    assert sum("PublicEntities" in one for one in requests(fo)) == 1


def test_an_entity_of_the_default_company(fo: D365FOSandbox, clock: FakeClock) -> None:
    """A row without a company is looked for where the server put it, whatever the connection's company is."""
    body = {name: value for name, value in FO_BODY.items() if name != "dataAreaId"}
    with fo_client(fo, clock, retry=RetryOptions(attempts=2), company="usrt") as one:
        fo.add_fault(**LOST, path="/data/CustomersV3")
        found = write(one, "POST", "CustomersV3", body=body)
        assert found.outcome == "created"
        assert found.id["dataAreaId"] != "usrt"


def test_a_number_that_is_part_of_the_id(api: Client, sandbox: Sandbox) -> None:
    """The id in a refusal is read whole, where the unique value is a part of it."""
    made = write(api, "POST", "Customers", body={"Name": "x", "ExternalNumber": 2000})
    assert str(made.id).startswith("2000")
    assert write(api, "POST", "Customers", body={"Name": "x", "ExternalNumber": 2000}).outcome == "unchanged"
    assert f"GET /v2/Customers/{made.id}" in requests(sandbox)


def test_a_service_operation(dynamics: Client, fo: D365FOSandbox) -> None:
    """It has no key to look up by, and says so."""
    fo.add_fault(**LOST, path="/api/services/*")
    with pytest.raises(UncertainWriteError, match="a service operation has no key"):
        write(dynamics, "POST", "api/services/SandboxServices/SandboxTestService/echo", body={"_request": {}})


def test_a_reference() -> None:
    """It is made of its parts, fits, and goes into the field that the resource has for it."""
    one = reference_of("dag", "task", "manual__2026-01-01T00:00:00+00:00", -1)
    assert one == reference_of("dag", "task", "manual__2026-01-01T00:00:00+00:00", -1)
    assert one != reference_of("dag", "task", "manual__2026-01-01T00:00:00+00:00", 0)
    assert (len(one), one[:3]) == (43, "af-")
    v2, v1, fo = (DIALECTS[name] for name in ("v2", "v1", "d365fo"))
    assert with_reference(v2, "Customers", {"Name": "x"}, "r")["ExternalImportReference"] == "r"
    assert with_reference(v2, "ContactPersons/7", {}, "r") == {"ExternalCode": "r"}
    assert with_reference(v1, "Customer", '{"name": "x"}', "r")["externalImportReference"] == "r"
    for dialect, endpoint, body, words in (
        (v2, "Products", {}, "no field that is kept unique"),
        (v2, "JournalEntryVouchers/ManualJournals", {}, "no field"),
        (fo, "data/CustomersV3", {}, "no field"),
        (v2, "Customers", [], "a dict, not list"),
        (v2, "Customers", {"externalimportreference": "a"}, "give one of them"),
    ):
        with pytest.raises(ValueError, match=words):
            with_reference(dialect, endpoint, body, "r")
    with pytest.raises(ValueError, match="has 51 characters: PowerOffice takes 50 at most"):
        identity_of(v2, "POST", "Customers", {"ExternalImportReference": "r" * 51})
    assert identity_of(v2, "POST", "Customers", {"Name": "x", "Number": None}) is None
    assert identity_of(v2, "POST", "JournalEntryVouchers/ManualJournals", BODY) is None


@pytest.mark.parametrize(
    ("sent", "found", "fields"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": Decimal("1.50")}, {"a": 1.5}, []),
        ({"a": "1.50"}, {"a": 1.5}, []),
        ({"a": 1}, {"a": "1"}, []),
        ({"a": Decimal("0.1")}, {"a": 0.10000001}, ["/a"]),
        ({"a": None, "b": ""}, {"a": "", "b": None}, []),
        ({"a": None}, {}, []),
        ({"a": 1}, {}, []),
        ({"known": 1}, {}, ["/known"]),
        ({"a": None}, {"a": 0}, ["/a"]),
        ({"Name": "x"}, {"name": "x "}, []),
        ({"a": "2026-01-01T10:00:00+01:00"}, {"a": "2026-01-01T09:00:00.0000000Z"}, []),
        ({"a": "2026-01-01"}, {"a": "2026-01-01T00:00:00"}, []),
        ({"a": "2026-01-01"}, {"a": "2026-01-02T00:00:00"}, ["/a"]),
        ({"a": True}, {"a": True}, []),
        ({"a": True}, {"a": 1}, ["/a"]),
        ({"a": "true"}, {"a": True}, []),
        ({"id": "12345678901"}, {"id": "hidden"}, []),
        ({"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 2, "Id": 7}, {"n": 1, "Id": 8}]}, []),
        ({"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 1}, {"n": 3}]}, ["/l/1/n"]),
        ({"l": [1, 2]}, {"l": [2]}, ["/l"]),
        ({"o": {"City": "x"}}, {"o": None}, ["/o"]),
        ({"o": {"City": "x"}}, {"o": {"city": "y"}}, ["/o/City"]),
    ],
)
def test_differences(sent: dict[str, Any], found: dict[str, Any], fields: list[str]) -> None:
    """Only what was sent is compared, by what it means and not by how it is written."""
    assert list(differences(sent, found, {"Known"})) == fields
    assert json.dumps(sent, default=str)


def test_nulls_of_a_new_record() -> None:
    """What was sent as null is filled by the server, within objects and lists too."""
    sent = {"a": None, "o": {"b": None, "c": 1}, "l": [{"d": None, "e": 2}]}
    found = {"a": 5, "o": {"b": 6, "c": 1}, "l": [{"d": 7, "e": 2}]}
    assert differences(sent, found, with_nulls=False) == {}
    assert list(differences(sent, found)) == ["/a", "/o/b", "/l/0/d"]


def test_changes() -> None:
    """A dict becomes a JSON Patch in PascalCase; codes and what is fixed or misspelt are refused by name."""
    made = patch_of(
        "poweroffice_v2", "Customers/7", {"name": "x", "MailAddress": {"city": "y"}, "Allowance": None}
    )
    assert made == [
        {"op": "replace", "path": "/Name", "value": "x"},
        {"op": "replace", "path": "/MailAddress/City", "value": "y"},
        {"op": "replace", "path": "/Allowance", "value": None},
    ]
    assert patch_of("poweroffice_v2", "SomethingNew/7", {"theName": 1})[0]["path"] == "/TheName"
    assert patch_of("poweroffice_v2", "Products/7", {"Code": "x"})[0]["path"] == "/Code"
    for endpoint, field, words in (
        ("Customers/7", "DepartmentCode", "/DepartmentCode cannot be patched.*/DepartmentId"),
        ("Customers/7", "SalesPersonEmployeeNumber", "/SalesPersonEmployeeId"),
        ("Customers/7", "PaymentTerm", "/PaymentTermId"),
        ("Customers/7", "SubLedgerNumberSeriesId", "cannot be patched"),
        ("Customers/7", "Id", "cannot be patched"),
        ("Customers/7", "Nmae", "Name"),
        ("Projects/7", "CustomerNo", "/CustomerId"),
        ("SalesOrders/7", "SalesOrderLines", "lines have paths of their own"),
        ("GeneralLedgerAccounts/7", "AccountNo", "cannot be patched"),
    ):
        with pytest.raises(ValueError, match=words):
            patch_of("poweroffice_v2", endpoint, {field: "x"})
    with pytest.raises(ValueError, match="changes must map"):
        patch_of("poweroffice_v2", "Customers/7", {})


def test_fields_that_an_answer_leaves_out_within_an_object(api: Client, sandbox: Sandbox, v1: Client) -> None:
    """Where nulls are left out, a field that an address lacks is empty: another address is another one."""
    sandbox.set(nulls="omitted")
    address = {"City": "Bodø", "ZipCode": "8006"}
    write(api, "POST", "Customers", body=BODY)
    other = BODY | {"MailAddress": address | {"AddressLine1": "Gate 1"}}
    with pytest.raises(WriteConflictError, match="/MailAddress/AddressLine1"):
        write(api, "POST", "Customers", body=other)
    assert write(api, "POST", "Customers", body=other, on_exists="update").outcome == "updated"
    assert write(api, "POST", "Customers", body=other).outcome == "unchanged"

    body = {"name": "A", "externalImportReference": "m1", "mailAddress": {"city": "Bodø", "zipCode": "8006"}}
    write(v1, "POST", "Customer", body=body)
    body["mailAddress"]["address1"] = "Gate 1"  # type: ignore[index]
    with pytest.raises(WriteConflictError, match="/mailAddress/address1"):
        write(v1, "POST", "Customer", body=body)
    assert write(v1, "POST", "Customer", body=body, on_exists="update").outcome == "updated"


def test_a_voucher_is_compared_whole_where_nulls_are_left_out(api: Client, sandbox: Sandbox) -> None:
    """A voucher is in no list; what it lacks of the fields that were sent is empty."""
    sandbox.set(nulls="omitted")
    kind = next(kind for kind in KINDS if kind.endpoint == "Vouchers/ManualJournals")
    body = kind.body(api, "v-1")
    plain = {name: value for name, value in body.items() if name != "Description"}
    write(api, "POST", kind.endpoint, body=plain)
    assert write(api, "POST", kind.endpoint, body=plain).outcome == "unchanged"
    with pytest.raises(WriteConflictError, match="/Description"):
        write(api, "POST", kind.endpoint, body=plain | {"Description": "another"})


def test_an_update_empties_nothing(api: Client) -> None:
    """A null is the server's to fill, within an object too whose other fields are changed."""
    address = {"City": "Bodø", "ZipCode": "8006", "AddressLine1": "Gate 1"}
    write(api, "POST", "Customers", body=BODY | {"MailAddress": address})
    moved = BODY | {"MailAddress": address | {"City": "Oslo", "AddressLine1": None}}
    found = write(api, "POST", "Customers", body=moved, on_exists="update")
    assert (found.record["MailAddress"]["City"], found.record["MailAddress"]["AddressLine1"]) == (
        "Oslo",
        "Gate 1",
    )


@pytest.mark.parametrize("on_exists", ["fail", "update"])
def test_on_exists_needs_what_is_unique(
    api: Client, v1: Client, dynamics: Client, sandbox: Sandbox, on_exists: Any
) -> None:
    """Without it each run would make one more record: it is refused before any request."""
    for client, method, endpoint, body in (
        (api, "POST", "Customers", {"Name": "A"}),
        (api, "POST", "PaymentTerms", {"Name": "A"}),
        (api, "PATCH", "Customers/1", [{"op": "replace", "path": "/Name", "value": "A"}]),
        (v1, "POST", "Customer", {"id": 1, "name": "A"}),
        (dynamics, "POST", "data/CustomersV3", {"OrganizationName": "A"}),
    ):
        with pytest.raises(ValueError, match=f"on_exists='{on_exists}' does nothing for {method} "):
            write(client, method, endpoint, body=body, on_exists=on_exists)
    assert requests(sandbox) == []


@pytest.mark.parametrize("code", ["x,y", "  sp  ", "O'Brien", 'Ærlig "Ø"', "50% #1", "a&b=c+d", "Id = 42"])
def test_odd_codes_are_found(api: Client, sandbox: Sandbox, code: str) -> None:
    """A value that a filter takes for several, or trims, is looked for in the whole list."""
    sandbox.set(taken_text="no-id")
    sandbox.add_fault(**LOST, path="/Products")
    body = {"Name": "P", "Code": code}
    assert write(api, "POST", "Products", body=body).outcome == "created"
    assert foresee(api, api.build("POST", "Products", body=body)) == ("unchanged", None)


def test_numbers_are_found_by_their_value() -> None:
    """What the server has as a number is one, however it was written; what it has as a text is that text."""
    assert is_alike(77, "077")
    assert is_alike(1.0, 1)
    assert is_alike("A", "a ")
    assert not is_alike("007", 7)
    assert not is_alike(7, "x")
    assert not is_alike(1, wanted=True)


def test_words_of_a_choice_are_the_same_in_any_case(api: Client, sandbox: Sandbox) -> None:
    """The server takes them so; a name in another case is another name."""
    sandbox.add_fault(**LOST, path="/Customers")
    body = BODY | {"InvoiceDeliveryType": "pdfbyemail"}
    assert write(api, "POST", "Customers", body=body).outcome == "created"
    with pytest.raises(WriteConflictError, match="/Name"):
        write(api, "POST", "Customers", body=body | {"Name": "FJORDLYS AS"})
