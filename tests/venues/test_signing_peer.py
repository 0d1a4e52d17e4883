"""Thousands of orders, byte by byte as py-clob-client-v2 signs and sends them; and where that
client's amounts are wrong."""

from __future__ import annotations

import json
from random import Random

import pytest
from attrs import evolve
from py_clob_client_v2.config import get_contract_config
from py_clob_client_v2.order_builder.builder import ROUNDING_CONFIG, OrderBuilder
from py_clob_client_v2.order_utils import ExchangeOrderBuilderV2, OrderDataV2, SignatureTypeV2
from py_clob_client_v2.order_utils import Side as PeerSide
from py_clob_client_v2.order_utils.model.order_data_v2 import order_to_json_v2
from py_clob_client_v2.signer import Signer
from test_signing import KEY, ORDER, ROUND

from polytui.model.amounts import market_shares
from polytui.model.instrument import Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import LOT, MICRO, NS_PER_MS, NS_PER_S, Price, Shares
from polytui.venues.polymarket.contracts import AMOY, EXCHANGES, POLYGON
from polytui.venues.polymarket.order_amounts import amounts_of
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder, salt_of
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of, wallets_of

EACH = 200
"""Orders of each of the twelve ways to sign one: 2,400 in all."""
API_KEY_ID = "b4a5c6d7-0000-4000-8000-0123456789ab"
PEER_BUILDER = OrderBuilder(Signer(KEY.reveal(), POLYGON))
TICKS = {text: Price(round(float(text) * MICRO)) for text in ROUNDING_CONFIG}
EXCHANGES_BY_NAME = ("standard", "neg_risk", "positions")


def listed_of(exchange: str, token: str) -> Round:
    is_v2 = exchange == "positions"
    # Positions have one exchange, whatever the market's risk is.
    return evolve(
        ROUND,
        up_token=token,
        protocol="v2" if is_v2 else "v1",
        is_neg_risk=exchange == "neg_risk" or (is_v2 and token.endswith(("1", "3", "5"))),
    )


