"""Applications, subscriptions, privileges, onboarding, and what a partner does for its clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from sandbox_client import Api

BACK = "https://integrasjon.example/tilbake?state=abc"


@pytest.fixture
def partner(api: Api, client_of: type[Api]) -> Api:
    """Give a client of the accounting firm."""
    return client_of(api.sandbox, 3).login()


def as_client(api: Api, key: str) -> Api:
    """Give the same client with another client key, logged in."""
    api.keys = type(api.keys)(api.keys.application_key, key, api.keys.subscription_key)
    return api.login()


def test_a_client_key_belongs_to_one_application(api: Api) -> None:
    """Each application has its own client key for a company; with another's it gets no token."""
    keys = [api.sandbox.keys(0, application=number) for number in (0, 1, 2)]
    assert len({item.client_key for item in keys}) == len({item.application_key for item in keys}) == 3
    answer = api.ask_token(auth=(keys[1].application_key, keys[0].client_key))
    assert answer.json()["error"] == "invalid_client"
    with pytest.raises(ValueError, match="application = 3"):
        api.sandbox.keys(0, application=3)


def test_limit_per_subscription(start: Callable[..., Api], client_of: type[Api]) -> None:
    """Two applications of one subscription share the limit, the third has its own."""
    time = [1_800_000_000.0]
    api = start(rate_limit=4, clock=lambda: time[0])
    shop = client_of(api.sandbox, 0, application=1).login()
    assert [shop.get("Customers").status_code for _ in range(3)] == [200, 200, 429]
    assert api.get("Customers").status_code == 429
    assert client_of(api.sandbox, 0, application=2).login().get("Customers").status_code == 200


def test_created_by_current_integration(api: Api, client_of: type[Api]) -> None:
    """IsCreatedByCurrentIntegration is about the application that asks."""
    shop = client_of(api.sandbox, 0, application=1).login()
    made = shop.post("SalesOrders/Complete", {"CustomerNo": 10001}).json()["Id"]
    name = "IsCreatedByCurrentIntegration"
    assert shop.get(f"SalesOrders/{made}").json()[name] is True
    assert api.get(f"SalesOrders/{made}").json()[name] is False
    own = shop.get("SalesOrders", onlyCreatedByCurrentIntegration="true").json()
    assert [row["Id"] for row in own] == [made]


def test_privileges_are_in_the_token(api: Api) -> None:
    """A change of privileges is seen by new tokens; old ones keep what they had."""
    changed = api.control("POST", "privileges", {"company": "fjordlys", "remove": ["Customer_Full"]})
    assert "Customer_Full" not in changed.json()["privileges"]
    assert api.get("Customers").status_code == 200
    assert "Customer_Full" in api.get("ClientIntegrationInformation").json()["InvalidPrivileges"]
    assert api.login().get("Customers").status_code == 403
    api.sandbox.set_privileges("fjordlys", add=["Customer"])
    assert api.get("Customers").status_code == 403
    assert api.login().get("Customers").status_code == 200
    assert api.control("GET", "privileges").json()["allow_send_invoice"] is True


@pytest.mark.parametrize("body", [{"company": "nobody"}, {"colour": "red"}, []])
def test_refused_change_of_privileges(api: Api, body: Any) -> None:
    """A change that names no company, or an unknown setting, is 400."""
    assert api.control("POST", "privileges", body).status_code == 400


def onboarding(api: Api, **more: Any) -> requests.Response:
    """Begin an onboarding, without a token."""
    body = {"ApplicationKey": api.keys.application_key, "RedirectUri": BACK, **more}
    api.session.headers.pop("Authorization", None)
    return api.post("Onboarding/Initiate", body)


def token_of(page: str, **query: str) -> str:
    """Agree as the user, and give the token the browser is sent back with."""
    location = requests.get(page, params=query, allow_redirects=False, timeout=5).headers["Location"]
    assert location.startswith(f"{BACK}&")
    return location.partition("token=")[2]


def test_onboarding(api: Api) -> None:
    """Initiate, agree, finalize: the client keys work at once; the token only once."""
    begun = onboarding(api)
    assert begun.status_code == 200
    token = token_of(begun.json()["TemporaryUrl"], company="fjordlys,havblaast")
    done = api.post("Onboarding/Finalize", {"OnboardingToken": token}).json()
    names = [item["ClientName"] for item in done["OnboardedClientsInformation"]]
    assert names == ["Fjordlys Verksted AS", "Havblåst Kafé AS"]
    assert api.post("Onboarding/Finalize", {"OnboardingToken": token}).status_code == 400
    made = as_client(api, done["OnboardedClientsInformation"][1]["ClientKey"])
    assert made.get("ClientIntegrationInformation").json()["ClientName"] == "Havblåst Kafé AS"


