"""
Finds the record that a refusal says is there already.

Rule: the wording of a refusal decides only whether to look: the record itself is the proof. A look that finds
nothing proves nothing, as reads may lag behind writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.errors import APIStatusError, PowerOfficeError, WriteConflictError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.response import Response
    from airflow_provider_poweroffice.api.writes.identity import Identity, Search

LAG_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds between two looks for a record that the server says is there."""
_REFUSALS = frozenset({200, 400, 409, 412, 422, 500})
"""Of v1 200, of an entity also 500; v2's description shows 400, and others may come."""
_TAKEN = re.compile(
    r"already|exists|in use|duplicate|not unique|must be unique|unique ?constraint|taken|allerede|i bruk|"
    r"finnes|unik",
    re.IGNORECASE,
)
_ID = re.compile(r"\bid\b\W{0,5}([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)\b", re.IGNORECASE)
_LONGEST = 4000  # characters of an answer that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """
    The look for one record.

    :param label: names the call in errors.
    :param is_ours: an earlier try may have created it.
    """

    client: Client
    identity: Identity
    label: str
    is_ours: bool

    def may_find(self, error: PowerOfficeError) -> bool:
        """Tell whether a refusal may say that the record is there already, in whatever words."""
        if not isinstance(error, APIStatusError) or error.status not in _REFUSALS:
            return False
        says = says_taken(error)
        if error.outcome_unknown:
            return says and error.final
        return says or (self.is_ours and not self.client.dialect.is_missing(error))

    def is_named(self, error: PowerOfficeError) -> bool:
        """Tell whether a refusal says plainly that a unique field or its value is taken."""
        said = _said(error).lower()
        names = (text for pair in self.identity.unique.items() for text in pair)
        return says_taken(error) and any(str(text).lower() in said for text in names)

    def find(self, error: PowerOfficeError) -> Response | None:
        """
        Find the record that a refusal speaks of, waiting where reads lag behind.

        :return: the answer to the GET of it, or None.
        :raises WriteConflictError: there are two.
        :raises PowerOfficeError: it cannot be read.
        """
        waits = LAG_WAITS if self.is_ours or self.is_named(error) else ()
        for wait in (0.0, *waits):
            if wait:
                self.client.connection.clock.sleep(wait)
            for path in self._paths(error):
                if (answer := self._read(path)) is not None:
                    return answer
        return None

    def look_up(self) -> list[str]:
        """
        Look the record up in the list it is in.

        :return: its path, or nothing.
        :raises WriteConflictError: more than one record has the unique value.
        """
        identity = self.identity
        rows = next(filter(None, map(self._rows, identity.searches)), [])
        if len(rows) > 1:
            ids = [identity.id_of(row) for row in rows]
            raise WriteConflictError(
                f"{self.label}: {len(rows)} records have {identity.text}: {', '.join(map(str, ids[:10]))}. "
                "The server took the call more than once, or others made them; delete what is too much",
                id=ids,
            )
        return [path for row in rows if (path := identity.path_of(row))]

    def _rows(self, search: Search) -> list[Any]:
        query, filters = search
        if not query and not filters:  # the list is read whole
            query = self._lean()
        where = self.identity.list_path
        with self.client.pages(where, query=query or None, filters=filters, concurrency=1) as pages:
            return [row for page in pages for row in page.rows if self.identity.is_of(row)]

    def first(self) -> Response | None:
        """
        Give the answer to the GET of the record, by the list it is in; None where it is not found.

        :raises WriteConflictError: more than one record has the unique value.
        """
        return next(filter(None, map(self._read, self.look_up())), None)

    def _paths(self, error: PowerOfficeError) -> Iterator[str]:
        """Give the paths at which the record may be: by the id in the refusal, and by the list."""
        by_list_first = self.is_ours or not self.is_named(error)  # there may be two
        if by_list_first:
            yield from self.look_up()
        yield from self._named(error)
        if not by_list_first:
            yield from self.look_up()

    def _named(self, error: PowerOfficeError) -> list[str]:
        said = _said(error)
        for value in self.identity.unique.values():  # which may itself look like an id
            said = said.replace(f"'{value}'", "''").replace(f'"{value}"', '""')
        found = _ID.findall(said)
        return [self.identity.record.format(found[-1])] if found and self.identity.record else []

    def _read(self, path: str) -> Response | None:
        try:
            answer = self.client.request("GET", path)
        except APIStatusError as error:
            if self.client.dialect.is_missing(error):
                return None
            raise
        return answer if isinstance(answer.body, dict) and self.identity.is_of(answer.body) else None

    def _lean(self) -> dict[str, str]:
        """Ask for few fields of a list that is read whole."""
        name, identity = self.client.dialect.fields_key, self.identity
        return {name: ",".join((identity.id_field, *identity.unique, *identity.within))} if name else {}


def says_taken(error: PowerOfficeError) -> bool:
    """Tell whether a refusal has the words of one for what is there already."""
    return bool(_TAKEN.search(_said(error)))


def _said(error: PowerOfficeError) -> str:
    """Give all that a refusal says, in one text."""
    if not isinstance(error, APIStatusError):
        return ""
    content: Any = error.error_content
    if isinstance(content, (dict, list)):
        content = json.dumps(content, ensure_ascii=False, default=str)
    return " ".join(filter(None, (error.title, error.detail, error.code, str(content or "")[:_LONGEST])))
