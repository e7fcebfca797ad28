"""
Making tables: the one for the rows, and the temporary one that they go through.

Rule: the table is made, empty, in a short transaction of its own, under a lock, so that many tasks may
find it missing at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_poweroffice.storage.sql.columns import ROW, Column
from airflow_provider_poweroffice.storage.sql.databases.base import Database, Session
from airflow_provider_poweroffice.storage.sql.identifiers import TableName

STAGE = "poweroffice_stage"
IDS = "poweroffice_ids"


def type_of(database: Database, column: Column) -> str:
    """Name the type of a column."""
    if column.existing:
        return column.existing.type
    return database.type_of(column.kind, column.scale)


def is_key_text(column: Column, key: Sequence[str]) -> bool:
    """Tell whether a column is a text by which rows are told apart."""
    return column.kind in {"text", "name"} and column.name in key


def _definitions(database: Database, columns: Sequence[Column], key: Sequence[str]) -> Iterator[str]:
    """Write names and types; the texts of a key are short ones."""
    texts = sum(is_key_text(column, key) for column in columns)
    for column in columns:
        type_name = type_of(database, column)
        if not column.existing and is_key_text(column, key):
            type_name = database.key_type(texts, len(key) - texts)
        yield f"{database.quoted(column.name)} {type_name}"


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
        definition + (" NOT NULL" if column.name in key else "") + database.note(column)
        for column, definition in zip(columns, _definitions(database, columns, key), strict=True)
    ]
    if key:
        parts.append(f"{database.primary_key} ({', '.join(map(database.quoted, key))})")
    name = table.quoted(database.quote)
    within = f" /* {comment.replace('*/', '')} */" if database.keeps_text else ""
    session.execute(f"CREATE TABLE {name} ({', '.join(parts)}{within}){database.options(comment)}")
    for statement in database.comments(table, comment, columns):
        session.execute(statement)


def add_columns(session: Session, table: TableName, columns: Iterable[Column]) -> None:
    """Add columns to a table."""
    database, name = session.database, table.quoted(session.database.quote)
    columns = list(columns)
    for column in columns:
        session.execute(
            f"ALTER TABLE {name} {database.add_column} {database.quoted(column.name)} "
            f"{type_of(database, column)}{database.note(column)}"
        )
    for statement in database.comments(table, "", columns):
        session.execute(statement)


def create_stage(session: Session, table: str, columns: Sequence[Column], key: Sequence[str]) -> None:
    """Make a temporary table, of the types that the rows' table has; it goes with the connection."""
    database = session.database
    parts = [f"{database.quoted(ROW)} {database.row_type}"]
    for column, definition in zip(columns, _definitions(database, columns, key), strict=True):
        parts.append(definition + (database.key_check(column.name) if is_key_text(column, key) else ""))
    session.execute(f"{database.create_temporary} {table} ({', '.join(parts)}){database.options()}")