def any_order(rng: Random) -> Order:
    tick = rng.choice(list(TICKS.values()))
    price = Price(rng.randrange(1, MICRO // tick) * tick)
    tif, side = rng.choice(list(TimeInForce)), rng.choice(list(Side))
    shares = Shares(rng.randrange(500, 1_000_000) * LOT)
    if tif.spends(side):
        shares = market_shares(price, shares, tick)
    placed_ns = rng.getrandbits(40) * NS_PER_MS + rng.randrange(NS_PER_MS)
    return evolve(
        ORDER,
        order_id=f"btc-updown-5m-{rng.getrandbits(30)}-{rng.getrandbits(20)}",
        token_id=str(rng.getrandbits(256)),
        side=side,
        price=price,
        shares=shares,
        tif=tif,
        is_post_only=tif.may_rest and rng.random() < 0.5,
        placed_ns=placed_ns,
        expires_ns=placed_ns + 200 * NS_PER_S if tif is TimeInForce.GTD else 0,
    )


class Peer:
    """py-clob-client-v2 as it is, told our salt, our moment and our amounts."""

    def __init__(self, wallet: Wallet, exchange: str) -> None:
        contracts = get_contract_config(wallet.chain_id)
        contract, version = {
            "standard": (contracts.exchange_v2, "2"),
            "neg_risk": (contracts.neg_risk_exchange_v2, "2"),
            "positions": (contracts.exchange_v3, "3"),
        }[exchange]
        self.wallet, self.salt = wallet, 0
        signer = Signer(wallet.key.reveal(), wallet.chain_id)
        self._builder = ExchangeOrderBuilderV2(
            contract, wallet.chain_id, signer, lambda: str(self.salt), version
        )

    def sent(self, order: Order, ours: SignedOrder, builder: str) -> tuple[str, bytes]:
        """The venue's id of the order, and the body of its POST."""
        self.salt = salt_of(self.wallet.owner, order.order_id)
        amounts = amounts_of(order)
        signed = self._builder.build_signed_order(
            OrderDataV2(
                maker=self.wallet.maker,
                signer=self.wallet.signer,
                tokenId=order.token_id,
                makerAmount=str(amounts.maker),
                takerAmount=str(amounts.taker),
                side=PeerSide.BUY if order.side is Side.BUY else PeerSide.SELL,
                signatureType=SignatureTypeV2(int(self.wallet.kind)),
                timestamp=str(order.placed_ns // NS_PER_MS),
                builder=builder,
                expiration=str(ours.expiration_s),
            )
        )
        typed = self._builder.build_order_typed_data(signed)
        body = order_to_json_v2(signed, API_KEY_ID, order.tif.name, order.is_post_only)
        written = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        return self._builder.build_order_hash(typed), written.encode()


@pytest.mark.parametrize("exchange", EXCHANGES_BY_NAME)
@pytest.mark.parametrize("kind", WalletType)
def test_hash_signature_and_body_are_the_peers(kind: WalletType, exchange: str) -> None:
    rng = Random(f"{kind}{exchange}")
    chain_id = POLYGON if rng.random() < 0.5 else AMOY
    # Another deposit wallet than a key's own is traded in a session, which that client is not in.
    funder = rng.choice(wallets_of(wallet_of(KEY, kind).owner, kind))
    wallet, builder = wallet_of(KEY, kind, funder, chain_id), "0x" + rng.randbytes(32).hex()
    peer, signer = Peer(wallet, exchange), OrderSigner(wallet, builder)
    for _ in range(EACH):
        order = any_order(rng)
        ours = signer.sign(order, listed_of(exchange, order.token_id))
        venue_id, body = peer.sent(order, ours, builder)
        assert ours.venue_id == venue_id
        assert ours.body(API_KEY_ID) == body


def test_our_contracts_are_the_peers() -> None:
    for chain_id, ours in EXCHANGES.items():
        theirs = get_contract_config(chain_id)
        assert ours.standard == theirs.exchange_v2
        assert ours.neg_risk == theirs.neg_risk_exchange_v2
        assert ours.positions == theirs.exchange_v3


# --- where the peer is wrong --------------------------------------------------------------------


def peer_amounts(price: str, size: str, side: str, *, is_market: bool) -> tuple[int, int]:
    """What the peer would sign at tick 0.01; of a market buy, `size` is dollars."""
    count = PEER_BUILDER.get_market_order_amounts if is_market else PEER_BUILDER.get_order_amounts
    _, maker, taker = count(side, float(size), float(price), ROUNDING_CONFIG["0.01"])
    return maker, taker


def our_amounts(order: Order) -> tuple[int, int]:
    amounts = amounts_of(order)
    return amounts.maker, amounts.taker


def test_the_peer_signs_other_sizes_than_asked_and_we_do_not() -> None:
    wrong = []
    for lots in range(1, 20_000):
        order = evolve(ORDER, price=Price(520_000), shares=Shares(lots * LOT), side=Side.SELL)
        exact = (lots * LOT, lots * LOT * 520_000 // MICRO)
        assert our_amounts(order) == exact
        size = f"{lots / 100:.2f}"
        if peer_amounts("0.52", size, "SELL", is_market=False) != exact:
            wrong.append(size)
    assert {"0.29", "1.13", "2.30"} <= set(wrong)
    assert len(wrong) / 20_000 == pytest.approx(0.057, abs=0.001)


def test_the_peer_signs_market_orders_at_other_prices_and_we_do_not() -> None:
    wrong = []
    for cents in range(1, 100):
        price = Price(cents * LOT)
        order = evolve(ORDER, price=price, tif=TimeInForce.FAK, side=Side.SELL)
        exact = (10_000_000, price * 10)
        assert our_amounts(order) == exact
        text = f"{cents / 100:.2f}"
        if peer_amounts(text, "10", "SELL", is_market=True) != exact:
            wrong.append(text)
    assert wrong == ["0.29", "0.57", "0.58"]


def test_ten_dollars_at_29_cents_ask_for_the_shares_that_they_bring() -> None:
    price, tick = Price(290_000), Price(10_000)
    shares = market_shares(price, Shares(34_490_000), tick)
    spend = evolve(ORDER, price=price, shares=shares, tif=TimeInForce.FOK)
    assert our_amounts(spend) == (10_000_000, 34_482_800)
    # At most 0.29 a share. The peer's 35.7142 shares would say 0.28, and find no seller.
    assert peer_amounts("0.29", "10", "BUY", is_market=True) == (10_000_000, 35_714_200)
