"""
Prepares texts of servers and of settings for messages, log lines, receipts and XCom.

Rule: pure. Messages print a server's text only through :func:`one_line`, and a setting only through
:func:`shown`, since people paste keys into the wrong fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 1000
"""Characters of a server's text that are shown."""
_CUT = " […]"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_HIDDEN = "'***'"
_LONGEST_NAME = 60
_LONGEST = 100  # characters of a value in a message
# Patterns as text: they are compiled when a message needs them, not while DAG files are read. A key is a GUID
# (application key, client key, client ID), 32 hexadecimal digits (subscription key), a JWT, or a client
# secret of Microsoft Entra ID, which has a digit and "Q~" after three characters.
_KEY = (
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    r"|(?=(?:[A-Fa-f]{0,29}[0-9]){3})[0-9A-Fa-f]{32}"
    r"|eyJ[A-Za-z0-9_-]{8}"
    r"|[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{16}"
)
_HEADER = r"\b(?:bearer|basic)\s+\S"
_RUN = r"[A-Za-z0-9+=_~-]{16,}"
_RANDOM = r"[A-Za-z0-9+=~]{24,}"
_DASHES = r"[\u2010-\u2015\u2212_]"


def one_line(text: object, limit: int = LONGEST) -> str:
    """
    Give a text as one printable line.

    Each run of white space, line breaks included, becomes one space. Characters that steer a terminal or the
    direction of writing (control, format and lone surrogate characters) become U+FFFD. What is longer than
    ``limit`` is cut and ends in ``[…]``.

    :param text: usually a str; anything else is shown as ``str()`` gives it.
    :param limit: longest result in characters, the mark included.
    """
    given = text if isinstance(text, str) else str(text)
    beginning = given[: 4 * limit]  # the rest could only be shown if most of this were white space
    line = " ".join(beginning.split())
    if not line.isprintable():
        line = "".join(character if character.isprintable() else _REPLACEMENT for character in line)
    if len(line) <= limit and len(given) == len(beginning):
        return line
    return (line[: max(0, limit - len(_CUT))].rstrip() + _CUT).strip()[:limit]


def listed(items: Iterable[object], most: int, separator: str = ", ") -> str:
    """Join the first ``most`` items, and say how many more there are: ``a, b and 3 more``."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more


def nearest(text: str, known: Iterable[str], alike: float = 0.6) -> str:
    """
    Find the known text that another one was perhaps meant to be, in any case; ``""`` where none is near.

    :param alike: how much of it must be the same, from 0 to 1.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - few messages need it

    by_folded = {name.lower(): name for name in known}
    close = get_close_matches(text.lower(), by_folded, n=1, cutoff=alike)
    return by_folded[close[0]] if close else ""


def whole_name(text: str) -> str:
    """
    Quote a name that a server sent, or give only its length where it is too long for a name.

    It is never cut: half a key at a cut would escape the search that blanks keys out of messages.
    """
    return repr(text) if len(text) <= _LONGEST_NAME else f"of {len(text)} characters"


def holds_key(text: str) -> bool:
    """Tell whether a text holds a key, in any case, also if blanks or invisible characters split it."""
    return bool(re.search(_KEY, _squeezed(text)))


def shown(value: object) -> str:
    """
    Give a setting's value as a message prints it: ``repr``, or ``'***'``.

    A value is hidden if it holds a key, looks random, or has an ``@``, as a URL with a password does. Others
    are cut to 100 characters.
    """
    given = value if isinstance(value, str) else repr(value)
    text = _squeezed(given)
    if "@" in text or re.search(_KEY, text) or re.search(_HEADER, given, re.IGNORECASE) or _is_random(text):
        return _HIDDEN
    printed = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return printed if len(printed) <= _LONGEST else f"{printed[:_LONGEST]}..."


def _squeezed(text: str) -> str:
    """Undo what hides a key from a search: full-width letters, other dashes, blanks, invisible characters."""
    plain = re.sub(_DASHES, "-", unicodedata.normalize("NFKC", text))
    return "".join(char for char in plain if char.isprintable() and not char.isspace())


def _is_random(text: str) -> bool:
    for found in re.findall(_RUN, text):
        if re.search("[a-z]", found) and re.search("[A-Z]", found) and len(re.findall("[0-9]", found)) > 1:
            return True
    return any(
        len(re.findall("[0-9]", found)) > 2 and re.search("[A-Za-z]", found)  # noqa: PLR2004 - not a year
        for found in re.findall(_RANDOM, text)
    )
