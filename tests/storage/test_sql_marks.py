"""Rows that are gone are marked, rows that come back are not: in every database, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from support.databases import Database
from support.loading import counts, load

from airflow_provider_poweroffice.errors import IncompleteReadError, TooManyDeletionsError
from airflow_provider_poweroffice.storage.sql.deletions import FEW

ONE, TWO, THREE = ({"Id": n, "Amount": n} for n in range(1, 4))
LAYOUTS = pytest.mark.parametrize("layout", ["raw", "columns"])


def keys(*numbers: int) -> list[dict[str, int]]:
    """Write rows of keys."""
    return [{"Id": number} for number in numbers]


def marked(db: Database, layout: str, company: str = "acme") -> list[int]:
    """Give the ids of a company's marked rows."""
    books = "" if layout == "raw" else "_"
    sql = f"SELECT id FROM ledger WHERE {books}company = '{company}' AND {books}deleted_at IS NOT NULL"
    return sorted(int(row[0]) for row in db.query(sql))


@LAYOUTS
@pytest.mark.parametrize("bulk", [True, False])
def test_gone_and_back(db: Database, layout: str, *, bulk: bool) -> None:
    """Rows that are in no list are marked, for this company only; what comes back is unmarked."""
    how: dict[str, Any] = {"layout": layout, "bulk": bulk}
    load(db, ONE, TWO, THREE, company="beta", **how)
    load(db, ONE, TWO, THREE, **how)
    how["most_deleted"] = 0.5
    stored = load(db, {"Id": 1, "Amount": 9}, ids=keys(1, 3), **how)
    assert (stored.marked_deleted, stored.restored, counts(stored)) == (1, 0, (0, 1, 0))
    assert marked(db, layout) == [2]
    stored = load(db, ids=keys(1, 3), **how)
    assert (stored.marked_deleted, stored.restored) == (0, 0), "they are marked once"
    stored = load(db, ids=[], **how)
    assert (stored.marked_deleted, marked(db, layout)) == (2, [1, 2, 3])
    # One comes back unchanged, another changed, the third was changed before it went.
    stored = load(db, TWO, THREE, ids=keys(1, 2), **how)
    assert (stored.marked_deleted, stored.restored, marked(db, layout)) == (1, 2, [3])
    assert marked(db, layout, "beta") == []


@LAYOUTS
def test_all_rows_read_need_no_list(db: Database, layout: str) -> None:
    """Where everything was read, the rows themselves are the list."""
    load(db, ONE, TWO, THREE, layout=layout)
    stored = load(db, THREE, THREE, TWO, layout=layout, most_deleted=0.5)
    assert (stored.marked_deleted, counts(stored), marked(db, layout)) == (1, (0, 2, 0), [1])
    stored = load(db, ONE, TWO, THREE, layout=layout, most_deleted=0.5)
    assert (stored.restored, marked(db, layout)) == (1, [])


@LAYOUTS
def test_key_of_several_fields(db: Database, layout: str) -> None:
    """Keys of several fields are compared whole."""
    rows = [{"Id": n, "Name": name} for n in (1, 2) for name in ("a", "b")]
    how: dict[str, Any] = {"layout": layout, "key": ("Id", "Name")}
    load(db, *rows, **how)
    assert load(db, ids=rows[1:], most_deleted=0.5, **how).marked_deleted == 1


