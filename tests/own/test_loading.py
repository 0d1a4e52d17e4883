"""A strategy from its file to where desks find it, or every reason why not."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polytui.cli.options import load
from polytui.config.change import bounds_of, changed, diff, fault_of, hot_settings
from polytui.config.load import BadSettings, canonical_json, from_canonical_json
from polytui.config.own import OwnStrategiesSettings
from polytui.config.profiles import adapted_to_live
from polytui.config.strategy_tables import table_of
from polytui.model.errors import Fatal
from polytui.own.loading import BadStrategy, faults_of_file, load_own
from polytui.own.starter import write_starter
from polytui.strategy.registry import every_strategy, having_own, other_versions, own_loaded


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    with having_own([]):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter("my_edge", tmp_path)
    return tmp_path


def spoiled(folder: Path, was: str, now: str) -> list[str]:
    """What is wrong with the starter once a part of it is another."""
    path = folder / "my_edge.py"
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, now), encoding="utf-8")
    return faults_of_file(path)


def config_of(folder: Path, text: str = "") -> Path:
    path = folder / "config.toml"
    path.write_text(f'[strategies]\npaths = ["{folder.as_posix()}"]\n{text}', encoding="utf-8")
    return path


# --- loaded ---------------------------------------------------------------------------------------


def test_the_starter_is_loaded_beside_ours_by_its_name_and_hash(folder: Path) -> None:
    (found,) = load_own(OwnStrategiesSettings(paths=(str(folder),)))
    assert found.name == "my_edge"
    assert found.origin == str(folder / "my_edge.py")
    assert re.fullmatch(r"[0-9a-f]{12}", found.digest)
    assert [one.name for one in every_strategy()][-2:] == ["predictor", "my_edge"]
    assert other_versions([found]) == []


def test_another_version_of_it_has_another_hash_and_is_told_so(folder: Path) -> None:
    settings = OwnStrategiesSettings(paths=(str(folder / "my_edge.py"),))
    (before,) = load_own(settings)
    assert not spoiled(folder, "0.6 + gap", "0.7 + gap")
    (after,) = load_own(settings)
    assert after.digest != before.digest
    (words,) = other_versions([before])
    assert f"{after.digest} of {after.origin}, {before.digest} when this was written" in words
    with having_own([]):
        (words,) = other_versions([before])
    assert words.startswith(f"the strategy my_edge ({before.digest}, {before.origin}) is not here")


def _forget(package: str) -> None:
    for name in [one for one in sys.modules if one.startswith(package)]:
        del sys.modules[name]


@pytest.mark.parametrize("finder", [None, "importlib_metadata"])
def test_an_entry_point_of_a_package_is_loaded_with_all_that_it_imports(
    folder: Path, monkeypatch: pytest.MonkeyPatch, finder: str | None
) -> None:
    """The backport of importlib.metadata finds packages for everybody, once anybody imported it."""
    _forget("own_pack")
    if finder:
        pytest.importorskip(finder)  # for good: it takes the place of what found them before
    package = folder / "own_pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("LEAST = 0.6\n")
    text = (folder / "my_edge.py").read_text(encoding="utf-8").replace("0.6 + gap", "LEAST + gap")
    head, _, rest = text.partition("from attrs")
    (package / "main.py").write_text(f"{head}from .parts import LEAST\nfrom attrs{rest}")
    about = folder / "own_pack-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-pack\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[polytui.strategies]\nmy_edge = own_pack.main\n")
    monkeypatch.syspath_prepend(folder)
    settings = OwnStrategiesSettings(packages=("my_edge",))
    (found,) = load_own(settings)
    assert found.origin == "my_edge of own_pack.main"
    _forget("own_pack")
    (package / "parts.py").write_text("LEAST = 0.61\n")
    assert load_own(settings)[0].digest != found.digest, "of every module of its own"
    (package / "parts.py").write_text("import time\nLEAST = 0.61\n")
    with pytest.raises(BadStrategy, match=r"own_pack.parts line 1: imports time"):
        load_own(settings)
    with pytest.raises(BadStrategy, match=r"has the strategy yours; there are: my_edge"):
        load_own(OwnStrategiesSettings(packages=("yours",)))


# --- its table ------------------------------------------------------------------------------------


def test_its_table_has_documented_defaults_and_what_is_wrong_is_named(folder: Path) -> None:
    settings = load(config_of(folder, "[own.my_edge]\nmin_gap = 0.1\nis_enabled = true\n"))
    table = table_of(settings, "my_edge")
    assert table is not None
    assert (table.is_enabled, table.min_edge_bps) == (True, 150.0)
    assert table.min_gap == 0.1  # type: ignore[attr-defined]
    views = {one.path: one for one in hot_settings(settings)}
    assert views["own.my_edge.min_gap"].value == "0.1"
    assert views["own.my_edge.min_gap"].doc.startswith("Dollars a share: so far must the fair")
    assert bounds_of("own.my_edge.min_gap") == "0 to 0.5"
    wrong = "[own.my_edge]\nmin_gap = 0.9\nmin_edge_bps = -1\nsizing = 'all'\nnot_there = 1\n"
    with pytest.raises(BadSettings) as caught:
        load(config_of(folder, wrong))
    assert caught.value.faults == [
        "unknown setting not_there @ own.my_edge",
        "expected > 0, got -1 @ own.my_edge.min_edge_bps",
        "expected 0 to 0.5, got 0.9 @ own.my_edge.min_gap",
        "expected one of fixed, confidence, half_kelly, got 'all' @ own.my_edge.sizing",
    ]
    with pytest.raises(BadSettings, match=r"is called so @ own\.yours"):
        load(config_of(folder, "[own.yours]\n"))


def test_it_is_changed_while_it_runs_as_ours_are(folder: Path) -> None:
    before = load(config_of(folder))
    after = changed(before, ("own.my_edge.min_gap", "0.2"))
    (change,) = diff(before, after)
    assert change.text() == "own.my_edge.min_gap 0.04 > 0.2"
    assert change.is_hot
    with pytest.raises(BadSettings, match=r"expected 0 to 0.5, got 2 @ own.my_edge.min_gap"):
        changed(before, ("own.my_edge.min_gap", "2"))
    with pytest.raises(BadSettings, match=r"setting \(is own\.my_edge\.sizing\) @ my_edge\.sizing"):
        changed(before, ("my_edge.sizing", '"fixed"'))
    staked = table_of(adapted_to_live(before, before), "my_edge")
    assert staked is not None
    assert staked.stake_usd == 5.0, "a live session begins small, whoever stakes"


def test_settings_of_a_journal_keep_what_is_not_known_here(folder: Path) -> None:
    text = canonical_json(load(config_of(folder, "[own.my_edge]\nmin_gap = 0.1\n")))
    with having_own([]):
        kept = from_canonical_json(text)
        assert canonical_json(kept) == text
        table = table_of(kept, "my_edge")
        assert table is not None
        assert table.stake_usd == 20.0
    assert table_of(from_canonical_json(text), "my_edge").min_gap == 0.1  # type: ignore[union-attr]


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("STRATEGY = MyEdge()", "", "has no STRATEGY: put an object of your class there"),
        ("STRATEGY = MyEdge()", "STRATEGY = MyEdge", "STRATEGY is its class, not an object of it"),
        ('name = "my_edge"', 'name = "predictor"', "predictor is one of ours: call it otherwise"),
        ('name = "my_edge"', 'name = "My Edge"', "its name has to be small letters, digits and _"),
        ("between(0.0, 0.5)", "between(0.5, 0.9)", "its own default of min_gap is 0.04, not 0.5"),
        ("min_gap: float", "is_enabled: bool = True\n    min_gap: float", "it begins in shadow"),
        ("0.6 + gap", "0.6 / (view.left_s > 150.0)", "ZeroDivisionError: float division by zero"),
        ("gap < own.min_gap", "gap < own.min_gab", "'MyEdgeSettings' object has no attribute"),
        ("return Valuation(outcome, worth,", "return (outcome, worth,", "invalid syntax"),
        ("return Valuation(", "return str(", "str"),
        ("from attrs import", "from attrz import", "line 8: imports attrz: it may import"),
        ("STRATEGY = MyEdge()", "STRATEGY = MyEdge(7)", "when it was imported"),
    ],
)
def test_what_is_wrong_with_it_is_said(folder: Path, was: str, now: str, words: str) -> None:
    faults = spoiled(folder, was, now)
    assert len(faults) == 1
    assert words in faults[0]
    assert faults[0].startswith(str(folder / "my_edge.py"))


def test_who_keeps_something_in_a_way_no_reader_sees_is_found_by_asking(folder: Path) -> None:
    """An iterator that is walked on in a helper: the reader of its source sees nothing."""
    hidden = "COUNT = functools.partial(next, itertools.count())\n\n\n@frozen"
    path = folder / "my_edge.py"
    text = path.read_text(encoding="utf-8").replace("@frozen", hidden, 1)
    path.write_text(
        text.replace("from attrs", "import functools\nimport itertools\n\nfrom attrs", 1)
    )
    (fault,) = spoiled(folder, "confidence=min(1.0, 0.6 + gap)", "confidence=1 / (2 + COUNT())")
    assert "it answers one view in two ways, by which others it saw before" in fault


def test_who_says_that_it_reads_no_features_and_does_is_found_by_asking(folder: Path) -> None:
    deaf = "settings = MyEdgeSettings\n    reads_features = False"
    (fault,) = spoiled(folder, "settings = MyEdgeSettings", deaf)
    assert "it says that it reads no features, and answers otherwise where there are none" in fault
    assert spoiled(folder, 'finite(view.features, "trade_flow")', "None") == []


def test_who_never_answers_does_not_hold_the_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polytui.own.loading._TRIAL_MS", 20.0)
    (fault,) = spoiled(
        folder, "        gap = abs", "        while flow:\n            pass\n        gap = abs"
    )
    assert fault.endswith("an answer took more than 0.02 s in the trial")


def test_every_strategy_that_is_wrong_is_named_at_once(folder: Path) -> None:
    write_starter("other_edge", folder)
    for name in ("my_edge", "other_edge"):
        path = folder / f"{name}.py"
        path.write_text("import time\n" + path.read_text(encoding="utf-8"))
    with pytest.raises(BadStrategy) as caught:
        load(config_of(folder))
    assert [Path(fault.split(" line")[0]).name for fault in caught.value.faults] == [
        "my_edge.py",
        "other_edge.py",
    ]
    assert own_loaded() == ()


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("nowhere.py",), "there is no nowhere.py @ strategies.paths"),
        (("a", "a"), "no entry twice"),
    ],
)
def test_paths_that_lead_nowhere_are_named(
    tmp_path: Path, paths: tuple[str, ...], words: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[strategies]\npaths = {list(paths)!r}\n")
    with pytest.raises(BadSettings, match=re.escape(words)):
        load(config)


def test_a_starter_overwrites_nothing_and_has_a_name_that_a_strategy_can_have(folder: Path) -> None:
    with pytest.raises(Fatal, match=r"my_edge.py is there already: nothing is written"):
        write_starter("my_edge", folder)
    for name in ("Mine", "9lives", "confluence", "class", "../up"):
        with pytest.raises(Fatal, match=r"one of ours|small letters"):
            write_starter(name, folder)
    assert len(list(folder.glob("*.py"))) == 2


def test_a_terminal_that_knows_no_class_leaves_its_values_to_the_engine(folder: Path) -> None:
    values = {one.path: one.value for one in hot_settings(load(config_of(folder)))}
    assert "expected 0 to 0.5" in fault_of(values, "own.my_edge.min_gap", "2")
    with having_own([]):
        assert fault_of(values, "own.my_edge.min_gap", "2") == ""
        assert "expected > 0" in fault_of(values, "own.my_edge.min_edge_bps", "-1")
        assert bounds_of("own.my_edge.min_gap") == ""
