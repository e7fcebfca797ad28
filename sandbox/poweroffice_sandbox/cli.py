"""
The options of the command, made from the tables of the APIs.

Rule: reads options and gives keyword arguments; nothing is started here. An option of v2 has no prefix, those
of the others begin with the API's name: ``--d365fo-page-size``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import Field, dataclass, fields
from typing import Any, NoReturn

from .apis import APIS, Api
from .core.faults import parse_fault

NAME = "poweroffice-sandbox"
FIRST_PORT = 8099
_EXAMPLES = """\
examples:
  %(prog)s
  %(prog)s --api v2 --port 0 --size medium
  %(prog)s --ledger-rows 1000000 --rate-limit 0
  %(prog)s --empty-list empty-array --timestamps offset --pagination minimal

The switches can also be changed while the sandbox runs:
  curl localhost:8099/_sandbox/switches -H 'Content-Type: application/json' -d '{"nulls": "omitted"}'
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{NAME}: {message}. See --help.\n")


@dataclass(frozen=True)
class Chosen:
    """One API to serve, and the keyword arguments of its sandbox."""

    api: Api
    arguments: dict[str, Any]


def _option(api: Api, name: str) -> str:
    return f"--{api.prefix}{name.replace('_', '-')}"


def _key(api: Api, name: str) -> str:
    return f"{api.name}.{name}"


def _general(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api",
        dest="apis",
        action="append",
        choices=[api.name for api in APIS],
        help="serve only this; repeatable (default: all)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    for place, api in enumerate(APIS):
        about = f"default: {FIRST_PORT}" if not place else "default: the one after the API before"
        parser.add_argument(
            _option(api, "port"),
            dest=_key(api, "port"),
            type=int,
            default=None if place else FIRST_PORT,
            metavar="PORT",
            help=f"port of {api.title}, 0 for a free one ({about})",
        )
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)"
    )
    for api in APIS:
        parser.add_argument(
            _option(api, "fault"),
            dest=_key(api, "faults"),
            action="append",
            default=[],
            metavar="'NAME=VALUE …'",
            help=f"a fault of {api.title} from the start on, e.g. 'action=status every=3'; repeatable",
        )


def _rows(parser: argparse.ArgumentParser, api: Api) -> None:
    if api.rows is None:
        return
    group = parser.add_argument_group(f"data of {api.title}")
    sizes = dict(api.sizes)
    if sizes:
        names, key = tuple(sizes), _key(api, "size")
        group.add_argument(
            _option(api, "size"), dest=key, choices=names, default=names[0], help="how many rows"
        )
    for row in fields(api.rows):
        several = ", ".join(f"{getattr(value, row.name)} {name}" for name, value in sizes.items())
        about = f"instead of the size's: {several}" if sizes else f"rows (default: {row.default})"
        group.add_argument(
            _option(api, row.name), dest=_key(api, row.name), type=int, metavar="N", help=about
        )


def _switch(group: argparse._ArgumentGroup, api: Api, switch: Field[Any]) -> None:
    values, about = switch.metadata["values"], switch.metadata["about"]
    key, option = _key(api, switch.name), _option(api, switch.name)
    if values:
        group.add_argument(option, dest=key, choices=values, default=switch.default, help=about)
        return
    text = f"{about} (default: %(default)s)"
    group.add_argument(
        option, dest=key, type=type(switch.default), metavar="N", default=switch.default, help=text
    )


def _parser(package: str) -> argparse.ArgumentParser:
    titles = ", ".join(api.title for api in APIS)
    parser = _Parser(
        prog=f"python -m {package}",
        usage="%(prog)s [options]",
        description=f"Local servers that behave like {titles}. Ctrl-C stops them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _general(parser)
    for api in APIS:
        _rows(parser, api)
        group = parser.add_argument_group(
            f"switches of {api.title}",
            "What is not certain about the real service, and what is answered. The first is the default.",
        )
        for switch in fields(api.switches):
            _switch(group, api, switch)
    return parser


def read(argv: Sequence[str] | None, package: str) -> list[Chosen]:
    """
    Read the options.

    :param argv: those of the process when ``None``.
    :param package: whose command it is.
    :return: the APIs to serve, each with the arguments of its sandbox. A port that was not given is the one
        after the API before, and free when that one is.
    :raises FaultError: a fault cannot be used.
    :raises SystemExit: an option cannot be used; it was said in one line.
    """
    given = vars(_parser(package).parse_args(argv))
    wanted, chosen, port = given["apis"] or [api.name for api in APIS], [], FIRST_PORT
    for api in APIS:
        start = f"{api.name}."
        own = {key.removeprefix(start): value for key, value in given.items() if key.startswith(start)}
        port = own.pop("port") if own["port"] is not None else port
        if api.name in wanted:
            faults = [parse_fault(text) for text in own.pop("faults")]
            named = {name: value for name, value in own.items() if value is not None}
            common = {"host": given["host"], "port": port, "seed": given["seed"]}
            chosen.append(Chosen(api, {**common, "faults": faults, **named}))
        port = port + 1 if port else 0
    return chosen
