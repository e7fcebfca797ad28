"""
From the arguments of a read to its pages: the call, its order and filters, and what is known of the list.

Rule: everything is checked before the first request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from airflow_provider_poweroffice.api.call import build_call, encode_query
from airflow_provider_poweroffice.api.change_filter import NotBefore, check_query, since_query
from airflow_provider_poweroffice.api.dialects.base import Paging, Position
from airflow_provider_poweroffice.api.filters import with_filters
from airflow_provider_poweroffice.api.options import is_given
from airflow_provider_poweroffice.api.pages.keys import RowKeys
from airflow_provider_poweroffice.api.pages.page_size import PageLimits
from airflow_provider_poweroffice.api.pages.page_source import SenderPageSource
from airflow_provider_poweroffice.api.pages.pages import Collection, Pages
from airflow_provider_poweroffice.api.pages.periods import PeriodPages, split_query, unique_rows
from airflow_provider_poweroffice.api.read_options import DEFAULT_ORDER, ReadOptions, key_fields
from airflow_provider_poweroffice.api.texts import shown

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.sending import Sender

    AskKey: TypeAlias = Callable[[str], tuple[str, ...]]
    """Gives the key of the rows of an endpoint, perhaps by a request; none where nobody knows it."""

_PARTS = frozenset({"$top", "$skip"})
"""Query options by which a caller reads a part of a list in pages of the server's."""


def open_pages(sender: Sender, read: ReadOptions, ask_key: AskKey | None = None) -> Pages:
    """
    Begin to read a collection; the first request is made when the first page is asked for.

    :param ask_key: of an API whose links lead from page to page, for resources that are not in the catalogue.
        It is asked here, as the key is the order of the pages.
    :raises ValueError, TypeError: an argument that the API does not take.
    """
    if read.split_days is not None:
        raise ValueError(f"split_days={read.split_days} is not read by pages(): use Client.periods")
    return _Opening(sender, read, ask_key).pages()


def open_periods(sender: Sender, read: ReadOptions, days: int) -> PeriodPages:
    """
    Begin to read a report in periods of so many days.

    :raises ValueError: rows of the resource have no key, or as for :func:`open_pages`.
    """
    dialect = sender.connection.dialect
    key = dialect.key_field(read.endpoint)
    one = replace(read, split_days=None)
    lean = replace(one, page_size=dialect.page_limit(read.endpoint), page_bytes=None)

    def keys(query: dict[str, str]) -> Pages:
        others = {name: text for name, text in query.items() if name.lower() != dialect.fields_key.lower()}
        return open_pages(sender, replace(lean, query=others | {dialect.fields_key: key}))

    paged = dialect.fields_key and dialect.paging_of(read.endpoint) is not Paging.WHOLE
    return PeriodPages(
        split_query(encode_query(read.query), days),
        lambda query: open_pages(sender, replace(one, query=query)),
        unique_rows(key),
        again=not is_given(read.changed_since),
        keys=keys if paged else None,
    )


