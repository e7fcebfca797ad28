"""What `make airflow` starts with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from tools.airflow_ui import books_end, make_customers


def test_books_end_where_they_did(tmp_path: Path) -> None:
    """The books end on the day of the first start, and so again at each later one: a warehouse holds them."""
    folder = tmp_path / "airflow"
    before = datetime.now(UTC).date()
    first = books_end(folder)
    assert before <= first <= datetime.now(UTC).date()
    (folder / "books_end").write_text("2026-01-31")
    assert books_end(folder) == date(2026, 1, 31)
    (folder / "books_end").write_text("soon")
    assert books_end(folder) >= before


def test_customers_of_the_warehouse(tmp_path: Path) -> None:
    """The example DAG finds its table, also after a second start."""
    for _ in range(2):
        make_customers(tmp_path / "warehouse.sqlite")
    with closing(sqlite3.connect(tmp_path / "warehouse.sqlite")) as database:
        assert len(database.execute("select id, name, email, city, zip from crm_customers").fetchall()) == 2
