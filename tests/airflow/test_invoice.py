"""One order and one invoice, whatever fails, lags or is killed, with a state store and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from support import FakeClock
from support.airflow_home import states, xcoms
from test_write_guard import Store

from airflow_provider_poweroffice._compat import AirflowFailException
from airflow_provider_poweroffice.api.sending import Sender
from airflow_provider_poweroffice.api.sent_state import Stage, state_in
from airflow_provider_poweroffice.errors import (
    InvoiceNotSentError,
    InvoicePendingError,
    UncertainWriteError,
    WriteConflictError,
)
from airflow_provider_poweroffice.operators.invoice import PowerOfficeInvoiceOperator
from airflow_provider_poweroffice.tasks import invoice as tasks_invoice
from airflow_provider_poweroffice.tasks.invoice import KEY, SETTLING
from airflow_provider_poweroffice.triggers.poweroffice import PowerOfficeInvoiceTrigger
from poweroffice_sandbox import Sandbox

try:
    from airflow.sdk.exceptions import TaskDeferred  # 3.2
except ImportError:
    from airflow.exceptions import TaskDeferred

pytestmark = pytest.mark.usefixtures("connection")

AGAIN = {"attempts": 2, "wait_initial": 0.01}
LINE = {"ProductId": 52001, "Quantity": 2, "ProductUnitPrice": 500}
ORDER = {"CustomerNo": 10001, "SalesOrderLines": [LINE]}


class Killed(SystemExit):
    """The end of a worker."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, point: int) -> Iterator[list[int]]:
    """Kill the worker before or after its n-th request; gives what is left to that point."""
    exchange, left = Sender._exchange, [point]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    def dying(self: Sender, *arguments: Any) -> Any:
        step()
        answer = exchange(self, *arguments)
        step()
        return answer

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(Sender, "_exchange", dying)
        yield left


class Ti:
    """A task instance in one of its tries."""

    dag_id, task_id, run_id, map_index = "d", "t", "r", -1

    def __init__(self, try_number: int = 1, max_tries: int = 9) -> None:
        self.try_number = try_number
        self.max_tries = max_tries

    def xcom_push(self, key: str, value: Any) -> None:
        """Take what the task says of its company."""


@pytest.fixture
def clock(sandbox: Sandbox) -> FakeClock:
    """Give the time of the waiting, which the sandbox's follows."""
    clock = FakeClock()
    clock.lead(sandbox)
    return clock


Run = Callable[..., Any]


@pytest.fixture(params=[True, False], ids=["store", "no store"])
def run(request: pytest.FixtureRequest, clock: FakeClock) -> Run:
    """Give a function that runs one try of the task, with a state store or without."""
    store = Store() if request.param else None

    def one(try_number: int = 1, *, max_tries: int = 9, **arguments: Any) -> Any:
        given: dict[str, Any] = {"order": ORDER, "retry_options": AGAIN} | arguments
        operator = PowerOfficeInvoiceOperator(task_id="t", **given)
        operator.clock = clock
        context = {"ti": Ti(try_number, max_tries)} | ({} if store is None else {"task_state_store": store})
        return operator.execute(context)  # type: ignore[arg-type]

    one.forget = lambda: store is not None and store.clear()  # type: ignore[attr-defined]
    return one


def writes(sandbox: Sandbox) -> list[str]:
    """Name the POSTs that the sandbox accepted, in order."""
    posts = [entry for entry in sandbox.journal() if entry.method == "POST" and "Token" not in entry.path]
    return [entry.path.rpartition("/")[2] for entry in posts if entry.status in {201, 202}]


def invoices(sandbox: Sandbox) -> int:
    """Count the invoices."""
    return sandbox.totals()["OutgoingInvoices"]


SEND = "/SalesOrders/*/createAndSendInvoice"
ONCE = ["Complete", "createAndSendInvoice"]


def test_sent(sandbox: Sandbox, run: Run, clock: FakeClock) -> None:
    """The order is made with a reference, sent, and waited for with growing pauses; again sends nothing."""
    before = invoices(sandbox)
    sandbox.set(send_polls=5)
    result = run(voucher_date="2026-04-30", due_date="2026-05-20", delivery_type="PdfByEmail")
    assert result["reference"].startswith("af-")
    assert (result["due_date"], result["delivery_type"], result["last_error"]) == (
        "2026-05-20",
        "PdfByEmail",
        None,
    )
    assert result["invoice_no"]
    assert result["sent_at"]
    assert clock.naps[:4] == [1.0, 4.0, 10.0, 30.0]
    assert writes(sandbox) == ONCE
    assert run(2, max_tries=12) == result
    assert (writes(sandbox), invoices(sandbox)) == (ONCE, before + 1)


