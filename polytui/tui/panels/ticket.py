"""The ticket: an order by hand as it is written, in words, and what became of it."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.snapshot import OrderView, RoundView
from polytui.model.ticket import Ticket, TicketLook
from polytui.model.units import MICRO
from polytui.tui.known_tickets import SentTicket
from polytui.tui.panels import figures
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.panels.holding import ends_line
from polytui.tui.panels.reasons import cents, wrapped
from polytui.tui.panels.round_names import rounds_named
from polytui.tui.styles import Line, Span, Styles, badge, line, styles_of
from polytui.tui.theme import Palette
from polytui.tui.ticket_form import LINES, FormLine, SentAs, TicketForm, TicketStep

SIZE = (66, 20)
_HINTS = {
    TicketStep.WRITE: "Tab field  Space choice  b s u d  Enter in words  Esc",
    TicketStep.CONFIRM: "the word, Enter: SEND  Esc back",
    TicketStep.SENT: "Esc close  n another  x take it back",
}
_KINDS = {
    SentAs.RESTS: "until it trades or the end",
    SentAs.POST_ONLY: "refused if it would take",
    SentAs.PART: "what is there, no more",
    SentAs.ALL: "or nothing",
}
_LEAST_ALONE = 12
"""Cells of a word in front of a field."""


@frozen
class TicketSight:
    """What the ticket is drawn of."""

    form: TicketForm
    shown: RoundView | None
    """Its round; None once it is gone."""
    look: TicketLook | None
    error: str
    last: SentTicket | None
    account: str
    """ "LIVE 0x12ab..90ef", or the mode of a session that has no money at stake."""
    before_close: str
    """Of the setting: when what rests is taken back."""


def ticket_lines(sight: TicketSight, palette: Palette, width: int, height: int) -> list[Line]:
    """The whole box, `height` lines of `width` cells."""
    styles, form = styles_of(palette, palette.colours.panel), sight.form
    body = _written(sight, styles, width - 4)
    if form.step is TicketStep.CONFIRM:
        body = _in_words(sight, styles, width - 4)
    elif form.step is TicketStep.SENT:
        body = _sent(sight, styles, width - 4)
    colour = palette.colours.live if form.is_live else palette.colours.accent
    name: list[Span] = [(f" {sight.account} ", badge(palette, colour))]
    top = Edge([(f"by hand  {rounds_named(form.slug)}", styles.strong)], name)
    below = Edge([(_HINTS[form.step], styles.dim)], [])
    edge = styles.error if form.is_live else styles.accent
    return framed(body, top, below, (width, height), edge, styles.text)


# --- as it is written -----------------------------------------------------------------------------


def _written(sight: TicketSight, styles: Styles, width: int) -> list[Line]:
    rows = [_field(one, sight, styles, width) for one in LINES]
    rows += [line([], width, styles.text), *_comes_to(sight, styles, width)]
    rows += [line([], width, styles.text), *_orders(sight.shown, styles, width)]
    return rows


def _field(one: FormLine, sight: TicketSight, styles: Styles, width: int) -> Line:
    is_here = sight.form.line is one
    mark: Span = ("▸ " if is_here else "  ", styles.accent)
    name: Span = (f"{one.value:<{_LEAST_ALONE}}", styles.accent if is_here else styles.dim)
    return line([mark, name, *_value(one, sight, styles, is_here)], width, styles.text)


def _value(one: FormLine, sight: TicketSight, styles: Styles, is_here: bool) -> list[Span]:
    form = sight.form
    match one:
        case FormLine.SIDE:
            return _choice(("buy", "sell"), form.side.value, styles)
        case FormLine.OUTCOME:
            return _choice(("up", "down"), form.outcome.value, styles)
        case FormLine.UNIT:
            chosen = "dollars" if form.is_in_dollars else "shares"
            return _choice(("shares", "dollars"), chosen, styles)
        case FormLine.KIND:
            said: Span = (f"  {_KINDS[form.kind]}", styles.dim)
            return [(f"[{form.kind.value}]", styles.strong), said]
        case FormLine.PRICE:
            return [
                *_typed(form.price, styles, is_here),
                (" c", styles.text),
                *_bests(sight, styles),
            ]
        case FormLine.AMOUNT:
            unit = " dollars" if form.is_in_dollars else " shares"
            return [
                *_typed(form.amount, styles, is_here),
                (unit, styles.text),
                *_held(sight, styles),
            ]


def _choice(names: tuple[str, ...], chosen: str, styles: Styles) -> list[Span]:
    """The chosen one stands in brackets: colour alone says nothing."""
    return [
        (f"[{one}] ", styles.strong) if one == chosen else (f" {one}  ", styles.dim)
        for one in names
    ]


def _typed(text: str, styles: Styles, is_here: bool) -> list[Span]:
    cursor: list[Span] = [("▏", styles.accent)] if is_here else []
    return [(text or ("" if is_here else "–"), styles.strong), *cursor]


def _bests(sight: TicketSight, styles: Styles) -> list[Span]:
    bid, ask = bid_and_ask(sight.shown, sight.form.outcome)
    words = f"   bid {_cents(bid)} · ask {_cents(ask)}"
    if ask if sight.form.side is Side.BUY else bid:
        words += "   Space takes it"
    return [(words, styles.dim)]


def bid_and_ask(shown: RoundView | None, outcome: Outcome) -> tuple[int, int]:
    """Of an outcome, in millionths; 0 for none."""
    book = None if shown is None else shown.book
    if book is None:
        return 0, 0
    bid = book.bids[0][0] if book.bids else 0
    ask = book.asks[0][0] if book.asks else 0
    if outcome is Outcome.UP:
        return bid, ask
    return MICRO - ask if ask else 0, MICRO - bid if bid else 0


def _held(sight: TicketSight, styles: Styles) -> list[Span]:
    shown = sight.shown
    if shown is None or sight.form.side is Side.BUY:
        return []
    held = shown.up_shares if sight.form.outcome is Outcome.UP else shown.down_shares
    return [(f"   of {figures.shares(held)} held", styles.dim)]


# --- what it comes to -----------------------------------------------------------------------------


def _comes_to(sight: TicketSight, styles: Styles, width: int) -> list[Line]:
    form, look, ticket = sight.form, sight.look, sight.form.ticket
    if form.fault:
        return [line([(one, styles.error)], width, styles.text) for one in _two(form.fault, width)]
    if ticket is None:
        return [line([("a price and an amount make it a ticket", styles.dim)], width, styles.text)]
    if look is None:
        words = sight.error or "asking the engine"
        return [line([(words, styles.warn)], width, styles.text)]
    rows = _figures(ticket, look, styles, width) if look.shares else []
    return [*rows, *_refusal(look, styles, width)]


def _figures(ticket: Ticket, look: TicketLook, styles: Styles, width: int) -> list[Line]:
    return [
        line(_cost(ticket, look, styles), width, styles.text),
        line(_ends(ticket, look, styles), width, styles.text),
        line(_edge(look, styles), width, styles.text),
    ]


def _cost(ticket: Ticket, look: TicketLook, styles: Styles) -> list[Span]:
    verb = "costs " if ticket.side is Side.BUY else "brings "
    spans: list[Span] = [(verb, styles.dim), (figures.money(look.cost), styles.strong)]
    spans += [(" at its price, fee ", styles.dim), (figures.money(look.fee), styles.text)]
    return [*spans, (f"  {figures.shares(look.shares)} shares", styles.dim)]


def _ends(ticket: Ticket, look: TicketLook, styles: Styles) -> list[Span]:
    """Of this order alone, by who wins."""
    wins, loses = ticket.outcome.value.capitalize(), ticket.outcome.other.value.capitalize()
    spans: list[Span] = [(f"if {wins} ", styles.dim)]
    spans.append((figures.signed_money(look.if_wins), styles.sign(look.if_wins)))
    spans.append((f" · if {loses} ", styles.dim))
    spans.append((figures.signed_money(look.if_loses), styles.sign(look.if_loses)))
    if ticket.side is Side.BUY:
        even = (look.cost + look.fee) / look.shares
        spans.append((f"  break-even {even:.3f}", styles.dim))
    return spans


def _edge(look: TicketLook, styles: Styles) -> list[Span]:
    there: Span = (f"  {figures.shares(look.offered)} there at once", styles.dim)
    if look.edge_bps is None:
        return [("no fair value now", styles.warn), there]
    edge: Span = (cents(look.edge_bps), styles.sign(look.edge_bps))
    return [("edge ", styles.dim), edge, (" a share by our fair value", styles.dim), there]


def _refusal(look: TicketLook, styles: Styles, width: int) -> list[Line]:
    if not look.refusal:
        return [line([("would go now", styles.good)], width, styles.text)]
    words = f"would be refused: {look.refusal}"
    rows = [line([(one, styles.error)], width, styles.text) for one in _two(words, width)]
    if 0 < look.room < look.shares:
        room = f"{figures.shares(look.room)} shares would go"
        rows.append(line([(room, styles.warn)], width, styles.text))
    return rows


def _two(words: str, width: int) -> list[str]:
    return wrapped(words, width, 2)


# --- in words -------------------------------------------------------------------------------------


def _in_words(sight: TicketSight, styles: Styles, width: int) -> list[Line]:
    form, look, ticket = sight.form, sight.look, sight.form.ticket
    if ticket is None:
        return []
    rows = [line([(one, styles.strong)], width, styles.text) for one in _sentences(sight, ticket)]
    if look is not None:
        rows += _figures(ticket, look, styles, width)
    word = f"“{form.wanted_word}”"
    ask: list[Span] = [("type ", styles.text), (word, styles.error), (" and Enter: ", styles.text)]
    typed: list[Span] = [(form.word, styles.strong), ("▏", styles.accent)]
    return [*rows, line([], width, styles.text), line([*ask, *typed], width, styles.text)]


def _sentences(sight: TicketSight, ticket: Ticket) -> list[str]:
    look = sight.look
    shares = ticket.shares if look is None else look.shares
    verb, than = ("Buy", "or less") if ticket.side is Side.BUY else ("Sell", "or more")
    what = f"{figures.shares(shares)} {ticket.outcome.value.capitalize()}"
    return [
        f"{verb} {what} at {_cents(ticket.price)} {than},",
        f"in {rounds_named(ticket.slug)}.",
        f"It {_manner(sight.form.kind, sight.before_close)}.",
    ]


def _manner(kind: SentAs, before_close: str) -> str:
    match kind:
        case SentAs.RESTS:
            return f"rests until it trades, or until {before_close} before the close"
        case SentAs.POST_ONLY:
            return f"only rests, until {before_close} before the close; it never takes"
        case SentAs.PART:
            return "takes at once what is there; the rest is gone"
        case SentAs.ALL:
            return "takes all of it at once, or nothing"


def _sent(sight: TicketSight, styles: Styles, width: int) -> list[Line]:
    last, rows = sight.last, list[Line]()
    if last is not None:
        style = styles.error if last.is_refused else styles.good
        if last.ack is None:
            style = styles.warn
        rows.append(line([(last.words, styles.strong)], width, styles.text))
        rows += [line([(one, style)], width, styles.text) for one in _two(last.result, width)]
    rows += [line([], width, styles.text), *_orders(sight.shown, styles, width)]
    if sight.shown is not None and (ends := ends_line(sight.shown, styles, width)):
        rows += [line([("the whole round, all of us", styles.dim)], width, styles.text), *ends]
    return rows


def _orders(shown: RoundView | None, styles: Styles, width: int) -> list[Line]:
    """What works by hand in the round."""
    if shown is None:
        return [line([("this round is over", styles.warn)], width, styles.text)]
    mine = [one for one in shown.orders if one.is_by_hand]
    return [line([(_order_words(one), styles.text)], width, styles.text) for one in mine[-3:]]


def _order_words(order: OrderView) -> str:
    what = f"{order.side} {order.outcome} {figures.shares(order.shares)} at {_cents(order.price)}"
    filled = f", {figures.shares(order.filled)} filled" if order.filled else ""
    return f"works: {what}{filled}, {order.state}  x takes it back"


def _cents(price: int) -> str:
    return f"{price * 100 / MICRO:g} c" if price else "–"
