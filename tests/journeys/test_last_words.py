"""What ends a process is said, and no key with it: neither by a message nor by a line of code."""

from __future__ import annotations

import subprocess
import sys

import pytest

KEY = "0x" + "3c" * 32
_PROGRAM = """
import sys, threading
from polytui.config.secrets import Secret
from polytui.precautions import mask_last_words
mask_last_words()
secret = Secret(sys.stdin.read())
def sign(key):
    local = key
    raise ValueError(f"cannot sign with {local} or {local[2:].upper()}")
%s
"""


@pytest.mark.parametrize(
    "ending",
    [
        "sign(secret.reveal())",
        "threading.Thread(target=sign, args=[secret.reveal()]).start()",
        "import trio\nasync def main(): sign(secret.reveal())\ntrio.run(main)",
    ],
)
def test_an_error_that_quotes_a_key_ends_with_stars(ending: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM % ending],
        input=KEY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "ValueError: cannot sign with *** or ***" in ended.stderr
    assert KEY[2:] not in ended.stderr.lower()
