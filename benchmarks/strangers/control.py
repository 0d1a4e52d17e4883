"""A venue of our own, asked and told as whoever started it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from attrs import frozen

_ANSWERS_WITHIN_S = 30.0


@frozen
class Control:
    urls: Mapping[str, Any]
    """The venue's ready line."""

    async def tell(self, route: str, **order: Any) -> Any:
        async with self._http() as http:
            answer = await http.post(f"{self.urls['control']}{route}", json=order)
            return answer.raise_for_status().json()

    async def account(self, wallet: str) -> dict[str, Any]:
        """What a wallet has and what it did."""
        async with self._http() as http:
            answer = await http.get(f"{self.urls['control']}/account", params={"wallet": wallet})
            found: dict[str, Any] = answer.raise_for_status().json()
            return found

    def _http(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.urls['control_token']}"}
        return httpx.AsyncClient(headers=headers, timeout=_ANSWERS_WITHIN_S)
