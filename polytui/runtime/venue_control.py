"""The control address of a simulated venue, for whoever was told its token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from polytui.net.http import Http, HttpSettings
from polytui.sim.server.urls import Urls


@asynccontextmanager
async def controlling(urls: Urls) -> AsyncIterator[Http]:
    given = {"Authorization": f"Bearer {urls.control_token}"}
    http = Http(urls.control, HttpSettings(), headers=given, is_loopback_only=True)
    try:
        yield http
    finally:
        await http.close()
