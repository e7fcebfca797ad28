"""
The forms in which an answer reaches XCom.

Rule: what is returned is plain JSON: Airflow cannot carry bytes, dataclasses or decimals faithfully.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin
from urllib.parse import unquote

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.response import Response
    from airflow_provider_poweroffice.errors import PowerOfficeError

MAX_RESULT_BYTES = 48 * 1024
_MINTING = ("onboarding/finalize", "clientadmin/addintegrationtoclient")
KINDS = ("json", "text", "bytes")


def check_kind(kind: Any) -> None:
    """
    Check the ``response`` argument: one of ``KINDS``, or a type.

    :raises ValueError: neither.
    """
    if kind in KINDS if isinstance(kind, str) else _is_type(kind):
        return
    raise ValueError(
        f"response must be one of {', '.join(map(repr, KINDS))}, or a type to validate against, "
        f"not {kind!r}; full=True gives status and headers beside any of them"
    )


def _is_type(kind: Any) -> bool:
    return isinstance(kind, type) or get_origin(kind) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultForm:
    """
    What a task returns of an answer.

    :param kind: of the body. ``"json"``: decoded; a GET that found nothing (204) gives ``[]``, another call
        without content None. ``"text"``: str. ``"bytes"``: Base64 text. A type: validated against it.
    :param full: the body within the whole answer: a dict of status_code, headers, body, is_success,
        error_content, outcome_unknown and count.
    :param fail_on_error: False gives errors, too, as such a dict.
    :param limit: largest result in bytes of JSON; None for no limit.
    :param too_large: what to do about a larger one.
    """

    kind: Any = "json"
    full: bool = False
    fail_on_error: bool = True
    limit: int | None = MAX_RESULT_BYTES
    too_large: str = ""

    @property
    def is_full(self) -> bool:
        """Tell whether the whole answer is given."""
        return self.full or not self.fail_on_error

    def of(self, client: Client, answer: Response) -> Any:
        """
        Give the result of an answer.

        :raises ResponseValidationError, ResultTooLargeError: it cannot be given so.
        """
        from airflow_provider_poweroffice.errors import ResponseValidationError, ResultTooLargeError

        try:
            body = _body(answer, self.kind) if answer.is_success or not self.is_full else None
            result = whole(client, answer, body) if self.is_full else body
            check_size(json_size(result), self.limit, self.too_large)
        except (ResponseValidationError, ResultTooLargeError) as error:
            if self.fail_on_error:
                raise
            return whole(client, answer, None) | _told(error, unknown=False)
        return result

    def of_rows(self, rows: list[Any], count: int | None) -> Any:
        """
        Give the result of a collection that was read page by page.

        :param count: rows in all, as the server says.
        """
        return _whole(200, {}, rows, count) if self.is_full else rows

    def of_error(self, error: PowerOfficeError, method: str) -> dict[str, Any]:
        """
        Give an error as a result.

        :raises PowerOfficeError: this one, unless errors are to be results.
        """
        from airflow_provider_poweroffice.api.response import answer_of
        from airflow_provider_poweroffice.errors import (
            APIStatusError,
            PowerOfficeError,
            ResponseValidationError,
            ResultTooLargeError,
            UncertainWriteError,
        )

        if self.fail_on_error:
            raise error
        unknown = method != "GET" and (error.outcome_unknown or error.uncertain_attempts > 0)
        uncertain = isinstance(error, UncertainWriteError) and isinstance(error.__cause__, PowerOfficeError)
        cause = error.__cause__ if uncertain else error
        if isinstance(cause, APIStatusError):
            error = cause  # what the server said
        if not isinstance(error, APIStatusError):
            told = _told(error, unknown=unknown)
            told["error_content"]["type"] = type(cause).__name__
            return _whole(None, {}, None, None) | told
        answer = answer_of(error)
        result = _whole(answer.status_code, answer.shown_headers, None, None)
        # An answer without a body has no content of its own: the status alone is told.
        said = _plain(answer.error_content) or _told(error, unknown=unknown)["error_content"]
        content = {"error_content": said, "is_success": False}
        try:
            return self._sized(result | content | {"outcome_unknown": unknown})
        except (ResponseValidationError, ResultTooLargeError):  # the error page of a proxy, or so
            return result | _told(error, unknown=unknown)

    def _sized(self, result: dict[str, Any]) -> dict[str, Any]:
        check_size(json_size(result), self.limit, self.too_large)
        return result


def whole(client: Client, answer: Response, body: Any) -> dict[str, Any]:
    """
    Give the whole answer.

    :param body: in the form asked for.
    """
    found = _whole(answer.status_code, answer.shown_headers, body, client.dialect.count(answer))
    return found | {"is_success": answer.is_success, "error_content": _plain(answer.error_content)}


def _whole(status: int | None, headers: dict[str, str], body: Any, count: int | None) -> dict[str, Any]:
    return {
        "status_code": status,
        "headers": headers,
        "body": body,
        "is_success": status is not None and 200 <= status < 300,  # noqa: PLR2004 - the HTTP class
        "error_content": None,
        "outcome_unknown": False,
        "count": count,
    }


def _told(error: PowerOfficeError, *, unknown: bool) -> dict[str, Any]:
    told = {"type": type(error).__name__, "message": str(error), "outcome_unknown": unknown}
    return {"is_success": False, "error_content": told, "outcome_unknown": unknown}


def _body(response: Response, kind: Any) -> Any:
    if kind == "text":
        return response.text
    if kind == "bytes":
        return _plain(response.content)
    nothing_found = response.method == "GET" and not response.content and response.is_success
    body = [] if nothing_found else _plain(response.body)
    return body if kind == "json" else validate(body, kind)


def _plain(body: Any) -> Any:
    from airflow_provider_poweroffice.api.response import jsonable

    return jsonable(body)


def told(client: Client, endpoint: str, answer: Response, seconds: float) -> str:
    """Say in a line what became of a call: status, key of what was written, seconds, trace id."""
    from airflow_provider_poweroffice.api.texts import one_line

    facts = [f"{answer.method} {answer.path}: {answer.status_code} after {seconds:.1f} s"]
    facts += _written(client.dialect.key_field(endpoint), answer)
    if trace := client.dialect.fault(answer.headers, None).trace_id:
        facts.append(f"trace id {trace}")
    return one_line(", ".join(facts))


def _written(key: str, answer: Response) -> list[str]:
    """Name the key of a record that a call wrote, where the answer holds it."""
    record = answer.body if answer.method != "GET" and answer.is_json else None
    if not isinstance(record, dict):
        return []
    return [f"{name} {record[name]}" for name in key.split(",") if isinstance(record.get(name), (int, str))]


def validate(body: Any, kind: Any) -> Any:
    """
    Check decoded JSON against a type and give it back as plain JSON.

    A list is checked row by row when the type is that of a row. Fields that the type does not have are
    dropped; decimals come back as text, exactly.

    :param kind: a msgspec Struct, dataclass, TypedDict, pydantic model, or a generic of them.
    :raises ResponseValidationError: names the place and the type expected, not the value.
    """
    target = list[kind] if isinstance(body, list) and list not in {kind, get_origin(kind)} else kind
    check: Callable[[Any, Any], Any] = _by_msgspec if _has_struct(kind) else _by_pydantic
    return check(body, target)


def _has_struct(kind: Any) -> bool:
    import msgspec

    return any(_has_struct(part) for part in get_args(kind)) or (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    )


def _by_msgspec(body: Any, target: Any) -> Any:
    import msgspec

    from airflow_provider_poweroffice.errors import ResponseValidationError

    try:
        return msgspec.to_builtins(msgspec.convert(body, target))
    except msgspec.ValidationError as error:
        raise ResponseValidationError(f"the answer does not fit {target}: {error}") from None


def _by_pydantic(body: Any, target: Any) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from airflow_provider_poweroffice.errors import ResponseValidationError

    adapter: Any = TypeAdapter(target)
    try:
        return adapter.dump_python(adapter.validate_python(body), mode="json", by_alias=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise ResponseValidationError(
            f"the answer does not fit {target}: {first['msg']} at {place}"
        ) from None


def refuse_minted_keys(endpoint: Any) -> None:
    """
    Refuse calls whose answer is a new client key: what a task returns is kept in Airflow's database.

    The path counts as a server reads it, whatever its case and encoding.

    :raises ValueError: says how to make the call.
    """
    parts = [part.partition(";")[0].strip() for part in re.split(r"[/\\]+", _decoded(str(endpoint)))]
    path = "/".join(part for part in parts if part not in {"", "."}).lower()
    for minting in _MINTING:
        if re.search(rf"(^|/){minting}(/|$)", path):
            raise ValueError(
                f"endpoint {endpoint!r} answers with a new client key, and what an operator returns is "
                "stored in XCom, readable to everyone who sees the DAG. Call it in your own task, with "
                "PowerOfficeHook(...).client.request(...), and put the key into a secrets backend there"
            )


def _decoded(text: str) -> str:
    while (plain := unquote(text)) != text:
        text = plain
    return text


def check_limit(limit: int | None) -> None:
    """
    Check the ``max_result_bytes`` argument.

    :raises ValueError: it is neither a whole number above 0 nor None.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ValueError(f"max_result_bytes must be a whole number above 0, or None, not {limit!r}")


