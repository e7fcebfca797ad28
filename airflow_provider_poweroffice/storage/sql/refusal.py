"""
When a database says no: its own words, with the table and the row.

Rule: an error that a repetition can cure (a lost connection, a deadlock, a lock not granted) keeps its type,
so that Airflow tries again.
"""

from __future__ import annotations

import re
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
_SQLITE_FINAL = frozenset({1, 8})
"""Of SQLite, which says nearly all by OperationalError: a wrong statement, a file that is read only."""
_SERVER_ERRORS, _CLIENT_ERRORS = range(1000, 6000), range(2000, 3000)
_SQLSERVER_PASSING = frozenset(
    # Connections, memory, room, locks, a database that starts, stops or moves, and Azure's own limits.
    {20, 64, 121, 233, 596, 601, 617, 669, 701, 802, 844, 845, 921, 922, 997, 1101, 1105, 1203, 1204, 1205}
    | {1221, 1222, 3935, 3960, 4060, 4221, 6001, 6005, 8628, 8645, 8651, 9002, 10053, 10054, 10060, 10928}
    | {10929, 10936, 17142, 18401, 40020, 40143, 40166, 40197, 40501, 40540, 40544, 40549, 40550, 40551}
    | {40552, 40553, 40613, 41301, 41302, 41305, 41325, 41839, 42108, 42109, 49918, 49919, 49920}
)
_DB_LIBRARY = range(20000, 20300)  # FreeTDS's own
_odbc_number = re.compile(r"\((\d+)\) \(SQL").search


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def is_refusal(error: BaseException) -> bool:
    """Tell whether an error is a database's and will not pass, by the class names of the DB-API."""
    names = _names(error)
    if "Error" not in names:
        return False
    passes = _passes(error)
    return (not names & _PASSING or _is_final(error)) if passes is None else not passes


def _is_final(error: BaseException) -> bool:
    """Find errors that a driver classes as passing although they stay."""
    # PostgreSQL: more columns, a larger row or a longer key than it has room for; a view that takes no rows.
    if str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)).startswith(("54", "55000")):
        return True
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_FINAL


def _passes(error: BaseException) -> bool | None:
    """
    Tell by the error number of a MySQL or SQL Server; None: the error has no such number.

    Their drivers do not keep to the classes of the DB-API: an impossible date is an ``OperationalError`` of
    PyMySQL and of pymssql, a deadlock may be an ``InternalError``, or of pyodbc a mere ``Error``.
    """
    drivers = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    number = _number_of(error, is_odbc="pyodbc" in drivers)
    if not isinstance(number, int):
        return None
    if drivers & {"pymysql", "MySQLdb", "mysql"}:
        is_server = number in _SERVER_ERRORS and number not in _CLIENT_ERRORS
        return number in _MYSQL_PASSING if is_server else None
    if drivers & {"pymssql", "pyodbc"}:
        is_server = number > 0 and number not in _DB_LIBRARY
        return number in _SQLSERVER_PASSING if is_server else None
    return None


def _number_of(error: BaseException, *, is_odbc: bool) -> Any:
    """Give the number that a driver gave an error; of ODBC only that of SQL Server."""
    if not is_odbc:
        return getattr(error, "errno", error.args[0] if error.args else None)
    found = _odbc_number(str(error)) if "[SQL Server]" in str(error) else None
    return int(found[1]) if found else None


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
    :param way_out: what may be done instead of changing the table or the row.
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
