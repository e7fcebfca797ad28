"""The raw layout: each row as the server sent it, with its key and its time of change beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from airflow_provider_poweroffice.api.pages.keys import is_caseless
from airflow_provider_poweroffice.api.surrogates import escaped, split_rows
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import LoadError
from airflow_provider_poweroffice.storage.kinds import NULL, moment_text
from airflow_provider_poweroffice.storage.sql.columns import AuditColumns, Column, Existing
from airflow_provider_poweroffice.storage.sql.encoding import key_text, quoted
from airflow_provider_poweroffice.storage.sql.layouts import LONGEST_KEY, Layout

_NONE = msgspec.Raw(NULL)
_ROWS_AT_ONCE = 100


class RawLayout(Layout):
    """
    ``id``, ``changed_at``, ``payload``, and the audit columns.

    :param changed_field: the field of a row with its change time.
    :param zone: what the database reads behind a moment, which is in UTC.
    """

    audit = AuditColumns()

    def __init__(
        self,
        table: str,
        key: tuple[str, ...],
        existing: Mapping[str, Existing] | None,
        *,
        changed_field: str,
        zone: str = "Z",
    ) -> None:
        super().__init__(table, key, existing)
        self._zone = zone
        names = [(f"k{number}", field) for number, field in enumerate(key)]
        stamp = msgspec.defstruct(
            "Stamp",
            [(name, msgspec.Raw, _NONE) for name, _ in names] + [("changed", msgspec.Raw, _NONE)],
            rename=dict([*names, ("changed", changed_field)] if changed_field not in key else names),
            gc=False,
        )
        self._stamp: Any = stamp
        self._stamps: Any = msgspec.json.Decoder(list[stamp]).decode  # type: ignore[valid-type]
        self._caseless = {place for place, field in enumerate(key) if is_caseless(field)}
        self._changed = key.index(changed_field) if changed_field in key else len(key)
        self.check_audit([*self.audit.columns(), *self.columns])

    @property
    def columns(self) -> Sequence[Column]:
        """Three."""
        known = self.existing or {}
        return (
            Column("id", "name", f"{', '.join(self.key) or 'no key'}, as text", known.get("id")),
            Column(
                "changed_at", "timestamp", "when the row changed last, by the API", known.get("changed_at")
            ),
            Column("payload", "payload", "the row as the API sent it", known.get("payload")),
        )

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The one text that holds the key."""
        return ("id",) if self.key else ()

    def see(self, content: bytes) -> None:
        """Check that each row has its key."""
        if not self.key:
            return
        for number, (key, _) in enumerate(self._read(content)):
            if NULL in key:
                raise LoadError(
                    f"table {self.table}: row {number} of a page has no {self.key[key.index(NULL)]}, "
                    "which is its key: name another by key=",
                    table=self.table,
                )

    def _read(self, content: bytes) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
        """Give the key and the change time of each row."""
        content = escaped(content)
        try:
            stamps = self._stamps(content)
        except msgspec.ValidationError:
            stamps = [self._lenient(row) for row in split_rows(content)]
        for stamp in stamps:
            values = tuple(map(bytes, msgspec.structs.astuple(stamp)))
            own = values[: len(self.key)]
            if self._caseless:
                own = tuple(value.lower() if n in self._caseless else value for n, value in enumerate(own))
            yield own, values[self._changed]

    def _lenient(self, row: msgspec.Raw) -> Any:
        """Read a row; one that is not an object has neither key nor time."""
        try:
            return msgspec.json.decode(row, type=self._stamp)
        except msgspec.ValidationError:
            return self._stamp()

    def csv(self, content: bytes, first: int) -> Iterator[bytes]:
        """Write the rows as they were sent, quoted."""
        lines = self._lines(content, first)
        while some := b"".join(islice(lines, _ROWS_AT_ONCE)):
            yield some

    def _lines(self, content: bytes, first: int) -> Iterator[bytes]:
        for number, (row, (key, changed)) in enumerate(
            zip(split_rows(content), self._read(content), strict=True), start=first
        ):
            moment = _moment(changed, self._zone)
            yield b"%d,%b,%b,%b\n" % (
                number,
                quoted(key_text(key).encode()) if key else NULL,
                moment.encode() if moment else NULL,
                quoted(bytes(row)),
            )

    def parameters(self, content: bytes, first: int) -> Iterator[tuple[Any, ...]]:
        """Give the rows as text."""
        for number, (row, (key, changed)) in enumerate(
            zip(split_rows(content), self._read(content), strict=True), start=first
        ):
            yield number, key_text(key) if key else None, _moment(changed, self._zone), bytes(row).decode()

    def key_of(self, row: bytes) -> str:
        """Give the key as it is in ``id``."""
        ((key, _),) = self._read(b"[" + row + b"]")
        return one_line(key_text(key), LONGEST_KEY) if key else "without a key"


def _moment(value: bytes, zone: str) -> str | None:
    """Read a change time; whatever no calendar has gives None, as the row itself is kept whole."""
    try:
        return moment_text(msgspec.json.decode(value), zone=zone) if value[:1] == b'"' else None
    except ValueError:
        return None
