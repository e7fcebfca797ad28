"""One request to services or entities, read and allowed. Rule: values and look-ups, no behaviour."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any, NoReturn

from ..core.asgi import Incoming
from .state import D365FOState
from .switches import D365FOSwitches
from .tokens import Grant


@dataclass(frozen=True)
class Call:
    """
    A request behind token and throttle.

    :param incoming: as received.
    :param state: of the sandbox.
    :param grant: what the token says.
    :param base: scheme, host and prefix, e.g. ``http://127.0.0.1:8101/namespaces/AXSF``.
    :param in_batch: whether it came within a ``$batch``.
    :param parts: the path's segments below the base, percent-decoded each on its own.
    """

    incoming: Incoming
    state: D365FOState
    grant: Grant
    base: str
    parts: tuple[str, ...]
    in_batch: bool = False

    @property
    def switches(self) -> D365FOSwitches:
        """How the sandbox behaves."""
        return self.state.switches

    @property
    def write_status(self) -> int:
        """The status of a refused write: seen as 400 on its own, and as 500 within a batch."""
        return 500 if self.in_batch else int(self.switches.write_errors)

    @property
    def method(self) -> str:
        """The verb in capitals."""
        return self.incoming.method

    @property
    def companies(self) -> tuple[str, ...]:
        """The companies this request sees: the user's default one, or all the user may see."""
        app = self.grant.app
        wide = any(name == "cross-company" and value.lower() == "true" for name, value in self.incoming.pairs)
        return app.companies if wide else (app.company,)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def parse(text: str) -> Any:
    """
    Read a JSON text.

    :raises ValueError: it is no JSON, or not fit to be sent back: NaN, half a surrogate pair, too deep.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refused)
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except DecimalException:
        raise ValueError("a number is too large") from None
    return value
