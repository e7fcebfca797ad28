"""
Assets ``poweroffice://<connection>/<endpoint>``: a collection as the transfers have loaded it.

Rule: imports nothing heavy; Airflow calls the handler while DAG files are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

if TYPE_CHECKING:
    from airflow.sdk import Asset

SCHEMES = ("poweroffice", "d365fo")
_PART = re.compile(r"[\w.~-]+(/[\w.~-]+)*")


def poweroffice_asset(
    endpoint: str, *, conn_id: str = "poweroffice_default", scheme: str = "poweroffice", extra: Any = None
) -> Asset:
    """
    Name a collection.

    Give it to a transfer as an outlet, and to a DAG as its schedule. Each event carries the
    transfer's receipt, such as ``rows``, ``bytes``, ``watermark``, ``company`` and ``endpoint``.

    :param endpoint: path of a list, such as ``AccountTransactions``.
    :param conn_id: the Airflow connection it is read with.
    :param scheme: ``"poweroffice"``, or ``"d365fo"`` for Dynamics 365.
    :param extra: of the asset itself.
    :raises ValueError, TypeError: a part that cannot be in a URI, such as a template.
    """
    from airflow.sdk import Asset

    path = str(endpoint).strip("/")
    if not isinstance(conn_id, str):
        raise TypeError(f"conn_id must be the id of an Airflow connection, not {type(conn_id).__name__}")
    for name, value in (("endpoint", path), ("conn_id", conn_id)):
        if not _PART.fullmatch(value):
            raise ValueError(
                f"{name} {value!r} cannot be part of an asset: it must be known while the DAG file is read, "
                "and consist of letters, digits, '.', '_', '-' and, in an endpoint, '/'"
            )
    uri = f"{scheme}://{conn_id.lower()}/{path}"
    return Asset(name=uri, uri=uri, extra=extra)


def is_ours(asset: Any) -> bool:
    """Tell whether an asset is a collection that a transfer loads."""
    return str(getattr(asset, "uri", "")).partition("://")[0] in SCHEMES


def normalize(parts: SplitResult) -> SplitResult:
    """
    Check a URI, and write its connection in lower case.

    :raises ValueError: it does not name a connection and an endpoint, and nothing else.
    """
    path = parts.path.strip("/")
    if not parts.netloc or parts.query or parts.fragment or not _PART.fullmatch(path):
        raise ValueError(
            f"asset {parts.geturl()!r} must be {parts.scheme}://<connection>/<endpoint>, such as "
            f"{parts.scheme}://poweroffice_default/Customers"
        )
    return parts._replace(netloc=parts.netloc.lower(), path=f"/{path}")


def to_openlineage(asset: Asset, lineage_context: Any) -> Any:  # noqa: ARG001 - Airflow's signature
    """Name the asset as OpenLineage does: the connection's namespace, and the endpoint."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    scheme, _, rest = asset.uri.partition("://")
    connection, _, endpoint = rest.partition("/")
    return Dataset(namespace=f"{scheme}://{connection}", name=endpoint)
