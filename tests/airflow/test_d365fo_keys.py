"""Finance & Operations into tables and files: key and kinds of an entity come from its metadata."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from sql_loads import set_database

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.errors import IncompleteReadError, PowerOfficeError
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator
from airflow_provider_poweroffice.transfers.d365fo import D365FOToObjectStorageOperator, D365FOToSqlOperator

if TYPE_CHECKING:
    from pathlib import Path

    from poweroffice_sandbox.d365fo import D365FOSandbox

pytestmark = pytest.mark.usefixtures("fo_connection")
RATE_KEY = ["RateTypeName", "FromCurrency", "ToCurrency", "StartDate"]


def load(endpoint: str, **arguments: Any) -> dict[str, Any]:
    """Load an entity by its own key."""
    given = {"table": "t", "retry_options": {"attempts": 1}} | arguments
    operator = D365FOToSqlOperator(task_id="load", endpoint=endpoint, sql_conn_id="db", **given)
    return operator.execute({"run_id": "r"})


def columns(folder: Path, table: str = "t") -> dict[str, str]:
    """Give the types of a table's columns."""
    with sqlite3.connect(folder / "db.sqlite") as connection:
        return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}


def to_parquet(folder: Path, **arguments: Any) -> Any:
    """Load the rates into a file, and read it."""
    path = folder / "rates.parquet"
    D365FOToObjectStorageOperator(
        task_id="file", endpoint="ExchangeRates", object_path=f"file://{path}", format="parquet", **arguments
    ).execute({"run_id": "r"})
    return pq.read_table(path)


