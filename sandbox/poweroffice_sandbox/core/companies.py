"""
Who may call to begin with: environments, applications, subscriptions, companies, the published keys.

Rule: data and look-ups only; what changes while it runs is in v2's ``access``. The keys open nothing
but this sandbox, so they are printed and never redacted here. The environments share nothing (portal page
"Authentication and authorization"). A subscription serves several applications, an application has one
subscription (facts 1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .near import choose, near

# OpenAPI "Auth roles": reading needs the name, writing the name + "_Full".
FULL_PRIVILEGES = (
    "AccountTransaction",
    "BankTransfer_Full",
    "BankVoucher_Full",
    "CashVoucher_Full",
    "ClientBankAccount_Full",
    "CommonServices_Full",
    "ContactBankAccount_Full",
    "ContactDeliveryAddress_Full",
    "ContactGroup_Full",
    "ContactPerson_Full",
    "CustomDimension_Full",
    "CustomerLedger",
    "CustomerProspect_Full",
    "Customer_Full",
    "Department_Full",
    "EmployeeBankAccounts_Full",
    "EmployeeHourlyRates_Full",
    "EmployeePayrollSettings_Full",
    "EmployeePensionSettings_Full",
    "Employee_Full",
    "EmploymentFixedSalary_Full",
    "EmploymentFtePercentage_Full",
    "EmploymentLayoff_Full",
    "EmploymentLeave_Full",
    "EmploymentSalary_Full",
    "Employment_Full",
    "Enterprises",
    "GeneralLedgerAccount_Full",
    "IncomingInvoice",
    "JournalEntryVoucher_Full",
    "Location_Full",
    "ManualVoucher_Full",
    "OutgoingInvoice",
    "OutgoingInvoiceVoucher_Full",
    "PayItem",
    "PayrollSettings",
    "Product_Full",
    "Project_Full",
    "QualityAssignmentGeneral_Full",
    "QualityAssignmentLight",
    "SalaryLine_Full",
    "SalesOrderAttachment_Full",
    "SalesOrders_Full",
    "SupplierLedger",
    "Supplier_Full",
    "TimeTracking_Full",
    "TimeTransaction",
    "TrialBalance",
    "VoucherApproval_Full",
    "VoucherDocumentation_Full",
    "YearEndVoucher_Full",
)
REDUCED_PRIVILEGES = (
    "CommonServices",
    "ContactGroup",
    "Customer",
    "Department",
    "Product_Full",
    "Project",
)
PARTNER_PRIVILEGES = (*FULL_PRIVILEGES, "ClientAdmin_Full")

_SHOWN = 10  # companies in an error


@dataclass(frozen=True)
class Keys:
    """The three keys of one company in one environment."""

    application_key: str
    client_key: str
    subscription_key: str


@dataclass(frozen=True)
class Application:
    """An integration, as it is known to PowerOffice."""

    key: str
    name: str


@dataclass(frozen=True)
class Subscription:
    """A product subscription: its primary and secondary key, and the applications it serves."""

    keys: tuple[str, str]
    applications: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    """
    A Go client: one company in one environment.

    :param client_keys: one for each of the environment's applications; none for a company made at run time.
    """

    environment: str
    index: int
    alias: str
    name: str
    organization_number: str
    client_id: str
    client_keys: tuple[str, ...] = ()
    privileges: tuple[str, ...] = FULL_PRIVILEGES

    @property
    def client_key(self) -> str:
        """The client key of the first application."""
        return self.client_keys[0]

    @property
    def invalid_privileges(self) -> tuple[str, ...]:
        """Privileges the integration asks for and this company has not."""
        return tuple(name for name in FULL_PRIVILEGES if name not in self.privileges)


@dataclass(frozen=True)
class Environment:
    """One environment: its path, its keys, its companies."""

    name: str
    prefix: str
    applications: tuple[Application, ...]
    subscriptions: tuple[Subscription, ...]
    companies: tuple[Company, ...]

    def subscription_of(self, application: str) -> Subscription:
        """Find the subscription that serves an application."""
        return next(item for item in self.subscriptions if application in item.applications)


_COMPANIES = (
    ("fjordlys", "Fjordlys Verksted AS", FULL_PRIVILEGES),
    ("havblaast", "Havblåst Kafé AS", FULL_PRIVILEGES),
    ("bjorkasen", "Bjørkåsen Økonomi AS", REDUCED_PRIVILEGES),
    ("granli", "Granli Regnskapsbyrå AS", PARTNER_PRIVILEGES),
)
_APPLICATIONS = ("Ledger export", "Web shop", "Time sheets")


def _environment(name: str, prefix: str, digit: int, secondary: tuple[str, str]) -> Environment:
    """Make an environment; ``digit`` and the ends of the subscription keys tell the two apart."""
    applications = tuple(
        Application(f"a11c0de0-0000-4000-8000-0000000000{index}{digit}", text)
        for index, text in enumerate(_APPLICATIONS)
    )
    keys = tuple(application.key for application in applications)
    return Environment(
        name=name,
        prefix=prefix,
        applications=applications,
        subscriptions=tuple(
            Subscription(
                (
                    f"5ab0c0de5ab0c0de5ab0c0de000000{index}{secondary[0]}",
                    f"5ab0c0de5ab0c0de5ab0c0de000000{index}{secondary[1]}",
                ),
                served,
            )
            for index, served in enumerate((keys[:2], keys[2:]))
        ),
        companies=tuple(
            Company(
                environment=name,
                index=index,
                alias=alias,
                name=text + (" (demo)" if prefix else ""),
                organization_number=f"99900{digit}10{index}",
                client_id=f"5a0c3f1e-7d1b-4d0a-9a42-0b7c55e0{digit}90{index}",
                client_keys=tuple(
                    f"c11e00{application}{digit}-0000-4000-8000-{index + 1:012}"
                    for application in range(len(applications))
                ),
                privileges=privileges,
            )
            for index, (alias, text, privileges) in enumerate(_COMPANIES)
        ),
    )


PRODUCTION = _environment("production", "", 1, ("1", "2"))
DEMO = _environment("demo", "/Demo", 2, ("d", "e"))
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
        raise ValueError(f"environment = {name!r}: {choose(name, ENVIRONMENTS)}.") from None


def company_among(companies: Sequence[Company], name: int | str) -> Company:
    """
    Find a company among some.

    :param name: its position, alias or client id.
    :raises ValueError: there is none.
    """
    for item in companies:
        if str(name) in {str(item.index), item.alias, item.client_id}:
            return item
    more = f" and {len(companies) - _SHOWN} more" if len(companies) > _SHOWN else ""
    choices = ", ".join(f"{item.index} ({item.alias})" for item in companies[:_SHOWN])
    found = near(str(name), [item.alias for item in companies])
    perhaps = f"; perhaps {' or '.join(found)}" if found else ""
    raise ValueError(f"company = {name!r}: choose one of {choices}{more}{perhaps}.")


def keys_of(company: Company, application: int = 0) -> Keys:
    """
    Give a company's keys, with the primary subscription key.

    :param application: the application's position.
    :raises ValueError: there is none.
    """
    environment = ENVIRONMENTS[company.environment]
    if not company.client_keys:
        raise ValueError(f"company = {company.alias!r}: made at run time, it has no published keys.")
    if not 0 <= application < len(environment.applications):
        raise ValueError(f"application = {application!r}: give 0 to {len(environment.applications) - 1}.")
    key = environment.applications[application].key
    return Keys(key, company.client_keys[application], environment.subscription_of(key).keys[0])
