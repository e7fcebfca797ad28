"""Say which names are near to one that does not exist. Rule: texts only; who refuses is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 3
_LIKENESS = 0.7


def near(name: str, known: Iterable[str]) -> list[str]:
    """
    Give the names that were perhaps meant, the nearest first; ``-`` and ``_`` are the same, and so are cases.

    :param name: one that does not exist.
    :param known: those that do; one that ends like ``name`` is near too: ``--put`` to ``--d365fo-put``.
    """
    plain = {_plain(item): item for item in known}
    wanted = _plain(name)
    endings = [item for item in plain if wanted and item.endswith(f"_{wanted}")]
    found = [*endings, *get_close_matches(wanted, plain, n=_MOST, cutoff=_LIKENESS)]
    return [plain[item] for item in dict.fromkeys(found)][:_MOST]


def instead(name: str, known: Iterable[str]) -> str:
    """
    Say what there is instead of a name: the near ones, or all when none is near.

    :param name: one that does not exist.
    :param known: those that do.
    """
    names = tuple(known)
    found = near(name, names)
    return f"perhaps {' or '.join(found)}" if found else f"there are {', '.join(names)}"


def choose(value: object, allowed: Iterable[str]) -> str:
    """
    Say which values there are, and which was perhaps meant.

    :param value: one that is not among them.
    :param allowed: all of them.
    """
    names = tuple(allowed)
    found = near(value, names) if isinstance(value, str) else []
    return f"choose one of {', '.join(names)}{f'; perhaps {found[0]}' if found else ''}"


def _plain(name: str) -> str:
    return name.strip("-_ ").replace("-", "_").casefold()
