"""
Advice while a DAG file is read, from what is known of the API.

Rule: a warning, never a wall: the API grows, and this package may be older than it.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from airflow_provider_poweroffice.api.dialects.d365fo import D365FO
from airflow_provider_poweroffice.api.dialects.poweroffice_v1 import PowerOfficeV1
from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2

_VERSIONS = (PowerOfficeV2(), PowerOfficeV1())
# Names of Finance & Operations: a version at the end, a key, its own roots; the connection is not known yet.
_OTHER_API = re.compile(r"V\d+(\(|/|$)|\(|^/?(data|api|metadata)/")


def warn_of_unknown(endpoint: Any) -> None:
    """
    Warn of an endpoint that looks like a misspelt one; templates are not looked at.

    Which version the connection is of is not known here: what any of them has is right.
    """
    if not isinstance(endpoint, str) or "{{" in endpoint or "{%" in endpoint or not endpoint:
        return
    if _OTHER_API.search(endpoint) or D365FO().catalogue.find(f"data/{endpoint}"):
        return
    if any(version.catalogue.find(endpoint) for version in _VERSIONS):
        return
    found = {version.catalogue.suggest(endpoint): version.name for version in _VERSIONS}
    if meant := " or ".join(f"{path!r} ({name})" for path, name in found.items() if path):
        warnings.warn(f"endpoint {endpoint!r} is not known; did you mean {meant}?", UserWarning, stacklevel=4)
