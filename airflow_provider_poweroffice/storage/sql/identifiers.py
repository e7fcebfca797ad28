"""
Names of tables and columns: checked, then always quoted.

Rule: no text that a user or a server gave reaches SQL as a name unless it was checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d]\w*")
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
MOST_BYTES = 63  # PostgreSQL cuts longer names silently; others take more


def is_name(text: str) -> bool:
    """Tell whether a text can be a name: letters, digits and underscores, 63 bytes at most."""
    # MySQL takes no letter beyond the first 65,536.
    return bool(_WORD.fullmatch(text)) and len(text.encode()) <= MOST_BYTES and max(text) <= "\uffff"


def folded(name: str) -> str:
    """Write a name so that names that any database takes for one are equal: by case, and a dot on an i."""
    return name.casefold().replace("i\u0307", "i").replace("\u0131", "i")


def check_name(argument: str, text: object) -> str:
    """
    Check a name that a user gave.

    :raises ValueError: it is not a name; names the argument.
    """
    if not isinstance(text, str) or not is_name(text):
        raise ValueError(
            f"{argument}={text!r} is not a name: use letters, digits and underscores, no digit first, "
            f"{MOST_BYTES} bytes at most. Names are quoted for you"
        )
    return text


def snake_case(field: str) -> str:
    """Write a field's name as SQL users do: ``VatCode`` becomes ``vat_code``."""
    return _WORD_STARTS.sub("_", field).lower()


@dataclass(frozen=True, slots=True)
class TableName:
    """
    The name of a table.

    :param name: of the table.
    :param schema: that it is in; None for the connection's own.
    """

    name: str
    schema: str | None = None

    @classmethod
    def of(cls, table: object, schema: object = None) -> TableName:
        """
        Read ``table`` or ``schema.table``.

        :raises ValueError: quotes, dots too many, or no name; two schemas.
        """
        first, dot, second = table.partition(".") if isinstance(table, str) else ("", "", "")
        if not dot:
            return cls(check_name("table", table), None if schema is None else check_name("schema", schema))
        if schema is not None:
            raise ValueError(f"table={table!r} names a schema, and so does schema={schema!r}; give one")
        if not (is_name(first) and is_name(second)):
            raise ValueError(
                f"table={table!r} is not a table name: write table or schema.table, without quotes"
            )
        return cls(second, first)

    def quoted(self, quote: str = '"') -> str:
        """Write the name for SQL."""
        return ".".join(f"{quote}{part}{quote}" for part in (self.schema, self.name) if part)

    def __str__(self) -> str:
        return ".".join(filter(None, (self.schema, self.name)))
