"""A resource more is one entry: everything else follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox_client import Api
from v1_client import V1Api

from poweroffice_sandbox.v1.resources import RESOURCES as V1_RESOURCES
from poweroffice_sandbox.v1.resources.entries import entry as v1_entry
from poweroffice_sandbox.v1.resources.entries import register
from poweroffice_sandbox.v1.rest import routing
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


V1_VESSELS = v1_entry(
    "Vessel",
    text="id:i64*# code:s name:s departmentCode:s isActive:b hull:E:ProductType lastChanged:dt*=",
    routes=register("Vessel", "Vessel", "Project"),
    required=("name",),
    lengths={"name": 20},
    seed=lambda source: (
        {
            "id": 1 + index,
            "code": f"B{index}",
            "name": name,
            "departmentCode": row["code"],
            "isActive": index != 1,
        }
        for index, (name, row) in enumerate(
            zip(("Havdis", "Skarven", "Terna"), source.table("Department").rows.values(), strict=False)
        )
    ),
)


@pytest.fixture
def v1_vessels(monkeypatch: pytest.MonkeyPatch, start_v1: Callable[..., V1Api]) -> Iterator[V1Api]:
    """Give a client of a v1 sandbox that has one resource more."""
    monkeypatch.setitem(V1_RESOURCES, V1_VESSELS.entity, V1_VESSELS)
    routing.forget()
    yield start_v1(unordered="id")
    routing.forget()


def test_v1_entry(v1_vessels: V1Api) -> None:
    """One entry of v1 brings list, row, checks, links, privilege and count."""
    api = v1_vessels
    assert [row["name"] for row in api.rows("Vessel", filter="IsActive eq true")] == ["Havdis", "Terna"]
    assert (api.get("vessel/3/").json()["data"]["code"], api.sandbox.totals()["Vessel"]) == ("B2", 3)
    made = api.send("POST", "Vessel", {"name": "Ny", "code": "N", "hull": "Service"}).json()["data"]
    assert (made["id"], made["hull"], made["isActive"]) == (4, 2, True)
    assert api.send("POST", "Vessel", {"id": 4, "name": "Nyere"}).json()["data"]["code"] == "N"
    for body, words in (
        ({}, "name is required"),
        ({"name": "x" * 21}, "20 characters"),
        ({"name": "x", "code": "b1"}, "exists already"),
        ({"name": "x", "departmentCode": "?"}, "does not exist"),
    ):
        assert words in api.send("POST", "Vessel", body).json()["validation"]["summary"]
    department = api.rows("Department", filter="Code eq '12'")[0]["id"]
    assert "related data" in api.send("DELETE", f"Department/{department}").text
    assert api.send("DELETE", "Vessel/4").json() == {"success": True}
    api.sandbox.set_privileges("Project")
    api.login()
    assert (api.get("Vessel").status_code, api.send("POST", "Vessel", {"name": "x"}).status_code) == (
        200,
        403,
    )
