"""Orders signed: byte-equal with the official client, and what is never signed."""

from __future__ import annotations

import pytest
from attrs import evolve

from polytui.config.secrets import Secret
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_MS, Price, Shares
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder
from polytui.venues.polymarket.wallet import Wallet, WalletType

KEY = Secret("0x" + "11" * 32)
EOA = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
FUNDER = "0x" + "22" * 20
TOKEN = "113013382422133157315656090194075928009220145127085300671933810669470922115281"
POSITION = "663574927012476832975694178961957910328055987427402067619466963999000625152"
SALT, STAMP_MS = 1234567890123, 1790000000000

ROUND = Round(
    slug="btc-updown-5m-1790000000",
    asset=Asset.BTC,
    interval=Interval.M5,
    condition_id="0x" + "ab" * 32,
    up_token=TOKEN,
    down_token="1234567890",
    opens_ns=STAMP_MS * NS_PER_MS,
    closes_ns=STAMP_MS * NS_PER_MS + Interval.M5.ns,
    settlement=SettlementRule.TWAP,
)
ORDER = Order(
    order_id="btc-updown-5m-1790000000-1",
    slug=ROUND.slug,
    token_id=TOKEN,
    outcome=Outcome.UP,
    side=Side.BUY,
    price=Price(520_000),
    shares=Shares(10_000_000),
    tif=TimeInForce.GTC,
    is_post_only=False,
    strategy="test",
    placed_ns=STAMP_MS * NS_PER_MS + 999_999,
)
SALE = evolve(ORDER, side=Side.SELL, price=Price(530_000))
ENDING = evolve(ORDER, tif=TimeInForce.GTD, expires_ns=(STAMP_MS + 540_000) * NS_PER_MS)
SPEND = evolve(ORDER, tif=TimeInForce.FAK, shares=Shares(19_230_800))
V2_ROUND = evolve(ROUND, protocol="v2", up_token=POSITION)
PLAIN = Wallet(KEY, WalletType.EOA, EOA, EOA)
ORDER_TEXT = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,"
    b"uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,"
    b"bytes32 builder)"
)

DEPOSIT = Wallet(KEY, WalletType.DEPOSIT, EOA, FUNDER)
SEPARATOR = bytes.fromhex("3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2")
CONTENTS = bytes.fromhex("7f47baa059ec9213160b0c3f2b98c032f7077bf36aa37f08e47abc3bf089a796")

# Made with py-clob-client-v2 1.2.1: wallet, order, round, amounts, hash, signature of 65 bytes.
VECTORS = {
    "standard EOA buy": (
        PLAIN, ORDER, ROUND, (5_200_000, 10_000_000),
        "0xa1383c53de274dd19119b944ba6c0deda8c4d6b29cff73e16908207ff0a58c14",
        "6d17016e34c3af6d2d0faedd96b21fde6ad1282a87f5269ec64db70e2aa172aa"
        "0688b7a2a89e4dd7c33a687d49dc5293a3b75421f105aa1add002e53bd09227f1b",
    ),
    "standard EOA sale": (
        PLAIN, SALE, ROUND, (10_000_000, 5_300_000),
        "0x94081b176a7011f182e961bac6bb96ea81fb3e0f0cd1f7c9e5592852fd6e8f54",
        "f5aa02e29ff75c639d09e3488ef219fc643161f08105c49cd4e51cb7f215d5ca"
        "6a5db8cef15dc8af8d750a5ea4e7a34f73407d4014f2fc289803e928b42952771b",
    ),
    "standard safe buy": (
        Wallet(KEY, WalletType.SAFE, EOA, FUNDER), ORDER, ROUND, (5_200_000, 10_000_000),
        "0x49673082814425acdb38bc1296732877bc5bb67c0e781fb1ac6621e574c5a875",
        "4b4668233435e5f56b7cc603a401181192b938e40e10adea2ebc123a8f63c0a5"
        "2b6df6384f5b8989d22bff3671d8c8691510c9cd006420008abed9a68b08d5971b",
    ),
    "neg-risk EOA buy": (
        PLAIN, ORDER, evolve(ROUND, is_neg_risk=True), (5_200_000, 10_000_000),
        "0x668d65ec545d7a4034814ced9501ae4710a6d0ed8799f5bdcf4792ad1f10f9cf",
        "e2d078b7db93b6ae92ea4f7f38db1508dfd6c28299a59e38bde7046854210fb5"
        "44f59965663434f165d38eace24b482aabc3b08f26bfb7d865f99ae45fb03b631c",
    ),
    "standard deposit wallet buy": (
        DEPOSIT, ORDER, ROUND, (5_200_000, 10_000_000),
        "0x86268d11095efbfa695ab4a8ca696d61d2874560edc712df00b4e3e284215be9",
        "bea3b12a53c8ee675e563bc4b1587bfb756faccc2cf0f4cc2b710f0f4f323135"
        "79c5b6e52d53ac8eee650868e6a98dc6cbf86b78dc0cbade05e231327b9372fa1b",
    ),
    "positions EOA buy": (
        PLAIN, evolve(ORDER, token_id=POSITION), V2_ROUND, (5_200_000, 10_000_000),
        "0xce04619cbc9cab2e55606920ba3b1d3a64fa8f892cf32c4f12d6f75f35342ff0",
        "f8e1cf02c04011b0a46a028d330776c10cc2d446d983a39a12dcfb29343b64b8"
        "7e396d749d5dd9d867c0217461146ff31106c6fe13a8d112912d6378036de1b91b",
    ),
    "standard EOA market buy of ten dollars": (
        PLAIN, SPEND, ROUND, (10_000_000, 19_230_800),
        "0xa18cc9c779a6fd8677d44e863bcd6ae4e4fa76f150b7b9d66a2b5ec725b1805e",
        "386a3976a6a975cd3bc0f3ae0b43fd80f09f5a5ce039d05771472ff4cd8e6fcf"
        "75f396043b1343388c68d34d6f8e41b6f8aa3d8441953dda72eb90ce2c8d4e161b",
    ),
}  # fmt: skip


