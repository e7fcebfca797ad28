"""The columns of a table: those of the data, and those with which a load keeps its books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_poweroffice.storage.sql.kinds import kind_of_type

ROW = "poweroffice_row"
"""Column of the staging table: number of the row in the read, from 0."""


@dataclass(frozen=True, slots=True)
class Existing:
    """
    A column that is in the table already.

    :param type: as the database writes it.
    :param kind: what it takes, see ``kinds``.
    :param scale: digits behind the point, for decimals and timestamps with a bound.
    """

    type: str
    kind: str
    scale: int | None

    @classmethod
    def of(cls, type_name: str) -> Existing:
        """Read the database's name of a type."""
        return cls(type_name, *kind_of_type(type_name))


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column that a load fills or makes.

    :param name: in the table.
    :param kind: one of ``kinds.KINDS``, or ``"name"``: a short text, part of a key.
    :param note: becomes its comment.
    :param existing: what the table says of it; None: the table does not have it yet.
    """

    name: str
    kind: str
    note: str
    existing: Existing | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """
    The columns with which a load keeps its books, the same in both layouts but for their prefix.

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
