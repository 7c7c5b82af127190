"""What tests of the search share: a database server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from postgresql_server import Server, serving


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server of our own; skips where none is installed, but fails under `.ci/run`."""
    with serving() as server:
        if server is None:
            said = "no PostgreSQL server here (apt-get install postgresql; pip install psycopg)"
            pytest.fail(said) if os.environ.get("FENAS_CI") else pytest.skip(said)
        yield server
