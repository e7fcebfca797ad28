"""
What ``SalesOrders/sentState`` says of a sales order that was asked to be sent.

Rule: pure. Source: the OpenAPI file's texts of ``InvoiceSentStateDto``. ``SentDateTimeOffset`` confirms the
delivery, and may stand beside the error of a first way of delivery, as in its example; ``LastErrorMessage``
alone is a failure, once the request is no longer processed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_provider_poweroffice.api.conditions import Condition, Judgement
from airflow_provider_poweroffice.api.texts import one_line

FIELD = "IsInvoiceBeingProcessed"
_FIRST_PAUSES = (1.0, 4.0, 10.0)  # seconds; an integrator's, who polled up to ten minutes in all


class Stage(StrEnum):
    """How far the server is."""

    UNSAID = "nothing is said of it"
    PROCESSING = "it is being processed"
    FAILED = "sending it failed"
    SENT = "it is sent"


@dataclass(frozen=True, slots=True)
class SentState:
    """
    The state of one order.

    :param row: as sent; empty where there is none.
    """

    stage: Stage
    row: Mapping[str, Any]

    @property
    def message(self) -> str | None:
        """Give ``LastErrorMessage``, as one line."""
        found = self.row.get("LastErrorMessage")
        return one_line(found) if found else None

    def __str__(self) -> str:
        """Say it, for a log."""
        return f"{self.stage}: {self.message}" if self.message else str(self.stage)


def state_in(records: Sequence[Any], order_id: str) -> SentState:
    """
    Judge an answer of ``sentState``.

    :param records: its rows.
    :param order_id: what was asked for; a sole row counts whatever its id is, which may be the invoice's.
    """
    rows = [row for row in records if isinstance(row, Mapping)]
    own = [row for row in rows if str(row.get("Id")).lower() == order_id.lower()]
    if not own and len(rows) > 1:
        return SentState(Stage.UNSAID, {})
    row = (own or rows or [{}])[0]
    return SentState(_stage_of(row), row)


def pause_after(looks: int, longest: float) -> float:
    """Say how many seconds to wait after so many looks; the first pauses are short."""
    return min(longest, _FIRST_PAUSES[looks - 1]) if 1 <= looks <= len(_FIRST_PAUSES) else longest


def _stage_of(row: Mapping[str, Any]) -> Stage:
    if row.get(FIELD):
        return Stage.PROCESSING
    is_invoice = row.get("InvoiceNo") is not None
    if row.get("SentDateTimeOffset") or (is_invoice and not row.get("LastErrorMessage")):
        return Stage.SENT
    return Stage.FAILED if row.get("LastErrorMessage") else Stage.UNSAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Condition):
    """
    The condition that sending an order has ended, well or not.

    :param order_id: of the order.
    :param stale: the failure of an earlier request, which may still be shown.
    """

    field: str | None = FIELD
    order_id: str = ""
    stale: str | None = None

    def judge(self, records: Sequence[Any]) -> Judgement:
        """Look whether it has ended."""
        state = state_in(records, self.order_id)
        failed = state.stage is Stage.FAILED and (self.stale is None or state.message != self.stale)
        if state.stage is Stage.SENT or failed:
            return Judgement(next(index for index, row in enumerate(records) if row is state.row), "")
        return Judgement(None, str(state))

    def __str__(self) -> str:
        """Say what is waited for."""
        return "the end of sending the invoice"
