"""Orders of CLOB V2, signed: a function of the order and the wallet, nothing else.

The salt is a hash of owner and order id, the timestamp is the moment of the order, the amounts are
the order's own. So the same order is signed alike every time, to the byte, and the venue's name of
it, the hash of its typed data, is known before it is sent and after a restart.

The exchange contract is chosen by the round's `protocol` and `is_neg_risk`, never by whether the
market carries position ids: many do that have no book for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256

import msgspec

from polytui.model.instrument import Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.venues.polymarket.contracts import EXCHANGES
from polytui.venues.polymarket.ethereum import (
    NOTHING,
    SigningKey,
    address_word,
    digest_of,
    domain_separator,
    keccak,
    word,
)
from polytui.venues.polymarket.order_amounts import OrderAmounts, amounts_of
from polytui.venues.polymarket.wallet import Wallet, WalletType

NO_BUILDER = "0x" + NOTHING.hex()
_ORDER_TEXT = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,"
    b"uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,"
    b"bytes32 builder)"
)
_ORDER_TYPE = keccak(_ORDER_TEXT)
_WRAPPED_TYPE = keccak(
    b"TypedDataSign(Order contents,string name,string version,uint256 chainId,"
    b"address verifyingContract,bytes32 salt)" + _ORDER_TEXT
)
_WRAP_TAIL = _ORDER_TEXT + len(_ORDER_TEXT).to_bytes(2, "big")
_SESSION_MARK = bytes.fromhex("6492") * 16
"""Ends the signature of a session's key."""
_SESSION_HEAD = 3 * 32
"""Bytes before the signature's length in what is packed: who signs, nothing, where it begins."""
_BUY, _SELL = word(0), word(1)
_TOKENS_KEPT = 64
_SALT_BITS = 53
"""It travels as a number of JSON, and JavaScript's are exact up to there."""
_GTD_LEAD_S = 60
"""By which the venue takes an order away before the time that it states."""
_encode = msgspec.json.Encoder().encode


class _OrderFields(msgspec.Struct, gc=False):
    """One order as the venue's interface names its parts, in the order of its own client."""

    salt: int
    maker: str
    signer: str
    token_id: str = msgspec.field(name="tokenId")
    maker_amount: str = msgspec.field(name="makerAmount")
    taker_amount: str = msgspec.field(name="takerAmount")
    side: str
    expiration: str
    signature_type: int = msgspec.field(name="signatureType")
    timestamp: str
    metadata: str
    builder: str
    signature: str


class _PostFields(msgspec.Struct, gc=False):
    order: _OrderFields
    owner: str
    order_type: str = msgspec.field(name="orderType")
    defer_exec: bool = msgspec.field(name="deferExec")
    post_only: bool = msgspec.field(name="postOnly")


class SignedOrder(msgspec.Struct, frozen=True, gc=False):
    """An order that may be sent, as often as need be: it is the same one every time. Here what is
    sent; the simulated venue has the same word for what it received, and shares no code with us."""

    order_id: str
    """Ours."""
    venue_id: str
    """The venue's: 0x and 64 small hexadecimal digits."""
    salt: int
    maker: str
    signer: str
    token_id: str
    amounts: OrderAmounts
    side: Side
    kind: WalletType
    timestamp_ms: int
    builder: str
    signature: str
    tif: TimeInForce
    is_post_only: bool
    expiration_s: int
    """What the venue is told, unix seconds; 0 for an order without end. Not signed."""

    def body(self, api_key_id: str) -> bytes:
        """One order of a POST: the exact bytes, which the request's own signature is over."""
        fields = _OrderFields(
            salt=self.salt,
            maker=self.maker,
            signer=self.signer,
            token_id=self.token_id,
            maker_amount=str(self.amounts.maker),
            taker_amount=str(self.amounts.taker),
            side=self.side.name,
            expiration=str(self.expiration_s),
            signature_type=int(self.kind),
            timestamp=str(self.timestamp_ms),
            metadata=NO_BUILDER,
            builder=self.builder,
            signature=self.signature,
        )
        return _encode(_PostFields(fields, api_key_id, self.tif.name, False, self.is_post_only))


class _Hashed(msgspec.Struct, frozen=True, gc=False):
    """An order as it is hashed."""

    salt: int
    amounts: OrderAmounts
    timestamp_ms: int
    separator: bytes
    contents: bytes
    """Hash of the struct."""

    @property
    def digest(self) -> bytes:
        return digest_of(self.separator, self.contents)


def salt_of(owner: str, order_id: str) -> int:
    """53 bits that are always the same for one order of one key, whose address is checksummed."""
    found = sha256(f"{owner}:{order_id}".encode()).digest()
    return int.from_bytes(found[:8], "big") >> (64 - _SALT_BITS)