class _Opening:
    """What a read asks for, and what is known of the list before it is read."""

    def __init__(self, sender: Sender, read: ReadOptions, ask_key: AskKey | None) -> None:
        self._sender = sender
        self._ask_key = ask_key
        self._read = read
        self._dialect = sender.connection.dialect
        self._now = sender.connection.clock.time()
        self._call = build_call(self._dialect, "GET", read.endpoint, query=read.query, headers=read.headers)
        if read.key is not None and ask_key is None:
            raise ValueError(f"key={read.key!r} is for entities of Finance & Operations: leave it out")
        self._named = {name.lower() for name in self._call.query}
        self._resource = self._dialect.catalogue.find(self._call.endpoint)
        self._paging = self._dialect.paging_of(self._call.endpoint)
        self._limits = PageLimits.of(self._dialect, self._call.endpoint, read)
        self._moment = since_query(
            self._dialect,
            self._call.endpoint,
            changed_since=read.changed_since,
            created_since=read.created_since,
            overlap=read.overlap,
            now=self._now,
        )

    def pages(self) -> Pages:
        """Open the pages."""
        call = self._complete()
        source = SenderPageSource(
            self._sender,
            call,
            concurrency=self._limits.concurrency,
            paged=self._paging is not Paging.WHOLE,
            listed=self._lean,
            by_key=self._key_order,
            backwards=self._backwards,
            records=bool(self._key) and not self._is_guess,
        )
        collection = Collection(
            label=self._sender.connection.label_of(call),
            paging=self._paging,
            ordered=self._by_default,
            keys=self._keys,
            overlapping=self._overlaps,
            reversible=bool(self._backwards),
            by_key=self._by_key,
            drop_repeated=self._resource is not None or bool(self._moment),
            unproved=self._unproved,
            grows_at_end=self._grows_at_end(call),
            may_be_bare=self._dialect.fields_key.lower() in self._named,
        )
        return Pages(
            source,
            self._limits,
            collection,
            on_page_error=self._read.skips,
            not_before=self._not_before,
        )

    def _complete(self) -> Call:
        """
        Add filters and order to the call.

        :raises ValueError: the API cannot answer it.
        """
        for name in self._dialect.page_keys:
            if name.lower() in self._named:
                raise ValueError(f"query must not hold {name!r} here; use page_size and first_page")
        narrowed = with_filters(self._dialect.literals, self._call.query, self._read.filters)
        query = self._dialect.with_filter(narrowed, self._moment)
        paged = self._paging is not Paging.WHOLE
        if paged and self._dialect.order_key.lower() not in self._named and (order := self._order):
            query[self._dialect.order_key] = order
        first = Position(number=self._limits.first_page, offset=0)
        paging = self._dialect.page_query(first, self._limits.page_size) if paged else {}
        check_query(self._dialect, self._call.endpoint, query | paging)
        return replace(self._call, query=query)

    @property
    def _by_default(self) -> bool:
        """Tell whether rows come in the order of the resource's own key."""
        return self._read.order_by == DEFAULT_ORDER and self._dialect.order_key.lower() not in self._named

    @property
    def _order(self) -> str | None:
        """Give the order of the pages; None where none is sent."""
        own = self._call.query.items()
        if named := [text for name, text in own if name.lower() == self._dialect.order_key.lower()]:
            return named[0]
        return self._default_order if self._read.order_by == DEFAULT_ORDER else self._read.order_by

    @property
    def _default_order(self) -> str | None:
        return ",".join(self._asked_key) or self._dialect.default_order(self._call.endpoint)

    @cached_property
    def _asked_key(self) -> tuple[str, ...]:
        """Ask for the key of a resource that is not in the catalogue, where the API itself tells it."""
        is_part = bool(self._named & _PARTS)
        if self._ask_key is None or self._resource is not None or self._read.order_by is None or is_part:
            return ()
        return self._ask_key(self._call.endpoint) or key_fields(self._read.key)

    @cached_property
    def _key(self) -> tuple[str, ...]:
        """Name the fields of a row that no two rows share; none where nobody knows them."""
        known = self._dialect.key_field(self._call.endpoint).split(",")
        return self._asked_key or tuple(filter(None, known))

    @cached_property
    def _keys(self) -> RowKeys | None:
        unordered = self._read.order_by is None and not self._moment
        if not self._key or unordered or self._paging is Paging.WHOLE:
            return None
        changed = self._dialect.changed_field_of(self._call.endpoint)
        return RowKeys(self._key, hearsay=bool(self._asked_key), beside=changed)

    @property
    def _by_key(self) -> bool:
        """Tell whether rows come in the order of their key, which no change of a row moves."""
        names = [part.split()[0].lower() for part in (self._order or "").split(",") if part.strip()]
        key = sorted(name.lower() for name in self._key)
        return bool(key) and sorted(names[: len(key)]) == key

    @property
    def _chained(self) -> bool:
        """Tell whether pages are asked for by the rows before them, or can be."""
        linked = self._paging is Paging.LINKED and not self._named & _PARTS
        return linked or self._paging is Paging.OFFSET

    @property
    def _lean(self) -> dict[str, str] | None:
        """Give the query by which the API sends the keys of rows alone."""
        if self._keys is None or not self._dialect.fields_key:
            return None
        return {self._dialect.fields_key: ",".join(self._keys.fields)}

    @property
    def _key_order(self) -> dict[str, str] | None:
        """Give the query that orders rows by their key, where the read itself has another order."""
        order = self._default_order
        if self._keys is None or not self._order or self._by_key or not order:
            return None
        return {self._dialect.order_key: order}

    @property
    def _backwards(self) -> dict[str, str] | None:
        """Give the query that orders rows by their key the other way round."""
        order = self._order if self._by_key else self._default_order
        if self._keys is None or self._paging is Paging.LINKED or not order:
            return None
        return {self._dialect.order_key: _turned(order)}

    @property
    def _overlaps(self) -> bool:
        """Tell whether pages can overlap: asked for by offset, in the order of a key that is known."""
        return self._chained and self._keys is not None and self._by_key and not self._is_guess

    @property
    def _is_guess(self) -> bool:
        """Tell whether the key is a guess, as of a list of v1 that the catalogue does not know."""
        return self._resource is None and not self._asked_key

    @property
    def _unproved(self) -> str:
        """Say why nobody would notice rows that moved; "" where it is noticed, or was waived."""
        if not self._chained or self._overlaps or self._read.order_by is None:
            return ""
        if self._keys is not None and not self._is_guess:
            key = ",".join(self._key)
            return f"the order {shown(self._order)} is not that of the key ({key}): leave it out"
        if self._paging is not Paging.LINKED:
            return ""
        return "their key is not known: name it by key=, or take this for whole by order_by=None"

    def _grows_at_end(self, call: Call) -> bool:
        """Tell whether no row can enter the list but a new one: nothing narrows it that may change."""
        required = self._resource.required if self._resource else ()
        narrow = {name.lower() for name in call.query} - {self._dialect.order_key.lower()}
        narrow -= {name.lower() for name in required}
        by_creation = is_given(self._read.created_since) and narrow <= {name.lower() for name in self._moment}
        return not narrow or by_creation

    @property
    def _not_before(self) -> NotBefore | None:
        if not self._moment:
            return None
        name = "changed_since" if is_given(self._read.changed_since) else "created_since"
        return NotBefore(name, getattr(self._read, name), self._now)


def _turned(order: str) -> str:
    """Turn an order round: ``Id asc`` becomes ``Id desc``; a field that names no direction is ascending."""
    parts = [part.split() for part in order.split(",") if part.strip()]
    return ",".join(f"{part[0]} {'asc' if part[-1].lower() == 'desc' else 'desc'}" for part in parts)
