"""The engine writes its story to a log; tests read its journal and notices instead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loguru import logger


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    logger.remove()
    yield
    logger.remove()
