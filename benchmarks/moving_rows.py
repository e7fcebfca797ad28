"""
Read collections whose rows come, go and change meanwhile, and count what was lost without an error.

A small server of its own, which knows nothing of the sandbox, deletes and adds rows after each page that it
answers. A row is lost if it was there from the first answer to the last, the read ended well, and the row did
not come.

    .venv/bin/python -m benchmarks.moving_rows            # all settings, 60 reads each
    .venv/bin/python -m benchmarks.moving_rows --reads 5
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import random
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from airflow_provider_poweroffice.api import Client, Credentials, RetryOptions
from airflow_provider_poweroffice.api.credentials import Keys
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from airflow_provider_poweroffice.errors import IncompleteReadError

GUID = "00000000-0000-4000-8000-000000000000"
HEADERS = ("counts", "links", "link", "none")
"""What v2 says of pages: all; pages and the link, as is confirmed; the link alone; nothing."""
RATES = ((0.0, 0.0), (0.02, 0.0), (0.02, 0.1), (0.05, 0.3), (0.1, 0.0), (0.1, 0.3))
"""Rows deleted and added per page answered."""
APIS = {"v2": "Customers", "v1": "Customer", "d365fo": "CustomersV3"}


@dataclass
class Books:
    """
    The rows of one collection, and what happens to them while they are read.

    :param deleted: rows deleted after each answer, on average.
    :param added: rows added, or entering a filter by a change, after each answer.
    :param entering: rows enter anywhere in the order, as those that changed do; else at the end.
    :param most: rows of a page at most, whatever is asked for; 0 for any.
    """

    dice: random.Random
    rows: int = 400
    page: int = 10
    deleted: float = 0.0
    added: float = 0.0
    entering: bool = False
    most: int = 0
    header: str = "counts"
    present: list[int] = field(default_factory=list)
    always: set[int] = field(default_factory=set)
    requests: int = 0
    odd: dict[int, Any] = field(default_factory=dict)
    """Answers by the number of the request that they are given to instead of the right one."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Fill the collection; ids have gaps, so that others can enter between them."""
        self.present = [10 * number for number in range(1, self.rows + 1)]
        self.always = set(self.present)

    def happen(self) -> None:
        """Let rows go and come, as they do between two answers."""
        for _ in range(self._often(self.deleted)):
            if self.present:
                gone = self.dice.choice(self.present)
                self.present.remove(gone)
                self.always.discard(gone)
        for _ in range(self._often(self.added)):
            last = (self.present or [0])[-1]
            new = self.dice.randrange(1, last + 10) if self.entering and last else last + 10
            if new not in self.present:
                self.present.append(new)
                self.present.sort()

    def answer(self, kind: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer a request for a list: status, headers and body."""
        given: tuple[int, dict[str, str], Any] | None = self.odd.get(self.requests)
        right: tuple[int, dict[str, str], Any] = getattr(Answers(self), kind)(query)
        return given or right

    def _often(self, rate: float) -> int:
        return int(rate) + (self.dice.random() < rate % 1)


class Answers:
    """How each API answers a list."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def capped(self, rows: int) -> int:
        """Give the rows that are sent of so many asked for."""
        return min(rows, self.books.most or rows)

    def ids(self, order: str) -> list[int]:
        """Give the rows in an order: by their key, or the other way round."""
        return self.books.present[::-1] if order.lower().endswith(" desc") else self.books.present

    def v2(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer by number and size."""
        number, size = int(query.get("PageNumber", 1)), self.capped(int(query.get("PageSize", 5000)))
        ids = self.ids(query.get("OrderBy", ""))
        found, pages = ids[(number - 1) * size : number * size], -(-len(ids) // size)
        more = f"/v2/Customers?PageNumber={number + 1}&PageSize={size}" if number < pages else None
        header = {
            "counts": {
                "totalCount": len(ids),
                "pageSize": size,
                "currentPage": number,
                "totalPages": pages,
                "nextPageLink": more,
            },
            "links": {"totalPages": pages, "nextPageLink": more},
            "link": {"nextPageLink": more} if more else {},
            "none": None,
        }[self.books.header]
        if not found:
            return 204, {}, None
        lean = query.get("Fields") == "Id"
        rows = [{"Id": one} if lean else {"Id": one, "Name": f"Row {one}"} for one in found]
        return 200, {} if header is None else {"X-Pagination": json.dumps(header)}, rows

    def v1(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer by offset, in an envelope."""
        skip, top = int(query.get("$skip", 0)), self.capped(int(query.get("$top", 50_000)))
        found = self.ids(query.get("$orderby", ""))[skip : skip + top]
        rows = [{"id": one, "name": f"Row {one}"} for one in found]
        count = {} if self.books.header == "none" else {"count": len(self.books.present)}
        return 200, {}, {"success": True, "data": rows, **count}

    def d365fo(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Answer by the server's own page, with a link to the next one."""
        skip = int(query.get("$skiptoken", query.get("$skip", 0)))
        found = self.books.present[skip : skip + self.books.page]
        rows = [{"dataAreaId": "usmf", "CustomerAccount": f"C{one:06d}"} for one in found]
        body: dict[str, Any] = {"@odata.context": "c", "value": rows}
        if skip + len(found) < len(self.books.present):
            order = quote(query.get("$orderby", ""))
            body["@odata.nextLink"] = f"CustomersV3?$orderby={order}&$skiptoken={skip + len(found)}"
        return 200, {}, body


@contextmanager
def serving(books: Books) -> Iterator[str]:
    """Run the server, and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(200, {}, {"access_token": "t" * 40, "token_type": "Bearer", "expires_in": 3600})

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            kind = "v2" if parts.path.startswith("/v2/") else "d365fo" if "/data/" in parts.path else "v1"
            with books.lock:
                books.requests += 1
                answer = books.answer(kind, query)
                books.happen()
            self._answer(*answer)

        def _answer(self, status: int, headers: dict[str, str], body: Any) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Say nothing of a client that hangs up: what it fetched ahead is not needed any more."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def client_of(api: str, url: str, *, attempts: int = 3) -> Client:
    """Open a client of the server."""
    keys: Keys = Credentials(application_key=GUID, client_key=GUID, subscription_key="s" * 32)
    options: dict[str, Any] = {"host": url}
    if api == "d365fo":
        keys, options = (
            D365FOCredentials(url=url, tenant_id=GUID, client_id=GUID, client_secret="s" * 32, authority=url),
            {},
        )
    return Client(
        keys, api_version=api, requests_per_second=1e6, retry=RetryOptions(attempts=attempts), **options
    )


@dataclass
class Outcome:
    """
    What came of a number of reads.

    :param silent: reads that ended well and lacked rows.
    :param doubled: reads that ended well and held rows twice.
    :param errors: reads that ended in IncompleteReadError.
    :param most: requests of the most expensive read.
    """

    reads: int = 0
    silent: int = 0
    doubled: int = 0
    errors: int = 0
    most: int = 0

    @property
    def text(self) -> str:
        """Write it as cells of a table."""
        return f"{self.silent:6d} | {self.doubled:7d} | {self.errors:6d} | {self.most:8d}"


def read(api: str, books: Books, url: str, *, concurrency: int, changes: bool, outcome: Outcome) -> None:
    """Read the collection once, and note what came of it."""
    size = None if api == "d365fo" else books.page
    since = "2026-01-01T00:00:00Z" if changes else None
    kind = APIS[api]
    outcome.reads += 1
    books.requests = 0
    with client_of(api, url) as client:
        try:
            rows = [
                row
                for page in client.pages(kind, concurrency=concurrency, page_size=size, changed_since=since)
                for row in page.rows
            ]
        except IncompleteReadError:
            outcome.errors += 1
            return
        finally:
            outcome.most = max(outcome.most, books.requests)
    found = [
        int(re.sub(r"\D", "", str(row.get("Id") or row.get("id") or row.get("CustomerAccount"))))
        for row in rows
    ]
    outcome.silent += not books.always <= set(found)
    outcome.doubled += len(found) != len(set(found))


class Setting(NamedTuple):
    """What is read, how, and what happens meanwhile."""

    api: str
    header: str
    changes: bool
    concurrency: int
    deleted: float
    added: float


def settings() -> Iterator[Setting]:
    """List all settings."""
    for api, changes, concurrency, (deleted, added) in itertools.product(APIS, (False, True), (1, 4), RATES):
        if api == "d365fo" and (changes or concurrency > 1):
            continue  # entities share no field for changes, and are read one page after the other
        headers = HEADERS if api == "v2" else ("counts", "none") if api == "v1" else ("link",)
        for header in headers:
            yield Setting(api, header, changes, concurrency, deleted, added)


def measure(  # noqa: PLR0917 - one row of the table
    api: str,
    header: str,
    changes: bool,
    concurrency: int,
    deleted: float,
    added: float,
    *,
    reads: int,
    seed: int,
) -> Outcome:
    """Do a number of reads of one setting."""
    outcome = Outcome()
    for number in range(reads):
        dice = random.Random(  # noqa: S311 - the same rows move in each run
            f"{seed}/{api}/{header}/{changes}/{concurrency}/{deleted}/{added}/{number}"
        )
        books = Books(dice, deleted=deleted, added=added, entering=changes, header=header)
        with serving(books) as url:
            read(api, books, url, concurrency=concurrency, changes=changes, outcome=outcome)
    return outcome


def main() -> int:
    """Print the table; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--reads", type=int, default=60, help="of each setting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--api", choices=APIS, help="of one API alone")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print("API    | header | rows    | at once | deleted | added | silent | doubled | errors | requests")
    bad = 0
    for setting in settings():
        api, header, changes, concurrency, deleted, added = setting
        if given.api not in {None, api}:
            continue
        outcome = measure(*setting, reads=given.reads, seed=given.seed)
        kind = "changes" if changes else "all"
        print(
            f"{api:6} | {header:6} | {kind:7} | {concurrency:7d} | "
            f"{deleted:7.2f} | {added:5.2f} | {outcome.text}",
            flush=True,
        )
        bad += outcome.silent + outcome.doubled
    print(f"lost or doubled without an error: {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
