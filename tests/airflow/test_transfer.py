"""The transfer: every row once, as sent, whole or not at all, in constant memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from support.airflow_home import ROOT

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import InvalidResponseError, ServerError
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.storage.codecs import zstd
from airflow_provider_poweroffice.tasks.collection import pace
from airflow_provider_poweroffice.tasks.to_object_storage import place_of
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeDownloadOperator,
    PowerOfficeToObjectStorageOperator,
)
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("connection")
DATES = {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
FAST = {"wait_initial": 0, "attempts": 6}
_PLAIN: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".zst": zstd().decompress,
}


def copy(path: object, **arguments: Any) -> dict[str, Any]:
    """Run a transfer of the ledger to a local path."""
    arguments = {"endpoint": "AccountTransactions", "query": DATES, "retry_options": FAST} | arguments
    target = f"file://{path}" if isinstance(path, Path) else str(path)
    operator = PowerOfficeToObjectStorageOperator(task_id="t", object_path=target, **arguments)
    receipt: dict[str, Any] = operator.execute({})  # type: ignore[typeddict-item]
    return receipt


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read rows back."""
    content = path.read_bytes()
    return [json.loads(line) for line in _PLAIN.get(path.suffix, bytes)(content).splitlines()]


@pytest.mark.parametrize("form", ["ndjson.gz", "ndjson.zst", "ndjson"])
def test_rows(tmp_path: Path, sandbox: Sandbox, form: str) -> None:
    """Every row once, in order, and the receipt is true to the byte."""
    path = tmp_path / f"deep/er/ledger.{form}"
    receipt = copy(path, format=form, page_size=300)
    rows = rows_of(path)
    ids = [row["Id"] for row in rows]
    assert ids == sorted(set(ids))
    assert len(ids) == receipt["rows"] == sandbox.totals()["AccountTransactions"]
    assert (
        receipt["pages"] == -(-len(ids) // 300) == sandbox.count("GET", "/AccountTransactions") - 1
    )  # the keys
    content = path.read_bytes()
    assert (receipt["bytes"], receipt["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert receipt["watermark"] == max(row["LastChangedDateTimeOffset"] for row in rows)
    assert (receipt["truncated"], receipt["skipped_pages"]) == (False, [])
    assert receipt["path"] == f"file://{path}"
    assert json.loads(json.dumps(receipt)) == receipt
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_money_is_as_sent(tmp_path: Path) -> None:
    """Amounts keep the digits the server wrote; the sandbox writes two decimals always."""
    path = tmp_path / "ledger.ndjson"
    copy(path, format="ndjson")
    text = path.read_text()
    assert text.count('"Amount":') == len(text.splitlines())
    assert ".00," in text
    amounts = [row.split('"Amount":')[1].split(",")[0] for row in text.splitlines()]
    assert all(len(amount.partition(".")[2]) == 2 for amount in amounts)


def test_json_pages(tmp_path: Path, sandbox: Sandbox) -> None:
    """Pages are kept apart in one document."""
    path = tmp_path / "ledger.json"
    receipt = copy(path, format="json pages", page_size=700)
    pages = json.loads(path.read_text())
    assert [len(page) for page in pages][:-1] == [700] * (receipt["pages"] - 1)
    assert sum(map(len, pages)) == sandbox.totals()["AccountTransactions"]


def test_rerun_is_byte_equal(tmp_path: Path) -> None:
    """Equal data gives equal bytes, whatever the page size."""
    receipts = [copy(tmp_path / "a.ndjson.gz", page_size=size) for size in (500, 500)]
    assert receipts[0]["sha256"] == receipts[1]["sha256"]


def test_empty(tmp_path: Path) -> None:
    """A collection without rows is a file without rows, so that the next task finds one."""
    path = tmp_path / "none.ndjson.gz"
    receipt = copy(path, query={"fromDate": "1999-01-01", "toDate": "1999-01-02"})
    assert (receipt["rows"], receipt["pages"], receipt["watermark"], rows_of(path)) == (0, 0, None, [])


@pytest.mark.parametrize("concurrency", [1, 4])
def test_trouble_on_the_way(tmp_path: Path, sandbox: Sandbox, concurrency: int) -> None:
    """Expiring tokens, 503s and a cut body: the same bytes, also with four pages in flight."""
    calm = copy(tmp_path / "calm.ndjson.gz", page_size=100)
    path = "/AccountTransactions"
    sandbox.add_fault(action="status", status=503, path=path, every=3)
    sandbox.add_fault(action="truncate", path=path, every=8)
    # With four in flight a token may expire between its renewal and the repetition: that is a refusal.
    sandbox.add_fault(action="expire_tokens", path=path, every=7, times=0 if concurrency == 1 else 1)
    rough = copy(tmp_path / "rough.ndjson.gz", page_size=100, paging={"concurrency": concurrency})
    assert rough["sha256"] == calm["sha256"]
    assert sandbox.count("GET", path) > 2 * calm["pages"]


def test_failure_leaves_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    """A read that fails half-way leaves no object, or the old one."""
    sandbox.add_fault(action="status", status=503, path="/AccountTransactions", every=2)
    for before in (None, b"old"):
        path = tmp_path / "ledger.ndjson.gz"
        if before:
            path.write_bytes(before)
        with pytest.raises(ServerError):
            copy(path, page_size=500, retry_options={"attempts": 1})
        assert [item.read_bytes() for item in tmp_path.iterdir()] == ([before] if before else [])


def test_only_a_file_is_replaced(tmp_path: Path, sandbox: Sandbox) -> None:
    """A pipe, a device or a folder that has the object's name stays, and nothing is asked for."""
    pipe, folder = tmp_path / "pipe.ndjson.gz", tmp_path / "folder.ndjson.gz"
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (pipe, folder):
        with pytest.raises((ValueError, AirflowFailException), match="is there and is not a file"):
            copy(path)
    assert pipe.is_fifo()
    assert list(folder.iterdir()) == []
    assert sandbox.journal() == []


def test_skipped_and_truncated(tmp_path: Path, sandbox: Sandbox) -> None:
    """Skipped pages and an early end are in the receipt."""
    sandbox.add_fault(action="status", status=500, path="/AccountTransactions", every=2, times=1)
    receipt = copy(
        tmp_path / "a.ndjson.gz",
        page_size=100,
        paging={"max_pages": 3, "concurrency": 1},  # request n is page n
        on_page_error="skip",
        retry_options={"attempts": 1},
    )
    assert (receipt["rows"], receipt["pages"], receipt["truncated"]) == (200, 2, True)
    assert receipt["watermark"] is None, "going on from it would lose what was left out"
    assert [skip["page"] for skip in receipt["skipped_pages"]] == [2]


def test_page_options_reach_the_wire(tmp_path: Path, sandbox: Sandbox) -> None:
    """first_page, page_size, order_by and headers are sent."""
    copy(
        tmp_path / "a.ndjson.gz",
        page_size=900,
        paging={"first_page": 2, "order_by": "Id desc"},
        headers={"X-Own": "1"},
    )
    query = next(entry.query for entry in sandbox.journal() if entry.method == "GET")
    for part in ("PageNumber=2", "PageSize=900", "Id%20desc"):
        assert part in query


@pytest.mark.parametrize(
    ("target", "form", "says"),
    [
        ("/data/a.ndjson.gz", "ndjson.gz", "no scheme"),
        ("a.ndjson.gz", "ndjson.gz", "no scheme"),
        ("nope://x/a.ndjson.gz", "ndjson.gz", "nope://"),
        ("s3://bucket/a.ndjson.gz", "ndjson.gz", "s3://"),
        ("file://data/a.ndjson.gz", "ndjson.gz", "file:///"),
        ("FILE://data/a.ndjson.gz", "ndjson.gz", "file:///"),
        ("local://data/a.ndjson.gz", "ndjson.gz", "file:///"),
        ("file:///data/", "ndjson", "whole path"),
        ("file:///data/a.ndjson", "ndjson.gz", "does not fit"),
        ("file:///data/a.ndjson.gz", "ndjson", "does not fit"),
        ("file:///data/a.ndjson.zst", "ndjson.gz", "does not fit"),
        ("file:///data/a.parquet", "ndjson", "does not fit"),
        ("file:///data/a.ndjson", "parquet", "does not fit"),
    ],
)
def test_bad_target(sandbox: Sandbox, target: str, form: str, says: str) -> None:
    """A target that cannot be written is refused before anything is read, with the way out."""
    with pytest.raises((ValueError, AirflowFailException), match="object_path") as caught:
        copy(target, format=form)
    assert says in str(caught.value)
    assert sandbox.journal() == []


def test_parquet(tmp_path: Path, sandbox: Sandbox) -> None:
    """The ledger as typed columns: every row once, and money that sums to zero without a float."""
    path = tmp_path / "ledger.parquet"
    receipt = copy(path, format="parquet", page_size=300, fields={"VatCode": "integer"})
    table = pq.read_table(path)
    assert table.num_rows == receipt["rows"] == sandbox.totals()["AccountTransactions"]
    assert receipt["bytes"] == path.stat().st_size
    assert len(set(table["Id"].to_pylist())) == table.num_rows
    assert sum(table["Amount"].to_pylist()) == 0
    assert {str(table.schema.field(name).type) for name in ("Id", "VatCode")} == {"int64"}
    assert table["_rest"].null_count == table.num_rows


def test_parquet_that_does_not_fit(tmp_path: Path) -> None:
    """A value that does not fit its column leaves no file, and says where it is."""
    with pytest.raises(AirflowFailException, match="Description of the row with Id"):
        copy(tmp_path / "ledger.parquet", format="parquet", fields={"Description": "integer"})
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments() -> None:
    """A format or handler that does not exist fails while the DAG file is read."""
    for wrong in (
        {"format": "csv"},
        {"fields": {"Id": "text"}},
        {"on_page_error": "ignore"},
        {"retry_options": {"deadline": -1}},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)) if "retry" not in str(wrong) else "deadline"):
            PowerOfficeToObjectStorageOperator(task_id="t", endpoint="x", object_path="file:///x", **wrong)


def test_refused_collection_ends_the_task(tmp_path: Path) -> None:
    """An unknown resource is not retried."""
    with pytest.raises(AirflowFailException, match="NotFoundError"):
        copy(tmp_path / "a.ndjson.gz", endpoint="Nope", query=None)


@pytest.fixture
def store() -> Iterator[Any]:
    """Attach an object store that is no file system: whole uploads are all it has."""
    from airflow.sdk.io import attach  # noqa: PLC0415 - Airflow's home comes first

    memory = fsspec.filesystem("memory")
    memory.store.clear()
    attach("memory", fs=memory)
    yield memory
    memory.store.clear()


def test_other_stores(store: Any, sandbox: Sandbox) -> None:
    """Any scheme that Airflow knows will do."""
    receipt = copy("memory://lake/ledger.ndjson.gz")
    assert receipt["path"] == "memory://lake/ledger.ndjson.gz"
    (name,) = store.find("/")
    assert len(gzip.decompress(store.cat(name)).splitlines()) == sandbox.totals()["AccountTransactions"]


def test_progress_is_logged(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long read says now and then how far it is."""
    monkeypatch.setattr("airflow_provider_poweroffice.tasks.collection.PROGRESS_SECONDS", 0)
    with caplog.at_level("INFO"):
        copy(tmp_path / "a.ndjson.gz", page_size=500)
    said = caplog.text + capsys.readouterr().out
    assert said.count("rows so far") >= 4
    assert "page 2, 1000 of 2000 rows so far, " in said
    assert "page 1, 500 of 2000 rows so far, 0.0 MB" not in said  # the bytes are those of the rows told of


def test_a_million_rows(tmp_path: Path) -> None:
    """1 000 000 ledger rows: memory grows by no more than 40 MB, and every row arrives once."""
    script = ROOT / "benchmarks" / "million_rows.py"
    done = subprocess.run(
        [sys.executable, str(script), "--json", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["rows"] == figures["distinct_ids"] == figures["held"] >= 999_000
    assert figures["growth_mb"] <= 40  # 23 on a quiet machine, 33 at a load of 8 on 2 cores


def test_since(tmp_path: Path, sandbox: Sandbox) -> None:
    """Only what changed since the moment is copied, and the watermark takes the next run on from there."""
    path = tmp_path / "customers.ndjson"
    first = copy(path, endpoint="Customers", query=None, format="ndjson")
    stamps = sorted(row["LastChangedDateTimeOffset"] for row in rows_of(path))
    again = copy(path, endpoint="Customers", query=None, format="ndjson", changed_since=first["watermark"])
    assert first["watermark"] == stamps[-1]
    assert 1 <= again["rows"] < 5
    assert again["watermark"] == first["watermark"]
    nothing = copy(
        path,
        endpoint="Customers",
        query=None,
        format="ndjson",
        changed_since="2026-06-01T00:00:00Z",
        overlap=0,
    )
    assert (nothing["rows"], nothing["watermark"]) == (0, "2026-06-01T00:00:00Z")
    assert "lastChangedDateTimeOffsetGreaterThan=" in sandbox.journal()[-1].query


def test_changes_during_the_read_are_read_next_time(tmp_path: Path, sandbox: Sandbox) -> None:
    """Rows changed while pages are read, on pages already read too, come with the next incremental read."""
    customers = {"endpoint": "Customers", "query": None, "format": "ndjson"}
    sandbox.set(mutation="touch")
    first = copy(tmp_path / "first.ndjson", page_size=10, **customers)
    sandbox.set(mutation="off")
    copy(tmp_path / "next.ndjson", changed_since=first["watermark"], **customers)
    copy(tmp_path / "all.ndjson", **customers)
    first_rows, next_rows, all_rows = (
        {row["Id"]: row for row in rows_of(tmp_path / f"{name}.ndjson")} for name in ("first", "next", "all")
    )
    assert first_rows != all_rows
    assert first_rows | next_rows == all_rows


ODD_PARTS = [
    "a?b",
    "a#b",
    "a*b",
    "a[1]b",
    "a]b",
    "{a,b}",
    "a|b",
    "a\\b",
    "a%2Fb",
    "a%20b",
    "a::b",
    "..",
    ".",
    "",
    " a",
    "a ",
    "a.",
    "a\nb",
    "a\x00b",
    "a\u202eb",
    "a\ud800b",
    "None",
]


@pytest.mark.finding("R10")
@pytest.mark.parametrize("part", ODD_PARTS)
@pytest.mark.parametrize("form", ["{}/a.ndjson", "x/{}/a.ndjson", "x/{}"])
def test_object_path_is_what_is_written(tmp_path: Path, sandbox: Sandbox, part: str, form: str) -> None:
    """What a store, a file system or a reader takes as syntax is refused before anything is read."""
    path = form.format(part)
    for scheme in (f"file://{tmp_path}/", "memory://lake/"):
        with pytest.raises(ValueError, match="object_path"):
            copy(f"{scheme}{path}", format="json pages")
        task = PowerOfficeToObjectStorageOperator(
            task_id="t", endpoint="Customers", object_path="{{ x }}", format="json pages"
        )
        task.object_path = f"{scheme}{path}"  # as a template may render
        with pytest.raises(AirflowFailException, match="object_path"):
            task.execute({})  # type: ignore[typeddict-item]
    assert sandbox.journal() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.finding("R10")
@pytest.mark.parametrize(
    "name",
    ["Bjørkåsen & sønn", "a b", "a+b", "a=1", "2026-01-01T00:00:00+00:00", "a@b", "a,b;c", "~x", "100%"],
)
def test_plain_names_stay(tmp_path: Path, name: str) -> None:
    """Any other name is the name of the object, in the receipt and on the disk."""
    receipt = copy(tmp_path / name / f"{name}.ndjson", format="ndjson")
    assert receipt["path"] == f"file://{tmp_path}/{name}/{name}.ndjson"
    assert (tmp_path / name / f"{name}.ndjson").stat().st_size == receipt["bytes"]


def spooled(pid: int, folder: Path) -> int:
    """Count the bytes in files that a process has open below a folder, with or without a name."""
    size = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            size += link.stat().st_size if str(folder) in str(link.readlink()) else 0
        except OSError:  # closed meanwhile
            continue
    return size


@pytest.mark.finding("S10")
def test_killed_transfer_leaves_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    """A worker that is killed while it reads leaves no rows in the folder for temporary files."""
    spool = tmp_path / "spool"
    spool.mkdir()
    sandbox.add_fault(action="delay", seconds=60, path="/AccountTransactions", every=4)
    script = (
        "from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import "
        "PowerOfficeToObjectStorageOperator as T\n"
        f"T(task_id='t', endpoint='AccountTransactions', query={DATES!r}, page_size=100, "
        "paging={'concurrency': 1}, "
        f"object_path='file://{tmp_path}/lake/a.ndjson', format='ndjson').execute({{}})\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"TMPDIR": str(spool)}
    )
    try:
        end = time.monotonic() + 60
        while not spooled(worker.pid, spool):
            assert worker.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        worker.kill()
        worker.wait()
    assert list(spool.iterdir()) == []
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("kind", ["file", "json"])
def test_download(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """A document is stored byte for byte, with a receipt; a page for people and a refusal are not."""
    with PowerOfficeHook() as hook:
        rows = hook.client.request("GET", "VoucherDocumentation", query={"PageSize": 40}).body
        voucher = next(row["VoucherId"] for row in rows if row["HasPdf"])
        query = {"id": voucher} if kind == "file" else {"PageSize": 3}
        endpoint = "VoucherDocumentation/Download" if kind == "file" else "Customers"
        sent = hook.client.request("GET", endpoint, query=query).content
    target = tmp_path / "document.bin"
    download = PowerOfficeDownloadOperator(
        task_id="t", endpoint=endpoint, query=query, object_path=f"file://{target}"
    )
    receipt = download.execute({})
    assert target.read_bytes() == sent
    assert receipt["sha256"] == hashlib.sha256(sent).hexdigest()
    assert (receipt["bytes"], receipt["bucket"]) == (len(sent), None)
    assert bool(receipt["file_name"]) is (kind == "file")
    odd = {"Content-Type": "application/pdf; x=" + "y" * 20_000 + "\x9b31m"}
    sandbox.add_fault(action="status", status=200, body="%PDF-", headers=odd, path=f"/{endpoint}", times=1)
    shown = download.execute({})["content_type"]
    assert len(shown) <= 1000
    assert shown.isprintable()
    download.execute({})
    download.max_bytes = 10
    with pytest.raises(AirflowFailException, match="max_bytes=10"):
        download.execute({})
    sandbox.add_fault(action="status", status=200, body="<html>Sign in</html>", path=f"/{endpoint}", times=0)
    download.max_bytes = 1000
    with pytest.raises((AirflowFailException, InvalidResponseError)):
        download.execute({})
    assert target.read_bytes() == sent


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("s3://aws_default@bucket/a/b.ndjson", ("s3://bucket/a/b.ndjson", "bucket", "a/b.ndjson")),
        ("gs://bucket/a@b.ndjson", ("gs://bucket/a@b.ndjson", "bucket", "a@b.ndjson")),
        ("file:///data/b.ndjson", ("file:///data/b.ndjson", None, None)),
    ],
)
def test_names_of_an_object(path: str, names: tuple[str | None, ...]) -> None:
    """A receipt names the object as other operators take it."""
    assert place_of(path) == {"path": path} | dict(zip(("uri", "bucket", "key"), names, strict=True))


@pytest.mark.parametrize(
    ("rows", "total", "seconds", "says"),
    [(5000, 100_000, 2.0, ", 2500 rows/s, about 38 s left"), (10, None, 1.0, ", 10 rows/s"), (0, 5, 0.0, "")],
)
def test_pace(rows: int, total: int | None, seconds: float, says: str) -> None:
    """The rate, and the time left where the total is known."""
    assert pace(rows, total, seconds) == says
