"""
Finds keys and tokens in what a server repeats of them, however it writes them, and blanks them out.

Undone are, each within another and up to four deep: the escapes of JSON, JavaScript, HTML and URLs, and zeros
between letters, as of UTF-16; quoted-printable. At every depth a secret is found in any case, and a long one
also in Base64 and hexadecimal, and across blanks, ends of lines and invisible characters.

Rule: pure. Only the secret gives way, whatever it is written in: the rest stays as it came.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

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


class _Level(NamedTuple):
    """A text in which units are undone; where each byte of it begins and ends in the text as it came."""

    text: bytes
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: bytes) -> _Level:
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def replaced(self, pattern: re.Pattern[bytes]) -> _Level | None:
        """Undo units, or take gaps out; None where there is none."""
        text, starts, ends = self
        parts: list[bytes] = []
        firsts: list[int] = []
        lasts: list[int] = []
        done = 0
        for unit in pattern.finditer(text):
            first, behind = unit.span()
            meaning = _meaning(unit)
            parts += text[done:first], meaning
            firsts += starts[done:first]
            lasts += ends[done:first]
            firsts += [starts[first]] * len(meaning)
            lasts += [ends[behind - 1]] * len(meaning)
            done = behind
        if not done:
            return None
        parts.append(text[done:])
        return _Level(b"".join(parts), [*firsts, *starts[done:]], [*lasts, *ends[done:]])

    def places(self, needle: bytes) -> Iterator[tuple[int, int]]:
        """Give where a needle is, in the text as it came."""
        text = self.text.lower()
        start = text.find(needle)
        while start >= 0:
            yield self.starts[start], self.ends[start + len(needle) - 1]
            start = text.find(needle, start + 1)


class _Needles:
    """What is looked for, in lower case: the secrets; the long ones, also in other alphabets, across gaps."""

    def __init__(self, secrets: Sequence[str]) -> None:
        texts = [secret.encode() for secret in secrets]
        self.plain = self.plain_of(secrets)
        long = [text for text in dict.fromkeys(texts) if len(text) >= _LONG]
        self.long = [*dict.fromkeys(spelt for text in long for spelt in _alphabets(text))]

    @staticmethod
    def plain_of(secrets: Sequence[str]) -> list[bytes]:
        """Give the secrets that are no ordinary words."""
        long_enough = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        # Texts are compared as bytes, whose lower case leaves letters such as Æ as they are.
        spelt = (each.encode().lower() for one in long_enough for each in (one, one.lower(), one.upper()))
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


def blanked(text: bytes, secrets: Sequence[str], *, may_be_cut: bool = False) -> bytes:
    """
    Replace each secret in a text by ``***``; the text itself is given where there is none.

    :param may_be_cut: the text may break off within a secret, whose beginning is then blanked too.
    """
    needles = _Needles(secrets)
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
    needles = _Needles(secrets)
    return any(needles.are_in(level.text) for level in _levels(text))


def shows_secret(text: bytes, secrets: Sequence[str]) -> bool:
    """Tell whether a text holds a secret in any case, or in escapes of JSON; fast, as every page is asked."""
    needles = _Needles.plain_of(secrets)
    plain = text.lower()
    if any(needle in plain for needle in needles):
        return True
    if b"\\u00" not in plain or not _NEEDLESS.search(plain):
        return False
    plain = _UNIT.sub(_meaning, text).lower()
    return any(needle in plain for needle in needles)


def scrub(text: str, secrets: Sequence[str]) -> str:
    """Replace each secret in a text by ``***``: a server may echo what it was sent."""
    given = text.encode("utf-8", "surrogatepass")
    found = blanked(given, secrets)
    return text if found is given else found.decode("utf-8", "surrogatepass")


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
    level = _Level.of(text)
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
                yield level.starts[len(text) - size], level.ends[-1]
                break


def _without(text: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    parts: list[bytes] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += text[done:start], _MASK
        done = max(done, end)
    return b"".join((*parts, text[done:]))
