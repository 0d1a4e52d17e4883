"""What every test shares: where recordings may be, and how hard properties are tried."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("suite", max_examples=60, deadline=None)
settings.register_profile(
    "fuzz", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of third-party recordings; tests that need it skip where it is absent."""
    if not _DATA.is_dir():
        pytest.skip("the folder of recordings, ../shared/data, is absent")
    return _DATA
