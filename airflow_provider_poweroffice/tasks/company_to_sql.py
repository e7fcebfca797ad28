"""All collections of one company into tables, by one task; or of several companies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.tasks.company_loads import THREADS, CompanyLoads
from airflow_provider_poweroffice.tasks.to_sql import ToSql

if TYPE_CHECKING:
    from airflow_provider_poweroffice.tasks.side_by_side import SideBySide


class CompanyToSql(CompanyLoads):
    """
    Load collections of one company into tables, side by side where the database takes several writers.

    Each is a load of its own, with its transaction. The task returns what :class:`CompanyLoads` says, of each
    load ``{"outcome", "table", "rows", "inserted", "updated", "deleted", "marked_deleted", "began",
    "seconds", "watermark"}``.

    :param loads: by name, the arguments of each load: those of :class:`ToSql` without ``sql_conn_id``,
        connection, company, ``retry_options`` and what is every task's, such as ``retries`` (templated).
    :param sql_conn_id: the Airflow connection of the database (templated).
    """

    template_fields = (*CompanyLoads.template_fields, "sql_conn_id")
    shared_arguments = ("sql_conn_id",)
    told_fields = (
        "table",
        "rows",
        "inserted",
        "updated",
        "deleted",
        "marked_deleted",
        "began",
        "seconds",
        "watermark",
    )

    def __init__(self, *, sql_conn_id: str, **kwargs: Any) -> None:
        self.sql_conn_id = sql_conn_id  # first: each load has it
        super().__init__(**kwargs)

    def destination(self) -> Warehouse:
        """Open the database."""
        return Warehouse(self.sql_conn_id)

    def check_places(self, parts: Mapping[str, ToSql]) -> None:
        """
        Refuse two loads into one table.

        :raises ValueError: names both.
        """
        seen: dict[tuple[str | None, str], str] = {}
        for name, part in parts.items():
            schema, _, table = (
                part.table.rpartition(".") if part.schema is None else (part.schema, "", part.table)
            )
            if (twin := seen.setdefault((schema or None, table), name)) != name:
                raise ValueError(f"loads: {twin!r} and {name!r} go into one table, {part.table}")


class Warehouse:
    """The database that the loads of a company go to, each by a connection of its own."""

    def __init__(self, conn_id: str) -> None:
        from airflow_provider_poweroffice.hooks.database import Target

        self.target = Target(conn_id)

    def reach(self) -> int:
        """Give how many loads it takes at once."""
        with self.target.session() as session:
            return 1 if session.database.one_writer else THREADS

    def ask_through(self, crew: SideBySide) -> None:
        """Connect in the task's own thread, as some hooks ask Airflow for the connection each time."""
        self.target.connect = partial(crew.ask, self.target.connect)

    def lost(self) -> Exception | None:
        """Give why it cannot be reached any more, if that is so."""
        try:
            with self.target.session():
                return None
        except Exception as lost:  # noqa: BLE001 - every driver has its own
            return lost
