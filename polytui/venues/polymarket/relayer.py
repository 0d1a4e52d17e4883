"""The relayer's public reads: whether a wallet's contract stands on the chain."""

from __future__ import annotations

import msgspec

from polytui.model.errors import Retry
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS


class _Deployed(msgspec.Struct, gc=False):
    deployed: bool


_decode = msgspec.json.Decoder(_Deployed).decode


async def is_deployed(http: Http, wallet: str) -> bool:
    """Of a deposit wallet. Errors as in `net/http.py`; Retry where the answer cannot be read."""
    body = await http.get("/deployed", {"address": wallet, "type": "WALLET"})
    try:
        return _decode(body).deployed
    except WIRE_FAULTS as fault:
        raise Retry(f"the relayer's answer is unreadable: {fault}; try again") from None
