"""`python -m docs.make_config` writes config.toml and .env.example anew, out of the schema."""

from __future__ import annotations

from pathlib import Path

from polytui.config.starters import config_text, env_text

_ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    (_ROOT / "config.toml").write_text(config_text(), encoding="utf-8")
    (_ROOT / ".env.example").write_text(env_text(), encoding="utf-8")
