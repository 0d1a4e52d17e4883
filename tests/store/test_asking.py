"""The commands that ask, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from played import NAME, PlayedSession, played_session

from polytui.cli.main import cli
from polytui.store.rebuild import rebuild


@pytest.fixture(scope="module")
def played() -> PlayedSession:
    return played_session()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, played: PlayedSession) -> Path:
    """A folder of sessions whose one session is in the database."""
    runs = tmp_path_factory.mktemp("told") / "runs"
    runs.mkdir()
    folder = played.copied(runs)
    summary = {**played.summary, "mode": "demo", "stopped": "1 rounds are settled", "errors": []}
    summary["journal"] = str(Path("runs") / NAME)
    (folder / "summary.json").write_text(json.dumps(summary))
    rebuild(runs)
    return runs


@pytest.fixture
def place(tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a session ran and is in the database: a copy of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(told, tmp_path / "runs")
    return tmp_path


def ask(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    return result


def plain(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(ask(*arguments, "--json", "-").output)
    return found


def test_trades_as_json_and_csv_say_the_same(place: Path, played: PlayedSession) -> None:
    rows = plain("trades")
    assert sum(round(float(str(row["pnl"])) * 1e6) for row in rows) == played.mind.account.realised
    read = list(csv.DictReader(io.StringIO(ask("trades", "--csv", "-").output)))
    assert [row["entry_order_id"] for row in read] == [row["entry_order_id"] for row in rows]
    assert [float(row["entry_px"]) for row in read] == [row["entry_px"] for row in rows]
    first = rows[0]
    assert {"oracle_mid_open", "polymarket_mid_open", "confidence", "pnl_bps"} <= set(first)
    assert None not in (first["oracle_mid_open"], first["polymarket_mid_open"])
    assert str(first["opened"]).startswith("2026-11-20T15:0")


@pytest.mark.parametrize("command", ["trades", "orders", "rounds"])
def test_a_filter_leaves_what_it_names(place: Path, command: str) -> None:
    everything = plain(command, "--limit", "0")
    of_btc = plain(command, "--asset", "btc", "--interval", "5m", "--limit", "0")
    assert of_btc == [row for row in everything if row["asset"] == "btc"] != []
    assert plain(command, "--day", "2026-11-21") == []
    assert plain(command, "--day", "2026-11-20", "--limit", "0") == everything
    assert plain(command, "--since", "2026-11-20T23:00") == []
    assert plain(command, "--session", "last", "--limit", "0") == everything
    assert len(plain(command, "--limit", "1")) == 1


def test_orders_of_a_strategy_and_of_a_round(place: Path) -> None:
    everything = plain("orders", "--limit", "0")
    strategy, slug = str(everything[0]["strategy"]), str(everything[0]["slug"])
    own = [row for row in everything if row["strategy"] == strategy]
    assert plain("orders", "--strategy", strategy) == own
    of_round = [row for row in everything if row["slug"] == slug]
    assert plain("orders", "--round", slug) == of_round


def test_why_counts_a_round_and_a_day(place: Path) -> None:
    slugs = [str(row["slug"]) for row in plain("rounds")]
    of_rounds = [row for slug in slugs for row in plain("why", "--round", slug, "--limit", "0")]
    of_day = plain("why", "--day", "2026-11-20", "--limit", "0")
    assert sum(int(str(row["times"])) for row in of_day) > 100
    assert sum(int(str(row["times"])) for row in of_rounds) == sum(
        int(str(row["times"])) for row in of_day
    )
    edges = next(row for row in of_day if row["reason"] == "edge small")
    low, mean, most = (float(str(edges[name])) for name in ("least", "mean", "most"))
    assert low <= mean <= most < float(str(edges["limit_value"]))
    assert "edge small" in ask("why", "--day", "2026-11-20").output


def test_people_see_a_table(place: Path) -> None:
    assert "distance_fade" in ask("trades").output
    assert "the newest 1; --limit 0 shows all" in ask("orders", "--limit", "1").output


def test_sessions_say_what_ran_and_what_it_earned(place: Path, played: PlayedSession) -> None:
    (row,) = plain("sessions")
    assert (row["session"], row["mode"], row["ended"]) == (NAME, "demo", "1 rounds are settled")
    assert row["pnl_usd"] == played.summary["totals"]["pnl_usd"]
    assert row["is_in_database"] is True
    assert NAME in ask("sessions").output


def test_one_that_never_reached_the_database_is_listed_from_its_folder(
    place: Path, played: PlayedSession
) -> None:
    crashed = played.copied(place / "runs", "20261127-000000-demo-2")
    assert crashed.is_dir()
    newest, _ = plain("sessions")
    assert newest["session"] == crashed.name
    assert (newest["pnl_usd"], newest["is_in_database"]) == (None, False)
    assert newest["ended"] == "ended without a summary: crashed or killed"


def test_a_session_is_named_where_a_journal_is_asked_for(
    place: Path, played: PlayedSession
) -> None:
    near_the_end = ("--from", str(played.mind.seq - 1))
    for name in (NAME, NAME[:10], "last", f"runs/{NAME}"):
        said = json.loads(ask("replay", name, *near_the_end, "--json", "-").output)
        assert said["difference"] == ""
        assert said["events"] > 0
    assert json.loads(ask("replay", NAME, "--json", "-").output)["events"] == played.mind.seq
    assert json.loads(ask("report", "last", "--json", "-").stdout)["mode"] == "demo"


def test_a_name_that_says_too_little_or_nothing(
    place: Path, played: PlayedSession, capsys: pytest.CaptureFixture[str]
) -> None:
    played.copied(place / "runs", f"{NAME}2")
    few = (NAME[:8], "2 sessions of runs begin with")
    for said, words in (few, ("nobody", "no session nobody")):
        result = CliRunner().invoke(cli, ["replay", said])
        assert words in str(result.exception), result.output


def test_a_session_with_a_folder_of_its_own_is_asked_by_that_folder(place: Path) -> None:
    """`demo --folder elsewhere/mine`: its database lies beside it, and no name finds it."""
    (place / "runs").rename(place / "elsewhere")
    for said in (f"elsewhere/{NAME}", str(place / "elsewhere" / NAME)):
        assert f"why of {NAME}" in ask("why", "--session", said).output
        assert plain("trades", "--session", said)
    result = CliRunner().invoke(cli, ["why", "--session", "last"])
    assert "no session yet in runs; " in str(result.exception)
    assert "a --folder of its own is named by that folder" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trades", "--day", "tuesday"), "is no day like"),
        (("trades", "--since", "yesterday"), "is not like 2026-11-20"),
        (("trades", "--asset", "doge"), "doge"),
        (("orders", "--limit", "-1"), "-1"),
    ],
)
def test_what_cannot_be_asked_is_said(place: Path, arguments: tuple[str, ...], words: str) -> None:
    assert words in ask(*arguments, code=2).output


def test_without_a_database_there_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["trades"])
    assert "yet: sessions make it" in str(result.exception)
    assert ask("sessions").output.strip() == "no sessions here yet"
