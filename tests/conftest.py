"""Settings of all tests: where the real data lie, if they are here at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data: `$FENAS_DATA`, or the one beside the checkout; skips without."""
    folder = Path(os.environ.get("FENAS_DATA", BESIDE))
    if not folder.is_dir():
        pytest.skip("no real data here (set FENAS_DATA to their folder)")
    return folder
