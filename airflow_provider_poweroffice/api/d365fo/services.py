"""
Service operations: their paths, and the nearest names when one is not found.

Source: Microsoft's page "Custom service development" for the path; the answers to GET as read by published
clients.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from airflow_provider_poweroffice.api.texts import one_line
from airflow_provider_poweroffice.errors import PowerOfficeError

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.response import Response

_ROOT = "api/services"
_LEVELS = (("ServiceGroups", "service group"), ("Services", "service"), ("Operations", "operation"))
_NEAR = 5
_CLOSE = 0.6
_SHOWN = 300  # characters


class Requests(Protocol):
    """The one method of a client that is needed here."""

    def request(self, method: str, endpoint: str) -> Response:
        """Make it."""
        ...


def service_parts(name: Any, *, discovery: bool = False) -> list[str]:
    """
    Take a service name apart.

    :param name: ``Group/Service/Operation``, with or without ``/api/services/`` before it.
    :param discovery: fewer parts, or none, will do: they are asked for what they hold.
    :raises ValueError: other than three parts, an empty part, ``..``, a URL or a query.
    """
    if not isinstance(name, str) or urlsplit(name).scheme or "?" in name or "#" in name:
        raise ValueError(
            f"service_name must be Group/Service/Operation, without host and query, not {name!r}"
        )
    text = name.strip().removeprefix("/")
    if text == _ROOT or text.startswith(f"{_ROOT}/"):
        text = text.removeprefix(_ROOT).removeprefix("/")
    parts = text.split("/") if text else []
    if not all(map(_is_name, parts)):
        raise ValueError(
            f"service_name {name!r} has an empty or forbidden part: was a name empty? If not, leave out the "
            "last slash"
        )
    if len(parts) > len(_LEVELS) or (len(parts) < len(_LEVELS) and not discovery):
        raise ValueError(
            f"service_name {name!r} has {len(parts)} part(s); it is made of three, Group/Service/Operation. "
            "Fewer are for discovery: method='GET' without a payload"
        )
    return parts


def _is_name(part: str) -> bool:
    return part.strip() not in {"", ".", ".."} and part.isprintable()


def service_path(parts: list[str]) -> str:
    """Give the path below the base URL."""
    return "/".join((_ROOT, *(quote(part.strip(), safe="") for part in parts)))


def services(client: Requests, name: str = "") -> Any:
    """
    List the service groups, services or operations.

    :param name: ``""``, ``Group``, ``Group/Service`` or ``Group/Service/Operation``.
    :return: a list of names, empty where the answer has none; for an operation, a dict of its
        ``Parameters`` and ``Return``.
    :raises PowerOfficeError: the server refuses.
    """
    parts = service_parts(name, discovery=True)
    body = client.request("GET", service_path(parts)).body
    if len(parts) == len(_LEVELS):
        return body
    found = body.get(_LEVELS[len(parts)][0]) if isinstance(body, dict) else None
    if not isinstance(found, list):
        return []
    return [str(item["Name"]) for item in found if isinstance(item, dict) and "Name" in item]


def near_names(client: Requests, parts: list[str]) -> str | None:
    """
    Say which part of a service name does not exist, and which names are close to it.

    :return: None when all parts exist, or when the server does not list them.
    """
    try:
        for level, (part, (_, what)) in enumerate(zip(parts, _LEVELS, strict=False)):
            above = parts[:level]
            names = services(client, "/".join(above))
            if not names:
                return None
            if part not in names:
                return f"no such {what}: {part!r}; {_near(part, names)}"
    except PowerOfficeError:
        return None  # the first error says more than that of the search
    return None


def _near(part: str, names: list[str]) -> str:
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(part.lower(), by_lower, n=_NEAR, cutoff=_CLOSE)
    if close:
        return f"near names: {one_line(', '.join(by_lower[name] for name in close), _SHOWN)}"
    shown = one_line(", ".join(sorted(names)[:_NEAR]), _SHOWN)
    return f"there are {len(names)}: {shown}{', ...' if len(names) > _NEAR else ''}"
