"""
Finds keys and tokens in what a server repeats of them, however it writes them, and blanks them out.

Undone are, each within another and up to four deep: the escapes of JSON, JavaScript, HTML and URLs, and zeros
between letters, as of UTF-16; quoted-printable. At every depth a secret is found in any case, and a long one
also in Base64 and hexadecimal, and across blanks, ends of lines and invisible characters.

Rule: pure. Only the secret gives way, whatever it is written in: the rest stays as it came.
"""

from __future__ import annotations

import base64
import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

SHORTEST_SECRET = 5  # characters; shorter texts would blank out ordinary words
_LONG = 16  # bytes of a secret that stays unlike all else once blanks are taken out
_ROUNDS = 4
_MASK = b"***"
_NAMES = {
    b"period": b".",
    b"lowbar": b"_",
    b"hyphen": b"-",
    b"dash": b"-",
    b"equals": b"=",
    b"sol": b"/",
    b"plus": b"+",
    b"tilde": b"~",
    b"colon": b":",
    b"commat": b"@",
    b"num": b"#",
    b"excl": b"!",
    b"dollar": b"$",
    b"percnt": b"%",
    b"amp": b"&",
    b"quot": b'"',
    b"apos": b"'",
    b"lt": b"<",
    b"gt": b">",
    b"bsol": b"\\",
    b"ast": b"*",
    b"comma": b",",
    b"semi": b";",
    b"quest": b"?",
    b"lpar": b"(",
    b"rpar": b")",
}
_UNIT = re.compile(
    rb"%([0-9a-f]{2})"
    rb"|\\{1,16}u([0-9a-f]{4})"
    rb"|\\{1,16}(?:u\{0{0,4}|x)([0-9a-f]{2})\}?"
    rb"|&#x0{0,6}([0-9a-f]{2});?"
    rb"|&#0{0,6}([1-9][0-9]{1,2});?"
    rb"|&([a-z]{2,6});"
    rb"|\\{1,16}([\"'/])"
    rb"|\0+",
    re.IGNORECASE,
)
_BYTE, _DECIMAL, _NAME, _ITSELF = 1, 5, 6, 7
_MARKS = (b"\\", b"&", b"%", b"\0")  # every unit has one of them
_NEEDLESS = re.compile(rb"\\u00(?:2[013-9a-f]|[346][0-9a-f]|5[0-9abd-f]|7[0-9a-e])")
"""A printable character of ASCII other than the quote and the backslash, as an escape of JSON."""
_PRINTABLE = re.compile(rb"=(?:\r?\n|([0-9A-F]{2}))")
_GAPS = re.compile(rb"[\s\0]+|\\{1,16}(?:[nrt]|u200b)|<w?br ?/?>|\xc2\xad|\xe2\x80\x8b", re.IGNORECASE)
_BLANKS = b" \t\r\n\v\f\0"
_GAP_MARKS = (b"\\", b"br", b"\xc2\xad", b"\xe2\x80\x8b")


