"""Databases for the tests of storage."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.databases import KINDS, MYSQL, Database, open_database


@pytest.fixture(params=[*KINDS, MYSQL[0]])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Give an empty database of each kind."""
    return open_database(request.param, tmp_path, request.getfixturevalue)


@pytest.fixture
def pg(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Give an empty PostgreSQL."""
    return open_database(KINDS[0], tmp_path, request.getfixturevalue)


@pytest.fixture(params=MYSQL)
def maria(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Give an empty MariaDB, by each driver."""
    return open_database(request.param, tmp_path, request.getfixturevalue)
