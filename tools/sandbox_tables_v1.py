"""
Write the v1 sandbox's tables of routes, types and enumerations from the digest of the vendor's reference.

Run it again after a change of ``sandbox/tests/facts/poweroffice_v1.json``: ``python
tools/sandbox_tables_v1.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from digest import Json, read

DATA = Path(__file__).parents[1] / "sandbox" / "poweroffice_sandbox" / "v1" / "resources" / "data"


def routes(document: Json) -> Iterator[str]:
    """
    Write ``METHOD path kind row body privilege most queries``, ``-`` where there is nothing.

    The row of a DELETE is what a POST to the path above it saves.
    """
    known = document["routes"]
    for route, facts in known.items():
        method, path = route.split()
        saved = known.get(f"POST {path.rpartition('/')[0]}", {})
        if method == "DELETE" and "type" in saved:
            facts = {**facts, "type": saved["type"]}  # noqa: PLW2901
        words = [str(facts.get(name, "-")) for name in ("kind", "type", "body", "privilege", "most")]
        yield " ".join([route, *words, *facts.get("query", ())])


def types(document: Json) -> Iterator[str]:
    """Write the name of a type, then ``name:type`` and marks for each field."""
    for name, fields in document["types"].items():
        yield " ".join([name, *(f"{field}:{kind}" for field, kind in fields.items())])


def enums(document: Json) -> Iterator[str]:
    """Write the name of an enumeration, then ``number=name`` for each value."""
    for name, values in document["enums"].items():
        yield " ".join([name, *(f"{number}={text}" for number, text in values.items())])


def tables() -> dict[str, str]:
    """Give the text of each file, by its name."""
    document = read("poweroffice_v1")
    parts = {"routes": routes(document), "types": types(document), "enums": enums(document)}
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in parts.items()}


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name, text in tables().items():
        (DATA / f"{name}.txt").write_text(text, encoding="utf-8")
