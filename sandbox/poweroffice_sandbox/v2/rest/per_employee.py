"""
Settings each employee has one of: payroll and pension.

Rule: one row for each employee; that of an employee made since is made when first asked for.
"""

from __future__ import annotations

from ...core.clock import stamp, ticks
from ...core.reply import Reply
from .call import Call, Handler
from .lists import get_row, owner_row
from .resource import Parent
from .schema import filled
from .writes import patch_row

_EMPLOYEE = Parent(("Employees",), "Id", "Employee")


def _of_employee(handler: Handler) -> Handler:
    def wrapped(call: Call) -> Reply:
        identifier = owner_row(call, _EMPLOYEE)["Id"]
        table = call.books.table(call.resource.table)
        if identifier not in table.rows:
            blank = filled(call.resource.schema, {"Id": identifier}, stamp(ticks(call.now)))
            table.put(blank, call.now)
        return handler(call)

    return wrapped


HANDLERS: dict[str, Handler] = {"get": _of_employee(get_row), "patch": _of_employee(patch_row)}
