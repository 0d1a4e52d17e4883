"""Which engine a terminal attaches to, and which journal a folder holds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from program import short_folder

from polytui.config.load import BadSettings
from polytui.config.runtime_folder import runtime_folder
from polytui.model.errors import Fatal
from polytui.paths import journal_of, running_socket


@contextmanager
def engines(*names: str) -> Iterator[None]:
    """Sockets that answer, as engines of these sessions would."""
    folder = runtime_folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        for name in names:
            one = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            one.bind(str(folder / f"{name}.sock"))
            one.listen(8)
        yield


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with short_folder() as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
        yield


DEMO, PAPER = "20261126-094941-demo-2445", "20261126-101500-paper-31"


def test_the_only_engine_is_the_one() -> None:
    with engines(DEMO):
        assert running_socket(None).stem == DEMO


def test_of_several_a_person_chooses_by_name_mode_and_time() -> None:
    with engines(DEMO, PAPER, "mine"):
        with pytest.raises(Fatal) as told:
            running_socket(None)
        head, *rows = str(told.value).splitlines()
        assert head.startswith("3 engines run here; attach to one: ")
        assert " attach " in head
        said = {row.split()[0]: row.split()[1:] for row in rows}
        assert set(said) == {DEMO, PAPER, "mine"}
        assert [said[name][0] for name in (DEMO, PAPER, "mine")] == ["demo", "paper", "–"]
        assert all(words[1] == "since" and words[-1] == "UTC" for words in said.values())
        assert running_socket(PAPER).stem == PAPER


def test_an_engine_that_does_not_answer_is_not_among_them() -> None:
    with engines(DEMO):
        (runtime_folder() / "dead.sock").touch()
        assert running_socket(None).stem == DEMO
    with pytest.raises(Fatal, match="no session dead runs here"):
        running_socket("dead")


def test_a_folder_stands_for_its_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal" / "000001.jsonl"
    with pytest.raises(BadSettings, match="replay takes a session's folder"):
        journal_of(tmp_path)
    journal.parent.mkdir()
    journal.touch()
    for named in (tmp_path, journal.parent, journal):
        assert journal_of(named) == named
