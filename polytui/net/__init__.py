"""Bytes in and out: the only room that knows the libraries of the network."""

from polytui.lean_imports import never

never("httpx._main")
