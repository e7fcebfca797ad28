"""
``POST /CustomerProspects/{id}/ConvertToCustomer``: **assumed**.

Rule: makes a customer of the prospect's fields and takes the prospect away. Only the path is known (facts
3.3).
"""

from __future__ import annotations

from dataclasses import replace

from ...core.reply import Reply, json_bytes
from ..rest.call import Call, Route, Routes
from ..rest.lists import find_row
from ..rest.writes import post_row

_JSON = {"content-type": "application/json"}
_FIELDS = ("Name", "OrganizationNumber", "EmailAddress", "PhoneNumber")


def _convert(call: Call) -> Reply:
    prospect = find_row(call)
    body = json_bytes({name: prospect[name] for name in _FIELDS})
    reply = post_row(replace(call, resource_name="Customers", path_ids=(), body=body, headers=_JSON))
    call.books.table(call.resource.table).remove(prospect["Id"], call.now)
    return reply


ROUTES: Routes = {
    ("POST", "/CustomerProspects/{id}/ConvertToCustomer"): Route(
        _convert, "CustomerProspects", "CustomerProspect"
    ),
}