def test_an_order_that_is_there(sandbox: Sandbox, run: Run) -> None:
    """order_id sends an order that is there, and takes one that is sent; an unknown one is an error."""
    made = run()["order_id"]
    assert run(order=None, order_id=made, max_tries=12)["order_id"] == made
    assert writes(sandbox) == ONCE
    with pytest.raises(AirflowFailException, match=r"404 .* Nor is there an invoice with this id"):
        run(order=None, order_id="6a5d54a4-7b5f-4b3e-8ad4-13f9c5b0a001", max_tries=15)


WORLDS = [
    ({"unsent_state": "204", "invoiced_reference": "free"}, False),
    ({"unsent_state": "row", "invoiced_reference": "taken"}, True),
    pytest.param({"unsent_state": "404", "invoiced_reference": "free"}, True, marks=pytest.mark.wide),
    pytest.param({"unsent_state": "row", "invoiced_reference": "taken"}, False, marks=pytest.mark.wide),
    pytest.param({"send_lag": 20, "read_lag": 2, "invoiced_reference": "free"}, True, marks=pytest.mark.wide),
    pytest.param(
        {"send_lag": 20, "read_lag": 2, "invoiced_reference": "free"}, False, marks=pytest.mark.wide
    ),
]


@pytest.mark.parametrize(("world", "given"), WORLDS)
def test_killed_anywhere(
    sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch, world: dict[str, Any], given: bool
) -> None:
    """The worker is killed before and after each request; the retry ends with one order and one invoice."""
    sandbox.set(**world)
    total = invoices(sandbox)
    for point in range(1, 99):
        run.forget()  # type: ignore[attr-defined]
        monkeypatch.setattr(Ti, "run_id", f"r{point}")
        more = {"reference": f"shop-{point}"} if given else {}
        before = len(writes(sandbox))
        with killed_at(monkeypatch, point) as left:
            run(**more)
        assert run(2, **more)["invoice_no"]
        assert writes(sandbox)[before:] == ONCE, f"killed at {point}"
        assert invoices(sandbox) == total + point
        if left[0] > 0:
            break
    assert point > 10


@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "truncate"])
@pytest.mark.parametrize("path", ["/SalesOrders/Complete", SEND])
def test_lost_replies(sandbox: Sandbox, run: Run, fault: str, path: str) -> None:
    """A lost reply is settled within the try: by the order's reference, and by the order's state."""
    before = sandbox.totals()
    made = sandbox.add_fault(action=fault, method="POST", path=path, times=1)
    assert run()["invoice_no"]
    after = sandbox.totals()
    assert (made.hits, after["SalesOrders"]) == (1, before["SalesOrders"])
    assert after["OutgoingInvoices"] == before["OutgoingInvoices"] + 1
    assert sandbox.count("POST", SEND) == (2 if (fault, path) == ("reset_before", SEND) else 1)


def test_requests_that_leave_no_sign(sandbox: Sandbox, run: Run, clock: FakeClock) -> None:
    """After two requests without a reply and a sign the try ends; the next one looks, and asks again."""
    fault = {"action": "reset_before", "method": "POST", "path": SEND}
    sandbox.add_fault(**fault, times=2)
    with pytest.raises(UncertainWriteError, match=r"asked to be sent 2 times, .* A retry looks") as caught:
        run()
    assert caught.value.how_to_check.startswith("GET SalesOrders/sentState?id=")
    clock.sleep(SETTLING)
    assert run(2)["invoice_no"]
    assert writes(sandbox) == ONCE


@pytest.mark.parametrize("resend", [True, False])
def test_failed_sending(sandbox: Sandbox, run: Run, resend: bool) -> None:
    """A failure is an error with the vendor's reason; the order is sent again only where told to."""
    sandbox.set(send_result="failed", send_polls=1)
    error = InvoiceNotSentError if resend else AirflowFailException
    for number in (1, 2):
        with pytest.raises(error, match="sending failed: The invoice could not be delivered: the receiver"):
            run(number, resend_failed=resend)
    assert writes(sandbox) == [*ONCE, "createAndSendInvoice"][: 3 if resend else 2]
    sandbox.set(send_result="sent", send_lag=15)  # the old failure is still shown when it is asked for again
    assert run(3, resend_failed=True)["last_error"] is None
    assert writes(sandbox) == ONCE + ["createAndSendInvoice"] * (2 if resend else 1)