@pytest.mark.parametrize("endpoint", ["CustomerGroups", "ExchangeRates", "data/LedgerJournalLines"])
def test_no_key_is_needed(
    fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    """A second load puts no row twice, whether the catalogue knows the entity or its metadata does."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    first = load(endpoint)
    again = load(endpoint)
    assert first["rows"] == first["inserted"] > 0
    assert (again["inserted"], again["rows"]) == (0, first["rows"])
    reads = [entry.query for entry in fo.journal() if entry.path == f"/data/{endpoint.removeprefix('data/')}"]
    assert all("orderby=" in query for query in reads)
    assert fo.count("GET", "/metadata/PublicEntities") == 2, "once a load, for key and kinds"
    load(endpoint, layout="raw", table="raw")
    assert fo.count("GET", "/metadata/PublicEntities") == (2 if endpoint == "CustomerGroups" else 3)


def test_every_read_is_in_the_order_of_the_key(
    fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To an object, to XCom, and to a table by a given key: pages overlap, the key is asked for once."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.set(page_size=3, default_order="shuffled")
    path = f"file://{tmp_path}/rates.ndjson"
    tasks = [
        D365FOToObjectStorageOperator(
            task_id="object", endpoint="ExchangeRates", object_path=path, format="ndjson"
        ),
        D365FOEntityOperator(task_id="xcom", entity="ExchangeRates", paginate=True),
        D365FOToSqlOperator(
            task_id="table",
            endpoint="ExchangeRates",
            sql_conn_id="db",
            table="t",
            key=RATE_KEY,
            mode="replace",
        ),
    ]
    for number, task in enumerate(tasks, start=1):
        seen = len(fo.journal())
        task.execute({"run_id": "r"})
        reads = [entry.query for entry in fo.journal()[seen:] if entry.path == "/data/ExchangeRates"]
        assert len(reads) > 1
        assert all("orderby=RateTypeName%2CFromCurrency%2CToCurrency%2CStartDate" in query for query in reads)
        assert all("skip=" in query for query in reads[1:])
        assert fo.count("GET", "/metadata/PublicEntities") == number


def test_no_metadata(fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that has no metadata leaves the key to the argument, and says so."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.add_fault(action="status", status=404, path="/metadata/*")
    with pytest.raises(AirflowFailException, match="key"):
        load("ExchangeRates")


def test_kinds(fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table's column comes first, then the argument, then the metadata, then the rows."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    load("ExchangeRates")
    assert (columns(tmp_path)["start_date"], columns(tmp_path)["rate"]) == ("TIMESTAMP_TEXT", "DECIMAL_TEXT")
    load("ExchangeRates", table="given", fields={"StartDate": "text", "Rate": "text"})
    assert {columns(tmp_path, "given")[name] for name in ("start_date", "rate")} == {"TEXT"}
    fo.add_fault(action="status", status=403, path="/metadata/*", times=2)
    assert load("ExchangeRates", key=RATE_KEY, table="given")["updated"]
    load("ExchangeRates", key=RATE_KEY, table="rows")
    assert columns(tmp_path, "rows")["start_date"] == "TEXT", "by its rows, where nobody is to ask"
    for table in ("given", "rows", "t"):  # whatever it was made by, and whether or not the metadata answers
        receipt = load("ExchangeRates", table=table)
        assert (receipt["inserted"], receipt["columns_added"], receipt["updated"] > 0) == (0, [], True)
    with sqlite3.connect(tmp_path / "db.sqlite") as connection:
        (kept,) = connection.execute("SELECT min(start_date) FROM t").fetchone()
    assert kept.endswith("Z")


def test_kinds_without_rows(fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is made of what is told, and of no field that is not read."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.set(default_order="shuffled")
    query = {"$select": ["RateTypeName", "FromCurrency", "ToCurrency", "StartDate"]}
    assert load("ExchangeRates", query=query, filters=("FromCurrency", "==", "ZZZ"))["created"]
    names = [name for name in columns(tmp_path) if not name.startswith("_")]
    assert sorted(names) == ["from_currency", "rate_type_name", "start_date", "to_currency"]


def test_kinds_of_a_file(fo: D365FOSandbox, tmp_path: Path) -> None:
    """Parquet has them too, below the argument's; without metadata columns follow the rows."""
    types = {field.name: str(field.type) for field in to_parquet(tmp_path).schema}
    assert (types["StartDate"], types["Rate"]) == ("timestamp[us, tz=UTC]", "decimal128(38, 10)")
    given = to_parquet(tmp_path, fields={"StartDate": "text"}, query={"$select": "StartDate,Rate"})
    own = {field.name: str(field.type) for field in given.schema if field.name[0] not in "@_"}
    assert own == {"StartDate": "string", "Rate": "decimal128(38, 10)"}
    empty = to_parquet(tmp_path, filters=("FromCurrency", "==", "ZZZ"))
    assert (empty.num_rows, str(empty.schema.field("StartDate").type)) == (0, types["StartDate"])
    fo.add_fault(action="status", status=500, path="/metadata/*", times=10)
    plain = to_parquet(tmp_path, retry_options={"attempts": 1})
    assert str(plain.schema.field("StartDate").type) == "string"


@pytest.mark.parametrize("status", [403, 404, 501, 503])
def test_key_that_is_given_does_without_metadata(
    fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Order and overlap are by the key that is given, so that several pages may replace a table."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.set(page_size=3, default_order="shuffled")
    fo.add_fault(action="status", status=status, path="/metadata/*", times=100)
    receipt = load("ExchangeRates", key=RATE_KEY, mode="replace")
    reads = [entry.query for entry in fo.journal() if entry.path == "/data/ExchangeRates"]
    assert receipt["rows"] == receipt["inserted"] > 3
    assert all("orderby=RateTypeName%2CFromCurrency%2CToCurrency%2CStartDate" in query for query in reads)
    assert all("skip=" in query for query in reads[1:])
    assert fo.count("GET", "/metadata/PublicEntities") == 1
    with pytest.raises((AirflowFailException, PowerOfficeError)) as caught:
        load("ExchangeRates")
    assert isinstance(caught.value, AirflowFailException) == (status != 503), "a try later may do"
    assert "key=" in f"{caught.value} {getattr(caught.value, '__notes__', '')}"


def test_list_of_keys(fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read by the entity's key, whichever the table has, and marks nothing if rows may have moved."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.set(page_size=3, default_order="shuffled")
    by_rate = {"key": [*RATE_KEY, "Rate"], "query": {"$orderby": "Rate"}, "detect_deletions": True}
    assert load("ExchangeRates", **by_rate)["marked_deleted"] == 0
    reads = [entry.query for entry in fo.journal() if entry.path == "/data/ExchangeRates"]
    listed = [query for query in reads if "orderby=RateTypeName%2CFromCurrency%2CToCurrency%2CStart" in query]
    assert len(reads) > len(listed) > 1
    assert all("skip=" in query for query in listed[1:])
    fo.add_fault(action="status", status=404, path="/metadata/*", times=100)
    with pytest.raises(IncompleteReadError, match="nothing is marked: rows lack a field of their key"):
        load("ExchangeRates", key="RateTypeName", table="shared", detect_deletions=True)
