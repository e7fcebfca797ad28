"""One Airflow, one sandbox, one browser for all tests of the pages, and the runs that the tests look at."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from runs import start, until

from tests.infrastructure import browser
from tests.infrastructure.airflow_home import DAGS, PASSWORD, USER
from tests.infrastructure.standalone import Standalone

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".work" / "ui-tests"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page a test failed on."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and page is not None:
        picture = FOLDER / f"failed-{item.name}.png"
        page.screenshot(path=picture)
        report.sections.append(("the page", str(picture)))
    return report


@pytest.fixture(scope="session")
def airflow() -> Iterator[Standalone]:
    """Run Airflow and the sandbox; without a browser there is nothing to test."""
    if browser.find_chromium() is None:
        pytest.fail(f"no browser: {browser.INSTALL}")
    dags = (DAGS, ROOT / "tests" / "ui" / "dags")
    with Standalone(FOLDER, fresh=True, today=datetime.now(UTC).date(), dags=dags) as running:
        yield running


@pytest.fixture(scope="session")
def page(airflow: Standalone) -> Iterator[Page]:
    """Give a browser that is logged in."""
    with browser.open_browser(FOLDER / "home") as opened:
        browser.log_in(opened, airflow.url, USER, PASSWORD)
        yield opened


@pytest.fixture(scope="session")
def wrong_key() -> str:
    """Give a subscription key that opens nothing."""
    return "5ab0c0de5ab0c0de5ab0c0de00badbad"


@pytest.fixture(scope="session")
def connections(airflow: Standalone, page: Page, wrong_key: str) -> tuple[str, str]:
    """Add two connections in the browser: a good one, and one with a wrong subscription key."""
    good, wrong = airflow.connection("po_ui"), airflow.connection("po_wrong_key")
    wrong["extra"] = wrong["extra"].replace(airflow.sandbox.keys().subscription_key, wrong_key)
    for connection in (good, wrong):
        browser.add_connection(page, airflow.url, connection)
    return "po_ui", "po_wrong_key"


@pytest.fixture(scope="session")
def extract(airflow: Standalone, page: Page) -> str:
    """Run the extract DAG by the Trigger button until its page says how it ended; give the run's id."""
    run_id = browser.trigger_dag(page, airflow.url, "poweroffice_extract_company")
    assert browser.wait_for_end(page) == "Success"
    return run_id


@pytest.fixture(scope="session")
def waiting(airflow: Standalone) -> dict[str, Any]:
    """Start the DAG of the deferrable sensor, and give its task instance once it is deferred."""
    run = f"dags/poweroffice_wait_for_change/dagRuns/{start(airflow, 'poweroffice_wait_for_change')}"

    def deferred() -> dict[str, Any] | None:
        task: dict[str, Any] = airflow.api("GET", f"{run}/taskInstances/changed")
        assert task["state"] not in {"success", "failed"}, "the sensor ended before anything was changed"
        return task if task["state"] == "deferred" and task["trigger"] else None

    return until(deferred)


@pytest.fixture(scope="session")
def woken(airflow: Standalone, waiting: dict[str, Any]) -> dict[str, Any]:
    """Create a customer by the example DAG, and give the sensor's run once it has ended."""
    start(airflow, "poweroffice_create_customer")

    def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = airflow.api(
            "GET", f"dags/poweroffice_wait_for_change/dagRuns/{waiting['dag_run_id']}"
        )
        return run if run["state"] in {"success", "failed"} else None

    return until(ended)