@LAYOUTS
def test_too_many(db: Database, layout: str) -> None:
    """A list that lacks most rows of a large table is refused, and nothing of the load stays."""
    rows = [{"Id": n, "Amount": 1} for n in range(FEW + 2)]
    load(db, *rows, layout=layout)
    half = keys(*range(FEW // 2 + 1))
    with pytest.raises(TooManyDeletionsError, match=r"52 of 102 rows of acme.*max_deletions=0.5") as caught:
        load(db, {"Id": 999, "Amount": 1}, ids=[*half[:-1], {"Id": 999}], layout=layout, most_deleted=0.5)
    assert (caught.value.gone, caught.value.rows) == (52, 102)
    assert (marked(db, layout), len(db.query("SELECT id FROM ledger"))) == ([], FEW + 2)
    assert load(db, ids=half, layout=layout, most_deleted=0.5).marked_deleted == FEW // 2 + 1
    assert load(db, ids=[], layout=layout, most_deleted=1).marked_deleted == FEW // 2 + 1


@pytest.mark.finding("D13")
@LAYOUTS
def test_other_rows_do_not_hide_deletions(db: Database, layout: str) -> None:
    """The share is one of the rows there were before: those of another ledger do not make up for them."""
    load(db, *({"Id": n} for n in range(FEW + 1)), layout=layout)
    others = [{"Id": n} for n in range(1000, 1000 + 3 * FEW)]
    with pytest.raises(TooManyDeletionsError, match=r"101 of 101 rows of acme"):
        load(db, *others, layout=layout, most_deleted=0.5)
    assert (marked(db, layout), len(db.query("SELECT id FROM ledger"))) == ([], FEW + 1)


def test_nothing_there(db: Database) -> None:
    """A table that does not exist yet has nothing to mark."""
    assert load(db, ids=[], layout="columns", kinds={}, most_deleted=0.5).marked_deleted == 0
    assert load(db, ONE, ids=keys(1), layout="columns", most_deleted=0.5).marked_deleted == 0


@pytest.mark.finding("D2", "R1")
@LAYOUTS
@pytest.mark.parametrize("bulk", [True, False])
def test_listed_but_never_read(db: Database, layout: str, *, bulk: bool) -> None:
    """A row that is listed, and neither read nor in the table, is an error; nothing of the load stays."""
    how: dict[str, Any] = {"layout": layout, "bulk": bulk, "most_deleted": 0.5}
    load(db, ONE, TWO, company="beta", **how)
    with pytest.raises(IncompleteReadError, match=r"2 rows of acme are listed.*such as 3, 4: rows moved"):
        load(db, ONE, TWO, ids=keys(1, 2, 3, 3, 4), **how)
    assert marked(db, layout) == []
    load(db, ONE, TWO, THREE, ids=keys(1, 2, 3), **how)
    with pytest.raises(IncompleteReadError, match="1 rows of acme are listed"):
        load(db, {"Id": 1, "Amount": 9}, ids=keys(1, 3, 9), **how)
    assert marked(db, layout) == [], "row 2 is gone, but the list cannot be trusted yet"
    load(db, ids=keys(1, 3), **how)
    # A row that was marked and is listed again counts as there, also where it was not read.
    assert load(db, ids=keys(1, 2, 3), **how).restored == 1


@pytest.mark.finding("D13")
@LAYOUTS
def test_replace_has_a_net(db: Database, layout: str) -> None:
    """An empty read, or one of a small part, empties no table unless that is allowed."""
    how: dict[str, Any] = {"layout": layout, "mode": "replace", "most_deleted": 0.5}
    assert load(db, **how).counts.inserted == 0, "a company that has nothing yet"
    load(db, ONE, TWO, THREE, **how)
    load(db, ONE, TWO, company="beta", **how)
    with pytest.raises(
        TooManyDeletionsError, match=r"would leave 0 of 3 rows of acme.*max_deletions=1"
    ) as caught:
        load(db, **how)
    assert (caught.value.gone, caught.value.rows) == (3, 3)
    assert counts(load(db, ONE, **how)) == (1, 0, 3), "of few rows most may go"
    many = [{"Id": n, "Amount": 1} for n in range(FEW + 2)]
    load(db, *many, **how)
    with pytest.raises(TooManyDeletionsError, match=f"would leave 50 of {FEW + 2} rows"):
        load(db, *many[:50], **how)
    assert len(db.query("SELECT id FROM ledger")) == FEW + 4
    assert counts(load(db, *many[:51], **how)) == (51, 0, FEW + 2)
    assert counts(load(db, **how | {"most_deleted": 1})) == (0, 0, 51)
    assert counts(load(db, **how)) == (0, 0, 0)
