"""Words of the screen and what they mean: made by `python -m docs.make_glossary`."""

from __future__ import annotations

# A word a line, as long as its meaning is in docs/words.md.
# ruff: noqa: E501
# fmt: off
GLOSSARY: tuple[tuple[str, str], ...] = (
    ("round, window", "one Up/Down market's life, [opens, closes)"),
    ("strike", "the settlement price at the open: the venue's \"price to beat\""),
    ("Chainlink", "the feed whose average settles rounds of 5m, 15m and 4h; Binance's candle settles those of 1h"),
    ("consensus", "our price of several exchanges, with its trust and their disagreement"),
    ("basis", "how far an exchange is above Chainlink, in bps"),
    ("fair value", "our probability that Up wins, as a price"),
    ("edge", "what a share is worth to us less price and fee"),
    ("break-even", "how sure the side that is held must be for its round to come to nothing, as a price"),
    ("touch", "best bid and ask with their sizes"),
    ("settlement forecast; sigma", "the closing price as seen now: its mean, and its standard deviation in dollars; sigma_per_sqrt_s is that of one second"),
    ("trades, watches", "on the screen: may trade, is in shadow"),
    ("signal; quote set", "one side, chosen among others; a ladder on both outcomes, kept whole"),
    ("stake", "dollars that a strategy may put on one side of a round"),
    ("mark-out", "price so long after our fill, less the fill's, signed for us"),
    ("gate; breaker; kill switch", "may we enter; stops by itself and cools down; stops all until a person re-arms it"),
    ("pause, halt, stop", "one asset by choice or by a limit; one asset by crashes; the session"),
)
