"""What the docstrings of settings say: read from their source, once, when somebody asks.

Python keeps the docstring of a class and throws those of its fields away; a person who changes a
setting, and config.toml, want to read them.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Any

from polytui.config import deciding, execution, files, live, markets, redeem, schema, wires

_TABLES = (deciding, execution, files, live, markets, redeem, wires, schema)
_Docs = dict[str, dict[str, str]]
"""By class and field; the empty field is the class itself."""


def table_doc(table: type[Any]) -> str:
    return _docs().get(table.__name__, {}).get("", "")


def field_doc(table: type[Any], name: str) -> str:
    """In one line; of the class that says it first, where a field is inherited. Empty where
    nobody says anything, or where the source is not at hand."""
    for owner in table.__mro__:
        if (doc := _docs().get(owner.__name__, {}).get(name)) is not None:
            return doc
    return ""


@cache
def _docs() -> _Docs:
    docs: _Docs = {}
    for module in _TABLES:
        docs |= docs_of(module)
    return docs


def docs_of(module: ModuleType) -> _Docs:
    """Of every class of a module; nothing where its source is not at hand."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, SyntaxError):
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
