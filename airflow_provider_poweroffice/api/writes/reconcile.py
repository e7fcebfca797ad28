"""
Writes a record once, whatever becomes of the replies.

Rule: a call whose outcome is not known is sent again only where the server itself refuses a second record
like it; the record that it then says is there is read, and compared with what was sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_poweroffice.api.catalogue.bodies import body_of, field_in
from airflow_provider_poweroffice.api.d365fo.metadata import entity_key
from airflow_provider_poweroffice.api.options import ON_EXISTS, REFERENCES, OnExists
from airflow_provider_poweroffice.api.response import Response
from airflow_provider_poweroffice.api.retry import IDEMPOTENT_METHODS
from airflow_provider_poweroffice.api.texts import listed, one_line
from airflow_provider_poweroffice.api.writes.changes import patch_of
from airflow_provider_poweroffice.api.writes.compare import differences, has_nulls, without_nulls
from airflow_provider_poweroffice.api.writes.identity import (
    Identity,
    identity_of,
    is_made,
    is_update,
    value_of,
)
from airflow_provider_poweroffice.api.writes.lookup import LAG_WAITS, Lookup, says_taken
from airflow_provider_poweroffice.errors import (
    APIConnectionError,
    APIStatusError,
    PowerOfficeError,
    RateLimitError,
    ResponseTooLargeError,
    UncertainWriteError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects.base import Dialect

log = logging.getLogger(__name__)

Outcome = Literal["created", "updated", "unchanged", "deleted"]
_EMPTY = (None, "")
_SHOWN = 10  # fields in a message
_MARGIN = timedelta(minutes=1)  # the server's clock may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """
    What became of a writing call.

    :param outcome: ``"created"`` also where an earlier try created it; ``"unchanged"`` where the same record
        was there before.
    :param id: the server's id of the record, or the dict of an entity's key; None where the answer has none.
    :param record: as the server gave it; None where it gave none.
    :param reference: what the record is known by.
    :param tries: calls made to write it.
    :param answer: the last answer: to the call, or to the GET of the record that was there.
    """

    outcome: Outcome
    id: Any
    record: Any
    reference: str | None
    tries: int
    answer: Response


def write(
    client: Client,
    method: str,
    endpoint: str,
    *,
    body: Any = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    on_exists: OnExists = "same",
    began_before: bool = False,
) -> Written:
    """
    Write a record once.

    A POST whose body carries a unique field (``identity_of``) is sent again after a lost reply, a 5xx or an
    answer that cannot be read; so is a PATCH that only replaces. Other POSTs are sent once.

    :param method: POST, PUT, PATCH or DELETE.
    :param body: as for ``Client.request``.
    :param on_exists: where the server says that the record is there already: ``"same"`` takes one that is
        what was sent and refuses another, ``"fail"`` refuses both, ``"update"`` changes what differs.
    :param began_before: an earlier try of the task may have sent the same: a record that is what was sent
        then counts as ``"created"``, and one that is gone as ``"deleted"``.
    :raises UncertainWriteError: what became of it is not known.
    :raises WriteConflictError: another record is there, or more than one.
    :raises ValueError, TypeError: bad arguments, before any request; a reference above 50 characters too.
    :raises PowerOfficeError: as ``Client.send``.
    """
    call = client.build(method, endpoint, body=body, query=query, headers=headers)
    return write_call(client, call, on_exists=on_exists, began_before=began_before)


def write_call(
    client: Client, call: Call, *, on_exists: OnExists = "same", began_before: bool = False
) -> Written:
    """Do the same with a call that was built."""
    if call.method == "GET":
        raise ValueError("a GET writes nothing")
    check_on_exists(client.dialect, call, on_exists)
    return _Write(client, call, on_exists, is_ours=began_before).carry_out()


def foresee(client: Client, call: Call, *, on_exists: OnExists = "same") -> tuple[Outcome, Call | None]:
    """
    Say what :func:`write_call` would do, by GETs alone.

    A record is looked for where its list can be filtered by what is unique in it; else it counts as not
    there.

    :return: the outcome, and the call that would be sent; None where the record is what it is to be.
    :raises WriteConflictError: another record is there, or more than one.
    :raises PowerOfficeError: as ``Client.send``.
    """
    check_on_exists(client.dialect, call, on_exists)
    return _Write(client, call, on_exists, is_ours=False).foresee()


def check_on_exists(dialect: Dialect[Any], call: Call, on_exists: OnExists) -> None:
    """
    Refuse an ``on_exists`` that would do nothing, as nothing sent can be there already.

    Of an entity that is not in the catalogue the key is not known here: it is not spoken of.

    :raises ValueError: says what it needs.
    """
    if on_exists not in ON_EXISTS:
        raise ValueError(f"on_exists must be one of {', '.join(map(repr, ON_EXISTS))}, not {on_exists!r}")
    if on_exists == "same" or identity_of(dialect, call.method, call.endpoint, sent_of(call)):
        return
    if dialect.name == "d365fo" and call.method == "POST" and dialect.catalogue.find(call.endpoint) is None:
        return
    raise ValueError(
        f"on_exists={on_exists!r} does nothing for {call.method} {call.endpoint} with this body: it carries "
        "no field that is kept unique, by which a record could be there already, such as a reference"
    )


def sameness(dialect: Dialect[Any], call: Call) -> str | None:
    """
    Say what makes two calls the same write, which may be sent twice and is carried out once; None: nothing.

    :raises ValueError: a reference is longer than the API takes.
    """
    sent = sent_of(call)
    if identity := identity_of(dialect, call.method, call.endpoint, sent):
        return f"{call.method} {call.endpoint} {identity.text}"
    return f"{call.method} {call.endpoint} {sent!r}" if is_repeatable(dialect, call, sent) else None


def sent_of(call: Call) -> Any:
    """Decode the body of a call, numbers exactly; None where it has none, or none of JSON."""
    try:
        return json.loads(call.content or b"null", parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def is_repeatable(dialect: Dialect[Any], call: Call, sent: Any) -> bool:
    """
    Tell whether a call only says how a record that is there is to be, so that it may be carried out twice.

    :param sent: its body, decoded.
    """
    if call.method in IDEMPOTENT_METHODS:
        return True
    if call.method == "PATCH" and dialect.name == "v2":
        return isinstance(sent, list) and all(map(_replaces, sent))
    if call.method == "PATCH":
        return "if-match" not in {name.lower() for name in call.headers}
    # Rows within the record that have no id would be added twice.
    return is_update(dialect, sent) and not _adds_rows(sent)


def _replaces(operation: Any) -> bool:
    if not isinstance(operation, dict) or operation.get("op") != "replace":
        return False
    return not str(operation.get("path")).endswith("/-")


def _adds_rows(sent: Mapping[str, Any]) -> bool:
    rows = [row for value in sent.values() if isinstance(value, list) for row in value]
    return any(isinstance(row, dict) and value_of(row, "id") is None for row in rows)


def uncertain(
    client: Client,
    call: Call,
    error: PowerOfficeError,
    sent_at: datetime,
    *,
    identity: Identity | None = None,
    repeatable: bool = False,
) -> UncertainWriteError:
    """Say that a call was sent, when, why nothing is known of it, and how to see what became of it."""
    at = sent_at.isoformat(timespec="seconds")
    how = _how_to_check(client, call, identity, sent_at)
    known_by = f" with {identity.text}" if identity else ""
    tries = f" {error.attempts} times" if error.attempts > 1 else ""
    why = one_line(str(error).removeprefix(f"[{error.company}] "))
    again = (
        "It may be sent again: it is carried out once"
        if repeatable
        else "It is not sent again: nothing in it is unique, by which a second one would be refused"
    )
    made = UncertainWriteError(
        f"{client.connection.label_of(call)}{known_by}: sent{tries} at {at}, and what became of it is not "
        f"known ({type(error).__name__}: {why}). {again}. To see whether it was carried out: {how}",
        sent_at=at,
        how_to_check=how,
        reference=identity.reference if identity else None,
        repeatable=repeatable,
    )
    made.company, made.attempts = error.company, error.attempts
    made.uncertain_attempts = error.uncertain_attempts
    return made


def _how_to_check(client: Client, call: Call, identity: Identity | None, sent_at: datetime) -> str:
    if call.endpoint.startswith("api/"):
        return "a service operation has no key to look up by; read what it writes"
    if identity:
        return identity.how_to_find(sent_at.date().isoformat())
    if call.method != "POST":
        return f"GET {call.endpoint}"
    resource = client.dialect.catalogue.find(call.endpoint)
    if resource and resource.created_filter and client.dialect.name == "v2":
        since = (sent_at - _MARGIN).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"GET {call.endpoint}?{resource.created_filter}={since}"
    return f"GET {call.endpoint}" if resource and resource.kind else "read what the call writes"


def _update_of(
    dialect: Dialect[Any], identity: Identity, call: Call, record: Mapping[str, Any], changed: dict[str, Any]
) -> tuple[str, str, Any]:
    """
    Make the call that changes a record: method, endpoint and body.

    :raises ValueError: it cannot be changed so.
    """
    if dialect.name == "v1":
        if _adds_rows(changed):
            raise ValueError("rows within a record would be added, not changed")
        return "POST", call.endpoint, {"id": identity.id_of(record), **changed}
    endpoint = (identity.path_of(record) or "").removesuffix("/Complete")
    resource = dialect.catalogue.find(endpoint)
    if resource is not None and "PATCH" not in resource.verbs and not identity.key:
        raise ValueError(f"{resource.path} has no PATCH")
    is_v2 = dialect.name == "v2"
    return "PATCH", endpoint, patch_of(dialect.catalogue_name, endpoint, changed) if is_v2 else changed


class _Write:
    """
    One write, and what is known of it.

    :param is_ours: an earlier try may have created the record.
    """

    def __init__(self, client: Client, call: Call, on_exists: OnExists, *, is_ours: bool) -> None:
        self.client = client
        self.call = call
        self.on_exists = on_exists
        self.is_ours = is_ours
        self.label = client.connection.label_of(call)
        self.sent = sent_of(call)
        self.identity = identity_of(client.dialect, call.method, call.endpoint, self.sent)
        self.sent_at = datetime.fromtimestamp(client.connection.clock.time(), UTC)
        self.tries = 0

    def carry_out(self) -> Written:
        if self.call.method == "DELETE":
            return self._delete()
        if self.is_ours or self.on_exists != "same":
            self._ask_for_key()
        repeatable = self.identity is not None or is_repeatable(self.client.dialect, self.call, self.sent)
        try:
            return self._done(self._send(repeatable=repeatable))
        except (ResponseTooLargeError, WriteConflictError):
            raise
        except PowerOfficeError as error:
            if error.outcome_unknown or says_taken(error):
                self._ask_for_key()
            if self.identity is not None:
                return self._after(self._sent_again(error, repeatable), self.identity)
            if error.outcome_unknown:
                raise self._uncertain(error, repeatable=repeatable) from error
            raise

    def foresee(self) -> tuple[Outcome, Call | None]:
        identity = self.identity
        if identity is None or not identity.is_filtered:
            return self._outcome, self.call
        found = self._lookup(identity).first()
        if found is None:
            return self._outcome, self.call
        different = self._different(found.body, identity)
        if different and self.on_exists == "update":
            method, endpoint, body = self._change(found.body, identity, different)
            return "updated", self.client.build(method, endpoint, body=body)
        self._judge(found, identity)
        return "unchanged", None

    def _send(self, *, repeatable: bool) -> Response:
        try:
            answer = self.client.send(self.call, idempotent=True if repeatable else None)
        except PowerOfficeError as error:
            self.tries += error.attempts
            self.is_ours |= error.outcome_unknown or error.uncertain_attempts > 0
            raise
        self.tries += answer.attempts
        self.is_ours |= answer.uncertain_attempts > 0
        return answer

    def _ask_for_key(self) -> None:
        """Ask Finance & Operations for the key of an entity that is not in the catalogue."""
        dialect, call = self.client.dialect, self.call
        if dialect.name == "d365fo" and call.method == "POST" and self.identity is None:
            try:
                key = entity_key(self.client, call.endpoint, needed=True)
            except PowerOfficeError:
                return  # what was raised before says more
            self.identity = identity_of(dialect, call.method, call.endpoint, self.sent, key=key)

    def _sent_again(self, error: PowerOfficeError, was_repeated: bool) -> PowerOfficeError | Response:
        """Send a call again whose identity was found out only now; give what came of it."""
        if was_repeated or not error.outcome_unknown:
            return error
        self.client.connection.clock.sleep(LAG_WAITS[0])
        try:
            return self._send(repeatable=True)
        except PowerOfficeError as again:
            return again

    def _after(self, came: PowerOfficeError | Response, identity: Identity) -> Written:
        """Go on after an error of a call that has an identity."""
        if isinstance(came, Response):
            return self._done(came)
        lookup = self._lookup(identity)
        if not lookup.may_find(came):
            lost = came.outcome_unknown or (self.is_ours and _may_pass(came))
            if lost:
                raise self._uncertain(came) from came
            raise came
        found = self._found(lookup, came)
        if found is not None:
            return self._judge(found, identity)
        if self.is_ours and lookup.is_named(came):
            raise self._uncertain(came) from came
        raise came

    def _found(self, lookup: Lookup, came: PowerOfficeError) -> Response | None:
        try:
            return lookup.find(came)
        except WriteConflictError:
            raise
        except PowerOfficeError as unreadable:
            if self.is_ours:
                raise self._uncertain(unreadable) from unreadable
            raise came from unreadable

    def _judge(self, found: Response, identity: Identity) -> Written:
        """Compare the record that is there with what was sent."""
        different, there = self._different(found.body, identity), identity.id_of(found.body)
        if different and self.on_exists == "update":
            different = self._besides_reference(found.body, identity, different)
            if different:
                return self._update(found.body, identity, different)
        begin = f"{self.label}: a record with {identity.text} is there ({there}) and"
        if different:
            way_out = (
                "; an earlier try that got no clear reply may have created it. Look there; another reference "
                "would make a second one"
                if self.is_ours
                else ". Correct what is sent, give it another reference, or have the record changed by "
                "on_exists='update'"
            )
            conflict = WriteConflictError(
                f"{begin} differs from what was sent in {listed(different, _SHOWN)}{way_out}",
                id=there,
                differences=different,
            )
            conflict.outcome_unknown = self.is_ours
            raise conflict
        if self.on_exists == "fail" and not self.is_ours:
            raise WriteConflictError(
                f"{begin} is what was sent: it was there before. on_exists='same' takes that as done",
                id=there,
            )
        log.info("%s is what was sent", begin)
        return self._written("created" if self.is_ours else "unchanged", found, identity)

    def _besides_reference(
        self, record: Mapping[str, Any], identity: Identity, different: dict[str, tuple[Any, Any]]
    ) -> dict[str, tuple[Any, Any]]:
        """
        Leave out a reference that was made here, where the record has one.

        :raises WriteConflictError: the record was given another reference than is sent: it was found by
            another unique field, and is another record.
        """
        for place in [place for place in different if place[1:].lower() in REFERENCES]:
            sent, found = different[place]
            if found in _EMPTY or (is_made(found) and not is_made(sent)):
                continue
            if not is_made(sent):
                there = identity.id_of(record)
                raise WriteConflictError(
                    f"{self.label}: the record that is there, {there}, has the {place[1:]} {found!r}, and "
                    f"{identity.text} was sent: it is another record. Correct what is sent",
                    id=there,
                    differences=different,
                )
            different = {name: pair for name, pair in different.items() if name != place}
        return different

    def _different(self, record: Mapping[str, Any], identity: Identity) -> dict[str, tuple[Any, Any]]:
        keys = {name.lower() for name in identity.key}  # compared before, in any case
        sent = {name: value for name, value in self.sent.items() if name.lower() not in keys}
        # An answer that writes nulls leaves out only what cannot be read.
        within = not has_nulls(record)
        found = differences(sent, record, identity.fields, with_nulls=False, within=within)
        return {place: pair for place, pair in found.items() if not self._is_same_choice(place, *pair)}

    def _is_same_choice(self, place: str, sent: Any, found: Any) -> bool:
        """Tell whether a field takes one of a few words, which the server takes in any case, and has it."""
        if not (isinstance(sent, str) and isinstance(found, str) and sent.lower() == found.lower()):
            return False
        fields = body_of(self.client.dialect.catalogue_name, "POST", self.call.endpoint)
        field = None
        for name in (part for part in place.split("/")[1:] if not part.isdecimal()):
            field = field_in(fields, name)
            fields = field.inner if field else {}
        return field is not None and bool(field.choices)

    def _update(
        self, record: Mapping[str, Any], identity: Identity, different: Mapping[str, tuple[Any, Any]]
    ) -> Written:
        """Change what differs."""
        method, endpoint, body = self._change(record, identity, different)
        with self._telling_uncertain():
            answer = self.client.request(method, endpoint, body=body, idempotent=True)
        self.tries += answer.attempts
        log.info("%s: updated the record with %s: %s", self.label, identity.text, listed(different, _SHOWN))
        if not isinstance(answer.body, dict):
            answer = self.client.request("GET", identity.path_of(record) or endpoint)
        return self._written("updated", answer, identity)

    def _change(
        self, record: Mapping[str, Any], identity: Identity, different: Mapping[str, tuple[Any, Any]]
    ) -> tuple[str, str, Any]:
        """Make the call that changes what differs: method, endpoint and body."""
        names = {pointer.split("/")[1] for pointer in different}
        changed = {name: without_nulls(value) for name, value in self.sent.items() if name in names}
        try:
            return _update_of(self.client.dialect, identity, self.call, record, changed)
        except ValueError as error:
            there = identity.id_of(record)
            raise WriteConflictError(
                f"{self.label}: the record with {identity.text}, {there}, differs in "
                f"{listed(different, _SHOWN)}, and cannot be updated: {error}",
                id=there,
                differences=different,
            ) from None

    def _done(self, answer: Response) -> Written:
        """Take the answer to the call itself; where it was repeated, a server may have taken it twice."""
        outcome = self._outcome
        repeated = self.is_ours and self.tries > 1
        if repeated and self.identity is not None and self.identity.is_filtered:
            try:
                self._lookup(self.identity).look_up()
            except WriteConflictError:
                raise
            except PowerOfficeError as error:
                log.warning("%s: whether it was created twice could not be looked up: %s", self.label, error)
        return self._written(outcome, answer, self.identity)

    def _delete(self) -> Written:
        with self._telling_uncertain():
            try:
                answer = self._send(repeatable=True)
            except APIStatusError as error:
                if not self.is_ours or not self.client.dialect.is_missing(error):
                    raise
                log.info("%s; an earlier try deleted it", error)
                answer = self.client.deleted(error)
        return self._written("deleted", answer, None)

    def _written(self, outcome: Outcome, answer: Response, identity: Identity | None) -> Written:
        record = answer.body if answer.is_json and outcome != "deleted" else None
        there = None
        if isinstance(record, dict):
            key = self.client.dialect.key_field(self.call.endpoint) or "Id"
            there = identity.id_of(record) if identity else value_of(record, key)
        return Written(
            outcome=outcome,
            id=there,
            record=record,
            reference=identity.reference if identity else None,
            tries=self.tries,
            answer=answer,
        )

    @property
    def _outcome(self) -> Outcome:
        """Name what the call does where the server takes it."""
        if self.call.method == "DELETE":
            return "deleted"
        creates = self.call.method == "POST" and not is_update(self.client.dialect, self.sent)
        return "created" if creates else "updated"

    def _lookup(self, identity: Identity) -> Lookup:
        return Lookup(client=self.client, identity=identity, label=self.label, is_ours=self.is_ours)

    @contextmanager
    def _telling_uncertain(self) -> Iterator[None]:
        try:
            yield
        except PowerOfficeError as error:
            if error.outcome_unknown:
                raise self._uncertain(error) from error
            raise

    def _uncertain(self, error: PowerOfficeError, *, repeatable: bool = True) -> UncertainWriteError:
        return uncertain(
            self.client, self.call, error, self.sent_at, identity=self.identity, repeatable=repeatable
        )


def _may_pass(error: PowerOfficeError) -> bool:
    """Tell whether a call was not looked at for now, so that it says nothing of an earlier one."""
    return isinstance(error, (RateLimitError, APIConnectionError))
