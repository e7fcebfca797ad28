"""What v2 says about pages in the header ``X-Pagination``, of which only two keys are confirmed."""

from __future__ import annotations

from airflow_provider_poweroffice.api.decoding import read_json, whole_number
from airflow_provider_poweroffice.api.facts import PageInfo
from airflow_provider_poweroffice.errors import InvalidResponseError


def read_pagination(header: str | None) -> PageInfo:
    """
    Read the header: JSON text, keys in any case.

    The links are only looked at for being there: behind the gateway they may name another host.
    """
    try:
        loaded = read_json(header or "")
    except InvalidResponseError:
        return PageInfo()
    if not isinstance(loaded, dict):
        return PageInfo()
    facts = {str(key).lower(): value for key, value in loaded.items()}
    rows, size = whole_number(facts.get("totalcount")), whole_number(facts.get("pagesize"))
    pages = whole_number(facts.get("totalpages"))
    return PageInfo(
        total_rows=rows,
        total_pages=-(-rows // size) if pages is None and rows and size else pages,
        number=whole_number(facts.get("currentpage")),
        # A link that is left out proves nothing: the server may never send one.
        is_last=not facts["nextpagelink"] if "nextpagelink" in facts else None,
    )
