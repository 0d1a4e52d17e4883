"""A hundred thousand spoilt frames: no codec raises, and none believes what cannot be.

Each example is the seed of many frames. One codec hears them all, with good ones in between, as on
a real connection: a spoilt frame must not make it believe a later one wrongly either.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import mutant
from test_codecs import CODECS, NAMES, NOW, Reads, check, every_codec

from polytui.journal.raw_files import read_lines
from polytui.venues.decode import read_line
from polytui.venues.feed import Parsed

IS_FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
OF_A_SEED = 8 if IS_FUZZ else 16
"""Mutants of one example."""
LEAST = 100_000 if IS_FUZZ else 3_500
RECORDED = {
    "clob-market": ("captured_LIST_book", "captured_price_change", "captured_new_market"),
    "rtds": (
        "captured_crypto_prices",
        "captured_crypto_prices_chainlink",
        "rtds_frames_2026-09-05",
    ),
    "polybolt": ("polybolt_frames_docs",),
    "binance": ("captured_binance",),
    "coinbase": ("captured_coinbase_ticker", "captured_coinbase_subscriptions"),
    "gamma": ("gamma/gamma_event_btc_5m_active", "gamma/gamma_event_btc_5m_closed"),
}
"""Files of captured frames; of Bybit and the user channel there are none but those written out."""
MOST_OF_A_FILE = 20
MAKERS = dict(zip(NAMES, (make for make, _ in CODECS), strict=True))
seeds = st.integers(0, 2**64 - 1)
tried: Counter[str] = Counter()
"""Mutants by codec."""
became: Counter[str] = Counter()


def hear(name: str, make: Callable[[], Reads], frames: tuple[str, ...], seed: int) -> None:
    rng, codec = Random(seed), make()
    for _ in range(OF_A_SEED):
        if rng.random() < 0.3:
            check(codec.parse(rng.choice(frames), NOW))
        frame = mutant(rng, frames)
        try:
            parsed = codec.parse(frame, NOW)
            check(parsed)
        except Exception as fault:
            raise AssertionError(f"{name} of seed {seed}: {frame[:2000]!r}") from fault
        tried[name] += 1
        became[kind_of(parsed)] += 1


def kind_of(parsed: Parsed) -> str:
    if parsed.rejected:
        return "rejected"
    if parsed.events:
        return "believed"
    return "refused by the venue" if parsed.refused else "without an event"


@every_codec
@given(seed=seeds)
def test_written_out_frames_spoilt(make: Callable[[], Reads], frames: list[Any], seed: int) -> None:
    name = next(name for name, found in MAKERS.items() if found is make)
    hear(name, make, texts_of(name), seed)


@cache
def texts_of(name: str) -> tuple[str, ...]:
    return tuple(json.dumps(frame) for frame in CODECS[NAMES.index(name)][1])


@pytest.mark.parametrize("name", RECORDED)
@given(seed=seeds)
def test_recorded_frames_spoilt(name: str, recordings: Path, seed: int) -> None:
    hear(name, MAKERS[name], recorded(name, recordings / "frames"), seed)


@cache
def recorded(name: str, folder: Path) -> tuple[str, ...]:
    """Those that are JSON; long lists in them as short as their first ten elements."""
    found = []
    for file in RECORDED[name]:
        path = folder / f"{file}.jsonl"
        texts = read_lines(path) if path.exists() else iter([path.with_suffix(".json").read_text()])
        frames = [read_line(text).frame for text in islice(texts, MOST_OF_A_FILE)]
        found += [json.loads(frame) for frame in frames if frame.startswith(("{", "["))]
    return tuple(json.dumps(shortened(frame)) for frame in found)


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value[:10]] if isinstance(value, list) else value


def test_the_recorded_frames_are_believed_before_they_are_spoilt(recordings: Path) -> None:
    for name in RECORDED:
        parsed = [MAKERS[name]().parse(text, NOW) for text in recorded(name, recordings / "frames")]
        assert [one.rejected for one in parsed if one.rejected] == []
        assert any(one.events for one in parsed)


def test_that_many_were_tried_and_spoilt_they_were(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """Last in the file, for the tests above; without them it has nothing to say."""
    if set(tried) != set(NAMES):
        pytest.skip("only some of the codecs were tried")
    with capsys.disabled():
        by_codec = ", ".join(f"{name} {count:,}" for name, count in tried.items())
        print(f"\n{tried.total():,} spoilt frames tried: {by_codec}; {dict(became)}")
    assert tried.total() >= LEAST
    assert became["rejected"] > tried.total() // 4
    assert became["believed"] > tried.total() // 20
