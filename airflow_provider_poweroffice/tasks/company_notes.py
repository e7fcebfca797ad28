"""
What a company's task notes in Airflow, for its own retries: which loads are done, and where they have begun.

Rule: one value of the task's state store (3.3) for each, as every question to it is a request to Airflow's
API server. Before 3.3 there is no such store, and a retry does all again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice._compat import keep_task_state, task_state_store

if TYPE_CHECKING:
    from airflow.sdk import Context

DONE = "poweroffice_done"
"""Begins the keys in the task's state store that hold what earlier tries have loaded, by company."""
_BEGUN = "poweroffice_begun"  # begins the keys there of where the loads of a company have begun


class Loaded:
    """
    The loads that are done in this run, for a retry of the task; after a person cleared it, none.

    They are kept by company: a task that is cleared with other companies may have another one now.
    """

    def __init__(self, context: Context, company: str | None) -> None:
        self._store = task_state_store(context)
        # Airflow raises max_tries when a person clears a task, not when it retries by itself.
        self._of = {"cleared": getattr(context.get("ti"), "max_tries", None)}
        self._key = f"{DONE}.{company}" if company else DONE
        note = self._store.get(self._key) if self._store is not None else None
        self.receipts: dict[str, dict[str, Any]] = {}
        if isinstance(note, dict) and self._of.items() <= note.items():
            self.receipts = note["loads"]

    def add(self, name: str, receipt: dict[str, Any]) -> None:
        """Note a load."""
        self.receipts[name] = receipt
        if self._store is not None:
            self._store.set(self._key, self._of | {"loads": self.receipts})


class Begun:
    """Where the loads of a company have begun."""

    def __init__(self, context: Context, company: str | None) -> None:
        self._store = task_state_store(context)
        self._key = f"{_BEGUN}.{company}" if company else _BEGUN
        note = self._store.get(self._key) if self._store is not None else None
        self._notes: dict[str, Any] = dict(note) if isinstance(note, dict) else {}
        self._found = dict(self._notes)
        self.context: Any = context if self._store is None else {**context, "task_state_store": self}

    def get(self, key: str) -> Any:
        """Give the note of a load."""
        return self._notes.get(key)

    def set(self, key: str, value: Any, **_: Any) -> None:
        """Take the note of a load."""
        self._notes[key] = value

    def keep(self) -> None:
        """Store what is new, before anything is loaded."""
        if self._notes != self._found:
            keep_task_state(self._store, self._key, self._notes)
