"""
Texts of a server, made fit for a message, a log line, a receipt or XCom.

Rule: pure; the cost depends on the limit, not on the length of the text.
"""

from __future__ import annotations

LONGEST = 1000
"""Characters of a server's text that are shown."""
_CUT = " […]"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


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
