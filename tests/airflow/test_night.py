"""What the summary writes of a night: a row for each company and resource, and a page that shows them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesSummaryOperator
from airflow_provider_poweroffice.storage.sql.loads_table import LoadRow
from airflow_provider_poweroffice.tasks.company import KEY, LOADS, UNKNOWN, instances_of
from airflow_provider_poweroffice.tasks.night import rows_of
from airflow_provider_poweroffice.tasks.night_picture import page

COMPANY, CUSTOMERS = "g.company", "g.customers"
LOADS_OF = {
    "customers": {"endpoint": "Customers", "table": "customers", "schema": "books"},
    "projects": {"endpoint": "Projects", "table": "{{ company }}_projects"},
}
MOMENT = "2026-11-29T23:59:59.750000Z"
DONE = {
    "outcome": "loaded",
    "table": "books.customers",
    "rows": 12,
    "inserted": 1,
    "updated": 11,
    "deleted": 0,
    "marked_deleted": 2,
    "began": MOMENT,
    "seconds": 0.412,
    "watermark": "2026-05-02T13:09:55.9103401Z",
}
RECEIPT = DONE | {"restored": 0, "since": None, "company": "a"}


class TaskInstance(SimpleNamespace):
    """Stands in for the task instance of a summary: states by map index, and XComs by key."""

    dag_id, run_id = "d", "run 1"

    def get_task_states(self, *, dag_id: str, task_ids: list[str], run_ids: list[str]) -> Any:  # noqa: ARG002 - Airflow's
        """Give the states."""
        return {self.run_id: {f"{task_ids[0]}_{index}": state for index, state in enumerate(self.states)}}

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:  # noqa: ARG002 - Airflow's
        """Give what was left."""
        return self.left.get(key)

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it."""
        self.pushed = (key, value)


def rows(ti: TaskInstance, companies: list[str], task: str = COMPANY, **loads: Any) -> dict[Any, LoadRow]:
    """Give the rows by company and resource."""
    found = rows_of(ti, {task: instances_of(ti, task, companies)}, loads or LOADS_OF, companies)
    return {(row.company, row.resource): row for row in found}


def outcomes(found: dict[Any, LoadRow]) -> dict[str, list[str]]:
    """Give the outcomes of each company, of customers and projects."""
    return {
        company: [found[company, name].outcome for name in ("Customers", "Projects")]
        for company in sorted({company for company, _ in found})
    }


def report(index: int, company: str, error: str | None = None, **more: Any) -> dict[str, Any]:
    """Make what a task leaves of its company."""
    return {"company": company, "map_index": index, "error": error} | more


