"""
Decides what to do with each record, and finds all that is wrong, before the first call that writes.

Rule: the input is read once, and its bodies wait on the local disk: what was checked is what is sent. The
fingerprint is that of the bodies, so that an earlier try of the same batch can be told from one with another
input or mapping. Of the lists that are read, only what is needed stays in memory.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import msgspec

from airflow_provider_poweroffice.api.blanking import scrub
from airflow_provider_poweroffice.api.body_check import BodyProblem, check_body
from airflow_provider_poweroffice.api.call import encode_json
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of, field_in
from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.client import Client
from airflow_provider_poweroffice.api.options import LONGEST_REFERENCE, OnExists
from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.texts import listed, nearest, one_line, shown
from airflow_provider_poweroffice.api.writes.changes import patch_of
from airflow_provider_poweroffice.api.writes.compare import differences, has_nulls
from airflow_provider_poweroffice.api.writes.identity import (
    identity_of,
    reference_field,
    reference_of,
)
from airflow_provider_poweroffice.batches.mapping import Mapper, typed
from airflow_provider_poweroffice.batches.records import Line, Swallowed, Unreadable
from airflow_provider_poweroffice.batches.vouchers import VoucherCheck

_spooled = msgspec.json.Decoder(tuple[int, str | None, dict[str, Any]], float_hook=Decimal).decode
_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_TOLD = 20  # lines of a problem, and kinds of problems, in a report
_ALIKE = 3  # problems that differ only in a value
_INDEX = re.compile(r"\[\d+\]")
_VALUE = r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|-?\d[\d.,:-]*"
_VALUES = re.compile(rf"(?:{_VALUE})(?:,? (?:and )?(?:{_VALUE}))*")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked for.

    :param endpoint: of a list, such as ``Customers``.
    :param action: one of :data:`~airflow_provider_poweroffice.batches.ACTIONS`.
    :param key: the field of a body that names its record; None: records are only created.
    :param mapper: from a record to a body, see :mod:`.mapping`.
    :param lookups: path of a field, such as ``VoucherLines.AccountId``, to the list and the field of it in
        which the value is found: it gives way to the id there.
    :param scope: names the task and its run: records without a key are told from those of others by it.
    """

    endpoint: str
    action: str
    key: str | None
    mapper: Mapper
    lookups: Mapping[str, tuple[str, str]]
    scope: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why a record cannot be written.

    :param line: of the input; None: the input as a whole.
    :param field: where in the body, or empty.
    """

    line: int | None
    message: str
    key: str | None = None
    field: str = ""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is done with one record.

    :param method: of the call; empty: none is needed.
    :param careful: the server cannot tell a repetition of the call.
    """

    line: int
    key: str | None
    does: str
    method: str = ""
    endpoint: str = ""
    body: Any = None
    on_exists: OnExists = "same"
    id: Any = None
    reference: str | None = None
    careful: bool = False


