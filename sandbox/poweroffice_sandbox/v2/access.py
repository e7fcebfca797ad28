"""
Who may call now: client keys, rights and companies, as onboarding, partners and tests have changed them.

Rule: the only changeable part of the access model, which begins as :mod:`..core.companies` says. A client key
belongs to one company and one application. Rights are per company and take effect with the next token.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from ..core.companies import (
    ENVIRONMENTS,
    FULL_PRIVILEGES,
    Company,
    Environment,
    company_among,
    environment_named,
)

_MINTED = 0xC11E_00F0_0000_4000_8000_0000_0000_0000
_CREATED = 0x5A0C_3F1E_7D1B_4D0A_9A42_0B7C_5600_0000


@dataclass(frozen=True)
class Integration:
    """One application in one company: what a client key opens."""

    client_key: str
    application: str
    company: Company


@dataclass(frozen=True)
class Rights:
    """What the integrations of a company may do."""

    privileges: tuple[str, ...]
    allow_send_invoice: bool = True

    @property
    def invalid(self) -> tuple[str, ...]:
        """Privileges an integration asks for and the company has not given."""
        return tuple(name for name in FULL_PRIVILEGES if name not in self.privileges)


@dataclass(frozen=True)
class Onboarding:
    """One process: who asked, until when, and the companies the user has agreed to."""

    code: str
    environment: Environment
    application: str
    organization: str | None
    redirect: str | None
    expires: float
    agreed: tuple[Company, ...] = ()


def _further_companies(environment: str, count: int) -> tuple[Company, ...]:
    """
    Make the companies besides the named ones: from their position alone, the same in every sandbox.

    :param environment: ``production`` or ``demo``.
    :param count: of all companies of the environment, the named ones included.
    """
    named = ENVIRONMENTS[environment].companies
    digit, demo = 1 + list(ENVIRONMENTS).index(environment), ENVIRONMENTS[environment].prefix
    return tuple(
        Company(
            environment=environment,
            index=index,
            alias=f"firma-{index:03}",
            name=f"Firma {index} AS" + (" (demo)" if demo else ""),
            organization_number=f"998{digit}{index:05}",
            client_id=f"5a0c3f1e-7d1b-4d0a-9a42-0b7c55e{digit}{index:04}",
            # As those of the named ones, with the position in the last group.
            client_keys=tuple(f"{key[:24]}{index + 1:012}" for key in named[0].client_keys),
        )
        for index in range(len(named), count)
    )


class Access:
    """
    The access model of one sandbox.

    :param companies: how many each environment has; the named ones are always there.
    """

    def __init__(self, companies: int = 0) -> None:
        self._companies = {
            item.client_id: item
            for env in ENVIRONMENTS.values()
            for item in (*env.companies, *_further_companies(env.name, companies))
        }
        self._integrations = {
            key: Integration(key, application.key, company)
            for company in self._companies.values()
            for application, key in zip(
                ENVIRONMENTS[company.environment].applications, company.client_keys, strict=True
            )
        }
        self._rights: dict[str, Rights] = {}
        self._minted = 0
        self.onboardings: dict[str, Onboarding] = {}

    def copy(self) -> Self:
        """Give a copy that later changes do not reach."""
        other = copy(self)
        other._companies, other._integrations = dict(self._companies), dict(self._integrations)  # noqa: SLF001
        other._rights = dict(self._rights)  # noqa: SLF001 - its own class
        other.onboardings = dict(self.onboardings)
        return other

    def integration(self, client_key: str) -> Integration | None:
        """
        Find what a client key opens.

        :param client_key: in any casing.
        """
        return self._integrations.get(client_key.lower())

    def companies(self, environment: str) -> list[Company]:
        """
        Give the companies of an environment.

        :param environment: ``production`` or ``demo``.
        """
        return [item for item in self._companies.values() if item.environment == environment]

    def company(self, name: int | str, environment: str) -> Company:
        """
        Find a company.

        :param name: its position, alias or client id.
        :param environment: ``production`` or ``demo``.
        :raises ValueError: there is none.
        """
        return company_among(self.companies(environment_named(environment).name), name)

    def rights(self, company: Company) -> Rights:
        """Give a company's rights."""
        return self._rights.get(company.client_id) or Rights(company.privileges)

    def change_rights(
        self,
        company: Company,
        *,
        privileges: Iterable[str] | None = None,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        allow_send_invoice: bool | None = None,
    ) -> Rights:
        """
        Change a company's rights; tokens issued before keep the old ones.

        :param privileges: all of them; ``None`` leaves them.
        :param allow_send_invoice: the right to send invoices; ``None`` leaves it.
        """
        rights = self.rights(company)
        names = [*(rights.privileges if privileges is None else privileges), *add]
        kept = tuple(dict.fromkeys(name for name in names if name not in set(remove)))
        rights = replace(rights, privileges=kept)
        if allow_send_invoice is not None:
            rights = replace(rights, allow_send_invoice=allow_send_invoice)
        self._rights[company.client_id] = rights
        return rights

    def mint(self, application: str, company: Company) -> Integration:
        """Make a new client key; an older one of the same pair stays valid."""
        self._minted += 1
        made = Integration(str(UUID(int=_MINTED + self._minted)), application, company)
        self._integrations[made.client_key] = made
        return made

    def revoke(self, integration: Integration) -> None:
        """Take back every client key of an application in a company."""
        pair = (integration.application, integration.company.client_id)
        self._integrations = {
            key: item
            for key, item in self._integrations.items()
            if (item.application, item.company.client_id) != pair
        }

    def create_company(self, environment: str, name: str, organization_number: str) -> Company:
        """
        Make a company; it has no client key yet.

        :param environment: ``production`` or ``demo``.
        """
        index = len(self._companies) + 1
        made = Company(
            environment=environment,
            index=index,
            alias=f"client-{index}",
            name=name,
            organization_number=organization_number,
            client_id=str(UUID(int=_CREATED + index)),
        )
        self._companies[made.client_id] = made
        return made
