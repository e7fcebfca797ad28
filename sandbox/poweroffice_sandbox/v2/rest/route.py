"""What serves an operation. Rule: the shape of the tables in :mod:`.routes` and of those it is made of."""

from __future__ import annotations

from typing import NamedTuple

from .call import Handler


class Route(NamedTuple):
    """What serves an operation; ``privilege`` is ``None`` when none is needed."""

    handler: Handler
    resource: str
    privilege: str | None


Routes = dict[tuple[str, str], Route]
"""By method and path."""
