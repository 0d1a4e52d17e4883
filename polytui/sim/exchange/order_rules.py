"""Whether the venue takes an order: its mode, the account, the market, the order, the money, and
last the book itself. The order of the checks is not known of the real venue."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Shares, Usd, cost_of
from polytui.sim.exchange.answers import Refusal
from polytui.sim.exchange.funds import Funds
from polytui.sim.exchange.modes import EngineModes
from polytui.sim.exchange.order_terms import terms_of
from polytui.sim.exchange.reserves import Promise
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import OrderType, SignedOrder
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook
from polytui.sim.world.refusals import NOT_ALL_THERE, NOTHING_TO_TAKE, malformed
from polytui.sim.world.world import World

_KILLS = (NOT_ALL_THERE, NOTHING_TO_TAKE)
_NOT_READY = "the market is not yet ready to process new orders"
_EXPIRATION = "invalid expiration"
_POST_ONLY_TYPE = "invalid post-only order: only GTC and GTD orders can be post-only"


@frozen
class Entry:
    """An order that the venue takes, if only to kill it."""

    signed: SignedOrder
    listed: Round
    outcome: Outcome
    asked: MatchOrder
    need: Promise
    """What has to be there for it."""
    killed: str = ""
    """The venue's words for a FAK or FOK that finds too little in the book."""


class OrderRules:
    def __init__(
        self, world: World, rules: ExchangeRules, modes: EngineModes, funds: Funds
    ) -> None:
        self._world = world
        self._rules = rules
        self._modes = modes
        self._funds = funds

    def judge(self, signed: SignedOrder, arrived_ns: int) -> Entry | Refusal:
        """As of now; only its end is counted from its arrival."""
        now_ns = self._world.now_ns
        refusal = self._modes.refusal(now_ns, is_post_only=signed.is_post_only)
        is_buy = signed.side is Side.BUY
        refusal = refusal or self._modes.account_refusal(signed.maker, is_buy=is_buy)
        if refusal is not None:
            return refusal
        listed = self._world.find(signed.token_id)
        outcome = listed.outcome_of(signed.token_id) if listed else None
        if listed is None or outcome is None or not self._is_traded(listed):
            return no_orderbook(signed.token_id)
        if not self._is_ready(listed):
            return Refusal(_NOT_READY)
        book = self._world.book(listed.slug)
        terms = terms_of(signed, listed, outcome, book.tick)
        if terms.asked is None:
            return Refusal(terms.words)
        words = self._untimely(signed, arrived_ns) or malformed(
            terms.asked, book.tick, book.min_shares
        )
        if words:
            return Refusal(words)
        need = _need(signed, terms.asked, book)
        lacking = self._funds.refusal(need, signed.maker_amount, listed)
        if lacking is not None:
            return lacking
        words = book.refusal(terms.asked)
        if words and words not in _KILLS:
            return Refusal(words)
        return Entry(signed, listed, outcome, terms.asked, need, words)

    def _is_traded(self, listed: Round) -> bool:
        return listed.takes_orders and not self._world.status(listed.slug).is_resolved

    def _is_ready(self, listed: Round) -> bool:
        ready_ns = self._world.listed_ns(listed) + int(self._rules.ready_s * NS_PER_S)
        is_held = listed.condition_id in self._modes.unready
        return self._world.now_ns >= ready_ns and not is_held

    def _untimely(self, signed: SignedOrder, arrived_ns: int) -> str:
        """What is wrong with its type and its end."""
        if signed.is_post_only and not signed.order_type.may_rest:
            return _POST_ONLY_TYPE
        if signed.order_type is not OrderType.GTD:
            return _EXPIRATION if signed.expiration_s else ""
        least_ns = arrived_ns + self._rules.gtd_ahead_s * NS_PER_S
        return _EXPIRATION if signed.expiration_s * NS_PER_S < least_ns else ""


def no_orderbook(token_id: str) -> Refusal:
    return Refusal(f"the orderbook {token_id} does not exist")


def _need(signed: SignedOrder, asked: MatchOrder, book: ConditionBook) -> Promise:
    """Shares for sale; or the order's dollars, whatever better price it finds, and the fee that it
    would pay just now."""
    if signed.side is Side.SELL:
        return Promise(signed.maker, token_id=signed.token_id, shares=signed.shares)
    outlook, dollars = book.outlook(asked), signed.dollars
    if not signed.is_for_dollars:
        # Of shares in odd parts each part costs up to a millionth more.
        left = Shares(signed.shares - outlook.shares)
        dollars = max(dollars, Usd(outlook.usd + cost_of(asked.price, left)))
    return Promise(signed.maker, Usd(dollars + outlook.fee))
