"""What Airflow asks every provider: its modules, its connection type and form. Imports next to nothing."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from airflow_provider_poweroffice.hooks.form import CONN_FIELDS, UI_FIELD_BEHAVIOUR

_PACKAGE = "airflow_provider_poweroffice"
_NAME = "PowerOffice Go"


def get_provider_info() -> dict[str, Any]:
    """Describe the provider; the form here is the only one that Airflow 3.3 shows."""

    def modules(*names: str) -> list[dict[str, Any]]:
        return [{"integration-name": _NAME, "python-modules": [f"{_PACKAGE}.{name}" for name in names]}]

    return {
        "package-name": "airflow-provider-poweroffice",
        "name": _NAME,
        "description": "`PowerOffice Go <https://developer.poweroffice.net/>`__ accounting: "
        "read and write its API, move its data to object storage and SQL tables, wait for changes.",
        "versions": [version("airflow-provider-poweroffice")],
        "integrations": [
            {
                "integration-name": _NAME,
                "external-doc-url": "https://developer.poweroffice.net/",
                "tags": ["service"],
            }
        ],
        "hooks": modules("hooks.poweroffice"),
        "operators": modules("operators.poweroffice", "operators.companies"),
        "sensors": modules("sensors.poweroffice"),
        "triggers": modules("triggers.poweroffice"),
        "transfers": [
            {
                "source-integration-name": _NAME,
                "target-integration-name": _NAME,
                "python-module": f"{_PACKAGE}.transfers.{name}",
            }
            for name in ("poweroffice_to_object_storage", "poweroffice_to_sql")
        ],
        "connection-types": [
            {
                "connection-type": "poweroffice",
                "hook-name": _NAME,
                "hook-class-name": f"{_PACKAGE}.hooks.poweroffice.PowerOfficeHook",
                "ui-field-behaviour": UI_FIELD_BEHAVIOUR,
                "conn-fields": CONN_FIELDS,
            }
        ],
        "asset-uris": [
            {
                "schemes": ["poweroffice", "d365fo"],
                "handler": f"{_PACKAGE}.assets.poweroffice.normalize",
                "factory": f"{_PACKAGE}.assets.poweroffice.poweroffice_asset",
                "to_openlineage_converter": f"{_PACKAGE}.assets.poweroffice.to_openlineage",
            }
        ],
        "cli": [f"{_PACKAGE}.cli.definition.get_airflow_commands"],
        "extra-links": [f"{_PACKAGE}.links.poweroffice.PowerOfficeDocsLink"],
    }
