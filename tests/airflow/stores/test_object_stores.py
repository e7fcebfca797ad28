"""S3 and Azure Blob Storage by Airflow's own providers: formats, documents, records, no key anywhere."""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import json
import random
import sqlite3
import tempfile
import traceback
from collections import Counter
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk import ObjectStoragePath
from conftest import Lake
from sql_loads import DATES, set_database
from support.airflow_home import HOME, states, xcoms

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.storage import FORMATS, publish
from airflow_provider_poweroffice.storage.codecs import zstd
from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeCompanyToObjectStorageOperator,
    PowerOfficeDownloadOperator,
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.sql_to_poweroffice import SqlToPowerOfficeOperator
from poweroffice_sandbox import Sandbox
from tests.infrastructure.leaks import Search

pytestmark = pytest.mark.usefixtures("connection")
CONTEXT: Any = {"run_id": "manual__2026-11-29T12:00:00+00:00", "params": {}}


def copy(form: str, path: str) -> dict[str, Any]:
    """Copy the ledger to an object."""
    operator = PowerOfficeToObjectStorageOperator(
        task_id="t",
        endpoint="AccountTransactions",
        query=DATES,
        object_path=path,
        format=form,
    )
    receipt: dict[str, Any] = operator.execute(CONTEXT)
    return receipt


def sent() -> list[dict[str, Any]]:
    """Read the ledger as the sandbox has it."""
    with PowerOfficeHook() as hook:
        pages = hook.client.pages("AccountTransactions", query=DATES)
        rows = [bytes(row) for page in pages for row in page.raw_rows]
    return by_id([json.loads(row, parse_float=Decimal) for row in rows])


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows in the order of the transfer."""
    return sorted(rows, key=itemgetter("Id"))


def rows_of(form: str, content: bytes) -> list[dict[str, Any]]:
    """Read JSON back."""
    if form == "json pages":
        return by_id([row for page in json.loads(content, parse_float=Decimal) for row in page])
    plain = {".gz": gzip.decompress, ".zst": zstd().decompress}.get(form[6:], bytes)(content)
    return by_id([json.loads(line, parse_float=Decimal) for line in plain.splitlines()])


@pytest.mark.parametrize("form", FORMATS)
def test_formats(lake: Lake, form: str) -> None:
    """Every row is in the object, the receipt is true to the byte, and the next run replaces it."""
    key = f"2026/ledger.{'json' if form == 'json pages' else form}"
    lake.put(key, b"of yesterday")
    receipt = copy(form, f"{lake.root}/{key}")
    content = lake.get(key)
    assert (receipt["bytes"], receipt["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (receipt["uri"], receipt["bucket"], receipt["key"]) == (f"{lake.scheme}://lake/{key}", "lake", key)
    expected = sent()
    assert receipt["rows"] == len(expected)
    if form == "parquet":
        table = pq.read_table(io.BytesIO(content))
        assert table.schema.field("Amount").type == pa.decimal128(38, 10)
        found = by_id(table.to_pylist())
        for name in ("Id", "Amount", "VoucherNo", "Description"):
            assert [row[name] for row in found] == [row[name] for row in expected]
    else:
        assert rows_of(form, content) == expected
    again = copy(form, f"{lake.root}/{key}")
    assert (again["sha256"], lake.names()) == (receipt["sha256"], [key])


def test_all_lists_of_a_company(lake: Lake, sandbox: Sandbox) -> None:
    """Four lists at once, by one task, are whole in the store."""
    lists = ["Customers", "Departments", "GeneralLedgerAccounts", "Products", "Projects", "Suppliers"]
    path = f"{lake.root}/night/{{{{ resource }}}}.ndjson.gz"
    loads = {name: {"endpoint": name, "object_path": path} for name in lists}
    task = PowerOfficeCompanyToObjectStorageOperator(task_id="t", loads=loads)
    task.render_template_fields(CONTEXT)
    assert task.execute(CONTEXT)["loaded"] == len(lists)
    for name in lists:
        rows = gzip.decompress(lake.get(f"night/{name}.ndjson.gz")).splitlines()
        assert len(rows) == sandbox.totals()[name]


def test_large_objects_go_in_parts(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object of several parts is that of the file, and no part waits in the store."""
    size, part = lake.sizes
    monkeypatch.setattr(publish, "_PART", part)
    content = random.Random(0).randbytes(size)  # noqa: S311 - the same bytes in every run
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        publish.publish(file, ObjectStoragePath(f"{lake.root}/large"))
    assert lake.get("large") == content
    assert lake.parts("large") == -(-size // part)


def test_download_and_upload(lake: Lake, sandbox: Sandbox) -> None:
    """A document goes to the store byte for byte, and from there back as an attachment."""
    with PowerOfficeHook() as hook:
        rows = hook.client.request("GET", "VoucherDocumentation", query={"PageSize": 40}).body
        query = {"id": next(row["VoucherId"] for row in rows if row["HasPdf"])}
        content = hook.client.request("GET", "VoucherDocumentation/Download", query=query).content
        customer = hook.client.request("GET", "Customers", query={"PageSize": 1}).body[0]["Id"]
        body = {"CustomerId": customer, "SalesOrderLines": [{"LineType": "Text", "Description": "x"}]}
        order = hook.client.request("POST", "SalesOrders/Complete", body=body).body["Id"]
    download = PowerOfficeDownloadOperator(
        task_id="t",
        endpoint="VoucherDocumentation/Download",
        query=query,
        object_path=f"{lake.root}/bilag/1.pdf",
    )
    receipt = download.execute(CONTEXT)
    assert lake.get("bilag/1.pdf") == content
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()
    upload = PowerOfficeOperator(
        task_id="up",
        endpoint=f"SalesOrders/{order}/attachments",
        method="POST",
        files={"file": f"{lake.root}/bilag/1.pdf"},
    )
    upload.execute(CONTEXT)
    with PowerOfficeHook() as hook:
        (found,) = hook.client.request("GET", f"SalesOrders/{order}/attachments").body
    assert "1.pdf" in json.dumps(found)
    assert sandbox.count("POST", "/SalesOrders/*/attachments") == 1


def customers(count: int) -> list[dict[str, Any]]:
    """Make customers."""
    return [{"ExternalNumber": 90_000 + n, "Name": f"Kunde {n} ÆØÅ"} for n in range(count)]


def numbers() -> Counter[int]:
    """Count the customers of these tests by number."""
    with PowerOfficeHook() as hook:
        rows = [row for page in hook.client.pages("Customers") for row in page.rows]
    return Counter(row["ExternalNumber"] for row in rows if (row.get("ExternalNumber") or 0) >= 90_000)


def written(form: str, rows: list[dict[str, Any]]) -> bytes:
    """Write a file of records."""
    if form == "parquet":
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), file)
        return file.getvalue()
    if form.startswith("csv"):
        lines = ["ExternalNumber;Name", *(f"{row['ExternalNumber']};{row['Name']}" for row in rows)]
        return "\n".join(lines).encode()
    lines = [json.dumps(row) for row in rows]
    text = f"[{','.join(lines)}]" if form == "json" else "\n".join(lines)
    return gzip.compress(text.encode()) if form.endswith(".gz") else text.encode()


