"""What Airflow asks every provider: its modules, its connection type and form. Imports next to nothing."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from airflow_provider_poweroffice.hooks.form import (
    CONN_FIELDS,
    D365FO_CONN_FIELDS,
    D365FO_UI_FIELD_BEHAVIOUR,
    UI_FIELD_BEHAVIOUR,
)

_PACKAGE = "airflow_provider_poweroffice"
_NAME = "PowerOffice Go"
_D365FO = "Dynamics 365 Finance & Operations"


def get_provider_info() -> dict[str, Any]:
    """Describe the provider; the form here is the only one that Airflow 3.3 shows."""

    def modules(*names: str, d365fo: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        return [
            {"integration-name": integration, "python-modules": [f"{_PACKAGE}.{name}" for name in found]}
            for integration, found in ((_NAME, names), (_D365FO, d365fo))
            if found
        ]

    return {
        "package-name": "airflow-provider-poweroffice",
        "name": _NAME,
        "description": "`PowerOffice Go <https://developer.poweroffice.net/>`__ accounting: "
        "read and write its API, move its data to object storage and SQL tables, wait for changes; "
        "and Dynamics 365 Finance & Operations in the same way.",
        "versions": [version("airflow-provider-poweroffice")],
        "integrations": [
            {
                "integration-name": _NAME,
                "external-doc-url": "https://developer.poweroffice.net/",
                "tags": ["service"],
            },
            {
                "integration-name": _D365FO,
                "external-doc-url": "https://learn.microsoft.com/dynamics365/fin-ops-core/dev-itpro/",
                "tags": ["service"],
            },
        ],
        "hooks": modules("hooks.poweroffice", d365fo=("hooks.d365fo",)),
        "operators": modules(
            "operators.poweroffice",
            "operators.companies",
            "operators.invoice",
            d365fo=("operators.d365fo",),
        ),
        "sensors": modules("sensors.poweroffice", d365fo=("sensors.d365fo",)),
        "triggers": modules("triggers.poweroffice", d365fo=("triggers.d365fo",)),
        "transfers": [
            {
                "source-integration-name": integration,
                "target-integration-name": integration,
                "python-module": f"{_PACKAGE}.transfers.{name}",
            }
            for integration, name in (
                (_NAME, "poweroffice_to_object_storage"),
                (_NAME, "poweroffice_to_sql"),
                (_NAME, "object_storage_to_poweroffice"),
                (_NAME, "sql_to_poweroffice"),
                (_D365FO, "d365fo"),
            )
        ],
        "connection-types": [
            {
                "connection-type": "poweroffice",
                "hook-name": _NAME,
                "hook-class-name": f"{_PACKAGE}.hooks.poweroffice.PowerOfficeHook",
                "ui-field-behaviour": UI_FIELD_BEHAVIOUR,
                "conn-fields": CONN_FIELDS,
            },
            {
                "connection-type": "d365fo",
                "hook-name": _D365FO,
                "hook-class-name": f"{_PACKAGE}.hooks.d365fo.D365FOHook",
                "ui-field-behaviour": D365FO_UI_FIELD_BEHAVIOUR,
                "conn-fields": D365FO_CONN_FIELDS,
            },
        ],
        "config": {
            "poweroffice": {
                "description": "What a connection may not decide. These options are read where requests are "
                "sent from: on workers, on triggerers, and on the API server for the Test button.",
                "options": {
                    "trusted_token_hosts": {
                        "description": "Servers, besides the connection's host and Microsoft Entra ID, that "
                        "the extras authority, token_url and system_url of a connection may name: host or "
                        "host:port, separated by commas. https is meant unless an entry begins with http://. "
                        "A test of a connection heeds its verify and ca_bundle for these servers only.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "fs.contoso.com, fs.contoso.com:8443",
                        "default": "",
                    },
                    "file_roots": {
                        "description": "Directories of the worker below which files= and the object_path of "
                        "records to be written may read, separated by colons; links that lead out, and "
                        "files with hard links, are refused. Empty: no local file is sent.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/data/receipts:/data/invoices",
                        "default": "",
                    },
                    "rate_limit_dir": {
                        "description": "Directory of the file by which all processes of a host share the "
                        "rate limit; accounts share it in one that their group may write to. Empty: one of "
                        "the account's own in the temporary directory.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/var/lib/poweroffice",
                        "default": "",
                    },
                },
            },
        },
        "asset-uris": [
            {
                "schemes": ["poweroffice", "d365fo"],
                "handler": f"{_PACKAGE}.assets.poweroffice.normalize",
                "factory": f"{_PACKAGE}.assets.poweroffice.poweroffice_asset",
                "to_openlineage_converter": f"{_PACKAGE}.assets.poweroffice.to_openlineage",
            }
        ],
        "cli": [f"{_PACKAGE}.cli.get_airflow_commands"],
        "extra-links": [
            f"{_PACKAGE}.links.PowerOfficeDocsLink",
            f"{_PACKAGE}.links.D365FODocsLink",
        ],
    }
