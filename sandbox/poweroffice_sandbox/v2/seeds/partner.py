"""
The users of the companies a partner looks after: its accountant everywhere, and an administrator in each.

Rule: a user of a company is one row; the same user may be in several companies. Access roles follow from the
company's position. Assumed: three roles in each company.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from ...core.companies import ENVIRONMENTS, Company
from ...core.table import Row
from .seed import Source

TABLE = "ClientUsers"
ROLES = ("Administrator", "Accountant", "Reader")
_ROLE = 0xACCE_5500_0000_4000_8000_0000_0000_0000
_USER = 0x05E4_0000_0000_4000_8000_0000_0000_0000


def roles(company: Company) -> list[Row]:
    """Give the access roles of a company."""
    first = _ROLE + 16 * company.index
    return [
        {"AccessRoleId": str(UUID(int=first + place)), "AccessRoleName": name}
        for place, name in enumerate(ROLES)
    ]


def membership(company: Company, user: Row) -> Row:
    """Make the row of a user of a company."""
    return {"Id": f"{company.client_id}/{user['Id']}", "ClientId": company.client_id, "User": user}


def _users(source: Source) -> Iterator[Row]:
    for company in ENVIRONMENTS[source.company.environment].companies:
        known = roles(company)
        for place, (first, last, role) in enumerate((("Sølvi", "Aasen", 1), ("Trygve", "Nygård", 0))):
            number = 0 if place == 0 else company.index + 1
            yield membership(
                company,
                {
                    "AccessRoleId": known[role]["AccessRoleId"],
                    "EmailAddress": f"bruker{number}@regnskap.example",
                    "FirstName": first,
                    "FromDate": "2022-01-01",
                    "Id": str(UUID(int=_USER + number)),
                    "LastName": last,
                    "Status": "Active",
                    "ToDate": None,
                },
            )


PARTNER_SEEDS = {TABLE: _users}
"""Table to the rows it begins with."""