class OrderSigner:
    """Signs the orders of one wallet. Domain separators and whatever else is the same for all of
    its orders are made once."""

    def __init__(
        self,
        wallet: Wallet,
        builder: str = NO_BUILDER,
        salt: Callable[[str, str], int] = salt_of,
    ) -> None:
        """`builder`: the code to whom orders are attributed, 0x and 64 hexadecimal digits. `salt`
        makes another one of owner and order id, for who compares with orders of others."""
        self._wallet = wallet
        self._builder = builder
        self._salt = salt
        self._key = SigningKey(wallet.key)
        self._separators = _separators(wallet.chain_id)
        self._parties = address_word(wallet.maker) + address_word(wallet.signer)
        self._kind = word(wallet.kind)
        self._token_word = lru_cache(_TOKENS_KEPT)(_token_word)
        self._tail = NOTHING + bytes.fromhex(builder[2:])
        self._is_in_session = wallet.is_in_session
        self._answering = (
            keccak(b"DepositWallet")
            + keccak(b"1")
            + word(wallet.chain_id)
            + address_word(wallet.signer)
            + NOTHING
        )

    def sign(self, order: Order, listed: Round) -> SignedOrder:
        """ValueError for an order that the venue has no words for; nothing is signed then."""
        hashed, wallet = self._hashed(order, listed), self._wallet
        digest = hashed.digest
        if wallet.kind is WalletType.DEPOSIT:
            signature = self._wrapped(hashed)
        else:
            signature = self._key.sign(digest)
        return SignedOrder(
            order.order_id,
            "0x" + digest.hex(),
            hashed.salt,
            wallet.maker,
            wallet.signer,
            order.token_id,
            hashed.amounts,
            order.side,
            wallet.kind,
            hashed.timestamp_ms,
            self._builder,
            "0x" + signature.hex(),
            order.tif,
            order.is_post_only,
            _expiration_s(order),
        )

    def venue_id(self, order: Order, listed: Round) -> str:
        """The venue's name of an order, whether it was ever sent or not."""
        return "0x" + self._hashed(order, listed).digest.hex()

    def _hashed(self, order: Order, listed: Round) -> _Hashed:
        _must_be_plain(order, listed)
        amounts, timestamp_ms = amounts_of(order), order.placed_ns // NS_PER_MS
        salt = self._salt(self._wallet.owner, order.order_id)
        struct = (
            _ORDER_TYPE,
            word(salt),
            self._parties,
            self._token_word(order.token_id),
            word(amounts.maker),
            word(amounts.taker),
            _BUY if order.side is Side.BUY else _SELL,
            self._kind,
            word(timestamp_ms),
            self._tail,
        )
        separator = self._separators[_domain_of(listed)]
        return _Hashed(salt, amounts, timestamp_ms, separator, keccak(b"".join(struct)))

    def _wrapped(self, hashed: _Hashed) -> bytes:
        """What a deposit wallet takes for its owner's signature (ERC-7739): one over the order
        inside a struct that names the wallet, and all that is needed to check it."""
        struct = keccak(_WRAPPED_TYPE + hashed.contents + self._answering)
        signed = self._key.sign(digest_of(hashed.separator, struct))
        owners = signed + hashed.separator + hashed.contents + _WRAP_TAIL
        return self._of_session(owners) if self._is_in_session else owners

    def _of_session(self, signature: bytes) -> bytes:
        """The same of a session's key, which has to say who it is: (bytes32 signer, bytes32 0,
        bytes signature) as contracts pack it, and a mark."""
        gap = bytes(-len(signature) % 32)
        head = address_word(self._wallet.owner) + NOTHING + word(_SESSION_HEAD)
        return head + word(len(signature)) + signature + gap + _SESSION_MARK


def _domain_of(listed: Round) -> str:
    """The exchange of a round. Positions have one, neg-risk or not."""
    if listed.protocol == "v2":
        return "positions"
    if listed.protocol == "v1":
        return "neg-risk" if listed.is_neg_risk else "standard"
    raise ValueError(f"{listed.slug} is of protocol {listed.protocol!r}, which is not known here")


@lru_cache(maxsize=len(EXCHANGES))
def _separators(chain_id: int) -> Mapping[str, bytes]:
    contracts = EXCHANGES[chain_id]
    return {
        domain: domain_separator("Polymarket CTF Exchange", version, chain_id, contract)
        for domain, version, contract in (
            ("standard", "2", contracts.standard),
            ("neg-risk", "2", contracts.neg_risk),
            ("positions", "3", contracts.positions),
        )
    }


def _token_word(token_id: str) -> bytes:
    return word(int(token_id))


def _must_be_plain(order: Order, listed: Round) -> None:
    if listed.outcome_of(order.token_id) is not order.outcome:
        raise ValueError(f"{order.order_id} is not for a token of {listed.slug}")
    if order.is_post_only and not order.tif.may_rest:
        raise ValueError(f"{order.order_id} may only rest, and {order.tif.name} never does")
    if (order.expires_ns > 0) is not (order.tif is TimeInForce.GTD):
        raise ValueError(f"{order.order_id} is {order.tif.name} and ends at {order.expires_ns}")


def _expiration_s(order: Order) -> int:
    """What the venue is told for an order that is to be gone at `expires_ns`."""
    return order.expires_ns // NS_PER_S + _GTD_LEAD_S if order.expires_ns else 0
