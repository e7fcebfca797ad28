"""The fields of the flows, against the official description."""

from __future__ import annotations

import pytest
from openapi import spec

from poweroffice_sandbox.v2.schema.dto import schema_of
from poweroffice_sandbox.v2.schema.tables import named_words


@pytest.mark.parametrize("entity", named_words("flow_fields"))
def test_fields(entity: str) -> None:
    """An entity has exactly the official names; what POST must carry is marked."""
    known = spec()["types"]
    answer = known.get(f"{entity}Dto") or known.get(entity) or known[f"{entity}PostDto"]
    assert set(schema_of(entity).names) == set(answer["properties"])
    required = set(known.get(f"{entity}PostDto", {}).get("required", ()))
    assert required <= set(schema_of(entity).required)
