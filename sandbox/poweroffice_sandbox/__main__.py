"""
The command: ``python -m poweroffice_sandbox``.

Rule: starts what the options ask for, and prints; the options are made in :mod:`.cli`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from typing import Any

from .cli import NAME, Chosen, read
from .core.faults import FaultError
from .core.guard import is_loopback
from .core.sandbox import BaseSandbox
from .core.server import PortError
from .core.switches import SwitchError
from .v2.sizes import SizeError

_ABOUT = "Not the real services; all data is invented, the keys open nothing else. Ctrl-C stops them.\n"


def _serve(all_chosen: Sequence[Chosen]) -> None:
    """Take every port before anything is served; the first API is served in this thread."""
    with ExitStack() as stack:
        sandboxes: list[BaseSandbox[Any]] = []
        for chosen in all_chosen:
            sandbox = chosen.api.make(**chosen.arguments)
            try:
                sandboxes.append(sandbox.bind())
            except PortError as error:
                option = f"--{chosen.api.prefix}port"
                raise PortError(
                    f"{error}. Choose another with {option}, or {option} 0 for a free one."
                ) from error
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
        _serve(read(argv, str(__package__)))
    except (PortError, SwitchError, SizeError, FaultError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
