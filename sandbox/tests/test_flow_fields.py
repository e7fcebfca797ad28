"""The fields of the flows, against the official description."""

from __future__ import annotations

import pytest
from openapi import spec

from poweroffice_sandbox.v2.flows.fields import flow_schema
from poweroffice_sandbox.v2.resources.tables import named_words


@pytest.mark.parametrize("entity", named_words("flow_fields"))
def test_fields(entity: str) -> None:
    """An entity has exactly the official names; what POST must carry is marked."""
    known = spec()["types"]
    answer = known.get(f"{entity}Dto") or known.get(entity) or known[f"{entity}PostDto"]
    assert set(flow_schema(entity).names) == set(answer["properties"])
    required = set(known.get(f"{entity}PostDto", {}).get("required", ()))
    assert required <= set(flow_schema(entity).required)