def test_onboarding_of_one_company(api: Api) -> None:
    """With an organization number only that company is offered."""
    page = onboarding(api, ClientOrganizationNo="999001101").json()["TemporaryUrl"]
    done = api.post("Onboarding/Finalize", {"OnboardingToken": token_of(page, company="fjordlys")}).json()
    assert [item["ClientOrganizationNumber"] for item in done["OnboardedClientsInformation"]] == ["999001101"]


def test_onboarding_refused(api: Api) -> None:
    """No consent, no token; too late, no page; an unknown application, no process."""
    page = onboarding(api).json()["TemporaryUrl"]
    code = page.partition("code=")[2]
    assert api.post("Onboarding/Finalize", {"OnboardingToken": code}).status_code == 400
    refused = requests.get(page, params={"answer": "reject"}, allow_redirects=False, timeout=5)
    assert "token=" not in refused.headers["Location"]
    api.sandbox.advance(901)
    assert requests.get(page, allow_redirects=False, timeout=5).status_code == 400
    assert onboarding(api, ApplicationKey="00000000-0000-4000-8000-000000000000").status_code == 400
    assert onboarding(api, ClientOrganizationNo="1").status_code == 400


def test_partner_only(api: Api, partner: Api) -> None:
    """Only the accounting firm may call ClientAdmin."""
    assert api.get("ClientAdmin/Clients").status_code == 403
    assert len(partner.get("ClientAdmin/Clients", isActive="true").json()) == 4


def test_new_client(partner: Api) -> None:
    """A partner makes a client, adds its integration, and works there with the new key, from nothing."""
    admin = partner.get(f"ClientAdmin/{partner.get('ClientAdmin/Clients').json()[0]['Id']}/Users").json()[0]
    body = {
        "AdminUserId": admin["Id"],
        "ClientName": "Vårlia Kafé AS",
        "LegalName": "Vårlia Kafé AS",
        "MailAddress": {"City": "Voss", "ZipCode": "5700"},
        "OrganizationNumber": "999009999",
    }
    made = partner.post("ClientAdmin/CreateNewClient", body)
    assert (made.status_code, made.json()["ClientName"]) == (200, "Vårlia Kafé AS")
    assert partner.post("ClientAdmin/CreateNewClient", body).status_code == 400
    roles = partner.get(f"ClientAdmin/{admin['Id']}/UserAccessRoles").json()
    assert made.json()["Id"] in {row["ClientId"] for row in roles}
    key = partner.post(f"ClientAdmin/AddIntegrationToClient/{made.json()['Id']}", {}).json()["ClientKey"]
    client = as_client(partner, key)
    assert client.get("ClientIntegrationInformation").json()["ClientId"] == made.json()["Id"]
    assert client.get("Customers").status_code == 204
    assert client.ledger().status_code == 204
    assert client.post("Customers", {"Name": "A"}).status_code == 201


def test_users(partner: Api) -> None:
    """Users are invited, added and changed; a role must be one of the client's."""
    one, other = (row["Id"] for row in partner.get("ClientAdmin/Clients").json()[:2])
    roles = partner.get(f"ClientAdmin/{one}/AccessRoles").json()
    body = {
        "AccessRoleId": roles[2]["AccessRoleId"],
        "EmailAddress": "a@b.example",
        "FirstName": "A",
        "LastName": "B",
    }
    invited = partner.post(f"ClientAdmin/{one}/Users/Invite", body).json()
    assert invited["Status"] == "InvitePending"
    path = f"ClientAdmin/{one}/Users/{invited['Id']}"
    change = [{"op": "replace", "path": "/AccessRoleId", "value": roles[0]["AccessRoleId"]}]
    assert partner.patch(path, change).json()["AccessRoleId"] == roles[0]["AccessRoleId"]
    assert partner.get(path).json()["AccessRoleId"] == roles[0]["AccessRoleId"]
    gone = partner.patch(path, [{"op": "remove", "path": "/AccessRoleId"}])
    assert (gone.status_code, gone.json()["detail"]) == (400, "Access Role id cannot be empty.")
    added = {"AccessRoleId": roles[0]["AccessRoleId"], "PartnerUserId": invited["Id"]}
    assert partner.post(f"ClientAdmin/{other}/Users/AddPartnerUser", added).status_code == 404
    added["AccessRoleId"] = partner.get(f"ClientAdmin/{other}/AccessRoles").json()[0]["AccessRoleId"]
    assert partner.post(f"ClientAdmin/{other}/Users/AddPartnerUser", added).json()["Id"] == invited["Id"]


def test_removed_integration(api: Api) -> None:
    """After RemoveIntegration neither the token nor the client key opens anything, until a reset."""
    assert api.delete("Offboarding/RemoveIntegration").json()["Success"] is True
    assert api.get("Customers").status_code == 401
    assert api.ask_token().json()["error"] == "invalid_client"
    api.sandbox.reset()
    assert api.login().get("Customers").status_code == 200
