"""
Which companies of a connection are active clients of the accounting firm, by ClientAdmin.

Rule: it reads only. ``ClientAdmin/AddIntegrationToClient`` would mint a client key, at each call and for
good: that is a person's decision, see docs/companies.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.errors import PowerOfficeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

log = logging.getLogger(__name__)


def active_companies(firm: Client, open_client: Callable[[str], Client], aliases: Sequence[str]) -> list[str]:
    """
    Keep the aliases whose company is an active client of the firm.

    :param firm: a client of the firm's own company, with the privilege ClientAdmin (OpenAPI: ClientAdmin).
    :param open_client: opens a client of an alias.
    :param aliases: of the connection.
    :return: in the same order; a company that could not be asked is kept.
    :raises PowerOfficeError: the firm's own company did not answer.
    """
    clients = {str(row["Id"]): row for row in _clients(firm) if row.get("IsActive")}
    kept: list[str] = []
    for alias in aliases:
        try:
            with open_client(alias) as client:
                identifier = _client_id(client)
        except (PowerOfficeError, ValueError) as error:
            log.warning("[%s] could not be asked who it is, and is listed all the same: %s", alias, error)
            kept.append(alias)
            continue
        if clients.pop(identifier, None) is None:
            log.warning("[%s] is no active client of the firm, and is left out", alias)
        else:
            kept.append(alias)
    for row in clients.values():
        log.warning(
            "no client key for the firm's active client %s (organization number %s)",
            row.get("ClientName"),
            row.get("OrganizationNumber"),
        )
    return kept


def _clients(firm: Client) -> list[dict[str, Any]]:
    return [row for page in firm.pages("ClientAdmin/Clients") for row in page.rows]


def _client_id(client: Client) -> str:
    body = client.request("GET", "ClientIntegrationInformation").body
    return str(body.get("ClientId")) if isinstance(body, dict) else ""
