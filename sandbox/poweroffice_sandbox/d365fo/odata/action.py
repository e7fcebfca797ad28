"""
What an action is.

Rule: types only; which actions there are is :mod:`.actions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..call import Call
from ..store import Record


@dataclass(frozen=True)
class Action:
    """
    One action.

    :param run: from the call, the row (or ``None``) and the arguments; ``None`` gives 204.
    :param on_row: whether it needs a key.
    :param parameters: EDM types by name; all are needed.
    :param returns: the EDM type, or empty.
    :param is_invented: whether the real service has none of this name.
    """

    run: Callable[[Call, Record | None, dict[str, Any]], Any]
    on_row: bool = True
    parameters: tuple[tuple[str, str], ...] = ()
    returns: str = ""
    is_invented: bool = False


class ThrownError(Exception):
    """An action throws; the text is that of the X++ exception."""
