"""What a sensor has seen so far, for its log and its timeout message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_poweroffice.api.conditions import Condition, records_of
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import WaitFailedError
from airflow_provider_poweroffice.tasks.company import labelled

_LONGEST_KEY = 80  # characters
_NAMING = 2  # fields that name a record without an Id: those of Finance & Operations begin with their key


class Watch:
    """
    Judges answers, and remembers how often it was asked and what was seen last.

    :param what: is waited for.
    :param fail_if: what ends the waiting with an error, or None.
    """

    def __init__(
        self, what: object, endpoint: str, company: str | None, fail_if: Condition | None = None
    ) -> None:
        self._what = what
        self._fail_if = fail_if
        self._endpoint = endpoint
        self._company = company
        self._looks = 0
        self._last = "nothing, as there was no turn before the deadline"

    def look(self, answer: Response, condition: Condition) -> Any:
        """
        Give the first record that fulfils the condition, or None.

        :raises WaitFailedError: a record fulfils ``fail_if``.
        """
        records, exact = records_of(answer)
        self._refuse(exact)
        found = condition.judge(exact)
        self.saw(found.seen)
        return None if found.position is None else records[found.position]

    def check(self, answer: Response) -> None:
        """
        Look for what ends the waiting, where the condition is not judged here.

        :raises WaitFailedError: a record fulfils ``fail_if``.
        """
        if self._fail_if is not None:
            self._refuse(records_of(answer)[1])

    def _refuse(self, records: Sequence[Any]) -> None:
        position = None if self._fail_if is None else self._fail_if.judge(records).position
        if self._fail_if is None or position is None:
            return
        record = records[position]
        raise WaitFailedError(
            f"{self._endpoint}: fail_if {self._fail_if} is fulfilled by {_name_of(record, position)}: "
            f"{self._fail_if.seen_in(record)}"
        )

    def saw(self, what: object) -> None:
        """Note an answer, or why there was no answer."""
        self._looks += 1
        self._last = one_line(what)

    def __str__(self) -> str:
        """Say what is waited for, how often it was asked, and what was seen last."""
        times = "once" if self._looks == 1 else f"{self._looks} times"
        text = f"{self._endpoint}: waiting for {self._what}; asked {times}, last seen: {self._last}"
        return labelled(self._company, text)


def _name_of(record: Any, position: int) -> str:
    """Name a record by its Id, else by its first fields, else by its place in the answer."""
    fields = record.items() if isinstance(record, Mapping) else ()
    plain = [(name, value) for name, value in fields if isinstance(value, (str, int)) and name[:1] != "@"]
    naming = [item for item in plain if item[0].lower() == "id"] or plain[:_NAMING]
    if not naming:
        return f"record {position + 1} of the answer"
    shown = ", ".join(f"{one_line(name)} {one_line(value, _LONGEST_KEY)}" for name, value in naming)
    return f"the record with {shown}"
