"""
A writing call is carried out once per task instance, whatever happens to the worker.

Rule: a note is made before the call leaves and settled after it: in Airflow's task state store, which
outlives retries (3.3 and later), and does not expire by itself. A retry that finds a call sent, and not how
it ended, sends it again only where the server takes it once, see ``api/writes``. Before 3.3 there is no such
store: a call whose outcome is unknown fails the task without a retry, unless the retry surely makes the same.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_poweroffice._compat import (
    AirflowFailException,
    keep_task_state,
    task_state_store,
    warn_of_clearing,
)
from airflow_provider_poweroffice.api.retry import may_have_been_carried_out
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import (
    APIStatusError,
    BusinessFailureError,
    PowerOfficeError,
    UncertainWriteError,
)
from airflow_provider_poweroffice.tasks.failures import may_be_retried

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.response import Response

log = logging.getLogger(__name__)

KEY = "poweroffice_write"


class WriteGuard:
    """
    The note about one call in the task's state store.

    :param context: the task's context.
    :param call: all that is sent, connection, company and contents of files included.
    :param same: what makes another call the same write, which the server carries out once; None: nothing.
    :param is_stable: a retry surely makes the same write.
    """

    began = False
    """An earlier try of the task may have sent the same write."""

    def __init__(self, context: Any, *call: Any, same: str | None = None, is_stable: bool = False) -> None:
        self._store = task_state_store(context)
        ti = context.get("ti") if context else None
        self._try = getattr(ti, "try_number", None)
        # Airflow raises max_tries when a person clears a task, not when it retries by itself.
        self._cleared = getattr(ti, "max_tries", None)
        text = msgspec.json.encode(call, enc_hook=repr, order="deterministic")
        self._call = hashlib.sha256(text).hexdigest()
        self._same = same and hashlib.sha256(repr((*call[:2], same)).encode()).hexdigest()
        self._may_repeat = bool(same) and (is_stable or self._store is not None)

    def earlier_result(self) -> tuple[bool, Any]:
        """
        Look for the note of an earlier try.

        An automatic retry never sends again what an earlier try has sent, even where a template renders
        differently now. After a person has cleared the task, another call is another call.

        :return: whether it was carried out, and the result it had.
        :raises UncertainWriteError: a call was sent, and how it ended is not known.
        :raises AirflowFailException: it was carried out, and its result was not kept.
        """
        note = self._store.get(KEY) if self._store is not None else None
        if not isinstance(note, dict):
            self.began = bool(self._same) and self.is_blind
            return False, None
        made = f"try {note.get('try')} of this task ({note.get('at')})"
        if note.get("state") != "done":
            if self._same and note.get("same") == self._same:
                self.began = True
                log.warning("%s sent its call, and how it ended is not known: it is sent again", made)
                return False, None
            raise UncertainWriteError(
                f"not sent: {made} sent its call, and how it ended is not known: the worker died or the "
                "reply was lost. Look there whether it was carried out. If it was not, delete "
                f"{KEY!r} from the task's state store (tab Storage) and clear the task; a call that may be "
                "repeated is declared with idempotent=True.",
                sent_at=str(note.get("at")),
            )
        if note.get("call") != self._call and note.get("cleared") != self._cleared:
            return False, None
        if "result" not in note:
            raise AirflowFailException(
                f"not sent again: {made} carried its call out, and its answer was not kept: it could not be "
                "used, or held a new key. Look there what came of it, and mark the task as successful. To "
                f"send the call again, delete {KEY!r} from the task's state store (tab Storage) and clear it."
            )
        log.warning("not sent again: %s carried its call out; the result of that time is returned", made)
        return True, note["result"]

    def began_before(self) -> bool:
        """Tell whether an earlier try of this task sent the same call, and was not told of a refusal."""
        note = self._store.get(KEY) if self._store is not None else None
        return isinstance(note, dict) and note.get("call") == self._call

    @property
    def is_of_this_call(self) -> bool:
        """Tell whether what may have been sent is this very call, as far as a note can tell."""
        return self._store is None or self.began_before()

    @property
    def is_blind(self) -> bool:
        """Tell whether an earlier try may have been killed without a note, as there is no store."""
        return self._store is None and (self._try or 1) > 1

    @contextmanager
    def sending(self) -> Iterator[None]:
        """
        Note that the call is about to leave; delete the note where it surely was not carried out.

        The client knows, and says so by ``outcome_unknown=False``: nothing left this process, or the server
        refused. Any other error leaves the note, whatever its class, and so does the end of the worker in the
        middle. Arguments are checked before, so that none of them is noted.
        """
        self._write({"state": "sent"})
        try:
            yield
        except BaseException as error:
            if getattr(error, "outcome_unknown", True) is False:
                if not self.began and not getattr(error, "uncertain_attempts", 0):
                    self._take_back()
            else:  # also of what ended the task between the client and here
                error.outcome_unknown = True  # type: ignore[attr-defined]
                error.repeatable = self._may_repeat and getattr(error, "repeatable", True)  # type: ignore[attr-defined]
            raise

    def refused(self, status: int) -> None:
        """Delete the note if this unsuccessful status means that nothing was carried out."""
        if not may_have_been_carried_out(status):
            self._take_back()

    @contextmanager
    def carried_out(self) -> Iterator[SimpleNamespace]:
        """
        Note that the call was carried out, with the ``result`` set inside, for a retry to return.

        A result that was not set, or that holds a key, is not in the note.
        """
        note = SimpleNamespace()
        try:
            yield note
        finally:
            kept = {} if _holds_key(getattr(note, "result", None)) else vars(note)
            self._write({"state": "done"} | kept)

    def _take_back(self) -> None:
        if self._store is not None:
            self._store.delete(KEY)

    def _write(self, note: dict[str, Any]) -> None:
        if self._store is not None:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            warn_of_clearing()
            made = {"call": self._call, "try": self._try, "cleared": self._cleared, "at": at}
            made |= {"same": self._same} if self._same else {}
            keep_task_state(self._store, KEY, made | note)


def write_once(
    guard: WriteGuard,
    send: Callable[[], Response],
    result_of: Callable[[Response], Any],
    failure_of: Callable[[Response], APIStatusError | None] = lambda answer: None,  # noqa: ARG005
) -> Any:
    """
    Send a call unless an earlier try has sent it, and give its result.

    :param result_of: makes the result of an answer; its errors do not make the call unsent.
    :param failure_of: finds a failure in an answer that the server did not refuse.
    :raises AirflowFailException: the call was answered, and what came out of ``result_of`` or ``failure_of``
        would lead to a retry of the task, which would send the call again where there is no store.
    """
    carried_out, result = guard.earlier_result()
    if carried_out:
        return result
    with guard.sending():
        answer = send()
    with _final_after(answer):
        failure = failure_of(answer)
        if failure:
            failure.final = True  # what it says of the answer stays so; the call was answered
        if not answer.is_success or isinstance(failure, BusinessFailureError):
            guard.refused(answer.status_code)
            return _raise_or(failure, result_of, answer)
        with guard.carried_out() as note:
            note.result = result = _raise_or(failure, result_of, answer)
    return result


def _raise_or(failure: APIStatusError | None, result_of: Callable[[Response], Any], answer: Response) -> Any:
    if failure:
        raise failure
    return result_of(answer)


@contextmanager
def _final_after(answer: Response) -> Iterator[None]:
    try:
        yield
    except AirflowFailException:
        raise
    except BaseException as error:
        if isinstance(error, PowerOfficeError) and not may_be_retried(error, answer.method):
            raise
        raise AirflowFailException(
            f"{answer.method} {answer.path}: {answer.status_code}, but the answer could not be used "
            f"({type(error).__name__}: {one_line(error)}); the call itself is not sent again"
        ) from error


def _holds_key(result: Any) -> bool:
    """Tell whether an answer holds a new client key, which must not be kept: onboarding does."""
    if isinstance(result, dict):
        return any(name.lower() == "clientkey" or _holds_key(value) for name, value in result.items())
    return isinstance(result, list) and any(map(_holds_key, result))
