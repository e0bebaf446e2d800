"""Results of long runs: they say which code made them, and a sample of each comes out the same again."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pytest

import bpkit
from bpbook import bugs, results
from bpbook.bugs.count import KINDS, by_kind, caught, count, kind
from bpbook.bugs.training import trains
from bpbook.notebooks import BookError, UsageError, repository_root

ROOT = repository_root(Path(__file__).parent)
CATALOGUE = ROOT / "bpbook" / "bugs" / "bugs.toml"


@pytest.fixture
def copy(tmp_path):
    for folder in ("bpkit", "bpbook"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "exercises", "site"))
    (tmp_path / "chapters" / "data").mkdir(parents=True)
    known = json.loads((ROOT / "chapters" / "data" / results.FILE).read_text())
    for name, run in results.RUNS.items():
        known[name]["code"] = results.fingerprints(tmp_path, run)
    (tmp_path / "chapters" / "data" / results.FILE).write_text(json.dumps(known))
    return tmp_path


# --- the code that made them ----------------------------------------------------------------------


def test_the_results_belong_to_the_code():
    assert results.stale(ROOT) == []


def test_a_change_of_code_is_noticed_and_named(copy):
    assert results.stale(copy) == []
    with (copy / "bpkit" / "losses.py").open("a") as file:
        file.write("\nA_CHANGE = 1\n")
    after = results.stale(copy, ["bugs"])
    assert len(after) == 1 and "bpkit/losses.py" in after[0] and "python -m bpbook results bugs" in after[0]


def test_words_are_no_change(copy):
    known = results.fingerprints(copy, results.RUNS["bugs"])
    path = copy / "bpkit" / "losses.py"
    text = path.read_text(encoding="utf-8").replace('"""', '"""Other words. ', 1)
    path.write_text("# A comment.\n\n" + text, encoding="utf-8")
    toml = copy / "bpbook" / "bugs" / "bugs.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('symptom = "', 'symptom = "Well: '), encoding="utf-8")
    assert results.fingerprints(copy, results.RUNS["bugs"]) == known


def test_a_new_bug_and_a_new_file_are_changes(copy):
    known = results.fingerprints(copy, results.RUNS["bugs"])
    toml = copy / "bpbook" / "bugs" / "bugs.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('find = "X @ W + b"', 'find = "(X @ W) + b"'), encoding="utf-8")
    (copy / "bpbook" / "ladder" / "new.py").write_text("x = 1\n")
    now = results.fingerprints(copy, results.RUNS["bugs"])
    assert {name for name in now if now[name] != known.get(name)} == {"bpbook/bugs/bugs.toml", "bpbook/ladder/new.py"}


def test_results_of_an_unknown_run_are_refused(copy):
    path = copy / "chapters" / "data" / results.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "gone": {}}))
    assert any(line.startswith("gone:") for line in results.stale(copy))


def test_a_run_writes_its_results_with_versions_and_code(copy, monkeypatch, capsys):
    monkeypatch.setattr(results, "RUNS", {"small": results.Run(lambda root: {"seeds": [0], "value": 3}, ("bpkit/*.py",))})
    (copy / "chapters" / "data" / results.FILE).unlink()
    results.repeat(copy, ["small"])
    known = json.loads((copy / "chapters" / "data" / results.FILE).read_text())
    assert known["small"]["results"] == {"seeds": [0], "value": 3}
    assert {"python", "numpy"} <= set(known["small"]["versions"]) and "bpkit/losses.py" in known["small"]["code"]
    assert results.stale(copy) == [] and "written" in capsys.readouterr().out


def test_code_that_changes_during_the_run_is_refused(copy, monkeypatch):
    def change(root):
        (root / "bpkit" / "new.py").write_text("x = 1\n")
        return {}

    monkeypatch.setattr(results, "RUNS", {"small": results.Run(change, ("bpkit/*.py",))})
    with pytest.raises(BookError, match="changed while the run was going on"):
        results.repeat(copy, ["small"])


def test_names_are_checked():
    with pytest.raises(UsageError, match="no run nothing"):
        results.run(argparse.Namespace(names=["nothing"], check=True))
    with pytest.raises(KeyError, match="no results 'nothing'"):
        results.load_results("nothing")


# --- the counts -----------------------------------------------------------------------------------

SAMPLE = ("mse-vjp-without-two", "bce-vjp-residual-turned", "descent-climbs", "report-worst-is-best")


def test_a_sample_of_the_counts_comes_out_the_same_again():
    known, seeds = results.load_results("bugs"), (0, 3)
    assert set(seeds) <= set(known["seeds"])
    found = count(ROOT, CATALOGUE, SAMPLE, seeds)
    for name in SAMPLE:
        sample = {
            test: [known["each"][name][test][known["seeds"].index(seed)] for seed in seeds] for test in ("loss", "gradient check", "ladder")
        }
        assert found[name] == {"kind": known["each"][name]["kind"], **sample}


def test_the_counts_are_those_of_the_catalogue():
    known = results.load_results("bugs")
    assert list(sorted(known["each"])) == sorted(bug.id for bug in bugs.load())
    assert known["kinds"] == by_kind(known["each"]) and known["bugs"] == len(known["each"])
    assert all(all(bug["ladder"]) for bug in known["each"].values()), "a bug survives the ladder"


def test_every_kind_occurs_and_is_told_by_the_function():
    assert {kind(bug) for bug in bugs.load()} == set(KINDS)


@pytest.mark.parametrize("seed", range(10))
def test_the_package_itself_trains_and_passes_for_every_seed(seed):
    assert trains(bpkit, seed)
    if seed < 2:
        assert caught(bpkit, seed) == {"loss": False, "gradient check": False}


def test_a_package_that_is_caught_without_a_bug_stops_the_count(tmp_path):
    shutil.copytree(ROOT / "bpkit", tmp_path / "bpkit")
    path = tmp_path / "bpkit" / "losses.py"
    path.write_text(path.read_text(encoding="utf-8").replace("2 / y_hat.size", "-2 / y_hat.size"), encoding="utf-8")
    with pytest.raises(BookError, match="bpkit itself is caught"):
        count(tmp_path, CATALOGUE, ("affine-without-bias",), (0,))
