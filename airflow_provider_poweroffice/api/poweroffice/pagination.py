"""What v2 says about pages in the header ``X-Pagination``, of which only two keys are confirmed."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_poweroffice.api.facts import PageInfo


def read_pagination(header: str | None) -> PageInfo:
    """
    Read the header: JSON text, keys in any case.

    The links are only looked at for being there: behind the gateway they may name another host.
    """
    try:
        loaded = json.loads(header or "")
    except ValueError:
        return PageInfo()
    if not isinstance(loaded, dict):
        return PageInfo()
    facts = {str(key).lower(): value for key, value in loaded.items()}
    rows, size = _whole(facts.get("totalcount")), _whole(facts.get("pagesize"))
    pages = _whole(facts.get("totalpages"))
    return PageInfo(
        total_rows=rows,
        total_pages=-(-rows // size) if pages is None and rows and size else pages,
        number=_whole(facts.get("currentpage")),
        # A link that is left out proves nothing: the server may never send one.
        is_last=not facts["nextpagelink"] if "nextpagelink" in facts else None,
    )


def _whole(value: Any) -> int | None:
    try:
        return None if value is None or isinstance(value, bool) else int(value)
    except (TypeError, ValueError):
        return None
