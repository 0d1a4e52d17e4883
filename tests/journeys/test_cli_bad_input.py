"""What the command line says to what it cannot do: one line, the right code, nothing begun."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner
from program import CONFIG, QUICK, events_of, run, started, summary_of

from polytui.cli import cli
from polytui.config.load import canonical_json, digest_of
from polytui.config.schema import Settings
from polytui.model.events import FeedDown

HEADLESS = ("demo", "--headless", "--config", CONFIG)


def assert_nothing_began(folder: Path) -> None:
    assert not (folder / "runs").exists()


def one_line(ended: subprocess.CompletedProcess[str], code: int) -> str:
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def test_a_broken_config_says_every_fault_and_starts_nothing(tmp_path: Path) -> None:
    text = CONFIG.read_text()
    for right, wrong in (
        ("max_order_usd = 25.0", "max_order_usd = -1"),
        ('assets = ["btc", "eth", "sol", "xrp"]', 'assets = ["btc", "doge"]'),
        ("ack_delay_ms = 40", 'ack_delay_ms = "soon"'),
        ("[terminal]", "[terminal]\ncolour = 'red'"),
    ):
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "config.toml").write_text(text)
    for command in (("demo", "--headless"), ("run", "--headless"), ("venue",), ("config", "check")):
        ended = run(tmp_path, *command)
        assert ended.returncode == 2
        lines = ended.stderr.strip().splitlines()
        paths = [line.rpartition(" @ ")[2] for line in lines]
        assert paths == [
            "paper.ack_delay_ms",
            "risk.max_order_usd",
            "session.assets[1]",
            "terminal",
        ]
        assert lines[1] == "error: expected > 0, got -1 @ risk.max_order_usd"
        assert ended.stdout == ""
    assert_nothing_began(tmp_path)


def test_no_config_at_all(tmp_path: Path) -> None:
    ended = run(tmp_path, "config", "check")
    assert (ended.returncode, ended.stdout) == (0, "no config.toml here, the defaults: good\n")


def test_a_config_that_is_named_must_be_there(tmp_path: Path) -> None:
    ended = run(tmp_path, "demo", "--headless", "--config", "mine.toml")
    assert "mine.toml" in one_line(ended, 2)
    assert_nothing_began(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--chaos", "crash:eth"), "'crash:eth' is not like crash:eth@round2"),
        (("--chaos", "crash:eth@round1", "--assets", "btc"), "eth is not traded in this session"),
        (("--interval", "7m"), "'7m': use 5m, 15m, 1h, 4h, with commas"),
        (("--rounds", "-1"), "-1 is not in the range"),
        (("--speed", "0"), "0.0 is not in the range"),
        (("--seed", "x"), "'x' is not a valid integer"),
        (("--mode", "live"), "No such option"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_usage(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process; one of its own is in the test below."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(cli, [*map(str, HEADLESS), *arguments])
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert_nothing_began(tmp_path)


def test_usage_as_people_see_it(tmp_path: Path) -> None:
    ended = run(tmp_path, *HEADLESS, "--assets", "btc,doge")
    assert ended.returncode == 2
    assert "'btc,doge': use btc, eth, sol, xrp, with commas" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert_nothing_began(tmp_path)


@pytest.mark.parametrize("start", ["yesterday", "2026-11-20T14:59:00"])
def test_a_bad_start_is_a_bad_setting(start: str, tmp_path: Path) -> None:
    line = one_line(run(tmp_path, *HEADLESS, "--start", start), 2)
    assert repr(start) in line
    assert "2026-11-20T14:59:00Z" in line
    assert_nothing_began(tmp_path)


@pytest.mark.parametrize("command", [HEADLESS, ("venue", "--config", CONFIG)])
def test_a_missing_price_file(command: tuple[str, ...], tmp_path: Path) -> None:
    line = one_line(run(tmp_path, *command, "--prices", "absent.csv.gz"), 2)
    assert line == "no file absent.csv.gz; --prices takes a CSV of Chainlink ticks, plain or .gz"
    assert_nothing_began(tmp_path)


@pytest.mark.parametrize("named", ["absent.jsonl", "."])
def test_a_journal_that_is_not_there(named: str, tmp_path: Path) -> None:
    line = one_line(run(tmp_path, "replay", named), 2)
    assert line.endswith(
        "; replay takes a session's folder, its journal folder or one file in that"
    )
    assert line.startswith(("no file ", "no journal in "))


def test_a_price_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("time,price\n1,2\n")
    line = one_line(run(tmp_path, *HEADLESS, "--prices", "prices.csv"), 1)
    assert line.startswith("prices.csv: no column feed_ts_ms")
    assert_nothing_began(tmp_path)


def test_a_summary_that_could_not_be_written_is_said_before_the_session(tmp_path: Path) -> None:
    line = one_line(run(tmp_path, *HEADLESS, "--json", "nowhere/summary.json"), 1)
    assert line.startswith("no folder for --json nowhere/summary.json")
    assert_nothing_began(tmp_path)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        small = ("--config", CONFIG, "--assets", "btc", "--intervals", "5m")
        line = one_line(run(tmp_path, "venue", *small, "--port", str(port)), 1)
    assert line.startswith(f"port {port} on 127.0.0.1 is in use")


def test_nothing_to_attach_to(tmp_path: Path) -> None:
    line = one_line(run(tmp_path, "attach", "--config", CONFIG), 1)
    assert line.startswith("no engine runs here; start one with ")
    assert re.search(r"(\S*polytui) demo or \1 run --headless$", line)


def test_config_show_check_and_digest(tmp_path: Path) -> None:
    shown = run(tmp_path, "config", "show", "--config", CONFIG)
    assert shown.returncode == 0
    assert json.loads(shown.stdout) == json.loads(canonical_json(Settings()))
    checked = run(tmp_path, "config", "check", "--config", CONFIG)
    assert (checked.returncode, checked.stdout) == (0, f"{CONFIG}: good\n")
    digest = run(tmp_path, "config", "digest", "--config", CONFIG).stdout.strip()
    assert digest == digest_of(Settings())
    assert re.fullmatch("[0-9a-f]{12}", digest)


@pytest.mark.trio
async def test_the_settings_of_another_file_reach_the_venue_as_well(tmp_path: Path) -> None:
    """A broken config.toml lies in the working directory; nobody is to read it."""
    (tmp_path / "config.toml").write_text("nonsense")
    good = tmp_path / "good.toml"
    good.write_text(CONFIG.read_text())
    async with started(
        tmp_path, "demo", "--headless", "--config", good, "--assets", "btc", "--speed", "20",
        "--paper", "--rounds", "0", "--seed", "0", "--json", "s.json", *QUICK,
    ) as program:  # fmt: skip
        await program.line("BTC .*trading")
        program.process.terminate()
        assert await program.end() == 0, program.unread
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["seed"], summary["errors"]) == (0, [])


@pytest.mark.trio
async def test_a_venue_that_cannot_be_reached_is_tried_again_and_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = re.sub(r'"(https|wss)://[^"/]*', rf'"\1://127.0.0.1:{port}', CONFIG.read_text())
    text = text.replace('"https:', '"http:').replace('"wss:', '"ws:')
    (tmp_path / "config.toml").write_text(text)
    async with started(tmp_path, "run", "--headless", "--assets", "btc") as program:
        await program.line("BTC .*book is down: cannot connect")
        await program.line(r"BTC .*no list of 5m rounds: .*is it reachable\?")
        await program.line("PAPER x1")
        with socket.create_server(("127.0.0.1", port)) as venue:
            # Said once, tried again: somebody comes as soon as somebody listens.
            stream, _ = await trio.to_thread.run_sync(venue.accept)
            stream.close()
        program.process.terminate()
        assert await program.end() == 0
    summary = summary_of(program.session)
    assert (summary["stopped"], summary["errors"]) == ("signal SIGTERM", [])
    assert summary["assets"]["btc"]["lives"] == 1
    assert len(events_of(program.session, FeedDown)) >= 2


def test_trio_is_not_needed_to_ask_for_help(tmp_path: Path) -> None:
    ended = run(tmp_path, "--help", is_cold=True)
    assert ended.returncode == 0
    for name in ("run", "demo", "attach", "venue", "replay", "config"):
        assert re.search(rf"^  {name} ", ended.stdout, re.MULTILINE), name
