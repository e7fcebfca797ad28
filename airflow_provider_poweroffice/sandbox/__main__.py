"""
The command: ``python -m airflow_provider_poweroffice.sandbox``.

Rule: reads options and prints; the options of sizes and switches are made from their tables.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NoReturn

from .faults import FaultError, parse_fault
from .keys import ENVIRONMENTS, Environment
from .sandbox import Sandbox
from .server import PortError
from .sizes import SIZES, SizeError, Sizes
from .switches import SwitchError, Switches

_NAME = "poweroffice-sandbox"
_EXAMPLES = """\
examples:
  %(prog)s
  %(prog)s --port 0 --size medium
  %(prog)s --ledger-rows 1000000 --rate-limit 0
  %(prog)s --empty-list empty-array --timestamps offset --pagination minimal

The switches can also be changed while the sandbox runs:
  curl -X POST localhost:8099/_sandbox/switches -d '{"nulls": "omitted"}'
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{_NAME}: {message}. See --help.\n")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"python -m {__package__}",
        usage="%(prog)s [options]",
        description="A local server that behaves like the PowerOffice Go API v2. Ctrl-C stops it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8099, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--fault",
        dest="faults",
        action="append",
        default=[],
        metavar="'NAME=VALUE …'",
        help="a fault from the start on, e.g. 'action=status status=503 every=3 path=/Customers'; repeatable",
    )
    data = parser.add_argument_group("data of each company")
    data.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)"
    )
    data.add_argument(
        "--size", choices=tuple(SIZES), default="small", help="how many rows (default: %(default)s)"
    )
    for size in fields(Sizes):
        about = ", ".join(f"{getattr(value, size.name)} {name}" for name, value in SIZES.items())
        data.add_argument(_option(size.name), type=int, metavar="N", help=f"instead of the size's: {about}")
    switches = parser.add_argument_group(
        "switches",
        "What is not certain about the real service, and how the sandbox answers. The first is the default.",
    )
    for switch in fields(Switches):
        values, about = switch.metadata["values"], switch.metadata["about"]
        if values:
            switches.add_argument(_option(switch.name), choices=values, default=switch.default, help=about)
        else:
            kind = type(switch.default)
            text = f"{about} (default: %(default)s)"
            switches.add_argument(
                _option(switch.name), type=kind, metavar="N", default=switch.default, help=text
            )
    return parser


def _environment(sandbox: Sandbox, environment: Environment) -> list[str]:
    lines = [f"base URL         {sandbox.base_url(environment.name)}"]
    lines.append(f"token URL        {sandbox.token_url(environment.name)}")
    lines.append(f"application key  {environment.applications[0].key}")
    lines.append(f"subscription key {environment.subscriptions[0].keys[0]}")
    lines.append(f"  or secondary   {environment.subscriptions[0].keys[1]}")
    for company in environment.companies:
        note = ", reduced privileges" if company.invalid_privileges else ""
        note = ", accounting firm" if "ClientAdmin_Full" in company.privileges else note
        lines.append(f"client key       {company.client_key}  {company.name}{note}")
    return ["", f"{environment.name}:", *(f"  {line}" for line in lines)]


def _announcement(sandbox: Sandbox) -> str:
    keys = sandbox.keys()
    subscription = f"  -H 'Ocp-Apim-Subscription-Key: {keys.subscription_key}' \\"
    lines = [
        f"PowerOffice Go sandbox on {sandbox.url}",
        "Not the real service; all data is invented, the keys open nothing else. Ctrl-C stops it.",
        *(line for environment in ENVIRONMENTS.values() for line in _environment(sandbox, environment)),
        "",
        "Airflow:",
        f"export AIRFLOW_CONN_POWEROFFICE_DEFAULT='{sandbox.connection_json()}'",
        "",
        "curl:",
        f"TOKEN=$(curl -s -u {keys.application_key}:{keys.client_key} \\",
        subscription,
        f"  -d grant_type=client_credentials {sandbox.token_url()} | cut -d '\"' -f 4)",
        'curl -i -H "Authorization: Bearer $TOKEN" \\',
        subscription,
        f"  '{sandbox.base_url()}/Customers?PageSize=2'",
    ]
    return "\n".join(lines) + "\n"


def _announce(sandbox: Sandbox) -> None:
    sys.stdout.write(_announcement(sandbox))
    sys.stdout.flush()


def _refused(message: str) -> int:
    sys.stderr.write(f"{_NAME}: {message}\n")
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the sandbox until Ctrl-C or SIGTERM.

    :param argv: the options; those of the process when left out.
    :return: 0, or 2 when an option cannot be used or the port is taken.
    """
    options: dict[str, Any] = vars(_parser().parse_args(argv))
    given = {name: value for name, value in options.items() if value is not None}
    try:
        given["faults"] = [parse_fault(text) for text in given["faults"]]
        Sandbox(**given).serve(_announce)
    except PortError as error:
        return _refused(f"{error}. Choose another with --port, or --port 0 for a free one.")
    except (SwitchError, SizeError, FaultError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
