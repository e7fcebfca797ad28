"""What Airflow's own API shows of a connection with several companies, and what becomes of it when edited."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from support.airflow_home import HOME

from airflow_provider_poweroffice.hooks.settings import read_settings
from poweroffice_sandbox import Sandbox


@pytest.fixture
def api(airflow_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: ARG001 - is needed
    """Give a client of Airflow's API server with everybody an administrator."""
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    from airflow.api_fastapi.app import create_app  # noqa: PLC0415 - takes seconds
    from fastapi.testclient import TestClient  # noqa: PLC0415

    with TestClient(create_app(apps="core"), base_url="http://testserver") as client:
        token = client.get("/auth/token").json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def stored() -> Any:
    """Give the connection as Airflow's own code reads it from the database."""
    from airflow.models.connection import Connection  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415

    with create_session() as session:
        found = session.query(Connection).filter_by(conn_id="po_firm").one()
        session.expunge(found)
    return found


def test_keys_are_redacted_and_survive_an_edit(sandbox: Sandbox, api: Any) -> None:
    """Aliases are shown, keys never; an edit that sends the stars back keeps the keys and adds a company."""
    fields = json.loads(sandbox.connection_json(companies=["fjordlys", "havblaast"]))
    keys = {alias: sandbox.keys(alias).client_key for alias in sandbox.aliases()}
    body = {"connection_id": "po_firm", **fields, "extra": json.dumps(fields["extra"])}
    made = api.post("/api/v2/connections", json=body)
    assert made.status_code == 201, made.text
    try:
        shown = api.get("/api/v2/connections/po_firm")
        listed = api.get("/api/v2/connections", params={"connection_id_pattern": "po_firm"})
        extra = json.loads(shown.json()["extra"])
        assert extra["client_api_keys"] == {"fjordlys": "***", "havblaast": "***"}
        assert extra["subscription_api_key"] == "***"
        extra["client_api_keys"]["granli"] = keys["granli"]
        edited = api.patch(
            "/api/v2/connections/po_firm",
            params={"update_mask": ["extra"]},
            json={"connection_id": "po_firm", "conn_type": "poweroffice", "extra": json.dumps(extra)},
        )
        assert edited.status_code == 200, edited.text
        for answer in (made, shown, listed, edited):
            assert not any(key in answer.text for key in keys.values())
        found = {
            name: read_settings(stored(), name).credentials.client_key for name in extra["client_api_keys"]
        }
        assert found == {alias: keys[alias] for alias in ("fjordlys", "havblaast", "granli")}
        with sqlite3.connect(HOME / "airflow.db") as database:
            log = "\n".join(map(str, database.execute("select * from log").fetchall()))
        assert "po_firm" in log
        assert not any(key in log for key in keys.values())
    finally:
        api.delete("/api/v2/connections/po_firm")
        # Airflow's audit log keeps the login, which it takes for no secret; other tests look for it.
        with closing(sqlite3.connect(HOME / "airflow.db")) as database:
            database.execute("delete from log where event like '%connection%'")
            database.commit()
            database.execute("vacuum")
            database.execute("pragma wal_checkpoint(truncate)")
