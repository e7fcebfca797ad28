"""
When a database says no: its own words, with the table and the row.

Rule: what a repetition can cure (a lost connection, a deadlock, a lock not granted) keeps its type, so
that Airflow tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_poweroffice.errors import LoadError

_PASSING = {"OperationalError", "InterfaceError"}
_MYSQL_PASSING = frozenset(
    # Connections and memory, disks, locks, timeouts, a server that stops or may only be read for a while.
    {1020, 1021, 1030, 1037, 1038, 1040, 1041, 1042, 1043, 1047, 1053, 1114, 1152, 1158, 1159, 1160, 1161}
    | {1203, 1205, 1206, 1213, 1226, 1290, 1317, 1637, 1836, 1927, 1969, 3024, 3058, 4031}
)
_SERVER_ERRORS, _CLIENT_ERRORS = range(1000, 6000), range(2000, 3000)


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def is_refusal(error: BaseException) -> bool:
    """Tell whether an error is a database's, and not one that passes; by the names of the DB-API."""
    names = _names(error)
    if "Error" not in names:
        return False
    number = _mysql_number(error)
    return not names & _PASSING if number is None else number not in _MYSQL_PASSING


def _mysql_number(error: BaseException) -> int | None:
    """
    Give the number that a server of MySQL gave an error.

    Its drivers go by other groups than the DB-API's: a date that is none is an ``OperationalError``, a
    deadlock may be an ``InternalError``.
    """
    if not {kind.__module__.partition(".")[0] for kind in type(error).__mro__} & {
        "pymysql",
        "MySQLdb",
        "mysql",
    }:
        return None
    number = getattr(error, "errno", error.args[0] if error.args else None)
    is_server = isinstance(number, int) and number in _SERVER_ERRORS and number not in _CLIENT_ERRORS
    return number if is_server else None


def is_refused_value(error: BaseException) -> bool:
    """Tell whether a database or its driver does not take a value; psycopg2 says no by ``ValueError``."""
    return is_refusal(error) or isinstance(error, ValueError)


@contextmanager
def named_table(table: str) -> Iterator[None]:
    """Have every error of a database name the table."""
    try:
        yield
    except Exception as error:
        if is_refusal(error):
            raise LoadError(f"table {table}: {_says(error)}", table=table) from error
        if "Error" in _names(error):
            error.add_note(f"table {table}")
        raise


def refused_row(
    table: str, row: str, error: BaseException, *, column: str = "", way_out: str = ""
) -> LoadError:
    """
    Make the error that names a row.

    :param column: that the database refuses, with its field, where one is known.
    :param way_out: what else may be done than to change the table or the row.
    """
    what = ": ".join(filter(None, (column, _says(error).rstrip("."))))
    made = LoadError(f"table {table}, row {row}: {what}{way_out and '.'}{way_out}", table=table, row=row)
    made.__cause__ = error
    return made


def _says(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def first_refused(rows: int, try_rows: Callable[[int, int], Any]) -> int | None:
    """
    Find the first row that a database refuses, by halves.

    :param try_rows: takes a range of rows; raises where the database refuses one of them.
    :return: None where it refuses even to write none.
    """

    def refuses(end: int) -> bool:
        try:
            try_rows(0, end)
        except Exception as error:
            if not is_refusal(error):
                raise
            return True
        return False

    if refuses(0):
        return None
    accepted, refused = 0, rows
    while refused - accepted > 1:
        middle = (accepted + refused) // 2
        accepted, refused = (accepted, middle) if refuses(middle) else (middle, refused)
    return accepted
