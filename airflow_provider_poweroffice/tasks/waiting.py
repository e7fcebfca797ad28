"""What a sensor has seen so far, for its log and its timeout message."""

from __future__ import annotations

from typing import Any

from airflow_provider_poweroffice.api.conditions import Condition, records_of
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.tasks.company import labelled


class Watch:
    """Judges answers, and remembers how often it was asked and what was seen last."""

    def __init__(self, what: object, endpoint: str, company: str | None) -> None:
        self._what = what
        self._endpoint = endpoint
        self._company = company
        self._looks = 0
        self._last = "nothing, as there was no turn before the deadline"

    def look(self, answer: Response, condition: Condition) -> Any:
        """Give the first record that fulfils the condition, or None."""
        records, exact = records_of(answer)
        found = condition.judge(exact)
        self.saw(found.seen)
        return None if found.position is None else records[found.position]

    def saw(self, what: object) -> None:
        """Note an answer, or why there was none."""
        self._looks += 1
        self._last = one_line(what)

    def __str__(self) -> str:
        """Say what is waited for, how often it was asked, and what was seen last."""
        times = "once" if self._looks == 1 else f"{self._looks} times"
        text = f"{self._endpoint}: waiting for {self._what}; asked {times}, last seen: {self._last}"
        return labelled(self._company, text)
