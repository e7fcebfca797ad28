"""Error bodies that several APIs share: problem details (RFC 9457), a gateway's message, a token error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_poweroffice.api.dialects.base import Fault

_SECONDS_IN_TEXT = re.compile(r"[Tt]ry again in (\d{1,9}) second")
_REPLENISHED = re.compile(r"replenished in (\d{1,9}):(\d\d):(\d\d)")


def read_problem(headers: Mapping[str, str], body: Any) -> Fault:
    """Read problem details, a gateway message or a token error; keys in any case."""
    facts = {str(key).lower(): value for key, value in body.items()} if isinstance(body, dict) else {}
    title = text_or_none(facts.get("title"))
    detail = text_or_none(facts.get("detail") or facts.get("error_description") or facts.get("message"))
    if isinstance(facts.get("errors"), dict):
        fields = "; ".join(f"{name}: {text_or_none(says)}" for name, says in facts["errors"].items())
        detail = f"{detail} {fields}" if detail else fields
    return Fault(
        code=text_or_none(facts.get("error")),
        title=title,
        detail=detail,
        trace_id=text_or_none(
            facts.get("traceid") or headers.get("Request-Id") or headers.get("x-ms-request-id")
        ),
        retry_after=_wait_in_text(detail or ""),
    )


def text_or_none(value: Any) -> str | None:
    """Give a value as text, a list as its items; None stays None."""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return None if value is None else str(value)


def _wait_in_text(text: str) -> float | None:
    """Find the wait in the gateway's sentence, which is there even without ``Retry-After``."""
    if found := _SECONDS_IN_TEXT.search(text):
        return float(found[1])
    if found := _REPLENISHED.search(text):
        hours, minutes, seconds = (int(part) for part in found.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    return None
