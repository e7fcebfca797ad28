"""
An invoice, from the sales order until it is sent; each step is noted, so that a retry continues from it.

Rule: before the task asks for anything that an earlier try may have asked for, it looks at the server: at the
state of the order, the order itself, and its invoice, which has the order's id (OpenAPI,
``OutgoingInvoiceDto.Id``). Notes are in Airflow's task state store (3.3); without it each retry assumes that
an earlier try got there.

==========  ===========================================================================================
noted       what a retry does
==========  ===========================================================================================
nothing     begins; without a store, as if the next two had been noted
ordering    makes the order by its reference, of which the server takes one; unless its invoice is there
ordered     asks for it to be sent, unless that has happened
asking      waits for a sign of it for ``SETTLING`` seconds; where there is none and the order is still there,
            asks again
asked       waits for the end, and asks for nothing
==========  ===========================================================================================
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice._compat import keep_task_state, task_state_store, warn_of_clearing
from airflow_provider_poweroffice.api.conditions import records_of
from airflow_provider_poweroffice.api.retry import retry_reason
from airflow_provider_poweroffice.api.sent_state import SentState, Stage, pause_after, state_in
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.api.writes.compare import differences
from airflow_provider_poweroffice.api.writes.identity import is_alike
from airflow_provider_poweroffice.api.writes.reconcile import write
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    InvalidResponseError,
    InvoiceNotSentError,
    InvoicePendingError,
    NotFoundError,
    PermissionDeniedError,
    PowerOfficeError,
    UncertainWriteError,
    WriteConflictError,
)
from airflow_provider_poweroffice.tasks.company import labelled

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock

log = logging.getLogger(__name__)

KEY = "poweroffice_invoice"
SETTLING = 60.0
"""Seconds in which a request that got no clear reply must have left a sign, if it was taken."""
LAG = 5.0
"""Seconds until what an earlier try wrote is surely seen by reads; the vendor speaks of one to two."""
ASKS = 2
"""Requests to send in one try at most, all but the last without a sign of it."""
_REFERENCE = "ExternalImportReference"
_FROM, _TO = "2000-01-01", "2099-12-31"  # of an invoice's date; one integrator found the dates required
_REFUSALS = frozenset({400, 404, 409, 422})
_RIGHT = re.compile(r"privilege|rettighet|right to send|not allowed to send", re.IGNORECASE)
_PRIVILEGE = (
    "The integration may not send invoices: a right of its own, besides SalesOrders_Full. Rights hang on the "
    "application key: ask PowerOffice, who issued the key, to add the sending of invoices to it; tokens that "
    "are issued afterwards have it. GET ClientIntegrationInformation shows it as AllowSendInvoice"
)


class InvoiceNote:
    """
    What is noted of the task's invoice, in the task's state store.

    :param context: the task's context.
    :param identity: what tells the invoice from another one: the reference, or the id of the order.
    :param made_from: connection, company and order.
    """

    def __init__(self, context: Any, identity: str, *made_from: Any) -> None:
        self._store = task_state_store(context)
        ti = context.get("ti") if context else None
        self._try = getattr(ti, "try_number", None) or 1
        self._cleared = getattr(ti, "max_tries", None)  # raised by a person who clears the task
        self._identity = identity
        text = msgspec.json.encode(made_from, enc_hook=repr, order="deterministic")
        self._made_from = hashlib.sha256(text).hexdigest()
        self.note = self._earlier()
        if self.note and self.note.get("cleared") != self._cleared:
            self.keep(str(self.step))  # from here on it is this run's, whatever a retry renders
        self.is_repeat = self._try > 1
        self.is_blind = self.is_repeat and self._store is None
        """An earlier try may have done anything."""

    @property
    def step(self) -> str | None:
        """Name the last step that was noted."""
        return self.note.get("step")

    def keep(self, step: str, **facts: Any) -> None:
        """Note a step; what is known stays known."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        made = {"identity": self._identity, "made_from": self._made_from}  # unless an earlier try began it
        now = {"step": step, "cleared": self._cleared, "try": self._try, "noted": at}
        self.note = {**made, **self.note, **facts, **now}
        if self._store is not None:
            warn_of_clearing()
            keep_task_state(self._store, KEY, self.note)

    def put_back(self, note: dict[str, Any]) -> None:
        """
        Take the last step back, as it was not done.

        :param note: what was noted before; nothing deletes the note.
        """
        self.note = note
        if self._store is not None and note:
            keep_task_state(self._store, KEY, note)
        elif self._store is not None:
            self._store.delete(KEY)

    def _earlier(self) -> dict[str, Any]:
        """
        Read the note of an earlier try.

        An automatic retry goes on with what was begun, even where templates render differently now. After a
        person has cleared the task, a different invoice is a new one.

        :raises WriteConflictError: it is of the same reference, and of another order.
        """
        note = self._store.get(KEY) if self._store is not None else None
        if not isinstance(note, dict):
            return {}
        if note.get("made_from") == self._made_from and note.get("identity") == self._identity:
            return note
        if note.get("cleared") == self._cleared:
            log.warning("an earlier try began another order; it is gone on with: %s", note.get("order_id"))
            return note
        if note.get("identity") != self._identity:
            return {}
        raise WriteConflictError(
            f"an earlier run of this task made an order with the reference {self._identity!r} (id "
            f"{note.get('order_id')}) from other arguments. For one more invoice give another reference; to "
            "send that order as it is, give order_id. To start again, delete the order in Go, and "
            f"{KEY!r} from the task's state store (tab Storage)",
            id=note.get("order_id"),
        )