@pytest.mark.parametrize("result", ["fallback", "undelivered"])
def test_an_invoice_with_an_error(sandbox: Sandbox, run: Run, result: str) -> None:
    """Sent another way is sent; an invoice that nobody got is an error, and no second one is made."""
    sandbox.set(send_result=result)
    if result == "fallback":
        assert run()["last_error"].startswith("The receiver no longer supports EHF")
    else:
        for number in (1, 2):
            with pytest.raises(
                AirflowFailException, match=r"invoice 2\d+ is in the books, and was not deliv"
            ) as caught:
                run(number, resend_failed=True)
            assert caught.value.__cause__.invoice_no  # type: ignore[union-attr]
    assert writes(sandbox) == ONCE


@pytest.mark.parametrize("shown", ["present", "absent"])
def test_missing_right(sandbox: Sandbox, run: Run, shown: str) -> None:
    """The right that is missing is named, and who gives it; with it, the order that was made is sent."""
    sandbox.set(send_invoice_field=shown)
    sandbox.set_privileges(allow_send_invoice=False)
    says = r"400 Missing privilege.*besides SalesOrders_Full.*ask PowerOffice.*AllowSendInvoice, now "
    with pytest.raises(AirflowFailException, match=says + ("false" if shown == "present" else "not shown")):
        run()
    sandbox.set_privileges(allow_send_invoice=True)
    assert run(2, max_tries=12)["invoice_no"]
    assert writes(sandbox) == ONCE


def test_time_out(sandbox: Sandbox, run: Run, clock: FakeClock) -> None:
    """What is known is said; a retry goes on waiting. Disturbances meanwhile are waited out."""
    sandbox.set(send_seconds=500)
    says = r"not sent within 100 s: asked for at .*, and taken; .* looked at \d+ time.*last seen: it is being"
    with pytest.raises(InvoicePendingError, match=says):
        run(timeout=100)
    sandbox.add_fault(action="status", status=503, path="/SalesOrders/sentState", times=3, every=2)
    assert run(2)["invoice_no"]
    assert clock.naps[-1] == 30.0
    assert writes(sandbox) == ONCE


