"""
The commands: what is known of PowerOffice Go's resources, and a task to begin with.

    python -m airflow_provider_poweroffice resources ledger
    python -m airflow_provider_poweroffice template Customers --method POST
    airflow poweroffice resources ledger            (Airflow 3.2 and later)

Rule: one declaration for both; what is known is loaded when a command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.catalogue import Catalogue, Resource

_LONG = 40  # characters of a cell before it is cut
_VERSION = (("--api-version", "--api"), {"help": "which API", "choices": ("v2", "v1"), "default": "v2"})
_OUTPUT = {"help": "form of the output", "choices": ("table", "json", "yaml", "plain"), "default": "table"}
_COMMANDS: dict[str, tuple[str, tuple[tuple[tuple[str, ...], dict[str, Any]], ...]]] = {
    "resources": (
        "List what is known of PowerOffice Go's resources",
        (
            (
                ("search",),
                {"help": "text in a resource's path, filters or privilege", "nargs": "?"},
            ),
            (("-o", "--output"), _OUTPUT),
            (
                ("-f", "--filters"),
                {
                    "help": "list query names, the most rows of a call, and what $filter takes (v1) too",
                    "action": "store_true",
                },
            ),
            _VERSION,
        ),
    ),
    "template": (
        "Print a task for a resource, with the fields of its body",
        (
            (("resource",), {"help": "path, such as Customers"}),
            (("-m", "--method"), {"help": "HTTP method", "default": "GET", "type": str.upper}),
            _VERSION,
        ),
    ),
}


def get_airflow_commands() -> list[Any]:
    """Declare the commands for Airflow."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand, lazy_load_command  # noqa: PLC0415

    commands = tuple(
        ActionCommand(
            name=name,
            help=text,
            func=lazy_load_command(f"{__name__}.{name}"),
            args=tuple(Arg(flags, **options) for flags, options in arguments),
        )
        for name, (text, arguments) in _COMMANDS.items()
    )
    return [GroupCommand(name="poweroffice", help="PowerOffice Go", subcommands=commands)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command without Airflow's own."""
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_poweroffice")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    for name, (text, arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for flags, options in arguments:
            command.add_argument(*flags, **options)
    given = parser.parse_args(argv)
    run: dict[str, Callable[[argparse.Namespace], None]] = {"resources": resources, "template": template}
    run[given.command](given)
    return 0


def resources(arguments: argparse.Namespace) -> None:
    """
    Print the resources that hold a text, by Airflow's console.

    :param arguments: ``search``: text in path, filters or privilege, or None for all; ``output``:
        ``"table"``, ``"json"``, ``"yaml"`` or ``"plain"``; ``filters``: list query names, caps and fields to
        filter by too;
        ``api_version``: whose resources.
    :raises SystemExit: nothing was found; the message names the nearest resource.
    """
    from airflow.cli.simple_table import AirflowConsole  # noqa: PLC0415 - see the head

    _, known = _known(arguments)
    found = list(known.search(arguments.search or ""))
    if not found:
        meant = known.suggest(arguments.search)
        hint = f"; did you mean {meant}?" if meant else "; leave the text out to see all"
        raise SystemExit(f"no resource holds {arguments.search!r}{hint}")
    is_data = arguments.output in {"json", "yaml"}
    rows = [asdict(item) if is_data else _cells(item, with_filters=arguments.filters) for item in found]
    AirflowConsole().print_as(data=rows, output=arguments.output)


def template(arguments: argparse.Namespace) -> None:
    """
    Print a task for a resource.

    :param arguments: ``resource``: its path; ``method``; ``api_version``: whose resource.
    :raises SystemExit: there is no such resource, or it does not take the method.
    """
    from airflow_provider_poweroffice.api.catalogue import template as text  # noqa: PLC0415 - see the head

    name, known = _known(arguments)
    resource = known.find(arguments.resource)
    if resource is None:
        resource = known.find(known.suggest(arguments.resource) or "")
        if resource is None:
            raise SystemExit(
                f"no resource {arguments.resource!r}; `airflow poweroffice resources` lists what there is"
            )
        print(f"{arguments.resource!r} is taken for {resource.path}", file=sys.stderr)  # noqa: T201 - as below
    asked, resource = resource.path, text.taking(known, resource, arguments.method)
    if resource.path != asked:
        print(f"{asked} does not take {arguments.method}, but {resource.path}", file=sys.stderr)  # noqa: T201 - as below
    try:
        print(text.template(known, name, resource, arguments.method), end="")  # noqa: T201 - a command's output
    except ValueError as error:
        raise SystemExit(str(error)) from None


def _known(arguments: argparse.Namespace) -> tuple[str, Catalogue]:
    """Give the catalogue of an API, and its name."""
    from airflow_provider_poweroffice.api.dialects.registry import DIALECTS  # noqa: PLC0415 - see the head

    dialect = DIALECTS[arguments.api_version]
    return dialect.catalogue_name, dialect.catalogue


def _cells(item: Resource, *, with_filters: bool) -> dict[str, str]:
    from airflow_provider_poweroffice.api.catalogue.fields import filterable  # noqa: PLC0415 - see the head
    from airflow_provider_poweroffice.api.filters import FILTER  # noqa: PLC0415

    cells = {
        "resource": item.path,
        "verbs": " ".join(item.verbs),
        "list": item.kind,
        "key": item.key,
        "changed_since": "yes" if item.changed_filter else "",
        "created_since": "yes" if item.created_filter else "",
        "required": " ".join(item.required),
        "privilege": item.privilege,
    }
    cells = {
        name: cell if len(cell) <= _LONG or name == "resource" else f"{cell[: _LONG - 3]}..."
        for name, cell in cells.items()
    }
    if not with_filters:
        return cells
    fields = filterable(item.path) if FILTER in item.filters else ()
    more = {"query": " ".join(item.filters), "most rows": str(item.most or ""), FILTER: " ".join(fields)}
    return cells | more
