"""What a strategy's source may not do: clocks, chance, files and sockets, and keeping anything.

It is read, not run. That finds what people write by mistake; who hides it (a name made of letters,
a library that reads a file) is not found here. What is kept from view to view in another way the
trial finds (`trial.py`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_LIBRARIES = frozenset(
    {
        *("__future__", "abc", "attr", "attrs", "bisect", "collections", "dataclasses", "decimal"),
        *("enum", "fractions", "functools", "heapq", "itertools", "math", "msgspec", "numbers"),
        *("numpy", "operator", "re", "scipy", "statistics", "string", "types", "typing"),
        "typing_extensions",
    }
)
_OURS = ("polytui.strategy", "polytui.market", "polytui.model")
_OUR_MODULES = frozenset({"polytui.config.checks", "polytui.config.deciding"})
_NOT_OURS = frozenset({"polytui.strategy.registry"})
_CLOCKS = frozenset({"time", "datetime", "calendar", "zoneinfo", "sched"})
_CHANCE = frozenset({"random", "secrets", "uuid"})
_CALLS = {
    **dict.fromkeys(("open", "input", "print", "breakpoint"), "reads or writes"),
    **dict.fromkeys(
        (
            "eval",
            "exec",
            "compile",
            "__import__",
            "globals",
            "locals",
            "vars",
            "setattr",
            "delattr",
        ),
        "does what no check can read",
    ),
    **dict.fromkeys(("hash", "id"), "is another number in each process"),
}
_OF_NUMPY = frozenset(
    {
        *("random", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "open_memmap"),
        *("save", "savez", "savez_compressed", "savetxt", "DataSource"),
    }
)
_CHANGING = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
        *("popleft", "remove", "reverse", "rotate", "setdefault", "sort", "update", "fill"),
    }
)
_MAKES = ("__init__", "__post_init__", "__attrs_post_init__")
_FINE = frozenset({*_MAKES, "__name__", "__doc__", "__all__", "__future__", "__call__", "__str__"})
_NO_CLOCK = "a strategy has no clock: view.now_ns and view.left_s are the time"
_NO_CHANCE = "the same view must always give the same opinion"
_KEEPS = "a strategy keeps nothing from view to view, or no replay could say the same"
_NOTED = "what is worth noting is in the journal: give a reason with its number"


def faults_of(text: str, package: str = "") -> list[str]:
    """A line for each thing that it may not do. `package`: of its own modules, which it may import.
    SyntaxError for what is no Python."""
    tree = ast.parse(text)
    found = sorted({*_imports(tree, package), *_Reading(tree).faults})
    return [f"line {line}: {what}" for line, what in found]


def imported_own(text: str, package: str) -> list[str]:
    """Which modules of its own package a module imports."""
    names = (name for _, name in _imported(ast.parse(text), package))
    return [one for one in dict.fromkeys(names) if _is_in(one, package)]


# --- imports ------------------------------------------------------------------------------------


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    for line, name in _imported(tree, package):
        top = name.partition(".")[0]
        if not name:
            yield line, "imports a file beside it: one of strategies.paths is one file"
        elif top in _CLOCKS:
            yield line, f"imports {name}: {_NO_CLOCK}"
        elif top in _CHANCE:
            yield line, f"imports {name}: {_NO_CHANCE}"
        elif not (_is_known(name) or _is_in(name, package)):
            yield line, f"imports {name}: {_allowed()}"


def _imported(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Line and whole name of each module; an empty name for one beside it that cannot be."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            named = f"{package}.{node.module or ''}".rstrip(".") if node.level else node.module
            yield node.lineno, (named or "") if package or not node.level else ""


def _is_in(name: str, package: str) -> bool:
    return bool(package) and (name == package or name.startswith(f"{package}."))


def _is_known(name: str) -> bool:
    if name.partition(".")[0] != "polytui":
        return name.partition(".")[0] in _LIBRARIES
    if name in _NOT_OURS:
        return False
    return name in _OUR_MODULES or any(_is_in(name, one) for one in _OURS)


def _allowed() -> str:
    libraries = ", ".join(sorted(one for one in _LIBRARIES if not one.startswith("__")))
    return f"it may import {', '.join([*_OURS, *sorted(_OUR_MODULES)])} and of others {libraries}"


# --- what it does -------------------------------------------------------------------------------


class _Reading(ast.NodeVisitor):
    """State: what was found so far, and in which function we are."""

    def __init__(self, tree: ast.Module) -> None:
        self.faults: list[tuple[int, str]] = []
        self._globals = _names_of(tree.body)
        self._numpy = {
            alias.asname or "numpy"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name == "numpy"
        }
        self._functions: list[str] = []
        self._locals: list[set[str]] = []
        self._arguments: list[set[str]] = []
        self.visit(tree)

    def _say(self, node: ast.expr | ast.stmt | ast.ExceptHandler, what: str) -> None:
        self.faults.append((node.lineno, what))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if isinstance(default, ast.List | ast.Dict | ast.Set):
                self._say(default, f"{node.name} has a default that it can change: {_KEEPS}")
        listed = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        arguments = {one.arg for one in listed}
        self._functions.append(node.name)
        self._arguments.append(arguments)
        self._locals.append(arguments | _names_of(list(ast.walk(node))))
        self.generic_visit(node)
        self._functions.pop()
        self._arguments.pop()
        self._locals.pop()

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._say(node, "waits: an opinion is given at once")

    def visit_Global(self, node: ast.Global) -> None:
        self._say(node, f"changes {', '.join(node.names)} of its file: {_KEEPS}")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is None or "BaseException" in ast.unparse(node.type):
            self._say(node, "catches everything: say which exception is meant")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Name) and called.id in _CALLS and not self._is_local(called.id):
            why = f"; {_NOTED}" if called.id == "print" else ""
            self._say(node, f"calls {called.id}, which {_CALLS[called.id]}{why}")
        if isinstance(called, ast.Name) and called.id == "next" and node.args:
            self._changes(node.args[0], node)
        if isinstance(called, ast.Attribute) and called.attr in _CHANGING:
            self._changes(called.value, node)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if name.startswith("__") and name.endswith("__") and name not in _FINE:
            self._say(node, f"uses {name}, which no check can read")
        if isinstance(node.value, ast.Name) and node.value.id in self._numpy and name in _OF_NUMPY:
            why = _NO_CHANCE if name == "random" else "a strategy reads and writes no file"
            self._say(node, f"uses numpy.{name}: {why}")
        if isinstance(node.ctx, ast.Store | ast.Del):
            self._changes(node.value, node)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Store | ast.Del):
            self._changes(node.value, node)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._walks(node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._walks(node.iter)
        self.generic_visit(node)

    def _walks(self, over: ast.expr) -> None:
        is_made = isinstance(over, ast.Call) and ast.unparse(over.func) in ("set", "frozenset")
        if is_made or isinstance(over, ast.Set | ast.SetComp):
            self._say(over, "walks over a set, whose order is another one in each process: sort it")

    def _changes(self, what: ast.expr, node: ast.expr) -> None:
        """Something of an object is changed: whether that object outlives the view."""
        root = what
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if not isinstance(root, ast.Name) or not self._functions:
            return
        if root.id in ("self", "cls"):
            if self._functions[-1] not in _MAKES:
                self._say(node, f"changes {_shown(what, node)}: {_KEEPS}")
        elif root.id in self._arguments[-1] and root is not what:
            self._say(node, f"changes {_shown(what, node)}, which others see as well")
        elif root.id in self._globals and not self._is_local(root.id):
            self._say(node, f"changes {root.id} of its file: {_KEEPS}")

    def _is_local(self, name: str) -> bool:
        return any(name in names for names in self._locals)


def _shown(what: ast.expr, node: ast.expr) -> str:
    return ast.unparse(node if isinstance(node, ast.Attribute) else what)


def _names_of(nodes: Iterable[ast.AST]) -> set[str]:
    """Which names these assign to, or define."""
    names = set[str]()
    for node in nodes:
        if isinstance(node, ast.Assign):
            names |= {one.id for target in node.targets for one in _plain_names(target)}
        elif isinstance(node, ast.AnnAssign | ast.For | ast.NamedExpr | ast.comprehension):
            names |= {one.id for one in _plain_names(node.target)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def _plain_names(target: ast.expr) -> Iterator[ast.Name]:
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            yield from _plain_names(one)