class Plan:
    """
    The plan of a batch; a context manager, as it holds a file.

    :param client: of PowerOffice Go v2.
    """

    def __init__(self, client: Client, job: Job) -> None:
        self.client = client
        self.job = job
        self.problems: list[Problem] = []
        self.records = 0
        self.skipped = 0
        self.calls = 0
        self.fingerprint = ""
        resource = client.dialect.catalogue.find(job.endpoint)
        self._name = client.dialect.catalogue_name
        self._path = resource.path if resource else job.endpoint
        self._reference = reference_field(client.dialect, job.endpoint)
        self._fields = body_of(self._name, "POST", self._path)
        self._readable = fields_of(self._name, self._path)
        self._lookups = {_spelled(field, self._fields): place for field, place in job.lookups.items()}
        self._existing: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, dict[str, Any]] = {}
        self._several: set[tuple[str, str, str]] = set()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the plan
        self._invalid: set[int | None] = set()
        if job.action != "create" and job.key not in self._readable:
            self._file.close()
            raise ValueError(
                f"action={job.action!r} finds records by their key, and key={job.key!r} is not a field of "
                f"the rows of {job.endpoint!r}"
                + ("" if self._readable else ", which has no list that is known")
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, lines: Iterable[Line]) -> None:
        """Read and map the records, and find what is wrong with them in themselves."""
        job = self.job
        digest = hashlib.sha256(
            repr((job.scope, job.endpoint, job.action, job.key, dict(job.lookups))).encode()
        )
        seen: dict[tuple[str, str], dict[int, str]] = {}
        for line, row in lines:
            self.records += 1
            body = self._body_of(line, row)
            if body is None:
                continue
            key = self._key_of(line, body)
            for name in dict.fromkeys(filter(None, (job.key, self._reference))):
                if (value := body.get(name)) is not None:
                    seen.setdefault((name, _text(value).casefold()), {})[line] = _text(value)
            try:
                content = encode_json(body)
            except (ValueError, TypeError) as error:
                self._refuse(line, str(error), key=key)
                continue
            text = b"[%d,%s,%s]\n" % (line, msgspec.json.encode(key), content)
            digest.update(text)
            self._file.write(text)
        self._refuse_repeats(seen)
        self.fingerprint = f"sha256:{digest.hexdigest()}"

    def _refuse_repeats(self, seen: Mapping[tuple[str, str], Mapping[int, str]]) -> None:
        for (name, _), lines in seen.items():
            if len(lines) > 1:
                values = " or ".join(map(shown, list(dict.fromkeys(lines.values()))[:_ALIKE]))
                told = f"{name} {values} is in {len(lines)} records: lines {listed(lines, _TOLD)}"
                for line, value in lines.items():
                    self._refuse(line, told, key=value, field=name)

    def _body_of(self, line: int, row: dict[str, Any] | Unreadable) -> dict[str, Any] | None:
        if isinstance(row, Unreadable):
            self._refuse(line, str(row))
            if isinstance(row, Swallowed):
                self._refuse(
                    None, f"records in or behind line {line} are not known, and none can be left out"
                )
            return None
        try:
            body = self.job.mapper(row)
        except Exception as error:  # noqa: BLE001 - of a function of the user's
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            self._refuse(line, f"the mapping fails: {kind}{one_line(error)}")
            return None
        if body is None:
            self.skipped += 1
            return None
        if not isinstance(body, Mapping) or not body:
            self._refuse(line, "the mapping gives no field")
            return None
        if has_bytes(body):
            self._refuse(line, "the mapping gives bytes, which are not text: decode them")
            return None
        found: dict[str, Any] = typed(dict(body), self._fields, but=self._lookups)
        if len(found) < len(body):
            self._refuse(line, f"a field is there twice, in two casings: {listed(body, _TOLD)}")
        return found

    def _key_of(self, line: int, body: dict[str, Any]) -> str | None:
        name = self.job.key
        if name is None:
            return None
        value = body.get(name)
        if isinstance(value, (dict, list, bool)) or not _named(value):
            self._refuse(line, f"the key {name} is missing", field=name)
            return None
        return _text(value)

    def _refuse(
        self, line: int | None, message: str, *, key: str | None = None, field: str | None = None
    ) -> None:
        message = scrub(message, self.client.connection.auth.secrets)
        self.problems.append(Problem(line=line, message=message, key=key, field=field or ""))
        self._invalid.add(line)

    def check(self) -> None:
        """
        Ask the server for what the records need, and check each record: reads only.

        :raises PowerOfficeError: a list cannot be read.
        """
        found = {place: self._found_in(*place, asked) for place, asked in self._asked().items()}
        self._ids = {field: found[place] for field, place in self._lookups.items()}
        vouchers = VoucherCheck.of(self.client, self._path)
        wanted: set[str] = set()
        names: set[str] = set()
        # A record with a problem is checked to its end, so that all its problems are reported together.
        for line, key, body in self._every():
            self._check(line, key, body, but=self._look_up(line, key, body))
            if vouchers:
                vouchers.take(line, key, body)
            names.update(body)
            if key is not None:
                wanted.add(key)
        for line, key, field, message in vouchers.problems() if vouchers else ():
            self._refuse(line, message, key=key, field=field)
        if self.job.action != "create":
            self._read_existing(wanted, names)
        self._try()

    def _try(self) -> None:
        """Make every call once without sending it: find those that cannot be made, and count the others."""
        make = self._maker()
        for line, key, body in self._resolved():
            try:
                self.calls += bool(make(line, key, body).does)
            except ValueError as error:  # such as a field that a POST takes, and a PATCH does not
                self._refuse(line, str(error), key=key)

    def _look_up(self, line: int, key: str | None, body: dict[str, Any]) -> set[str]:
        """Put ids in place, and name the fields for which an id is missing."""
        lacking = set()
        for field, (endpoint, by) in self._lookups.items():
            for missing in _resolve(body, field, self._ids[field]):
                lacking.add(field)
                which = "several rows" if (endpoint, by, missing) in self._several else "no row"
                told = f"{field}: {which} of {endpoint} with {by} {shown(missing)}"
                self._refuse(line, told, key=key, field=field)
        return lacking

    def _check(self, line: int, key: str | None, body: dict[str, Any], *, but: set[str]) -> None:
        """
        Check a body against the description; of an update, only the fields that it has.

        :param but: fields whose problems are reported already.
        """
        name = self._reference
        reference = body.get(name) if name else None
        if isinstance(reference, str) and len(reference) > LONGEST_REFERENCE:
            told = f"{name} takes at most {LONGEST_REFERENCE} characters, not {len(reference)}"
            self._refuse(line, told, key=key, field=name)
        if self.job.action == "delete":
            return
        told_of = {("length", name), ("missing", self.job.key)}
        for found in check_body(self._name, "POST", self._path, body):
            if (found.kind, found.pointer) in told_of or _INDEX.sub("", found.pointer) in but:
                continue
            if self.job.action != "update" or not _is_of_whole(found, body):
                self._refuse(line, str(found), key=key, field=found.pointer)

    def _asked(self) -> dict[tuple[str, str], set[str]]:
        """Gather what each list is asked for."""
        asked: dict[tuple[str, str], set[str]] = {place: set() for place in self._lookups.values()}
        for _, _, body in self._every() if asked else ():
            for field, place in self._lookups.items():
                asked[place].update(_resolve(body, field, {}))
        return asked

    def _found_in(self, endpoint: str, field: str, wanted: set[str]) -> dict[str, Any]:
        """Read a list once, for the ids of the wanted values."""
        if not wanted:
            return {}
        found: dict[str, list[Any]] = {}
        for row in self._rows(endpoint, ["Id", field]):
            if _named(row.get(field)) and (text := _text(row[field])) in wanted:
                found.setdefault(text, []).append(row["Id"])
        self._several.update((endpoint, field, text) for text, ids in found.items() if len(ids) > 1)
        return {text: ids[0] for text, ids in found.items() if len(ids) == 1}

    def _read_existing(self, wanted: set[str], names: set[str]) -> None:
        """Read the rows that are there, with the fields to compare."""
        key = self.job.key or ""
        compared = sorted(names.intersection(self._readable)) if self.job.action != "delete" else []
        there: dict[str, list[Any]] = {}
        for row in self._rows(self.job.endpoint, list(dict.fromkeys(["Id", key, *compared]))):
            if row.get(key) is not None and (text := _text(row[key])) in wanted:
                there.setdefault(text, []).append(row.get("Id"))
                self._existing[text] = row
        for line, named, _ in self._every():
            ids = there.get(named or "", [])
            if len(ids) > 1:
                told = f"{key} {shown(named)} is not unique there: Ids {', '.join(map(str, ids))}"
                self._refuse(line, told, key=named, field=key)
            elif named and not ids and self.job.action == "update":
                told = f"no row of {self.job.endpoint} has {key} {shown(named)}"
                self._refuse(line, told, key=named, field=key)

    def _rows(self, endpoint: str, fields: list[str]) -> Iterator[dict[str, Any]]:
        query = {self.client.dialect.fields_key or "Fields": ",".join(fields)}
        with self.client.pages(endpoint, query=query, page_size=self.client.dialect.max_page_size) as pages:
            for page in pages:
                yield from (_row(escaped(bytes(raw))) for raw in page.raw_rows)

    def _every(self) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
        """Give the bodies that could be made."""
        self._file.seek(0)
        yield from map(_spooled, self._file)

    def _resolved(self) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
        """Give the bodies that can be written, as far as is known by now, with their looked-up ids."""
        invalid = set(self._invalid)
        for line, key, body in self._every():
            if line not in invalid:
                for field, ids in self._ids.items():
                    _resolve(body, field, ids)
                yield line, key, body

    def _maker(self) -> Callable[[int, str | None, dict[str, Any]], Planned]:
        if self.job.action == "create":
            return self._create
        return self._delete if self.job.action == "delete" else self._upsert

    def __iter__(self) -> Iterator[Planned]:
        """Say what is done with each record that can be written, in the order of the input."""
        make = self._maker()
        for line, key, body in self._resolved():
            yield make(line, key, body)

    def _create(
        self, line: int, key: str | None, body: dict[str, Any], on_exists: OnExists = "same"
    ) -> Planned:
        job, name = self.job, self._reference
        body = {field: value for field, value in body.items() if value is not None}
        if name and body.get(name) is None:
            # Of the key alone, so that the same record is the same one in the next run.
            body[name] = reference_of(job.endpoint, job.key, key) if key else reference_of(job.scope, line)
        careful = identity_of(self.client.dialect, "POST", job.endpoint, body) is None
        return Planned(
            line=line,
            key=key,
            does="create",
            method="POST",
            endpoint=job.endpoint,
            body=body,
            on_exists="same" if careful else on_exists,
            reference=body.get(name) if name else None,
            careful=careful,
        )

    def _upsert(self, line: int, key: str | None, body: dict[str, Any]) -> Planned:
        row = self._existing.get(key or "")
        if row is None:
            return self._create(line, key, body, "update")
        operations = self._operations(body, row)
        return Planned(
            line=line,
            key=key,
            does="update" if operations else "",
            method="PATCH",
            endpoint=self._path_of(row),
            body=operations,
            id=row["Id"],
        )

    def _operations(self, body: dict[str, Any], row: dict[str, Any]) -> list[dict[str, Any]]:
        """Make the JSON Patch that gives a row the values of a body."""
        sent = {name: value for name, value in body.items() if name not in {self.job.key, "Id"}}
        found = differences(sent, row, self._readable, within=not has_nulls(row))
        # Where the record has no such object yet, there is nothing in it that could be replaced.
        whole = [name for name, value in sent.items() if isinstance(value, dict) and f"/{name}" in found]
        names = dict.fromkeys(pointer.split("/")[1] for pointer in found)
        changes = {name: sent[name] for name in names if name not in whole}
        operations = patch_of(self._name, self._path_of(row), changes) if changes else []
        return operations + [{"op": "replace", "path": f"/{name}", "value": sent[name]} for name in whole]

    def _path_of(self, row: dict[str, Any]) -> str:
        return f"{self.job.endpoint.rstrip('/')}/{row['Id']}"

    def _delete(self, line: int, key: str | None, _body: dict[str, Any]) -> Planned:
        row = self._existing.get(key or "")
        if row is None:
            return Planned(line=line, key=key, does="")
        path = self._path_of(row)
        return Planned(line=line, key=key, does="delete", method="DELETE", endpoint=path, id=row["Id"])