def batch(lake: Lake) -> dict[str, Any]:
    """Give the arguments of a batch."""
    return {
        "task_id": "t",
        "endpoint": "Customers",
        "action": "upsert",
        "key": "ExternalNumber",
        "results_path": f"{lake.root}/results",
    }


@pytest.mark.parametrize("form", ["ndjson.gz", "csv", "json", "parquet"])
def test_records_of_a_store(lake: Lake, form: str) -> None:
    """Records of an object become customers, and what became of each is in the store."""
    path = lake.put(f"in/customers.{form}", written(form, customers(30)))
    receipt = ObjectStorageToPowerOfficeOperator(object_path=path, **batch(lake)).execute(CONTEXT)
    assert (receipt["created"], receipt["records"]) == (30, 30)
    assert numbers() == Counter(range(90_000, 90_030))
    results = [json.loads(line) for line in lake.get(receipt["key"]).splitlines()]
    assert [(row["line"], row["status"]) for row in results] == [
        (line, "created") for line in (row["line"] for row in results)
    ]
    assert receipt["uri"] == f"{lake.scheme}://lake/{receipt['key']}"
    again = ObjectStorageToPowerOfficeOperator(object_path=path, **batch(lake)).execute(CONTEXT)
    assert (again["created"], again["path"]) == (30, receipt["path"])  # a retry: what was done is told again
    assert numbers() == Counter(range(90_000, 90_030))


def test_rows_of_a_query(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a query are stored before they are sent; a retry works on these."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db")})
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute('create table c as select 90000 "ExternalNumber", ? "Name"', ("Ås",))
    operator = SqlToPowerOfficeOperator(sql_conn_id="db", sql="select * from c", **batch(lake))
    assert operator.execute(CONTEXT)["created"] == 1
    (stored,) = (key for key in lake.names() if key.endswith("rows.ndjson.gz"))
    assert json.loads(gzip.decompress(lake.get(stored))) == {"ExternalNumber": 90_000, "Name": "Ås"}
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute('update c set "Name" = ?', ("Other",))
    assert operator.execute(CONTEXT)["records"] == 1
    assert numbers() == Counter([90_000])


def test_no_key_anywhere(lake: Lake, run_dag: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Runs that succeed and that fail leave the store's keys in no log, XCom, rendered field or error."""
    lake.put("in/customers.ndjson", written("ndjson", customers(3)))
    run = run_dag("stores", run_conf={"scheme": lake.scheme})
    ended = {task: state.rpartition(".")[2].lower() for task, state in states(run).items()}
    assert ended == {"ledger": "success", "batch": "success", "no_bucket": "failed", "no_object": "failed"}
    assert xcoms(run)["ledger.return_value"]["key"] == "ledger.parquet"
    shown = list(capfd.readouterr())
    assert lake.missing in shown[0]
    with pytest.raises(FileNotFoundError, match=lake.missing) as caught:
        copy("ndjson", f"{lake.scheme}://store@no-lake/ledger.ndjson")
    error: BaseException | None = caught.value
    shown.append("".join(traceback.format_exception(error)))
    while error is not None:
        shown.append(repr(vars(error)))
        error = error.__cause__ or error.__context__
    search = Search(lake.secrets)
    assert search.names_in("".join(shown).encode()) == set()
    gc.collect()
    for path in HOME.rglob("*"):
        assert not path.is_file() or search.names_in(path.read_bytes()) == set(), path
