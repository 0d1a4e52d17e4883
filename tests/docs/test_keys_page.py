"""docs/keys.md and the table of README name the keys that there are."""

from __future__ import annotations

import re
from pathlib import Path

from docs.make_glossary import glossary_text
from docs.make_keys import keys_text
from polytui.tui.actions import ACTIONS
from polytui.tui.key_names import key_words

REPO = Path(__file__).parents[2]


def test_the_page_is_what_the_table_makes_of_it() -> None:
    made = (REPO / "docs" / "keys.md").read_text(encoding="utf-8")
    assert made == keys_text(), "write it anew: python -m docs.make_keys"


def test_the_readme_names_no_key_that_does_nothing() -> None:
    text = (REPO / "README.md").read_text(encoding="utf-8")
    table = text.partition("| key | does |")[2].partition("\n\n")[0]
    named = {
        key.removeprefix("\\")
        for row in table.splitlines()
        for cell in [row.partition("| ")[2].partition(" |")[0]]
        for key in re.findall(r"`([^`]+)`", cell)
    }
    assert named <= {key_words(key) for one in ACTIONS for key in one.keys}


def test_the_glossary_of_the_screen_is_that_of_the_page() -> None:
    made = (REPO / "polytui" / "tui" / "glossary.py").read_text(encoding="utf-8")
    assert made == glossary_text(), "write it anew: python -m docs.make_glossary"
