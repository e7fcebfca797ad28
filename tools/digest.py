"""
Write the digests of the vendors' descriptions that tests and generated tables are made from.

Facts only: paths, verbs, statuses, parameters, fields with types, nullability, enums and greatest lengths; no
prose, no examples. A digest is an OpenAPI document without the rest, one line for each path and type. When
there is a new edition of a description:

    python tools/digest.py FOLDER_OF_THE_DESCRIPTIONS

The digest of v1, ``poweroffice_v1.json``, is of a reference in pages of prose and was made by hand:
``routes`` by method and path (what they do, the types they take and give, privilege, most rows, names of
their own queries), ``types`` with the marks that ``poweroffice_sandbox.v1.resources.tables`` explains, and
``enums``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

DIGESTS = Path(__file__).resolve().parents[1] / "sandbox" / "tests" / "facts"
# Digest: the description it is of, the part that holds its types.
SOURCES = {
    "poweroffice_v2": ("poweroffice-openapi-v2-2025.yaml", "components"),
    "poweroffice_token": ("poweroffice-token-openapi.json", "components"),
}
PRIVILEGES = "poweroffice-api.md"
VERBS = ("get", "post", "put", "patch", "delete")
# What is said of a type; all but the names of its properties.
SAID = (
    "$ref", "type", "format", "enum", "nullable", "readOnly", "minLength", "maxLength", "pattern", "minimum",
    "maximum", "required", "uniqueItems",
)  # fmt: skip
ROLES = re.compile(r"\(Auth roles?: ([^)]*)\)")
Json = dict[str, Any]


def schema(value: Json) -> Json:
    """
    Keep what is said of a type.

    :param value: a schema of OpenAPI or Swagger.
    """
    kept: Json = {name: value[name] for name in SAID if name in value}
    if "properties" in value:
        kept["properties"] = {name: schema(item) for name, item in value["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(value.get(name), dict):
            kept[name] = schema(value[name])
    for name in ("allOf", "anyOf", "oneOf"):
        if name in value:
            kept[name] = [schema(item) for item in value[name]]
    return kept


def _content(value: Json) -> Json:
    media = {
        name: {"schema": schema(item["schema"])} if "schema" in item else {}
        for name, item in value.get("content", {}).items()
    }
    kept: Json = {"content": media} if media else {}
    if "schema" in value:  # Swagger 2.0
        kept["schema"] = schema(value["schema"])
    return kept


def _parameter(value: Json) -> Json:
    kept = {name: value[name] for name in ("name", "in", "required") if name in value}
    # Swagger 2.0 says the type beside the name.
    return kept | ({"schema": schema(value["schema"])} if "schema" in value else schema(value))


def operation(value: Json) -> Json:
    """
    Keep the facts of an operation; ``roles`` are those that its summary or description names.

    :param value: as in the description.
    """
    kept: Json = {}
    roles = ROLES.search(f"{value.get('summary', '')} {value.get('description', '')}")
    if roles:
        kept["roles"] = sorted(name.strip() for name in roles.group(1).split(","))
    if "parameters" in value:
        kept["parameters"] = [_parameter(item) for item in value["parameters"]]
    if "requestBody" in value:
        kept["requestBody"] = _content(value["requestBody"])
    kept["responses"] = {str(code): _content(item) for code, item in value["responses"].items()}
    return kept


def privileges(text: str) -> dict[str, str]:
    """
    Read the table of endpoints: path to privilege.

    :param text: the notes on the API.
    """
    rows = re.findall(r"^\| `(/[^`]+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    return {path: privilege.strip() for path, privilege in rows}


def digest(folder: Path, name: str) -> Json:
    """
    Make a digest.

    :param folder: of the descriptions.
    :param name: of the digest.
    """
    file, types = SOURCES[name]
    document: Json = yaml.load((folder / file).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    held = document[types]["schemas"] if types == "components" else document[types]
    made: Json = {
        "paths": {
            path: {verb: operation(verbs[verb]) for verb in VERBS if verb in verbs}
            for path, verbs in sorted(document["paths"].items())
        },
        "types": {item: schema(value) for item, value in sorted(held.items())},
    }
    if name == "poweroffice_v2":
        known = privileges((folder / PRIVILEGES).read_text(encoding="utf-8"))
        made["privileges"] = {path: known[path] for path in sorted(known) if path in made["paths"]}
    return made


def text_of(made: Json) -> str:
    """
    Write a digest, one line for each path and type.

    :param made: from :func:`digest`.
    """
    parts = []
    for part, entries in made.items():
        lines = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
            for name, value in entries.items()
        )
        parts.append(f'"{part}": {{\n{lines}\n}}')
    return "{" + ",\n".join(parts) + "}\n"


def read(name: str) -> Json:
    """
    Read a digest of this repository.

    :param name: of the digest.
    """
    found: Json = json.loads((DIGESTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def main(folder: str) -> None:
    """Write all digests."""
    DIGESTS.mkdir(exist_ok=True)
    for name in SOURCES:
        text = text_of(digest(Path(folder), name))
        (DIGESTS / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}.json: {len(text):,} characters")


if __name__ == "__main__":
    main(sys.argv[1])
