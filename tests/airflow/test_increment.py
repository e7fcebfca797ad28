"""The watermark: where it lies, when it moves, and what a repeated run reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.tasks.watermark import Increment, emit_asset_event, with_asset
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeToSqlOperator

ASSET = poweroffice_asset("Customers")
EARLY, LATE, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00.1234567Z", "2026-03-01T00:00:00Z"


class Store(dict[str, Any]):
    """A state store, as far as it is used; a task's takes how long to keep a value."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """Keep a value."""
        self[key] = value
        self.retention = retention


class ByAsset:
    """What Airflow keeps by asset; before 3.2 an asset cannot be a key of a dict."""

    def __init__(self, kept: Any) -> None:
        self._kept = kept

    def __getitem__(self, asset: Any) -> Any:
        assert asset == ASSET
        return self._kept


class World:
    """An Airflow that remembers: of an asset (3.3), or only its events."""

    def __init__(self, *, has_state: bool) -> None:
        self.state = Store() if has_state else None
        self.events: list[Any] = []
        self.tasks: dict[str, Store] = {}

    def context(self, run: str) -> dict[str, Any]:
        """Give the context of a task in a run."""
        ti = SimpleNamespace(dag_id="d", run_id=run, task_id="t", map_index=-1)
        if self.state is None:
            return {"ti": ti, "inlet_events": ByAsset(self.events)}
        return {
            "ti": ti,
            "asset_state_store": ByAsset(self.state),
            "task_state_store": self.tasks.setdefault(run, Store()),
        }

    def load(self, run: str, seen: str | None, *, dies: bool = False, **about: Any) -> str | None:
        """Run a load; one that dies does so after its rows are stored."""
        context = self.context(run)
        arguments = {"target": "db:books.customers", "company": "acme", "scope": {}} | about
        increment = Increment(context, [ASSET], **arguments)
        since = increment.since()
        note = increment.move(since, seen)
        if not dies:  # an event is recorded when the task has succeeded
            event = SimpleNamespace(extra={})
            emit_asset_event(context | {"outlet_events": ByAsset(event)}, [ASSET], {"rows": 1}, note)
            self.events.append(event)
        return since


@pytest.fixture(params=[True, False], ids=["state of the asset", "events"])
def world(request: pytest.FixtureRequest) -> World:
    """Give an Airflow of either kind."""
    return World(has_state=request.param)


def test_goes_on(world: World) -> None:
    """The first run reads everything, each later one from where the last has come."""
    assert [world.load("1", EARLY), world.load("2", LATE), world.load("3", None)] == [None, EARLY, LATE]
    assert world.load("4", LATER) == LATE, "a run without changes does not move it"


def test_quiet_run_writes_nothing(world: World) -> None:
    """A run that moves nothing leaves the note as it is, and the next goes on from it all the same."""
    world.load("1", EARLY)
    written = None if world.state is None else {key: dict(note) for key, note in world.state.items()}
    assert [world.load("2", None), world.load("3", EARLY)] == [EARLY, EARLY]
    assert world.state == written
    assert [world.load("4", LATE), world.load("5", None)] == [EARLY, LATE]


def test_retry_reads_the_same(world: World) -> None:
    """A worker that dies after the watermark moved: its retry reads what the first try read."""
    world.load("1", EARLY)
    assert world.load("2", LATE, dies=True) == EARLY
    assert world.load("2", LATER) == EARLY
    assert world.load("3", None) == LATER


def test_cleared_run_reads_the_same(world: World) -> None:
    """A run that is cleared later reads its own rows again, and takes nothing back."""
    for run, seen in (("1", EARLY), ("2", LATE), ("3", LATER)):
        world.load(run, seen)
    assert world.load("2", LATE) == EARLY
    assert world.load("4", None) == LATER


def test_never_backwards(world: World) -> None:
    """An earlier moment than the one reached does not count."""
    world.load("1", LATE)
    world.load("2", EARLY)
    assert world.load("3", None) == LATE


def test_keys_do_not_mix(world: World) -> None:
    """Each company and each target has a watermark of its own."""
    world.load("1", LATE)
    assert world.load("2", EARLY, company="other") is None
    assert world.load("3", EARLY, target="db:books.other") is None
    assert world.load("4", None) == LATE


def test_another_query_reads_everything(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A watermark says nothing of rows that the query then left out."""
    world.load("1", LATE, scope={"query": {"isActive": "true"}})
    assert world.load("2", LATER, scope={"query": {}}) is None
    assert "another query" in caplog.text
    assert world.load("3", None, scope={"query": {}}) == LATER


def test_asset_is_added() -> None:
    """A task has its asset without being told, and keeps the one it was given."""
    about: dict[str, Any] = {"endpoint": "Customers", "conn_id": "poweroffice_default"}
    assert with_asset({}, **about)["outlets"] == [ASSET]
    assert with_asset({"outlets": ASSET}, **about | {"endpoint": "{{ x }}"})["outlets"] == [ASSET]
    with pytest.raises(ValueError, match="outlets="):
        with_asset({}, **about | {"endpoint": "{{ x }}"})
    with pytest.raises(ValueError, match="partial"):
        Increment({}, [], target="x", company=None, scope={})


def test_full_refresh(world: World) -> None:
    """Everything is read for once; the next run goes on from there."""
    world.load("1", LATE)
    increment = Increment(world.context("2"), [ASSET], target="db:books.customers", company="acme", scope={})
    assert increment.since(full_refresh="True") is None
    assert increment.since(full_refresh="False") == LATE
    with pytest.raises(ValueError, match="full_refresh must be True or False, not 'perhaps'"):
        increment.since(full_refresh="perhaps")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"changed_since": EARLY}, "changed_since and incremental=True exclude each other"),
        ({"paging": {"max_pages": 2}}, "needs all pages"),
        ({"paging": {"first_page": 2}}, "needs all pages"),
        ({"mode": "replace"}, "use mode='upsert'"),
        ({"incremental": False, "full_refresh": True}, "full_refresh needs incremental=True"),
        ({"incremental": "yes"}, "incremental must be True or False"),
        ({"endpoint": "{{ x }}"}, "outlets="),
    ],
)
def test_bad_arguments(wrong: dict[str, Any], says: str) -> None:
    """What contradicts a watermark fails while the DAG file is read, with the way out."""
    arguments = {"endpoint": "Customers", "sql_conn_id": "db", "table": "t", "incremental": True} | wrong
    with pytest.raises((ValueError, TypeError), match=says):
        PowerOfficeToSqlOperator(task_id="t", **arguments)


def test_resource_without_a_filter() -> None:
    """A resource that tells no changes is refused while the DAG file is read, with what works instead."""
    with pytest.raises(ValueError, match=r"VatCodes cannot be read by changed_since.*read it whole"):
        PowerOfficeToObjectStorageOperator(
            task_id="t", endpoint="VatCodes", object_path="file:///x.ndjson.gz", incremental=True
        )


@pytest.mark.finding("D7")
def test_where_a_run_began_is_kept_for_ever() -> None:
    """A run that is cleared after Airflow's retention still begins where it began the first time."""
    world = World(has_state=True)
    world.load("r1", EARLY)
    world.load("r2", LATE)
    world.load("r3", LATER)
    if HAS_ASSET_STATE:
        from airflow.sdk import NEVER_EXPIRE  # noqa: PLC0415 - 3.3

        assert world.tasks["r2"].retention == NEVER_EXPIRE
    assert world.load("r2", LATE) == EARLY
