"""A library is imported without what it would bring, and nobody else is told that it is absent."""

from __future__ import annotations

import importlib
import sys

import pytest

from polytui.lean_imports import _OF_PY_ECC, never, without


def test_what_is_spared_is_absent_within_the_block_and_there_after_it() -> None:
    assert "this" not in sys.modules, "else it would stay, as the next test shows"
    with without("this"), pytest.raises(ModuleNotFoundError, match="this"):
        importlib.import_module("this")
    assert "this" not in sys.modules


def test_what_is_loaded_stays() -> None:
    with without("sys"):
        assert importlib.import_module("sys") is sys
    assert sys.modules["sys"] is sys


def test_never_is_for_good_but_takes_nothing_away() -> None:
    never("sys")
    never("polytui_is_no_such_module")
    try:
        assert importlib.import_module("sys") is sys
        with pytest.raises(ModuleNotFoundError, match="halted"):
            importlib.import_module("polytui_is_no_such_module")
    finally:
        del sys.modules["polytui_is_no_such_module"]


@pytest.mark.parametrize(("name", "known"), _OF_PY_ECC.items())
def test_what_the_library_of_keyfiles_reads_is_what_it_would_have_read(
    name: str, known: dict[str, object]
) -> None:
    real = importlib.import_module(name)
    for what, value in known.items():
        assert value in (None, getattr(real, what)), what
