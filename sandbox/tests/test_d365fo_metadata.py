"""Finance & Operations: ``/metadata`` and data management, asked as public clients ask."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import requests
from d365fo_client import ENUM, Fo

GROUPS = "/data/DataManagementDefinitionGroups"


def _names(fo: Fo, collection: str, **params: Any) -> list[str]:
    answer = fo.call("GET", f"/metadata/{collection}", params=params)
    assert answer.status_code == 200, answer.text
    return [item["Name"] for item in answer.json()["value"]]


def _act(fo: Fo, path: str, **body: Any) -> requests.Response:
    return fo.call("POST", f"/data/{path}", json=body)


@pytest.mark.parametrize(
    ("collection", "expression", "wanted"),
    [
        ("PublicEntities", "contains(tolower(Name), 'customer')", ["CustomerGroup", "CustomerV3"]),
        ("PublicEntities", "tolower(Name) eq tolower('CUSTOMERv3')", ["CustomerV3"]),
        ("PublicEntities", "EntitySetName eq 'CustomersV3'", ["CustomerV3"]),
        ("PublicEntities", "Name eq 'CustomerV3' or Name eq 'VendorV2'", ["CustomerV3", "VendorV2"]),
        ("PublicEntities", "not (IsReadOnly eq false) and startswith(Name,'C')", ["Company"]),
        ("PublicEntities", "customer", None),
        ("DataEntities", "PublicEntityName eq 'CustomerV3'", ["CustTableCustomerV3Entity"]),
        (
            "DataEntities",
            "EntityCategory eq Microsoft.Dynamics.Metadata.EntityCategory'Reference' and IsReadOnly eq true",
            ["DataAreaCompanyEntity"],
        ),
        ("DataEntities", "LabelId eq '@Sandbox:CustomersV3'", ["CustTableCustomerV3Entity"]),
        ("PublicEnumerations", "contains(tolower(Name),'noyes')", ["NoYes"]),
        ("PublicEnumerations", "Name eq 'O''Hara'", []),
        ("PublicEnumerations", "substringof('a', Name)", None),
        ("PublicEnumerations", "contains(Name)", None),
        ("PublicEnumerations", "(" * 2000, None),
    ],
)
def test_metadata_filter(fo: Fo, collection: str, expression: str, wanted: list[str] | None) -> None:
    """The service filters by names, flags and categories; what it cannot read is 400 and not everything."""
    if wanted is None:
        assert fo.call("GET", f"/metadata/{collection}", params={"$filter": expression}).status_code == 400
    else:
        assert _names(fo, collection, **{"$filter": expression}) == wanted


def test_metadata_options(fo: Fo) -> None:
    """Rows and fields are chosen on the server; an option it does not know is refused, as everywhere."""
    names = _names(fo, "PublicEntities", **{"$orderby": "Name desc"})
    assert names == sorted(names, reverse=True)
    assert _names(fo, "PublicEntities", **{"$orderby": "Name", "$top": 2, "$skip": 1}) == names[::-1][1:3]
    picked = fo.call(
        "GET", "/Metadata/DataEntities", params={"$select": "Name,IsReadOnly", "$top": 1, "$count": "true"}
    ).json()
    assert (set(picked["value"][0]), picked["@odata.count"]) == ({"Name", "IsReadOnly"}, len(names))
    for option in ({"$expand": "Properties"}, {"$search": "a"}, {"$top": "x"}, {"$select": "Nope"}):
        assert fo.call("GET", "/metadata/PublicEntities", params=option).status_code == 400, option
    assert fo.call("GET", "/metadata/PublicEntities('Nope')").status_code == 404
    assert (
        fo.call("GET", "/metadata/PublicEntities(Name='CustomerV3')").json()["EntitySetName"] == "CustomersV3"
    )
    assert fo.call("POST", "/metadata/PublicEntities", json={}).status_code == 404


def test_metadata_shape(fo: Fo) -> None:
    """Properties, navigation, actions and enumeration members carry what clients read of them."""
    customer = fo.call("GET", "/metadata/PublicEntities('CustomerV3')").json()
    by_name = {item["Name"]: item for item in customer["Properties"]}
    assert (by_name["CreditLimit"]["TypeName"], by_name["CreditLimit"]["DataType"]) == ("Edm.Decimal", "Real")
    assert by_name["OnHoldStatus"]["TypeName"] == f"{ENUM}.CustVendorBlocked"
    assert {"DimensionRelation", "IsDynamicDimension", "DimensionTypeProperty"} <= set(by_name["CreditLimit"])
    assert customer["PropertyGroups"] == []
    (link,) = customer["NavigationProperties"]
    assert (link["RelatedEntity"], link["Cardinality"]) == ("CustomerGroup", "Single")
    assert {item["Property"] for item in link["Constraints"]} == {"dataAreaId", "CustomerGroupId"}
    (action,) = customer["Actions"]
    assert [item["Name"] for item in action["Parameters"]] == ["CustomerV3", "company"]
    assert action["Parameters"][0]["Type"] == {"TypeName": f"{ENUM}.CustomerV3", "IsCollection": True}
    assert (action["ReturnType"]["IsCollection"], action["FieldLookup"]) == (True, None)


def test_labels(fo: Fo) -> None:
    """Every label of the metadata has a text, by its whole key only; one there is not has a switch."""
    ids = {item["LabelId"] for item in fo.call("GET", "/metadata/DataEntities").json()["value"]}
    for entity in fo.call("GET", "/metadata/PublicEntities").json()["value"]:
        ids |= {entity["LabelId"]} | {item["LabelId"] for item in entity["Properties"]}
    for enum in fo.call("GET", "/metadata/PublicEnumerations").json()["value"]:
        ids |= {enum["LabelId"]} | {item["LabelId"] for item in enum["Members"]}
    for name in ids:
        found = fo.call("GET", f"/metadata/Labels(Id='{name}',Language='en-US')").json()
        assert (found["Id"], found["Value"].startswith("Label '")) == (name, False)
    assert fo.call("GET", "/metadata/Labels", params={"$filter": "Id eq '@SYS1'"}).status_code == 501
    missing = "/metadata/Labels(Id='@SYS1',Language='en-US')"
    assert fo.call("GET", missing).json()["Value"].startswith("Label '@SYS1'")
    fo.sandbox.set(unknown_label="404")
    assert fo.call("GET", missing).status_code == 404


def test_versions_and_modules(fo: Fo) -> None:
    """The actions by which clients learn what they talk to."""
    version = _act(fo, f"DataManagementEntities/{ENUM}.GetApplicationVersion").json()
    assert (version["@odata.context"].endswith("#Edm.String"), version["value"].count(".")) == (True, 3)
    assert (
        _act(fo, f"DataManagementEntities/{ENUM}.GetPlatformBuildVersion").json()["value"].startswith("7.0")
    )
    modules = _act(fo, f"SystemNotifications/{ENUM}.GetInstalledModules").json()["value"]
    assert all([part.partition(": ")[0] for part in text.split(" | ")] == _PARTS for text in modules)


_PARTS = ["Name", "Version", "Module", "Publisher", "DisplayName"]


def test_export_of_a_package(fo: Fo) -> None:
    """A project is made, run and polled; its package is fetched without a token and holds the rows."""
    project = {
        "Name": "P-1",
        "OperationType": "Export",
        "ProjectCategory": "Project",
        "GenerateDataPackage": "No",
    }
    assert fo.call("POST", GROUPS, json=project).status_code == 201
    assert "already exists" in fo.call("POST", GROUPS, json=project).text
    line = {
        "DefinitionGroupId": "P-1",
        "EntityName": "Vendors V2",
        "SourceFormat": "CSV-Unicode",
        "ExecutionUnit": 1,
    }
    assert fo.call("POST", f"{GROUPS[:-1]}Details", json=line).status_code == 201
    given = {"packageName": "P", "executionId": "", "reExecute": False, "legalEntityId": "USMF"}
    group = f"DataManagementDefinitionGroups/{ENUM}"
    assert _act(fo, f"{group}.ExportToPackage", definitionGroupId="Nope", **given).status_code == 400
    run = {
        "executionId": _act(fo, f"{group}.ExportToPackage", definitionGroupId="P-1", **given).json()["value"]
    }
    assert _act(fo, f"{group}.GetExportedPackageUrl", **run).json()["value"] == ""
    states = [_act(fo, f"{group}.GetExecutionSummaryStatus", **run).json()["value"] for _ in range(2)]
    assert states == ["Executing", "Succeeded"]
    url = _act(fo, f"{group}.GetExportedPackageUrl", **run).json()["value"]
    assert requests.get(url.partition("?")[0], timeout=5).status_code == 403
    with zipfile.ZipFile(io.BytesIO(requests.get(url, timeout=5).content)) as package:
        assert {"Manifest.xml", "PackageHeader.xml"} <= set(package.namelist())
        rows = package.read("Vendors V2.csv").decode().splitlines()
    assert len(rows) == 61
    key = f"(Name='P-1',OperationType={ENUM}.DMFOperationType'Export')"
    assert fo.call("DELETE", GROUPS + key).status_code == 204


def test_import_and_messages(fo: Fo) -> None:
    """An import is taken, fails and says why; other calls of data management are answered."""
    group = f"DataManagementDefinitionGroups/{ENUM}"
    assert _act(fo, f"{group}.InitializeDataManagement").status_code == 204
    assert _act(fo, f"{group}.GetMessageStatus", messageId="m").json()["value"] == "Enqueued"
    assert _act(fo, f"{group}.GetMessageStatus").status_code == 400
    assert _act(fo, f"{group}.GetExecutionSummaryStatus", executionId="x").json()["value"] == "Unknown"
    url = json.loads(_act(fo, f"{group}.GetAzureWriteUrl", uniqueFileName="a.zip").json()["value"])
    assert requests.put(url["BlobUrl"], data=b"zip", timeout=5).status_code == 201
    given = {"packageUrl": url["BlobUrl"], "definitionGroupId": "G", "executionId": "", "execute": True}
    run = _act(fo, f"{group}.ImportFromPackage", overwrite=True, legalEntityId="usmf", **given).json()[
        "value"
    ]
    states = [
        _act(fo, f"{group}.GetExecutionSummaryStatus", executionId=run).json()["value"] for _ in range(2)
    ]
    assert states == ["Executing", "Failed"]
    assert "does not import" in _act(fo, f"{group}.GetExecutionErrors", executionId=run).json()["value"]


def test_read_only_entities(fo: Fo) -> None:
    """Companies are read, not written."""
    assert {row["DataArea"] for row in fo.get("Companies").json()["value"]} == {"usmf", "usrt", "dat"}
    assert fo.call("POST", "/data/Companies", json={"DataArea": "new"}).status_code == 400
    assert fo.call("DELETE", "/data/LegalEntities('usmf')").status_code == 400
