"""A small Polygon: blocks on a beat, transactions of single keys, what became of them.

A transaction waits for its block and for those of its sender before it; what it calls is performed
there, at the block's moment of the world, in its place among everybody's doings.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, field, frozen
from attrs.validators import ge, gt

from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.exchange.calls import ChainCall
from polytui.sim.exchange.chain_troubles import FAILED_BY_ORDER, ChainTroubles
from polytui.sim.exchange.effects import CallRevertError, Effects
from polytui.sim.world.agenda import NEVER
from polytui.sim.world.chance import Chance
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

GWEI = 10**9
_TRANSFER_GAS = 21_000
_CALL_GAS = 65_000
"""Rounded from what such calls cost; this chain counts calls, not instructions."""
_GAS_OF_A_BYTE = 16


@frozen
class ChainSettings:
    block_s: float = field(default=2.0, validator=gt(0.0))
    """Between two blocks."""
    first_block: int = 80_000_000
    """Its number when the world begins."""
    waits_blocks: tuple[int, int] = (1, 3)
    """Blocks from sending a transaction to its own, least and most."""
    gas_price_gwei: int = field(default=30, validator=gt(0))
    grant_pol: int = field(default=100, validator=ge(0))
    """POL that every address has at first, for gas."""
    most_waiting: int = field(default=64, validator=gt(0))
    """Transactions of one sender that wait, and how far a nonce may lie ahead."""
    most_senders: int = field(default=10_000, validator=gt(0))
    kept: int = field(default=20_000, validator=gt(0))
    """Receipts that can still be asked for, the latest."""


class ChainRefusedError(Exception):
    """A transaction that no node takes, in a node's words."""


@frozen
class SentTransaction:
    """Signed, and its sender recovered. Addresses in lower case, amounts in wei."""

    transaction_hash: str
    sender: str
    to: str
    nonce: int
    gas: int
    gas_price: int
    value: int
    data: bytes
    call: ChainCall | None
    """None: dollars of the chain are sent and nothing is called."""
    must_fail: bool = False
    """Somebody wants to see it reverted."""


@frozen
class Receipt:
    transaction_hash: str
    sender: str
    to: str
    block: int
    index: int
    """Place in the block."""
    gas_used: int
    gas_price: int
    error: str | None = None
    """Why it was reverted, which may be ""; None for one that went through."""


def gas_of(data: bytes, calls: int = 1) -> int:
    """What a transaction that carries `data` needs."""
    return _TRANSFER_GAS + (_CALL_GAS * calls + _GAS_OF_A_BYTE * len(data) if data else 0)


