"""The command that people are told works where they are."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ASK = "from polytui.config.called import called; print(called('attach x'))"
SCRIPT = Path(sys.executable).with_name("polytui")


def told(folder: Path, path: str, python: str = sys.executable, **more: str) -> str:
    environment = {"PATH": path, **more}
    done = subprocess.run(
        [python, "-c", ASK], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def away(tmp_path: Path) -> Path:
    return tmp_path


def test_by_its_name_where_the_shell_finds_it(away: Path) -> None:
    assert told(away, str(SCRIPT.parent)) == "polytui attach x"


def test_by_its_place_where_the_shell_does_not(away: Path) -> None:
    assert told(away, "/bin") == f"{shlex.quote(str(SCRIPT))} attach x"
    assert told(SCRIPT.parents[2], "/bin") == f"{SCRIPT.relative_to(SCRIPT.parents[2])} attach x"


def test_another_program_of_that_name_is_not_ours(away: Path) -> None:
    other = away / "polytui"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert told(SCRIPT.parents[2], str(away)) != "polytui attach x"


def test_a_child_says_how_its_parent_was_called(away: Path) -> None:
    assert told(away, "/bin", POLYTUI_CALLED="polytui") == "polytui attach x"


def test_it_works_as_it_is_said() -> None:
    said = told(SCRIPT.parents[2], "/bin").removesuffix(" attach x")
    done = subprocess.run(
        [*shlex.split(said), "--version"],
        cwd=SCRIPT.parents[2],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "polytui" in done.stdout