class _Level:
    """
    A text in which units are undone; where they are in the text that it was made of.

    :param made_of: None for a text as it came.
    """

    def __init__(self, text: bytes, made_of: _Level | None = None) -> None:
        self.text = text
        self._made_of = made_of
        self._places = array("Q")  # of the meaning of each unit, in this text
        self._sizes = array("B")
        self._firsts = array("Q")  # of the unit itself, in the text that this one was made of
        self._ends = array("Q")

    def replaced(self, pattern: re.Pattern[bytes]) -> _Level | None:
        """Undo units, or take gaps out; None where there is none."""
        made, done = bytearray(), 0
        level = _Level(b"", self)
        for unit in pattern.finditer(self.text):
            first, end = unit.span()
            meaning = _meaning(unit)
            made += self.text[done:first]
            level._places.append(len(made))
            level._sizes.append(len(meaning))
            level._firsts.append(first)
            level._ends.append(end)
            made += meaning
            done = end
        if not done:
            return None
        level.text = bytes(made + self.text[done:])
        return level

    def places(self, needle: bytes) -> Iterator[tuple[int, int]]:
        """Give where a needle is, in the text as it came."""
        text = self.text.lower()
        start = text.find(needle)
        while start >= 0:
            yield self.span(start, start + len(needle))
            start = text.find(needle, start + 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the place of a part of this text in the text as it came."""
        if self._made_of is None:
            return start, end
        return self._made_of.span(self._place(start)[0], self._place(end - 1)[1])

    def _place(self, place: int) -> tuple[int, int]:
        """Give the place of what a byte was made of."""
        unit = bisect_right(self._places, place) - 1
        if unit < 0:
            return place, place + 1
        behind = place - self._places[unit] - self._sizes[unit]
        if behind < 0:
            return self._firsts[unit], self._ends[unit]
        return self._ends[unit] + behind, self._ends[unit] + behind + 1


class _Needles:
    """What is looked for, in lower case: the secrets; the long ones, also in other alphabets, across gaps."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    @cached_property
    def plain(self) -> list[bytes]:
        """The secrets that are no ordinary words."""
        long_enough = [secret for secret in self._secrets if len(secret) >= SHORTEST_SECRET]
        # Texts are compared as bytes, whose lower case leaves letters such as Æ as they are.
        spelt = (one for secret in long_enough for one in _in_json(secret))
        cases = (case.encode().lower() for one in spelt for case in (one, one.lower(), one.upper()))
        return [*dict.fromkeys(cases)]

    @cached_property
    def long(self) -> list[bytes]:
        """The long ones."""
        texts = dict.fromkeys(secret.encode() for secret in self._secrets)
        spelt = (one for text in texts if len(text) >= _LONG for one in _alphabets(text))
        return [*dict.fromkeys(spelt)]

    def are_in(self, text: bytes) -> bool:
        """Tell whether one of them is in a text, quickly."""
        text = text.lower()
        return any(needle in text for needle in self.plain) or self.cross_gaps(text)

    def cross_gaps(self, text: bytes) -> bool:
        """Tell whether a long one is in a text in lower case without gaps."""
        tight = text.translate(None, _BLANKS)  # several times as fast as the expression
        if any(mark in tight for mark in _GAP_MARKS):
            tight = _GAPS.sub(b"", tight)
        return any(needle in tight for needle in self.long)


@lru_cache(maxsize=64)
def _needles(secrets: tuple[str, ...]) -> _Needles:
    """Give what is looked for; every answer to a call of one client is searched for the same."""
    return _Needles(secrets)


def blanked(text: bytes, secrets: Sequence[str], *, may_be_cut: bool = False) -> bytes:
    """
    Replace each secret in a text by ``***``; the text itself is given where there is none.

    :param may_be_cut: the text may break off within a secret, whose beginning is then blanked too.
    """
    needles = _needles(tuple(secrets))
    spans: list[tuple[int, int]] = []
    for level in _levels(text):
        spans += (span for needle in needles.plain for span in level.places(needle))
        if needles.cross_gaps(level.text.lower()):
            tight = level.replaced(_GAPS) or level
            spans += (span for needle in needles.long for span in tight.places(needle))
        if may_be_cut:
            spans += _cut_end(level, needles)
    return _without(text, spans) if spans else text


def holds_secret(text: bytes, secrets: Sequence[str]) -> bool:
    """Tell whether :func:`blanked` finds a secret in a text; faster."""
    needles = _needles(tuple(secrets))
    return any(needles.are_in(level.text) for level in _levels(text))


def shows_secret(text: bytes, secrets: Sequence[str]) -> bool:
    """Tell whether a text holds a secret in any case, or in escapes of JSON; fast, as every page is asked."""
    needles = _needles(tuple(secrets)).plain
    plain = text.lower()
    if any(needle in plain for needle in needles):
        return True
    # A single byte is found far faster than four.
    if b"\\" not in plain or b"\\u00" not in plain or not _NEEDLESS.search(plain):
        return False
    plain = _UNIT.sub(_meaning, text).lower()
    return any(needle in plain for needle in needles)


def scrub(text: str, secrets: Sequence[str]) -> str:
    """Replace each secret in a text by ``***``: a server may echo what it was sent."""
    given = text.encode("utf-8", "surrogatepass")
    found = blanked(given, secrets)
    return text if found is given else found.decode("utf-8", "surrogatepass")


def _in_json(secret: str) -> Iterator[str]:
    """Write a secret plain; with backslashes also as JSON does, as they are left where units are undone."""
    yield secret
    if "\\" in secret:
        once = json.dumps(secret, ensure_ascii=False)[1:-1]
        yield from (once, json.dumps(once, ensure_ascii=False)[1:-1])


def _alphabets(secret: bytes) -> Iterator[bytes]:
    """Write a secret plain, in hexadecimal, and in Base64 as it is anywhere within a text."""
    yield secret.lower()
    yield secret.hex().encode()
    for before, hidden in enumerate((0, 2, 3)):
        letters = base64.b64encode(bytes(before) + secret)[hidden : (before + len(secret)) * 8 // 6].lower()
        yield letters
        yield letters.replace(b"+", b"-").replace(b"/", b"_")


def _levels(text: bytes) -> Iterator[_Level]:
    """Give a text, and what it becomes as its units are undone."""
    level = _Level(text)
    yield level
    if b"=" in text and (printable := level.replaced(_PRINTABLE)):
        yield printable
    for _ in range(_ROUNDS):
        if not any(mark in level.text for mark in _MARKS) or not (undone := level.replaced(_UNIT)):
            return
        level = undone
        yield level


def _meaning(unit: re.Match[bytes]) -> bytes:
    kind = unit.lastindex
    if kind is None:
        return b""
    written = unit[kind]
    if kind == _BYTE:
        return bytes((int(written, 16),))
    if kind == _NAME:
        return _NAMES.get(written.lower(), unit[0])
    if kind == _ITSELF:
        return written
    return chr(int(written, 10 if kind == _DECIMAL else 16)).encode("utf-8", "surrogatepass")


def _cut_end(level: _Level, needles: _Needles) -> Iterator[tuple[int, int]]:
    """Find the beginning of a secret at the end of a text: a body may break off, or be read up to a bound."""
    text = level.text.lower()
    for needle in needles.plain:
        for size in range(min(len(needle), len(text)), SHORTEST_SECRET - 1, -1):
            if text.endswith(needle[:size]):
                yield level.span(len(text) - size, len(text))
                break


def _without(text: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    parts: list[bytes] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += text[done:start], _MASK
        done = max(done, end)
    return b"".join((*parts, text[done:]))
