"""[keys] of config.toml: as it is written, with every fault beside those of other settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from polytui.cli.main import cli
from polytui.config.load import BadSettings, canonical_json, from_canonical_json, structure_settings
from polytui.config.schema import Settings


def test_dots_are_names_of_actions_quoted_or_not() -> None:
    nested = structure_settings({"keys": {"page": {"risk": ["x"]}, "theme": []}})
    quoted = structure_settings({"keys": {"page.risk": ["x"], "theme": []}})
    assert dict(nested.keys) == dict(quoted.keys) == {"page.risk": ("x",), "theme": ()}


def test_they_come_back_from_a_journal() -> None:
    settings = structure_settings({"keys": {"page": {"risk": ["x", "f3"]}}})
    assert from_canonical_json(canonical_json(settings)) == settings
    assert not dict(Settings().keys)


@pytest.mark.parametrize(
    ("raw", "why"),
    [("K", "expected a table @ keys"), ({"kill": "K"}, "expected a list of keys for kill, got 'K'"),
     ({"kill": [1]}, "expected a list of keys for kill"),
     ({"page.risk": ["x"], "page": {"risk": []}}, "named twice: page.risk")],
)  # fmt: skip
def test_another_form_is_a_fault(raw: object, why: str) -> None:
    with pytest.raises(BadSettings) as caught:
        structure_settings({"keys": raw})
    assert why in str(caught.value)


def test_check_names_faults_of_keys_and_of_others_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[risk]\nmax_order_usd = -1\n[keys]\nkill = ["k"]\nnobody = ["x"]\n')
    result = CliRunner().invoke(cli, ["config", "check", "--config", str(path)])
    assert isinstance(result.exception, BadSettings)
    for words in ("risk.max_order_usd", "it is dangerous, got 'k' @ keys.kill", "@ keys.nobody"):
        assert words in str(result.exception)
    path.write_text('[keys]\npage.risk = ["y"]\n')
    assert CliRunner().invoke(cli, ["config", "check", "--config", str(path)]).exit_code == 0
