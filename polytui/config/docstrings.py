"""What the docstrings of settings say: read from their source, once, when somebody asks.

Python keeps the docstring of a class and throws those of its fields away; a person who changes a
setting, and config.toml, want to read them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from types import ModuleType
from typing import Any

_OURS = "polytui.config."
_Docs = dict[str, dict[str, str]]
"""By class and field; the empty field is the class itself."""


def table_doc(table: type[Any]) -> str:
    return _docs_of_class(table).get(table.__name__, {}).get("", "")


def field_doc(table: type[Any], name: str) -> str:
    """In one line; of the class that says it first, where a field is inherited. Empty where
    nobody says anything, or where the source is not at hand."""
    for owner in table.__mro__:
        if (doc := _docs_of_class(owner).get(owner.__name__, {}).get(name)) is not None:
            return doc
    return ""


def _docs_of_class(kind: type[Any]) -> _Docs:
    """Those of its module. Ours is read once; the file of a strategy that is not ours may be loaded
    anew."""
    module = sys.modules.get(kind.__module__)
    if module is None:
        return {}
    return _docs_of_ours(module) if kind.__module__.startswith(_OURS) else docs_of(module)


@cache
def _docs_of_ours(module: ModuleType) -> _Docs:
    return docs_of(module)


def docs_of(module: ModuleType) -> _Docs:
    """Of every class of a module; nothing where its source is not at hand."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, SyntaxError, TypeError):
        return {}
    return {node.name: _fields(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> dict[str, str]:
    docs, name = {"": _one_line(ast.get_docstring(node) or "")}, ""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = item.target.id
        elif isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and name:
            docs[name], name = _one_line(str(item.value.value)), ""
    return docs


def _one_line(text: str) -> str:
    return " ".join(text.split())