def check_size(size: int, limit: int | None, hint: str) -> None:
    """
    Refuse a result too large for XCom.

    :param size: bytes of JSON, see :func:`json_size`.
    :param limit: bytes of JSON; None for no limit.
    :raises ResultTooLargeError: with the way out.
    """
    if limit is not None and size > limit:
        from airflow_provider_poweroffice.errors import ResultTooLargeError

        raise ResultTooLargeError(
            f"the result is at least {size} bytes as JSON, above max_result_bytes={limit}: "
            f"XCom lives in Airflow's database. {hint}"
        )


def check_record(record: Any) -> None:
    """
    Refuse a sensor's record too large for XCom and for the trigger's event.

    :raises ResultTooLargeError: with the way out.
    """
    check_size(json_size(record), MAX_RESULT_BYTES, "Name the fields you need in query: Fields=Id,...")


def json_size(value: Any) -> int:
    """
    Count the bytes of a value as JSON.

    :raises ResponseValidationError: JSON, and so XCom, cannot hold it; the message names the place.
    """
    try:
        return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError):
        from airflow_provider_poweroffice.api.texts import one_line
        from airflow_provider_poweroffice.errors import ResponseValidationError

        place, what = _misfit(value)
        raise ResponseValidationError(
            f"the answer has {what} at {one_line(place)}, which XCom cannot hold; "
            "response='text' gives the answer as it was sent"
        ) from None


def _misfit(value: Any) -> tuple[str, str]:
    """Find the first value that JSON cannot hold, and its place."""
    waiting = [("$", value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return place, f"the number {item}"
        if isinstance(item, str) and not _is_unicode(item):
            return place, "half a surrogate pair"
        if isinstance(item, dict):
            waiting += [(f"{place}.{name}", part) for name, part in item.items()]
            waiting += [(f"{place}: a name", name) for name in item]
        elif isinstance(item, list):
            waiting += [(f"{place}[{index}]", part) for index, part in enumerate(item)]
    return "$", "too many levels"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