def test_a_reference_of_ones_own(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was invoiced with it is not invoiced again by another run; another order with it is refused."""
    first = run(reference="shop-1")
    monkeypatch.setattr(Ti, "run_id", "r2")
    run.forget()  # type: ignore[attr-defined]
    assert run(reference="shop-1") == first
    run.forget()  # type: ignore[attr-defined]
    with pytest.raises(AirflowFailException, match=r"invoice 2\d+ .* has the reference"):
        run(
            reference="SHOP-1", order=ORDER | {"PurchaseOrderReference": "other"}
        )  # one to the server's index
    run.forget()  # type: ignore[attr-defined]
    assert run(order=ORDER | {"ExternalImportReference": "shop-1"}) == first
    run.forget()  # type: ignore[attr-defined]
    other = ORDER | {"SalesOrderLines": [LINE | {"Quantity": 3}]}
    with pytest.raises(
        AirflowFailException, match=r"invoice 2\d+ .* has the reference shop-1, .*/Quantity"
    ) as caught:
        run(reference="shop-1", order=other)
    assert isinstance(caught.value.__cause__, WriteConflictError)
    run.forget()  # type: ignore[attr-defined]
    sandbox.set_privileges(remove=["OutgoingInvoice", "OutgoingInvoice_Full"])
    sandbox.expire_tokens()
    with pytest.raises(AirflowFailException, match=r"403 .* whether the reference was invoiced before"):
        run(reference="shop-2")
    assert writes(sandbox) == ONCE


def test_a_reference_of_two_runs_at_once(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the first run is gone, and its invoice not seen yet: the second order is not sent."""
    sandbox.set(read_lag=3, invoiced_reference="free", send_polls=0)
    first = run(reference="shop-1")
    monkeypatch.setattr(Ti, "run_id", "r2")
    run.forget()  # type: ignore[attr-defined]
    with pytest.raises(AirflowFailException, match=r"another run made invoice .* shop-1 .* is not sent"):
        run(reference="shop-1")
    assert writes(sandbox) == [*ONCE, "Complete"]
    assert run(2, reference="shop-1", max_tries=12) == first
    assert writes(sandbox) == [*ONCE, "Complete"]


def test_cleared(sandbox: Sandbox, clock: FakeClock) -> None:
    """A template that differs on a retry changes nothing; after a clear, another order needs a reference."""
    store = Store()

    def one(max_tries: int, **arguments: Any) -> Any:
        operator = PowerOfficeInvoiceOperator(task_id="t", **{"order": ORDER} | arguments)
        operator.clock = clock
        return operator.execute({"ti": Ti(2, max_tries), "task_state_store": store})  # type: ignore[typeddict-item]

    with pytest.raises(AirflowFailException, match="404"):
        one(1, order=ORDER | {"CustomerNo": 99})
    assert store == {}, "a refused order may be corrected"
    other = ORDER | {"PurchaseOrderReference": "another"}
    first = one(1)
    assert one(1, order=other) == first
    assert one(1, reference="rendered-anew") == first
    with pytest.raises(AirflowFailException, match=rf"from other arguments.*{KEY!r}"):
        one(4, order=other)
    assert writes(sandbox) == ONCE
    assert one(4, order=other, reference="shop-2")["invoice_no"] > first["invoice_no"]
    assert writes(sandbox) == ONCE * 2
    assert store[KEY]["step"] == "sent"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"order": None}, "either order"),
        ({"order_id": "x"}, "either order"),
        ({"order": None, "order_id": "x", "reference": "y"}, "reference goes with order"),
        ({"order": None, "order_id": ""}, "must be the id of a sales order, not ''"),
        ({"order": None, "order_id": "a/b"}, "must be the id of a sales order"),
        ({"order": ORDER | {"ExternalImportReference": "a", "externalImportReference": "b"}}, "2 casings"),
        ({"delivery_type": "Pigeon"}, "'PdfByEmail'"),
        ({"reference": "x" * 51}, "51 characters"),
        ({"order": "no JSON"}, "tojson"),
        ({"order": [1]}, "must be a mapping"),
        ({"timeout": 0}, "timeout"),
        ({"poll_interval": 0.5}, "poll_interval"),
        ({"resend_failed": "true"}, "resend_failed"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], says: str) -> None:
    """What cannot work is refused while the DAG file is read."""
    with pytest.raises((ValueError, TypeError), match=says):
        PowerOfficeInvoiceOperator(task_id="t", **{"order": ORDER} | arguments)


def test_an_order_id_that_renders_empty(sandbox: Sandbox, run: Run) -> None:
    """An empty id is a filter that is off: the state of another order is not taken for this one's."""
    run()
    operator = PowerOfficeInvoiceOperator(task_id="t", order_id="{{ x }}")
    operator.order_id = ""
    with pytest.raises(AirflowFailException, match="must be the id of a sales order, not ''"):
        operator.execute({"ti": Ti()})  # type: ignore[typeddict-item]
    assert writes(sandbox) == ONCE


