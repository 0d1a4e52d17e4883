"""Every test of sockets is run with each way of reading them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from each_way import WAYS, read_by


@pytest.fixture(params=WAYS)
def each_way(request: pytest.FixtureRequest) -> Iterator[str]:
    read_by(request.param)
    yield request.param
    read_by("trio-websocket")