def test_a_task_for_each_company() -> None:
    """What a task tells of its loads is the row; of one that tells nothing, what is known of the task."""
    refused, unchanged = "AuthenticationError: refused", DONE | {"outcome": "unchanged", "table": "t"}
    results = [
        {"map_index": 0, "company": "a", "loads": {"customers": DONE, "projects": unchanged}},
        {
            "map_index": 1,
            "company": "b",
            "loads": {
                "customers": {
                    "outcome": "failed",
                    "table": "books.customers",
                    "began": MOMENT,
                    "seconds": 2.0,
                },
                "projects": {"outcome": "left_out"},
            },
        },
        {"map_index": 2, "company": "c", "loads": {key: {"outcome": "not_run"} for key in LOADS_OF}},
        {"map_index": 9, "company": "killed", "loads": dict.fromkeys(LOADS_OF, DONE)},  # of a longer list
    ]
    ti = TaskInstance(
        states=["success", "failed", "failed", "failed", "upstream_failed"],
        left={
            KEY: [report(0, "a"), report(1, "b", "2 of 2"), report(2, "c", refused), report(3, "killed")],
            LOADS: [
                {
                    "map_index": 1,
                    "company": "b",
                    "failed": {"customers": "ServerError:\n503"},
                    "left_out": {"projects": "403"},
                }
            ],
            "return_value": results,
        },
    )
    found = rows(ti, ["a", "b", "c", "killed", "upstream"])
    assert outcomes(found) == {
        "a": ["loaded", "unchanged"],
        "b": ["failed", "left_out"],
        "c": ["not_run", "not_run"],
        "killed": ["unknown", "unknown"],
        "upstream": ["not_run", "not_run"],
    }
    assert found["a", "Customers"] == LoadRow(
        recorded_at=found["c", "Projects"].recorded_at,
        run_id="run 1",
        task="d.g.company.customers",
        company="a",
        resource="Customers",
        table_name="books.customers",
        outcome="loaded",
        rows_loaded=12,
        inserted=1,
        updated=11,
        deleted=0,
        marked_deleted=2,
        seconds="0.412",
        watermark="2026-05-02T13:09:55.9103401Z",
        began_at="2026-11-29T23:59:59.750000",
        ended_at="2026-11-30T00:00:00.162000",
    )
    failed = found["b", "Customers"]
    assert (failed.error, failed.seconds, failed.rows_loaded) == ("ServerError: 503", "2.000", None)
    assert [found[name, "Projects"].error for name in "abc"] == [None, "403", refused]
    assert (found["killed", "Customers"].error, found["killed", "Customers"].table_name) == (
        UNKNOWN,
        "books.customers",
    )
    assert found["killed", "Projects"].table_name is None, "it is a template that only its task rendered"
    missing = rows(TaskInstance(states=[], left={}), ["a"])
    assert {row.error for row in missing.values()} == {"no task worked for it"}


def test_a_task_for_each_resource() -> None:
    """The receipt is the row; an old one of an instance that is no longer there does not count."""
    old = RECEIPT | {"company": "b", "began": "2026-11-28T00:00:00.000000Z"}
    ti = TaskInstance(
        states=["success", "failed", "skipped"],
        left={
            KEY: [report(0, "a"), report(1, "b", "ServerError: 503"), report(2, "c", left_out="403")],
            "return_value": [RECEIPT | {"since": MOMENT, "inserted": 0, "marked_deleted": 0}, old],
        },
    )
    found = rows(ti, ["a", "b", "c"], CUSTOMERS, **{CUSTOMERS: LOADS_OF["customers"]})
    told = [(row.company, row.task, row.outcome, row.error) for row in found.values()]
    assert told == [
        ("a", "d.g.customers", "unchanged", None),
        ("b", "d.g.customers", "failed", "ServerError: 503"),
        ("c", "d.g.customers", "left_out", "403"),
    ]


def test_a_task_that_loads_no_table() -> None:
    """What a transfer to an object leaves has a path and no counts of a table, and perhaps no watermark."""
    load = {"endpoint": "Customers"}
    receipt = {"path": "s3://b/x", "endpoint": "Customers", "company": "a", "rows": 5, "began": MOMENT}
    for left in (receipt | {"seconds": 1.5, "watermark": None, "since": None}, receipt):
        ti = TaskInstance(states=["success"], left={KEY: [report(0, "a")], "return_value": [left]})
        (row,) = rows(ti, ["a"], CUSTOMERS, **{CUSTOMERS: load}).values()
        assert (row.outcome, row.table_name, row.rows_loaded, row.inserted) == ("loaded", "s3://b/x", 5, None)
    for wrong in ({"x": {}}, {"x": "Customers"}, ["x"], "x"):
        with pytest.raises(TypeError, match="loads must map"):
            PowerOfficeCompaniesSummaryOperator(task_id="summary", loads=wrong)  # type: ignore[arg-type]