def signed_with_salt(order: Order, wallet: Wallet = PLAIN, listed: Round = ROUND) -> SignedOrder:
    return OrderSigner(wallet, salt=lambda owner, order_id: SALT).sign(order, listed)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_the_official_client(name: str) -> None:
    wallet, order, listed, amounts, venue_id, signature = VECTORS[name]
    signed = signed_with_salt(order, wallet, listed)
    assert (signed.amounts.maker, signed.amounts.taker) == amounts
    assert signed.venue_id == venue_id
    tail = b""
    if wallet.kind is WalletType.DEPOSIT:
        tail = SEPARATOR + CONTENTS + ORDER_TEXT + b"\x00\xba"
    assert signed.signature == "0x" + signature + tail.hex()


def test_the_body_of_a_post_is_the_official_clients_to_the_byte() -> None:
    assert signed_with_salt(ORDER).body("00000000-0000-0000-0000-000000000001") == (
        b'{"order":{"salt":1234567890123,"maker":"0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",'
        b'"signer":"0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A","tokenId":"11301338242213315731565'
        b'6090194075928009220145127085300671933810669470922115281","makerAmount":"5200000",'
        b'"takerAmount":"10000000","side":"BUY","expiration":"0","signatureType":0,'
        b'"timestamp":"1790000000000","metadata":"0x00000000000000000000000000000000000000000000000'
        b'00000000000000000","builder":"0x000000000000000000000000000000000000000000000000000000000'
        b'0000000","signature":"0x6d17016e34c3af6d2d0faedd96b21fde6ad1282a87f5269ec64db70e2aa172aa0'
        b'688b7a2a89e4dd7c33a687d49dc5293a3b75421f105aa1add002e53bd09227f1b"},'
        b'"owner":"00000000-0000-0000-0000-000000000001","orderType":"GTC","deferExec":false,'
        b'"postOnly":false}'
    )


def test_an_orders_end_is_told_and_not_signed() -> None:
    """The venue takes orders away a minute before the end that they state."""
    ending, endless = signed_with_salt(ENDING), signed_with_salt(ORDER)
    assert ending.expiration_s == 1_790_000_600
    assert (ending.venue_id, ending.signature) == (endless.venue_id, endless.signature)
    body, other = ending.body("me"), endless.body("me")
    assert body == other.replace(b'"expiration":"0"', b'"expiration":"1790000600"').replace(
        b'"GTC"', b'"GTD"'
    )


def test_the_same_order_is_signed_alike_by_another_process() -> None:
    again = OrderSigner(DEPOSIT)
    signed = OrderSigner(DEPOSIT).sign(ORDER, ROUND)
    assert again.sign(ORDER, ROUND) == signed
    assert again.venue_id(ORDER, ROUND) == signed.venue_id
    assert 0 <= signed.salt < 2**53
    assert signed.timestamp_ms == STAMP_MS


def test_other_orders_of_the_same_moment_are_other_orders_at_the_venue() -> None:
    signer = OrderSigner(PLAIN)
    ids = {signer.venue_id(evolve(ORDER, order_id=f"x-{n}"), ROUND) for n in range(1000)}
    assert len(ids) == 1000


def test_a_tick_that_changes_does_not_touch_what_was_signed() -> None:
    signer = OrderSigner(PLAIN)
    finer = ROUND.with_tick(Price(1_000))
    assert signer.venue_id(SPEND, finer) == signer.venue_id(SPEND, ROUND)


@pytest.mark.parametrize(
    ("order", "listed", "words"),
    [
        (evolve(ORDER, token_id="999"), ROUND, "not for a token"),
        (evolve(ORDER, outcome=Outcome.DOWN), ROUND, "not for a token"),
        (evolve(ORDER, tif=TimeInForce.FOK, is_post_only=True), ROUND, "may only rest"),
        (evolve(ENDING, expires_ns=0), ROUND, "is GTD and ends at 0"),
        (evolve(ENDING, tif=TimeInForce.GTC), ROUND, "is GTC and ends"),
        (evolve(ORDER, shares=Shares(10_000_001)), ROUND, "no whole lots"),
        (ORDER, evolve(ROUND, protocol="v3"), "not known here"),
    ],
)
def test_what_the_venue_has_no_words_for_is_never_signed(
    order: Order, listed: Round, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        OrderSigner(PLAIN).sign(order, listed)
    with pytest.raises(ValueError, match=words):
        OrderSigner(PLAIN).venue_id(order, listed)
