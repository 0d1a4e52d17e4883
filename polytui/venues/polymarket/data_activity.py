"""The Data API's list of what a wallet did: why dollars came or went without a trade.

It is behind by minutes and tells amounts as JSON doubles: good for a name, not for a figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from attrs import frozen

from polytui.model.events import CashKind
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S, Usd, usd_from_float
from polytui.net.http import Http
from polytui.venues.polymarket.data_api import read_answer

_PAGE = 100
_KINDS = {
    "DEPOSIT": (CashKind.DEPOSIT, 1),
    "WITHDRAWAL": (CashKind.WITHDRAWAL, -1),
    "MAKER_REBATE": (CashKind.REBATE, 1),
    "TAKER_REBATE": (CashKind.REBATE, 1),
    "REWARD": (CashKind.REWARD, 1),
    "REFERRAL_REWARD": (CashKind.REWARD, 1),
    "YIELD": (CashKind.REWARD, 1),
    "TIP": (CashKind.WITHDRAWAL, -1),
    "REDEEM": (CashKind.REDEMPTION, 1),
    "SPLIT": (CashKind.ELSEWHERE, -1),
    "MERGE": (CashKind.ELSEWHERE, 1),
}
"""And whether it brings money. Trades are the CLOB's to tell."""


@frozen
class WalletDeed:
    kind: CashKind
    amount: Usd
    """Below zero where it went."""
    at_ns: int
    key: str
    words: str
    condition_id: str = ""
    """Of the market that it was about; empty where it was about none."""


class _DeedRow(msgspec.Struct, gc=False):
    type: str
    timestamp: int
    usdc_size: float = 0.0
    transaction_hash: str | None = ""
    condition_id: str | None = ""


class _DeedRows(msgspec.Struct, gc=False):
    data: list[_DeedRow]


_decode = msgspec.json.Decoder(_DeedRows).decode


class DataActivity:
    """Of one wallet. Errors as in `net/http.py`."""

    def __init__(self, http: Http, wallet: str) -> None:
        self._http = http
        self._wallet = wallet

    async def since(self, after_ns: int) -> Sequence[WalletDeed]:
        """The newest hundred, without what is told of trades."""
        asked = {
            "user": self._wallet,
            "type": ",".join(_KINDS),
            "start": str(max(0, after_ns) // NS_PER_S),
            "limit": str(_PAGE),
        }
        body = await self._http.get("/v2/activity", asked)
        rows = read_answer(_decode, body, "activity").data
        return [_deed(row) for row in rows if row.type in _KINDS and row.usdc_size]


def _deed(row: _DeedRow) -> WalletDeed:
    kind, sign = _KINDS[row.type]
    amount = Usd(sign * usd_from_float(row.usdc_size))
    key = f"{row.type}:{row.transaction_hash}:{row.condition_id}:{amount}"
    words = plain(row.type.replace("_", " ").lower())
    return WalletDeed(kind, amount, row.timestamp * NS_PER_S, key, words, row.condition_id or "")
