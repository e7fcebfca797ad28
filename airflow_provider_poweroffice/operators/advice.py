"""
Advice while a DAG file is read, from what is known of the API.

Rule: a warning, never a wall: the API grows, and this package may be older than it.
"""

from __future__ import annotations

import warnings
from typing import Any

from airflow_provider_poweroffice.api.dialects.poweroffice_v2 import PowerOfficeV2


def warn_of_unknown(endpoint: Any) -> None:
    """Warn of an endpoint that looks like a misspelt one; templates are not looked at."""
    if not isinstance(endpoint, str) or "{{" in endpoint or "{%" in endpoint:
        return
    if meant := PowerOfficeV2().known.suggest(endpoint):
        warnings.warn(
            f"endpoint {endpoint!r} is not known; did you mean {meant!r}?", UserWarning, stacklevel=4
        )
