"""
Incremental reads: how far the last run came, kept in Airflow, for the next run to continue from.

Rule: it moves after the data is stored, never before; to a change time that was seen, never to the clock.
On Airflow 3.3 it is kept in the asset's state store, before that in the asset's events. A run that is retried
or cleared starts from its first starting point (3.3: kept in the task's state store), so that the file that
replaces its earlier one holds the same rows.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE, keep_task_state
from airflow_provider_poweroffice.assets.poweroffice import is_ours, poweroffice_asset

log = logging.getLogger(__name__)

_EVENTS = 1000  # how far back the last event of a company is looked for
_EXTRA = "poweroffice"
_BEGUN = "poweroffice_since"


def with_asset(
    arguments: dict[str, Any], *, endpoint: str, conn_id: str, scheme: str = "poweroffice"
) -> dict[str, Any]:
    """
    Give a task the asset that keeps its watermark, unless its outlets already hold an asset of this package.

    :param arguments: of the operator's base class.
    :return: the same, with outlets and, before Airflow 3.3, inlets.
    :raises ValueError: endpoint or connection is a template, so that the asset cannot be named.
    """
    outlets = _listed(arguments.get("outlets"))
    asset = next(filter(is_ours, outlets), None)
    if asset is None:
        try:
            asset = poweroffice_asset(endpoint, conn_id=conn_id, scheme=scheme)
        except ValueError as error:
            raise ValueError(
                f"incremental=True keeps its watermark with an asset, and none can be named: {error}. "
                "Give one: outlets=[poweroffice_asset('Customers')]"
            ) from None
        outlets.append(asset)
    arguments = arguments | {"outlets": outlets}
    if not HAS_ASSET_STATE and asset not in (inlets := _listed(arguments.get("inlets"))):
        arguments["inlets"] = [*inlets, asset]
    return arguments


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


class Increment:
    """
    The watermark of one company's collection in one place.

    :param context: of the running task.
    :param outlets: of the task; the first asset of this package keeps the watermark.
    :param target: names the destination; the same in every run.
    :param scope: the arguments that select rows; a watermark stored for another scope is ignored.
    """

    def __init__(
        self, context: Any, outlets: Any, *, target: str, company: str | None, scope: Mapping[str, Any]
    ) -> None:
        self._context = context or {}
        self.asset = next(filter(is_ours, _listed(outlets)), None)
        if self.asset is None:
            raise ValueError(
                "incremental=True of a mapped task needs an asset in partial(): "
                "outlets=[poweroffice_asset('Customers')]"
            )
        name = _name(target, company)
        self.key = f"watermark.{name}"
        self._begun = f"{_BEGUN}.{name}"  # a task may load several, and be cleared with other companies
        self._run = _run_of(self._context)
        import msgspec

        text = msgspec.json.encode(scope, enc_hook=str, order="deterministic")
        self._scope = hashlib.sha256(text).hexdigest()[:16]

    def since(self, *, full_refresh: Any = False) -> str | None:
        """
        Give the moment to read from, the same for each try of this run; None reads everything.

        :param full_refresh: true, or a text that says so: read everything this time.
        """
        if _is_true(full_refresh):
            log.info("%s: full_refresh: everything is read", self.key)
            return None
        tries = self._context.get("task_state_store")
        begun = tries.get(self._begun) if tries is not None else None
        if isinstance(begun, dict) and begun.get("scope") == self._scope:
            return begun.get("from")
        since = self._since()
        if tries is not None:
            # For ever: a run that is cleared after a month must not begin where a later one has got to.
            keep_task_state(tries, self._begun, {"from": since, "scope": self._scope})
        return since

    def _since(self) -> str | None:
        mine, latest = self._load()
        note = mine or latest
        if note is None:
            log.info("%s: no watermark yet, so everything is read", self.key)
            return None
        if note.get("scope") != self._scope:
            log.warning("%s: the watermark is that of another query; everything is read", self.key)
            return None
        moment = note.get("from" if mine else "watermark")
        log.info("%s: read from %s", self.key, moment or "the beginning")
        return str(moment) if moment else None

    def move(self, since: str | None, watermark: str | None) -> dict[str, Any]:
        """
        Store the moment that the next run continues from; call it after the rows are stored.

        :param since: what this run read from.
        :param watermark: how far it came; None where that is not known, and nothing moves.
        :return: the note, for the asset's event.
        """
        from airflow_provider_poweroffice.api.timestamps import ticks_of_iso

        # A run that was cleared must not take back what a later one has reached.
        now = self._load()[1] or {}
        reached = now.get("watermark") if now.get("scope") == self._scope else None
        moments = [moment for moment in (since, watermark, reached) if moment]
        latest = max(moments, key=ticks_of_iso, default=None)
        note = {"watermark": latest, "from": since, "run": self._run, "scope": self._scope, "key": self.key}
        if latest is None:
            return {}
        # A note that says as much need not be written again: a quiet night has one for each list.
        if (store := self._store()) is not None and not since == latest == reached:
            store.set(self.key, note)
        return note

    def _load(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Find the note of an earlier try of this run, and the latest note of all."""
        if (store := self._store()) is not None:
            note = store.get(self.key)
            note = note if isinstance(note, dict) else None
            return (note if note and note.get("run") == self._run else None), note
        notes = list(self._notes())
        mine = next((note for note in notes if note.get("run") == self._run), None)  # this run was cleared
        return mine, (notes[0] if notes else None)

    def _notes(self) -> Iterator[dict[str, Any]]:
        """Give the notes in the asset's last events, the latest first, up to one of an earlier try."""
        events = self._context.get("inlet_events")
        seen = events[self.asset] if events is not None and self.asset is not None else ()
        for back in range(1, min(len(seen), _EVENTS) + 1):
            note = (seen[-back].extra or {}).get(_EXTRA)
            if isinstance(note, dict) and note.get("key") == self.key:
                yield note
                if note.get("run") == self._run:
                    return

    def _store(self) -> Any:
        stores = self._context.get("asset_state_store")
        return None if stores is None else stores[self.asset]


def emit_asset_event(
    context: Any, outlets: Any, receipt: Mapping[str, Any], note: Mapping[str, Any] | None
) -> None:
    """
    Attach the receipt and the watermark to the event of this package's asset.

    :param receipt: JSON of the transfer.
    """
    events = context.get("outlet_events") if context else None
    if events is None:
        return
    for asset in filter(is_ours, _listed(outlets)):
        events[asset].extra.update(receipt)
        if note:
            events[asset].extra[_EXTRA] = dict(note)


def _is_true(value: Any) -> bool:
    """
    Read a flag that a template may have rendered to text.

    :raises ValueError: it is not one.
    """
    text = str(value).strip().lower()
    if text not in {"true", "false", "1", "0", "none", ""}:
        raise ValueError(f"full_refresh must be True or False, not {value!r}")
    return text in {"true", "1"}


def _name(target: str, company: str | None) -> str:
    """Make a name that is safe in a URL and unique for each target and company."""
    text = "/".join(filter(None, (target, company)))
    plain = re.sub(r"[^\w.-]+", ".", text).strip(".")
    return f"{plain[:80]}.{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _run_of(context: Mapping[str, Any]) -> str | None:
    """Name the run of a task, whatever its place among the mapped ones: a note is one company's anyway."""
    ti = context.get("ti")
    parts = [getattr(ti, name, None) for name in ("dag_id", "run_id", "task_id")]
    return "/".join(map(str, parts)) if ti is not None else None
