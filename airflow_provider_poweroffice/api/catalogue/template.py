"""
Python text to begin with: a task for a resource, with all that is known of its call.

Rule: pure; what it prints runs as it stands, or says by ``...`` what is to be filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from airflow_provider_poweroffice.api.catalogue import Catalogue, Resource
from airflow_provider_poweroffice.api.catalogue.bodies import BodyField, body_of
from airflow_provider_poweroffice.api.catalogue.fields import fields_of

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
        yield f"    # {len(fields)} fields: {_listed(list(fields))}"
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
    if method == "PATCH":
        yield '    body=[{"op": "replace", "path": "/...", "value": ...}],'
        yield "    # paths in PascalCase, by ids: /DepartmentId, not /DepartmentCode"
        return
    if method == "DELETE":
        return
    if fields := body_of(name, method, resource.path):
        yield "    body={"
        yield from _body(fields, "        ")
    elif rows := fields_of(name, resource.path):
        yield "    body={  # as the list's rows; which fields are required or read only is not described"
        yield from (f'        # "{field}": {_EXAMPLES[kind]},' for field, kind in rows.items())
    else:
        yield "    body={  # its fields are not described"
    yield "    },"


def _body(fields: Mapping[str, BodyField], indent: str) -> Iterator[str]:
    """Write the fields, those that are required first, the others as comments."""
    for field in sorted(fields.values(), key=lambda item: not item.required):
        mark = "" if field.required else "# "
        notes = [
            *["required"] * field.required,
            *[f"at most {field.longest} characters"] * bool(field.longest),
        ]
        if field.choices:
            notes.append(f"one of {_listed(field.choices)}")
        if field.inner:
            inside = f"{{{', '.join(_pair(item) for item in field.inner.values() if item.required)}}}"
            notes.append(f"fields: {_listed(list(field.inner))}")
        else:
            inside = f'"{field.choices[0]}"' if field.choices else _EXAMPLES[field.kind]
        value = f"[{inside}]" if field.is_list else inside
        yield f'{indent}{mark}"{field.name}": {value},' + (f"  # {'; '.join(notes)}" if notes else "")


def _pair(field: BodyField) -> str:
    return f'"{field.name}": {"[]" if field.is_list else _EXAMPLES[field.kind]}'


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
