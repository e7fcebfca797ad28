"""What is known of the resources: true to the description, and of use on the wire."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.api.body_check import check_body, is_described
from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.api.catalogue.bodies import body_of
from airflow_provider_poweroffice.api.catalogue.fields import fields_of, row_type
from airflow_provider_poweroffice.api.catalogue.template import template
from airflow_provider_poweroffice.api.dialects.registry import DIALECTS
from airflow_provider_poweroffice.cli import main
from airflow_provider_poweroffice.errors import APIStatusError, BadRequestError, PermissionDeniedError
from airflow_provider_poweroffice.tasks.results import validate
from poweroffice_sandbox import Sandbox, V1Sandbox

ROOT = Path(__file__).resolve().parents[2]
KNOWN = catalogue("poweroffice_v2")


@pytest.mark.parametrize(
    ("tool", "options", "file"),
    [
        ("catalogue", [], "poweroffice_v2"),
        ("catalogue", ["--fields"], "poweroffice_v2_fields"),
        ("catalogue", ["--bodies"], "poweroffice_v2_bodies"),
        ("catalogue_v1", [], "poweroffice_v1"),
        ("catalogue_v1", ["--fields"], "poweroffice_v1_fields"),
        ("catalogue_v1", ["--bodies"], "poweroffice_v1_bodies"),
    ],
)
def test_catalogue_is_the_description(tool: str, options: list[str], file: str) -> None:
    """Each file is what its tool makes of the digest of the description."""
    command = [sys.executable, str(ROOT / "tools" / f"{tool}.py"), *options]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    kept = ROOT / "airflow_provider_poweroffice" / "api" / "catalogue" / f"{file}.txt"
    assert made.stdout == kept.read_text()


def test_whole() -> None:
    """All 152 paths and 245 operations of the description are there."""
    assert len(KNOWN.resources) == 152
    assert sum(len(item.verbs) for item in KNOWN.resources) == 245


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("Customers", "Customers"),
        ("/customers/", "Customers"),
        ("Customers/42", "Customers/{id}"),
        ("SalesOrders/Complete", "SalesOrders/Complete"),
        ("salesorders/0e7d/lines/1", "SalesOrders/{id}/Lines/{lineId}"),
        ("Customers/42/Nope", None),
        ("Nope", None),
    ],
)
def test_find(endpoint: str, path: str | None) -> None:
    """An endpoint is found in any case, with ids in place of the placeholders."""
    found = KNOWN.find(endpoint)
    assert (found.path if found else None) == path


@pytest.mark.parametrize(
    ("endpoint", "meant"),
    [
        ("Custmers", "Customers"),
        ("Customer/42", "Customers/42"),
        ("AccountTransaction", "AccountTransactions"),
        ("Customers", None),
        ("TimeTracking/Entries", None),
        ("Something", None),
        ("Customers/42/Something", None),
    ],
)
def test_suggest(endpoint: str, meant: str | None) -> None:
    """A misspelt resource is recognized; a new one is left alone."""
    assert KNOWN.suggest(endpoint) == meant


def test_privileges() -> None:
    """Reading and writing need different privileges."""
    item = KNOWN.find("Customers")
    assert item is not None
    assert (item.privilege_for("GET"), item.privilege_for("POST")) == ("Customer", "Customer_Full")
    assert item.reference == "ExternalImportReference"
    bank = KNOWN.find("ContactBankAccounts/1")
    assert bank is not None
    assert bank.privilege_for("POST").startswith("ContactBankAccount_Full or Customer_Full")


def test_changed_since(client: Client, sandbox: Sandbox) -> None:
    """changed_since chooses the resource's own filter, and exactly the rows changed since arrive."""
    rows = client.request("GET", "Customers").body
    stamps = sorted(row["LastChangedDateTimeOffset"] for row in rows)
    middle = stamps[len(stamps) // 2]
    newer = {row["Id"] for row in rows if row["LastChangedDateTimeOffset"] > middle}
    found = [row["Id"] for page in client.pages("customers", changed_since=middle, overlap=0) for row in page]
    assert sorted(found) == sorted(newer)
    created = client.pages("Customers", created_since="2000-01-01 00:00:00+01:00", overlap=0)
    assert sum(map(len, created)) == len(rows)
    queries = [entry.query for entry in sandbox.journal() if entry.method == "GET"]
    assert "lastChangedDateTimeOffsetGreaterThan=" in queries[-2]
    assert "customerCreatedDateTimeOffsetGreaterThan=1999-12-31T23%3A00%3A00.0000000Z" in queries[-1]


def test_overlap_catches_equal_times(client: Client) -> None:
    """The filter is strictly greater: only an overlap finds the row that carries the very moment."""
    one = client.request("GET", "Customers", query={"PageSize": 1, "OrderBy": "Id asc"}).body[0]
    moment = one["LastChangedDateTimeOffset"]

    def found(overlap: float) -> bool:
        pages = client.pages("Customers", changed_since=moment, overlap=overlap)
        return one["Id"] in [row["Id"] for page in pages for row in page]

    assert not found(0)
    assert found(1)


@pytest.mark.parametrize("nothing", [None, "", "None", " null "])
def test_no_moment_reads_everything(client: Client, sandbox: Sandbox, nothing: str | None) -> None:
    """The first run has no moment yet; what a template makes of None means the same."""
    assert sum(map(len, client.pages("Customers", changed_since=nothing))) == sandbox.totals()["Customers"]


def test_exact_moments(client: Client) -> None:
    """The seventh digit survives, aware datetimes are understood, and zones are converted."""
    name = "lastChangedDateTimeOffsetGreaterThan"
    for moment, text in (
        ("2026-05-02T13:09:55.1234567Z", "2026-05-02T13:09:55.1234567Z"),
        ("2026-05-02 15:09:55.5 +02:00", "2026-05-02T13:09:55.5000000Z"),
        ("2026-05-02T13:09:55", "2026-05-02T13:09:55.0000000Z"),
        ("2026-05-02", "2026-05-02T00:00:00.0000000Z"),
        ("20260502T151000+02", "2026-05-02T13:10:00.0000000Z"),
        (datetime(2026, 5, 2, 13, tzinfo=UTC), "2026-05-02T13:00:00.0000000Z"),
    ):
        assert client.since("Customers", changed_since=moment, overlap=0) == {name: text}
    assert client.since("Customers", changed_since="2026-05-02T00:00:00Z", overlap=0.5) == {
        name: "2026-05-01T23:59:59.5000000Z"
    }
    soon = datetime.fromtimestamp(client.connection.clock.time(), UTC) + timedelta(minutes=4)
    assert client.since("Customers", changed_since=soon)


@pytest.mark.parametrize(
    ("endpoint", "arguments", "says"),
    [
        ("Customers", {"changed_since": "yesterday"}, "'yesterday' is not a date or time"),
        ("Customers", {"changed_since": datetime(2026, 5, 2)}, "no time zone"),  # noqa: DTZ001 - the point
        ("Customers", {"changed_since": "2999-01-01T00:00:00Z"}, "lies in the future"),
        ("Customers", {"changed_since": "2020-01-01T00:00:00Z", "overlap": -1}, "overlap"),
        (
            "Customers",
            {"changed_since": "2020-01-01T00:00:00Z", "created_since": "2020-01-01T00:00:00Z"},
            "exclude each other",
        ),
        ("Nope", {"changed_since": "2020-01-01T00:00:00Z"}, "nothing is known of 'Nope'"),
        ("Locations", {"changed_since": "2020-01-01T00:00:00Z"}, "created_since works"),
        ("SalesOrders", {"created_since": "2020-01-01T00:00:00Z"}, "changed_since works"),
        ("OutgoingInvoices", {"changed_since": "2020-01-01T00:00:00Z"}, "sentDateTimeOffsetGreaterThan"),
        ("VatCodes", {"changed_since": "2020-01-01T00:00:00Z"}, "read it whole"),
        (
            "Customers",
            {"changed_since": "2020-01-01T00:00:00Z", "query": {"LastChangedDateTimeOffsetGreaterThan": "x"}},
            "query holds",
        ),
    ],
)
def test_bad_moments(
    client: Client, sandbox: Sandbox, endpoint: str, arguments: dict[str, object], says: str
) -> None:
    """What cannot be read since a moment is refused before any request, with what works instead."""
    with pytest.raises(ValueError, match=r"since|overlap") as caught:
        client.pages(endpoint, **arguments)  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("endpoint", "query", "missing"),
    [
        ("AccountTransactions", {}, "fromDate, toDate"),
        ("accounttransactions", {"FROMDATE": "2026-01-01", "toDate": " "}, "toDate"),
        ("TrialBalance", None, "date"),
        ("CurrencyRates", {"fromCurrency": "NOK"}, "toCurrency, asOnDate"),
    ],
)
def test_required_dates(
    client: Client, sandbox: Sandbox, endpoint: str, query: dict[str, str] | None, missing: str
) -> None:
    """A required query that is missing is named before the request: the server's 404 would mislead."""
    for call in (
        lambda: client.request("GET", endpoint, query=query),
        lambda: client.pages(endpoint, query=query),
    ):
        with pytest.raises(ValueError, match=f"lacks {missing}, which"):
            call()
    assert sandbox.journal() == []


