"""What a client posts as an order, read and judged before the book hears of it.

Body bytes go in; out comes a `SignedOrder`, or the venue's own words for what is wrong with it.
Whole numbers stay whole: nothing here is ever a float.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
import trio
from attrs import define, evolve, field, frozen
from attrs.validators import gt

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, PROXY, Wallets
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.typed_data import (
    DOMAINS,
    ExchangeDomain,
    OrderStruct,
    OrderVerdict,
    domain_of,
    judge_order,
    signature_bytes,
)

MALFORMED = "Invalid order payload"
NOT_THE_OWNER = "the order owner has to be the owner of the API KEY"
NOT_THE_SIGNER = "the order signer address has to be the address of the API KEY"
OTHER_VERSION = "order_version_mismatch"
BAD_SIGNATURE = "invalid signature"
ONLY_DEPOSIT_WALLETS = "maker address not allowed, please use the deposit wallet flow"
_JS_SAFE = 2**53 - 1
_WORD = 2**256

_Address = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{40}\Z")]
_Bytes32 = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{64}\Z")]
_Whole = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,77})\Z")]
_Seconds = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,14})\Z")]


class _Signed(msgspec.Struct, rename="camel"):
    salt: Annotated[int, msgspec.Meta(ge=0, le=_JS_SAFE)]
    maker: _Address
    signer: _Address
    token_id: _Whole
    maker_amount: _Whole
    taker_amount: _Whole
    side: Literal["BUY", "SELL"]
    signature_type: Literal[0, 1, 2, 3]
    timestamp: _Whole
    metadata: _Bytes32
    builder: _Bytes32
    signature: Annotated[str, msgspec.Meta(max_length=4096)]
    expiration: _Seconds = "0"

    def struct(self) -> OrderStruct:
        return OrderStruct(
            self.salt,
            self.maker.lower(),
            self.signer.lower(),
            int(self.token_id),
            int(self.maker_amount),
            int(self.taker_amount),
            0 if self.side == "BUY" else 1,
            self.signature_type,
            int(self.timestamp),
            bytes.fromhex(self.metadata[2:]),
            bytes.fromhex(self.builder[2:]),
        )


class _Posted(msgspec.Struct, rename="camel"):
    order: _Signed
    owner: Annotated[str, msgspec.Meta(max_length=100)]
    order_type: Literal["GTC", "GTD", "FOK", "FAK"]
    post_only: bool = False
    defer_exec: bool = False


@frozen
class PayloadSettings:
    most_orders: int = field(default=15, validator=gt(0))
    takes_only_deposit_wallets: bool = False
    """As the venue did for new accounts from May to July 2026."""


@frozen
class _Unjudged:
    """An order that is as it should be but for its signature."""

    posted: _Posted
    order: OrderStruct
    domain: ExchangeDomain
    expected: str
    """The EOA that should have signed."""


@frozen
class _Judged:
    verdict: OrderVerdict
    is_for_another_version: bool
    """It was signed by who should have, for a contract of another version."""


@define(eq=False)
class OrderPayloads:
    """Reads bodies of `POST /order` and `POST /orders`."""

    find: Callable[[str], tuple[Round, Outcome] | None]
    """The round of a token that has a book."""
    wallets: Wallets
    now_s: Callable[[], int]
    settings: PayloadSettings = field(factory=PayloadSettings)
    # Judging is work for the processor: two at once would only take turns.
    _limiter: trio.CapacityLimiter = field(factory=lambda: trio.CapacityLimiter(1))

    def take_only_deposit_wallets(self, is_so: bool) -> None:
        """From now on, or no longer."""
        self.settings = evolve(self.settings, takes_only_deposit_wallets=is_so)

    async def one(self, body: bytes, caller: Caller) -> SignedOrder:
        """RefusedError, 400, in the venue's words."""
        posted = _read(_document(body))
        found = (await self._judge([posted], caller))[0]
        if isinstance(found, str):
            raise RefusedError(400, {"error": found})
        return found

    async def batch(self, body: bytes, caller: Caller) -> list[SignedOrder | str]:
        """In the order they came, each an order or its own refusal; RefusedError, 400, for all."""
        document = _document(body)
        if not isinstance(document, list) or not document:
            raise RefusedError(400, {"error": MALFORMED})
        most = self.settings.most_orders
        if len(document) > most:
            words = f"Too many orders in payload: {len(document)}, max allowed: {most}"
            raise RefusedError(400, {"error": words})
        return await self._judge([_read(one) for one in document], caller)

    async def _judge(self, posted: list[_Posted], caller: Caller) -> list[SignedOrder | str]:
        await load_ethereum()
        asked = [self._unjudged(one, caller) for one in posted]
        unjudged = [one for one in asked if not isinstance(one, str)]
        judged = await trio.to_thread.run_sync(_judge_all, unjudged, limiter=self._limiter)
        verdicts = iter(judged)
        return [
            one if isinstance(one, str) else self._believed(one, next(verdicts), caller)
            for one in asked
        ]

    def _unjudged(self, posted: _Posted, caller: Caller) -> _Unjudged | str:
        """Everything that is seen before the signature is."""
        order = posted.order.struct()
        kind = order.signature_type
        if max(order.token_id, order.maker_amount, order.taker_amount, order.timestamp) >= _WORD:
            return MALFORMED
        if posted.owner != caller.api_key:
            return NOT_THE_OWNER
        if self.settings.takes_only_deposit_wallets and kind not in (PROXY, DEPOSIT_WALLET):
            return ONLY_DEPOSIT_WALLETS
        if not self._may_be_signer(order, caller):
            return NOT_THE_SIGNER
        found = self.find(posted.order.token_id)
        if found is None:
            return f"the orderbook {posted.order.token_id} does not exist"
        return _Unjudged(posted, order, domain_of(found[0]), caller.address)

    def _may_be_signer(self, order: OrderStruct, caller: Caller) -> bool:
        """Keys are bound to EOAs; a deposit wallet names itself as its signer."""
        if order.signature_type != DEPOSIT_WALLET:
            return order.signer == caller.address
        is_owner = self.wallets.is_wallet_of(order.signer, caller.address, DEPOSIT_WALLET)
        return order.signer == order.maker and (is_owner or self._is_in_session(order, caller))

    def _is_in_session(self, order: OrderStruct, caller: Caller) -> bool:
        return self.wallets.may_sign_in_session(order.maker, caller.address, self.now_s())

    def _believed(self, unjudged: _Unjudged, judged: _Judged, caller: Caller) -> SignedOrder | str:
        order, verdict = unjudged.order, judged.verdict
        if verdict.signed_by != caller.address:
            return OTHER_VERSION if judged.is_for_another_version else BAD_SIGNATURE
        if verdict.session_signer:
            may_sign = self._is_in_session(order, caller)
        else:
            may_sign = self.wallets.is_wallet_of(order.maker, caller.address, order.signature_type)
        return _signed_order(unjudged.posted, order, verdict) if may_sign else BAD_SIGNATURE


