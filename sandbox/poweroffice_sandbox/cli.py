"""
The command ``poweroffice-sandbox``: its options, made from the tables of the APIs, and what it serves.

Rule: one line of :data:`SERVED` for each API; its options, port and texts follow from it. An option of v2 has
no prefix, those of the others begin with the API's name: ``--d365fo-page-size``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import Field, dataclass, fields
from io import TextIOWrapper
from typing import Any, NoReturn

from .core.faults import FaultError, parse_fault
from .core.guard import is_loopback
from .core.near import near
from .core.sandbox import BaseSandbox
from .core.server import PortError
from .core.sizes import SizeError
from .core.switches import SwitchError
from .core.today import TodayError
from .d365fo.sandbox import D365FOSandbox
from .v1.sandbox import V1Sandbox
from .v2.sandbox import Sandbox

NAME = "poweroffice-sandbox"
FIRST_PORT = 8099
_ABOUT = "Not the real services; all data is invented, the keys open nothing else. Ctrl-C stops them.\n"
_EXAMPLES = """\
examples:
  %(prog)s
  %(prog)s --api v2 --port 0 --size medium
  %(prog)s --ledger-rows 1000000 --rate-limit 0
  %(prog)s --empty-list empty-array --timestamps offset --pagination minimal

The switches can also be changed while the sandbox runs:
  curl localhost:8099/_sandbox/switches -H 'Content-Type: application/json' -d '{"nulls": "omitted"}'
"""


@dataclass(frozen=True)
class Served:
    """
    An API that the command serves.

    :param name: as in ``--api``.
    :param title: for people.
    """

    name: str
    title: str
    sandbox: type[BaseSandbox[Any]]

    @property
    def prefix(self) -> str:
        """What its options begin with: nothing for v2, the first API there was."""
        return "" if self.name == "v2" else f"{self.name}-"

    def option(self, name: str) -> str:
        """Write a name as its option."""
        return f"--{self.prefix}{name.replace('_', '-')}"

    def key(self, name: str) -> str:
        """Name its option among those of all."""
        return f"{self.name}.{name}"


SERVED = (
    Served("v2", "PowerOffice Go v2", Sandbox),
    Served("v1", "PowerOffice Go v1", V1Sandbox),
    Served("d365fo", "Dynamics 365 Finance & Operations", D365FOSandbox),
)
"""In the order in which they are started; the ports follow each other."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{NAME}: {message}. See --help.\n")


@dataclass(frozen=True)
class Chosen:
    """One API to serve, and the keyword arguments of its sandbox."""

    api: Served
    arguments: dict[str, Any]


def _general(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api",
        dest="apis",
        action="append",
        choices=[api.name for api in SERVED],
        help="serve only this; repeatable (default: all)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    for place, api in enumerate(SERVED):
        about = f"default: {FIRST_PORT}" if not place else "default: the one after the API before"
        parser.add_argument(
            api.option("port"),
            dest=api.key("port"),
            type=int,
            default=None if place else FIRST_PORT,
            metavar="PORT",
            help=f"port of {api.title}, 0 for a free one ({about})",
        )
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)"
    )
    parser.add_argument(
        "--today",
        metavar="DATE",
        help="the day on which the books end and the time begins, such as 2026-11-28 (default: the books end"
        " at 2025-12-31, and the time is this machine's)",
    )
    for api in SERVED:
        parser.add_argument(
            api.option("fault"),
            dest=api.key("faults"),
            action="append",
            default=[],
            metavar="'NAME=VALUE …'",
            help=f"a fault of {api.title} from the start on, e.g. 'action=status every=3'; repeatable",
        )


def _sizes(parser: argparse.ArgumentParser, api: Served) -> None:
    group = parser.add_argument_group(f"data of {api.title}")
    choices = api.sandbox.size_table.choices()
    if len(choices) > 1:
        names = tuple(choices)
        group.add_argument(
            api.option("size"), dest=api.key("size"), choices=names, default=names[0], help="how many rows"
        )
    for row in fields(api.sandbox.size_table):
        several = ", ".join(f"{getattr(value, row.name)} {name}" for name, value in choices.items())
        about = f"instead of the size's: {several}" if len(choices) > 1 else f"rows (default: {row.default})"
        group.add_argument(api.option(row.name), dest=api.key(row.name), type=int, metavar="N", help=about)


