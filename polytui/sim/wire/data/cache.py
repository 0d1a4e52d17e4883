"""What lies between the Data API and its clients: answers are told again until they are too old."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from polytui.model.units import NS_PER_S
from polytui.sim.wire.data.query import Document
from polytui.sim.wire.form.api_answer import raw_json
from polytui.sim.world.world import World

_MOST = 512
_Answering = Callable[[Request], Awaitable[Response]]


class DataCache:
    """Ages are of the world's time, as everything that is late here."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[str, tuple[int, bytes]] = {}

    def kept(self, ask: Callable[[Request], Awaitable[Document]], age_s: int) -> _Answering:
        """A route that answers from what was said before, for `age_s`; refusals are not kept."""

        async def answer(request: Request) -> Response:
            key, now_ns = str(request.url), self._world.now_ns
            at_ns, body = self._kept.get(key, (now_ns, b""))
            if not body or now_ns - at_ns >= age_s * NS_PER_S:
                at_ns, body = now_ns, msgspec.json.encode(await ask(request))
                self._keep(key, body)
            headers = {
                "Cache-Control": f"public, max-age={age_s}",
                "Age": str((now_ns - at_ns) // NS_PER_S),
            }
            return raw_json(body, headers=headers)

        return answer

    def _keep(self, key: str, body: bytes) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (self._world.now_ns, body)
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
