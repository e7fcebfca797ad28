"""Answers that are one object, and files."""

from __future__ import annotations

from ...core.reply import Reply
from ..reply import not_found, success
from ..rest.bodies import parsed, read_body
from ..rest.call import V1Call
from ..rest.lists import only_row
from ..rest.reports import REPORTS
from ..rest.wire_form import Writer


def information(call: V1Call) -> Reply:
    """Say whose company it is, and what the integration may."""
    company, grant = call.grant.company, call.grant
    return success(
        {
            "activeClientSubscriptions": sorted(grant.subscriptions),
            "clientId": company.client_id,
            "clientName": company.name,
            "invalidPrivileges": sorted(grant.invalid),
            "userId": call.application,
            "validPrivileges": sorted(grant.privileges),
        }
    )


client = only_row


def documentation(call: V1Call) -> Reply:
    """Give the file of a voucher."""
    found = list(REPORTS[call.route.path](call))
    if not found:
        return not_found("VoucherDocument", call.names["voucherNo"], call.switches)
    return success(Writer(call.route.row, call.switches).row(found[-1]))


def forward(call: V1Call) -> Reply:
    """Take an EHF file; nothing comes of it here."""
    read_body(parsed(call.body, call.switches), call.route.body, call.switches)
    return success()
