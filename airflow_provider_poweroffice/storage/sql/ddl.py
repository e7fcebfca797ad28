"""
Making tables: the one for the rows, and the temporary one that they go through.

Rule: the table is made, empty, in a short transaction of its own, under a lock, so that many tasks may
find it missing at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_poweroffice.storage.sql.columns import ROW, Column
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

STAGE = "poweroffice_stage"
IDS = "poweroffice_ids"


def type_of(database: Database, column: Column, key: Sequence[str] = ()) -> str:
    """Name the type of a column; texts in a key are short ones."""
    if column.existing:
        return column.existing.type
    is_name = column.kind == "text" and column.name in key
    return database.type_of("name" if is_name else column.kind, column.scale)


def create_table(
    session: Session, table: TableName, columns: Iterable[Column], key: Sequence[str], comment: str
) -> None:
    """
    Make a table.

    :param key: the columns of its primary key; none: it gets none.
    """
    database = session.database
    columns = list(columns)
    parts = [
        f"{database.quoted(column.name)} {type_of(database, column, key)}"
        + (" NOT NULL" if column.name in key else "")
        for column in columns
    ]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(database.quoted, key))})")
    name = table.quoted(database.quote)
    within = f" /* {comment.replace('*/', '')} */" if database.keeps_text else ""
    session.execute(f"CREATE TABLE {name} ({', '.join(parts)}{within})")
    if database.has_comments:
        session.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
        for statement in _comments(database, name, columns):
            session.execute(statement)


def add_columns(session: Session, table: TableName, columns: Iterable[Column]) -> None:
    """Add columns to a table."""
    database, name = session.database, table.quoted(session.database.quote)
    columns = list(columns)
    for column in columns:
        session.execute(
            f"ALTER TABLE {name} ADD COLUMN {database.quoted(column.name)} {type_of(database, column)}"
        )
    if database.has_comments:
        for statement in _comments(database, name, columns):
            session.execute(statement)


def _comments(database: Database, table: str, columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        yield f"COMMENT ON COLUMN {table}.{database.quoted(column.name)} IS {literal(column.note)}"


def create_stage(session: Session, table: str, columns: Iterable[Column]) -> None:
    """Make a temporary table, of the types that the rows' table has; it goes with the connection."""
    database = session.database
    parts = [f"{database.quoted(ROW)} {database.types['integer']}"]
    parts += [f"{database.quoted(column.name)} {type_of(database, column)}" for column in columns]
    session.execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(parts)})")
