"""A server that counts requests late, as a busy one does, refuses few of them; nothing here sleeps."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from functools import partial

import pytest

from airflow_provider_poweroffice.api.limits.window import LONGEST_STRICT, STRICT, UNANSWERED, Window

RATE = 10
CALLS = 12
"""Requests of one task; the next one knows nothing of what this one learned."""

Journey = Callable[[float], tuple[float, float]]
"""Gives when a request that starts at a moment is counted, and when it is answered."""


class Tasks:
    """
    Short tasks that call as fast as they are let, so many side by side.

    :param journey: of each request.
    """

    def __init__(self, window: Window, side_by_side: int, journey: Journey) -> None:
        self.window = window
        self.calls = self.refused = 0
        self._journey = journey
        self._passed: deque[float] = deque(maxlen=RATE)
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        for number in range(side_by_side):
            self._plan(number / 100, self._begin)

    def run(self, seconds: float) -> None:
        """Let the time pass."""
        while self._events[0][0] < seconds:
            now, _, act = heapq.heappop(self._events)
            act(now)

    def _plan(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), act))

    def _begin(self, now: float) -> None:
        self._enter(CALLS, None, now)

    def _enter(self, left: int, place: float | None, now: float) -> None:
        if not left:
            self._begin(now)
            return
        turn = self.window.enter(now, RATE, place)
        if turn.wait:
            self._plan(now + turn.wait, partial(self._enter, left, turn.place))
            return
        counted, answered = self._journey(now)
        self._plan(counted, partial(self._count, left, now, answered))

    def _count(self, left: int, start: float, answered: float, now: float) -> None:
        self.calls += 1
        is_refused = len(self._passed) == RATE and now - self._passed[0] < 1
        if is_refused:
            self.refused += 1
        else:
            self._passed.append(now)
        self._plan(answered, partial(self._answer, left, start, is_refused))

    def _answer(self, left: int, start: float, is_refused: bool, now: float) -> None:
        self.window.settle(now, start, now - start)
        if is_refused:
            self.window.refuse(now, 1.0)
        self._enter(left - (not is_refused), None, now)


def stalling(now: float) -> tuple[float, float]:
    """Be counted by a server that stands still for 0.4 of each 1.5 seconds, and then counts what has come."""
    began = now // 1.5 * 1.5
    counted = now + 0.005 if now - began > 0.4 else began + 0.4 + (now - began) / 2
    return counted, counted + 0.03


@pytest.mark.finding("D9")
def test_stalling_server_refuses_few() -> None:
    """The first refusals tell that requests are counted late; from then on starts are held until answers."""
    tasks = Tasks(Window(), 12, stalling)
    tasks.run(120.0)
    assert tasks.refused <= 0.02 * tasks.calls
    assert tasks.calls - tasks.refused >= 0.8 * RATE * 120


@pytest.mark.parametrize("answers", [(0.05, 0.4, 0.9), (1.5, 2.0, 2.5)])
def test_slow_answers_cost_little(answers: tuple[float, ...]) -> None:
    """Answers of very different age leave 95 % of the rate: a slow server is no slow journey."""
    ages = itertools.cycle(answers)
    tasks = Tasks(Window(), 60, lambda start: (start + 0.005, start + next(ages)))
    tasks.run(120.0)
    assert not tasks.refused
    assert tasks.calls >= 0.95 * RATE * 120


@pytest.mark.finding("D9")
def test_standstill_is_noticed() -> None:
    """A server that stands still for three seconds then finds no more waiting than it lets through."""

    def journey(start: float) -> tuple[float, float]:
        stands = 10 <= start < 13
        counted = 13 + (start - 10) / 100 if stands else start + 0.005
        return counted, counted + 0.02

    tasks = Tasks(Window(), 60, journey)
    tasks.run(20.0)
    assert not tasks.refused
    assert tasks.calls >= 0.97 * RATE * 17


@pytest.mark.parametrize("seed", range(3))
def test_strict_window_is_never_refused(seed: int) -> None:
    """Wherever between start and answer a request is counted, and however long that takes."""
    dice = random.Random(seed)  # noqa: S311 - the same steps in every run

    def journey(start: float) -> tuple[float, float]:
        trip = min(dice.expovariate(3), 0.9 * UNANSWERED)
        return start + trip * dice.random(), start + trip

    tasks = Tasks(Window(strict_until=1e9), 16, journey)
    tasks.run(200.0)
    assert not tasks.refused
    assert tasks.calls > 0.7 * RATE * 200


def test_killed_task_holds_no_slot_for_long() -> None:
    """A request that is never answered is taken for counted long ago, also while the window is strict."""
    window = Window(strict_until=1e9)
    for _ in range(RATE):
        assert not window.enter(0.0, RATE).wait
    turn = window.enter(1.5, RATE)
    assert 0 < turn.wait <= 0.1, "an answer may come at any time"
    assert not window.enter(UNANSWERED + 0.1, RATE, turn.place).wait


def test_strictness_follows_refusals() -> None:
    """One refusal is soon forgotten; where they come back, the window is strict for longer each time."""
    window = Window()
    window.refuse(100.0, 1.0)
    window.refuse(100.1, 1.0)
    assert window.strict_until == 100 + STRICT, "refusals of one moment, or of others' requests, are one"
    window.refuse(101 + STRICT, 1.0)
    assert window.strict_until == 101 + 3 * STRICT
    window.refuse(102 + 3 * STRICT, 1.0)
    assert window.strict_for == 4 * STRICT
    for _ in range(20):
        window.refuse(window.strict_until + 1, 1.0)
    assert window.strict_for == LONGEST_STRICT
    window.refuse(window.strict_until + LONGEST_STRICT + 1, 1.0)
    assert window.strict_for == STRICT, "all was well for as long as the window had been strict"
