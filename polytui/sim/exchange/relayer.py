"""Who pays the gas for others: batches of wallets, one at a time each, so many a day.

A batch is tried out, broadcast, mined and confirmed, seconds apart. One that would revert when it
is tried is INVALID and was never broadcast; one that reverts when it is mined has FAILED.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum

from attrs import define, field, frozen
from attrs.validators import ge, gt

from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.exchange.calls import ChainCall
from polytui.sim.exchange.chain import Blockchain, Receipt, gas_of
from polytui.sim.exchange.chain_troubles import FAILED_BY_ORDER, ChainTroubles
from polytui.sim.exchange.contracts import RELAY_HUB
from polytui.sim.exchange.effects import Effects
from polytui.sim.exchange.names import hash_of, uuid_of
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, SessionSigner, Wallets
from polytui.sim.world.agenda import NEVER
from polytui.sim.world.chance import Chance
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_MINUTE_NS = 60 * NS_PER_S
RELAY = "0x" + "4e1a" * 10
"""Who broadcasts; PROXY batches name it in what they sign."""


class BatchKind(str, Enum):
    WALLET = "WALLET"
    SAFE = "SAFE"
    PROXY = "PROXY"
    WALLET_CREATE = "WALLET-CREATE"


class BatchState(str, Enum):
    NEW = "STATE_NEW"
    EXECUTED = "STATE_EXECUTED"
    MINED = "STATE_MINED"
    CONFIRMED = "STATE_CONFIRMED"
    INVALID = "STATE_INVALID"
    FAILED = "STATE_FAILED"


class KeyTier(str, Enum):
    """What a key may submit in a day."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    OWN = "own"
    """A relayer key, for its owner's wallets only."""


@frozen
class RelayerSettings:
    executed_s: tuple[float, float] = (0.3, 1.5)
    """From taking a batch to broadcasting it, least and most."""
    mined_s: tuple[float, float] = (1.5, 5.0)
    confirmed_s: tuple[float, float] = (2.0, 6.0)
    day_s: int = field(default=86_400, validator=gt(0))
    """The quota is of any span of this length, not of calendar days."""
    a_day: int = field(default=100, validator=gt(0))
    """Batches of an unverified builder key."""
    a_day_verified: int = field(default=10_000, validator=gt(0))
    are_builders_verified: bool = False
    a_minute: int = field(default=25, validator=gt(0))
    """Of any key."""
    kept: int = field(default=10_000, validator=ge(100))
    """Batches that can still be asked for."""


class RelayerRefusedError(Exception):
    """A batch the relayer does not take: HTTP status and words."""

    def __init__(self, status: int, words: str, retry_after_s: int = 0) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words
        self.retry_after_s = retry_after_s


@frozen
class WalletBatch:
    """Verified already: its owner signed it. Addresses in lower case."""

    kind: BatchKind
    owner: str
    wallet: str
    nonce: int
    calls: tuple[ChainCall, ...]
    size: int = 0
    """Bytes of call data."""
    to: str = ""
    data: str = ""
    value: str = "0"
    signature: str = ""
    metadata: str = ""
    session: SessionSigner | None = None
    """Who may sign for the wallet once this is mined; nobody more where it ends at second 0."""


@define
class RelayedBatch:
    """A batch and how far it has come."""

    transaction_id: str
    batch: WalletBatch
    key: str
    """Who submitted it: an API key of the relayer."""
    created_ns: int
    updated_ns: int
    must: frozenset[str] = frozenset()
    """Troubles that hit it."""
    state: BatchState = BatchState.NEW
    transaction_hash: str = ""
    error: str | None = None


