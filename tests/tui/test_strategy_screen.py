"""The strategy page: live and shadow told apart, sums to the millionth, every size, every key."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import MICRO, NAMES, NO_RESULT, asset_at, result, scores_of
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.model.score_views import ClaimsView, ResultView, ScoreView
from polytui.model.snapshot import AssetView
from polytui.tui.panels.page import Block, PageLook, Scroll
from polytui.tui.panels.strategies import added, strategy_panel
from polytui.tui.styles import Line, plain

SIZES = [(80, 24), (120, 36), (200, 60)]
VIEWS = [asset_at(name, 0) for name in NAMES]
DOLLARS = st.integers(-(10**12), 10**12)


def page(
    views: list[AssetView], width: int, height: int, scroll: Scroll | None = None, **more: object
) -> list[str]:
    look = PageLook(PALETTES[0], "btc", **more)  # type: ignore[arg-type]
    return plain(strategy_panel(views, look, scroll or Scroll(), width, height)).split("\n")


def alone(*scores: ScoreView) -> list[AssetView]:
    return [evolve(asset_at("btc", 0), scores=scores)]


def test_exact_cells_at_80_by_24() -> None:
    rows = page(VIEWS, 80, 20)
    assert rows[1:8] == [
        "│ pnl and won-lost: settled rounds only, after fees. open: paid, not settled.  │",
        "│                             in  out won-lost   staked   fees      pnl   open │",
        "│ all assets ────────────────────────────────────────────────────────────────  │",
        "│ distance_fade     ◆ live   120   40    70-40    2,314  69.42  +310.50  79.20 │",
        "│                   ◇ shadow 140   45    80-60    2,640  79.20  +281.10      – │",
        "│                   claims   256  claimed  +7.4  realised  -6.4  used  +2.5 c  │",
        "│ settlement_sniper ◆ live    20    4     20-0   384.80  11.54   +15.64      – │",
    ]
    assert rows[12:15] == [
        "│ together          ◆ live   144   44    90-44    2,779  83.36  +243.74  79.20 │",
        "│                   ◇ shadow 188   61   100-88    3,600 108.00  +133.62      – │",
        "│ ▸ BTC ───────────────────────────────────────────────────── 3 rounds settled │",
    ]


@pytest.mark.parametrize("width", [120, 200])
def test_wide_screens_have_shares_and_returns(width: int) -> None:
    rows = page(VIEWS, width, 34)
    assert rows[4][2:].startswith(" " * 28 + "in  out won-lost   staked   fees      pnl   open")
    assert "open   won  of stake" in rows[4]
    assert "+310.50  79.20   64%    +13.9%" in rows[6]
    assert "virtual fills" in rows[2]
    assert "what it said, what came of it, what is believed now" in rows[3]


def test_claims_are_shown_where_something_came_of_one() -> None:
    """Cents a share; of all assets by how many claims each made."""
    few = ScoreView("a", True, NO_RESULT, NO_RESULT, ClaimsView(10.0, 1_000.0, -500.0, 100.0))
    many = ScoreView("a", True, NO_RESULT, NO_RESULT, ClaimsView(30.0, 200.0, 300.0, 200.0))
    none = ScoreView("b", True, NO_RESULT, NO_RESULT)
    views = [
        evolve(asset_at("btc", 0), scores=(few, none)),
        evolve(asset_at("eth", 0), scores=(many, none)),
    ]
    told = [row for row in page(views, 80, 40) if "claimed" in row]
    assert [row.split("claims")[1].strip(" │") for row in told] == [
        "40  claimed  +4.0  realised  +1.0  used  +1.8 c",
        "10  claimed +10.0  realised  -5.0  used  +1.0 c",
        "30  claimed  +2.0  realised  +3.0  used  +2.0 c",
    ]
    assert "believed" not in "\n".join(page([evolve(views[0], scores=(none,))], 80, 40))


def test_the_widest_claims_are_whole_on_the_smallest_screen() -> None:
    wide = ClaimsView(99_999.0, -9_999.0, -9_999.0, -9_999.0)
    rows = page(alone(ScoreView("a", True, NO_RESULT, NO_RESULT, wide)), 80, 30)
    found = next(row for row in rows if "claimed" in row)
    assert "99,999  claimed-100.0  realised-100.0  used-100.0 c │" in found


@pytest.mark.parametrize(("width", "height"), [*SIZES, (64, 12), (80, 7)])
@pytest.mark.parametrize("age_s", [0.0, 9.0])
def test_every_size_gives_exactly_that_many_cells(width: int, height: int, age_s: float) -> None:
    big = result(12_345, 6_789, 5_555, 99_999_999.0, -12_345_678.9, open_cost=10**13)
    for views in (VIEWS, [], alone(), alone(ScoreView("x" * 40, True, big, big))):
        look = PageLook(PALETTES[0], "btc", age_s=age_s, ages={"btc": age_s})
        lines: list[Line] = strategy_panel(views, look, Scroll(), width, height)
        assert len(lines) == height
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}


def test_a_strategy_in_shadow_shows_its_shadow_first_and_live_only_if_it_ever_traded() -> None:
    one, other = result(3, 2, 1, 60.0, 4.4), result(1, 0, 1, 20.0, -20.6)
    text = "\n".join(page(alone(ScoreView("predictor", False, other, one)), 80, 30))
    assert text.index("+4.40") < text.index("-20.60")
    text = "\n".join(page(alone(ScoreView("predictor", False, NO_RESULT, one)), 80, 30))
    asset = text[text.index("▸ BTC") :]
    assert "◆ live" not in asset
    assert "◇ shadow   3" in asset
    text = "\n".join(page(alone(ScoreView("predictor", True, NO_RESULT, NO_RESULT)), 80, 30))
    assert "◆ live     0    0      0-0        –      –     0.00      –" in text


def test_nothing_yet_is_said() -> None:
    assert "no strategy has been asked yet" in "\n".join(page([], 80, 20))
    assert "\n".join(page(alone(), 80, 20)).count("no strategy has been asked yet") == 2


def test_a_return_leaves_out_what_is_still_open() -> None:
    half_open = ResultView(2, 0, 1, 0, 40 * MICRO, 0, 5 * MICRO, 20 * MICRO)
    all_open = ResultView(1, 0, 0, 0, 20 * MICRO, 0, 0, 20 * MICRO)
    text = "\n".join(page(alone(ScoreView("a", True, half_open, NO_RESULT)), 120, 30))
    assert "100%    +25.0%" in text
    text = "\n".join(page(alone(ScoreView("a", True, all_open, NO_RESULT)), 120, 30))
    assert "+0.0%" not in text


def test_a_stale_asset_says_so_and_others_do_not() -> None:
    rows = page(VIEWS[:2], 80, 40, ages={"btc": 0.1, "eth": 7.0})
    assert next(row for row in rows if "▸ BTC" in row).endswith("3 rounds settled │")
    assert next(row for row in rows if "│ ETH" in row).endswith("◐ 7.0 s old │")
    assert "◐ 7.0 s old" in rows[-1]


@given(st.lists(st.tuples(DOLLARS, DOLLARS, DOLLARS), max_size=20))
def test_totals_are_the_sum_to_the_millionth(parts: list[tuple[int, int, int]]) -> None:
    results = [
        ResultView(entries=1, staked=staked, pnl=pnl, open_cost=cost) for staked, pnl, cost in parts
    ]
    total = added(results)
    assert (total.entries, total.staked) == (len(parts), sum(staked for staked, _, _ in parts))
    assert (total.pnl, total.open_cost) == (sum(p for _, p, _ in parts), sum(c for *_, c in parts))


def test_live_and_shadow_are_never_added_together() -> None:
    views = [evolve(view, scores=scores_of(view.asset)) for view in VIEWS]
    rows = [row for row in page(views, 80, 60) if "together" in row or "   ◇" in row]
    live = sum(score.live.pnl for view in views for score in view.scores)
    shadow = sum(score.shadow.pnl for view in views for score in view.scores)
    at = next(i for i, row in enumerate(rows) if "together" in row)
    assert f"{live / MICRO:+.2f}" in rows[at]
    assert f"{shadow / MICRO:+.2f}" in rows[at + 1]


# --- scrolling ------------------------------------------------------------------------------


def test_scrolling_stops_at_both_ends_and_says_where_it_is() -> None:
    lines = [[] for _ in range(30)]
    scroll = Scroll()
    blocks = [Block("btc", lines[:10]), Block("eth", lines[10:20]), Block("sol", lines[20:])]
    assert len(scroll.window(blocks, 12)) == 12
    assert scroll.words == "lines 1-12 of 30"
    scroll.move(99)
    scroll.window(blocks, 12)
    assert scroll.top == 18
    scroll.move(-1)
    assert scroll.top == 17
    scroll.seek("eth")
    scroll.window(blocks, 12)
    assert scroll.top == 10
    scroll.seek("sol")
    scroll.window(blocks, 12)
    assert scroll.top == 18
    scroll.window(blocks, 30)
    assert (scroll.top, scroll.words) == (0, "")


# --- by keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_s_opens_the_page_and_leaves_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("s")
        await stage.until(lambda: "╭─ strategies ─" in stage.text)
        rows = stage.rows
        assert len(rows) == size[1]
        assert "settled rounds only, after fees" in rows[3]
        assert "DEMO x20" in rows[0]
        assert "K KILL" in rows[-1]
        for back in ("s", "escape"):
            await stage.press(back)
            await stage.until(lambda: "1 BTC  ● trading" in stage.text)
            assert "╭─ strategies" not in stage.text
            await stage.press("s")
            await stage.until(lambda: "╭─ strategies" in stage.text)
        assert stage.sent == []

    perform(tmp_path, play, size=size)


def test_assets_are_found_by_their_keys_and_lines_by_scrolling(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("s")
        assert "▸ BTC" in "\n".join(stage.rows)
        await stage.press("4")
        await stage.until(lambda: "▸ XRP" in stage.text)
        await stage.press("home")
        await stage.until(lambda: "lines 1-" in stage.text)
        await stage.press("end")
        await stage.until(lambda: "▸ XRP" in stage.text)
        await stage.press("k", "pageup")
        await stage.until(lambda: "▸ XRP" not in stage.text)
        assert stage.sent == []

    perform(tmp_path, play)


def test_new_scores_are_drawn_and_a_silent_engine_ages(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("s")
        score = ScoreView("brand_new", True, result(1, 1, 0, 20.0, 9.99), NO_RESULT)
        stage.show(evolve(asset_at("btc", 2), scores=(score,)))
        await stage.until(lambda: "brand_new" in "\n".join(stage.rows))
        await stage.pass_time(5.0)
        assert "◐ 5.0 s old" in stage.text

    perform(tmp_path, play)


def test_the_board_comes_back_as_it_was(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("2", "enter")
        await stage.until(lambda: "Chainlink ▲ above" in stage.text)
        await stage.press("s", "r", "escape")
        await stage.until(lambda: "Chainlink ▲ above" in stage.text)
        assert "2 ETH" in stage.text
        await stage.press("s", "o")
        await stage.until(lambda: "exchanges ──" in stage.text)

    perform(tmp_path, play, size=(120, 36))


def test_a_strategy_of_others_that_is_halted_says_why_once() -> None:
    words = "strategy halted, it raised: KeyError: 'rsi' (line 31)"
    mine = ScoreView("mine", True, ResultView(), ResultView(), ClaimsView(), words)
    rows = page([*alone(mine), *alone(mine)], 120, 36)
    assert len([row for row in rows if f"■ {words}" in row]) == 1
    assert not [
        row
        for row in page(alone(ScoreView("x", True, mine.live, mine.live)), 120, 36)
        if "■" in row
    ]