def _is_of_whole(found: BodyProblem, body: Mapping[str, Any]) -> bool:
    """Tell whether a problem is one of a whole record only, and not of a part of one."""
    return found.pointer == "Id" or (found.kind == "missing" and found.pointer not in body)


def _text(value: Any) -> str:
    """Write a value so that equal values in a file and on the server give the same text."""
    return (
        f"{value.normalize():f}" if isinstance(value, Decimal) and value.is_finite() else str(value).strip()
    )


def has_bytes(value: Any) -> bool:
    """Tell whether there are bytes in a body, which JSON would hold in Base64."""
    if isinstance(value, Mapping):
        return any(map(has_bytes, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_bytes, value))
    return isinstance(value, (bytes, bytearray, memoryview))


def _named(value: Any) -> bool:
    """Tell whether a value can identify a record: a missing or blank one cannot."""
    return value is not None and _text(value) != ""


def _spelled(path: str, fields: Mapping[str, BodyField]) -> str:
    """
    Spell the path of a look-up as the description and the bodies do.

    :raises ValueError: a body has no such field, so that a code would be sent as if it were an id.
    """
    names = path.split(".")
    for index, name in enumerate(names):
        if not fields:  # not described
            break
        field = field_in(fields, name)
        if field is None:
            near = nearest(name, fields)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"lookups[{path!r}]: a body has no field {name!r}{hint}")
        names[index], fields = field.name, field.inner
    return ".".join(names)


