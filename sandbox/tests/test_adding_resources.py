"""A resource more is one entry: everything else follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox_client import Api

from poweroffice_sandbox.v2 import routes
from poweroffice_sandbox.v2.resources import RESOURCES
from poweroffice_sandbox.v2.resources.entries import entry, invented
from poweroffice_sandbox.v2.schema.filters import Filter
from poweroffice_sandbox.v2.schema.resource import Seed
from poweroffice_sandbox.v2.seeds import Source


def _vessels(source: Source) -> Iterator[dict[str, Any]]:
    for index, name in enumerate(("Havdis", "Skarven", "Terna")):
        department = source.ids("Departments")[index]
        yield {
            "Id": 1 + index,
            "Code": f"B{index}",
            "Name": name,
            "IsActive": index != 1,
            "DepartmentId": department,
        }


VESSELS = entry(
    "Vessels",
    "Vessel",
    operations=invented("Vessels", "Project", "list get post patch delete", ("codes", "isActive", "hull")),
    fields="""
    Code:string<=5? -CreatedDateTimeOffset:timestamp DepartmentCode:string? DepartmentId:int? Hull:string?
    -Id:int IsActive:bool? -LastChangedDateTimeOffset:timestamp !Name:string<=20
    """,
    filters={"hull": Filter("text", "Hull")},
    unique=("Code",),
    defaults={"IsActive": True},
    named_by=(("VesselId", "", "Code"),),
    seed=Seed(_vessels),
)


@pytest.fixture
def vessels(monkeypatch: pytest.MonkeyPatch, start: Callable[..., Api]) -> Iterator[Api]:
    """Give a client of a sandbox that has one resource more."""
    monkeypatch.setitem(RESOURCES, VESSELS.name, VESSELS)
    routes.routes.cache_clear()
    yield start()
    routes.routes.cache_clear()


def test_reads(vessels: Api) -> None:
    """The list, its filters, its pages and the single row are there, and the rows are counted."""
    rows = vessels.get("Vessels", OrderBy="Id").json()
    assert [row["Name"] for row in rows] == ["Havdis", "Skarven", "Terna"]
    assert rows[0]["CreatedDateTimeOffset"] <= rows[0]["LastChangedDateTimeOffset"]
    assert [row["Id"] for row in vessels.get("Vessels", isActive="false").json()] == [2]
    assert [row["Id"] for row in vessels.get("Vessels", codes="b0,B2", OrderBy="Id").json()] == [1, 3]
    assert vessels.get("Vessels", hull="steel").status_code == 204
    assert vessels.get("Vessels", colour="red").status_code == 400
    assert "nextPageLink" in vessels.get("Vessels", PageSize=1).headers["X-Pagination"]
    assert vessels.get("vessels/3", Fields="Name").json()["Name"] == "Terna"
    assert vessels.sandbox.totals()["Vessels"] == 3


def test_writes(vessels: Api) -> None:
    """Rows are made, changed and deleted, and what the entry says of them is checked."""
    code = vessels.get("Departments", OrderBy="Id").json()[0]["Code"]
    made = vessels.post("Vessels", {"Name": "Lomvi", "Code": "B9", "DepartmentCode": code})
    assert made.status_code == 201
    assert (made.json()["IsActive"], made.json()["DepartmentCode"]) == (True, code)
    for body, words in (
        ({"Code": "B7"}, "Name field is required"),
        ({"Name": "x" * 21}, "maximum length of 20"),
        ({"Name": "A", "Code": "b9"}, "already in use"),
    ):
        refused = vessels.post("Vessels", body)
        assert (refused.status_code, words in refused.json()["detail"]) == (400, True), body
    path = f"Vessels/{made.json()['Id']}"
    assert (
        vessels.patch(path, [{"op": "replace", "path": "/Hull", "value": "Steel"}]).json()["Hull"] == "Steel"
    )
    assert vessels.delete(path).status_code == 200
    assert vessels.get(path).status_code == 404


def test_rights(vessels: Api, client_of: type[Api]) -> None:
    """The privilege of the entry is needed: reading the name, writing the full one."""
    reduced = client_of(vessels.sandbox, 2).login()  # may read projects
    assert reduced.get("Vessels").status_code == 200
    assert reduced.post("Vessels", {"Name": "A"}).status_code == 403
    vessels.sandbox.set_privileges(2, remove=["Project"])
    assert reduced.login().get("Vessels").status_code == 403


def test_without_it(api: Api) -> None:
    """A sandbox without the entry knows nothing of it."""
    assert api.get("Vessels").status_code == 404
