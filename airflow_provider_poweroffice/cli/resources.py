"""
The command ``resources``: what is known of PowerOffice Go's resources, as a table or as JSON.

    python -m airflow_provider_poweroffice resources ledger
    airflow poweroffice resources ledger
"""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict

from airflow_provider_poweroffice.api.catalogue import Resource
from airflow_provider_poweroffice.api.dialects import DIALECTS

_HEADINGS = ("resource", "verbs", "list", "key", "changed_since", "created_since", "required", "privilege")
_LONG = 40  # characters of a cell before it is cut


def resources(arguments: Namespace) -> None:
    """
    Print the resources that hold a text.

    :param arguments: ``search``: text in path, filters or privilege, or None for all; ``output``:
        ``"table"`` or ``"json"``; ``filters``: list the query names too; ``api_version``: whose resources.
    :raises SystemExit: nothing was found; the message names the nearest resource.
    """
    known = DIALECTS[arguments.api_version].known
    found = list(known.search(arguments.search or ""))
    if not found:
        meant = known.suggest(arguments.search)
        hint = f"; did you mean {meant}?" if meant else "; leave the text out to see all"
        raise SystemExit(f"no resource holds {arguments.search!r}{hint}")
    if arguments.output == "json":
        print(json.dumps([asdict(item) for item in found], indent=1))  # noqa: T201 - it is a command's output
        return
    rows = [_cells(item) for item in found]
    widths = [max(len(row[column]) for row in [_HEADINGS, *rows]) for column in range(len(_HEADINGS))]
    for number, row in enumerate([_HEADINGS, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())  # noqa: T201 - it is a command's output
        if arguments.filters and number:
            print(f"    query: {', '.join(found[number - 1].filters) or 'none'}")  # noqa: T201 - as above


def _cells(item: Resource) -> tuple[str, ...]:
    cells = (
        item.path,
        " ".join(item.verbs),
        item.kind,
        item.key,
        "yes" if item.changed_filter else "",
        "yes" if item.created_filter else "",
        " ".join(item.required),
        item.privilege,
    )
    return tuple(
        cell if len(cell) <= _LONG or cell == item.path else f"{cell[: _LONG - 3]}..." for cell in cells
    )