def test_403_names_the_privilege(client: Client, sandbox: Sandbox) -> None:
    """An empty 403 is explained with the privilege that the call needs."""
    sandbox.add_fault(action="status", status=403, path="/Customers", times=0)
    with pytest.raises(PermissionDeniedError, match=r"needs Customer$"):
        client.request("GET", "Customers")
    with pytest.raises(PermissionDeniedError, match="needs Customer_Full"):
        client.request("POST", "Customers", body={"Name": "x"})


def test_moved_rows_count_once(client: Client, sandbox: Sandbox) -> None:
    """Rows that are changed while an incremental read goes on are in it once."""
    sandbox.set(mutation="touch")
    order = "LastChangedDateTimeOffset asc"
    pages = client.pages("Customers", changed_since="2000-01-01T00:00:00Z", order_by=order, page_size=20)
    found = [row["Id"] for page in pages for row in page]
    assert len(found) == len(set(found)) == pages.rows
    whole = [row["Id"] for page in client.pages("Customers", order_by=order, page_size=20) for row in page]
    assert len(whole) == len(set(whole)) == 120


def test_resources_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The table is searchable, in Airflow's forms, and a text that is nowhere is said so."""
    assert main(["resources", "ledger", "--filters", "-o", "plain"]) == 0
    table = capsys.readouterr().out
    assert table.startswith("resource")
    assert "Customerledger/OpenItems" in table
    assert "AccountTransactions" in table, "what people call the ledger"
    assert "query" in table
    assert "Customers " not in table
    main(["resources", "accounttransactions", "-o", "json"])
    (item,) = json.loads(capsys.readouterr().out)
    assert item["required"] == ["fromDate", "toDate"]
    main(["resources", "accounttransactions", "-o", "yaml"])
    assert yaml.safe_load(capsys.readouterr().out) == [item]
    for word, meant in (("Custmers", "Customers"), ("invoise", "OutgoingInvoices")):
        with pytest.raises(SystemExit, match=f"did you mean {meant}"):
            main(["resources", word])
    main(["resources", "Reporting/AccountTransactions", "--api-version", "v1"])
    assert "fromDate toDate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("customer", "Customers"),
        ("invoice", "OutgoingInvoices"),
        ("accountingSettings", "FinancialSettings"),
        ("Ledger", "AccountTransactions"),
        ("/v2/Customers", "Customers"),
        ("v2/Invoices", "OutgoingInvoices"),
        ("ledgers", "AccountTransactions"),
        ("general-ledger", "AccountTransactions"),
        ("accounting_settings", "FinancialSettings"),
        ("account settings", "FinancialSettings"),
        ("Invoises", "OutgoingInvoices"),
        ("credit notes", "OutgoingInvoices"),
        ("Vat-Codes", "VatCodes"),
        ("companies", "ClientIntegrationInformation"),
    ],
)
def test_what_people_call_it(word: str, meant: str) -> None:
    """Near names, synonyms, and paths with the version in front lead to the resource."""
    assert KNOWN.suggest(word) == meant


