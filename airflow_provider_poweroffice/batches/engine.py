"""
Carries out a plan: calls in parallel under the shared limit, results in parts, an early end where all fail.

Rule: only one thread touches the folder. Parts are published when they are full or a few seconds old, so a
killed batch repeats little. A call that the server could not tell from its repetition is noted before it
leaves. Each key is in a batch only once (:mod:`.plan`), so no two calls are about the same record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from airflow_provider_poweroffice.api.cancellation import CancelledScopeError
from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.api.writes.reconcile import write_call
from airflow_provider_poweroffice.batches.plan import Planned
from airflow_provider_poweroffice.batches.results import BAD, Result, Results
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    AuthenticationError,
    BatchFailedError,
    PermissionDeniedError,
    PowerOfficeError,
)

log = logging.getLogger(__name__)

PART = 50
"""Results of calls in a part."""
PART_RESULTS = 5_000
"""Results in a part, those without a call included."""
PART_SECONDS = 5.0
"""Age after which a part is published, however little is in it."""
ALIKE = 20
"""So many failures of one kind, one after another, end the batch: the next would fail too."""
_AHEAD = 4  # calls that wait for each one under way


class Engine:
    """
    Carries out a plan.

    :param results: where results go; holds those of earlier tries.
    :param of: records to be done in all, for the log.
    :param calls: at most so many are needed for them, for the log.
    :param label: begins a line of the log.
    :param concurrency: calls under way at once.
    :param resumed: an earlier try may have sent what has no result.
    """

    def __init__(
        self,
        client: Client,
        results: Results,
        *,
        of: int,
        calls: int,
        label: str,
        concurrency: int,
        resumed: bool,
    ) -> None:
        self._client = client
        self._results = results
        self._of = of
        self._calls_left = calls
        self._label = label
        self._concurrency = concurrency
        self._resumed = resumed
        self._clock = client.connection.clock
        self._part: list[Result] = []
        self._calls = 0  # in the part
        self._alike: list[tuple[Any, ...]] = []
        self._began = self._published = self._clock.monotonic()
        self._before = self._done = self._made = 0
        self._under_way: set[Future[tuple[Result, PowerOfficeError | None]]] = set()
        self._fatal: PowerOfficeError | None = None

    def run(self, plan: Iterable[Planned]) -> None:
        """
        Carry out what is not done yet.

        :raises BatchFailedError: calls fail alike; the rest was not sent.
        :raises PermissionDeniedError, AuthenticationError: so would all others.
        """
        todo = self._todo(plan)
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="poweroffice-batch")
        try:
            while wave := list(islice(todo, PART)):
                self._run_wave(pool, wave)
            self._drain()
        finally:
            # Whatever ends it: what is under way ends, and its results are kept.
            pool.shutdown(wait=True, cancel_futures=True)
            for future in self._under_way:
                if not future.cancelled():
                    self._take(*future.result())
            self._publish()
            self._results.none_about_to_be_sent()

    def _todo(self, plan: Iterable[Planned]) -> Iterator[Planned]:
        again: set[int] = set()
        for planned in plan:
            earlier = self._results.last(planned.line)
            if earlier is not None and earlier.is_final:
                self._before += 1
                self._calls_left -= bool(planned.does)
            elif not planned.does:
                self._take(self._result(planned, status="unchanged", id=planned.id), None)
            elif earlier is not None:
                again.add(planned.line)
            else:
                yield planned
        # What failed in an earlier try comes last: records that can never be written would end each try
        # before the others had their turn.
        if again:
            yield from (planned for planned in plan if planned.line in again)

    def _run_wave(self, pool: ThreadPoolExecutor, wave: list[Planned]) -> None:
        careful = [planned for planned in wave if planned.careful]
        if careful:
            self._drain()
            told = {"type": "UncertainWriteError", "title": "the worker died while it was sent"}
            self._results.about_to_send(
                [self._result(one, status="uncertain", error=told) for one in careful]
            )
        for planned in wave:
            while len(self._under_way) >= self._concurrency * _AHEAD:
                self._collect()
            self._under_way.add(pool.submit(self._write, planned))
        if careful:
            self._drain()

    def _drain(self) -> None:
        while self._under_way:
            self._collect()
        self._publish()

    def _collect(self) -> None:
        finished, _ = wait(self._under_way, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in finished:
            # In this order: a time limit between the two has the result twice, and not lost.
            self._take(*future.result())
            self._under_way.discard(future)
        if self._calls >= PART or self._clock.monotonic() - self._published >= PART_SECONDS:
            self._publish()
        if self._fatal:
            raise self._fatal

    def _take(self, result: Result, error: PowerOfficeError | None) -> None:
        self._part.append(result)
        self._done += 1
        if result.tries:
            self._calls += 1
            self._made += 1
            self._calls_left -= 1
            self._look_for_an_end(result, error)
        if len(self._part) >= PART_RESULTS:
            self._publish()

    def _look_for_an_end(self, result: Result, error: PowerOfficeError | None) -> None:
        """See whether the next call would fail too."""
        if isinstance(error, (PermissionDeniedError, AuthenticationError)):
            self._fatal = error
        if result.status not in BAD:
            self._alike = []
            return
        failure = result.error or {}
        kind = tuple(failure.get(name) for name in ("type", "status", "title"))
        self._alike = [*(one for one in self._alike if one == kind), kind]
        if len(self._alike) >= ALIKE and not self._fatal:
            told = one_line(failure.get("detail") or "")
            self._fatal = BatchFailedError(
                f"{self._label}: stopped, as {ALIKE} records one after another failed alike, the last in "
                f"line {result.line}: {told}. All results are in {self._results.folder}"
            )

    def _publish(self) -> None:
        if not self._part:
            return
        self._results.publish(self._part)
        self._part, self._calls = [], 0
        self._published = now = self._clock.monotonic()
        took = now - self._began
        pace = self._made / took if took else 0.0  # what needs no call takes no time
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self._results.counts().items()))
        log.info(
            "%s: %d of %d, %.1f calls/s, %.0f s left; %s",
            self._label,
            self._before + self._done,
            self._of,
            pace,
            max(0, self._calls_left) / pace if pace else 0,
            counts,
        )

    def _write(self, planned: Planned) -> tuple[Result, PowerOfficeError | None]:
        """Make one call; runs in a thread of its own."""
        try:
            call = self._client.build(planned.method, planned.endpoint, body=planned.body)
        except (ValueError, TypeError) as error:  # of the call's arguments: nothing was sent
            return self._result(planned, status="failed", error=_facts(error)), None
        try:
            written = write_call(self._client, call, on_exists=planned.on_exists, began_before=self._resumed)
        except PowerOfficeError as error:
            status = "uncertain" if error.outcome_unknown else "failed"
            tries = 1 + error.uncertain_attempts
            return self._result(planned, status=status, error=_facts(error), tries=tries), error
        except CancelledScopeError:
            raise
        except Exception as error:  # whether it was sent is not known
            log.exception("%s: line %d", self._label, planned.line)
            status = "uncertain" if planned.careful else "failed"
            return self._result(planned, status=status, error=_facts(error), tries=1), None
        return self._result(
            planned,
            status=written.outcome,
            id=written.id if written.id is not None else planned.id,
            reference=written.reference or planned.reference,
            tries=written.tries,
        ), None

    def _result(self, planned: Planned, **facts: Any) -> Result:
        at = datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="milliseconds")
        known = {"id": planned.id, "reference": planned.reference, "careful": planned.careful}
        return Result(line=planned.line, key=planned.key, at=at, **known | facts)


def _facts(error: Exception) -> dict[str, Any]:
    """Describe an error as a result holds it: a server's answer by its parts, any other error in one line."""
    facts: dict[str, Any] = {"type": type(error).__name__}
    if isinstance(error, PowerOfficeError):
        for name in ("status", "title", "detail", "trace_id"):
            value = getattr(error, name, None)
            facts[name] = one_line(value) if isinstance(value, str) else value
    if not isinstance(error, APIStatusError):
        facts["detail"] = one_line(error)
    return facts
