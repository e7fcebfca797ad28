"""A month of rows whose fields come late, drift and go: each night's load holds what the server has."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyarrow.parquet as pq
import pytest
from sql_loads import Query
from support.raw_server import RawServer, http

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import PowerOfficeError
from airflow_provider_poweroffice.storage.kinds import take_apart
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

NIGHTS = 30
ALIKE = ["Bodø", "bodø", "Bodo", "Bodø ", "Bodo\u0338"]
"""Keys that some collation takes for one."""
DRIFT = ["1", "1.10", "1e-9", "12345678901234567890.123", "-0.0", "3E2", "1e-25", f"{'9' * 39}.5"]
DAYS = ['"2026-05-02T00:00:00"', '"ongoing"', '"2026-02-30"', '"9999-12-31T23:59:59.9999999"', "null"]
REMARKS = ['"x"', "5.10", "true", '{"a":[1.10]}', '"2026-05-02"']
FIELDS = {
    "Score": "score",
    "Drift": "drift",
    "EndDate": "end_date",
    "Remark": "remark",
    "IsActive": "is_active",
    "PurchaseOrderNo": "purchase_order_no",
    "FixedPrice": "fixed_price",
}
"""Of a project; the description knows EndDate, IsActive, PurchaseOrderNo and FixedPrice."""


def values_of(night: int, number: int) -> dict[str, str]:
    """Write the fields of a row that is touched in a night."""
    score = ["null", str(number), f"{number}.{number % 10}0", f'"n/a {number}"'][
        (night > 10) + (night > 16) + (night > 22)
    ]
    found = {
        "Score": score,
        "Drift": DRIFT[0 if night < 4 else (night + number) % len(DRIFT)],
        "EndDate": "null" if night < 8 else '"2026-05-02"' if night < 18 else DAYS[number % len(DAYS)],
        "Remark": "null" if night < 5 else REMARKS[(night * number) % len(REMARKS) if night > 9 else 0],
        "IsActive": "true" if night < 20 else ["false", "1", '"yes"'][number % 3],
        "FixedPrice": ["1.10", "2e3", '"7.50"', "null"][(night + number) % 4],
    }
    return found if night > 15 else found | {"PurchaseOrderNo": f'"PO {night}\\r\\n"'}


@dataclass
class Row:
    """A row of the server; ``visible`` is the first night in which it is listed."""

    number: int
    changed: datetime
    visible: int
    values: dict[str, str]

    @property
    def key(self) -> tuple[int, str]:
        """The two fields that no two rows share."""
        return self.number // len(ALIKE), ALIKE[self.number % len(ALIKE)]

    def text(self, spelling: int, names: frozenset[str] = frozenset()) -> str:
        """Write the row; the parts of its key in one of several spellings."""
        whole, code = self.key
        key = [str(whole), f"{whole}.0", f"{whole}e0"][spelling % 3]
        values = {
            "Id": str(self.number),
            "ExternalNumber": key,
            "Code": json.dumps(code, ensure_ascii=spelling % 2 == 0),
            "LastChangedDateTimeOffset": f'"{self.changed:%Y-%m-%dT%H:%M:%S.0000000Z}"',
            **self.values,
        }
        fields = (f'"{name}":{value}' for name, value in values.items() if not names or name in names)
        return f"{{{','.join(fields)}}}"


@dataclass
class Books:
    """A server whose rows change every night."""

    rows: dict[int, Row] = field(default_factory=dict)
    night: int = 0
    is_cut: bool = False
    _spelling: Iterator[int] = field(default_factory=itertools.count)

    @property
    def now(self) -> datetime:
        """The server's time."""
        return datetime(2026, 3, 1, 2, tzinfo=UTC) + timedelta(days=self.night)

    @property
    def listed(self) -> list[Row]:
        """The rows that there are tonight."""
        return [row for _, row in sorted(self.rows.items()) if row.visible <= self.night]

    def work(self) -> None:
        """Let a day pass: rows come, one of them to be seen a night late, change and go."""
        self.night += 1
        night, now = self.night, self.now
        new = range(max(self.rows, default=0) + 1, max(self.rows, default=0) + 4)
        for number in new:
            self.rows[number] = Row(number, now - timedelta(seconds=1), night, values_of(night, number))
        late = self.rows[new[-1]]
        late.changed, late.visible = now - timedelta(seconds=30), night + 1
        old = [row for row in self.listed if row.number not in new]
        for row in old[night % 3 :: 7]:
            row.values, row.changed = values_of(night, row.number), now - timedelta(seconds=2)
        if night > 3:
            del self.rows[old[night % len(old)].number]

    def answer(self, _method: str, path: str, _number: int) -> bytes | None:
        """Answer a GET of the list, in pages."""
        query = {name.lower(): value[0] for name, value in parse_qs(urlsplit(path).query).items()}
        page, size = int(query.get("pagenumber", 1)), int(query.get("pagesize", 5000))
        if page == 2 and self.is_cut:
            return None
        since = query.get("lastchangeddatetimeoffsetgreaterthan")
        after = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
        rows = [row for row in self.listed if row.changed > after]
        names = frozenset(filter(None, query.get("fields", "").split(",")))
        some = rows[(page - 1) * size : page * size]
        texts = [row.text(next(self._spelling), names) for row in some]
        facts = {"totalCount": len(rows), "pageSize": size, "currentPage": page}
        headers = f"X-Pagination: {json.dumps(facts)}\r\nDate: {format_datetime(self.now, usegmt=True)}\r\n"
        return http(f"[{','.join(texts)}]".encode(), headers=headers.encode())


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Serve books, behind a connection."""
    one = Books()
    with RawServer(one.answer) as server:
        extra = {"subscription_api_key": "sub-key-1", "requests_per_second": 1000}
        value = {"conn_type": "poweroffice", "host": server.url, "login": "app", "password": "client"}
        monkeypatch.setenv("AIRFLOW_CONN_BOOKS", json.dumps(value | {"extra": extra}))
        yield one


class Killed(BaseException):
    """What a task that is ended from outside gets."""


ENDED: dict[int, type[BaseException]] = {6: Killed, 12: PowerOfficeError, 21: Killed}
"""Nights of which the first load ends in its middle, by what."""


def load(since: str | None, layout: str, night: int, **arguments: Any) -> Any:
    """Load what changed into the layout's table."""
    settings: dict[str, Any] = {"sql_conn_id": "db", "table": f"projects_{layout}", "layout": layout}
    settings |= {"key": ["ExternalNumber", "Code"], "detect_deletions": True, "changed_since": since}
    settings |= {"overlap": 120, "page_size": 3, "allow_new_columns": True, "on_type_conflict": "extra"}
    task = PowerOfficeToSqlOperator(
        task_id="t",
        endpoint="Projects",
        poweroffice_conn_id="books",
        retry_options={"attempts": 1},
        **settings | arguments,
    )
    return task.execute({"run_id": f"night {night}", "ti": SimpleNamespace(map_index=-1)})  # type: ignore[arg-type]


