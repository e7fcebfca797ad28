"""What is stored is what was sent, whole or not at all."""

from __future__ import annotations

import fcntl
import gc
import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import fsspec
import msgspec
import pytest
from upath import UPath

from airflow_provider_poweroffice.api.dialects.base import Dialect, PageInfo
from airflow_provider_poweroffice.api.dialects.d365fo import D365FO
from airflow_provider_poweroffice.api.dialects.poweroffice_v1 import PowerOfficeV1
from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2
from airflow_provider_poweroffice.api.pages.keys import RowKeys
from airflow_provider_poweroffice.api.pages.page import Page, split_page
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.storage.codecs import Spool, encode, zstd
from airflow_provider_poweroffice.storage.publish import publish
from airflow_provider_poweroffice.storage.watermark import Watermark


def page(text: bytes, number: int = 1) -> Page:
    """Make a page as the client does."""
    return Page(number, text, msgspec.json.decode(text, type=list[msgspec.Raw]), PageInfo())


LATER = "Sun, 22 Nov 2026 12:00:00 GMT"
ONE = page(b'[{"Id":1,"Amount":1.10},{"Id":2,"Amount":-0.00,"Big":12345678901234567890.123}]')
TWO = page(b'[{"Id":3,"Text":"l\\u00f8nn \\n \xc3\xb8"}]', 2)
PRETTY = page(b'[\r\n  {\n    "Id": 4,\n    "Amount": 1.10,\n    "Text": "a\\nb"\n  }\n]')


def test_ndjson_keeps_every_digit() -> None:
    """One row a line, each as the server wrote it: 1.10 stays 1.10."""
    assert b"".join(encode(iter([ONE, TWO]), "ndjson")) == (
        b'{"Id":1,"Amount":1.10}\n'
        b'{"Id":2,"Amount":-0.00,"Big":12345678901234567890.123}\n'
        b'{"Id":3,"Text":"l\\u00f8nn \\n \xc3\xb8"}\n'
    )


def test_pretty_rows_become_lines() -> None:
    """A server that prints prettily still gives one row a line, digits and text kept."""
    assert b"".join(encode(iter([PRETTY]), "ndjson")) == b'{"Id":4,"Amount":1.10,"Text":"a\\nb"}\n'


@pytest.mark.finding("R7", "D11")
@pytest.mark.parametrize("line_break", ["", "\n", "\r\n"])
@pytest.mark.parametrize("dialect", [PowerOfficeV1, PowerOfficeV2, D365FO])
def test_half_a_surrogate_pair_is_passed_on(dialect: type[Dialect[Any]], line_break: str) -> None:
    """A text cut inside an emoji is stored as sent, in each format, and so are the other rows of its page."""
    row = '{"Id":1,"Text":"cut \\ud83d \\\\ud83d \\ud83d\\ude00 \\uDE00"}'
    body = f'[{line_break}{row},{line_break}{{"Id":{line_break}2}}]'.encode()
    bodies = {
        PowerOfficeV1: b'{"success":true,"data":' + body + b',"count":9}',
        PowerOfficeV2: body,
        D365FO: b'{"value":' + body + b"}",
    }
    found = split_page(dialect(), Response(200, {}, bodies[dialect], "GET", "/Customers"), 1)
    assert found.content == body
    assert b"".join(encode(iter([found]), "ndjson")) == f'{row}\n{{"Id":2}}\n'.encode()
    assert body in b"".join(encode(iter([found]), "json pages"))
    assert found.rows == [{"Id": 1, "Text": "cut \\ud83d \\ud83d \U0001f600 \\ude00"}, {"Id": 2}]


def test_json_pages() -> None:
    """Pages are kept apart and as sent, in one JSON document; no page gives an empty array."""
    text = b"".join(encode(iter([ONE, TWO]), "json pages"))
    assert [len(rows) for rows in json.loads(text)] == [2, 1]
    assert ONE.content in text
    assert TWO.content in text
    assert json.loads(b"".join(encode(iter([]), "json pages"))) == []


def test_unknown_format() -> None:
    """A format that does not exist is named."""
    with pytest.raises(ValueError, match="'csv'"):
        list(encode(iter([]), "csv"))


