"""
``make screenshots``: the pictures in the documentation, taken anew from a real Airflow and the sandbox.

Rule: nothing is painted in. The keys to be seen are the sandbox's published ones, which open nothing else.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tests.infrastructure import browser
from tests.infrastructure.airflow_home import PASSWORD, ROOT, USER, StartError, sandbox_port
from tests.infrastructure.standalone import CONNECTION, Standalone

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = ROOT / "docs" / "screenshots"
DAG = "poweroffice_extract_company"
WAREHOUSE_DAG = "poweroffice_company_to_warehouse"
REFUSED_KEY = "c11e0bad-0000-4000-8000-00000000bad0"
WIDE = {"width": 1280, "height": 900}
FORM = {"width": 720, "height": 2400}
_TERMINAL = """<pre style="display: inline-block; margin: 0; padding: 18px 24px; background: #1d2433;
color: #d8dee9; font: 14px/1.3 'DejaVu Sans Mono', monospace">{}</pre>"""
_IMAGE = '<img style="border-radius: 9px" src="data:image/png;base64,{}">'


def main() -> int:
    """Take all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    lake = Path(tempfile.mkdtemp(prefix="poweroffice-"))  # its path is in a picture: keep it short
    try:
        with (
            Standalone(
                ROOT / ".work" / "screenshots",
                sandbox_port=sandbox_port(),
                lake=lake,
                connection=False,
                fresh=True,
            ) as airflow,
            browser.open_browser(airflow.home.folder / "home") as page,
        ):
            browser.log_in(page, airflow.url, USER, PASSWORD)
            _form(page, airflow)
            _test(page, airflow)
            _warehouse(page, airflow)
            _night(page, airflow, lake)
            airflow.connect()
            _run(page, airflow)
            demo(page, subprocess.run(["make", "demo"], capture_output=True, text=True, check=True).stdout)
    except (StartError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(lake)
    return 0


def _form(page: Page, airflow: Standalone) -> None:
    """Fill in the form, of which Airflow shows one part at a time, and put both beside each other."""
    connection = airflow.connection(CONNECTION)
    page.set_viewport_size(FORM)  # type: ignore[arg-type]  # a TypedDict of just these two
    form = browser.open_connection_form(page, airflow.url, CONNECTION)
    browser.fill_standard_fields(form, connection)
    form.get_by_text("Add Connection").click()  # no field is marked as being filled in
    page.wait_for_timeout(500)
    first = form.screenshot()
    browser.open_extra_fields(form)
    browser.fill_subscription_key(form, json.loads(connection["extra"])["subscription_api_key"])
    form.get_by_text("Add Connection").click()
    page.wait_for_timeout(500)
    second = form.screenshot()
    browser.save_connection(form)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # as above
    images = "".join(_IMAGE.format(base64.b64encode(image).decode()) for image in (first, second))
    with page.context.new_page() as both:
        both.set_viewport_size({"width": 2 * FORM["width"], "height": 100})
        both.set_content(f'<body style="margin: 0; display: flex; align-items: flex-start">{images}</body>')
        _save(both, "connection-form", full_page=True)


def _test(page: Page, airflow: Standalone) -> None:
    browser.test_connection(page, airflow.url, CONNECTION)
    page.wait_for_timeout(500)
    _save(page, "connection-test")


def _run(page: Page, airflow: Standalone) -> None:
    run_id = browser.trigger_dag(page, airflow.url, DAG)
    browser.wait_for_end(page)
    browser.open_task(page, airflow.url, DAG, run_id, "customers")
    browser.read_xcom(page)
    _save(page, "xcom-receipt")
    browser.open_task(page, airflow.url, DAG, run_id, "ledger")
    browser.extra_link(page).hover()
    _save(page, "extra-link")
    page.goto(f"{airflow.url}/dags/{DAG}/runs/{run_id}")
    browser.show_graph(page)  # last: Airflow shows the graph from now on
    _save(page, "dag-run")


def demo(page: Page, said: str) -> None:
    """Show what ``make demo`` prints of the warehouse and of the reports, as a terminal shows it."""
    warehouse, reports = said[said.index("Tables in ") : said.index("\nDone in ")].split("\ndbt ")
    for name, shown in (("demo", warehouse), ("reports", reports.split("\n", 2)[2])):
        with page.context.new_page() as terminal:
            terminal.set_content(_TERMINAL.format(escape(shown.rstrip())))
            terminal.locator("pre").screenshot(path=PICTURES / f"{name}.png")


def _warehouse(page: Page, airflow: Standalone) -> None:
    airflow.connect()
    run_id = browser.trigger_dag(page, airflow.url, WAREHOUSE_DAG)
    browser.wait_for_end(page, seconds=300)  # the books of two companies
    page.goto(f"{airflow.url}/dags/{WAREHOUSE_DAG}/runs/{run_id}")
    browser.expand_groups(page)
    _save(page, "warehouse-run")


def _night(page: Page, airflow: Standalone, lake: Path) -> None:
    """Show a night of all companies: one lacks a module, and the key of another is refused."""
    aliases = airflow.sandbox.aliases()
    extra = json.loads(airflow.sandbox.connection_json(companies=aliases))["extra"]
    extra["client_api_keys"][aliases[-1]] = REFUSED_KEY
    changed = airflow.connection(CONNECTION) | {"extra": json.dumps(extra)}
    airflow.api("PATCH", f"connections/{CONNECTION}", changed)
    browser.trigger_dag(page, airflow.url, WAREHOUSE_DAG)
    browser.wait_for_end(page, 300)
    with page.context.new_page() as night:
        night.set_viewport_size({"width": 1180, "height": 520})
        night.goto(f"file://{lake}/night.html")
        _save(night, "night")


def _save(page: Page, name: str, *, full_page: bool = False) -> None:
    page.wait_for_timeout(500)  # what moves has come to rest
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, full_page=full_page)
    print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    sys.exit(main())