def columns(query: Query) -> dict[tuple[int, str], dict[str, str | None]]:
    """Give the rows of the table of columns that are not marked as gone, each value as text."""
    names = ["external_number", "code", *FIELDS.values(), "_extra"]
    there = [name for (name, *_) in _names(query)]
    asked = ", ".join(f'CAST("{name}" AS VARCHAR)' if name in there else "NULL" for name in names)
    found = query(f"SELECT {asked} FROM projects_columns WHERE _deleted_at IS NULL")
    rows = {
        (int(Decimal(row[0])), row[1]): dict(zip([*FIELDS, "_extra"], row[2:], strict=True)) for row in found
    }
    assert len(rows) == len(found)
    return rows


def _names(query: Query) -> list[tuple[Any, ...]]:
    try:
        return query(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'projects_columns'"
        )
    except Exception:  # noqa: BLE001 - SQLite has its own
        return query("SELECT name FROM pragma_table_info('projects_columns')")


def raw(query: Query) -> dict[str, str]:
    """Give id and payload of the rows of the raw table that are not marked as gone."""
    found = query("SELECT id, CAST(payload AS VARCHAR) FROM projects_raw WHERE deleted_at IS NULL")
    assert len(dict(found)) == len(found)  # type: ignore[arg-type]
    return dict(found)  # type: ignore[arg-type]