class Cells(HTMLParser):
    """The texts and titles of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.titles += [value or "" for name, value in attrs if name == "title"]

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.texts.append(data.strip())


def test_the_page() -> None:
    """Failures come first, with their causes; whatever a name or an error holds is text, and nothing runs."""
    evil = "<script>alert('x')</script>\"><img src=x onerror=y>"
    given = {
        "run_id": "r",
        "recorded_at": MOMENT[:-1],
        "seconds": "1.250",
        "began_at": MOMENT[:-1],
        "ended_at": "2026-11-30T00:00:01",
    }
    cells = [
        LoadRow(company=company, task=resource, resource=resource, outcome=outcome, error=error, **given)
        for company, resource, outcome, error in (
            ("a", "Customers", "loaded", None),
            ("a", evil, "unchanged", None),
            ("b", "Customers", "left_out", "403"),
            ("b", evil, "loaded", None),
            ("c", "Customers", "loaded", None),
            ("c", evil, "failed", evil),
        )
    ]
    text = page(evil, cells, [{"what": evil, "error": evil, "companies": [evil, None]}])
    found = Cells(text)
    assert found.tags.isdisjoint({"script", "img", "link", "iframe", "a"})
    assert found.texts.count(evil) == 2 + 1 + 2, "title and heading, the resource, what and why"
    assert [title for title in found.titles if title[:4] != "from"] == [f"{evil}, none", evil, "403"]
    order = [text for text in found.texts if text in {"a", "b", "c"}]
    assert order == ["c", "b", "a"]
    assert {"✗ 1.2", "✓ 1.2", "= 1.2", "· 1.2"} <= {*found.texts}
    assert any(
        text.startswith("2 of 3 companies are loaded, 2026-11-29 23:59:59 to ") for text in found.texts
    )


def test_a_thousand_companies() -> None:
    """The page of a large firm stays small."""
    cells = [
        LoadRow(
            run_id="r",
            recorded_at=MOMENT[:-1],
            company=f"company-{number:04}",
            task=f"t{resource}",
            resource=f"Resource{resource}",
            outcome="loaded",
            rows_loaded=1234,
            inserted=12,
            seconds="0.412",
            began_at=MOMENT[:-1],
            ended_at=MOMENT[:-1],
        )
        for number in range(1000)
        for resource in range(8)
    ]
    assert len(page("a night", cells, []).encode()) < 500_000


def test_nothing_is_lost(tmp_path: Path) -> None:
    """A database that is down fails the summary for its retries; the page and the summary are there."""
    ti = TaskInstance(states=["success"], left={KEY: [report(0, "a")]})
    arguments: dict[str, Any] = {"tasks": [COMPANY], "companies": ["a"], "loads": LOADS_OF}
    task = PowerOfficeCompaniesSummaryOperator(
        task_id="summary",
        sql_conn_id="no_such_database",
        loads_table="_loads",
        picture=f"file://{tmp_path}/night.html",
        **arguments,
    )
    with pytest.raises(Exception, match="no_such_database") as caught:
        task.execute({"ti": ti})  # type: ignore[typeddict-item]
    assert not isinstance(caught.value, AirflowFailException), "it may be tried again"
    assert (ti.pushed[0], ti.pushed[1]["succeeded"]) == ("return_value", ["a"])
    assert "✓" in (tmp_path / "night.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"loads_table": "_loads", "sql_conn_id": "db"}, "need loads"),
        ({"loads": LOADS_OF, "loads_table": "_loads"}, "loads_table='_loads' needs sql_conn_id"),
        ({"loads": LOADS_OF, "loads_table": "a b", "sql_conn_id": "db"}, "'a b' is not a name"),
        ({"loads": LOADS_OF, "picture": "night.html"}, "picture: object_path 'night.html' has no scheme"),
    ],
)
def test_refused(arguments: dict[str, Any], says: str) -> None:
    """What cannot be written is refused while the DAG file is read."""
    with pytest.raises(ValueError, match=r"loads|picture|table") as caught:
        PowerOfficeCompaniesSummaryOperator(task_id="summary", **arguments)
    assert says in str(caught.value)
