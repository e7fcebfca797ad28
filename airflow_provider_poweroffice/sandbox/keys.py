"""
Who may call: the two environments, their companies, the published keys and privileges.

Rule: data and look-ups only. The keys open nothing but this sandbox, so they are printed and never redacted
here. The environments share nothing (portal page "Authentication and authorization").
"""

from __future__ import annotations

from dataclasses import dataclass

# OpenAPI "Auth roles": reading needs the name, writing the name + "_Full".
FULL_PRIVILEGES = (
    "AccountTransaction",
    "CommonServices_Full",
    "ContactGroup_Full",
    "Customer_Full",
    "Department_Full",
    "Employee_Full",
    "GeneralLedgerAccount_Full",
    "OutgoingInvoice",
    "Product_Full",
    "Project_Full",
    "SalesOrders_Full",
    "Supplier_Full",
    "TrialBalance",
)
REDUCED_PRIVILEGES = (
    "CommonServices",
    "ContactGroup",
    "Customer",
    "Department",
    "Product_Full",
    "Project",
)


@dataclass(frozen=True)
class Keys:
    """The three keys of one company in one environment."""

    application_key: str
    client_key: str
    subscription_key: str


@dataclass(frozen=True)
class Company:
    """A Go client: one company in one environment."""

    environment: str
    index: int
    alias: str
    name: str
    organization_number: str
    client_id: str
    client_key: str
    privileges: tuple[str, ...] = FULL_PRIVILEGES

    @property
    def invalid_privileges(self) -> tuple[str, ...]:
        """Privileges the integration asks for and this company has not."""
        return tuple(name for name in FULL_PRIVILEGES if name not in self.privileges)


@dataclass(frozen=True)
class Environment:
    """One environment: its path, its keys, its companies."""

    name: str
    prefix: str
    application_key: str
    subscription_keys: tuple[str, str]
    companies: tuple[Company, ...]


def _companies(environment: str, client_keys: tuple[str, str, str]) -> tuple[Company, ...]:
    suffix = "" if environment == "production" else " (demo)"
    digit = 1 if environment == "production" else 2
    names = ("Fjordlys Verksted AS", "Havblåst Kafé AS", "Bjørkåsen Økonomi AS")
    aliases = ("fjordlys", "havblaast", "bjorkasen")
    return tuple(
        Company(
            environment=environment,
            index=index,
            alias=alias,
            name=name + suffix,
            organization_number=f"99900{digit}10{index}",
            client_id=f"5a0c3f1e-7d1b-4d0a-9a42-0b7c55e0{digit}90{index}",
            client_key=key,
            privileges=REDUCED_PRIVILEGES if index == len(names) - 1 else FULL_PRIVILEGES,
        )
        for index, (name, alias, key) in enumerate(zip(names, aliases, client_keys, strict=True))
    )


PRODUCTION = Environment(
    name="production",
    prefix="",
    application_key="a11c0de0-0000-4000-8000-000000000001",
    subscription_keys=("5ab0c0de5ab0c0de5ab0c0de00000001", "5ab0c0de5ab0c0de5ab0c0de00000002"),
    companies=_companies(
        "production",
        (
            "c11e0001-0000-4000-8000-000000000001",
            "c11e0001-0000-4000-8000-000000000002",
            "c11e0001-0000-4000-8000-000000000003",
        ),
    ),
)
DEMO = Environment(
    name="demo",
    prefix="/Demo",
    application_key="a11c0de0-0000-4000-8000-000000000002",
    subscription_keys=("5ab0c0de5ab0c0de5ab0c0de0000000d", "5ab0c0de5ab0c0de5ab0c0de0000000e"),
    companies=_companies(
        "demo",
        (
            "c11e0002-0000-4000-8000-000000000001",
            "c11e0002-0000-4000-8000-000000000002",
            "c11e0002-0000-4000-8000-000000000003",
        ),
    ),
)
ENVIRONMENTS = {"production": PRODUCTION, "demo": DEMO}


def environment_named(name: str) -> Environment:
    """
    Find an environment.

    :param name: ``production`` or ``demo``.
    :raises ValueError: another name.
    """
    try:
        return ENVIRONMENTS[name]
    except KeyError:
        raise ValueError(f"environment = {name!r}: choose one of {', '.join(ENVIRONMENTS)}.") from None


def company_of(company: int | str, environment: str = "production") -> Company:
    """
    Find a company.

    :param company: its position (0 to 2) or its alias.
    :param environment: ``production`` or ``demo``.
    :raises ValueError: there is none.
    """
    companies = environment_named(environment).companies
    for item in companies:
        if company in {item.index, item.alias, str(item.index)}:
            return item
    choices = ", ".join(f"{item.index} ({item.alias})" for item in companies)
    raise ValueError(f"company = {company!r}: choose one of {choices}.")


def keys_of(company: Company) -> Keys:
    """
    Give a company's keys, with the primary subscription key.

    :param company: from :func:`company_of`.
    """
    environment = ENVIRONMENTS[company.environment]
    return Keys(environment.application_key, company.client_key, environment.subscription_keys[0])
