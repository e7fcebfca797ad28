"""
Who may call: tenants, app registrations, companies.

Rule: published constants; they open nothing but the sandbox. The secrets hold every character that a client
can encode wrongly in a form.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.near import choose

TENANT = "7e4a9700-0000-4000-8000-000000000001"
"""The environment's tenant."""

DOMAIN = "fjordlys.example"
"""The same tenant by its domain."""

OTHER_TENANT = "7e4a9700-0000-4000-8000-000000000002"
"""A tenant that gives tokens too; Finance & Operations refuses them."""

TENANTS = {
    TENANT: TENANT,
    DOMAIN: TENANT,
    OTHER_TENANT: OTHER_TENANT,
    "common": OTHER_TENANT,
    "organizations": OTHER_TENANT,
}
"""What may stand in the path of a token URL, and the tenant it is."""

HR_AUDIENCE = "http://hr.talent.dynamics.com"
"""The one audience of the old Human Resources, whose API is below ``/namespaces/{guid}``."""

COMPANIES = ("usmf", "usrt", "dat")


@dataclass(frozen=True)
class AppRegistration:
    """
    One app registration, and the user it is mapped to inside Finance & Operations.

    :param registered: whether it is known inside Finance & Operations; if not, a valid token is refused.
    :param company: the user's default company.
    :param companies: those the user may see.
    :param privileged: whether the user's roles allow anything.
    :param priority: of the resource-based throttle.
    :param expired: whether the secret has expired.
    """

    name: str
    client_id: str
    client_secret: str
    company: str = "usmf"
    companies: tuple[str, ...] = COMPANIES
    registered: bool = True
    privileged: bool = True
    priority: str = "Medium"
    expired: bool = False


def _id(number: int) -> str:
    return f"c11e4700-0000-4000-8000-{number:012d}"


APPS = (
    AppRegistration("main", _id(1), "s3cr+t/with=odd&signs%41 and-ÆØÅ€~"),
    AppRegistration("retail", _id(2), "second+secret/==&%", "usrt", ("usrt",), priority="Low"),
    AppRegistration("important", _id(3), "third~secret", priority="High"),
    AppRegistration("unregistered", _id(4), "fourth~secret", registered=False),
    AppRegistration("powerless", _id(5), "fifth~secret", privileged=False),
    AppRegistration("expired", _id(6), "sixth~secret", expired=True),
)
"""In the order of ``D365FOSandbox.keys``."""


def app_of(app: int | str) -> AppRegistration:
    """
    Find an app registration.

    :param app: position, name or client id.
    :raises ValueError: there is no such app.
    """
    for place, item in enumerate(APPS):
        if app in {place, str(place), item.name} or str(app).lower() == item.client_id:
            return item
    raise ValueError(f"app = {app!r}: {choose(app, [item.name for item in APPS])}.")
