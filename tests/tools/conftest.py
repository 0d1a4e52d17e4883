"""No log while tools are tested, and no secret of an earlier test."""

import pytest
from quiet_log import quiet_log

from polytui.model import known_secrets

__all__ = ["quiet_log"]


@pytest.fixture(autouse=True)
def nobodys_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tools say is masked with whatever the process holds, an address of another test too."""
    monkeypatch.setattr(known_secrets, "_known", {})
