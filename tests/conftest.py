"""What every test shares: where recordings may be, and how hard properties are tried."""

from __future__ import annotations

import gc
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from polytui.lean_imports import load_keyfile

# What a commit draws; `make fuzz` is for the rest, and a property that needs more says so.
settings.register_profile("suite", max_examples=20, deadline=None)
settings.register_profile(
    "fuzz", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

# Before the reference clients load it with all that it would bring: a second of each worker.
load_keyfile()

_TESTS = Path(__file__).resolve().parent
_USUAL_DEPTH = sys.getrecursionlimit()
_DATA = _TESTS.parent / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of third-party recordings; tests that need it skip where it is absent."""
    if not _DATA.is_dir():
        pytest.skip("the folder of recordings, ../shared/data, is absent")
    return _DATA


def pytest_configure(config: pytest.Config) -> None:
    """A worker reads the files from one of its own on. In a fresh checkout the first to read a file
    compiles it for the others, which takes four times as long as all else that collecting does:
    in one order they would all compile all of them."""
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not config.ArgsSource.TESTPATHS:
        return
    files = sorted(str(file) for file in _TESTS.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    config.args[:] = files[first:] + files[:first]


def pytest_collection_finish() -> None:
    """Twelve thousand tests and the modules of all of them live to the end: no collection of
    garbage has to look through them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_runtest_setup() -> None:
    """The reference clients import py_ecc, which lets a process recurse deeper than its stack is:
    the next test that decodes a bomb would end it."""
    sys.setrecursionlimit(_USUAL_DEPTH)


_PLAYED_TOGETHER = {
    "tests/store": {
        **dict.fromkeys(("asking", "files", "following", "streams"), "one demo"),
        **dict.fromkeys(
            ("account_rows", "as_of", "blotter", "files_of_chance", "fold", "going_on"), "chance"
        ),
    },
    "tests/results": {"gathering": "chance"},
    "tests/tools": dict.fromkeys(("export", "export_command"), "one demo"),
    "tests/learning": {"train_command": "one demo"},
    "tests/player": dict.fromkeys(
        ("asked_of_a_recording", "bad_recordings", "deck", "watched_session", "waypoints"),
        "one recording",
    ),
}
"""Files that look at one played session, kept by the process that played it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays with one worker, and so do files that look at the same session."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            room, _, name = file.removesuffix(".py").rpartition("/test_")
            return _PLAYED_TOGETHER.get(room, {}).get(name, file)

    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys mostly wait, for a process to start or for a round to open, and everything else
    works. Files of journeys are spread among the others, and the last begins when a third is left:
    where one waits, two work."""
    items.sort(key=lambda item: item.path)
    files = [list(group) for _, group in groupby(items, key=lambda item: item.path)]
    waiting = [one for one in files if "journeys" in one[0].path.parts]
    working = [one for one in files if "journeys" not in one[0].path.parts]
    if not waiting:
        return
    step = max(1, 2 * len(working) // 3 // len(waiting))
    spread = list[list[pytest.Item]]()
    for at, file in enumerate(waiting):
        spread += [file, *working[at * step : (at + 1) * step]]
    spread += working[len(waiting) * step :]
    items[:] = [item for file in spread for item in file]
