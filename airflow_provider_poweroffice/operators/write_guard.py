"""
A writing call is carried out once per task instance, whatever happens to the worker.

Rule: a note is made before the call leaves and settled after it: in Airflow's task state store, which
outlives retries (3.3 and later). Before 3.3 there is no such store and nothing is guarded.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec

from airflow_provider_poweroffice._compat import AirflowFailException, task_state_store
from airflow_provider_poweroffice.api.retry import TRANSIENT_STATUSES
from airflow_provider_poweroffice.errors import PowerOfficeError

log = logging.getLogger(__name__)

KEY = "poweroffice_write"


class WriteGuard:
    """
    The note of one call, told apart from others by all that is sent.

    :param context: the task's context.
    :param call: what is sent: method, endpoint, query, body.
    """

    def __init__(self, context: Any, *call: Any) -> None:
        self._store = task_state_store(context)
        self._try = getattr(context.get("ti"), "try_number", None) if context else None
        text = msgspec.json.encode(call, enc_hook=repr)
        self._call = hashlib.sha256(text).hexdigest()

    def earlier_result(self) -> tuple[bool, Any]:
        """
        Look for the note of an earlier try of the same call.

        :return: whether it was carried out, and the result it had.
        :raises AirflowFailException: it was sent, and how it ended is not known.
        """
        note = self._store.get(KEY) if self._store is not None else None
        if not isinstance(note, dict) or note.get("call") != self._call:
            return False, None
        made = f"try {note.get('try')} of this task ({note.get('at')})"
        if note.get("state") == "done":
            log.warning("not sent again: %s carried out this very call; its result is returned", made)
            return True, note.get("result")
        raise AirflowFailException(
            f"not sent again: {made} sent this very call, and how it ended is not known: the worker died or "
            "the reply was lost. Look in PowerOffice Go whether it was carried out. If it was not, delete "
            f"{KEY!r} from the task's state store (tab Storage) and clear the task; a call that may be "
            "repeated is declared with idempotent=True."
        )

    @contextmanager
    def sending(self) -> Iterator[None]:
        """
        Note that the call is about to leave; take the note back when it surely was not carried out.

        An unknown outcome, or the end of the worker in the middle, leaves the note.
        """
        self._write({"state": "sent"})
        try:
            yield
        except (ValueError, TypeError):
            self._take_back()
            raise
        except PowerOfficeError as error:
            if not error.outcome_unknown:
                self._take_back()
            raise

    def refused(self, status: int) -> None:
        """Take the note back if this unsuccessful status means that nothing was carried out."""
        if status not in TRANSIENT_STATUSES:
            self._take_back()

    @contextmanager
    def carried_out(self) -> Iterator[SimpleNamespace]:
        """Note that the call was carried out, with the ``result`` set inside, for a retry to return."""
        note = SimpleNamespace(result=None)
        try:
            yield note
        finally:
            self._write({"state": "done", "result": note.result})

    def _take_back(self) -> None:
        if self._store is not None:
            self._store.delete(KEY)

    def _write(self, note: dict[str, Any]) -> None:
        if self._store is not None:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            self._store.set(KEY, {"call": self._call, "try": self._try, "at": at, **note})