def _walk(value: Any, path: list[str], change: Callable[[Any], Any]) -> None:
    """Change what a path leads to, through lists."""
    if isinstance(value, list):
        for item in value:
            _walk(item, path, change)
    elif isinstance(value, dict) and value.get(path[0]) is not None:
        if len(path) == 1:
            value[path[0]] = change(value[path[0]])
        else:
            _walk(value[path[0]], path[1:], change)


def _resolve(body: dict[str, Any], field: str, ids: Mapping[str, Any]) -> list[str]:
    """Replace values by the ids that were looked up; give the values without an id, which become None."""
    missing = []

    def change(value: Any) -> Any:
        found = ids.get(_text(value))
        if found is None:
            missing.append(_text(value))
        return found

    _walk(body, field.split("."), change)
    return missing


def report(problems: list[Problem]) -> str:
    """
    Summarise problems: equal ones together, with the lines of their records.

    Of those that differ only in a value the first few are shown, so that many of one kind do not hide another
    kind.
    """
    kinds: dict[str, dict[str, list[Problem]]] = {}
    for problem in problems:
        kind = _VALUES.sub("*", problem.message)
        kinds.setdefault(kind, {}).setdefault(problem.message, []).append(problem)
    told = []
    for alike in list(kinds.values())[:_TOLD]:
        same = list(alike.items())
        told += [f"{_lines(those)}{text}" for text, those in same[:_ALIKE]]
        if rest := [problem for _, those in same[_ALIKE:] for problem in those]:
            told.append(f"{_lines(rest)}{len(rest)} more of this kind")
    if len(kinds) > _TOLD:
        told.append(f"and {len(kinds) - _TOLD} more kinds of problems")
    return "\n".join(told)


def _lines(problems: list[Problem]) -> str:
    lines = dict.fromkeys(problem.line for problem in problems if problem.line is not None)
    return f"line{'s' * (len(lines) > 1)} {listed(lines, _TOLD)}: " if lines else ""
