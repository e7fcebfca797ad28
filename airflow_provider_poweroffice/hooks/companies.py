"""
The companies of one connection: aliases and their client keys, the choice among them, and which are active.

Rule: aliases are shown, keys never, not even in part. ClientAdmin is only read: each call of its
``AddIntegrationToClient`` would make a permanent client key, which is for a person to decide, see
docs/companies.md.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.texts import holds_key, listed, shown
from airflow_provider_poweroffice.errors import PowerOfficeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client

log = logging.getLogger(__name__)

EXTRA = "client_api_keys"
_CLEAR = "client_keys"
_ALIAS = re.compile(r"\w[\w.-]{0,79}")
SOURCES = ("connection", "client_admin")
_SHOWN = 20  # aliases in an error: more would cover the log


def read_client_keys(extra: Mapping[str, Any]) -> dict[str, str]:
    """
    Read alias to client key, in the connection's order; empty for a connection of one company.

    :param extra: the connection's extras; a form may have stored the object as JSON text.
    :raises ValueError: not an object of alias to key, an alias that cannot be part of a path, or two alike.
    """
    if extra.get(_CLEAR):
        raise ValueError(f"extra {_CLEAR} would be shown in clear text by Airflow; call it {EXTRA}")
    keys = _object_of(extra.get(EXTRA))
    if not keys:
        return {}
    if not isinstance(keys, dict):
        raise ValueError(f"extra {EXTRA} is not an object; {_form()}")  # noqa: TRY004 - as all of a connection
    for place, (alias, key) in enumerate(keys.items(), start=1):
        _check_alias(alias, place)
        if not isinstance(key, str) or not key.strip():
            raise ValueError(f"extra {EXTRA}: the client key of {shown(alias)} is missing; {_form()}")
    _check_different(keys)
    return keys


def _object_of(keys: Any) -> Any:
    if not isinstance(keys, str):
        return keys
    try:
        return json.loads(keys.strip() or "{}", object_pairs_hook=each_once)
    except DoubledNameError as error:
        raise ValueError(f"extra {EXTRA}: {error}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"extra {EXTRA} is not valid JSON; {_form()}") from None


class DoubledNameError(ValueError):
    """An object of JSON has one name twice, of which a parser would silently take the last."""


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    Make a dict of an object's members; for ``json.loads(..., object_pairs_hook=each_once)``.

    :raises DoubledNameError: a name is there twice; the message says where.
    """
    places: dict[str, int] = {}
    for place, (name, _) in enumerate(pairs, start=1):
        first = places.setdefault(name, place)
        if first != place:
            raise DoubledNameError(
                f"{shown(name)} is there twice, at the places {first} and {place} of one object; keep one"
            )
    return dict(pairs)


def _form() -> str:
    return 'write {"alias": "client key", ...}'


def _check_alias(alias: str, place: int) -> None:
    """Refuse an alias that cannot be part of a path; one that is a key is not shown."""
    if holds_key(alias):
        raise ValueError(f"extra {EXTRA}: the alias at place {place} looks like a key; {_form()}")
    if not _ALIAS.fullmatch(alias):
        raise ValueError(
            f"extra {EXTRA}: the alias {shown(alias)} must be up to 80 letters, digits and . _ -, "
            "beginning with a letter or digit: it becomes part of paths"
        )


def _check_different(keys: Mapping[str, str]) -> None:
    """Refuse two aliases with one key: one company would be stored under two names."""
    seen: dict[str, str] = {}
    for alias, key in keys.items():
        other = seen.setdefault(key.strip().lower(), alias)
        if other != alias:
            raise ValueError(f"extra {EXTRA}: {shown(other)} and {shown(alias)} have the same client key")
    names: dict[str, str] = {}
    for alias in keys:
        other = names.setdefault(alias.casefold(), alias)
        if other != alias:
            raise ValueError(
                f"extra {EXTRA}: {shown(other)} and {shown(alias)} differ by case only; "
                "some stores take them for one"
            )


def key_of(keys: Mapping[str, str], company: str | None, password: str | None) -> str | None:
    """
    Choose a client key.

    :param company: an alias; None for the company of the password.
    :param password: the client key of the company without an alias, if there is one.
    :return: None where the password is missing and the connection holds no other company.
    :raises ValueError: the alias is unknown, or none was chosen and the password is empty.
    """
    if company is None:
        if password or not keys:
            return password
        raise ValueError(f"no company is chosen and the password is empty; give company=, {_known(keys)}")
    check_company(company)
    if company not in keys:
        raise ValueError(f"unknown company {shown(company)}; {_known(keys)}")
    return keys[company]


def check_company(company: Any) -> None:
    """
    Refuse what is not an alias at all, before it is looked up, logged or stored.

    :raises ValueError: the value is empty, not a single text, or looks like a key.
    """
    if not isinstance(company, str) or not company.strip():
        raise ValueError(
            f"company {shown(company)} is not an alias; give one, or None for the company of the password. "
            "Several are mapped: .expand(company=[...])"
        )
    if holds_key(company):
        raise ValueError("company looks like a key; give the alias it has in the connection")


def check_companies(companies: Any) -> None:
    """
    Refuse what is not a list of aliases, each once.

    :raises ValueError, TypeError: says which, and the way out.
    """
    is_list = isinstance(companies, Sequence) and not isinstance(companies, str)
    if not is_list or not all(isinstance(alias, str) for alias in companies):
        raise TypeError(f"companies must be a list of aliases, not {shown(companies)}")
    if not companies:
        raise ValueError(
            "companies is empty: nothing would be loaded. Give aliases, or None for the company of the "
            "connection's password"
        )
    for alias in companies:
        check_company(alias)
    # Keys of a connection differ by more than case, and Finance & Operations takes USMF for usmf.
    counts = Counter(alias.casefold() for alias in companies)
    if twice := sorted(alias for alias, count in counts.items() if count > 1):
        raise ValueError(f"companies names {', '.join(twice)} twice")


def chunks(aliases: Sequence[str], size: int) -> list[list[str]]:
    """
    Divide companies among tasks.

    :param size: most companies of a task.
    :raises ValueError: it is not a whole number above 0.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"companies_per_task must be a whole number from 1, not {size!r}")
    return [list(aliases[n : n + size]) for n in range(0, len(aliases), size)]


def check_source(source: str) -> None:
    """
    Check where companies are to be listed from.

    :raises ValueError: it is not one of ``SOURCES``.
    """
    if source not in SOURCES:
        raise ValueError(
            f"unknown source {shown(source)} of companies; use one of: {', '.join(SOURCES)}; or give a list "
            "of aliases"
        )


def _known(keys: Mapping[str, str]) -> str:
    if not keys:
        return f"the connection has no extra {EXTRA}, {_form()}"
    return f"known: {listed(keys, _SHOWN)}"


def active_companies(firm: Client, open_client: Callable[[str], Client], aliases: Sequence[str]) -> list[str]:
    """
    Keep the aliases whose company is an active client of the firm.

    :param firm: a client of the firm's own company, with the privilege ClientAdmin (OpenAPI: ClientAdmin).
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
            log.warning("[%s] could not be asked who it is, and stays in the list: %s", alias, error)
            kept.append(alias)
            continue
        if clients.pop(identifier, None) is None:
            log.warning("[%s] is not an active client of the firm, and is left out", alias)
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