def spooled(pages: list[Page], form: str) -> tuple[bytes, Spool, str]:
    """Write pages to a spool in memory."""
    file = io.BytesIO()
    spool = Spool(file, form)
    for data in encode(iter(pages), "ndjson"):
        spool.add(data)
    digest = spool.finish()
    return file.getvalue(), spool, digest


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        ("ndjson", bytes),
        ("ndjson.gz", gzip.decompress),
        ("ndjson.zst", zstd().decompress),
    ],
)
@pytest.mark.parametrize("pages", [[], [ONE], [ONE, TWO, PRETTY]], ids=len)
def test_spool(pages: list[Page], form: str, plain: Callable[[bytes], bytes]) -> None:
    """Count and hash are those of the file, equal rows give equal bytes, and empty is a file too."""
    content, spool, digest = spooled(pages, form)
    assert (spool.bytes, digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert content == spooled(pages, form)[0]
    assert plain(content) == b"".join(encode(iter(pages), "ndjson"))


def test_watermark() -> None:
    """The latest change of all rows, wherever it stands, as the server wrote it."""
    mark = Watermark("LastChangedDateTimeOffset")
    assert mark.value(LATER) is None
    stamp = '[{"Id":%d,"LastChangedDateTimeOffset":"%s"},{"Id":0},{"LastChangedDateTimeOffset":null}]'
    for number, text in enumerate(
        ["2026-05-02T13:09:55.9103401Z", "2026-05-02T13:09:55.9103402Z", "2026-05-02T13:09:55.91Z"]
    ):
        mark.see(page((stamp % (number, text)).encode()))
    mark.see(ONE)
    assert mark.value(LATER) == "2026-05-02T13:09:55.9103402Z"
    assert mark.value(None) is None, "a server that does not tell the time"
    assert mark.value("noon") is None
    began = "Sat, 02 May 2026 13:09:30 GMT"
    assert mark.value(began) == "2026-05-02T13:09:30.0000000Z", "what changed during the read is read again"


def test_watermark_of_rows_whose_keys_were_read() -> None:
    """A change time that was read beside the keys is that of these rows, and of no others."""
    keys, mark, other = RowKeys(["Id"], beside="Changed"), Watermark("Changed"), Watermark("Id")
    one = page(b'[{"Changed":"2026-05-02T13:09:55Z","Id":1},{"Id":2,"Changed":null},{"Id":"3"}]')
    assert keys.of(one) == [1, 2, "3"]
    assert one.texts == {"Changed": ["2026-05-02T13:09:55Z", None, None]}
    mark.see(one.holding(one.raw_rows[1:]))
    other.see(one)
    assert [mark.value(LATER), other.value(LATER)] == [None, None]
    mark.see(one)
    assert mark.value(LATER) == "2026-05-02T13:09:55Z"


@pytest.mark.parametrize("odd", [b"17", b'"soon"', b"{}", b'"\xff"'])
def test_rows_with_an_odd_change_time_have_keys(odd: bytes) -> None:
    """What is read beside the keys has no say in whether there are any."""
    assert RowKeys(["Id"], beside="Changed").of(page(b'[{"Id":1,"Changed":' + odd + b"}]")) == [1]


@pytest.mark.parametrize("odd", [b"17", b'"soon"', b"{}"])
def test_odd_watermark(odd: bytes) -> None:
    """A field that is no timestamp gives no watermark, and no failure."""
    mark = Watermark("Changed")
    mark.see(page(b'[{"Changed":' + odd + b"}]"))
    assert mark.value(LATER) is None


@pytest.fixture
def finished() -> Iterator[IO[bytes]]:
    """Give a finished local file; it has no name."""
    with tempfile.TemporaryFile() as file:
        file.write(b"new")
        file.flush()
        yield file


def test_publish_locally(finished: IO[bytes], tmp_path: Path) -> None:
    """A local object appears under its name, in folders that are made, with nothing beside it."""
    target = UPath(f"file://{tmp_path}/lake/a/b.ndjson")
    publish(finished, target)
    publish(finished, target)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "lake/a").iterdir()] == [
        ("b.ndjson", b"new")
    ]


def test_publish_elsewhere(finished: IO[bytes]) -> None:
    """On a file system without whole uploads, the object is renamed into place."""
    fsspec.filesystem("memory").store.clear()
    target = UPath("memory://lake/b.ndjson")
    publish(finished, target)
    assert [path.name for path in target.parent.iterdir()] == ["b.ndjson"]
    assert target.read_bytes() == b"new"