def _switch(group: argparse._ArgumentGroup, api: Served, switch: Field[Any]) -> None:
    values, about = switch.metadata["values"], switch.metadata["about"]
    key, option = api.key(switch.name), api.option(switch.name)
    if values:
        group.add_argument(option, dest=key, choices=values, default=switch.default, help=about)
        return
    text = f"{about} (default: %(default)s)"
    group.add_argument(
        option, dest=key, type=type(switch.default), metavar="N", default=switch.default, help=text
    )


def _parser() -> argparse.ArgumentParser:
    titles = ", ".join(api.title for api in SERVED)
    parser = _Parser(
        prog=NAME,
        usage="%(prog)s [options]",
        description=f"Local servers that behave like {titles}. Ctrl-C stops them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _general(parser)
    for api in SERVED:
        _sizes(parser, api)
        group = parser.add_argument_group(
            f"switches of {api.title}",
            "What is not certain about the real service, and what is answered. The first is the default.",
        )
        for switch in fields(api.sandbox.switch_table):
            _switch(group, api, switch)
    return parser


def _unknown(words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """Say which options were perhaps meant."""
    known = [item for action in parser._actions for item in action.option_strings]  # noqa: SLF001 - no other way
    said: list[str] = []
    for word in words:
        name = word.partition("=")[0]
        found = near(name, known) if name.startswith("-") else []
        if name.startswith("-") or not said:
            said.append(f"{name}: no such option" + (f"; perhaps {' or '.join(found)}" if found else ""))
    return ". ".join(said)


def read(argv: Sequence[str] | None) -> list[Chosen]:
    """
    Read the options.

    :param argv: those of the process when ``None``.
    :return: the APIs to serve, each with the arguments of its sandbox. A port that was not given is the one
        after the API before, and free when that one is.
    :raises FaultError: a fault cannot be used.
    :raises SystemExit: an option cannot be used; it was said in one line.
    """
    parser = _parser()
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unknown(unknown, parser))
    given = vars(known)
    wanted, chosen, port = given["apis"] or [api.name for api in SERVED], [], FIRST_PORT
    for api in SERVED:
        start = f"{api.name}."
        own = {key.removeprefix(start): value for key, value in given.items() if key.startswith(start)}
        port = own.pop("port") if own["port"] is not None else port
        if api.name in wanted:
            faults = [parse_fault(text) for text in own.pop("faults")]
            named = {name: value for name, value in own.items() if value is not None}
            common = {"host": given["host"], "port": port, "seed": given["seed"], "today": given["today"]}
            chosen.append(Chosen(api, {**common, "faults": faults, **named}))
        port = port + 1 if port else 0
    return chosen


def _serve(all_chosen: Sequence[Chosen]) -> None:
    """Take every port before anything is served; the first API is served in this thread."""
    with ExitStack() as stack:
        sandboxes: list[BaseSandbox[Any]] = []
        for chosen in all_chosen:
            sandbox, option = chosen.api.sandbox(**chosen.arguments), chosen.api.option("port")
            sandbox.another_port = f"Choose another with {option}, or {option} 0 for a free one."
            sandboxes.append(sandbox.bind())
            stack.callback(sandbox.stop)
        for sandbox in sandboxes[1:]:
            sandbox.start()

        def announce(_first: BaseSandbox[Any]) -> None:
            if isinstance(sys.stdout, TextIOWrapper):  # a terminal may not know the letters of a secret
                sys.stdout.reconfigure(errors="backslashreplace")
            sys.stdout.write("\n".join([item.announcement() for item in sandboxes] + [_ABOUT]))
            sys.stdout.flush()

        _warn(all_chosen[0].arguments["host"])
        sandboxes[0].serve(announce)


def _warn(host: str) -> None:
    if not is_loopback(host):
        sys.stderr.write(
            f"{NAME}: warning: --host {host} opens the sandbox to the network. Its keys are published:"
            " whoever reaches it can read and change its data.\n"
        )


def _refused(message: str) -> int:
    sys.stderr.write(f"{NAME}: {message}\n")
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the sandboxes until Ctrl-C or SIGTERM.

    :param argv: the options; those of the process when left out.
    :return: 0, or 2 when an option cannot be used or a port is taken.
    """
    try:
        _serve(read(argv))
    except (PortError, SwitchError, SizeError, FaultError, TodayError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return 0
    return 0
