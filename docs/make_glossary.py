"""`python -m docs.make_glossary` writes the terminal's glossary out of docs/words.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

_HERE = Path(__file__).parent
_MODULE = _HERE.parent / "polytui" / "tui" / "glossary.py"
_SHOWN = (
    "round, window", "strike", "Chainlink", "consensus", "basis", "fair value", "edge",
    "break-even", "touch", "settlement forecast; sigma", "trades, watches", "signal; quote set",
    "stake", "mark-out", "gate; breaker; kill switch", "pause, halt, stop",
)  # fmt: skip
"""The words of whoever looks at a screen, in the order in which one meets them."""
_HEAD = '''"""Words of the screen and what they mean: made by `python -m docs.make_glossary`."""

from __future__ import annotations

# A word a line, as long as its meaning is in docs/words.md.
# ruff: noqa: E501
# fmt: off
GLOSSARY: tuple[tuple[str, str], ...] = (
'''


def glossary_text() -> str:
    """The whole of polytui/tui/glossary.py."""
    known = _words()
    return _HEAD + "".join(map(_entry, ((word, known[word]) for word in _SHOWN))) + ")\n"


def _words() -> dict[str, str]:
    """What docs/words.md says, by its first column, without its marks."""
    text = (_HERE / "words.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", text, re.MULTILINE)
    return {_plain(word): _plain(means) for word, means in rows}


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "")


def _entry(pair: tuple[str, str]) -> str:
    word, means = (json.dumps(one, ensure_ascii=False) for one in pair)
    return f"    ({word}, {means}),\n"


if __name__ == "__main__":
    _MODULE.write_text(glossary_text(), encoding="utf-8")
