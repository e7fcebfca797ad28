"""
What v1 and v2 of PowerOffice Go share: the same companies and keys, in two environments.

Rule: nothing that only one of the two has.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from .companies import ENVIRONMENTS, Company, Environment, Keys, company_among, environment_named, keys_of
from .connection import as_json_text, as_uri
from .control import Query
from .sandbox import BaseSandbox
from .sizes import SizeTable
from .state import BaseState
from .switches import SwitchTable

S = TypeVar("S", bound=SwitchTable)
Z = TypeVar("Z", bound=SizeTable)


class PowerOfficeState(BaseState[S, Z], Generic[S, Z]):
    """The state of a sandbox whose data belongs to companies."""

    def companies(self, environment: str) -> Sequence[Company]:
        """
        Give the companies of an environment.

        :param environment: ``production`` or ``demo``.
        """
        return environment_named(environment).companies

    def company(self, name: int | str, environment: str = "production") -> Company:
        """
        Find a company.

        :param name: its position, alias or client id.
        :param environment: ``production`` or ``demo``.
        :raises ValueError: there is none.
        """
        return company_among(self.companies(environment), name)

    def company_of(self, values: Mapping[str, Any]) -> Company:
        """
        Find the company of a control call.

        :param values: ``company`` and ``environment``, if they were given.
        :raises ValueError: there is none.
        """
        return self.company(values.get("company", "0"), values.get("environment", "production"))

    @abstractmethod
    def totals(self, company: Company) -> dict[str, int]:
        """Give the number of rows of each resource."""


COMPANY = ("company", "environment")
"""By these a control call says which company it means."""


def totals(state: PowerOfficeState[Any, Any], query: Query, _body: Any) -> Any:
    """Answer the control call ``totals``."""
    company = state.company_of(query)
    return {"company": company.alias, "rows": state.totals(company), "connections": state.connections}


T = TypeVar("T", bound=PowerOfficeState[Any, Any])


class PowerOfficeSandbox(BaseSandbox[T], Generic[T]):
    """The face of a sandbox of PowerOffice Go."""

    title: ClassVar[str]
    path: ClassVar[str]
    """What follows the environment in the address of the API."""
    connection_name: ClassVar[str]

    def base_url(self, environment: str = "production") -> str:
        """
        Give the address the API's paths are below.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}{self.path}"

    def token_url(self, environment: str = "production") -> str:
        """
        Give the address of the token endpoint.

        :param environment: ``production`` or ``demo``.
        """
        return f"{self.url}{environment_named(environment).prefix}/OAuth/Token"

    def keys(self, company: int | str = 0, environment: str = "production", application: int = 0) -> Keys:
        """
        Give a company's published keys; v1 uses the first two.

        :param company: position or alias; 2 has reduced rights, 3 is an accounting firm.
        :param environment: ``production`` or ``demo``.
        :param application: position; the third one has another subscription.
        """
        return keys_of(self.state.company(company, environment), application)

    def totals(self, company: int | str = 0, environment: str = "production") -> dict[str, int]:
        """
        Give the number of rows the sandbox holds, by resource.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return self.state.totals(self.state.company(company, environment))

    def connection_json(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as JSON.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return as_json_text(self.connection(company, environment))

    def connection_uri(self, company: int | str = 0, environment: str = "production") -> str:
        """
        Give an Airflow connection as URI.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """
        return as_uri(self.connection(company, environment))

    @abstractmethod
    def connection(self, company: int | str = 0, environment: str = "production") -> dict[str, Any]:
        """
        Give the parts of an Airflow connection, secrets among them.

        :param company: position or alias.
        :param environment: ``production`` or ``demo``.
        """

    @abstractmethod
    def key_lines(self, environment: Environment) -> list[str]:
        """Say who may call an environment, for the command."""

    @abstractmethod
    def curl(self) -> list[str]:
        """Give the lines of an example for ``curl``."""

    def announcement(self) -> str:
        """Give what the command prints."""
        lines = [f"{self.title} sandbox on {self.url}"]
        for environment in ENVIRONMENTS.values():
            urls = [
                f"base URL         {self.base_url(environment.name)}",
                f"token URL        {self.token_url(environment.name)}",
                f"application key  {environment.applications[0].key}",
            ]
            own = [*urls, *self.key_lines(environment)]
            lines += ["", f"{environment.name}:", *(f"  {line}" for line in own)]
        export = f"export AIRFLOW_CONN_{self.connection_name}='{self.announced_connection()}'"
        return "\n".join([*lines, "", "Airflow:", export, "", "curl:", *self.curl()]) + "\n"

    def announced_connection(self) -> str:
        """Give the connection that the command prints, as JSON."""
        return self.connection_json()


def client_key_lines(environment: Environment, notes: Mapping[int, str]) -> list[str]:
    """
    List the client keys of the named companies.

    :param notes: what is said of a company, by its position.
    """
    return [
        f"client key       {item.client_key}  {item.name}{notes.get(item.index, '')}"
        for item in environment.companies
    ]
