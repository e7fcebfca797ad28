"""
What became of each record, in a folder: parts that are published while the batch runs, and their sum.

Rule: the published parts are the progress. A killed batch resumes after them, and nothing else is consulted,
so no second note can contradict them.

======================  ===================================================================================
``batch.json``          the fingerprint of the records; written before the first call
``wave.json``           lines about to be sent that the server could not tell from their repetition
``parts/00001-….ndjson``  results, in the order in which they came
``results.ndjson``      the last result of each line, by line; written at the end
``problems.ndjson``     what the first pass found, where it ended the batch
``task.json``           what a mapped task has to do: beside it are those of the same company
======================  ===================================================================================
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal
from uuid import uuid4

import msgspec

from airflow_provider_poweroffice.storage.publish import publish

Status = Literal["created", "updated", "unchanged", "deleted", "failed", "uncertain", "invalid"]
DONE = frozenset({"created", "updated", "unchanged", "deleted"})
"""What is not tried again."""
BAD = ("failed", "uncertain", "invalid")
"""What counts against ``max_failures``."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one record.

    :param line: of the input, from 1.
    :param id: of the record on the server.
    :param error: ``{"type", "status", "title", "detail", "trace_id"}``.
    :param tries: requests that were made for it.
    :param at: when it was known, UTC.
    :param careful: the server cannot tell the call from its repetition; an uncertain one is never repeated.
    """

    line: int
    key: str | None
    status: Status
    id: Any = None
    reference: str | None = None
    error: dict[str, Any] | None = None
    tries: int = 0
    at: str = ""
    careful: bool = False

    @property
    def is_final(self) -> bool:
        """Tell whether a retry leaves the record alone."""
        return self.status in DONE or (self.status == "uncertain" and self.careful)


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """
    Calls that are about to leave.

    :param after: the last part before them; what that part and earlier ones say of a line is older.
    :param results: what became of those that no later part mentions.
    """

    after: int
    results: list[Result]


def index_of(folder: Any, index: str, work: str, *, store: bool) -> str:
    """
    Give the index whose folder a company's mapped task works in: an earlier index, if that had the same work.

    :param folder: of the company, in the run.
    :param index: of the task.
    :param work: a fingerprint of what it is to do.
    :param store: note it.
    """

    def work_of(name: str) -> str | None:
        note = Results(folder / name).read("task.json")
        return None if note is None else str(msgspec.json.decode(note).get("work"))

    had = work_of(index)
    if had == work:
        return index
    others: list[str] = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    for other in others:
        if other.isdigit() and other != index and work_of(other) == work:
            return other
    if store and had is None:
        Results(folder / index).note_task({"v": 1, "work": work})
    return index


_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode
_decode = msgspec.json.Decoder(Result).decode
_wave = msgspec.json.Decoder(Wave).decode


class Results:
    """
    The folder of a batch.

    :param folder: an ``ObjectStoragePath`` or any path of universal-pathlib.
    """

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self._last: dict[int, Result] = {}
        self._counts = Counter[str]()
        self._part_of: dict[int, int] = {}
        self._part = 0
        self._has_wave = False

    def begin(self, note: dict[str, Any]) -> None:
        """
        Begin, before the first call.

        :param note: what tells this batch from others; holds ``fingerprint``.
        """
        self._publish("batch.json", [_encode(note)])

    def go_on(self, note: dict[str, Any]) -> bool:
        """
        Resume an earlier try: its results are read.

        :param note: as of :meth:`begin`.
        :return: whether there was one.
        :raises ValueError: the earlier try had other records.
        """
        found = self.read("batch.json")
        if found is None:
            return False
        for result in self._earlier():
            self._keep(result)
            self._part_of[result.line] = self._part
        earlier = self._decoded(msgspec.json.decode, found, "batch.json")
        if earlier.get("fingerprint") != note["fingerprint"]:
            done, of = sum(result.is_final for result in self._last.values()), earlier.get("of")
            raise ValueError(
                f"the records are not those of the earlier try, which got {done} of {of} done: "
                "the input or the mapping has changed, or the mapping reads what changes, such as the time. "
                f"Bring them back, or start a new run; {self.folder} says what was done"
            )
        self._settle_wave()
        return True

    def _settle_wave(self) -> None:
        """Record lines that were about to be sent, and have no result, as uncertain."""
        if note := self.read("wave.json"):
            wave = self._decoded(_wave, note, "wave.json")
            self.publish([one for one in wave.results if self._part_of.get(one.line, 0) <= wave.after])

    def last(self, line: int) -> Result | None:
        """Give the last result of a line."""
        return self._last.get(line)

    def is_final(self, line: int | None) -> bool:
        """Tell whether a line is left alone from now on."""
        return line in self._last and self._last[line].is_final

    def publish(self, results: list[Result]) -> None:
        """Publish a part."""
        if not results:
            return
        self._part += 1
        # A name of its own: a worker that was taken for dead may still be writing.
        name = f"parts/{self._part:05d}-{uuid4().hex[:8]}.ndjson"
        self._publish(name, map(_encode, results))
        for result in results:
            self._keep(result)

    def _keep(self, result: Result) -> None:
        if earlier := self._last.get(result.line):
            self._counts[earlier.status] -= 1
        self._counts[result.status] += 1
        self._last[result.line] = result

    def about_to_send(self, wave: list[Result]) -> None:
        """Note calls whose repetition the server could not tell, before they leave."""
        self._has_wave = True
        self._publish("wave.json", [_encode(Wave(after=self._part, results=wave))])

    def none_about_to_be_sent(self) -> None:
        """Take that back when the batch ends in order: what was sent has a result, the rest was not sent."""
        if self._has_wave:
            self.about_to_send([])
            self._has_wave = False

    def note_task(self, note: dict[str, Any]) -> None:
        """Note what the task has to do."""
        self._publish("task.json", [_encode(note)])

    def problems(self, problems: Iterable[Any]) -> None:
        """Publish what the first pass found."""
        self._publish("problems.ndjson", map(_encode, problems))

    def end(self) -> str:
        """Publish the last result of each line, and give the path."""
        self._publish("results.ndjson", (_encode(self._last[line]) for line in sorted(self._last)))
        return str(self.folder / "results.ndjson")

    def counts(self) -> Counter[str]:
        """Count the last results by status."""
        return +self._counts

    def bad(self) -> Iterator[Result]:
        """Give the last results that are failures, by line."""
        return (self._last[line] for line in sorted(self._last) if self._last[line].status in BAD)

    def _earlier(self) -> Iterator[Result]:
        parts = self.folder / "parts"
        names = sorted(path.name for path in parts.iterdir()) if parts.exists() else []
        for name in (name for name in names if name.endswith(".ndjson") and not name.startswith(".")):
            self._part = max(self._part, int(name[:5]))
            for line in _content(parts / name).splitlines():
                yield self._decoded(_decode, line, f"parts/{name}")

    def _decoded(self, decode: Callable[[bytes], Any], text: bytes, name: str) -> Any:
        try:
            return decode(text)
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"{self.folder}/{name} is damaged ({error}), so that it is not known what an earlier try has "
                "written. Bring it back, or see what is there and start a new run"
            ) from None

    def read(self, name: str) -> bytes | None:
        """Read a file of the folder; None where there is none."""
        path = self.folder / name
        return _content(path) if path.exists() else None

    def _publish(self, name: str, lines: Iterable[bytes]) -> None:
        with tempfile.TemporaryFile() as file:
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            publish(file, self.folder / name)


def _content(path: Any) -> bytes:
    with path.open("rb") as file:
        content: bytes = file.read()
    return content
