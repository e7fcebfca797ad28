"""The columns of a table: those of the data, and those that say whose a row is and who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KINDS = tuple(
    (re.compile(words).fullmatch, kind)
    for words, kind in (
        (r"array|list|struct|map|union|row|record", "inexact"),
        (r"real|float|double( precision)?|float[48]|(small)?money|name|\"char\"", "inexact"),
        (r"u?(tiny|small|medium|big|huge)?int(eger)?\d*|varint|bignum", "integer"),
        (r"numeric|decimal(_text)?", "decimal"),
        (r"(timestamp|datetime).*", "timestamp"),
        (r"(time|interval).*", "time"),
        (r".*char.*|(tiny|medium|long)?text|clob", "text"),
        (r"bool(ean)?(_text)?", "boolean"),
        (r"date(_text)?", "date"),
        (r"jsonb?(_text)?", "json"),
    )
)
"""Names of types, without what is in brackets, and their kinds; the first that fits counts."""
_FRACTION = 6  # digits of a second that a type without a precision keeps
_TIMESTAMPS = {"timestamp_s": 0, "timestamp_ms": 3}
_PADDED = frozenset({"char", "character", "bpchar", "nchar"})

ROW = "poweroffice_row"
"""Column of the staging table: number of the row in the read, from 0."""


@dataclass(frozen=True, slots=True)
class Existing:
    """
    A column that is in the table already.

    :param type: as the database writes it.
    :param kind: what it takes: one of ``storage.kinds``, or what ``kind_of_type`` says besides.
    :param scale: digits behind the point, for decimals, timestamps and times with a bound; of texts the
        letters behind which blanks at the end are not kept: all of them in a type of fixed length.
    :param is_generated: the database makes its values, and takes none.
    """

    type: str
    kind: str
    scale: int | None
    is_generated: bool = False

    @classmethod
    def of(cls, type_name: str) -> Existing:
        """Read the database's name of a type."""
        return cls(type_name, *kind_of_type(type_name))


def kind_of_type(name: str) -> tuple[str, int | None]:
    """
    Read a database's name of a type.

    :return: kind, and for decimals, timestamps and times of bounded scale the digits behind the point; for
        texts with a bound its letters, 0 where the length is fixed.
        Besides the kinds of ``storage.kinds``: ``time``, a time of day or an interval; ``inexact``: what it
        is given would be rounded, cut or taken apart; ``other``: the database checks texts for it.
    """
    word, _, inside = name.lower().partition("(")
    word, bounds = word.strip(), inside.partition(")")[0].strip()
    if name.endswith("]"):
        return "inexact", None
    kind = next((kind for is_named, kind in _KINDS if is_named(word)), "other")
    return kind, _bound(kind, word, bounds)


def _bound(kind: str, word: str, bounds: str) -> int | None:
    """Read the bound in brackets behind a type, or the one that it has without brackets."""
    if kind == "decimal":
        behind = bounds.partition(",")[2].strip() or ("0" if bounds else "")
        return int(behind) if behind else None
    if kind not in {"timestamp", "time", "text"}:
        return None
    if word in _PADDED:
        return 0
    if bounds.isdecimal():
        return int(bounds)
    return _FRACTION if kind == "time" else _TIMESTAMPS.get(word)


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column that a load fills or makes.

    :param name: in the table.
    :param kind: one of ``kinds.KINDS``, or ``"name"``: a short text, part of a key.
    :param note: becomes its comment.
    :param existing: what the table says of it; None: the table does not have it yet.
    :param scale: digits behind the point, for a new column of decimals where they are bounded.
    """

    name: str
    kind: str
    note: str
    existing: Existing | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class AuditColumns:
    """
    The columns that say whose a row is and which load wrote it; the same in both layouts but for a prefix.

    :param prefix: ``"_"`` beside columns named after the API's fields.
    """

    prefix: str = ""

    @property
    def company(self) -> str:
        """Whose row it is."""
        return f"{self.prefix}company"

    @property
    def loaded_at(self) -> str:
        """When the load that wrote it began."""
        return f"{self.prefix}loaded_at"

    @property
    def run_id(self) -> str:
        """Which run wrote it."""
        return f"{self.prefix}run_id"

    @property
    def task(self) -> str:
        """Which task of the run wrote it."""
        return f"{self.prefix}task"

    @property
    def deleted_at(self) -> str:
        """When it was found to be gone; null while it is there."""
        return f"{self.prefix}deleted_at"

    def columns(self) -> Iterator[Column]:
        """Give them all."""
        yield Column(self.company, "name", "the company that the row belongs to")
        yield Column(self.loaded_at, "timestamp", "when the load that wrote the row began")
        yield Column(self.run_id, "name", "the Airflow run that wrote the row")
        yield Column(self.task, "name", "the task of that run")
        yield Column(
            self.deleted_at, "timestamp", "when the row was found to be gone; null while it is there"
        )
