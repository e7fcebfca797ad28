"""The benchmarks count a limit's use as the server does."""

from __future__ import annotations

import pytest

from benchmarks.share import share


@pytest.mark.parametrize(
    ("passed", "used"),
    [
        ([second for second in range(20) for _ in range(10)], 1.0),
        ([number / 10 for number in range(200)], 1.0),
        ([number / 5 for number in range(200)], 0.5),
        ([second + (second > 10) for second in range(20) for _ in range(10)], 0.95),
        ([second + (second == 19) for second in range(20) for _ in range(10)], 0.95),
        ([second * 1.02 for second in range(20) for _ in range(10)], 0.98),
        ([float(second) for second in range(20) for _ in range(10)] + [40.0], 0.5),
        ([float(second) for second in range(20) for _ in range(10)][::-1], 1.0),
    ],
    ids=["bursts", "even", "half", "a pause", "a late end", "counted late", "one more", "not in order"],
)
def test_share(passed: list[float], used: float) -> None:
    """The first second flatters no run, and a pause counts wherever it is."""
    assert share(passed, 10) == pytest.approx(used, abs=0.005)
