"""
A body's charset: the name that goes into the content type, and the bytes.

Rule: pure; what cannot be encoded is an error, never a question mark.
"""

from __future__ import annotations

import codecs

from airflow_provider_poweroffice.api.texts import whole_name

_REGISTERED = {  # Python's names of those whose registered (IANA) names are spelt otherwise
    "ascii": "us-ascii",
    "mac-roman": "macintosh",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-32-le": "utf-32le",
    "utf-32-be": "utf-32be",
    "shift-jis": "shift_jis",
    "big5hkscs": "big5-hkscs",
    "cp932": "windows-31j",
    "cp874": "windows-874",
    "hz": "hz-gb-2312",
    "kz1048": "kz-1048",
}
# Names that some versions of Python do not know; "ANSI" is what Windows calls its western European code page.
_SYNONYMS = {"ansi": "cp1252", "windows-31j": "cp932", "windows-874": "cp874"}
# Text encodings of Python that are no charsets of the Internet.
_PRIVATE = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-8-sig", "palmos"}
)


def charset_of(name: str) -> tuple[str, str]:
    """
    Find a charset.

    :param name: ``utf-8``, ``UTF8``, ``ISO-8859-1``, ``ASCII``, ``windows-1252``, ``ANSI`` (the same) and
        any other that is registered; case does not count.
    :return: its registered name, and Python's codec.
    :raises ValueError: there is none of that name.
    """
    text = str(name).strip().lower()
    try:
        info = codecs.lookup(_SYNONYMS.get(text, text))
    except (LookupError, ValueError):
        info = None
    codec = info.name.replace("_", "-") if info else ""
    if info is None or codec in _PRIVATE or not getattr(info, "_is_text_encoding", True):
        raise ValueError(
            f"unknown charset {whole_name(str(name))}; use utf-8, iso-8859-1, us-ascii, windows-1252 or "
            "another one"
        )
    return _registered(codec), info.name


def _registered(codec: str) -> str:
    if codec.startswith(("iso8859", "iso2022")):
        return codec.replace("iso", "iso-", 1)
    if codec.startswith("cp125"):
        return codec.replace("cp", "windows-", 1)
    return _REGISTERED.get(codec, codec)


def encode_text(text: str, charset: str) -> tuple[bytes, str]:
    """
    Encode a text.

    :return: the bytes, and the charset's registered name.
    :raises ValueError: an unknown charset, or a character that it does not have; the message shows it.
    """
    registered, codec = charset_of(charset)
    try:
        return text.encode(codec), registered
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ValueError(
            f"charset {registered} has no {character!r} (U+{ord(character):04X}, character {error.start + 1} "
            "of the payload); use utf-8"
        ) from None
