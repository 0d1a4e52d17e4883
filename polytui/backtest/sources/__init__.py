"""Anybody's recordings as moments: one module a schema, all columns in `docs/data.md`."""
