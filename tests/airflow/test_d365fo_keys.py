"""Finance & Operations into a table: the entity's key comes from what is known, or from its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sql_loads import set_database

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator
from airflow_provider_poweroffice.transfers.d365fo import D365FOToObjectStorageOperator, D365FOToSqlOperator

if TYPE_CHECKING:
    from pathlib import Path

    from poweroffice_sandbox.d365fo import D365FOSandbox

pytestmark = pytest.mark.usefixtures("fo_connection")


def load(endpoint: str) -> dict[str, Any]:
    """Load an entity by its own key."""
    operator = D365FOToSqlOperator(
        task_id="load", endpoint=endpoint, sql_conn_id="db", table="t", retry_options={"attempts": 1}
    )
    return operator.execute({"run_id": "r"})


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
    asked = fo.count("GET", "/metadata/PublicEntities")
    assert asked == (0 if endpoint == "CustomerGroups" else 2)


def test_every_read_is_in_the_order_of_the_key(
    fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To an object, to XCom, and to a table by a given key: pages overlap, the key is asked for once."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.set(page_size=3, default_order="shuffled")
    path = f"file://{tmp_path}/rates.ndjson"
    key = ["RateTypeName", "FromCurrency", "ToCurrency", "StartDate"]
    tasks = [
        D365FOToObjectStorageOperator(
            task_id="object", endpoint="ExchangeRates", object_path=path, format="ndjson"
        ),
        D365FOEntityOperator(task_id="xcom", entity="ExchangeRates", paginate=True),
        D365FOToSqlOperator(
            task_id="table", endpoint="ExchangeRates", sql_conn_id="db", table="t", key=key, mode="replace"
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
