"""Finance & Operations into a table: the entity's key comes from what is known, or from its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sql_loads import set_database

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.transfers.d365fo import D365FOToSqlOperator

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


def test_no_metadata(fo: D365FOSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that has no metadata leaves the key to the argument, and says so."""
    set_database(monkeypatch, {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")})
    fo.add_fault(action="status", status=404, path="/metadata/*")
    with pytest.raises(AirflowFailException, match="key"):
        load("ExchangeRates")