def _judge_all(unjudged: list[_Unjudged]) -> list[_Judged]:
    return [_judged(one) for one in unjudged]


def _judged(unjudged: _Unjudged) -> _Judged:
    order, domain = unjudged.order, unjudged.domain
    signature = signature_bytes(unjudged.posted.order.signature)
    verdict = judge_order(order, domain, signature)
    is_other = verdict.signed_by != unjudged.expected and any(
        judge_order(order, one, signature).signed_by == unjudged.expected
        for one in DOMAINS
        if one.version != domain.version
    )
    return _Judged(verdict, is_other)


def _document(body: bytes) -> object:
    try:
        return strict_json(body)
    except ValueError:
        raise RefusedError(400, {"error": MALFORMED}) from None


def _read(document: object) -> _Posted:
    try:
        return msgspec.convert(document, _Posted)
    except msgspec.ValidationError:
        words = OTHER_VERSION if _is_of_the_former_venue(document) else MALFORMED
        raise RefusedError(400, {"error": words}) from None


def _is_of_the_former_venue(document: object) -> bool:
    """Orders before April 2026 had a nonce and a fee where there is a timestamp now."""
    order = document.get("order") if isinstance(document, dict) else None
    return isinstance(order, dict) and "feeRateBps" in order and "timestamp" not in order


def _signed_order(posted: _Posted, order: OrderStruct, verdict: OrderVerdict) -> SignedOrder:
    return SignedOrder(
        order_id=verdict.order_id,
        maker=order.maker,
        signer=order.signer,
        api_key=posted.owner,
        token_id=posted.order.token_id,
        side=Side.BUY if order.side == 0 else Side.SELL,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        order_type=OrderType(posted.order_type),
        expiration_s=int(posted.order.expiration),
        is_post_only=posted.post_only,
        signature_type=order.signature_type,
        builder=posted.order.builder.lower(),
        signed_ms=order.timestamp,
    )
