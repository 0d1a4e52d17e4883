"""What a strategy's source may not do: found by reading it, each with its line."""

from __future__ import annotations

import pytest

from polytui.own.purity import faults_of, imported_own

_IN_OPINION = "class A:\n    def opinion(self, view, own):\n        "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import time", "line 1: imports time: a strategy has no clock"),
        ("from datetime import datetime", "line 1: imports datetime: a strategy has no clock"),
        ("import random", "line 1: imports random: the same view must always give the same"),
        ("import os", "line 1: imports os: it may import polytui.strategy"),
        ("import requests", "line 1: imports requests: it may import polytui.strategy"),
        ("from . import beside", "line 1: imports a file beside it: one of strategies.paths is"),
        ("import polytui.net.clock", "line 1: imports polytui.net.clock: it may import"),
        ("from polytui.strategy.registry import have_own", "imports polytui.strategy.registry"),
        ("import numpy as np\nx = np.random.rand()", "line 2: uses numpy.random: the same view"),
        ("import numpy\nx = numpy.load('a')", "line 2: uses numpy.load: a strategy reads and"),
        ("x = open('a')", "line 1: calls open, which reads or writes"),
        ("print(1)", "line 1: calls print, which reads or writes; what is worth noting is in"),
        ("eval('1')", "line 1: calls eval, which does what no check can read"),
        ("x = hash('a')", "line 1: calls hash, which is another number in each process"),
        ("x = ().__class__", "line 1: uses __class__, which no check can read"),
        ("for x in {1, 2}:\n    pass", "line 1: walks over a set, whose order is another one"),
        ("y = [x for x in set('ab')]", "line 1: walks over a set, whose order is another one"),
        ("try:\n    x = 1\nexcept:\n    pass", "line 3: catches everything"),
        ("async def f():\n    pass", "line 1: waits: an opinion is given at once"),
        (f"{_IN_OPINION}self.last = view", "line 3: changes self.last: a strategy keeps nothing"),
        (f"{_IN_OPINION}self.seen += 1", "line 3: changes self.seen: a strategy keeps nothing"),
        (f"{_IN_OPINION}self.seen.append(1)", "line 3: changes self.seen: a strategy keeps"),
        (f"{_IN_OPINION}self.seen[1] = 2", "line 3: changes self.seen: a strategy keeps nothing"),
        (f"SEEN = []\n{_IN_OPINION}SEEN.append(1)", "line 4: changes SEEN of its file"),
        (f"SEEN = {{}}\n{_IN_OPINION}SEEN[1] = 2", "line 4: changes SEEN of its file"),
        ("N = iter([1])\ndef f():\n    return next(N)", "line 3: changes N of its file"),
        ("N = 1\ndef f():\n    global N\n    N = 2", "line 3: changes N of its file"),
        ("def f(x, seen=[]):\n    pass", "line 1: f has a default that it can change"),
        (f"{_IN_OPINION}view.features.readable.update(a=1)", "line 3: changes view.features"),
        (f"{_IN_OPINION}view.up.held = 1", "line 3: changes view.up.held, which others see"),
    ],
)
def test_what_it_may_not_do_is_named_with_its_line(text: str, words: str) -> None:
    (fault,) = faults_of(text)
    assert words in fault


@pytest.mark.parametrize(
    "text",
    [
        "import math, numpy as np, functools\nx = np.mean([1.0])",
        "from polytui.market.book import NO_ASK\nfrom polytui.config.checks import setting",
        "def f(scores):\n    scores.append(1)\n    scores[0] = 2\n    return sorted(set(scores))",
        "SEEN = []\ndef f():\n    SEEN = []\n    SEEN.append(1)\n    return SEEN",
        "class A:\n    def __init__(self):\n        self.table = {}\n        self.table[1] = 2",
        "def f():\n    counts = {}\n    for x in (1, 2):\n        counts[x] = 1\n    return counts",
        "try:\n    x = 1\nexcept ZeroDivisionError:\n    x = 2",
    ],
)
def test_what_keeps_nothing_is_fine(text: str) -> None:
    assert faults_of(text) == []


def test_every_fault_is_named_at_once_in_the_order_of_lines() -> None:
    faults = faults_of("import time\nx = open('a')\nimport random")
    assert [fault.partition(":")[0] for fault in faults] == ["line 1", "line 2", "line 3"]


def test_a_package_may_import_its_own_modules() -> None:
    text = "from mine.parts import a\nfrom .other import b\nimport minefield"
    (fault,) = faults_of(text, "mine")
    assert "imports minefield" in fault
    assert imported_own(text, "mine") == ["mine.parts", "mine.other"]
