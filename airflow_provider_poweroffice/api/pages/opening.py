"""
From the arguments of a read to its pages: the call, its order and filters, and what is known of the list.

Rule: everything is checked before the first request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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
from airflow_provider_poweroffice.api.read_options import DEFAULT_ORDER, ReadOptions

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Call
    from airflow_provider_poweroffice.api.sending import Sender


def open_pages(sender: Sender, read: ReadOptions) -> Pages:
    """
    Begin to read a collection; the first request is made when the first page is asked for.

    :raises ValueError, TypeError: an argument that the API does not take.
    """
    return _Opening(sender, read).pages()


def open_periods(sender: Sender, read: ReadOptions, days: int) -> PeriodPages:
    """
    Begin to read a report in periods of so many days.

    :raises ValueError: rows of the resource have no key, or as for :func:`open_pages`.
    """
    unique = unique_rows(sender.connection.dialect.key_field(read.endpoint))
    one = replace(read, split_days=None)
    queries = split_query(encode_query(read.query), days)
    return PeriodPages(queries, lambda query: open_pages(sender, replace(one, query=query)), unique)


class _Opening:
    """What a read asks for, and what is known of the list before it is read."""

    def __init__(self, sender: Sender, read: ReadOptions) -> None:
        self._sender = sender
        self._read = read
        self._dialect = sender.connection.dialect
        self._now = sender.connection.clock.time()
        self._call = build_call(self._dialect, "GET", read.endpoint, query=read.query, headers=read.headers)
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
        self._keys = self._find_keys()

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
        )
        collection = Collection(
            label=self._sender.connection.label_of(call),
            paging=self._paging,
            ordered=self._by_default,
            keys=self._keys,
            overlapping=self._overlaps,
            drop_repeated=self._resource is not None or bool(self._moment),
            grows_at_end=self._grows_at_end(call),
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
        if self._order and paged and self._dialect.order_key.lower() not in self._named:
            query[self._dialect.order_key] = self._order
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
        if self._read.order_by == DEFAULT_ORDER:
            return self._dialect.default_order(self._call.endpoint)
        return self._read.order_by

    def _find_keys(self) -> RowKeys | None:
        fields = self._dialect.key_field(self._call.endpoint)
        unordered = self._read.order_by is None and not self._moment
        if not fields or unordered or self._paging is Paging.WHOLE:
            return None
        return RowKeys(fields.split(","))

    @property
    def _lean(self) -> dict[str, str] | None:
        """Give the query by which the API sends the keys of rows alone."""
        if self._keys is None or not self._dialect.fields_key:
            return None
        return {self._dialect.fields_key: ",".join(self._keys.fields)}

    @property
    def _key_order(self) -> dict[str, str] | None:
        """Give the query that orders rows by their key, where the read itself has another order."""
        order = self._dialect.default_order(self._call.endpoint)
        if self._keys is None or not self._order or self._by_default or not order:
            return None
        return {self._dialect.order_key: order}

    @property
    def _overlaps(self) -> bool:
        """Tell whether pages can overlap: they are asked for by offset, in the order of a known key."""
        by_offset = self._paging is Paging.OFFSET or (
            self._paging is Paging.LINKED
            and self._read.max_pages is None
            and not self._named & {"$top", "$skip"}
        )
        return by_offset and self._by_default and bool(self._order) and self._resource is not None

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
