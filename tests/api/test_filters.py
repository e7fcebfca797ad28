"""OData filters: each kind of value as each API writes it, and nothing that can break out of its quotes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_poweroffice.api.filters import Literals, filter_text, literal

V3 = Literals(
    moment="DateTimeOffset'{}'",
    day="DateTime'{}'",
    guid="guid'{}'",
    functions={"startswith": "startswith({field}, '{text}') eq true"},
    pascal_case=True,
)
V4 = Literals(enums=True)
GUID = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


@pytest.mark.parametrize(
    ("value", "v3", "v4"),
    [
        ("O'Neill & 'Sønn'", "'O''Neill & ''Sønn'''", "'O''Neill & ''Sønn'''"),
        ("", "''", "''"),
        (True, "true", "true"),
        (None, "null", "null"),
        (-7, "-7", "-7"),
        (Decimal("1.10"), "1.10", "1.10"),
        (Decimal("1E+3"), "1000", "1000"),
        (1e-7, "0.0000001", "0.0000001"),
        (date(2026, 5, 2), "DateTime'2026-05-02'", "2026-05-02"),
        (GUID, f"guid'{GUID}'", str(GUID)),
        (
            datetime(2026, 5, 2, 15, 9, tzinfo=timezone(timedelta(hours=2))),
            "DateTimeOffset'2026-05-02T13:09:00Z'",
            "2026-05-02T13:09:00Z",
        ),
    ],
)
def test_literals(value: Any, v3: str, v4: str) -> None:
    """Each kind of value is written as the API reads it."""
    assert (literal(value, V3), literal(value, V4)) == (v3, v4)


@pytest.mark.parametrize(
    ("text", "kind", "v3"),
    [
        ("2026-05-02T15:09:00.1234567+02:00", "datetime", "DateTimeOffset'2026-05-02T13:09:00.1234567Z'"),
        ("2026-05-02", "datetime", "DateTimeOffset'2026-05-02T00:00:00.0000000Z'"),
        ("2026-05-02T15:09:00Z", "date", "DateTime'2026-05-02'"),
        (" 1.10", "number", "1.10"),
        ("True", "boolean", "true"),
        (str(GUID).upper(), "guid", f"guid'{GUID}'"),
        ("12", "text", "'12'"),
        ("12", None, "'12'"),
    ],
)
def test_texts_with_a_type(text: str, kind: str | None, v3: str) -> None:
    """A template renders to text; the type says what it stands for."""
    assert literal(text, V3, kind) == v3


def test_enumeration() -> None:
    """An enumeration's value is named with its type, where the API has such."""
    filters = ("Blocked", "==", "Yes", "Microsoft.Dynamics.DataEntities.NoYes")
    assert filter_text(filters, V4) == "(Blocked eq Microsoft.Dynamics.DataEntities.NoYes'Yes')"
    with pytest.raises(ValueError, match="unknown type 'Microsoft"):
        filter_text(filters, V3)
    with pytest.raises(ValueError, match="not a value of the enumeration"):
        filter_text(("Blocked", "==", "Yes' or 1 eq 1", "Microsoft.NoYes"), V4)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        (("Name", "==", "a"), "(Name eq 'a')"),
        ([("A", ">=", 1), ("B", "<", 2)], "(A ge 1 and B lt 2)"),
        ([("A", "!=", None)], "(A ne null)"),
        (("Code", "in", [1, 2]), "(Code eq 1 or Code eq 2)"),
        (("Code", "in", ["1", "2"], "number"), "(Code eq 1 or Code eq 2)"),
        (("Code", "in", {2, 1}), "(Code eq 1 or Code eq 2)"),
        (("Code", "in", [3]), "(Code eq 3)"),
        (("Code", "not in", (1, 2)), "(Code ne 1 and Code ne 2)"),
        ([("A", "==", 1), ("B", "in", [1, 2])], "(A eq 1 and (B eq 1 or B eq 2))"),
        (
            {"any": [[("A", "==", 1), ("B", "==", 2)], {"not": ("C", "==", 3)}]},
            "((A eq 1 and B eq 2) or not (C eq 3))",
        ),
        ({"all": [("A", "==", "("), ("B", "==", "')")]}, "(A eq '(' and B eq ''')')"),
        ([{"any": [("A", "==", 1)]}], "(A eq 1)"),
        (("MailAddress/City", "==", "Oslo"), "(MailAddress/City eq 'Oslo')"),
        (("tolower(Name)", "startswith", "o'{"), "(startswith(tolower(Name), 'o''{') eq true)"),
        (
            [{"any": [("A", "==", 1), ("A", "==", 2)]}, {"any": [("B", "==", 1), ("B", "==", 2)]}],
            "((A eq 1 or A eq 2) and (B eq 1 or B eq 2))",
        ),
    ],
)
def test_filters(filters: Any, text: str) -> None:
    """Groups keep their parentheses; what went through JSON is the same filter."""
    assert filter_text(filters, V3) == text
    if not any(isinstance(part, set) for part in filters):
        assert filter_text(json.loads(json.dumps(filters)), V3) == text


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ("Name eq 'a'", "filters is data"),
        ([], "must be a condition"),
        (5, "must be a condition"),
        (("Name", "=="), "must be \\(field, comparison, value\\)"),
        (("Name", "=", "a"), "filters: unknown comparison '='; use one of: ==, "),
        (("Name", "contains", "a"), "unknown comparison 'contains'.*startswith"),
        ([("A", "==", 1), ("name", "==", "a")], r"filters\[1\]: fields are written in PascalCase here: Name"),
        (("tolower(name)", "==", "a"), "PascalCase here: Name"),
        (("Name eq 1 or Name", "==", "a"), "is not the name of a field"),
        (("A", ">", None), "has no meaning"),
        (("A", "in", []), "at least one value"),
        (("A", "in", "abc"), "needs a list"),
        (("A", "==", [1]), "cannot compare with a list"),
        (("A", "==", float("nan")), "not a number"),
        (("A", "==", datetime(2026, 1, 1)), "has no time zone"),  # noqa: DTZ001 - the point
        (("A", "==", "x", "number"), "'x' is not a number"),
        (("A", "==", "None", "datetime"), "'None' is not a datetime"),
        (("A", "==", 1, "int"), "unknown type 'int'"),
        (("A", "startswith", 1), "compares with a text"),
        ({"or": [("A", "==", 1)]}, "must be {'all'"),
        ({"any": ("A", "==", 1)}, "must be {'all'"),
        ({"any": [("A", "==", 1)], "all": []}, "must be {'all'"),
        ({"any": [("B", "==", 1), {"not": ("a", "==", 1)}]}, r"filters\['any'\]\[1\]\['not'\]: fields"),
    ],
)
def test_bad_filters(filters: Any, says: str) -> None:
    """A filter that cannot be written names its place and the way out."""
    with pytest.raises(ValueError, match=says):
        filter_text(filters, V3)


def test_moment_of_now() -> None:
    """An aware moment keeps its microseconds."""
    moment = datetime(2026, 5, 2, 13, 9, 55, 910_340, tzinfo=UTC)
    assert filter_text(("A", ">", moment), V4) == "(A gt 2026-05-02T13:09:55.910340Z)"
