"""
The command ``resources``: what is known of PowerOffice Go's resources, as a table or as JSON.

    python -m airflow_provider_poweroffice resources ledger
    airflow poweroffice resources ledger            (Airflow 3.2 and later)

Rule: one declaration for both; what is known is loaded when the command runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.catalogue import Resource

_HEADINGS = ("resource", "verbs", "list", "key", "changed_since", "created_since", "required", "privilege")
_LONG = 40  # characters of a cell before it is cut
_SEARCH = {"help": "text in a resource's path, filters or privilege", "nargs": "?"}
_OUTPUT = {"help": "form of the output", "choices": ("table", "json"), "default": "table"}
_FILTERS = {"help": "list the query names too", "action": "store_true"}
_VERSION = {"help": "which API", "choices": ("v2", "v1"), "default": "v2"}
_HELP = "List what is known of PowerOffice Go's resources"


def get_airflow_commands() -> list[Any]:
    """Declare the commands for Airflow."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand, lazy_load_command  # noqa: PLC0415

    run = lazy_load_command("airflow_provider_poweroffice.cli.resources")
    arguments = (
        Arg(("search",), **_SEARCH),
        Arg(("-o", "--output"), **_OUTPUT),
        Arg(("-f", "--filters"), **_FILTERS),
        Arg(("--api-version",), **_VERSION),
    )
    listing = ActionCommand(name="resources", help=_HELP, func=run, args=arguments)
    return [GroupCommand(name="poweroffice", help="PowerOffice Go", subcommands=(listing,))]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command without Airflow."""
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_poweroffice")
    commands = parser.add_subparsers(required=True, metavar="command")
    listing = commands.add_parser("resources", help=_HELP, description=_HELP)
    listing.add_argument("search", **_SEARCH)  # type: ignore[arg-type]
    listing.add_argument("-o", "--output", **_OUTPUT)  # type: ignore[arg-type]
    listing.add_argument("-f", "--filters", **_FILTERS)  # type: ignore[arg-type]
    listing.add_argument("--api-version", **_VERSION)  # type: ignore[arg-type]
    resources(parser.parse_args(argv))
    return 0


def resources(arguments: argparse.Namespace) -> None:
    """
    Print the resources that hold a text.

    :param arguments: ``search``: text in path, filters or privilege, or None for all; ``output``:
        ``"table"`` or ``"json"``; ``filters``: list the query names too; ``api_version``: whose resources.
    :raises SystemExit: nothing was found; the message names the nearest resource.
    """
    from airflow_provider_poweroffice.api.dialects.registry import DIALECTS  # noqa: PLC0415 - see the head

    known = DIALECTS[arguments.api_version].catalogue
    found = list(known.search(arguments.search or ""))
    if not found:
        meant = known.suggest(arguments.search)
        hint = f"; did you mean {meant}?" if meant else "; leave the text out to see all"
        raise SystemExit(f"no resource holds {arguments.search!r}{hint}")
    if arguments.output == "json":
        print(json.dumps([asdict(item) for item in found], indent=1))  # noqa: T201 - it is a command's output
    else:
        _print_table(found, with_filters=arguments.filters)


def _print_table(found: Sequence[Resource], *, with_filters: bool) -> None:
    rows = [_cells(item) for item in found]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    _print_row(_HEADINGS, widths)
    for item, row in zip(found, rows, strict=True):
        _print_row(row, widths)
        if with_filters:
            print(f"    query: {', '.join(item.filters) or 'none'}")  # noqa: T201 - it is a command's output


def _print_row(cells: Sequence[str], widths: Sequence[int]) -> None:
    line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    print(line.rstrip())  # noqa: T201 - it is a command's output


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
