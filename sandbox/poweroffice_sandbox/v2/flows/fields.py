"""
The fields of orders in motion, vouchers and administration.

Rule: they are in ``data/flow_fields.txt``, made from the OpenAPI file like ``fields.txt``, in the notation of
:mod:`..resources.tables`; what PATCH takes the file cannot tell, those marks are from facts 3.1. Assumed: the
required fields of a new outgoing invoice voucher, which the OpenAPI file of March 2025 has only in answers.
"""

from __future__ import annotations

from functools import cache

from ...core.table import Row
from ..resources.schema import Schema, filled, schema
from ..resources.tables import named_words


@cache
def flow_schema(entity: str) -> Schema:
    """
    Give the fields of an entity.

    :param entity: e.g. ``ManualVoucher``.
    """
    return schema(named_words("flow_fields")[entity])


def whole(entity: str, row: Row, time: str) -> Row:
    """Give a row with every field of the answer."""
    fields = filled(flow_schema(entity), row, time)
    return {name: value for name, value in fields.items() if name in _names(entity)}


@cache
def _names(entity: str) -> frozenset[str]:
    return frozenset(flow_schema(entity).names)
