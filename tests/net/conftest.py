"""Every test of sockets is run with each way of reading them; and whom this machine believes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from certificates import Certificates
from each_way import WAYS, read_by

from polytui.net import dial as dialling

_CONTEXTS = (dialling.tls_context, dialling.http_tls_context)


@pytest.fixture(params=WAYS)
def each_way(request: pytest.FixtureRequest) -> Iterator[str]:
    read_by(request.param)
    yield request.param
    read_by("trio-websocket")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.make()
    return made


@pytest.fixture
def believing(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine believes the tests' authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    for context in _CONTEXTS:
        context.cache_clear()
    yield
    for context in _CONTEXTS:
        context.cache_clear()
