"""`polytui decode`: recorded raw frames into events, with an account of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from polytui.journal.raw_files import TornTail, read_lines, whole_values
from polytui.json_output import write_json
from polytui.model.errors import Fatal
from polytui.paths import check_frames
from polytui.precautions import check_writable
from polytui.venues.decode import Decoded, Line, decode_lines, read_line
from polytui.venues.sources import SOURCES

_encode = msgspec.json.Encoder(enc_hook=str).encode


def decode(source: str, file: Path, feed: str, json_path: str | None, is_quiet: bool) -> int:
    """Events to stdout as JSON lines, the account of frames to stderr or `json_path`."""
    check_writable(json_path)
    if str(file) != "-":
        check_frames(file)
    decoded, torn = Decoded(), ""
    try:
        for event in decode_lines(_lines(file, feed), SOURCES[source], decoded):
            if not is_quiet:
                sys.stdout.buffer.write(_encode((type(event).__name__, event)) + b"\n")
        sys.stdout.flush()
    except TornTail as error:
        torn = str(error)
    except BrokenPipeError:
        return _unheard()
    except OSError as error:
        raise Fatal(f"cannot read {file}: {error.strerror}") from error
    summary = {**decoded.summary(source), "cut_off": torn}
    if json_path:
        write_json(summary, json_path)
    else:
        click.echo(json.dumps(summary, indent=2), err=True)
    return 1 if decoded.rejected else 0


def _unheard() -> int:
    """Who reads our output has seen enough: `| head` is no fault, and has no account."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _lines(file: Path, feed: str) -> Iterator[Line]:
    if str(file) == "-":
        texts: Iterator[str] = (
            line.rstrip(b"\n").decode(errors="replace") for line in sys.stdin.buffer
        )
    else:
        texts = read_lines(file)
    for number, text in whole_values(texts):
        if text.strip():
            line = read_line(text, number)
            if not feed or not line.feed or line.feed == feed:
                yield line