@pytest.mark.parametrize("name", ["poweroffice_v2", "poweroffice_v1"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_templates(name: str, method: str) -> None:
    """A task of each call of the description can be built as it is printed, and as it is with all fields."""
    known = catalogue(name)
    for item in known.resources:
        if method not in item.verbs:
            continue
        text = template(known, name, item, method)
        while "\n        # " in text:
            (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
            assert {"task_id", "endpoint"} <= {word.arg for word in call.keywords}, text
            text = re.sub(r"(?m)^( {8,})# ", r"\1", text)


def test_template_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Required fields, enums, lengths and filters are there; a wrong method names who takes it."""
    main(["template", "customers", "--method", "post"])
    made = capsys.readouterr().out
    assert '"Name": "",  # required' in made
    assert '# "ExternalImportReference": "",  # at most 50 characters' in made
    assert "one of PdfByEmail, Print, EHF" in made
    assert (
        '        # "MailAddress": {\n        #     "City": "",  # required; at most 100 characters\n' in made
    )
    main(["template", "AccountTransactions"])
    made = capsys.readouterr().out
    for part in (
        'query={"fromDate":',
        "# query takes accountNos",
        "changed_since=",
        "paginate=True",
        "row_type(",
    ):
        assert part in made
    main(["template", "Customer", "--api", "v1"])
    made = capsys.readouterr().out
    assert 'endpoint="Customer"' in made
    assert 'row_type("Customer", "poweroffice_v1")' in made
    main(["template", "SalesOrders", "-m", "POST"])
    made = capsys.readouterr()
    assert made.err == "SalesOrders does not take POST, but SalesOrders/Complete\n"
    assert '        # "SalesOrderLines": [{\n        #     # "Accrual": {' in made.out
    main(["template", "SalesOrders", "-m", "PATCH"])
    made = capsys.readouterr()
    assert made.err == "SalesOrders does not take PATCH, but SalesOrders/{id}\n"
    assert "    changes={  # by ids" in made.out
    assert '        # "CustomerId": 0,' in made.out
    assert 'DepartmentCode": ' not in made.out
    with pytest.raises(SystemExit, match="PATCH is taken by SalesOrders/"):
        main(["template", "SalesOrders/Complete", "-m", "PATCH"])
    main(["template", "accountingSettings"])
    made = capsys.readouterr()
    assert 'endpoint="FinancialSettings"' in made.out
    assert made.err == "'accountingSettings' is taken for FinancialSettings\n"
    with pytest.raises(SystemExit, match="no resource 'Nothing'; `airflow poweroffice resources` lists"):
        main(["template", "Nothing"])


def test_template_of_v1(capsys: pytest.CaptureFixture[str]) -> None:
    """Every POST whose body the reference has is written out: what is needed, numbers of choices, lines."""

    def made(*words: str) -> str:
        main(["template", *words, "--api", "v1", "-m", "POST"])
        return capsys.readouterr().out

    text = made("OutgoingInvoice/List")
    assert '    endpoint="OutgoingInvoice",' in text
    assert '# "status": 0,  # never null; one of 0 Draft, 1 Approved' in text
    assert '# "outgoingInvoiceLines": [{\n        #     "sortOrder": 0,  # never null\n' in text
    assert '# "id": "",  # changes the one that has it' in text
    assert "totalAmount" not in text  # only answers have it
    text = made("Voucher/ManualJournalVoucher")
    assert '        "voucherDate": "2026-01-31",  # never null\n' in text
    assert '"id"' not in text  # what is posted is not changed
    assert '#     # "externalImportLineReference": "",  # at most 50 characters' in text
    text = made("TimeTracking/TimeTrackingEntry")
    assert '        "activityCode": "",  # required\n' in text
    assert '"hours"' not in text  # obsolete
    described = [
        item.path
        for item in catalogue("poweroffice_v1").resources
        if "POST" in item.verbs and body_of("poweroffice_v1", "POST", item.path)
    ]
    assert len(described) == 61


def test_caps_and_filters_of_v1(capsys: pytest.CaptureFixture[str]) -> None:
    """The rows a call may give, and what a list can be filtered by, are in the table of resources."""
    main(["resources", "Reporting/SupplierLedger", "--api", "v1", "--filters", "-o", "plain"])
    (line,) = (
        row for row in capsys.readouterr().out.splitlines() if row.startswith("Reporting/SupplierLedger ")
    )
    assert "toDate  " in line
    assert "  20000  Id PostingDate DueDate " in line
    assert line.rstrip().endswith("IsReversed SupplierCode IsWriteOff")  # no objects, nor IsCreatedFromEhf
    caps = {item.path: item.most for item in catalogue("poweroffice_v1").resources if item.most}
    assert DIALECTS["v1"].page_limit("reporting/invoicejournal") == caps["Reporting/InvoiceJournal"] == 5_000
    assert DIALECTS["v1"].page_limit("Department") == 50_000


def test_near_names_in_a_body_of_v1(caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt field of v1 is told of; what its reference does not have otherwise is left to the server."""
    body = {
        "nmae": "Havblikk AS",
        "NAME": "x",
        "lastChanged": None,
        "somethingNew": 1,
    }
    with V1Sandbox(rate_limit=0) as sandbox:
        keys = sandbox.keys()
        credentials = Credentials(application_key=keys.application_key, client_key=keys.client_key)
        with Client(credentials, host=sandbox.url, api_version="v1") as client:
            client.request("POST", "Customer", body=body)
    (line,) = (line for line in caplog.messages if "body" in line)
    assert line == (
        "POST /Customer: fields of the body that the API's reference does not have: "
        "nmae is not known; did you mean name?"
    )
    assert not is_described("poweroffice_v1", "POST", "Customer")
    assert len(check_body("poweroffice_v1", "POST", "Customer", [{**body, "code": "x"}])) == 1


def test_row_types(client: Client) -> None:
    """The type of a list's rows takes what the server sends, and keeps decimals."""
    rows = client.request("GET", "Products", query={"PageSize": 3}).body
    found = validate(rows, row_type("Products"))
    assert [row["Id"] for row in found] == [row["Id"] for row in rows]
    assert isinstance(found[0]["UnitPrice"], str)
    with pytest.raises(ValueError, match="not described"):
        row_type("Nothing")


def test_row_types_of_v1() -> None:
    """Every list of v1 whose rows are described fits its type, numbers of enumerations too."""
    fit = 0
    with V1Sandbox(rate_limit=0, read_lag=0.0) as sandbox:
        keys = sandbox.keys()
        credentials = Credentials(application_key=keys.application_key, client_key=keys.client_key)
        with Client(credentials, host=sandbox.url, api_version="v1") as client:
            for item in catalogue("poweroffice_v1").resources:
                if "{" in item.path or not fields_of("poweroffice_v1", item.path):
                    continue
                query = dict.fromkeys(item.required, "2025-06-30")
                try:
                    rows = client.request("GET", item.path, query=query).body or []
                except APIStatusError:  # a list that the sandbox does not serve
                    continue
                validate(rows, row_type(item.path, "poweroffice_v1"))
                fit += bool(rows)
    assert fit > 20


def test_unknown_fields_of_a_body(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """What the API would drop without a word is told of, with the name that was perhaps meant."""
    body = {
        "Nmae": "x",
        "name": "Havblikk AS",
        "MailAddress": {"City": "Oslo", "ZipCode": "0155", "Zip": "1"},
    }
    client.request("POST", "Customers", body=body)
    (line,) = (line for line in caplog.messages if "not known" in line)
    assert line.startswith("POST /v2/Customers: ")
    assert line.endswith(
        "Nmae is not known; did you mean Name?, MailAddress.Zip is not known; did you mean ZipCode?"
    )


@pytest.mark.parametrize("kind", [str, str.encode])
def test_unknown_fields_of_a_text(client: Client, caplog: pytest.LogCaptureFixture, kind: Any) -> None:
    """JSON that was written by hand is looked at too; what is no JSON is the server's to refuse."""
    client.request("POST", "Customers", body=kind('{"Name": "Havblikk AS", "Emial": "a@b.no"}'))
    assert any("not known" in line and "Emial" in line for line in caplog.messages)
    with pytest.raises(BadRequestError):
        client.request("POST", "Customers", body=kind("{no"))
