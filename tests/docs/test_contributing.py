"""CONTRIBUTING.md is true: its changes are made in a copy of the project, and its tests, which are
red before them, are green."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

REPO = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COPIED = ("polytui", "tests", "docs", "benchmarks", "themes")
_FILES = ("pyproject.toml", "config.toml", ".env.example", "README.md")
_NOWHERE = "/dev/null"


@frozen
class Change:
    """One place of one file: what stands there, and what shall. `old` is empty for a new file."""

    path: str
    old: str
    new: str

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    def make(self, root: Path) -> None:
        path = root / self.path
        if not self.old:
            path.write_text(self.new, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.path} has this not once:\n{self.old}"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def changes_of(page: str) -> Iterator[Change]:
    for block in _BLOCK.findall(page):
        path, lines = "", list[str]()
        for line in [*block.splitlines(), "--- "]:
            if line.startswith(("--- ", "@@")) and lines:
                old = "".join(f"{one[1:]}\n" for one in lines if one[0] != "+")
                new = "".join(f"{one[1:]}\n" for one in lines if one[0] != "-")
                yield Change(path, old, new)
                lines = []
            if line.startswith(("--- ", "+++ ")):
                path = line[4:] if line[4:] != _NOWHERE else path
            elif not line.startswith("@@"):
                lines.append(line or " ")


CHANGES = list(changes_of((REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")))
TESTS = [change.path for change in CHANGES if change.is_test]


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), "HOME": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, with the page's tests and without its changes."""
    root = tmp_path_factory.mktemp("clone") / "polytui"
    root.mkdir()
    for name in _COPIED:
        # What is compiled comes along; what somebody compiles at this moment does not.
        left = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(REPO / name, root / name, symlinks=True, ignore=left)
    for name in _FILES:
        shutil.copy(REPO / name, root / name)
    for change in CHANGES:
        if change.is_test:
            change.make(root)
    return root


def test_every_kind_has_an_example() -> None:
    rooms = {Path(change.path).parent.name for change in CHANGES if not change.is_test}
    assert {"config", "strategy", "panels", "venues"} <= rooms
    assert len(TESTS) == 4


def test_its_tests_fail_before_and_pass_after_its_changes(project: Path) -> None:
    before = run(
        project, "pytest", "-q", "--continue-on-collection-errors", "-p", "no:cacheprovider", *TESTS
    )
    for path in TESTS:
        assert re.search(rf"(FAILED|ERROR) {path}", before.stdout), f"{path} guards nothing"
    for change in CHANGES:
        if not change.is_test:
            change.make(project)
    assert run(project, "docs.make_config").returncode == 0
    after = run(
        project, "pytest", "-q", "-p", "no:cacheprovider", *TESTS, "tests/config/test_settings.py"
    )
    assert after.returncode == 0, after.stdout[-3000:]
    assert "max_mid = 1.0" in (project / "config.toml").read_text(encoding="utf-8")
    for check in (("ruff", "format", "--check"), ("ruff", "check")):
        linted = run(project, *check, "polytui", *TESTS)
        assert linted.returncode == 0, linted.stdout
