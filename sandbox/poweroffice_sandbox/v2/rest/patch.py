"""
JSON Patch (RFC 6902) on a row, as PowerOffice answers it.

Rule: pure; works on a copy and returns it. Names in pointers are found in any casing, because the official
examples mix ``/phoneNumber`` and ``/BankName``. The error sentences are those of the OpenAPI examples.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

Resolve = Callable[[str], str | None]
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
_NOTHING = object()


class PatchError(ValueError):
    """An operation cannot be applied; the text is the detail of the answer."""


def apply_patch(document: dict[str, Any], operations: Any, resolve: Resolve) -> dict[str, Any]:
    """
    Apply all operations, or none.

    :param document: the row; not changed.
    :param operations: the decoded body.
    :param resolve: gives the field a first pointer segment names, ``None`` when it cannot be patched.
    :raises PatchError: an operation cannot be applied.
    """
    if not isinstance(operations, list):
        raise PatchError("The JSON patch document was malformed and could not be parsed.")
    result = deepcopy(document)
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in OPERATIONS:
            raise PatchError(f"Invalid JsonPatch operation, use one of {', '.join(OPERATIONS)}.")
        _apply(result, operation, resolve)
    return result


def _apply(document: dict[str, Any], operation: dict[str, Any], resolve: Resolve) -> None:
    kind, target = operation["op"], _pointer(document, operation.get("path"), resolve)
    if kind in {"move", "copy"}:
        source = _pointer(document, operation.get("from"), resolve)
        value = deepcopy(_get(*source))
        if kind == "move":
            _remove(*source)
        _add(*target, value)
    elif kind == "remove":
        _remove(*target)
    elif "value" not in operation:
        raise PatchError(f"The operation '{kind}' has no value.")
    elif kind == "test":
        if _get(*target) != operation["value"]:
            raise PatchError(
                f"The current value at path '{operation['path']}' is not equal to the test value."
            )
    else:
        if kind == "replace" and isinstance(target[0], list):
            _remove(*target)
        _add(*target, operation["value"])


def _pointer(document: dict[str, Any], path: Any, resolve: Resolve) -> tuple[Any, str]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise PatchError(f"The provided path '{path}' is invalid.")
    segments = [segment.replace("~1", "/").replace("~0", "~") for segment in path[1:].split("/")]
    name = resolve(segments[0])
    if name is None:
        raise _no_target(segments[0])
    if len(segments) == 1:
        return document, name
    if document[name] is None:
        document[name] = {}
    parent = document[name]
    for segment in segments[1:-1]:
        parent = _get(parent, _key(parent, segment))
    return parent, _key(parent, segments[-1])


def _key(parent: Any, segment: str) -> str:
    if isinstance(parent, dict):
        known: dict[str, str] = {name.lower(): name for name in parent}
        return known.get(segment.lower(), segment)
    if isinstance(parent, list):
        return segment
    raise _no_target(segment)


def _no_target(segment: str) -> PatchError:
    return PatchError(f"The target location specified by path segment '{segment}' was not found.")


def _index(parent: list[Any], segment: str, *, adding: bool) -> int:
    if segment == "-" and (parent or adding):
        return len(parent) if adding else len(parent) - 1
    if not segment.isdecimal() or int(segment) >= len(parent) + adding:
        raise PatchError(
            f"The index value provided by path segment '{segment}' is out of bounds of the array size."
        )
    return int(segment)


def _get(parent: Any, key: str) -> Any:
    if isinstance(parent, list):
        return parent[_index(parent, key, adding=False)]
    value = parent.get(key, _NOTHING)
    if value is _NOTHING:
        raise _no_target(key)
    return value


def _add(parent: Any, key: str, value: Any) -> None:
    if isinstance(parent, list):
        parent.insert(_index(parent, key, adding=True), value)
    else:
        parent[key] = value


def _remove(parent: Any, key: str) -> None:
    _get(parent, key)
    if isinstance(parent, list):
        del parent[_index(parent, key, adding=False)]
    else:
        parent[key] = None