@dataclass(kw_only=True)
class Invoice:
    """
    One invoice on its way.

    :param order: body of the order to be made, with its reference; None where ``order_id`` is of one.
    :param is_given: the reference is the user's, so that an earlier run may have used it.
    :param request: body of the request to send.
    :param resend_failed: ask again where an earlier request failed.
    :param asks: requests to send in this try.
    """

    client: Client
    clock: Clock
    note: InvoiceNote
    request: Mapping[str, Any]
    order: Mapping[str, Any] | None = None
    order_id: str | None = None
    is_given: bool = False
    resend_failed: bool = False
    asks: int = 0
    looks: int = field(default=0, init=False)
    seen: str = field(default="nothing", init=False)

    @property
    def reference(self) -> str | None:
        """Give the reference of an order that is made here."""
        return self.order[_REFERENCE] if self.order else None

    @property
    def name(self) -> str:
        """Name it, for messages."""
        return f"order {self.order_id}" + (f" (reference {self.reference})" if self.reference else "")

    @property
    def label(self) -> str:
        """Name it, for the log."""
        return labelled(self.client.connection.company, self.name)

    def make_order(self) -> str:
        """
        Make the order, unless that is done, and give its id.

        :raises UncertainWriteError, WriteConflictError: see ``reconcile.write``; also another invoice has the
            reference.
        :raises PowerOfficeError: as ``Client.request``.
        """
        self.order_id = self.note.note.get("order_id") or self.order_id
        if self.order_id is None:
            self.order_id = self._invoiced_before() or self._ordered()
        if "order_id" not in self.note.note:
            self.note.keep("ordered", order_id=self.order_id)
        return self.order_id

    def _ordered(self) -> str:
        before, began = self.note.note, self.note.step == "ordering" or self.note.is_blind
        self.note.keep("ordering", reference=self.reference)
        try:
            written = write(self.client, "POST", "SalesOrders/Complete", body=self.order, began_before=began)
        except PowerOfficeError as error:
            if not error.outcome_unknown:
                self.note.put_back(before)  # it may be corrected
            raise
        if written.id is None:
            raise InvalidResponseError(f"the answer to the order {self.reference} has no Id")
        log.info("order %s: %s (reference %s)", written.outcome, written.id, self.reference)
        if self.is_given and written.outcome == "created":
            self._check_free(str(written.id))
        return str(written.id)

    def _check_free(self, order_id: str) -> None:
        """
        Look again: another run's invoice may not have been visible yet, although its order was gone.

        :raises WriteConflictError: there is one; a cleared task gives it.
        """
        self.clock.sleep(LAG)
        found = self._invoice_with_reference()
        if found is not None and found.lower() != order_id.lower():
            raise WriteConflictError(
                f"another run made invoice {found} with the reference {self.reference} meanwhile; order "
                f"{order_id} is not sent. Delete that order in Go; cleared, the task gives the invoice",
                id=found,
            )

    def _invoiced_before(self) -> str | None:
        """
        Look for an invoice with the reference: its order is gone, and the reference may be free again.

        :raises WriteConflictError: there is one, of another order.
        """
        if not self.is_given and not self.note.is_repeat:
            return None
        found = self._invoice_with_reference()
        if found is None and self.note.is_blind:
            self.clock.sleep(LAG)
            found = self._invoice_with_reference()
        if found is None:
            return None
        there = self._get(f"OutgoingInvoices/{found}")
        lines = self.client.request("GET", f"OutgoingInvoices/{found}/Lines").body or []
        different = differences(self.order or {}, {**there, "SalesOrderLines": lines})
        if different:
            raise WriteConflictError(
                f"invoice {there.get('InvoiceNo')} (id {found}) has the reference {self.reference}, and "
                f"differs from the order in {', '.join(list(different)[:10])}. Give it another reference",
                id=found,
                differences=different,
            )
        log.info("invoice %s has the reference %s already", there.get("InvoiceNo"), self.reference)
        return found

    def _invoice_with_reference(self) -> str | None:
        query = {"fromDate": _FROM, "toDate": _TO, "Fields": f"Id,{_REFERENCE},IsReversed"}
        order = self.order or {}
        number = order.get("CustomerNo")
        try:
            if order.get("CustomerId") is not None:
                number = self._get(f"Customers/{order['CustomerId']}").get("Number")
        except NotFoundError:
            return None  # the order will be refused
        except PermissionDeniedError:
            number = None
        if number is not None:
            query["customerNos"] = str(number)
        try:
            with self.client.pages("OutgoingInvoices", query=query) as pages:
                rows = [
                    row
                    for page in pages
                    for row in page.rows
                    if is_alike(row.get(_REFERENCE), self.reference)
                ]
        except PermissionDeniedError as error:
            error.add_note("It is needed to see whether the reference was invoiced before.")
            raise
        return next((str(row["Id"]) for row in rows if not row.get("IsReversed")), None)

    def advance(self) -> dict[str, Any] | None:
        """
        Look at the server, and take the next step.

        :return: the result, once it is sent; None while the server works on it.
        :raises InvoiceNotSentError: sending failed.
        :raises UncertainWriteError: the requests to send left no sign.
        :raises PowerOfficeError: as ``Client.request``.
        """
        self.make_order()
        state = self._look()
        if state.stage is Stage.SENT:
            return self._sent(state.row)
        if state.stage is Stage.FAILED and not self._is_stale(state):
            return self._failed(state)
        if state.stage is Stage.PROCESSING and not self.is_asked:  # whoever asked
            self.note.keep("asked", asked_at=self._asked_at or self._now())
        return self._unsaid() if state.stage is Stage.UNSAID else None

    @property
    def is_asked(self) -> bool:
        """Tell whether the server took the request, so that the end is only to be waited for."""
        return self.note.step == "asked"

    @property
    def stale(self) -> str | None:
        """Give the failure of an earlier request, which may still be shown instead of this one's state."""
        recent = self._since_asked() < SETTLING
        return self.note.note.get("failed_before") if recent else None

    def pause(self, longest: float) -> float:
        """Say how many seconds to wait until the next look."""
        return pause_after(self.looks, longest)

    def pending(self, timeout: float, last: str | None = None) -> InvoicePendingError:
        """
        Say that it is not sent yet, and what is known.

        :param timeout: seconds that were waited.
        :param last: what a trigger saw last.
        """
        taken = "and taken" if self.is_asked else "without a clear reply"
        known = f"asked for at {self._asked_at}, {taken}" if self._asked_at else "not asked for by this task"
        return InvoicePendingError(
            f"{self.name}: not sent within {timeout:g} s: {known}; {last or self._watched}. A retry goes on "
            "waiting, and asks for nothing that was taken",
            order_id=str(self.order_id),
        )

    @property
    def _watched(self) -> str:
        return f"its state was looked at {self.looks} time(s), last seen: {self.seen}"

    def saw(self, what: object) -> None:
        """Note what was seen, or why nothing was."""
        self.looks += 1
        self.seen = one_line(what)

    def may_pass(self, error: PowerOfficeError) -> bool:
        """Tell whether an error is one to wait out, as the invoice is asked for."""
        return self._asked_at is not None and retry_reason(error, "GET") is not None

    def _look(self) -> SentState:
        try:
            answer = self.client.request("GET", "SalesOrders/sentState", query={"id": self.order_id})
        except NotFoundError:
            state = SentState(Stage.UNSAID, {})
        else:
            state = state_in(records_of(answer)[0], str(self.order_id))
        self.saw(state)
        log.info("%s: %s", self.label, state)
        return state

    def _is_stale(self, state: SentState) -> bool:
        return self.stale is not None and state.message == self.stale

    def _failed(self, state: SentState) -> dict[str, Any] | None:
        number = state.row.get("InvoiceNo")
        if number is not None:
            raise InvoiceNotSentError(
                f"{self.name}: invoice {number} is in the books, and was not delivered: {state.message}. It "
                "is not sent again, as that would be a second invoice: deliver it in Go, or fetch its PDF by "
                "VoucherDocumentation/Download",
                order_id=str(self.order_id),
                last_error=state.message,
                invoice_no=number,
            )
        if not self.resend_failed or self.asks:
            raise InvoiceNotSentError(
                f"{self.name}: sending failed: {state.message}. The order is still there: correct it, or its "
                "customer, in Go, then run the task with resend_failed=True",
                order_id=str(self.order_id),
                last_error=state.message,
                repeatable=self.resend_failed,
            )
        log.info("%s: an earlier request to send it failed; it is asked for again", self.label)
        return self._ask(failed_before=state.message)

    def _unsaid(self) -> dict[str, Any] | None:
        """Decide by the order and its invoice, where the state says nothing."""
        if self.note.is_blind and self._asked_at is None:
            self.note.keep("asking", asked_at=self._now())  # perhaps an earlier try did
        if self._asked_at is None:
            return self._ask()
        if self.is_asked or self._since_asked() < SETTLING or not self._is_there():
            return self._invoiced()
        if self.asks >= ASKS:
            raise UncertainWriteError(
                f"{self.name}: asked to be sent {self.asks} times, last at {self._asked_at}, without a clear "
                f"reply, and {SETTLING:g} s later the order is there and its state says nothing. A retry "
                "looks, then asks again",
                sent_at=str(self._asked_at),
                how_to_check=f"GET SalesOrders/sentState?id={self.order_id}",
                reference=self.reference,
                repeatable=True,
            )
        return self._ask()

    def _is_there(self) -> bool:
        """Tell whether the order is there; one that was sent is gone."""
        try:
            self._get(f"SalesOrders/{self.order_id}")
        except NotFoundError:
            return False
        return True

    def _invoiced(self) -> dict[str, Any] | None:
        """Look for the invoice of the order, which has its id; None where there is none that may be read."""
        try:
            return self._sent(self._get(f"OutgoingInvoices/{self.order_id}"))
        except (NotFoundError, PermissionDeniedError) as error:
            log.info("%s: no invoice yet, or none that may be read: %s", self.label, error)
            return None

    def _ask(self, failed_before: str | None = None) -> dict[str, Any] | None:
        """
        Ask for the order to be sent.

        :return: the result, if it was sent before.
        """
        before = self.note.note
        self.asks += 1
        self.note.keep("asking", asked_at=self._now(), failed_before=failed_before)
        path = f"SalesOrders/{self.order_id}/createAndSendInvoice"
        try:
            self.client.request("POST", path, body=self.request)
        except PowerOfficeError as error:
            if error.outcome_unknown:
                log.warning("%s: asked to be sent, without a clear reply: %s", self.label, error)
                return None
            self.note.put_back(before)
            return self._refused(error)
        self.note.keep("asked")
        log.info("%s: asked to be sent", self.label)
        return None

    def _refused(self, error: PowerOfficeError) -> dict[str, Any] | None:
        """Go on where the order is on its way already; say what is missing where the right is."""
        if not isinstance(error, APIStatusError) or error.status not in _REFUSALS:
            raise error
        if self._look().stage in {Stage.PROCESSING, Stage.SENT}:
            log.info("%s: on its way already: %s", self.label, error)
            return None
        if isinstance(error, NotFoundError):
            if (result := self._invoiced()) is not None:
                return result
            if self.order is not None and self.asks < ASKS:  # it was made a moment ago
                self.clock.sleep(LAG)
                return None
            error.add_note("Nor is there an invoice with this id that may be read.")
        elif _RIGHT.search(f"{error.title} {error.detail}"):
            error.add_note(f"{_PRIVILEGE}{self._rights()}.")
        raise error

    def _rights(self) -> str:
        try:
            found = self._get("ClientIntegrationInformation")
        except PowerOfficeError:
            return ""
        allowed = found.get("AllowSendInvoice")
        full = "SalesOrders_Full" in (found.get("ValidPrivileges") or ())
        return (
            f", now {str(allowed).lower() if allowed is not None else 'not shown'}; SalesOrders_Full is "
            + ("there" if full else "missing too")
        )

    def _sent(self, row: Mapping[str, Any]) -> dict[str, Any]:
        number = row.get("InvoiceNo")
        self.note.keep("sent", invoice_no=number)
        if row.get("LastErrorMessage"):
            log.warning("%s: sent, after an error: %s", self.label, one_line(row["LastErrorMessage"]))
        log.info("%s: invoice %s is sent", self.label, number)
        return {
            "order_id": self.order_id,
            "reference": self.reference,
            "invoice_no": number,
            "sent_at": row.get("SentDateTimeOffset"),
            "due_date": row.get("DueDate"),
            "delivery_type": row.get("InvoiceDeliveryType"),
            "last_error": row.get("LastErrorMessage"),
        }

    def _get(self, path: str) -> dict[str, Any]:
        """
        Read one record.

        :raises InvalidResponseError: the answer is not a record.
        """
        body = self.client.request("GET", path).body
        if not isinstance(body, dict):
            raise InvalidResponseError(f"GET {path}: the answer is not a record")
        return body

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock.time(), UTC).isoformat()

    @property
    def _asked_at(self) -> str | None:
        found: str | None = self.note.note.get("asked_at")
        return found

    def _since_asked(self) -> float:
        """Give the seconds since it was asked for."""
        if self._asked_at is None:
            return math.inf
        return self.clock.time() - datetime.fromisoformat(self._asked_at).timestamp()