def test_failed_publish_leaves_the_old(
    finished: IO[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing fails half-way, the old object is whole and nothing else remains."""
    target = UPath(f"file://{tmp_path}/b.ndjson")
    target.write_bytes(b"old")

    def half(_source: IO[bytes], copy: IO[bytes], _piece: int) -> None:
        copy.write(b"ne")
        raise OSError("disk full")

    monkeypatch.setattr("shutil.copyfileobj", half)
    with pytest.raises(OSError, match="disk full"):
        publish(finished, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.ndjson"]
    assert target.read_bytes() == b"old"


def test_leftovers_of_a_killed_run_go(finished: IO[bytes], tmp_path: Path) -> None:
    """What killed runs left in the folder is removed by the next, also of other names; other files stay."""
    for name in (b"b.ndjson", b"run-of-yesterday.ndjson"):
        left = f".{hashlib.sha256(name).hexdigest()[:16]}.partial-0123"
        (tmp_path / left).write_bytes(b"half")
    (tmp_path / ".c.ndjson.partial-0123").write_bytes(b"half")
    publish(finished, UPath(f"file://{tmp_path}/b.ndjson"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c.ndjson.partial-0123", "b.ndjson"]


def test_long_name(finished: IO[bytes], tmp_path: Path) -> None:
    """Any name the file system takes will do; the one used meanwhile is not longer."""
    name = "x" * 255
    publish(finished, UPath(f"file://{tmp_path}/{name}"))
    assert (tmp_path / name).read_bytes() == b"new"


@pytest.mark.finding("D10")
@pytest.mark.parametrize("store", ["file", "memory"])
def test_publishers_of_one_object_do_not_meet(store: str, tmp_path: Path) -> None:
    """Two tries of one transfer publish at once, again and again: both end well, with one whole object."""
    fsspec.filesystem("memory").store.clear()
    target = UPath(f"file://{tmp_path}/lake/b.ndjson" if store == "file" else "memory://lake/b.ndjson")
    contents = [bytes([letter]) * 300_000 for letter in b"ab"]
    sources = [tmp_path / "a", tmp_path / "b"]
    for source, content in zip(sources, contents, strict=True):
        source.write_bytes(content)

    def publish_often(source: Path) -> None:
        for _ in range(20):
            with source.open("rb") as file:
                publish(file, target)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(publish_often, source) for source in sources]:
            done.result()
    assert target.read_bytes() in contents
    assert [path.name for path in target.parent.iterdir()] == ["b.ndjson"]


@pytest.mark.finding("D10")
def test_a_partial_object_of_a_living_writer_stays(finished: IO[bytes], tmp_path: Path) -> None:
    """A publisher leaves alone what another one holds, and removes it when that one is dead."""
    partial = tmp_path / f".{hashlib.sha256(b'b.ndjson').hexdigest()[:16]}.partial-0123"
    with partial.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        publish(finished, UPath(f"file://{tmp_path}/b.ndjson"))
        assert partial.exists()
    publish(finished, UPath(f"file://{tmp_path}/b.ndjson"))
    assert not partial.exists()


def test_old_partial_objects_elsewhere_go(finished: IO[bytes]) -> None:
    """Where files cannot be locked, a partial object goes after a day."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    name = f"/lake/.{hashlib.sha256(b'b.ndjson').hexdigest()[:16]}.partial-"
    for end, hours in (("old", 25), ("new", 23)):
        files.pipe_file(name + end, b"half")
        files.store[name + end].modified = datetime.now(UTC) - timedelta(hours=hours)
    publish(finished, UPath("memory://lake/b.ndjson"))
    assert sorted(files.store) == sorted([name + "new", "/lake/b.ndjson"])


@pytest.mark.parametrize("protocol", ["file", "memory"])
def test_publish_what_is_in_memory(tmp_path: Path, protocol: str) -> None:
    """A small answer is in no file of the system, and is published as any other."""
    target = UPath(f"{protocol}://{tmp_path}/in_memory.pdf")
    publish(io.BytesIO(b"%PDF-"), target)
    assert target.read_bytes() == b"%PDF-"


@pytest.mark.parametrize("form", ["ndjson.gz", "ndjson.zst"])
def test_a_spool_is_closed_on_failure(form: str) -> None:
    """After an error the compressor is closed, and writes no more into a file that is."""
    file = io.BytesIO()

    def fail() -> None:
        with Spool(file, form) as spool:
            spool.add(b"x")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    written = file.tell()
    file.close()
    gc.collect()
    assert written
