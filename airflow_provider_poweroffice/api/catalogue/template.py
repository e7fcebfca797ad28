"""
Python text to begin with: a task for a resource, with all that is known of its call.

Rule: pure; what it prints runs as it stands, or says by ``...`` what is to be filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from airflow_provider_poweroffice.api.catalogue import Catalogue, Resource
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of
from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.texts import listed

_OPERATOR = "airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator"
_EXAMPLES = {
    "integer": "0",
    "decimal": "0.00",
    "boolean": "False",
    "date": '"2026-01-31"',
    "timestamp": '"2026-01-31T12:00:00Z"',
    "text": '""',
    "json": "{}",
}
_DATES = {"fromdate": '"2026-01-01"', "todate": '"2026-12-31"', "date": '"2026-12-31"'}
_SHOWN = 12  # choices or fields in a comment
_OPTIONAL = 2


def template(known: Catalogue, name: str, resource: Resource, method: str) -> str:
    """
    Write a task.

    :param known: what is known of the API.
    :param name: of that catalogue, such as ``poweroffice_v2``.
    :param method: upper-case HTTP method.
    :raises ValueError: the resource does not take the method.
    """
    if refused := known.takers(resource, method):
        raise ValueError(refused)
    lines = [f"from {_OPERATOR}", "", f"# {method} /{resource.path}"]
    if resource.privilege:
        lines.append(f"# Needs the privilege {resource.privilege_for(method)}.")
    lines += ["PowerOfficeOperator(", f'    task_id="{_task_id(resource, method)}",']
    lines.append(f'    endpoint="{resource.path}",' + ("  # fill in {...}" if "{" in resource.path else ""))
    lines += _read(name, resource) if method == "GET" else _write(name, resource, method)
    return "\n".join([*lines, ")", ""])


def taking(known: Catalogue, resource: Resource, method: str) -> Resource:
    """Give the resource, or the one beside it that takes a method which it does not: its record, its list."""
    path = resource.path
    near = {f"{path}/Complete", re.sub(r"/(\{\w+\}|List)$", "", path)}
    record = re.compile(re.escape(path) + r"/\{\w+\}")
    found = [
        item
        for item in known.resources
        if method in item.verbs and (item.path in near or record.fullmatch(item.path))
    ]
    return found[0] if method not in resource.verbs and len(found) == 1 else resource


def _task_id(resource: Resource, method: str) -> str:
    words = [
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", part) for part in resource.path.split("/") if "{" not in part
    ]
    return "_".join([{"GET": "read"}.get(method, method.lower()), *words]).lower()


def _read(name: str, resource: Resource) -> Iterator[str]:
    yield from _query(resource)
    if resource.kind:
        yield "    paginate=True,"
    if resource.kind == "paged":
        yield '    # page_size=5000, on_page_error="skip", paging={"concurrency": 4, "max_pages": 10}'
    for kind, found in (("changed", resource.changed_filter), ("created", resource.created_filter)):
        if found:
            yield f'    # {kind}_since="2026-01-01T00:00:00Z",  # {found}'
    if fields := fields_of(name, resource.path):
        yield f"    # {len(fields)} fields: {listed(fields, _SHOWN)}"
        yield "    # from airflow_provider_poweroffice.api.catalogue.fields import row_type"
        of_v1 = "" if name == "poweroffice_v2" else f', "{name}"'
        yield f'    # response=row_type("{resource.path}"{of_v1}),'
    if resource.kind:
        yield "    max_result_bytes=None,  # XCom lives in Airflow's database: large lists go to a transfer"


def _query(resource: Resource) -> Iterator[str]:
    needed = [f'"{item}": {_DATES.get(item.lower(), "...")}' for item in resource.required]
    if needed:
        yield f"    query={{{', '.join(needed)}}},  # required"
    if further := [item for item in resource.filters if item not in resource.required]:
        yield f"    # query takes {', '.join(further)}"


def _write(name: str, resource: Resource, method: str) -> Iterator[str]:
    yield f'    method="{method}",'
    if method == "DELETE":
        return
    fields = body_of(name, method, resource.path)
    if method == "PATCH" and fields:
        yield "    changes={  # by ids: DepartmentId, not DepartmentCode"
        yield from _body(fields.values(), " " * 8, is_patch=True)
    elif method == "PATCH":
        yield '    body=[{"op": "replace", "path": "/...", "value": ...}],  # its fields are not described'
        return
    elif fields:
        yield "    body={"
        yield from _body(fields.values(), " " * 8)
    else:
        yield "    body={  # its fields are not described"
    yield "    },"


def _body(fields: Iterable[BodyField], before: str, *, is_patch: bool = False) -> Iterator[str]:
    """
    Write the fields, those that are needed first, the others as comments.

    :param before: what each line begins with.
    :param is_patch: none is needed, but none that is required may be emptied.
    """
    for field in sorted(fields, key=_rank):
        if field.unwritten:
            continue
        is_needed = not is_patch and _rank(field) < _OPTIONAL
        start = before if is_needed else f"{before}# "
        notes = "; ".join(_notes(field))
        note = f"  # {notes}" if notes else ""
        if field.inner:
            opened, closed = ("[{", "}]") if field.is_list else ("{", "}")
            yield f'{start}"{field.name}": {opened}{note}'
            yield from _body(field.inner.values(), f"{start}    ")
            yield f"{start}{closed},"
            continue
        value = f"[{_example(field)}]" if field.is_list else _example(field)
        yield f'{start}"{field.name}": {value},{note}'


def _notes(field: BodyField) -> Iterator[str]:
    if field.required:
        yield "required"
    if field.never_null:
        yield "never null"
    if field.name == "id":
        yield "changes the one that has it"
    if field.longest:
        yield f"at most {field.longest} characters"
    if field.choices:
        yield f"one of {listed((item.replace('=', ' ') for item in field.choices), _SHOWN)}"


def _example(field: BodyField) -> str:
    if not field.choices:
        return _EXAMPLES[field.kind]
    first, _, name = field.choices[0].partition("=")
    return first if name else f'"{first}"'


def _rank(field: BodyField) -> int:
    """Give the place of a field: required, or of v1 a value that the server would make up, or optional."""
    if field.required:
        return 0
    # A flag that is not given is false, and a choice its first: seldom wrong. A day, a number or an id is.
    made_up = field.never_null and field.kind != "boolean" and not field.choices
    return 1 if made_up else _OPTIONAL
