"""
Airflow's pages, driven as a person does: what is clicked, what is read.

Rule: one function for each thing a person does. It waits for what the page shows, and judges nothing;
tests and screenshots do.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect, sync_playwright

INSTALL = "install Chromium (Debian: apt-get install chromium), or name it in the variable CHROMIUM"
SLOW = 30_000
"""Milliseconds a page may take: other programs use the machine too."""

_PLACES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TOAST = "[data-scope=toast][data-part=root]"
# The viewer of JSON makes its lines in any order, and puts each in its place.
_SWEEP = 20  # turns of the wheel, from the top of what a viewer shows to its end
_LINES = "lines => lines.map(line => [parseInt(line.style.top), line.textContent])"


def find_chromium() -> str | None:
    """Give the browser's program, if there is one."""
    places = (os.environ["CHROMIUM"],) if os.environ.get("CHROMIUM") else _PLACES
    return next(filter(None, map(shutil.which, places)), None)


@contextmanager
def open_browser(home: Path, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """
    Open a browser with one empty page, in English.

    :param home: where the browser may write.
    :raises RuntimeError: there is no browser.
    """
    program = find_chromium()
    if program is None:
        raise RuntimeError(f"no browser: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=_OPTIONS, env={**os.environ, "HOME": str(home)}
        )
        try:
            context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
            context.set_default_timeout(SLOW)
            expect.set_options(timeout=SLOW)
            yield context.new_page()
        finally:
            browser.close()


def log_in(page: Page, url: str, user: str, password: str) -> None:
    """Open Airflow and pass its log-in page."""
    page.goto(url)
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    expect(page.get_by_test_id("nav-home-link")).to_be_visible()


def open_connection_form(page: Page, url: str, connection_id: str) -> Locator:
    """Open the form of a new connection of our type, and give its dialog."""
    page.goto(f"{url}/connections")
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.locator("input[name=connection_id]").fill(connection_id)
    form.get_by_role("combobox").first.fill("PowerOffice")
    page.get_by_role("option", name="PowerOffice Go").click()
    return form


def fill_standard_fields(form: Locator, connection: Mapping[str, Any]) -> None:
    """Fill in what every connection has, which the form shows first."""
    for name in ("host", "login", "password", "port"):
        form.locator(f"input[name={name}]").fill(str(connection[name]))


def open_extra_fields(form: Locator) -> None:
    """Open the form's second part; Airflow closes the first."""
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    expect(form.get_by_role("button", name="Extra Fields", exact=True)).to_have_attribute(
        "aria-expanded", "true"
    )


def fill_subscription_key(form: Locator, key: str) -> None:
    """Fill in the third key."""
    form.locator("input[name=element_subscription_api_key]").fill(key)


def save_connection(form: Locator) -> None:
    """Press Save; returns when the form has closed."""
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def add_connection(page: Page, url: str, connection: Mapping[str, Any]) -> None:
    """Add a connection from beginning to end."""
    form = open_connection_form(page, url, connection["connection_id"])
    fill_standard_fields(form, connection)
    open_extra_fields(form)
    fill_subscription_key(form, json.loads(connection["extra"])["subscription_api_key"])
    save_connection(form)


def test_connection(page: Page, url: str, connection_id: str) -> str:
    """Press Test in the connection's row, and give what the page answers."""
    page.goto(f"{url}/connections")
    row = page.get_by_role("row").filter(has=page.get_by_text(connection_id, exact=True))
    row.get_by_role("button", name="Test Connection").click()
    page.mouse.move(400, 600)  # the button's tooltip covers the row below
    answer = page.locator(_TOAST).filter(has_text="Test Connection")
    expect(answer).to_be_visible()
    return answer.inner_text()


def trigger_dag(page: Page, url: str, dag_id: str) -> str:
    """Press Trigger on the DAG's page, and give the id of the run."""
    page.goto(f"{url}/dags/{dag_id}")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/runs/*")
    return page.url.rpartition("/runs/")[2]


def wait_for_end(page: Page, seconds: float = 90.0) -> str:
    """Watch the page of a run until it says how the run has ended, and give that word."""
    badge = page.get_by_test_id("state-badge").first
    expect(badge).to_have_text(re.compile("^(Success|Failed)$"), timeout=seconds * 1000)
    return badge.inner_text()


def show_graph(page: Page) -> None:
    """Show an open run as a graph."""
    page.get_by_role("button", name="Show Graph").click()
    expect(page.locator(".react-flow__node").first).to_be_visible()


def expand_groups(page: Page) -> None:
    """Show the tasks within the groups of an open run."""
    page.get_by_role("button", name="Expand all task groups").first.click()


def open_task(page: Page, url: str, dag_id: str, run_id: str, task_id: str) -> None:
    """Open a run and from there one of its tasks."""
    page.goto(f"{url}/dags/{dag_id}/runs/{run_id}")
    page.get_by_role("table").get_by_role("link", name=task_id, exact=True).click()
    expect(page.get_by_role("link", name="Details", exact=True)).to_be_visible()


def read_xcom(page: Page) -> dict[str, Any]:
    """Open an open task's XCom page and read the value it returned, as shown."""
    page.get_by_role("link", name="Storage", exact=True).click()
    page.get_by_role("link", name="XCom", exact=True).click()
    page.get_by_role("button", name="Expand all extra JSON").click()
    viewer = page.get_by_role("row").filter(has_text="return_value").locator(".monaco-editor").first
    lines = viewer.locator(".view-line")
    deadline = time.monotonic() + SLOW / 1000
    shown = ""
    while time.monotonic() < deadline:
        seen: dict[int, str] = {}  # by height in the text, of which the viewer holds only what is in sight
        for step in range(_SWEEP):
            box = viewer.bounding_box()
            if box:  # it moves while the viewer unfolds
                page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                page.mouse.wheel(0, 60 if step else -10_000)
            page.wait_for_timeout(100)
            seen |= dict(lines.evaluate_all(_LINES))
            shown = re.sub(r"\s", "", "".join(seen[top] for top in sorted(seen)))
            with contextlib.suppress(ValueError):  # not to the end yet, or the viewer is still unfolding it
                receipt: dict[str, Any] = json.loads(shown)
                if receipt:
                    return receipt
    raise TimeoutError(f"the XCom page shows no whole JSON object: {shown}")


def extra_link(page: Page) -> Locator:
    """Open an open task's details and find the link the provider put there."""
    page.get_by_role("link", name="Details", exact=True).click()
    return page.get_by_role("link", name="PowerOffice Go documentation")
