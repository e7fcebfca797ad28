"""
What one page of ledger rows costs, step by step: milliseconds of CPU, the least of some rounds.

    .venv/bin/python -m benchmarks.page_cost [--rows 5000]

Each step is the code that a transfer runs; the request is one of ``requests`` alone, on an open connection.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO

import requests

from airflow_provider_poweroffice.api.body import read_spooled
from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.dialects.base import PageInfo
from airflow_provider_poweroffice.api.echoes import echoes
from airflow_provider_poweroffice.api.pages.keys import RowKeys
from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.surrogates import split_rows
from airflow_provider_poweroffice.storage.codecs import Spool, encode
from airflow_provider_poweroffice.storage.sql.columns_layout import ColumnsLayout
from airflow_provider_poweroffice.storage.sql.raw_layout import RawLayout
from airflow_provider_poweroffice.storage.watermark import Watermark
from benchmarks.compare.scenarios import LONG_TOKEN, task_of
from benchmarks.compare.server import Server

ROUNDS = 9
CHANGED = "LastChangedDateTimeOffset"


def least(step: Callable[[], object]) -> float:
    """Give the seconds of CPU that a step takes at best."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        step()
        found.append(time.process_time() - began)
    return min(found)


def received(rows: int) -> tuple[bytes, float]:
    """Read a page from a sandbox, and give the seconds of CPU that it takes to ask for it and receive it."""
    with Server(2 * rows, **LONG_TOKEN) as server, requests.Session() as session:
        task = task_of(server, 1, rows)

        def receive() -> bytes:
            answer = session.get(
                task.url, params=task.query(1), headers=task.headers, timeout=60, stream=True
            )
            return read_spooled(answer).whole().content

        return receive(), least(receive)


def compressed(page: Page) -> None:
    """Write a page as a file of ndjson.gz."""
    spool = Spool(BytesIO(), "ndjson.gz")
    for data in encode(iter([page]), "ndjson.gz"):
        spool.add(data)
    spool.finish()


def drain(lines: Iterable[bytes]) -> None:
    """Take all of them."""
    for _ in lines:
        pass


def steps(content: bytes) -> dict[str, Callable[[], object]]:
    """List the steps, by what they do."""
    page, unread = (Page(1, content, split_rows(content), PageInfo()) for _ in range(2))
    answer = Response(200, {}, content, "GET", "/v2/AccountTransactions")
    both, mark = RowKeys(["Id"], beside=CHANGED), Watermark(CHANGED)
    keys = tuple(f"{number:036x}" for number in range(8))
    columns = ColumnsLayout(
        "t", ("Id",), None, known=fields_of("poweroffice_v2", "AccountTransactions"), given={}
    )
    raw = RawLayout("t", ("Id",), None, changed_field=CHANGED, zone="Z")
    columns.see(content)
    return {
        "split into rows": lambda: split_rows(content),
        "search for keys and the token": lambda: echoes(answer, keys, keys[:2]),
        "read the key of each row, and when it changed": lambda: both.of(page),
        "read when each row changed, alone (lists with landmarks)": lambda: mark.see(unread),
        "file: compress, level 1 (zlib alone)": lambda: zlib.compressobj(1).compress(content),
        "file: lines, compressed, with checksums": lambda: compressed(page),
        "table: is it UTF-8": lambda: columns.readable(content),
        "columns: every value against its type": lambda: columns.see(content),
        "columns: lines of CSV": lambda: drain(columns.csv(content, 0)),
        "raw: keys are there": lambda: raw.see(content),
        "raw: lines of CSV": lambda: drain(raw.csv(content, 0)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_cost", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    content, seconds = received(parser.parse_args().rows)
    print(f"{len(content):,} bytes")
    print(f"{seconds * 1000:8.2f} ms  ask for it, receive it into a file, read it back")
    for name, step in steps(content).items():
        print(f"{least(step) * 1000:8.2f} ms  {name}")


if __name__ == "__main__":
    main()
