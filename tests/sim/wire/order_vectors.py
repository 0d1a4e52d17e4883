"""Orders that official clients signed with a key everybody knows: 32 bytes of 0x11.

Made with py-clob-client-v2 1.2.1 (orders) and polymarket-client 0.14.0 (relayer, session keys);
no line of ours had a part in them.
"""

from __future__ import annotations

from attrs import frozen

from polytui.lean_imports import load_keyfile
from polytui.sim.wire.signed.typed_data import (
    NEG_RISK,
    POSITIONS,
    STANDARD,
    ExchangeDomain,
    OrderStruct,
    signature_bytes,
)

# Before the first signature is judged, as whoever judges one does.
load_keyfile()

EOA = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"
FUNDER = "0x" + "22" * 20
SESSION_EOA = "0x1563915e194d8cfba1943570603f7606a3115508"
"""Of the key of 32 bytes of 0x22."""
TOKEN = "113013382422133157315656090194075928009220145127085300671933810669470922115281"
POSITION = "663574927012476832975694178961957910328055987427402067619466963999000625152"
ORDER_TEXT = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,"
    b"uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,"
    b"bytes32 builder)"
)
SEPARATORS = {
    STANDARD: "3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2",
    NEG_RISK: "9b858f53327b0bd13af8ec14cfb35234fb9eb7b0504d1a4e61f433840d30e81a",
    POSITIONS: "466c63910185bbd55e8679264200c4e0abdcbb0c6264eb3d41d13326022e095b",
}


@frozen
class Vector:
    name: str
    domain: ExchangeDomain
    order: OrderStruct
    order_id: str
    signature: bytes


def struct(
    maker_amount: int,
    taker_amount: int,
    side: int = 0,
    kind: int = 0,
    token: str = TOKEN,
    maker: str = EOA,
    signer: str = EOA,
) -> OrderStruct:
    return OrderStruct(
        1234567890123, maker, signer, int(token), maker_amount, taker_amount, side, kind,
        1790000000000, bytes(32), bytes(32),
    )  # fmt: skip


_PLAIN = [
    (
        "standard buy", STANDARD, struct(5_200_000, 10_000_000),
        "0xa1383c53de274dd19119b944ba6c0deda8c4d6b29cff73e16908207ff0a58c14",
        "0x6d17016e34c3af6d2d0faedd96b21fde6ad1282a87f5269ec64db70e2aa172aa"
        "0688b7a2a89e4dd7c33a687d49dc5293a3b75421f105aa1add002e53bd09227f1b",
    ),
    (
        "standard sell", STANDARD, struct(10_000_000, 5_300_000, 1),
        "0x94081b176a7011f182e961bac6bb96ea81fb3e0f0cd1f7c9e5592852fd6e8f54",
        "0xf5aa02e29ff75c639d09e3488ef219fc643161f08105c49cd4e51cb7f215d5ca"
        "6a5db8cef15dc8af8d750a5ea4e7a34f73407d4014f2fc289803e928b42952771b",
    ),
    (
        "safe buy", STANDARD, struct(5_200_000, 10_000_000, kind=2, maker=FUNDER),
        "0x49673082814425acdb38bc1296732877bc5bb67c0e781fb1ac6621e574c5a875",
        "0x4b4668233435e5f56b7cc603a401181192b938e40e10adea2ebc123a8f63c0a5"
        "2b6df6384f5b8989d22bff3671d8c8691510c9cd006420008abed9a68b08d5971b",
    ),
    (
        "neg-risk buy", NEG_RISK, struct(5_200_000, 10_000_000),
        "0x668d65ec545d7a4034814ced9501ae4710a6d0ed8799f5bdcf4792ad1f10f9cf",
        "0xe2d078b7db93b6ae92ea4f7f38db1508dfd6c28299a59e38bde7046854210fb5"
        "44f59965663434f165d38eace24b482aabc3b08f26bfb7d865f99ae45fb03b631c",
    ),
    (
        "position buy", POSITIONS, struct(5_200_000, 10_000_000, token=POSITION),
        "0xce04619cbc9cab2e55606920ba3b1d3a64fa8f892cf32c4f12d6f75f35342ff0",
        "0xf8e1cf02c04011b0a46a028d330776c10cc2d446d983a39a12dcfb29343b64b8"
        "7e396d749d5dd9d867c0217461146ff31106c6fe13a8d112912d6378036de1b91b",
    ),
    (
        "buy for dollars", STANDARD, struct(10_000_000, 19_230_800),
        "0xa18cc9c779a6fd8677d44e863bcd6ae4e4fa76f150b7b9d66a2b5ec725b1805e",
        "0x386a3976a6a975cd3bc0f3ae0b43fd80f09f5a5ce039d05771472ff4cd8e6fcf"
        "75f396043b1343388c68d34d6f8e41b6f8aa3d8441953dda72eb90ce2c8d4e161b",
    ),
]  # fmt: skip

CONTENTS_HASH = "7f47baa059ec9213160b0c3f2b98c032f7077bf36aa37f08e47abc3bf089a796"
DEPOSIT_ID = "0x86268d11095efbfa695ab4a8ca696d61d2874560edc712df00b4e3e284215be9"
DEPOSIT_ORDER = struct(5_200_000, 10_000_000, kind=3, maker=FUNDER, signer=FUNDER)
DEPOSIT_TAIL = (
    bytes.fromhex(SEPARATORS[STANDARD] + CONTENTS_HASH) + ORDER_TEXT + bytes.fromhex("00ba")
)
DEPOSIT_SIGNATURE = (
    signature_bytes(
        "0xbea3b12a53c8ee675e563bc4b1587bfb756faccc2cf0f4cc2b710f0f4f323135"
        "79c5b6e52d53ac8eee650868e6a98dc6cbf86b78dc0cbade05e231327b9372fa1b"
    )
    + DEPOSIT_TAIL
)

VECTORS = [
    *(
        Vector(name, domain, order, order_id, signature_bytes(signature))
        for name, domain, order, order_id, signature in _PLAIN
    ),
    Vector("deposit wallet buy", STANDARD, DEPOSIT_ORDER, DEPOSIT_ID, DEPOSIT_SIGNATURE),
]
