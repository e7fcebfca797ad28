"""
Making tables: the one for the rows, and the temporary one that they go through.

Rule: the table is made, empty, in a short transaction of its own, under a lock, so that many tasks may
find it missing at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_poweroffice.storage.sql.columns import ROW, Column
from airflow_provider_poweroffice.storage.sql.dialects import Dialect, literal
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.session import Session

STAGE = "poweroffice_stage"
IDS = "poweroffice_ids"


def type_of(dialect: Dialect, column: Column, key: Sequence[str] = ()) -> str:
    """Name the type of a column; texts in a key are short ones."""
    if column.existing:
        return column.existing.type
    is_name = column.kind == "text" and column.name in key
    return dialect.type_of("name" if is_name else column.kind, column.scale)


def create_table(
    session: Session, table: TableName, columns: Iterable[Column], key: Sequence[str], comment: str
) -> None:
    """
    Make a table.

    :param key: the columns of its primary key; none: it gets none.
    """
    dialect = session.dialect
    columns = list(columns)
    parts = [
        f"{dialect.quoted(column.name)} {type_of(dialect, column, key)}"
        + (" NOT NULL" if column.name in key else "")
        for column in columns
    ]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(dialect.quoted, key))})")
    name = table.quoted(dialect.quote)
    session.execute(f"CREATE TABLE {name} ({', '.join(parts)})")
    if dialect.has_comments:
        session.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
        for statement in _comments(dialect, name, columns):
            session.execute(statement)


def add_columns(session: Session, table: TableName, columns: Iterable[Column]) -> None:
    """Add columns to a table."""
    dialect, name = session.dialect, table.quoted(session.dialect.quote)
    columns = list(columns)
    for column in columns:
        session.execute(
            f"ALTER TABLE {name} ADD COLUMN {dialect.quoted(column.name)} {type_of(dialect, column)}"
        )
    if dialect.has_comments:
        for statement in _comments(dialect, name, columns):
            session.execute(statement)


def _comments(dialect: Dialect, table: str, columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        yield f"COMMENT ON COLUMN {table}.{dialect.quoted(column.name)} IS {literal(column.note)}"


def create_stage(session: Session, table: str, columns: Iterable[Column]) -> None:
    """Make a temporary table, of the types that the rows' table has; it goes with the connection."""
    dialect = session.dialect
    parts = [f"{dialect.quoted(ROW)} {dialect.types['integer']}"]
    parts += [f"{dialect.quoted(column.name)} {type_of(dialect, column)}" for column in columns]
    session.execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(parts)})")
