"""The operator that makes an invoice of a sales order: order, request to send, and the end of sending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import AirflowFailException, conf
from airflow_provider_poweroffice.api.options import check_number, check_reference
from airflow_provider_poweroffice.tasks.base import check_flags, is_literal
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.limits.throttle import Clock
    from airflow_provider_poweroffice.tasks.invoice import Invoice

__all__ = ["PowerOfficeInvoiceOperator"]

AUTO = "auto"
_REFERENCE = "ExternalImportReference"
_ID = re.compile(r"[\w-]+", re.ASCII)
_DELIVERY_TYPES = ("Auto", "PdfByEmail", "PdfPrintForDownload")
_SHORTEST_POLL = 1.0
_TRIGGERER_GRACE = timedelta(seconds=60)


class PowerOfficeInvoiceOperator(PowerOfficeTask):
    """
    Send an invoice: make the sales order, ask for it to be sent, and wait until it is. PowerOffice v2.

    One order and one invoice, whatever is killed and when: each step is noted in the task's state store
    (Airflow 3.3), and the task looks at the server before it repeats a step. The result in XCom:
    ``order_id``, ``reference``, ``invoice_no``, ``sent_at``, ``due_date``, ``delivery_type``, and
    ``last_error`` of an invoice that was sent after a first way of delivery had failed.

    :param order: the order, with its lines: body of ``POST SalesOrders/Complete`` (templated).
    :param order_id: instead of ``order``, the id of an existing order (templated).
    :param reference: what identifies the order, at most 50 characters: its ``ExternalImportReference``, which
        is unique. One of your own, such as the number of the order in a shop, also holds across runs: what
        was invoiced with it is not invoiced again, which needs the privilege OutgoingInvoice. ``"auto"``
        (default): the order's own, or one made of DAG, task, run and map index (templated).
    :param delivery_type: ``"Auto"`` (default), ``"PdfByEmail"``, or ``"PdfPrintForDownload"``: the invoice
        is booked, and PowerOffice delivers it to nobody (templated).
    :param email_address: default the customer's; with ``"Auto"`` used where nothing else works (templated).
    :param voucher_date: of the invoice, ``YYYY-MM-DD``; default today in PowerOffice (templated).
    :param due_date: default by the order's payment term (templated).
    :param resend_failed: ask again, once in each try of the task, where sending failed before.
    :param timeout: seconds until it must be sent, from the beginning of the try.
    :param poll_interval: seconds between two looks at the sent state; the first looks follow sooner.
    :param deferrable: wait in the triggerer; default ``[operators] default_deferrable``.
    :raises InvoiceNotSentError: sending failed; final, unless ``resend_failed``.
    :raises InvoicePendingError: not sent in time; a retry of the task goes on waiting.
    :raises UncertainWriteError: requests got no clear reply and left no sign; a retry looks, then asks again.
    :raises WriteConflictError: another order, or another invoice, has the reference.

    .. seealso:: docs/writing.md, docs/operators.md
    """

    template_fields = (
        *PowerOfficeTask.template_fields,
        "order",
        "order_id",
        "reference",
        "delivery_type",
        "email_address",
        "voucher_date",
        "due_date",
    )
    template_fields_renderers = {"order": "json"}  # noqa: RUF012 - Airflow's form
    none_means_unset = frozenset({"email_address", "voucher_date", "due_date"})
    other_class = MappingProxyType({"d365fo": "D365FORestEndpointOperator"})
    ui_color = "#dcefe4"

    def __init__(
        self,
        *,
        order: Mapping[str, Any] | str | XComArg | None = None,
        order_id: str | XComArg | None = None,
        reference: str = AUTO,
        delivery_type: str = "Auto",
        email_address: str | None = None,
        voucher_date: str | date | None = None,
        due_date: str | date | None = None,
        resend_failed: bool = False,
        timeout: float = 1800.0,
        poll_interval: float = 30.0,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.order = order
        self.order_id = order_id
        self.reference = reference
        self.delivery_type = delivery_type
        self.email_address = email_address
        self.voucher_date = voucher_date
        self.due_date = due_date
        self.resend_failed = resend_failed
        self.timeout = timeout
        self.poll_interval = poll_interval
        default = conf.getboolean("operators", "default_deferrable", fallback=False)
        self.deferrable = default if deferrable is None else deferrable
        check_flags(self, "resend_failed", "deferrable")
        if (order is None) == (order_id is None):
            raise ValueError("give either order, a sales order to be made, or order_id, one that is there")
        if order_id is not None and reference != AUTO:
            raise ValueError("reference goes with order: the order of order_id has its own")
        self._check_literals()
        check_number("", "timeout", timeout, minimum=0.001)
        check_number("", "poll_interval", poll_interval, minimum=_SHORTEST_POLL)

    def _check_literals(self) -> None:
        """
        Refuse, while the DAG file is read, what no invoice can have; templates are not looked at.

        :raises ValueError, TypeError: names the argument and its value.
        """
        if is_literal(self.delivery_type) and self.delivery_type not in _DELIVERY_TYPES:
            raise ValueError(f"delivery_type must be one of {_DELIVERY_TYPES}, not {self.delivery_type!r}")
        if self.order is not None and is_literal(self.order):
            _check_order(self.order)
        if self.order_id is not None and is_literal(self.order_id):
            _check_order_id(self.order_id)
        if is_literal(self.reference):
            check_reference(self.reference)

    @cached_property
    def clock(self) -> Clock:
        """The clock of the waiting; tests inject their own."""
        from airflow_provider_poweroffice.api.limits.throttle import SystemClock

        return SystemClock()

    def execute(self, context: Context) -> Any:
        """
        Continue from the last noted step until the invoice is sent.

        :return: see the class.
        """
        with self.running(context) as hook:
            invoice = self._invoice(hook.client, context)
            return self._go_on(invoice, self.clock.time() + self.timeout)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """
        Continue after the triggerer's verdict; the server is asked again first.

        :raises AirflowFailException: the server refused to tell.
        """
        event = event or {}
        with self.running(context) as hook:
            if event.get("status") == "error":
                raise AirflowFailException(event["message"])
            memo = event.get("memo")
            invoice = self._invoice(hook.client, context)
            if not memo:
                return self._go_on(invoice, self.clock.time() + self.timeout)
            invoice.note.note, invoice.asks = dict(memo["note"]), memo["asks"]
            return self._go_on(invoice, memo["deadline"], event.get("message"))

    def _go_on(self, invoice: Invoice, deadline: float, last: str | None = None) -> Any:
        """
        Wait here, or in the triggerer once the server has taken the request.

        :param deadline: seconds since 1970.
        :param last: what a trigger saw last.
        """
        from airflow_provider_poweroffice.errors import PowerOfficeError

        while True:
            try:
                result = invoice.advance()
            except PowerOfficeError as error:
                if not invoice.may_pass(error):
                    raise
                invoice.saw(error)
                self.log.warning("no answer, waiting for the next look: %s", error)
            else:
                if result is not None:
                    return result
            left = deadline - self.clock.time()
            if left <= 0:
                raise invoice.pending(self.timeout, last)
            if self.deferrable and invoice.is_asked:
                self._defer(invoice, deadline)
            self.clock.sleep(min(left, invoice.pause(self.poll_interval)))

    def _defer(self, invoice: Invoice, deadline: float) -> None:
        from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeInvoiceTrigger

        until = datetime.fromtimestamp(deadline, UTC)
        self.defer(
            trigger=PowerOfficeInvoiceTrigger(
                order_id=invoice.make_order(),
                stale=invoice.stale,
                poll_interval=self.poll_interval,
                deadline=until.isoformat(),
                poweroffice_conn_id=self.api_conn_id,
                company=self.company,
                memo={"note": invoice.note.note, "asks": invoice.asks, "deadline": deadline},
            ),
            method_name="execute_complete",
            # The trigger keeps the deadline itself; this is for a triggerer that is gone.
            timeout=until - datetime.now(UTC) + _TRIGGERER_GRACE,
        )

    def _invoice(self, client: Client, context: Context) -> Invoice:
        """
        Put together what is known of the invoice.

        :raises ValueError: the connection is of v1, or the arguments mean no order.
        """
        from airflow_provider_poweroffice.tasks.invoice import Invoice, InvoiceNote

        if client.dialect.name != "v2":
            raise ValueError(
                f"{self.hook_class.conn_name_attr}={self.api_conn_id!r} is of v1; here invoices are sent by "
                "v2. In v1: PowerOfficeOperator with the endpoint OutgoingInvoice/SendInvoice"
            )
        order, is_given = None, False
        if self.order is not None:
            order = _check_order(self.order)
            is_given = self.reference != AUTO or order.get(_REFERENCE) is not None
            order[_REFERENCE] = self._reference(order, context)
        identity = _check_order_id(self.order_id) if order is None else str(order[_REFERENCE])
        note = InvoiceNote(context, identity, self.api_conn_id, self.company, order or self.order_id)
        if order is not None and "reference" in note.note:
            order[_REFERENCE] = note.note["reference"]
        request = {
            "DeliveryType": self.delivery_type,
            "EmailAddress": self.email_address,
            "VoucherDate": self.voucher_date,
            "OverrideDueDate": self.due_date,
        }
        return Invoice(
            client=client,
            clock=self.clock,
            note=note,
            order=order,
            order_id=None if order is not None else identity,
            is_given=is_given,
            request={name: value for name, value in request.items() if value is not None},
            resend_failed=self.resend_failed,
        )

    def _reference(self, order: Mapping[str, Any], context: Context) -> str:
        """
        Give the reference: the argument, the order's own, or one of the task instance.

        :raises ValueError: there are two, or it is too long.
        """
        from airflow_provider_poweroffice.api.writes.identity import reference_of

        own = order.get(_REFERENCE)
        if own is not None and self.reference not in {AUTO, own}:
            raise ValueError(
                f"reference={self.reference!r}, and the order has {_REFERENCE} {own!r}: give one of them"
            )
        if own is None and self.reference == AUTO:
            ti: Any = context["ti"]
            return reference_of(ti.dag_id, ti.task_id, ti.run_id, ti.map_index)
        return check_reference(str(self.reference if own is None else own))


def _check_order(order: Any) -> dict[str, Any]:
    """
    Read an order: a mapping, or JSON text of one.

    :raises ValueError, TypeError: it is neither.
    """
    if isinstance(order, str):
        import json

        try:
            order = json.loads(order, parse_float=Decimal)
        except ValueError as error:
            raise ValueError(
                f"order is text that is not JSON ({error}); from another task give its output itself, or a "
                "template with | tojson"
            ) from None
    if not isinstance(order, Mapping):
        raise TypeError(f"order must be a mapping, the body of POST SalesOrders/Complete, not {order!r}")
    own = [name for name in order if str(name).lower() == _REFERENCE.lower()]
    if len(own) > 1:
        raise ValueError(f"order has {_REFERENCE} in {len(own)} casings: {', '.join(own)}; give one of them")
    return {_REFERENCE if name in own else name: value for name, value in order.items()}


def _check_order_id(order_id: Any) -> str:
    """
    Read the id of an order; an empty one would ask for the state of all orders.

    :raises ValueError: it is not an id.
    """
    text = str(order_id)
    if not _ID.fullmatch(text):
        raise ValueError(f"order_id must be the id of a sales order, not {order_id!r}")
    return text
