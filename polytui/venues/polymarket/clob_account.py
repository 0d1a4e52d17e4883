"""An account at the CLOB, by REST: orders sent and cancelled, read back, and what there is.

Every call has a deadline, a place in a lane of its own kind, and the pace that the venue allows for
its signer, beside that of its route (`ClobRequests`). Errors are the four of `model/errors.py`. A
request that may leave an order behind is sent once, and its answer is waited for whoever is
cancelled meanwhile; cancels may be sent again, so nobody is held up by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from polytui.config.api_key import ApiKey
from polytui.model.errors import Rejected, Restricted, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.net.http_answer import HttpAnswer
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.clob_answers import (
    Beat,
    CancelAnswer,
    Funds,
    PostAnswer,
    beat_of,
    cancel_answer,
    funds,
    post_answer,
    post_answers,
    unreadable,
)
from polytui.venues.polymarket.clob_auth import ApiSigner
from polytui.venues.polymarket.clob_refusals import refusal_in
from polytui.venues.polymarket.clob_requests import ClobRequests
from polytui.venues.polymarket.signer_paces import SignerPaces
from polytui.venues.polymarket.signing import SignedOrder
from polytui.venues.polymarket.user_channel import UserChannel, UserOrder, UserTrade
from polytui.venues.polymarket.wallet import Wallet

BATCH_MOST = 15
"""Orders in one POST (venue rule)."""
_BAD_BEAT = 400
_NOT_THERE = 404
_ORDERS_AT_ONCE, _CANCELS_AT_ONCE, _BEATS_AT_ONCE = 16, 8, 2
_LINES = 3
"""Ready for orders and cancels at any moment: four assets seldom act at once."""
_POSITIONS = "v2"


class _ClosedOnly(msgspec.Struct, gc=False):
    closed_only: bool


class _Tier(msgspec.Struct, gc=False):
    tier: str


_decode_closed_only = msgspec.json.Decoder(_ClosedOnly).decode
_decode_tier = msgspec.json.Decoder(_Tier).decode
_decode_error = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class ClobAccount:
    """State: paces of its signer and routes, and how many rows could not be read."""

    def __init__(
        self,
        http: Http,
        wallet: Wallet,
        api_key: ApiKey,
        clock: SessionClock,
        reader: UserChannel | None = None,
        restricted: Callable[[Restricted], None] = lambda error: None,
    ) -> None:
        """`restricted` is told of every answer that says that we may not trade, whatever was asked.
        `reader` knows which parts of a trade are ours; without one the key and the wallet tell.
        Nobody but who made `http` closes it."""
        self.wallet = wallet
        self.paces = SignerPaces(clock)
        self._http = http
        self.api_key = api_key
        self._requests = ClobRequests(http, wallet.owner, ApiSigner(api_key), clock, restricted)
        self._reader = reader or UserChannel(api_key, wallet=wallet.funder)
        self._orders = http.lane("orders", _ORDERS_AT_ONCE, is_direct=True)
        self._cancels = http.lane("cancels", _CANCELS_AT_ONCE, is_direct=True)
        self._beats = http.lane("beats", _BEATS_AT_ONCE)

    @property
    def unread(self) -> int:
        """Rows of its lists that could not be read and were left out, ever."""
        return self._requests.unread

    @property
    def unread_why(self) -> str:
        """Of the last one."""
        return self._requests.unread_why

    async def warm(self) -> bool:
        """Connections that stand before an order needs them; whether the venue answers."""
        return await self._http.warm("/time", _LINES)

    async def keep_warm(self) -> None:
        """Until cancelled; also those that the venue closed meanwhile."""
        await self._http.keep_warm("/time", _LINES)

    # --- orders -----------------------------------------------------------------------------------

    async def post(self, signed: SignedOrder) -> PostAnswer:
        """Rejected, Retry or Unknown where it was not taken for certain."""
        where, answer = await self._place("/order", signed.body(self.api_key.key), 1)
        try:
            return post_answer(where, answer.body, signed)
        except Restricted as error:
            self._requests.heed(error)
            raise

    async def post_many(
        self, signeds: Sequence[SignedOrder]
    ) -> list[PostAnswer | Rejected | Retry | Unknown]:
        """At most `BATCH_MOST`, each with what became of it, in their order. Raised is what holds
        for all of them: the venue lets a batch in whole or not at all."""
        if not 0 < len(signeds) <= BATCH_MOST:
            raise ValueError(f"{len(signeds)} orders in a batch of at most {BATCH_MOST}")
        items = [signed.body(self.api_key.key) for signed in signeds]
        where, answer = await self._place("/orders", b"[" + b",".join(items) + b"]", len(items))
        outcomes = post_answers(where, answer.body, signeds)
        for outcome in outcomes:
            self._requests.heed(outcome)
        return outcomes

    async def cancel(self, venue_ids: Sequence[str]) -> CancelAnswer:
        """By as many requests as the venue wants. What a later one of them did not come to is
        unanswered; raised is only what the first one met."""
        ids = tuple(dict.fromkeys(one.lower() for one in venue_ids))
        cancelled: tuple[str, ...] = ()
        refused: dict[str, str] = {}
        unanswered: tuple[str, ...] = ()
        done = 0
        while done < len(ids):
            some = ids[done : done + self.paces.cancels_at_once]
            try:
                answer = await self._cancel_some(some)
            except (Rejected, Retry, Unknown):
                if not done:
                    raise
                return CancelAnswer(cancelled, refused, unanswered + ids[done:])
            done += len(some)
            cancelled += answer.cancelled
            refused |= answer.refused
            unanswered += answer.unanswered
        return CancelAnswer(cancelled, refused, unanswered)

    async def cancel_all(self) -> CancelAnswer:
        """Everything of this API key, whoever else uses it."""
        return await self._sweep("/cancel-all", None)

    async def cancel_market(self, condition_id: str = "", token_id: str = "") -> CancelAnswer:
        """Everything in a round, on a token, or on a token of a round: one is needed."""
        if not condition_id and not token_id:
            raise ValueError("neither a round nor a token is named")
        named = {"market": condition_id, "asset_id": token_id}
        body = _encode({name: value for name, value in named.items() if value})
        return await self._sweep("/cancel-market-orders", body)

    async def beat(self, heartbeat_id: str) -> Beat:
        """The dead man's switch: without one for 10 s the venue cancels all orders of the key."""
        path, body = "/v1/heartbeats", _encode({"heartbeat_id": heartbeat_id})
        where = self._http.where("POST", path)
        answer = await self._requests.ask("POST", path, lane=self._beats, body=body, is_read=True)
        if answer.is_success:
            return beat_of(where, answer.body, is_accepted=True)
        if answer.status == _BAD_BEAT and b"heartbeat_id" in answer.body:
            return beat_of(where, answer.body, is_accepted=False)
        raise self._requests.judged(where, refusal_in(answer), is_read=True)

    # --- reads ------------------------------------------------------------------------------------

    async def order(self, venue_id: str) -> UserOrder | None:
        """As the venue knows it, whatever became of it; None where it says that it does not."""
        path = f"/data/order/{venue_id}"

        async def once() -> UserOrder | None:
            where = self._http.where("GET", path)
            answer = await self._requests.ask("GET", path, is_read=True)
            if answer.status == _NOT_THERE and _says_not_found(answer.body):
                return None
            if not answer.is_success:
                raise self._requests.judged(where, refusal_in(answer), is_read=True)
            if answer.body.strip() in (b"", b"null"):
                return None
            try:
                found = self._reader.order_of(answer.body)
            except WIRE_FAULTS as fault:
                unreadable(where, fault)
            if found.order_id.lower() != venue_id.lower():
                unreadable(where, "another order")
            return found

        return await self._http.again(once)

    async def open_orders(self, condition_id: str = "", token_id: str = "") -> list[UserOrder]:
        """All that work, of every key of the account."""
        asked = {"market": condition_id, "asset_id": token_id}
        return await self._requests.pages("/data/orders", asked, self._reader.order_of)

    async def trades(
        self, *, condition_id: str = "", after_s: int = 0, trade_id: str = ""
    ) -> list[UserTrade]:
        """Those that met at `after_s` (unix seconds) or later, of which the venue leaves out the
        second that it is asked from; one of that id; all of a round."""
        asked = {
            "id": trade_id,
            "market": condition_id,
            "after": str(after_s - 1) if after_s else "",
        }
        return await self._requests.pages("/data/trades", asked, self._reader.trade_of)

    async def collateral(self) -> Funds:
        """Dollars, as the CLOB believes the chain: `refresh_collateral` has it look again."""
        return await self._funds({"asset_type": "COLLATERAL"})

    async def shares(self, token_id: str, protocol: str) -> Funds:
        """Of one token; `protocol` is its round's."""
        return await self._funds(_token(token_id, protocol))

    async def refresh_collateral(self) -> None:
        await self._refresh({"asset_type": "COLLATERAL"})

    async def refresh_shares(self, token_id: str, protocol: str) -> None:
        await self._refresh(_token(token_id, protocol))

    async def is_closed_only(self) -> bool:
        """Whether the venue lets this account only get rid of what it has."""
        return bool(
            (
                await self._requests.read("/auth/ban-status/closed-only", {}, _decode_closed_only)
            ).closed_only
        )

    async def tier(self) -> str:
        """How much the signer may do, by what it has traded; the paces follow it."""
        told: str = (await self._requests.read("/v1/user/rate-limit-tier", {}, _decode_tier)).tier
        self.paces.know(told)
        return plain(told)

    # --- how it is asked --------------------------------------------------------------------------

    async def _place(self, path: str, body: bytes, orders: int) -> tuple[str, HttpAnswer]:
        await self.paces.place(orders)
        where = self._http.where("POST", path)
        answer = await self._requests.ask("POST", path, lane=self._orders, body=body)
        refusal = None if answer.is_success else refusal_in(answer)
        self.paces.placed(answer.status, answer.headers, refusal.after_s if refusal else None)
        if refusal is not None:
            raise self._requests.judged(where, refusal, is_read=False)
        return where, answer

    async def _cancel_some(self, ids: Sequence[str]) -> CancelAnswer:
        await self.paces.cancel(len(ids))
        if len(ids) == 1:
            return await self._cancelled("/order", _encode({"orderID": ids[0]}), ids)
        return await self._cancelled("/orders", _encode(ids), ids)

    async def _sweep(self, path: str, body: bytes | None) -> CancelAnswer:
        await self.paces.cancel(1)
        answer = await self._cancelled(path, body, ())
        self.paces.swept(len(answer.cancelled))
        return answer

    async def _cancelled(self, path: str, body: bytes | None, asked: Sequence[str]) -> CancelAnswer:
        where = self._http.where("DELETE", path)
        answer = await self._requests.ask(
            "DELETE", path, lane=self._cancels, body=body, is_shielded=False
        )
        refusal = None if answer.is_success else refusal_in(answer)
        self.paces.cancelled(answer.status, answer.headers, refusal.after_s if refusal else None)
        if refusal is not None:
            raise self._requests.judged(where, refusal, is_read=False)
        return cancel_answer(where, answer.body, asked)

    async def _funds(self, asked: dict[str, str]) -> Funds:
        path = "/balance-allowance"
        where = self._http.where("GET", path)
        told: Funds = await self._requests.read(
            path, self._of_wallet(asked), lambda body: funds(where, body)
        )
        return told

    async def _refresh(self, asked: dict[str, str]) -> None:
        """Whatever the answer's body: it is the look that counts."""
        await self._requests.read(
            "/balance-allowance/update", self._of_wallet(asked), lambda body: None
        )

    def _of_wallet(self, asked: dict[str, str]) -> dict[str, str]:
        """With another type the venue reads another wallet, which has nothing."""
        return {**asked, "signature_type": str(int(self.wallet.kind))}


def _token(token_id: str, protocol: str) -> dict[str, str]:
    kind = "CONDITIONAL-V2" if protocol == _POSITIONS else "CONDITIONAL"
    return {"asset_type": kind, "token_id": token_id}


def _says_not_found(body: bytes) -> bool:
    """The venue itself, not somebody's page in between, who knows no such path."""
    try:
        return "not found" in str(_decode_error(body).get("error", "")).lower()
    except WIRE_FAULTS:
        return False
