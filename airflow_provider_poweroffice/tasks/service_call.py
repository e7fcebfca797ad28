"""
Reads the rendered arguments of a service call and makes the request from them.

Rule: pure; all bad input is refused here, with a message that names the argument, its value and the way out.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_poweroffice.api.call import check_headers, check_method, encode_body
from airflow_provider_poweroffice.api.charsets import charset_of, encode_text
from airflow_provider_poweroffice.api.d365fo.services import service_parts, service_path
from airflow_provider_poweroffice.api.dialects.d365fo import D365FO
from airflow_provider_poweroffice.api.options import is_given

_MOST_SECONDS = 1e12  # more are no duration
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")


@dataclass(frozen=True, kw_only=True)
class ServiceCall:
    """
    A checked call.

    :param parts: of the service name.
    :param content: the body's bytes, or None.
    """

    method: str
    parts: list[str]
    content: bytes | None
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """Give the path below the base URL."""
        return service_path(self.parts)


def read_call(
    service_name: str, payload: Any, *, method: str | None, charset: str, headers: Any, raw: bool
) -> ServiceCall:
    """
    Check the arguments and encode the call.

    The arguments are those of ``D365FORestEndpointOperator``, rendered.

    :raises ValueError: names the argument, its value and the way out.
    """
    verb = check_method(str(method)) if is_given(method) else ("GET" if payload is None else "POST")
    if verb == "GET" and payload is not None:
        raise ValueError("payload does not go with GET, which asks what an operation takes; leave method out")
    parts = service_parts(service_name, discovery=verb == "GET" and payload is None)
    registered, _ = charset_of(charset)
    sent = check_headers(headers)
    content = None if payload is None else _encode(verb, payload, charset, raw=raw)
    if content and "content-type" not in {name.lower() for name in sent}:
        sent["Content-Type"] = f"application/json;charset={registered}"
    return ServiceCall(method=verb, parts=parts, content=content, headers=sent)


def _encode(method: str, payload: Any, charset: str, *, raw: bool) -> bytes:
    if isinstance(payload, (bytes, bytearray)):
        return bytes(payload)
    if not isinstance(payload, str):
        try:
            text = encode_body(D365FO(), method, payload).decode()
        except (TypeError, ValueError) as error:
            raise type(error)(f"payload: {error}") from None
    elif raw or not payload.strip():
        text = payload
    else:
        text = payload.removeprefix("\ufeff")  # an editor's mark, which JSON does not have
        try:
            json.loads(text, parse_constant=_no_constant)
        except ValueError as error:
            raise ValueError(f"payload is not JSON ({error}); raw=True sends it unchanged") from None
    return encode_text(text, charset)[0]


def _no_constant(name: str) -> None:
    raise ValueError(f"it holds {name}")


def read_retry_timeout(value: Any) -> float | None:
    """
    Read ``retry_timeout``: ``"hh:mm:ss"``, seconds as a number, or a timedelta.

    :return: seconds; None, for no limit, where it is unset or zero, as with the cmdlet of that parameter.
    :raises ValueError: it is anything else, such as the text ``"60"``, which could mean minutes.
    """
    if not is_given(value):
        return None
    seconds = _seconds(value)
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        raise ValueError(
            "retry_timeout must be 'hh:mm:ss' (such as '00:10:00'), seconds as a number, or a timedelta, "
            f"not {value!r}"
        )
    return seconds or None


def _seconds(value: Any) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        clock = _CLOCK.fullmatch(value.strip())
        return None if clock is None else int(clock[1]) * 3600.0 + int(clock[2]) * 60 + int(clock[3])
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _MOST_SECONDS else None


def read_seed(value: Any) -> float:
    """
    Read ``throttle_seed``.

    :raises ValueError: it is not a number, is negative, or lies between 0 and 1.
    """
    try:
        seed = float(value) if is_given(value) and not isinstance(value, bool) else 0.0
    except (TypeError, ValueError, OverflowError):
        seed = -1.0
    if seed != 0 and not 1 <= seed < float("inf"):
        raise ValueError(
            "throttle_seed must be 0, or a number of seconds from 1: the pause is between 1 and it, "
            f"not {value!r}"
        )
    return seed


def read_timeout(value: Any) -> float | None:
    """
    Read ``timeout``.

    :return: seconds; 0 for no limit, None where nothing is said.
    :raises ValueError: it is not a number, or is negative.
    """
    if not is_given(value):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = -1.0
    if isinstance(value, bool) or not 0 <= seconds < float("inf"):
        raise ValueError(f"timeout must be a number of seconds, or 0 for no limit, not {value!r}")
    return seconds


def read_statuses(value: Any) -> frozenset[int]:
    """
    Read ``expected_status``.

    :return: statuses; none means any 2xx.
    :raises ValueError: something in it is not an HTTP status.
    """
    if not is_given(value):
        return frozenset()
    items = value if isinstance(value, (list, tuple, set, frozenset)) else str(value).split(",")
    try:
        statuses = frozenset(int(str(item).strip()) for item in items)
    except ValueError:
        statuses = frozenset()
    if not statuses or not all(200 <= status <= 599 for status in statuses):  # noqa: PLR2004 - HTTP's range
        raise ValueError(
            f"expected_status must be an HTTP status from 200 to 599 or a list of them, not {value!r}"
        )
    return statuses