class Blockchain:
    """Blocks, nonces, gas and receipts. Money of the venue moves in `effects.py` alone."""

    def __init__(self, world: World, effects: Effects, settings: ChainSettings) -> None:
        self._world = world
        self._effects = effects
        self._settings = settings
        self._start_ns = world.now_ns
        self._block_ns = int(settings.block_s * NS_PER_S)
        self._chance = Chance(f"{world.seed}:chain")
        self._waiting: dict[str, dict[int, tuple[int, SentTransaction]]] = {}
        """By sender and nonce, with the first block that may hold it."""
        self._counts: dict[str, int] = {}
        self._moved_wei: dict[str, int] = {}
        self._receipts: dict[str, Receipt] = {}
        self._sent: dict[str, SentTransaction] = {}
        self._in_block: tuple[int, int] = (0, 0)
        self.troubles = ChainTroubles()
        self._miner = _Miner(self)

    @property
    def block(self) -> int:
        """Number of the latest one."""
        return self.block_at(self._world.now_ns)

    def block_at(self, at_ns: int) -> int:
        return self._settings.first_block + (at_ns - self._start_ns) // self._block_ns

    def block_ns(self, block: int) -> int:
        """When a block is made."""
        return self._start_ns + (block - self._settings.first_block) * self._block_ns

    @property
    def gas_price_wei(self) -> int:
        return self._settings.gas_price_gwei * GWEI

    def balance_wei(self, address: str) -> int:
        """POL."""
        return self._settings.grant_pol * 10**18 + self._moved_wei.get(address, 0)

    def count(self, address: str, *, with_waiting: bool = False) -> int:
        """Transactions of a sender so far: the nonce of the next."""
        count = self._counts.get(address, 0)
        if with_waiting:
            waiting = self._waiting.get(address, {})
            while count in waiting:
                count += 1
        return count

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """None while it waits, or for one nobody sent."""
        return self._receipts.get(transaction_hash)

    def sent(self, transaction_hash: str) -> SentTransaction | None:
        return self._sent.get(transaction_hash)

    def send(self, transaction: SentTransaction) -> None:
        """Into the pool; ChainRefusedError in a node's words."""
        self._check(transaction)
        if self.troubles.strike("lost"):
            return
        due = self.block + self._chance.randint(*self._settings.waits_blocks)
        if self.troubles.strike("late"):
            due += self.troubles.value("late") * NS_PER_MS // self._block_ns
        transaction = evolve(transaction, must_fail=self.troubles.strike("fail"))
        waiting = self._waiting.setdefault(transaction.sender, {})
        replaced = waiting.get(transaction.nonce)
        if replaced is not None:
            del self._sent[replaced[1].transaction_hash]
        waiting[transaction.nonce] = (due, transaction)
        self._sent[transaction.transaction_hash] = transaction
        self._miner.wake(self._world, self.block_ns(self.block + 1))

    def use_nonce(self, sender: str) -> int:
        """Another program of the same key has sent something, and it is done: what waited for that
        nonce never comes. The nonce that is next now."""
        nonce = self.count(sender)
        gone = self._waiting.get(sender, {}).pop(nonce, None)
        if gone is not None:
            del self._sent[gone[1].transaction_hash]
        self._counts[sender] = nonce + 1
        return nonce + 1

    def include(
        self,
        wallet: str,
        calls: tuple[ChainCall, ...],
        receipt: Receipt,
        *,
        must_fail: bool = False,
    ) -> Receipt:
        """A transaction of somebody who pays for others (the relayer), performed now, in the block
        that is next; its receipt, with the error if it was reverted."""
        block = self.block
        error: str | None = FAILED_BY_ORDER
        if not must_fail:
            error = self._perform(wallet, calls, receipt.transaction_hash)
        told = evolve(receipt, block=block, index=self._place_in(block), error=error)
        self._keep(told)
        return told

    def mine(self) -> bool:
        """Performs what the present block holds; whether more can come without anybody's help."""
        block, may_go_on = self.block, False
        for sender in list(self._waiting):
            waiting = self._waiting[sender]
            while (found := waiting.get(self.count(sender))) is not None:
                due, transaction = found
                if due > block:
                    may_go_on = True
                    break
                del waiting[transaction.nonce]
                self._mine_one(transaction, block)
            if not waiting:
                del self._waiting[sender]
        return may_go_on

    def _mine_one(self, transaction: SentTransaction, block: int) -> None:
        sender, to = transaction.sender, transaction.to
        needed = gas_of(transaction.data)
        self._counts[sender] = transaction.nonce + 1
        error: str | None = None
        if transaction.gas < needed:
            error, needed = "out of gas", transaction.gas
        elif transaction.must_fail:
            error = FAILED_BY_ORDER
        elif transaction.call is not None:
            error = self._perform(sender, (transaction.call,), transaction.transaction_hash)
        cost = needed * transaction.gas_price
        self._moved_wei[sender] = self._moved_wei.get(sender, 0) - cost
        if error is None and transaction.value:
            if transaction.value > self.balance_wei(sender):
                error = "insufficient balance for transfer"
            else:
                self._moved_wei[sender] -= transaction.value
                self._moved_wei[to] = self._moved_wei.get(to, 0) + transaction.value
        self._keep(
            Receipt(
                transaction.transaction_hash,
                sender,
                to,
                block,
                self._place_in(block),
                needed,
                transaction.gas_price,
                error,
            )
        )

    def _keep(self, receipt: Receipt) -> None:
        self._receipts[receipt.transaction_hash] = receipt
        if len(self._receipts) > self._settings.kept:
            oldest = next(iter(self._receipts))
            del self._receipts[oldest]
            self._sent.pop(oldest, None)

    def _perform(self, wallet: str, calls: tuple[ChainCall, ...], name: str) -> str | None:
        try:
            self._effects.perform(wallet, calls, name)
        except CallRevertError as revert:
            return str(revert)
        return None

    def _place_in(self, block: int) -> int:
        known, place = self._in_block
        place = place + 1 if known == block else 0
        self._in_block = (block, place)
        return place

    def _check(self, transaction: SentTransaction) -> None:
        sender, nonce = transaction.sender, transaction.nonce
        waiting = self._waiting.get(sender, {})
        if self.troubles.strike("busy"):
            raise ChainRefusedError("replacement transaction underpriced")
        if transaction.transaction_hash in self._sent:
            raise ChainRefusedError("already known")
        if nonce < self.count(sender):
            raise ChainRefusedError(
                f"nonce too low: next nonce {self.count(sender)}, tx nonce {nonce}"
            )
        if nonce >= self.count(sender) + self._settings.most_waiting:
            raise ChainRefusedError("nonce too high")
        if transaction.gas < gas_of(b""):
            raise ChainRefusedError(
                f"intrinsic gas too low: gas {transaction.gas}, minimum needed {gas_of(b'')}"
            )
        if transaction.gas_price < self.gas_price_wei:
            raise ChainRefusedError("transaction underpriced")
        replaced = waiting.get(nonce)
        if replaced is not None and transaction.gas_price * 10 < replaced[1].gas_price * 11:
            raise ChainRefusedError("replacement transaction underpriced")
        cost = transaction.gas * transaction.gas_price + transaction.value
        if cost > self.balance_wei(sender):
            have = self.balance_wei(sender)
            raise ChainRefusedError(
                f"insufficient funds for gas * price + value: have {have} want {cost}"
            )
        if sender not in self._waiting and len(self._waiting) >= self._settings.most_senders:
            raise ChainRefusedError("txpool is full")


class _Miner:
    """Acts at blocks as long as something waits for one; else it is not on the agenda."""

    def __init__(self, chain: Blockchain) -> None:
        self._chain = chain
        self.next_ns = NEVER

    def wake(self, world: World, at_ns: int) -> None:
        if self.next_ns == NEVER:
            self.next_ns = at_ns
            world.add(self)

    def fire(self) -> Iterable[WorldEvent]:
        may_go_on = self._chain.mine()
        self.next_ns = self._chain.block_ns(self._chain.block + 1) if may_go_on else NEVER
        return ()
