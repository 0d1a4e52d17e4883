"""The risk page: bars that warn at 80 % and at 100 %, breakers with time left, the kill switch."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import (
    ACCOUNT_LIMITS,
    ASSET_LIMITS,
    NAMES,
    account_at,
    asset_at,
    breaker,
)
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.desk import Desk
from polytui.model.effects import Reason
from polytui.model.events import Action
from polytui.model.instrument import Asset
from polytui.model.link import AccountFrame
from polytui.model.snapshot import (
    AccountView,
    AssetState,
    AssetView,
    BreakerView,
    LimitView,
    OddWordsView,
)
from polytui.risk.limits import Limits, Scope, limits_used
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.risk import limit_line, risk_panel, share_of
from polytui.tui.styles import plain, styles_of

SIZES = [(80, 24), (120, 36), (200, 60)]
STYLES = styles_of(PALETTES[0])
VIEWS = [asset_at(name, 0) for name in NAMES]


def page(
    views: list[AssetView],
    width: int = 80,
    height: int = 19,
    account: AccountView | None = None,
    **more: object,
) -> list[str]:
    look = PageLook(PALETTES[0], "btc", **more)  # type: ignore[arg-type]
    shown = account or account_at(0)
    return plain(risk_panel(shown, views, look, Scroll(), width, height)).split("\n")


def bar(used: float, allowed: float, unit: str = "USD", width: int = 60) -> str:
    return plain([limit_line(LimitView("asset limit", used, allowed, unit), STYLES, width)])


# --- bars -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "words", "style"),
    [
        (0.0, "    0%", STYLES.good),
        (79.99, "   79%", STYLES.good),
        (80.0, " !  80%", STYLES.warn),
        (80.01, " !  80%", STYLES.warn),
        (99.99, " !  99%", STYLES.warn),
        (100.0, " ■ FULL", STYLES.error),
        (100.01, " ■ FULL", STYLES.error),
        (250.0, " ■ FULL", STYLES.error),
    ],
)
def test_a_limit_warns_at_80_and_at_100_percent(used: float, words: str, style: object) -> None:
    made = limit_line(LimitView("asset limit", used, 100.0, "USD"), STYLES, 60)
    assert plain([made]).endswith(words)
    assert made[-1].style == style
    # Without colours the signs must tell the same.
    assert ("!" in plain([made])) is (80.0 <= used < 100.0)
    assert ("■" in plain([made])) is (used >= 100.0)


def test_exact_cells_of_a_bar() -> None:
    assert bar(57.5, 100.0) == "asset limit          ████████▋░░░░░░ 57.50 of 100 USD    57%"
    assert bar(0.0, 100.0) == "asset limit          ░░░░░░░░░░░░░░░░░░░ 0 of 100 USD     0%"
    assert bar(4.0, 4.0, "orders") == (
        "asset limit          ██████████████████ 4 of 4 orders ■ FULL"
    )


@pytest.mark.parametrize(
    ("used", "allowed", "share"),
    [(1.0, 4.0, 0.25), (2.4, 3.0, 0.8), (0.0, 0.0, 1.0), (3.0, -1.0, 1.0), (nan, 5.0, 1.0),
     (inf, 5.0, 1.0), (5.0, inf, 1.0), (6.0, 4.0, 1.5)],
)  # fmt: skip
def test_what_cannot_be_read_counts_as_full(used: float, allowed: float, share: float) -> None:
    assert share_of(LimitView("x", used, allowed, "USD")) == share


def test_numbers_have_the_decimals_of_their_unit() -> None:
    assert "1,234.50 of 3,000 USD" in bar(1234.5, 3000.0)
    assert "3 of 12 orders" in bar(3.0, 12.0, "orders")
    assert "? of 12 orders" in bar(nan, 12.0, "orders")


# --- the page -------------------------------------------------------------------------------


def test_exact_cells_at_80_by_24() -> None:
    rows = page(VIEWS)
    assert rows[:6] == [
        "╭─ risk ──────────────────────────────────────── nearest: BTC asset limit 57% ─╮",
        "│ kill switch  ● ready                                       K twice stops all │",
        "│ breakers     ● none is open                                                  │",
        "│ account ───────────────────────────────────────────────────────────────────  │",
        "│ daily loss limit     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░       0 of 100 USD     0% │",
        "│ drawdown limit       ████████▉░░░░░░░░░░░░░░░░░░░░    18.40 of 60 USD    30% │",
    ]
    assert rows[6] == (
        "│ drawdown of the peak █████▏░░░░░░░░░░░░░░░░░░░░░░░       1.75 of 10 %    17% │"
    )
    assert "▸ BTC" in rows[13]
    assert "● trading" in rows[13]
    assert rows[15].startswith("│ open of the asset    ██")


def test_the_page_is_tested_with_the_limits_that_there_are() -> None:
    """In the order of the one table, whose names fit their column. Rungs have a bar where somebody
    quotes, which nobody does that ships."""
    rungs = Reason.LIMIT_ROUND_RUNGS.value
    stakes, scopes = Desk(Asset.BTC, Account()).exposure(0), list(Scope)
    of_account = (Scope.INTERVAL, Scope.CLOSING, Scope.ACCOUNT)
    of_asset = [one for one in scopes if one not in (*of_account, Scope.ORDER)]
    for shown, asked in ((ACCOUNT_LIMITS, of_account), (ASSET_LIMITS, tuple(of_asset))):
        names = [used.name for used in limits_used(stakes, Limits(Settings()), asked)]
        assert [limit.name for limit in shown] == [name for name in names if name != rungs]
        assert max(map(len, names)) < 21


@pytest.mark.parametrize(("width", "height"), [(116, 31), (196, 55)])
def test_larger_screens_show_every_limit_at_once(width: int, height: int) -> None:
    text = "\n".join(page(VIEWS, width + 4, height))
    for limit in ACCOUNT_LIMITS:
        assert text.count(limit.name + " ") == 1
    for limit in ASSET_LIMITS[:-1]:
        assert text.count(limit.name + " ") == len(NAMES)
    assert "scroll" not in text


@pytest.mark.parametrize(("width", "height"), [*SIZES, (64, 10), (80, 5), (300, 80)])
def test_every_size_gives_exactly_that_many_cells(width: int, height: int) -> None:
    long = BreakerView("r" * 90, 0)
    troubled = [evolve(view, detail="d" * 99, breakers=(long,)) for view in VIEWS]
    killed = account_at(0, is_killed=True)
    for views in (VIEWS, [], troubled, [evolve(VIEWS[0], limits=())]):
        for account in (None, killed, account_at(0)):
            look = PageLook(PALETTES[0], "btc", age_s=3.0)
            lines = risk_panel(account, views, look, Scroll(), width, height)
            assert len(lines) == height
            assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}


def test_the_nearest_limit_is_said_even_where_it_is_out_of_sight() -> None:
    full = (*ASSET_LIMITS[:-1], LimitView("asset limit", 92.0, 100.0, "USD"))
    views = [*VIEWS[:3], evolve(VIEWS[3], limits=full)]
    assert "nearest: XRP asset limit 92%" in page(views)[0]
    worst = evolve(account_at(0), limits=(LimitView("drawdown limit", 60.0, 60.0, "USD"),))
    assert "nearest: drawdown limit FULL" in page(views, account=worst)[0]


def test_open_breakers_say_why_and_how_long() -> None:
    view = evolve(
        VIEWS[1],
        breakers=(breaker("spread spike: 7.1 > 6 x", 81), breaker("orders refused: 4 > 3", 0),
                  breaker("latency: 620 > 500 ms", -1)),
    )  # fmt: skip
    rows = page([VIEWS[0], view])
    assert rows[2].startswith("│ breakers, 3 open: no entries ──")
    assert rows[3].startswith("│ ! ETH  spread spike: 7.1 > 6 x ")
    assert rows[3].endswith(" closes in 01:21 │")
    assert rows[4].endswith(" until resumed (p) │")
    assert rows[5].endswith(" closing │")


def test_the_kill_switch_says_why() -> None:
    assert page(VIEWS, account=account_at(0, is_killed=True))[1] == (
        "│ kill switch  ■ KILLED daily loss limit: 100 of 100 USD        R twice rearms │"
    )
    nameless = evolve(account_at(0, is_killed=True), kill_why="")
    assert "no reason given" in page(VIEWS, account=nameless)[1]
    assert "KILL sent" in page(VIEWS, kill="KILL sent")[1]


def test_what_a_machine_is_about_and_why_is_said_beside_its_limits() -> None:
    halted = evolve(VIEWS[0], state=AssetState.HALTED, detail="three crashes in ten minutes")
    text = "\n".join(page([halted]))
    assert "■ HALTED" in text
    assert "! three crashes in ten minutes" in text


def test_a_stale_page_says_its_age_in_every_part() -> None:
    rows = page(VIEWS[:2], height=30, age_s=4.0, ages={"btc": 4.2, "eth": 0.1})
    assert next(row for row in rows if "│ account ─" in row).endswith("◐ 4.0 s old │")
    assert next(row for row in rows if "▸ BTC" in row).endswith("◐ 4.2 s old │")
    assert next(row for row in rows if "│ ETH ─" in row).rstrip(" │").endswith("● trading")
    assert "◐ 4.2 s old" in rows[-1]


def test_text_from_outside_cannot_move_the_cursor() -> None:
    evil = evolve(VIEWS[0], breakers=(BreakerView("a\x1b[2Jb", 0),), detail="c\nd")
    rows = page([evil])
    assert len(rows) == 19
    assert "\x1b" not in "".join(rows)


# --- by keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_r_opens_the_page_and_kill_works_on_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("r")
        await stage.until(lambda: "╭─ risk ─" in stage.text)
        assert len(stage.rows) == size[1]
        assert "● ready" in stage.rows[3]
        assert "daily loss limit" in stage.text
        await stage.press("K")
        await stage.until(lambda: "press K again" in stage.text)
        assert stage.sent == []
        await stage.press("j", "enter")
        assert stage.sent == []
        await stage.press("K", "K")
        await stage.until(lambda: stage.sent)
        stage.engine.show(1)
        await stage.until(lambda: "■ KILLED daily loss limit" in "\n".join(stage.rows))
        assert stage.sent == [(Action.KILL, "")]

    perform(tmp_path, play, size=size)


def test_limits_and_breakers_move_with_the_views(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("r", "2")
        await stage.until(lambda: "▸ ETH" in "\n".join(stage.rows))
        full = (LimitView("asset limit", 100.0, 100.0, "USD"),)
        stage.show(
            evolve(asset_at("eth", 5), limits=full, breakers=(breaker("latency: 6 > 5 ms", 60),))
        )
        await stage.until(lambda: "nearest: ETH asset limit FULL" in "\n".join(stage.rows))
        assert "closes in 01:00" in "\n".join(stage.rows)
        stage.engine.say(AccountFrame(evolve(account_at(6), limits=())))
        await stage.until(lambda: "no limits told yet" in "\n".join(stage.rows))
        await stage.press("p")
        await stage.until(lambda: stage.sent == [(Action.PAUSE, "eth")])

    perform(tmp_path, play, size=(120, 36))


def test_what_the_venue_said_that_does_not_fit_is_shown_beside_the_limits() -> None:
    calm = "\n".join(page(VIEWS))
    assert "venue:" not in calm
    odd = [evolve(VIEWS[0], odd=OddWordsView(2, 1, 3, 4)), *VIEWS[1:]]
    shown = "\n".join(page(odd, width=200, height=60))
    assert "venue: 2 contradicted, 1 stray, 3 failed, 4 unplaced" in shown
