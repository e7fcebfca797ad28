"""What is known of the resources: true to the description, and of use on the wire."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.api.catalogue import catalogue
from airflow_provider_poweroffice.api.catalogue.fields import fields_of, row_type
from airflow_provider_poweroffice.api.catalogue.template import template
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


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_templates(method: str) -> None:
    """A task of each call of the description can be built as it is printed."""
    for item in KNOWN.resources:
        if method not in item.verbs:
            continue
        text = template(KNOWN, "poweroffice_v2", item, method)
        (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        assert {"task_id", "endpoint"} <= {word.arg for word in call.keywords}, text


def test_template_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Required fields, enums, lengths and filters are there; a wrong method names who takes it."""
    main(["template", "customers", "--method", "post"])
    made = capsys.readouterr().out
    assert '"Name": "",  # required' in made
    assert '# "ExternalImportReference": "",  # at most 50 characters' in made
    assert "one of PdfByEmail, Print, EHF" in made
    assert "fields: AddressLine1" in made
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
    with pytest.raises(SystemExit, match="POST is taken by SalesOrders/Complete"):
        main(["template", "SalesOrders", "-m", "POST"])
    main(["template", "Customer", "--api", "v1", "-m", "POST"])
    assert '        # "vatNumber": "",' in capsys.readouterr().out
    main(["template", "accountingSettings"])
    made = capsys.readouterr()
    assert 'endpoint="FinancialSettings"' in made.out
    assert made.err == "'accountingSettings' is taken for FinancialSettings\n"
    with pytest.raises(SystemExit, match="no resource 'Nothing'; `airflow poweroffice resources` lists"):
        main(["template", "Nothing"])


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