class Relayer:
    """State: batches, nonces of wallets, units each key has used."""

    def __init__(
        self,
        world: World,
        chain: Blockchain,
        effects: Effects,
        wallets: Wallets,
        settings: RelayerSettings,
    ) -> None:
        self._world = world
        self._chain = chain
        self._effects = effects
        self._wallets = wallets
        self.settings = settings
        self.troubles = ChainTroubles()
        self._chance = Chance(f"{world.seed}:relayer")
        self._batches: dict[str, RelayedBatch] = {}
        self._at_work: dict[str, RelayedBatch] = {}
        """By wallet: what is not mined yet."""
        self._nonces: dict[tuple[str, BatchKind], int] = {}
        self._used: dict[str, deque[int]] = {}
        self._left: dict[str, int] = {}
        """Of keys that somebody has left so many batches for the day."""
        self._count = 0

    def nonce(self, wallet: str, kind: BatchKind) -> int:
        """Of the wallet's next batch."""
        return self._nonces.get((wallet, kind), 0)

    def find(self, transaction_id: str) -> RelayedBatch | None:
        return self._batches.get(transaction_id)

    def recent(self, key: str, most: int = 100) -> list[RelayedBatch]:
        """Of a key, newest first."""
        mine = [one for one in reversed(self._batches.values()) if one.key == key]
        return mine[:most]

    def submit(self, batch: WalletBatch, key: str, tier: KeyTier) -> RelayedBatch:
        """Takes a batch; RelayerRefusedError with the relayer's words."""
        now_ns = self._world.now_ns
        self._check_quota(key, tier, now_ns)
        self._check_wallet(batch)
        if key in self._left:
            self._left[key] -= 1
        self._used.setdefault(key, deque()).append(now_ns)
        self._count += 1
        name = f"{self._world.seed}:relayed:{self._count}"
        must = frozenset(kind for kind in _ON_THE_WAY if self.troubles.strike(kind))
        taken = RelayedBatch(uuid_of(name), batch, key, now_ns, now_ns, must)
        self._remember(taken)
        self._at_work[batch.wallet] = taken
        self._world.add(_Progress(self, taken, now_ns + self._later(self.settings.executed_s)))
        return taken

    def leave(self, key: str, left: int) -> None:
        """So many batches more for a key, of whatever tier, as if it had submitted the others."""
        self._left[key] = left

    def use_nonce(self, wallet: str, kind: BatchKind) -> int:
        """Somebody else's batch of this wallet has been done; the nonce that is next now."""
        slot = (wallet, kind)
        self._nonces[slot] = self._nonces.get(slot, 0) + 1
        return self._nonces[slot]

    def go_on(self, taken: RelayedBatch) -> int:
        """The next step of a batch; when the one after it is due, NEVER at its end."""
        settings, now_ns = self.settings, self._world.now_ns
        taken.updated_ns = now_ns
        match taken.state:
            case BatchState.NEW:
                taken.error = self._why_not(taken)
                if taken.error is not None:
                    return self._end(taken, BatchState.INVALID)
                taken.state = BatchState.EXECUTED
                taken.transaction_hash = hash_of(f"{taken.transaction_id}:transaction")
                late_ns = self.troubles.value("late") * NS_PER_MS if "late" in taken.must else 0
                return now_ns + late_ns + self._later(settings.mined_s)
            case BatchState.EXECUTED:
                taken.error = self._mine(taken)
                if taken.error is not None:
                    return self._end(taken, BatchState.FAILED)
                self._at_work.pop(taken.batch.wallet, None)
                taken.state = BatchState.MINED
                return now_ns + self._later(settings.confirmed_s)
        return self._end(taken, BatchState.CONFIRMED)

    def _why_not(self, taken: RelayedBatch) -> str | None:
        """Words for a batch that would revert just now."""
        batch = taken.batch
        if "invalid" in taken.must:
            return f"execution reverted: {FAILED_BY_ORDER}"
        error = self._effects.try_out(batch.wallet, batch.calls)
        return None if error is None else f"execution reverted: {error}".rstrip(": ")

    def _mine(self, taken: RelayedBatch) -> str | None:
        batch = taken.batch
        if not self._is_its_turn(batch):
            return "execution reverted: invalid nonce"
        gas = gas_of(b"\1" * batch.size, len(batch.calls))
        target = RELAY_HUB if batch.kind is BatchKind.PROXY else batch.to
        receipt = self._chain.include(
            batch.wallet,
            batch.calls,
            Receipt(taken.transaction_hash, RELAY, target, 0, 0, gas, self._chain.gas_price_wei),
            must_fail="fail" in taken.must,
        )
        slot = (batch.wallet, batch.kind)
        # The hub of proxies counts whatever it relays; wallets and safes only what goes through.
        if receipt.error is None or batch.kind is BatchKind.PROXY:
            self._nonces[slot] = self._nonces.get(slot, 0) + 1
        if receipt.error is not None:
            return f"execution reverted: {receipt.error}".rstrip(": ")
        if batch.kind is BatchKind.WALLET_CREATE:
            self._wallets.register(batch.wallet, batch.owner, DEPOSIT_WALLET)
            self._wallets.deploy(batch.wallet)
        if batch.session is not None:
            self._wallets.change_session(batch.wallet, batch.session)
        return None

    def _is_its_turn(self, batch: WalletBatch) -> bool:
        """Its nonce may have been used by somebody else since it was taken."""
        is_made = batch.kind is BatchKind.WALLET_CREATE
        return is_made or batch.nonce == self.nonce(batch.wallet, batch.kind)

    def _end(self, taken: RelayedBatch, state: BatchState) -> int:
        taken.state = state
        if self._at_work.get(taken.batch.wallet) is taken:
            del self._at_work[taken.batch.wallet]
        return NEVER

    def _check_quota(self, key: str, tier: KeyTier, now_ns: int) -> None:
        used, day_ns = self._used.get(key, deque()), self.settings.day_s * NS_PER_S
        if self._left.get(key, 1) <= 0:
            raise RelayerRefusedError(429, _used_up(self.settings.day_s), self.settings.day_s)
        while used and used[0] <= now_ns - day_ns:
            used.popleft()
        most = {
            KeyTier.UNVERIFIED: self.settings.a_day,
            KeyTier.VERIFIED: self.settings.a_day_verified,
        }.get(tier)
        if most is not None and len(used) >= most:
            left_s = _seconds_up(used[-most] + day_ns - now_ns)
            raise RelayerRefusedError(429, _used_up(left_s), left_s)
        lately = [at for at in used if at > now_ns - _MINUTE_NS]
        if len(lately) >= self.settings.a_minute:
            left_s = _seconds_up(lately[-self.settings.a_minute] + _MINUTE_NS - now_ns)
            raise RelayerRefusedError(429, "rate limit exceeded", left_s)

    def _check_wallet(self, batch: WalletBatch) -> None:
        wallet = batch.wallet
        if self.troubles.strike("busy"):
            somebody = uuid_of(f"{self._world.seed}:somebody:{self._count}")
            words = f"wallet busy: {wallet} has an active action {somebody}"
            raise RelayerRefusedError(400, words)
        active = self._at_work.get(wallet)
        if active is not None and active.state is BatchState.NEW:
            raise RelayerRefusedError(400, f"wallet has in-flight action {active.transaction_id}")
        if active is not None:
            words = f"wallet busy: {wallet} has an active action {active.transaction_id}"
            raise RelayerRefusedError(400, words)
        if batch.kind is BatchKind.WALLET_CREATE:
            if self._wallets.is_deployed(wallet):
                raise RelayerRefusedError(400, f"wallet {wallet} is already deployed")
            return
        if batch.kind is BatchKind.WALLET and not self._wallets.is_deployed(wallet):
            raise RelayerRefusedError(400, f"wallet {wallet} is not deployed")
        on_chain = self.nonce(wallet, batch.kind)
        if batch.nonce != on_chain:
            words = f"batch nonce {batch.nonce} does not match on-chain nonce {on_chain}"
            raise RelayerRefusedError(400, words)

    def _remember(self, taken: RelayedBatch) -> None:
        self._batches[taken.transaction_id] = taken
        if len(self._batches) > self.settings.kept:
            del self._batches[next(iter(self._batches))]

    def _later(self, span_s: tuple[float, float]) -> int:
        return int(self._chance.uniform(*span_s) * NS_PER_S)


_ON_THE_WAY = ("fail", "invalid", "late")
"""Troubles that hit a batch after it was taken."""


class _Progress:
    """One batch on the world's agenda."""

    def __init__(self, relayer: Relayer, taken: RelayedBatch, next_ns: int) -> None:
        self._relayer = relayer
        self._taken = taken
        self.next_ns = next_ns

    def fire(self) -> Iterable[WorldEvent]:
        self.next_ns = self._relayer.go_on(self._taken)
        return ()


def _used_up(left_s: int) -> str:
    return f"quota exceeded: 0 units remaining, resets in {left_s} seconds"


def _seconds_up(span_ns: int) -> int:
    return max(1, -(-span_ns // NS_PER_S))
