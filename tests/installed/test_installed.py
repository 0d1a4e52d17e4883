"""What a user installs: wheel and sdist, built from what git knows, used away from the clone.

Needs the package index, so it is a target of its own: `make package`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from program import short_folder
from real_terminal import in_terminal

pytestmark = pytest.mark.package
ROOT = Path(__file__).resolve().parents[2]
THEMES = sorted(path.name for path in (ROOT / "themes").glob("*.toml"))
_INSTALL_S = 600.0
_RUN_S = 180.0


def run(*command: str | Path, folder: Path, patience_s: float = _RUN_S) -> str:
    """What it said; it must end well."""
    with short_folder() as runtime:
        ended = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=environment(runtime),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience_s,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def environment(runtime: Path) -> dict[str, str]:
    """A user's, who knows nothing of the clone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {**kept, **pip, "XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist. They are built from a copy without leftovers."""
    source = tmp_path_factory.mktemp("source")
    known = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in known.stdout.decode().split("\0"):
        if name and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name, follow_symlinks=False)
    out = tmp_path_factory.mktemp("dist")
    run(
        sys.executable, "-m", "build", "--outdir", out, source, folder=source, patience_s=_INSTALL_S
    )
    return out


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`polytui` of a fresh environment that has the wheel and what it needs."""
    fresh = tmp_path_factory.mktemp("fresh") / "venv"
    run(sys.executable, "-m", "venv", fresh, folder=built)
    (wheel,) = built.glob("*.whl")
    constraints = ROOT / "constraints.txt"
    pip = [fresh / "bin" / "python", "-m", "pip", "install", "--quiet", "-c", constraints, wheel]
    run(*pip, folder=built, patience_s=_INSTALL_S)
    return fresh / "bin" / "polytui"


def test_both_archives_hold_what_is_shipped(built: Path) -> None:
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    in_wheel = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = archive.getnames()
    for name in [f"tui/themes/{theme}" for theme in THEMES] + ["tui/terminal.tcss", "py.typed"]:
        assert f"polytui/{name}" in in_wheel
        assert any(path.endswith(f"/polytui/{name}") for path in in_sdist), name
    assert not [name for name in in_wheel if name.startswith(("tests/", "benchmarks/"))]


def test_it_begins_in_an_empty_folder(program: Path, tmp_path: Path) -> None:
    said = run(program, "config", "init", folder=tmp_path)
    assert said == "config.toml: written\n.env.example: written\n"
    assert (tmp_path / "config.toml").read_text() == (ROOT / "config.toml").read_text()
    assert (tmp_path / ".env.example").read_text() == (ROOT / ".env.example").read_text()
    assert run(program, "config", "check", folder=tmp_path) == "config.toml: good\n"
    digest = run(program, "config", "digest", folder=tmp_path)
    (tmp_path / "elsewhere").mkdir()
    assert run(program, "config", "digest", folder=tmp_path / "elsewhere") == digest


def test_its_demo_opens_in_a_terminal_and_changes_its_theme(program: Path, tmp_path: Path) -> None:
    with (
        short_folder() as runtime,
        in_terminal([str(program), "demo"], tmp_path, environment(runtime)) as terminal,
    ):
        terminal.until("DEMO", "BTC")
        before = terminal.background
        terminal.press("t")
        terminal.until("Enter keeps it")
        terminal.until_it(lambda: terminal.background != before, "takes another theme")
        terminal.press("\r")
        terminal.until_it(lambda: "Enter keeps it" not in terminal.text, "keeps it")
        assert terminal.background != before
        terminal.press("q")
        terminal.until("leave the terminal")
        terminal.press("S")
        assert terminal.end() == 0
    (session,) = (one for one in (tmp_path / "runs").iterdir() if one.is_dir())
    assert (session / "summary.json").is_file()
