"""
What a partner, such as an accounting firm, does for its clients: ``/ClientAdmin`` and ``/Offboarding``.

Rule: needs the privilege ClientAdmin, which only the partner's own company has; AddIntegrationToClient gives
a client key that works at once (OpenAPI). Assumed: every company of the environment is a client of the
partner; a new client begins without rows; RemoveIntegration, newer than the OpenAPI file of March 2025, ends
tokens too.
"""

from __future__ import annotations

from uuid import UUID

from ..core.companies import Company
from ..core.reply import RefusedError, Reply, as_json
from ..core.table import Row
from .flows.bodies import read_flow
from .reply import refuse
from .resources.vouchers import CLIENT_USERS, membership, roles
from .rest.bodies import decoded, read_fields
from .rest.call import Call, Route, Routes
from .rest.lists import given_filters, ordered, row_reply, rows_body
from .rest.paging import page_reply, read_page
from .rest.patch import PatchError, apply_patch
from .schema.dto import BadValueError, schema_of, whole
from .schema.filters import passing, test_of

_LABEL = "Users"
_PRIVILEGE = "ClientAdmin"


def _listed(call: Call, rows: list[Row]) -> Reply:
    page = read_page(call)
    rows = passing(rows, [test_of(item) for item in given_filters(call).values()])
    if page.order:
        rows = ordered(rows, page, call)
    start, stop = page.bounds(len(rows))
    return page_reply(call, page, len(rows), rows_body(rows[start:stop], page))


def _not_found(detail: str) -> RefusedError:
    return refuse(404, "Object(s) not found", detail)


def _client(call: Call, identifier: str) -> Company:
    for company in call.access.companies(call.company.environment):
        if company.client_id == identifier:
            return company
    raise _not_found(f"Client with id = {identifier} not found.")


def _shown(company: Company) -> Row:
    return {
        "ClientName": company.name,
        "Id": company.client_id,
        "IsActive": True,
        "OrganizationNumber": company.organization_number,
    }


def _clients(call: Call) -> Reply:
    return _listed(call, [_shown(company) for company in call.access.companies(call.company.environment)])


def _create(call: Call) -> Reply:
    sent = read_flow(call, "Client", "Client")
    number, environment = sent["OrganizationNumber"], call.company.environment
    if any(company.organization_number == number for company in call.access.companies(environment)):
        raise refuse(400, "Client validation error(s)", f"OrganizationNumber is already in use: {number}.")
    admin = _any_user(call, sent["AdminUserId"])
    company = call.access.create_company(environment, sent["ClientName"], number)
    user = {**admin, "AccessRoleId": roles(company)[0]["AccessRoleId"]}
    call.books.table(CLIENT_USERS).put(membership(company, user), call.now)
    return row_reply(call, 200, _shown(company))


def _add_integration(call: Call) -> Reply:
    company = _client(call, call.identifier)
    made = call.access.mint(call.application, company)
    answer = {
        "ClientId": company.client_id,
        "ClientKey": made.client_key,
        "ClientName": company.name,
        "OrganizationNumber": company.organization_number,
    }
    return row_reply(call, 200, answer)


def _users_of(call: Call, client: str) -> list[Row]:
    rows = call.books.table(CLIENT_USERS).rows.values()
    return [row["User"] for row in rows if row["ClientId"] == client]


def _any_user(call: Call, identifier: str) -> Row:
    for row in call.books.table(CLIENT_USERS).rows.values():
        if row["User"]["Id"] == identifier:
            user: Row = row["User"]
            return user
    raise _not_found(f"User with id = {identifier} not found.")


def _roles(call: Call) -> Reply:
    return _listed(call, roles(_client(call, call.path_ids[0])))


def _users(call: Call) -> Reply:
    return _listed(call, _users_of(call, _client(call, call.path_ids[0]).client_id))


def _user(call: Call) -> Row:
    client = _client(call, call.path_ids[0]).client_id
    for user in _users_of(call, client):
        if user["Id"] == call.identifier:
            return user
    raise _not_found(f"User with id = {call.identifier} not found on Client with id = {client}.")


def _get_user(call: Call) -> Reply:
    return row_reply(call, 200, _user(call))


