"""The committed digests are facts of the vendors' descriptions, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import digest
import pytest
import sandbox_tables
import sandbox_tables_v1

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "facts"


def words(value: Any) -> set[str]:
    """Give every name of an object in a JSON value."""
    if isinstance(value, dict):
        return set(value) | set().union(*(words(item) for item in value.values()))
    return set().union(*(words(item) for item in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", digest.SOURCES)
def test_facts_only(name: str) -> None:
    """A digest is written as the tool writes it, and has types but neither prose nor examples."""
    made = digest.read(name)
    assert digest.text_of(made) == (digest.DIGESTS / f"{name}.json").read_text(encoding="utf-8")
    for verbs in made["paths"].values():
        for operation in verbs.values():
            assert set(operation) <= {"roles", "parameters", "requestBody", "responses"}
    for schema in made["types"].values():
        properties = schema.get("properties", {})
        assert "description" not in words({**schema, "properties": list(properties.values())})


def test_whole() -> None:
    """The digest of v2 has all 245 operations on 152 paths."""
    paths = digest.read("poweroffice_v2")["paths"]
    assert (len(paths), sum(len(verbs) for verbs in paths.values())) == (152, 245)


def test_tables_of_the_sandbox_are_the_digest() -> None:
    """The sandbox's tables of operations, fields and enums are what the tool makes of the digest."""
    for name, text in sandbox_tables.tables(digest.read("poweroffice_v2")).items():
        assert (sandbox_tables.DATA / f"{name}.txt").read_text(encoding="utf-8") == text
    for name, text in sandbox_tables_v1.tables().items():
        assert (sandbox_tables_v1.DATA / f"{name}.txt").read_text(encoding="utf-8") == text


def test_prose_is_left_out() -> None:
    """What a description says in words does not get into a digest, but the roles do."""
    described = {
        "summary": "Gets it (Auth roles: A, B_Full)",
        "parameters": [{"name": "n", "in": "query", "description": "x", "schema": {"type": "string"}}],
        "responses": {200: {"description": "OK", "content": {"application/json": {"example": [1]}}}},
    }
    assert json.loads(json.dumps(digest.operation(described))) == {
        "roles": ["A", "B_Full"],
        "parameters": [{"name": "n", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": {"content": {"application/json": {}}}},
    }


if BESIDE.is_dir():

    @pytest.mark.parametrize("name", digest.SOURCES)
    def test_digest_is_the_description(name: str) -> None:
        """Where the descriptions lie beside the checkout: the digests are what the tool makes of them."""
        assert digest.text_of(digest.digest(BESIDE, name)) == digest.text_of(digest.read(name))
