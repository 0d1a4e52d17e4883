"""A wallet that is the key itself: a transaction a call, sent to a node, its gas paid in POL."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.execution.wallet_sender import BatchFate, BatchStage, SentBatch, SignedBatch
from polytui.model.errors import Fatal
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.chain_transaction import signed_transaction
from polytui.venues.polymarket.ethereum import SigningKey
from polytui.venues.polymarket.node import ChainNode, Reverted, RpcQuestion
from polytui.venues.polymarket.wallet import Wallet
from polytui.venues.polymarket.wallet_refusals import NoGas, WouldRevert

_MARGIN = 120, 100
"""On top of what gas is said to cost and a call to take: both move until a block has it, and what
is not used is not paid."""
_DEARER = 125, 100
"""A transaction of the same nonce takes another's place only where it pays a tenth more, at least;
one that waits for long was too cheap."""
_BLOCKS_TO_STAY = 12
"""Half a minute: deeper than blocks of this chain were ever taken back since 2025."""


class OwnWallet:
    """A `WalletSender`. State: whether the node was asked which chain it is on, and what gas the
    transactions of a nonce named that were sent by now."""

    def __init__(self, wallet: Wallet, node: ChainNode) -> None:
        self._wallet = wallet
        self._key = SigningKey(wallet.key)
        self._node = node
        self._is_chain_known = False
        self._signed: tuple[str, int] = ("", 0)
        """The newest one's name, and its price."""
        self._sent: tuple[int, int] = (-1, 0)
        """The newest nonce that was sent, and the highest price with it."""

    @property
    def calls_most(self) -> int:
        return 1

    async def nonce(self) -> int:
        return await self._node.nonce(self._wallet.owner)

    async def sign(self, calls: Sequence[Call], nonce: int, metadata: str = "") -> SignedBatch:
        """WouldRevert where the node tried it and the contract refused, NoGas where the key has not
        what it may cost. Nobody sees `metadata` here. Sent before with that nonce, it is dearer
        than it was then: whatever waits makes room for it."""
        (call,) = calls
        await self._check_chain()
        owner = self._wallet.owner
        needed = await self._node.gas_of(owner, call.target, call.data, call.value)
        if isinstance(needed, Reverted):
            why = needed.why or "without a word"
            raise WouldRevert(f"the contract refuses it: {why}; nothing was sent")
        price, has = await self._node.numbers(
            RpcQuestion("eth_gasPrice"), RpcQuestion("eth_getBalance", (owner, "latest"))
        )
        gas, price = _more(needed), max(_more(price), self._dearer(nonce))
        cost = gas * price + call.value
        if has < cost:
            raise NoGas(
                f"the call may cost {_pol(cost)} POL and {owner} has {_pol(has)}: send POL there"
            )
        signed = signed_transaction(self._key, call, nonce, gas, price, self._wallet.chain_id)
        sent = SentBatch(nonce, signed.transaction_hash)
        self._signed = (sent.name, price)
        return SignedBatch(sent, signed.raw, cost_most_wei=gas * price)

    async def send(self, signed: SignedBatch) -> SentBatch:
        name, price = self._signed
        if name == signed.sent.name:
            self._sent = (signed.sent.nonce, price)  # too cheap to be taken counts as well
        await self._node.send_raw(signed.body, self._wallet.owner)
        return signed.sent

    def _dearer(self, nonce: int) -> int:
        sent_nonce, price = self._sent
        return _part(price, _DEARER) if nonce == sent_nonce else 0

    async def fate(self, sent: SentBatch) -> BatchFate:
        # RpcQuestion first: what uses the nonce up afterwards has a receipt by then.
        nonce = await self.nonce()
        receipt = await self._node.receipt(sent.name)
        if receipt is None:
            if await self._node.is_known(sent.name):
                return BatchFate(BatchStage.WAITING)
            overtaken = nonce > sent.nonce
            return BatchFate(BatchStage.OVERTAKEN if overtaken else BatchStage.NEVER_ARRIVED)
        if not receipt.is_done:
            why = "the contract refused it in its block"
            return BatchFate(BatchStage.FAILED, why, sent.name, receipt.gas_wei)
        deep = await self._node.block() - receipt.block
        stage = BatchStage.CONFIRMED if deep >= _BLOCKS_TO_STAY else BatchStage.MINED
        return BatchFate(stage, "", sent.name, receipt.gas_wei)

    async def _check_chain(self) -> None:
        """Fatal on another chain: a signature for this one would be good for nothing there."""
        if self._is_chain_known:
            return
        told = await self._node.chain_id()
        if told != self._wallet.chain_id:
            raise Fatal(f"the node is on chain {told}, and the wallet's is {self._wallet.chain_id}")
        self._is_chain_known = True


def _more(amount: int) -> int:
    return _part(amount, _MARGIN)


def _part(amount: int, ratio: tuple[int, int]) -> int:
    above, of = ratio
    return -(-amount * above // of)


def _pol(wei: int) -> str:
    return f"{wei / 10**18:.6f}"