def _user_roles(call: Call) -> Reply:
    identifier, rows = _any_user(call, call.identifier)["Id"], call.books.table(CLIENT_USERS).rows.values()
    memberships = [row for row in rows if row["User"]["Id"] == identifier]
    names = {company.client_id: company.name for company in call.access.companies(call.company.environment)}
    return _listed(
        call,
        [
            {
                "AccessRoleId": row["User"]["AccessRoleId"],
                "ClientId": row["ClientId"],
                "ClientName": names[row["ClientId"]],
            }
            for row in memberships
        ],
    )


def _check_role(company: Company, role: str | None) -> None:
    # Both from OpenAPI, examples on PATCH Users.
    if role is None:
        raise refuse(400, f"{_LABEL} validation error(s)", "Access Role id cannot be empty.")
    if role not in {item["AccessRoleId"] for item in roles(company)}:
        detail = f"Access Role id = {role} is not found for the Client with id = {company.client_id}."
        raise refuse(404, f"{_LABEL} not found error(s)", detail)


def _put_user(call: Call, company: Company, user: Row) -> Reply:
    call.books.table(CLIENT_USERS).put(membership(company, user), call.now)
    return row_reply(call, 200, user)


def _invite(call: Call) -> Reply:
    company, sent = _client(call, call.path_ids[0]), read_flow(call, "User", _LABEL)
    _check_role(company, sent["AccessRoleId"])
    identity = {"Id": str(UUID(int=call.books.new_id())), "Status": "InvitePending"}
    return _put_user(call, company, whole("User", {**sent, **identity}, ""))


def _add_partner_user(call: Call) -> Reply:
    company, sent = _client(call, call.path_ids[0]), read_flow(call, "AddPartnerUser", _LABEL)
    _check_role(company, sent["AccessRoleId"])
    dates = {name: sent.get(name) for name in ("FromDate", "ToDate")}
    user = {**_any_user(call, sent["PartnerUserId"]), "AccessRoleId": sent["AccessRoleId"], **dates}
    return _put_user(call, company, user)


def _patch_user(call: Call) -> Reply:
    company, user, fields = _client(call, call.path_ids[0]), _user(call), schema_of("User")

    def resolve(segment: str) -> str | None:
        field = fields.writable(segment, "PATCH")
        return None if field is None else field.name

    try:
        raw = apply_patch(user, decoded(call), resolve)
        sent = read_fields(fields, {name: raw[name] for name in raw if raw[name] != user[name]}, "PATCH")
    except (PatchError, BadValueError) as error:
        raise refuse(400, f"{_LABEL} validation error(s)", f"UserPatchDto: {error}") from None
    changed = {**user, **sent}
    _check_role(company, changed["AccessRoleId"])
    return _put_user(call, company, changed)


def _remove_integration(call: Call) -> Reply:
    call.access.revoke(call.grant.integration)
    return as_json(
        200,
        {
            "Message": "The integration has been removed.",
            "RemoveFactoring": False,
            "ResetInvoiceFinancing": False,
            "Success": True,
        },
    )


_USERS, _NAME = "/ClientAdmin/{clientId}/Users", "ClientAdmin"
ROUTES: Routes = {
    ("GET", "/ClientAdmin/Clients"): Route(_clients, f"{_NAME}/Clients", _PRIVILEGE),
    ("POST", "/ClientAdmin/CreateNewClient"): Route(_create, f"{_NAME}/Clients", _PRIVILEGE),
    ("POST", "/ClientAdmin/AddIntegrationToClient/{clientId}"): Route(_add_integration, "", _PRIVILEGE),
    ("GET", "/ClientAdmin/{clientId}/AccessRoles"): Route(_roles, f"{_NAME}/AccessRoles", _PRIVILEGE),
    ("GET", _USERS): Route(_users, f"{_NAME}/Users", _PRIVILEGE),
    ("GET", f"{_USERS}/{{userId}}"): Route(_get_user, f"{_NAME}/Users", _PRIVILEGE),
    ("PATCH", f"{_USERS}/{{userId}}"): Route(_patch_user, f"{_NAME}/Users", _PRIVILEGE),
    ("POST", f"{_USERS}/Invite"): Route(_invite, f"{_NAME}/Users", _PRIVILEGE),
    ("POST", f"{_USERS}/AddPartnerUser"): Route(_add_partner_user, f"{_NAME}/Users", _PRIVILEGE),
    ("GET", "/ClientAdmin/{userId}/UserAccessRoles"): Route(
        _user_roles, f"{_NAME}/UserAccessRoles", _PRIVILEGE
    ),
    ("DELETE", "/Offboarding/RemoveIntegration"): Route(_remove_integration, "", None),
}