def is_same(sent: str, stored: str | None) -> bool:
    """Tell whether a column holds what was sent, whatever the database writes it like."""
    value = json.loads(sent, parse_float=Decimal, parse_int=Decimal)
    if stored is None or value is None:
        return stored is value
    if isinstance(value, bool):
        return stored in ({"true", "1"} if value else {"false", "0"})
    if isinstance(value, Decimal):
        return Decimal(stored) == value
    with suppress(ArithmeticError):
        return Decimal(value) == Decimal(stored)
    return stored in {value, value[:10]} if "T" in value else stored == value


def check(books: Books, query: Query) -> set[str]:
    """Compare both tables with the server, and give the fields of which values are kept in ``_extra``."""
    found, rows, extra = columns(query), {row.key: row for row in books.listed}, set()
    assert found.keys() == rows.keys()
    for key, stored in found.items():
        beside = {name: bytes(value).decode() for name, value in take_apart(stored["_extra"] or "{}").items()}
        for name in FIELDS:
            sent = rows[key].values.get(name, "null")
            if name in beside:
                assert (stored[name], beside[name]) == (None, sent)
            else:
                assert is_same(sent, stored[name]), (key, name, sent, stored[name])
        extra |= beside.keys()
    texts = raw(query)
    assert set(texts) == {msgspec.json.encode(key).decode() for key in rows}
    for row in rows.values():
        assert texts[msgspec.json.encode(row.key).decode()] in {row.text(n) for n in range(6)}
    return extra


@pytest.mark.finding("R12", "R13", "R8")
def test_month_of_types(books: Books, query: Query) -> None:
    """Every night, in both layouts, each value is the server's: in its column, or as sent in ``_extra``."""

    def die(*_: object) -> bool:
        raise Killed

    since: dict[str, str | None] = {"columns": None, "raw": None}
    extra: set[str] = set()
    for night in range(1, NIGHTS + 1):
        books.work()
        for layout, moment in since.items():
            if night in ENDED:
                held = columns(query), raw(query)
                books.is_cut = True
                with pytest.raises(ENDED[night]):
                    load(moment, layout, night, on_page_error=die if ENDED[night] is Killed else "stop")
                books.is_cut = False
                assert held == (columns(query), raw(query))
                load(moment, layout, night)  # and is ended again, before its watermark is stored
            receipt = load(moment, layout, night)
            since[layout] = receipt["watermark"]
            assert receipt["rows"] < 40
        if night % 6 == 0:
            extra |= check(books, query)
    assert extra - {"Drift"} == {"Score", "EndDate", "Remark", "IsActive"}
    with pytest.raises(
        AirflowFailException,
        match=r"TypeConflictError: .*row .* in \w+, which is .*on_type_conflict=\"extra\"",
    ):
        load(None, "columns", NIGHTS, on_type_conflict="fail")
    check(books, query)


@pytest.mark.finding("R12", "R13")
def test_month_of_types_in_parquet(books: Books, tmp_path: Path) -> None:
    """A file of each night holds every value of the server, by kinds that all values of the night decide."""
    for night in range(1, NIGHTS + 1):
        books.work()
        path = tmp_path / f"{night}.parquet"
        task = PowerOfficeToObjectStorageOperator(
            task_id="t",
            endpoint="Widgets",
            poweroffice_conn_id="books",
            object_path=f"file://{path}",
            format="parquet",
        )
        task.execute({"run_id": f"night {night}"})  # type: ignore[arg-type]
        found = {row["Id"]: row for row in pq.read_table(path).to_pylist()}
        assert found.keys() == {row.number for row in books.listed}
        for row in books.listed:
            for name in FIELDS:
                sent, stored = row.values.get(name, "null"), found[row.number].get(name)
                text = stored if stored is None or isinstance(stored, str) else str(stored).lower()
                assert text == sent or is_same(sent, text), (night, name, sent, stored)
