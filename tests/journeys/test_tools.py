"""`doctor`, `record` and `decode` as people run them: exit codes, plain words, nothing secret."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner
from program import CONFIG, PATIENCE_S, children_of, command, environment, gone, run, short_folder
from program import started as start

from polytui.cli import cli

FEEDS = {
    "book": "clob-market",
    "rtds": "rtds",
    "polybolt": "polybolt",
    "binance": "binance",
    "bybit": "bybit",
    "coinbase": "coinbase",
}
"""Feeds of a recording, and the sources that read them."""
SECRETS = {
    "POLYMARKET_API_KEY": "4b1d0f3a-secret-key",
    "POLYMARKET_API_SECRET": "c2VjcmV0LXNlY3JldA==",
    "POLYMARKET_API_PASSPHRASE": "a-secret-passphrase",
}
CHECKS = [
    "python", "disk", "gamma", "clob", "binance rest", "bybit rest", "coinbase rest", "geoblock",
    "polybolt stream", "rtds stream", "binance stream", "bybit stream", "coinbase stream",
    "book stream", "clock",
]  # fmt: skip


def assert_plain(ended: subprocess.CompletedProcess[str], code: int) -> None:
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    assert_plain(ended, 1)
    (line,) = ended.stderr.strip().splitlines()
    assert ended.stdout == ""
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def account_of(source: str, *arguments: str | Path) -> tuple[int, Any]:
    """The account of `decode`, in this process: it is the same command, and starts at once."""
    ended = CliRunner().invoke(cli, ["decode", source, *map(str, arguments), "--json", "-"])
    return ended.exit_code, json.loads(ended.stdout)


# --- doctor ---------------------------------------------------------------------------------------


def test_a_healthy_venue_passes_every_check(tmp_path: Path) -> None:
    """With the settings that are named: those that lie about are broken."""
    (tmp_path / "config.toml").write_text("nonsense")
    ended = run(tmp_path, "doctor", "--demo", "--config", CONFIG, "--json", "report.json")
    assert_plain(ended, 0)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["verdict"] in ("ok", "warn"), "a busy machine may be warned of"
    assert [one["name"] for one in report["findings"]] == CHECKS
    by_name = {one["name"]: one for one in report["findings"]}
    for name in CHECKS:
        assert by_name[name]["verdict"] != "fail"
        assert f" {name} " in ended.stdout
    assert all(by_name[f"{name} rest"]["took_ms"] > 0 for name in ("binance", "bybit", "coinbase"))
    assert by_name["book stream"]["words"].startswith("data comes, ")
    for name in ("rtds", "polybolt", "bybit", "coinbase", "book"):
        stream = by_name[f"{name} stream"]
        assert stream["offset_ms"] is not None
        assert stream["offset_ms"] >= 0, "nobody is ahead of the clock that we share"
        assert ", offset +" in stream["words"]


def test_without_a_network_it_says_what_cannot_be_reached_and_no_secret(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = re.sub(r'"(https|wss)://[^"/]*', rf'"\1://127.0.0.1:{port}', CONFIG.read_text())
    (tmp_path / "config.toml").write_text(
        text.replace('"https:', '"http:').replace('"wss:', '"ws:')
    )
    (tmp_path / ".env").write_text("".join(f"{name}={text}\n" for name, text in SECRETS.items()))
    (tmp_path / ".env").chmod(0o600)
    ended = run(tmp_path, "doctor", "--wait", "4", "--json", "-")
    assert_plain(ended, 1)
    report = json.loads(ended.stdout)
    assert [one["name"] for one in report["findings"]] == [*CHECKS, "secrets"], "and no wallet"
    words = report["findings"][-1]["words"]
    assert words.count(f"from .env ({tmp_path / '.env'})") == len(SECRETS), "each with its source"
    verdicts = {one["name"]: one["verdict"] for one in report["findings"]}
    assert {name for name, verdict in verdicts.items() if verdict == "fail"} == {
        *CHECKS[2:7],
        *CHECKS[8:14],
    }
    for one in report["findings"]:
        if one["verdict"] == "fail":
            assert f"127.0.0.1:{port}" in one["words"]
            assert "is it reachable?" in one["words"]
    assert not any(text in ended.stdout + ended.stderr for text in SECRETS.values())


# --- record ---------------------------------------------------------------------------------------


def test_a_recording_holds_every_feed_and_decodes_whole(tmp_path: Path) -> None:
    ended = run(
        tmp_path, "record", "--demo", "--for", "2", "--assets", "btc,eth", "--folder", "here",
        "--config", CONFIG,
    )  # fmt: skip
    assert_plain(ended, 0)
    assert ended.stderr == "recorded into here\n"
    summary = json.loads(ended.stdout)
    assert summary == json.loads((tmp_path / "here" / "summary.json").read_text())
    assert (summary["rejected"], summary["missed"], summary["lost_to_a_slow_disk"]) == (0, 0, 0)
    raw, _ = (tmp_path / "here" / name for name in summary["files"])
    for feed, source in FEEDS.items():
        code, account = account_of(source, raw, "--feed", feed)
        told = sum(summary["frames"][f"{asset}.{feed}"] for asset in ("btc", "eth"))
        assert (code, account["frames"], account["rejected"], account["lost"]) == (0, told, 0, 0)
        assert sum(account["events"].values()) > 0
        assert all(trades["gaps"] == 0 for trades in account["trades"].values())
    decoded = run(tmp_path, "decode", "coinbase", raw, "--feed", "coinbase")
    assert_plain(decoded, 0)
    kinds = {json.loads(line)[0] for line in decoded.stdout.splitlines()}
    assert kinds == {"ExchangeTraded", "ExchangeQuoted"}


@pytest.mark.trio
async def test_ctrl_c_ends_a_recording_in_order(tmp_path: Path) -> None:
    arguments = ("record", "--demo", "--assets", "btc", "--folder", "here", "--config", CONFIG)
    async with start(tmp_path, *arguments) as program:
        await a_member(program, tmp_path / "here")
        program.signal(signal.SIGINT)
        output = await program.rest()
        assert await program.end() == 0
    assert "Traceback" not in output
    assert "recorded into here" in output
    summary = json.loads((tmp_path / "here" / "summary.json").read_text())
    raw = tmp_path / "here" / summary["files"][0]
    code, account = account_of("binance", raw, "--feed", "binance")
    assert (code, account["frames"]) == (0, summary["frames"]["btc.binance"])
    assert account["cut_off"] == ""


@pytest.mark.trio
async def test_a_killed_recording_can_be_read_and_leaves_no_venue_behind(tmp_path: Path) -> None:
    settings = CONFIG.read_text().replace("flush_s = 2.0", "flush_s = 0.2")
    (tmp_path / "config.toml").write_text(settings)
    async with start(
        tmp_path, "record", "--demo", "--assets", "btc", "--folder", "here"
    ) as program:
        raw = await a_member(program, tmp_path / "here")
        (venue,) = children_of(program.process.pid)
        program.process.kill()
        await program.end()
        with trio.fail_after(PATIENCE_S):
            await gone(venue)
    code, account = account_of("binance", raw, "--feed", "binance")
    assert (code, account["rejected"]) == (0, 0)
    assert account["events"]["ExchangeTraded"] > 0


async def a_member(program: Any, folder: Path) -> Path:
    """The raw file, as soon as trades of an exchange are in it."""
    while True:
        assert program.process.poll() is None, "it ended"
        for path in folder.glob("raw-*.jsonl.gz"):
            if path.stat().st_size > 5_000:
                return path
        await trio.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--folder", "taken"), "cannot make taken: File exists"),
        (("--json", "nowhere/summary.json"), "no folder for --json nowhere/summary.json"),
    ],
)
def test_a_recording_that_cannot_be_written_never_begins(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").touch()
    line = one_line(run(tmp_path, "record", "--demo", "--config", CONFIG, *arguments))
    assert line.startswith(words)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


# --- decode ---------------------------------------------------------------------------------------

TRADE = '{"e":"trade","s":"BTCUSDT","t":%d,"p":"1.5","q":"2","T":1787315652707,"m":true}\n'


def test_junk_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\x00\xff\xfe{[\n" + b"{" * 50_000 + b"\n")
    ended = run(tmp_path, "decode", "polybolt", "junk")
    assert_plain(ended, 1)
    assert ended.stdout == ""
    assert json.loads(ended.stderr)["rejected"] == 2


def test_frames_that_were_printed_for_people_decode_as_well(tmp_path: Path) -> None:
    frames = [json.dumps(json.loads(TRADE % number), indent=2) for number in (1, 2, 3)]
    (tmp_path / "frames.json").write_text("\ufeff" + "\n".join(frames), encoding="utf-8")
    code, account = account_of("binance", tmp_path / "frames.json")
    assert (code, account["frames"], account["rejected"]) == (0, 3, 0)
    assert account["events"] == {"ExchangeTraded": 3}


def test_a_reader_that_has_seen_enough_is_no_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("".join(TRADE % number for number in range(1, 5_000)))
    with (
        short_folder() as runtime,
        subprocess.Popen(
            command("decode", "binance", "frames"),
            cwd=tmp_path,
            env=environment(runtime),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(100)) == 100
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_S) == 1


def test_stdin_may_hold_bytes_that_are_no_text(tmp_path: Path) -> None:
    with short_folder() as runtime:
        ended = subprocess.run(
            command("decode", "binance", "-"),
            cwd=tmp_path,
            env={**environment(runtime), "PYTHONIOENCODING": "utf-8:strict"},
            input=(TRADE % 7).encode() + b"\xff\xfe\n",
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stdout.count(b"\n") == 1
    account = json.loads(ended.stderr)
    assert (account["accepted"], account["rejected"]) == (1, 1)
