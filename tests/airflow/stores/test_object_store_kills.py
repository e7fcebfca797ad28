"""A worker killed while it puts an object into a store leaves the old or the new one; a retry goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from conftest import Lake
from sql_loads import DATES
from test_object_stores import CONTEXT, batch, copy, customers, numbers, rows_of, sent, written

from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)

pytestmark = pytest.mark.usefixtures("connection")


@pytest.mark.parametrize("whole", [False, True], ids=["half sent", "sent and not answered"])
def test_killed_while_publishing(lake: Lake, killed: Callable[..., None], whole: bool) -> None:
    """The object is the old one, or the new one whole, or there is none still; a retry makes it."""
    program = (
        "from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import "
        "PowerOfficeToObjectStorageOperator as T\n"
        f"T(task_id='t', endpoint='AccountTransactions', query={DATES!r}, format='ndjson', "
        f"object_path='{lake.root}/ledger.ndjson').execute({CONTEXT!r})\n"
    )
    expected = sent()
    killed(program, at="ledger.ndjson", whole=whole)
    assert lake.names() == (["ledger.ndjson"] if whole else [])
    lake.put("ledger.ndjson", b"old\n")
    killed(program, at="ledger.ndjson", whole=whole)
    content = lake.get("ledger.ndjson")
    assert rows_of("ndjson", content) == expected if whole else content == b"old\n"
    copy("ndjson", f"{lake.root}/ledger.ndjson")
    assert rows_of("ndjson", lake.get("ledger.ndjson")) == expected
    assert lake.names() == ["ledger.ndjson"]


@pytest.mark.parametrize(
    ("at", "number", "whole"),
    [("batch.json", 1, False), ("/parts/", 2, False), ("/parts/", 2, True), ("results.ndjson", 1, False)],
)
def test_a_killed_batch_goes_on(
    lake: Lake, killed: Callable[..., None], at: str, number: int, whole: bool
) -> None:
    """Killed while it notes what it did: the retry goes on, and each record is there once."""
    path = lake.put("in/customers.ndjson", written("ndjson", customers(250)))
    program = (
        "from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import "
        "ObjectStorageToPowerOfficeOperator as T\n"
        f"T(object_path={path!r}, **{batch(lake)!r}).execute({CONTEXT!r})\n"
    )
    killed(program, at=at, number=number, whole=whole)
    receipt = ObjectStorageToPowerOfficeOperator(object_path=path, **batch(lake)).execute(CONTEXT)
    assert receipt["created"] + receipt["unchanged"] == receipt["records"] == 250
    assert numbers() == Counter(range(90_000, 90_250))
    assert len(lake.get(receipt["key"]).splitlines()) == 250
