"""The log file: no key, no secret, in no message and in no traceback."""

from __future__ import annotations

import logging
import os
import re
import threading
from pathlib import Path

import pytest
from loguru import logger

from polytui.config.secrets import Secret
from polytui.runtime.logs import log_to

PRIVATE_KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
API_SECRET = "8xPq1w-bX9_dQmLz0A=="


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log_to(tmp_path / "engine.log")
    return tmp_path / "engine.log"


def written(path: Path) -> str:
    logger.remove()
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "message",
    [
        f"signing with 0x{PRIVATE_KEY}",
        f"signing with {PRIVATE_KEY.upper()} now",
        f"POLYMARKET_API_SECRET={API_SECRET}",
        f'{{"apiKey":"k-1","secret":"{API_SECRET}","passphrase":"x"}}',
        f"headers {{'POLY_PASSPHRASE': '{API_SECRET}'}}",
        f"POLY_API_KEY: {API_SECRET}",
        f"Authorization: Bearer {API_SECRET}",
        f"private_key = '{API_SECRET}'",
    ],
)
def test_a_message_never_shows_it(path: Path, message: str) -> None:
    logger.info("{}", message)
    logger.warning(message.replace("{", "").replace("}", ""))
    text = written(path)
    assert text.count("***") >= 2
    assert PRIVATE_KEY not in text.lower()
    assert API_SECRET not in text


def test_a_traceback_never_shows_it(path: Path) -> None:
    def sign(key: str) -> None:
        raise ValueError(f"bad key 0x{key}, secret={API_SECRET}")

    try:
        sign(PRIVATE_KEY)
    except ValueError as error:
        logger.opt(exception=error).error("btc crashed")
    text = written(path)
    assert "btc crashed" in text
    assert "ValueError: bad key ***" in text
    assert "in sign" in text, "the traceback itself is wanted"
    assert PRIVATE_KEY not in text
    assert API_SECRET not in text


def test_a_secret_that_this_process_holds_needs_no_name_beside_it(path: Path) -> None:
    secret = Secret("Wz8xPq1wbX9dQmLz0A4qk7==")
    try:
        raise ValueError(f"the venue said: {secret.reveal().rstrip('=')} is not ours")
    except ValueError as error:
        logger.opt(exception=error).error("btc crashed, {}", secret.reveal())
    text = written(path)
    assert "btc crashed, ***" in text
    assert "the venue said: *** is not ours" in text
    assert "Wz8xPq1w" not in text


def test_libraries_go_the_same_way(path: Path) -> None:
    logging.getLogger("somebody").warning("passphrase: %s", API_SECRET)
    logging.getLogger("somebody").log(35, "a level of its own")
    logging.getLogger("somebody").info("chatter")
    text = written(path)
    assert API_SECRET not in text
    assert "a level of its own" in text
    assert "chatter" not in text


def test_a_secret_shows_itself_as_stars_and_plain_words_stay(path: Path) -> None:
    logger.info("keys {} settings {}", Secret(API_SECRET), "7db470078b8a")
    text = written(path)
    assert API_SECRET not in text
    assert "keys Secret(***) settings 7db470078b8a" in text


def test_a_full_disk_costs_lines_and_nothing_else(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log_to(Path("/dev/full"))
    logger.warning("said to nobody")
    logger.remove()
    assert capfd.readouterr() == ("", "")


def test_a_disk_that_takes_nothing_keeps_nobody_waiting_and_what_is_missing_is_said(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "engine.log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log_to(pipe)
        for number in range(20_000):  # many times what a pipe holds: a write of it would not end
            logger.warning("line {} {}", number, "x" * 200)
        os.set_blocking(reader, True)
        text = os.read(reader, 1)
        draining = threading.Thread(target=logger.remove)
        draining.start()
        while chunk := os.read(reader, 65_536):
            text += chunk
        draining.join()
    finally:
        os.close(reader)
    assert re.search(rb"\n\(1\d{4} records are missing here: the disk was slow\)\n", text)
    assert text.startswith(b"20")
    assert b" line 0 " in text


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\x85", "\u2028", "\x0b", "\x0c"])
def test_a_newline_begins_no_line_that_looks_like_one_of_ours(path: Path, newline: str) -> None:
    forged = f"2026-01-01T00:00:00.000 INFO    - stopping: command from terminal{newline}"
    logger.warning("{}", f"HTTP 500 oops{newline}{forged}")
    logger.warning("next")
    lines = written(path).splitlines()
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    assert lines[-1].endswith("next")


def test_control_and_bidi_characters_are_written_out_in_tracebacks_as_well(path: Path) -> None:
    try:
        raise ValueError("evil \x1b[2J \u202e" + "x" * 100_000)
    except ValueError as error:
        logger.opt(exception=error).error("btc crashed")
    text = written(path)
    assert "\\x1b[2J \\u202e" in text
    assert "\x1b" not in text
    assert len(text) < 50_000
