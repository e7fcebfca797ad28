"""
Make the catalogue of PowerOffice Go v1 from the unofficial description of 2021 and the vendor's pages.

    python tools/catalogue_v1.py > airflow_provider_poweroffice/api/catalogue/poweroffice_v1.txt
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from catalogue import COLUMNS
from digest import VERBS, read

# What the description of 2021 lacks: path, verbs, list, key, created field, changed field, required. From the
# official documentation, pages "Limitations" and "Filtering", and its reference of types.
DOCUMENTED = """
/ClientIntegrationInformation | GET | | | | |
/Customer | GET,POST | paged | Id | CreatedDate | LastChanged |
/Customer/{id} | GET,DELETE | | | CreatedDate | LastChanged |
/Department | GET,POST | paged | Id | | LastChanged |
/Department/{id} | GET,DELETE | | | | LastChanged |
/Employee | GET,POST | paged | Id | CreatedDate | LastChanged |
/Employee/{id} | GET,DELETE | | | CreatedDate | LastChanged |
/OutgoingInvoice | POST | | | | |
/OutgoingInvoice/List | GET | paged | Id | CreatedDate | LastChanged |
/OutgoingInvoice/{id} | GET,DELETE | | | CreatedDate | LastChanged |
/Product | GET,POST | paged | Id | | LastChanged |
/Product/{id} | GET,DELETE | | | | LastChanged |
/Project | GET,POST | paged | Id | CreatedDate | LastChanged |
/Project/{id} | GET,DELETE | | | CreatedDate | LastChanged |
/Reporting/AccountTransactions | GET | paged | Id | CreatedDate | LastChanged | fromDate,toDate
/Reporting/InvoiceJournal | GET | paged | | | |
/Reporting/SupplierLedger | GET | paged | Id | | |
/Reporting/TrialBalance | GET | paged | AccountCode | | |
/Supplier/{id} | GET,DELETE | | | | LastChanged |
/TimeTracking/TimeTrackingEntry | GET,POST | paged | Id | | LastChanged |
/TimeTracking/TimeTrackingEntry/{id} | GET,DELETE | | | | LastChanged |
"""


class Description:
    """The digest, as far as the catalogue asks."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, dict[str, Any]] = document["paths"]
        self._definitions = document["types"]

    def rows(self, operation: dict[str, Any]) -> tuple[bool, list[str]]:
        """Tell whether a GET gives a list, and the names of a row's fields."""
        schema = self._resolved(operation["responses"]["200"]["schema"])
        data = self._resolved(schema["allOf"][1]["properties"]["data"])
        row = self._resolved(data["items"]) if data.get("type") == "array" else data
        return data.get("type") == "array", list(row.get("properties", {}))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rsplit("/", 1)[-1]]
        return schema


def described(description: Description, path: str) -> list[str]:
    """Make the line of a path of the description."""
    operations = description.paths[path]
    is_list, fields = description.rows(operations["get"])
    names = [item["name"] for item in operations["get"].get("parameters", []) if item["in"] == "query"]
    required = [item["name"] for item in operations["get"].get("parameters", []) if item.get("required")]
    facts = (
        path,
        ",".join(verb.upper() for verb in VERBS if verb in operations),
        "paged" if is_list else "",
        "Id" if is_list and "id" in fields else "",
        "CreatedDate" if "createdDate" in fields else "",
        "LastChanged" if "lastChanged" in fields else "",
        ",".join(name for name in required if name in names),
    )
    return line(facts, [name for name in names if not name.startswith("$")])


def line(facts: Sequence[str], names: Iterable[str]) -> list[str]:
    """
    Fill the columns; a filter has the name of its field, which rows spell in camelCase.

    :param facts: as the columns of ``DOCUMENTED``.
    :param names: of the query, beyond those of OData.
    """
    path, verbs, kind, key, created, changed, required = facts

    def camel(name: str) -> str:
        return name[:1].lower() + name[1:]

    fields = [camel(created), camel(changed)]
    filters = [created, changed] if kind else ["", ""]
    options = ["$filter", "$orderby", "$skip", "$top"] if kind else []
    return [path, verbs, kind, key, *filters, *fields, required, ",".join([*options, *sorted(names)]), "", ""]


def main() -> int:
    """Print the catalogue."""
    description = Description(read("poweroffice_v1_2021"))
    lines = {
        path: described(description, path) for path in description.paths if not path.startswith("/OAuth")
    }
    for text in DOCUMENTED.strip().splitlines():
        facts = [part.strip() for part in text.split("|")]
        lines[facts[0]] = line(facts, filter(None, facts[-1].split(",")))
    rows = [COLUMNS, *(lines[path] for path in sorted(lines))]
    print("\n".join(" | ".join(row).rstrip() for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
