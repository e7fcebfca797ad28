"""
The commands as ``airflow poweroffice ...`` (Airflow 3.2 and later) and as ``python -m`` of this package.

Rule: one declaration for both; what a command does is loaded when it runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

_SEARCH = {"help": "text in a resource's path, filters or privilege", "nargs": "?"}
_OUTPUT = {"help": "form of the output", "choices": ("table", "json"), "default": "table"}
_FILTERS = {"help": "list the query names too", "action": "store_true"}
_VERSION = {"help": "which API", "choices": ("v2", "v1"), "default": "v2"}
_HELP = "List what is known of PowerOffice Go's resources"


def get_airflow_commands() -> list[Any]:
    """Declare the commands for Airflow."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand, lazy_load_command  # noqa: PLC0415

    run = lazy_load_command("airflow_provider_poweroffice.cli.resources.resources")
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
    from airflow_provider_poweroffice.cli.resources import resources  # noqa: PLC0415 - loaded when it runs

    resources(parser.parse_args(argv))
    return 0