def test_a_reference_in_another_casing(sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order's own reference is its own however the field is written: another run invoices nothing."""
    own = ORDER | {"externalImportReference": "shop-9"}
    first = run(order=own)
    assert first["reference"] == "shop-9"
    monkeypatch.setattr(Ti, "run_id", "r2")
    run.forget()  # type: ignore[attr-defined]
    assert run(order=own) == first
    assert writes(sandbox) == ONCE


def test_arguments_that_contradict(run: Run, v1_connection: str, sandbox: Sandbox) -> None:
    """Two references, and a connection of v1, end the task before anything is sent; JSON text is an order."""
    with pytest.raises(AirflowFailException, match="give one of them"):
        run(order=ORDER | {"ExternalImportReference": "a"}, reference="b")
    with pytest.raises(AirflowFailException, match="is of v1"):
        run(poweroffice_conn_id=v1_connection)
    assert writes(sandbox) == []
    assert run(order=json.dumps(ORDER))["invoice_no"]


def verdict(trigger: PowerOfficeInvoiceTrigger) -> dict[str, Any]:
    """Run a trigger as it comes back from Airflow's database, until its event."""
    again = PowerOfficeInvoiceTrigger(**json.loads(json.dumps(trigger.serialize()[1])))
    again.poll_interval = 0.01

    async def first() -> Any:
        return await asyncio.wait_for(anext(aiter(again.run())), 20)

    return dict(asyncio.run(first()).payload)


@pytest.mark.parametrize("ends", ["sent", "failed", "late"])
@pytest.mark.parametrize("store", [True, False])
def test_deferred(sandbox: Sandbox, clock: FakeClock, ends: str, store: bool) -> None:
    """It waits in the triggerer once the request was taken, and judges the end by itself."""
    sandbox.set(send_polls=3, send_result="failed" if ends == "failed" else "sent", send_seconds=0)
    operator = PowerOfficeInvoiceOperator(task_id="t", order=ORDER, deferrable=True, timeout=300)
    operator.clock = clock
    context: Any = {"ti": Ti()} | ({"task_state_store": Store()} if store else {})
    if ends == "late":
        sandbox.set(send_seconds=10_000)
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(context)
    trigger = caught.value.trigger
    if ends == "late":
        trigger.deadline = "2020-01-01T00:00:00+00:00"
        clock.sleep(300)
    event = verdict(trigger)
    if ends == "sent":
        assert operator.execute_complete(context, event)["invoice_no"]
    elif ends == "failed":
        with pytest.raises(AirflowFailException, match="sending failed"):
            operator.execute_complete(context, event)
    else:
        says = r"not sent within 300 s: asked for at .*, and taken; not fulfilled in time: .*it is being"
        with pytest.raises(InvoicePendingError, match=says):
            operator.execute_complete(context, event)
    with pytest.raises(AirflowFailException, match="403"):
        operator.execute_complete(context, {"status": "error", "message": "403"})
    assert writes(sandbox) == ONCE


def test_deferred_while_the_state_is_not_found(sandbox: Sandbox, clock: FakeClock) -> None:
    """A state that is behind is not there yet, for the triggerer as for the worker: it waits on."""
    sandbox.set(unsent_state="404", send_lag=20)
    operator = PowerOfficeInvoiceOperator(task_id="t", order=ORDER, deferrable=True, timeout=300)
    operator.clock = clock
    context: Any = {"ti": Ti(), "task_state_store": Store()}
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(context)
    trigger = caught.value.trigger
    trigger.deadline = "2020-01-01T00:00:00+00:00"
    event = verdict(trigger)
    assert (event["status"], "404" in event["message"]) == ("timeout", True)
    clock.sleep(30)
    sandbox.set(send_lag=0)
    with pytest.raises(TaskDeferred) as again:
        operator.execute_complete(context, event)
    assert operator.execute_complete(context, verdict(again.value.trigger))["invoice_no"]
    assert writes(sandbox) == ONCE


@pytest.mark.parametrize(
    ("row", "stage"),
    [
        ({}, Stage.UNSAID),
        ({"IsInvoiceBeingProcessed": False, "InvoiceNo": None}, Stage.UNSAID),
        ({"IsInvoiceBeingProcessed": True, "InvoiceNo": 1, "LastErrorMessage": "old"}, Stage.PROCESSING),
        ({"IsInvoiceBeingProcessed": False, "InvoiceNo": 1}, Stage.SENT),
        ({"SentDateTimeOffset": "2024-09-03T11:35:00Z", "LastErrorMessage": "no EHF"}, Stage.SENT),
        ({"InvoiceNo": 1, "LastErrorMessage": "refused"}, Stage.FAILED),
        ({"LastErrorMessage": "refused"}, Stage.FAILED),
    ],
)
def test_stages(row: dict[str, Any], stage: Stage) -> None:
    """The end is judged by the delivery; a row of another order says nothing, a sole one is the invoice's."""
    assert state_in([row], "a").stage is stage
    assert state_in([{"Id": "b", "LastErrorMessage": "x"}, row | {"Id": "A"}], "a").stage is stage
    assert state_in([row | {"Id": "b"}, row | {"Id": "c"}], "a").stage is Stage.UNSAID


def test_in_a_real_airflow(sandbox: Sandbox, run_dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that fail after each step, in the worker and deferred, with the store of 3.3 and before it."""
    monkeypatch.setattr(tasks_invoice, "SETTLING", 0.2)
    monkeypatch.setattr(tasks_invoice, "LAG", 0.1)
    before = invoices(sandbox)
    ended = run_dag("invoice_and_stumble")
    assert {state.rpartition(".")[2].lower() for state in states(ended).values()} == {"success"}
    found = xcoms(ended)
    numbers = {found[f"{task}.return_value"]["invoice_no"] for task in ("worker", "triggerer")}
    assert len(numbers) == 2
    assert sorted(writes(sandbox)) == sorted(ONCE * 2)
    assert invoices(sandbox) == before + 2
