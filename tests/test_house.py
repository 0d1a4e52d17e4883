"""The house itself: rooms small enough to read, a name for one thing only, nothing wired later."""

from __future__ import annotations

import ast
import gc
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

POLYTUI = Path(__file__).parents[1] / "polytui"
MODULES = sorted(POLYTUI.rglob("*.py"))
MOST_LINES = 400
TWICE = "the same word"
"""Stands in the docstring of a class that is called as another one, with the reason."""


def named(path: Path) -> str:
    return str(path.relative_to(POLYTUI))


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """All of us, parsed. A collector that walks through half a million nodes again and again would
    take two thirds of the time."""
    gc.disable()
    try:
        return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES)
    finally:
        gc.freeze()
        gc.enable()


@cache
def nodes() -> tuple[tuple[Path, ast.AST], ...]:
    return tuple((path, node) for path, tree in trees() for node in ast.walk(tree))


def test_no_file_is_longer_than_one_reads_at_once() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = {name: length for name, length in lengths.items() if length > MOST_LINES}
    assert not long, "each holds two things: find the seam"


def test_no_class_is_called_as_another_one_unless_it_says_why() -> None:
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for path, node in nodes():
        if isinstance(node, ast.ClassDef):
            says_why = TWICE in (ast.get_docstring(node) or "")
            found[node.name].append((named(path), says_why))
    silent = {
        name: [path for path, _ in places]
        for name, places in found.items()
        if len(places) - sum(says_why for _, says_why in places) > 1
    }
    assert not silent


def _name(node: ast.expr | None) -> str:
    """`Callable` of `Callable[[int], None] | None`, `_tell` of `self._tell`, or ""."""
    match node:
        case ast.Subscript(value) | ast.BinOp(value, ast.BitOr()):
            return _name(value)
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name("self"), name):
            return name
    return ""


def _aliases() -> set[str]:
    """Names that stand for `Callable[...]`."""
    return {"Callable"} | {
        node.targets[0].id
        for _, tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Subscript)
        and _name(node.value) == "Callable"
    }


def _callbacks() -> set[str]:
    """Attributes that hold what their owner calls: annotated so, or taken from such an argument."""
    kinds, found = _aliases(), set[str]()
    for _, node in nodes():
        if isinstance(node, ast.AnnAssign) and _name(node.annotation) in kinds:
            found.add(_name(node.target))
        elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
            given = {arg.arg for arg in node.args.args if _name(arg.annotation) in kinds}
            for one in ast.walk(node) if given else ():
                if isinstance(one, ast.Assign) and _name(one.value) in given:
                    found.add(_name(one.targets[0]))
    return found - {""}


def test_nobody_is_given_a_callback_after_it_was_made() -> None:
    """What another object calls is an argument of its making: it is complete from then on."""
    callbacks = _callbacks()
    assert {"_deliver", "tell"} <= callbacks, "a feed's and a trust's"
    late = [
        f"{named(path)}: {ast.unparse(node)}"
        for path, node in nodes()
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and target.attr in callbacks
        and not (isinstance(target.value, ast.Name) and target.value.id == "self")
    ]
    assert not late


def test_no_two_files_of_tests_have_one_name() -> None:
    """They are imported by it: of two the second is an error, but only where both are asked for."""
    counts = Counter(path.name for path in Path(__file__).parent.rglob("*.py"))
    assert {name for name, count in counts.items() if count > 1} <= {"conftest.py", "__init__.py"}
