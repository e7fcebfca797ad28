"""What a person sees in a real Airflow: the form, the Test button, the receipt, the link, the sensor."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from playwright.sync_api import expect

from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, UI_FIELD_BEHAVIOUR
from tests.infrastructure import browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.infrastructure.standalone import Standalone


def test_the_form_shows_every_field(airflow: Standalone, page: Page) -> None:
    """A connection form has every declared field with its label and explanation, and hides the schema."""
    form = browser.open_connection_form(page, airflow.url, "po_form")
    for label in UI_FIELD_BEHAVIOUR["relabeling"].values():
        expect(form.get_by_text(label, exact=True)).to_be_visible()
    expect(form.locator("input[name=schema]")).to_have_count(0)
    browser.open_extra_fields(form)
    for field in CONN_FIELDS.values():
        expect(form.get_by_text(field["label"], exact=True)).to_be_visible()
        expect(form.get_by_text(field["description"], exact=True)).to_be_visible()


def test_a_dag_of_ones_own(airflow: Standalone) -> None:
    """A DAG file that is put into the named folder is seen soon, not after Airflow's five minutes."""
    code = "from airflow.sdk import DAG\n\nwith DAG('of_my_own', schedule=None):\n    pass\n"
    (airflow.own_dags / "of_my_own.py").write_text(code)

    def missing() -> str:
        found = airflow.api("GET", "dags?dag_id_pattern=of_my_own")["total_entries"]
        return "" if found else "the DAG of my own"

    airflow.wait(missing, seconds=60)


def test_the_form_shows_no_key_while_it_is_typed(airflow: Standalone, page: Page) -> None:
    """Client key and subscription key are dots on the screen."""
    form = browser.open_connection_form(page, airflow.url, "po_form")
    expect(form.locator("input[name=password]")).to_have_attribute("type", "password")
    browser.open_extra_fields(form)
    key = form.locator("input[name=element_subscription_api_key]")
    expect(key).to_have_attribute("type", "password")


def test_the_test_button_names_the_company(
    airflow: Standalone, page: Page, connections: tuple[str, str]
) -> None:
    """Good keys: the button says that it worked, and which company they open."""
    answer = browser.test_connection(page, airflow.url, connections[0])
    assert "Test Connection Successful" in answer
    assert "Fjordlys Verksted AS" in answer


def test_the_test_button_names_the_wrong_key(
    airflow: Standalone, page: Page, connections: tuple[str, str], wrong_key: str
) -> None:
    """A wrong subscription key: the button says that it is this key, and shows no key's value."""
    keys = airflow.sandbox.keys()
    answer = browser.test_connection(page, airflow.url, connections[1])
    assert "Test Connection Failed" in answer
    assert "Wrong subscription key" in answer
    assert not any(key in answer for key in (wrong_key, keys.application_key, keys.client_key))


def test_airflow_gives_no_key_back(airflow: Standalone, connections: tuple[str, str]) -> None:
    """Airflow's REST API redacts client key and subscription key of what was typed into the form."""
    saved = airflow.api("GET", f"connections/{connections[0]}")
    assert saved["conn_type"] == "poweroffice"
    assert saved["host"] == "http://127.0.0.1"
    assert saved["password"] == "***"
    assert json.loads(saved["extra"])["subscription_api_key"] == "***"


def test_the_sensor_defers(waiting: dict[str, Any]) -> None:
    """The waiting sensor leaves its worker and is kept by the triggerer, with our trigger."""
    assert waiting["state"] == "deferred"
    assert waiting["trigger"]["classpath"].endswith("triggers.poweroffice.PowerOfficeTrigger")


def test_xcom_shows_a_receipt(airflow: Standalone, page: Page, extract: str) -> None:
    """The XCom page shows path, rows and checksum; they are those of the file and of the sandbox."""
    browser.open_task(page, airflow.url, "poweroffice_extract_company", extract, "customers")
    receipt = browser.read_xcom(page)
    stored = Path(url2pathname(urlsplit(receipt["path"]).path)).read_bytes()
    assert receipt["sha256"] == hashlib.sha256(stored).hexdigest()
    assert receipt["rows"] == len(gzip.decompress(stored).splitlines())
    assert receipt["rows"] == airflow.sandbox.totals()["Customers"]


def test_a_task_links_to_the_documentation(airflow: Standalone, page: Page, extract: str) -> None:
    """A task's details have a link to the vendor's documentation, which opens beside Airflow."""
    browser.open_task(page, airflow.url, "poweroffice_extract_company", extract, "ledger")
    link = browser.extra_link(page)
    expect(link).to_have_attribute(
        "href", "https://developer.poweroffice.net/endpoints/reporting/account-transactions"
    )
    expect(link).to_have_attribute("target", "_blank")


def test_the_sensor_wakes(airflow: Standalone, woken: dict[str, Any]) -> None:
    """A customer created elsewhere ends the waiting, and the next task gets that customer."""
    assert woken["state"] == "success"
    run = f"dags/poweroffice_wait_for_change/dagRuns/{woken['dag_run_id']}"
    said = airflow.api("GET", f"{run}/taskInstances/announce/xcomEntries/return_value")
    assert said["value"].startswith("Havblikk Kafé AS changed at ")
