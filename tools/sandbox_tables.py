"""
Write the sandbox's tables of operations, fields and enums from the digest of the official description.

Run it again after a new edition of the digest (``tools/digest.py``): ``python tools/sandbox_tables.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digest import read

DATA = Path(__file__).parents[1] / "sandbox" / "poweroffice_sandbox" / "v2" / "schema" / "data"
# Families with modules of their own; their fields are not plain registers.
ELSEWHERE = (
    "/ClientAdmin",
    "/JournalEntryVouchers",
    "/Onboarding",
    "/SalesOrders",
    "/VoucherApproval",
    "/VoucherDocumentation",
    "/Vouchers",
)
TYPES = {"integer": "int", "number": "number", "boolean": "bool", "string": "string", "object": "object"}
FORMATS = {"date": "date", "date-time": "timestamp", "uuid": "uuid"}
Spec = dict[str, Any]


def resolved(spec: Spec, name: str) -> dict[str, Any]:
    """
    Give a schema.

    :param spec: the digest.
    :param name: of the schema.
    """
    found: dict[str, Any] = spec["types"][name]
    return found


def type_of(value: dict[str, Any]) -> str:
    """
    Name a type in the notation of the sandbox; that of a referenced schema is its name without ``Dto``.

    :param value: a property's schema.
    """
    if "$ref" in value:
        return str(value["$ref"].rsplit("/", 1)[1]).removesuffix("Dto").removesuffix("Post")
    if value["type"] == "array":
        return f"{type_of(value['items'])}[]"
    return FORMATS.get(value.get("format", ""), TYPES[value["type"]])


def content(part: dict[str, Any]) -> str:
    """
    Name the schema of a request or response body: ``XDto``, ``[XDto]`` or ``-``.

    :param part: the request body or response.
    """
    for media in part.get("content", {}).values():
        value = media.get("schema", {})
        if value.get("type") == "array":
            return f"[{value['items']['$ref'].rsplit('/', 1)[1]}]"
        if "$ref" in value:
            return str(value["$ref"].rsplit("/", 1)[1])
    return "-"


def operations(spec: Spec) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """
    Give the operations by path, then verb.

    :param spec: the digest.
    """
    for path in sorted(spec["paths"]):
        for method in ("get", "post", "patch", "put", "delete"):
            if method in spec["paths"][path] and not path.startswith(ELSEWHERE):
                yield method.upper(), path, spec["paths"][path][method]


def operation_line(method: str, path: str, operation: dict[str, Any]) -> str:
    """
    Write ``METHOD path status privileges answer body filters``.

    :param method: in capitals.
    :param path: with placeholders.
    :param operation: as in the digest.
    """
    status = next(code for code in operation["responses"] if code.startswith("2"))
    names = {role.removesuffix("_Full") for role in operation.get("roles", ())}
    query = [
        f"{item['name']}{'!' if item.get('required') else ''}"
        for item in operation.get("parameters", ())
        if item["in"] == "query" and item["name"] != "resourceParameter"
    ]
    words = [
        method,
        path,
        status,
        "/".join(sorted(names)) or "-",
        content(operation["responses"][status]),
        content(operation.get("requestBody", {})),
    ]
    return " ".join([*words, *query])


def entities(spec: Spec) -> dict[str, tuple[str, str, bool]]:
    """
    Give the entities: name to answer DTO, POST DTO (or nothing), and whether there is a PATCH.

    :param spec: the digest.
    """
    found: dict[str, tuple[str, str, bool]] = {}
    for method, _, operation in operations(spec):
        status = next(code for code in operation["responses"] if code.startswith("2"))
        answer = content(operation["responses"][status]).strip("[]")
        if answer == "-":
            continue
        name = answer.removesuffix("Dto")
        _, body, patched = found.get(name, (answer, "", False))
        body = content(operation.get("requestBody", {})) if method == "POST" else body
        found[name] = (answer, body, patched or method == "PATCH")
    waiting = [name for names in found.values() for name in names[:2] if name]
    while waiting:
        for value in resolved(spec, waiting.pop()).get("properties", {}).values():
            reference = value.get("$ref") or value.get("items", {}).get("$ref", "")
            inner = reference.rsplit("/", 1)[-1]
            name = inner.removesuffix("Dto").removesuffix("Post")
            if inner and "properties" in resolved(spec, inner) and name not in found:
                answer = f"{name}Dto" if f"{name}Dto" in spec["types"] else inner
                body = f"{name}PostDto" if f"{name}PostDto" in spec["types"] else ""
                found[name] = (answer, body, True)
                waiting.append(inner)
    return found


def field_words(spec: Spec, answer: str, body: str, *, patched: bool) -> Iterator[str]:
    """
    Write the fields of an entity in the notation of :mod:`poweroffice_sandbox.v2.schema.dto`.

    :param spec: the digest.
    :param answer: the DTO of answers.
    :param body: the DTO of POST, or nothing.
    :param patched: whether there is a PATCH.
    """
    shown = resolved(spec, answer)["properties"]
    posted = resolved(spec, body)["properties"] if body else {}
    required = resolved(spec, body).get("required", ()) if body else ()
    for name in sorted({*shown, *posted}, key=str.lower):
        value = {**posted.get(name, {}), **shown.get(name, {})}
        fixed = shown.get(name, {}).get("readOnly", False)
        if name not in shown:
            mark = ">"
        elif name not in posted:
            mark = "-" if fixed or body or not patched else ""
        else:
            mark = "+" if fixed else ""
        longest = f"<={value['maxLength']}" if "maxLength" in value else ""
        limits = f"={value['minimum']}..{value['maximum']}" if {"minimum", "maximum"} <= value.keys() else ""
        yield (
            f"{'!' if name in required else ''}{mark}{name}:{type_of(value)}{longest}{limits}"
            f"{'?' if value.get('nullable') else ''}"
        )


def wrapped(name: str, words: list[str]) -> str:
    """
    Write a named list: the name, then its words indented.

    :param name: of the list.
    :param words: none has a blank.
    """
    body = textwrap.fill(
        " ".join(words), 108, initial_indent=" ", subsequent_indent=" ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return f"{name}\n{body}\n"


def tables(spec: Spec) -> dict[str, str]:
    """
    Make the text of each file, by name.

    :param spec: the digest.
    """
    schemas = spec["types"]
    enums = {
        name: [str(item) for item in value["enum"]] for name, value in schemas.items() if "enum" in value
    }
    return {
        "operations": "".join(f"{operation_line(*item)}\n" for item in operations(spec)),
        "fields": "".join(
            wrapped(name, list(field_words(spec, answer, body, patched=patched)))
            for name, (answer, body, patched) in sorted(entities(spec).items())
        ),
        "enums": "".join(wrapped(name, values) for name, values in sorted(enums.items())),
    }


def main() -> None:
    """Write the three files."""
    for name, text in tables(read("poweroffice_v2")).items():
        (DATA / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}.txt: {len(text):,} characters")


if __name__ == "__main__":
    main()
