"""
A load: pages in, a table that holds them or holds what it held before.

::

    load = Load(plan, spool)
    load.prepare(session)        # before anything is read: does the table fit?
    for page in pages:
        load.take(page)          # to the disk, and looked at
    load.compare(spool, ids)     # where rows that are gone are to be marked, and not all rows were read
    stored = load.store(session) # table made, rows staged, one transaction

Rule: no connection to the database is open while the API is waited for: pages are read between two
connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from airflow_provider_poweroffice.api.surrogates import escaped
from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import LoadError, TooManyDeletionsError
from airflow_provider_poweroffice.storage.codecs import RawPage
from airflow_provider_poweroffice.storage.page_spool import PageSpool
from airflow_provider_poweroffice.storage.sql.columns_layout import ColumnsLayout
from airflow_provider_poweroffice.storage.sql.databases.base import Session
from airflow_provider_poweroffice.storage.sql.ddl import IDS, STAGE, add_columns, create_table
from airflow_provider_poweroffice.storage.sql.deletions import FEW, Deletions
from airflow_provider_poweroffice.storage.sql.layouts import Layout
from airflow_provider_poweroffice.storage.sql.merge import Merge
from airflow_provider_poweroffice.storage.sql.plan import Counts, LoadPlan, LoadResult
from airflow_provider_poweroffice.storage.sql.raw_layout import RawLayout
from airflow_provider_poweroffice.storage.sql.refusal import (
    first_refused,
    is_refusal,
    named_table,
    refused_row,
)
from airflow_provider_poweroffice.storage.sql.staging import Stage

_NO_WORD = re.compile(r"[^\w/.()-]")
_MADE_FOR = re.compile(r"(PowerOffice Go|Finance & Operations) ([\w/.()-]+): (?:one row|rows)")
_lacks_index = re.compile("on conflict|conflict target", re.IGNORECASE).search
_ID = re.compile(r"\(.*?\)|(?<=/)(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)")


class Load:
    """
    One load of one company's rows into one table.

    :param spool: where the pages wait.
    """

    def __init__(self, plan: LoadPlan, spool: PageSpool) -> None:
        self.plan = plan
        self._spool = spool
        self._ids: PageSpool | None = None
        self._whole = True
        self._layout = self._new_layout(None)

    def prepare(self, session: Session) -> None:
        """
        Look at the table, before anything is read.

        :raises ValueError: it was made for another layout, or for another resource.
        :raises LoadError: the database refuses to show it.
        """
        with named_table(str(self.plan.table)), session.transaction(staging=True):
            self._layout = self._new_layout(session)

    def has_rows(self, session: Session) -> bool:
        """Tell whether the table, as it was prepared for, holds rows of the company."""
        if self._layout.existing is None:
            return False
        database = session.database
        company = database.quoted(self._layout.audit.company)
        with named_table(str(self.plan.table)), session.transaction(staging=True):
            found = session.rows(
                f"SELECT CASE WHEN EXISTS (SELECT 1 FROM {self.plan.table.quoted(database.quote)} "  # noqa: S608 - names are checked
                f"WHERE {company} = {database.mark}) THEN 1 ELSE 0 END",
                (self.plan.owner.company,),
            )
        return bool(found[0][0])

    def _new_layout(self, session: Session | None, *, of_keys: bool = False) -> Layout:
        plan = self.plan
        existing = session.database.describe(session, plan.table) if session else None
        if session and existing:
            self._check_source(session.database.comment_of(session, plan.table))
        zone = session.database.zone if session else "Z"
        if plan.layout == "raw":
            layout: Layout = RawLayout(
                str(plan.table), plan.key, existing, changed_field=plan.changed_field, zone=zone
            )
        else:
            layout = ColumnsLayout(
                str(plan.table),
                plan.key,
                existing,
                known={plan.changed_field: "timestamp"} | dict(plan.kinds),
                given=plan.fields,
                column_names=plan.column_names,
                allow_new=plan.allow_new_columns,
                keep_misfits=plan.keep_misfits,
                whole=plan.whole_rows and not of_keys,
                json_is_text=session is not None and session.database.json_is_text,
                zone=zone,
                plain_decimals=session is not None and session.database.plain_decimals,
            )
        if session and existing:
            audit = layout.audit
            told_apart = (audit.company, audit.run_id, audit.task, *layout.key_columns)
            session.database.check_key(session, plan.table, existing, told_apart)
        return layout

    def _check_source(self, comment: str) -> None:
        """
        Refuse a table whose comment says that it was made for another resource; ids in paths do not count.

        :raises ValueError: names both.
        """
        made = _MADE_FOR.match(comment)
        source = _NO_WORD.sub("", self.plan.source)
        told_apart = _ID.sub("", source.lower()), self.plan.vendor
        if made and (_ID.sub("", made[2].lower()), made[1]) != told_apart:
            raise ValueError(
                f"table {self.plan.table} belongs to {made[1]} {made[2]}, as its comment says: name another "
                f"table for {source}, or drop this one"
            )

    @property
    def rows(self) -> int:
        """Rows taken."""
        return self._spool.rows

    @property
    def columns(self) -> dict[str, str]:
        """The kinds of the table's columns, as far as the load fills them."""
        columns = (*self._layout.columns, *self._layout.audit.columns())
        return {column.name: "text" if column.kind == "name" else column.kind for column in columns}

    def take(self, page: RawPage) -> None:
        """
        Take a page.

        :raises LoadError: a row that cannot be stored, see ``Layout.see``.
        """
        content, rows = self._layout.readable(page.content), len(page.raw_rows)
        self._layout.see(content)
        self._spool.add(content, rows)
        if self._ids:
            self._ids.add(self._keys_of(content), rows)

    def compare(self, spool: PageSpool, pages: Iterable[RawPage], *, whole: bool = True) -> None:
        """
        Take the keys of all rows that there are; without them, the rows taken are all that there are.

        Rows taken later on are among them.

        :param spool: where the keys wait.
        :param pages: rows with their key; what else they hold is left out.
        :param whole: the table is to hold all these rows; False: it was never given some of them.
        """
        self._whole = whole
        for page in pages:
            spool.add(self._keys_of(self._layout.readable(page.content)), len(page.raw_rows))
        self._ids = spool

    def _keys_of(self, content: bytes) -> bytes:
        fields = [(f"k{number}", msgspec.Raw, msgspec.Raw(b"null")) for number in range(len(self.plan.key))]
        names = {f"k{number}": name for number, name in enumerate(self.plan.key)}
        row = msgspec.defstruct("Key", fields, rename=names, gc=False)
        return msgspec.json.encode(msgspec.json.decode(escaped(content), type=list[row]))  # type: ignore[valid-type]

    def store(self, session: Session) -> LoadResult:
        """
        Bring the rows into the table, and mark those that are gone.

        :raises LoadError: the database refuses; the table is as before.
        :raises TooManyDeletionsError: more rows are gone than the plan allows; the table is as before.
        :raises IncompleteReadError: rows are listed that were not read and that the table lacks; the table is
            as before, and more pages may be taken before it is stored again.
        """
        with named_table(str(self.plan.table)):
            created, added = self._make_table(session)
            if self._layout.existing is None and not created:
                return LoadResult(
                    counts=Counts(0, 0, 0), repeated=0, created=False, columns_added=[], fields_kept=[]
                )
            stage = Stage(session, self._layout, self._spool)
            merge = Merge(
                session,
                self.plan.table,
                mode=self.plan.mode,
                columns=stage.columns,
                key=self._layout.key_columns,
                audit=self._layout.audit,
                owner=self.plan.owner,
            )
            stage.fill(bulk=self.plan.bulk)
            with session.transaction(staging=True):
                repeated = merge.drop_repeated()
                merge.make_ready()
            deletions = self._deletions(session)
            counts = self._merge(session, merge, stage, deletions)
        return LoadResult(
            counts=counts,
            repeated=repeated,
            created=created,
            columns_added=added,
            fields_kept=self._layout.kept,
            marked_deleted=deletions.marked if deletions else 0,
            restored=deletions.restored if deletions else 0,
        )

    def _deletions(self, session: Session) -> Deletions | None:
        """Make ready what rows are compared with: the keys that were listed, else the staged rows."""
        plan = self.plan
        if plan.most_deleted is None or plan.mode == "replace":
            return None
        if self._ids is not None:
            keys = self._new_layout(session, of_keys=True)
            for content in self._ids:
                keys.see(content)
            Stage(session, keys, self._ids, IDS).fill(bulk=plan.bulk)
        return Deletions(
            session,
            plan.table,
            keys=STAGE if self._ids is None else IDS,
            whole=self._whole,
            key=self._layout.key_columns,
            audit=self._layout.audit,
            owner=plan.owner,
            most=plan.most_deleted,
        )

    def _make_table(self, session: Session) -> tuple[bool, list[str]]:
        """
        Make the table, or the columns that it lacks, and adopt what is then there.

        :return: was it made, and which columns were added. Where neither rows nor the description tell
            what columns it would have, none is made.
        """
        plan = self.plan
        with session.transaction():
            session.database.lock(session, plan.table)
            before = self._layout.existing
            if session.database.describe(session, plan.table) != before:
                # Another task made or changed it since: the rows must fit what it is now.
                self._layout = self._new_layout(session)
                for content in self._spool:
                    self._layout.see(content)
            if session.database.bounded_decimals:
                for content in self._spool:
                    self._layout.measure(content)
                self._layout.settle()
            if self._layout.existing is None:
                if not self.rows and not self._layout.assume_known():
                    return False, []
                self._create(session)
                return True, []
            added = [column for column in self._layout.columns if not column.existing]
            if added:
                add_columns(session, plan.table, added)
            return False, [column.name for column in added]

    def _create(self, session: Session) -> None:
        plan, audit = self.plan, self._layout.audit
        key = [audit.company, *self._layout.key_columns] if plan.key else []
        if key and plan.mode == "append":
            key += [audit.run_id, audit.task]
        one = f"one row for each {', '.join(key)}" if key else "rows without a key"
        create_table(
            session,
            plan.table,
            [*self._layout.columns, *audit.columns()],
            key,
            f"{plan.vendor} {_NO_WORD.sub('', plan.source)}: {one}; made by airflow-provider-poweroffice",
        )

    def _merge(self, session: Session, merge: Merge, stage: Stage, deletions: Deletions | None) -> Counts:
        try:
            with session.transaction():
                session.database.lock(session, self.plan.table, self.plan.owner.company)
                if deletions:
                    deletions.note_before()
                counts = merge.run(0, self.rows)
                if self.plan.mode == "replace":
                    self._check_shrinking(counts)
                if deletions:
                    deletions.mark()
                return counts
        except Exception as error:
            if is_refusal(error) and (number := self._find_refused(session, merge)) is not None:
                raise refused_row(str(self.plan.table), stage.key_of(number), error) from error
            if is_refusal(error) and _lacks_index(str(error)):
                key = ", ".join((self._layout.audit.company, *self._layout.key_columns))
                raise LoadError(
                    f"table {self.plan.table}: mode='upsert' needs a primary key or a unique index of {key} "
                    f"alone: {one_line(str(error))}",
                    table=str(self.plan.table),
                ) from error
            raise

    def _check_shrinking(self, counts: Counts) -> None:
        """Refuse a read of nothing, or of a small part of what the table had, as a wrong one."""
        most, before, now = self.plan.most_deleted, counts.deleted, counts.inserted
        if most is None or before - now <= before * most or (now > 0 and before <= FEW):
            return
        raise TooManyDeletionsError(
            f"table {self.plan.table}: mode='replace' would leave {now} of {before} rows of "
            f"{self.plan.owner.company}, and max_deletions={most:g} allows no such loss; the table is as "
            "before. Check company, keys, privileges and query; if the rows are gone, run once with "
            "max_deletions=1",
            table=str(self.plan.table),
            gone=before - now,
            rows=before,
        )

    def _find_refused(self, session: Session, merge: Merge) -> int | None:
        """Find the row that the table refuses; every attempt is rolled back."""

        def attempt(first: int, end: int) -> None:
            session.database.begin(session)
            try:
                merge.run(first, end)
            finally:
                session.database.rollback(session)

        return first_refused(self.rows, attempt)
