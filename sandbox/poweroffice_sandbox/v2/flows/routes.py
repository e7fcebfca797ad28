"""
The routes of the operations that do something: orders, vouchers, drafts, approval, documentation, partners.

Rule: each module lists its own; here they only come together.
"""

from __future__ import annotations

from .. import partner as client_admin
from ..rest.route import Routes
from . import (
    approval,
    documentation,
    draft_lines,
    draft_pages,
    drafts,
    order_attachments,
    order_lines,
    order_sending,
    orders,
    vouchers,
)

FLOWS: Routes = {
    **orders.ROUTES,
    **order_lines.ROUTES,
    **order_attachments.ROUTES,
    **order_sending.ROUTES,
    **vouchers.ROUTES,
    **drafts.ROUTES,
    **draft_lines.ROUTES,
    **draft_pages.ROUTES,
    **approval.ROUTES,
    **documentation.ROUTES,
    **client_admin.ROUTES,
}
