"""JSON Patch: what it does and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import requests
    from sandbox_client import Api


def patched(api: Api, *operations: dict[str, Any], path: str = "Customers/7300002") -> requests.Response:
    """Patch a customer."""
    return api.patch(path, list(operations))


def test_all_six_operations(api: Api) -> None:
    """add, replace, test, copy, move and remove work, with list indexes and nested paths."""
    answer = patched(
        api,
        {"op": "replace", "path": "/ContactGroupIds", "value": [5]},
        {"op": "add", "path": "/ContactGroupIds/-", "value": 7},
        {"op": "add", "path": "/contactgroupids/0", "value": 6},
        {"op": "test", "path": "/ContactGroupIds/0", "value": 6},
        {"op": "remove", "path": "/ContactGroupIds/1"},
        {"op": "replace", "path": "/MailAddress/City", "value": "Voss"},
        {"op": "replace", "path": "/phoneNumber", "value": "1"},
        {"op": "copy", "from": "/PhoneNumber", "path": "/WebsiteUrl"},
        {"op": "move", "from": "/InvoiceEmailAddress", "path": "/InvoiceEmailAddressCC"},
        {"op": "replace", "path": "/IsArchived", "value": "true"},
        {"op": "replace", "path": "/ExternalNumber", "value": "777"},
    )
    row = answer.json()
    assert answer.status_code == 200
    assert row["ContactGroupIds"] == [6, 7]
    assert row["MailAddress"]["City"] == "Voss"
    assert (row["PhoneNumber"], row["WebsiteUrl"]) == ("1", "1")
    assert (row["InvoiceEmailAddress"], row["InvoiceEmailAddressCC"]) == (None, "faktura1@kunde.example")
    assert (row["IsArchived"], row["ExternalNumber"]) == (True, 777)


@pytest.mark.parametrize(
    "segment", ["Nonsense", "Id", "DepartmentCode", "PaymentTerm", "SubLedgerNumberSeriesId"]
)
def test_not_patchable(api: Api, segment: str) -> None:
    """A name that cannot be patched, such as the code twin of an id, is 400 in the documented words."""
    answer = patched(api, {"op": "replace", "path": f"/{segment}", "value": "1"})
    assert answer.status_code == 400
    assert answer.json() == {
        "title": "Customer validation error(s)",
        "detail": "CustomerPatchDto: The target location specified by path segment "
        f"'{segment}' was not found.",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "A"},
        [{"op": "replace", "path": "/ExternalNumber", "value": "x"}],
        [{"op": "test", "path": "/Name", "value": "x"}],
        [{"op": "replace", "path": "/Name"}],
        [{"op": "jump", "path": "/Name", "value": "x"}],
        [{"op": "replace", "path": "Name", "value": "x"}],
        [{"op": "replace", "path": "/ContactGroupIds/9", "value": 5}],
        [
            {"op": "replace", "path": "/ContactGroupIds", "value": []},
            {"op": "remove", "path": "/ContactGroupIds/-"},
        ],
        [{"op": "replace", "path": "/InvoiceDeliveryType", "value": None}],
        [{"op": "replace", "path": "/ExternalImportReference", "value": "crm-3"}],
        [{"op": "replace", "path": "/PhoneNumber", "value": "1"}, {"op": "remove", "path": "/Nope"}],
        [{"op": "remove", "path": "/Name"}, {"op": "remove", "path": "/LegalName"}],
    ],
)
def test_patch_refused(api: Api, body: Any) -> None:
    """A patch that cannot be applied is 400 and changes nothing."""
    before = api.get("Customers/7300002").json()
    assert api.patch("Customers/7300002", body).status_code == 400
    assert api.get("Customers/7300002").json() == before


def test_patch_references(api: Api) -> None:
    """A patched id brings its code along; an unknown id is 404."""
    row = patched(api, {"op": "replace", "path": "/DepartmentId", "value": 603}).json()
    assert row["DepartmentCode"] == "30"
    assert patched(api, {"op": "remove", "path": "/DepartmentId"}).json()["DepartmentCode"] is None
    assert patched(api, {"op": "replace", "path": "/DepartmentId", "value": 1}).status_code == 404
    assert patched(api, {"op": "remove", "path": "/Name"}, path="Customers/1").status_code == 404
