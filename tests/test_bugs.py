"""The bug catalogue: every bug is killed, every rung kills, and the bug finder itself is seen to fail."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit
from bpbook import bugs
from bpbook.bugs.answers import answers
from bpbook.bugs.mutate import CatalogueError, imported, mutate, read_package
from bpbook.ladder import OPERATIONS, RUNGS, RungError, climb, rungs
from bpbook.notebooks import BookError, UsageError, repository_root
from bpbook.site.bug_results import bug_results

ROOT = repository_root(Path(__file__).parent)
TREES = read_package(ROOT)
CATALOGUE = bugs.load()


@pytest.fixture(scope="module")
def results():
    # The build of the book has measured them for this state of the code; a run takes minutes.
    return bug_results(ROOT)


# --- the catalogue --------------------------------------------------------------------------------


def test_every_bug_is_killed(results):
    assert [result.bug.id for result in bugs.survivors(results)] == []
    assert [result.bug for result in results] == CATALOGUE


def test_the_catalogue_is_large_and_spread_over_all_functions():
    assert len(CATALOGUE) >= 30
    functions = {name for name in bpkit.__all__ if callable(getattr(bpkit, name)) and not isinstance(getattr(bpkit, name), type)}
    assert functions <= {bug.function.rpartition(".")[2] for bug in CATALOGUE}


def test_every_bug_names_a_chapter_and_speaks_in_sentences():
    for bug in CATALOGUE:
        assert (ROOT / "chapters" / f"{bug.chapter}.ipynb").is_file(), bug.id
        for text in (bug.symptom, bug.hint):
            assert text.endswith(".") and len(text.split()) > 2, f"{bug.id}: {text}"


def test_many_bugs_train_anyway(results):
    # The reason why this book does not trust a falling loss.
    hidden = {result.bug.id for result in results if result.trains}
    assert len(hidden) > len(results) / 3
    apart = [result for result in results if not result.bug.in_training]
    assert apart and not any(result.trains for result in apart)  # no training runs their code, so its loss says nothing
    assert f"with {len(hidden)} of the {len(results) - len(apart)} in code that a training runs" in bugs.hidden(results)
    assert {"mse-vjp-without-two", "affine-vjp-db-mean", "bce-vjp-extra-slope"} <= hidden
    assert not {"descent-climbs", "mse-vjp-residual-turned", "bce-vjp-residual-turned"} & hidden


# --- every rung is seen to fail -------------------------------------------------------------------

# For each rung a bug that it kills; where `alone` is true, no other rung sees it.
MADE_FOR = {
    "formula": (
        True,
        [("losses.bce_logits", "np.log1p(np.exp(np.where(positive, -Z, Z)))", "np.log(1 + np.exp(np.where(positive, -Z, Z)))")],
    ),
    "contract": (
        True,
        [("losses.mse_vjp", "return dy_hat, -dy_hat", "return dy_hat, np.subtract(0, dy_hat, dtype=np.result_type(dy_hat, float))")],
    ),
    "central differences": (False, [("losses.mse", "((y_hat - y) ** 2).mean()", "((y_hat - y) ** 2).sum()")]),
    "complex step": (True, [("losses.bce_logits", "Z * y", "np.real(Z) * y")]),  # right for real numbers, but not analytic
    "independent program": (
        True,
        [
            ("losses.mse", "((y_hat - y) ** 2).mean()", "((y_hat - y) ** 2).sum() / (len(y) if y.shape else 1)"),
            ("losses.mse_vjp", "2 / y_hat.size", "2 / (len(y_hat) if y_hat.shape else 1)"),
            # The fast variant has the formula once more, so the same mistake is made there.
            ("fast._MseCalls.__init__", "2 / Z.size", "2 / len(Z)"),
            ("fast._MseCalls.value", "self.errors.size", "len(self.Y)"),
        ],
    ),
    "extremes": (True, [("losses.bce_logits", "np.where(positive, Z, 0)", "(Z + np.where(positive, Z, -Z)) / 2")]),
    "bad input": (True, [("validation.as_float", '"iub"', '"iubO"')]),
    # Two axes are enough for every row of the table.
    "broadcasting": (True, [("elementwise.unbroadcast", "dY.sum(axis=stretched)", "dY.sum(axis=stretched[:2])")]),
    "gradient checker": (True, [("gradcheck.GradientReport.passed", "self.error <= self.tolerance", "self.error >= self.tolerance")]),
    "descent": (
        True,
        [("descent.gradient_descent", "position - float(learning_rate) * gradient", "position + float(learning_rate) * gradient")],
    ),
    "two layers": (
        True,
        [("two_layers.two_layer_backward", '_entrywise("f_vjp", f_vjp, dA1, A1, Z1)', '_entrywise("f_vjp", f_vjp, dA1, A1, A1)')],
    ),
    "layers": (True, [("network._refuse_stale", "after.inputs[0] is not layer.output", "False")]),
    "storage": (True, [("storage._read_header", '"F" if by_columns else "C"', '"C"')]),
    "data": (True, [("data._checked", "found != wanted", "not found")]),
    "training": (True, [("training._batches", "yield X[rows], y[rows]", "yield X[rows], y[start : start + size]")]),
    "fast": (True, [("fast._CrossEntropyCalls.__init__", "_number(n, Z)", "_number(Z.size, Z)")]),
    "graph": (True, [("graph._branch", "node.gradient is not None and nodes[start].gradient is not None", "node.gradient is not None")]),
}


@pytest.mark.parametrize("rung", RUNGS)
def test_each_rung_kills(rung):
    alone, edits = MADE_FOR[rung]
    trees = TREES
    for function, find, replace in edits:
        trees = mutate(trees, function, find, replace)
    with imported(trees) as broken:
        fall = climb(broken, rungs=[rung])
        others = climb(broken, rungs=[name for name in RUNGS if name != rung])
    assert fall is not None and fall.rung == rung
    if alone:
        assert others is None, f"{others} sees it too: the rung is not needed for it"


def test_small_shapes_find_what_the_fixed_sizes_miss():
    mse = next(operation for operation in OPERATIONS if operation.name == "mse")
    wrong_for_four = mutate(TREES, "losses.mse_vjp", "2 / y_hat.size", "2 / (y_hat.size + (y_hat.shape == (4,)))")
    with imported(wrong_for_four) as broken:
        assert climb(broken) is None

        @settings(derandomize=True, deadline=None, max_examples=25)
        @given(n=st.integers(1, 4), seed=st.integers(0, 2**16))
        def agrees(n, seed):
            rungs.central(broken, mse, (n,), seed)

        with pytest.raises(RungError, match=r"mse: dy_hat is off from central differences by 0\.2, sizes \(4,\)"):
            agrees()


def test_the_unmutated_copy_is_another_package():
    # That it climbs every rung and trains is the first thing that a run of the catalogue demands.
    with imported(TREES) as copy:
        assert copy is not bpkit and copy.affine is not bpkit.affine
        assert copy.affine([[1.0]], [2.0], 5.0).tolist() == [7.0]


def test_the_real_package_is_back_afterwards():
    before = {name: module for name, module in sys.modules.items() if name.startswith("bpkit")}
    with imported(mutate(TREES, "linear.affine", "X @ W + b", "X @ W - b")) as broken:
        assert sys.modules["bpkit"] is broken
    assert {name: module for name, module in sys.modules.items() if name.startswith("bpkit")} == before
    with pytest.raises(KeyError), imported(TREES):
        raise KeyError("inside")
    assert sys.modules["bpkit"] is bpkit


# --- finding the place of a bug -------------------------------------------------------------------


def test_missing_and_ambiguous_code_are_clear_errors():
    with pytest.raises(CatalogueError, match=r"linear\.affine: 'X @ V' occurs 0 times"):
        mutate(TREES, "linear.affine", "X @ V", "X")
    with pytest.raises(CatalogueError, match="occurs 2 times"):
        mutate(TREES, "losses.bce_logits", "positive", "negative")  # bound once, read twice
    with pytest.raises(CatalogueError, match=r"no module bpkit\.lines"):
        mutate(TREES, "lines.affine", "X @ W", "X")
    with pytest.raises(CatalogueError, match="is defined 0 times"):
        mutate(TREES, "linear.afine", "X @ W", "X")
    with pytest.raises(CatalogueError, match="is not Python code"):
        mutate(TREES, "linear.affine", ">=", ">")


def test_a_change_that_changes_nothing_is_an_error():
    with pytest.raises(CatalogueError, match="changes nothing"):
        mutate(TREES, "linear.affine", "X @ W + b", "((X @ W) + b)")


def test_docstrings_are_not_searched_and_not_lost():
    trees = mutate(TREES, "linear.affine", "return X @ W + b", "Y = X @ W\nreturn Y")
    with imported(trees) as broken:
        assert broken.affine.__doc__ == bpkit.affine.__doc__
        assert broken.affine([[1.0]], [2.0], 5.0).tolist() == [2.0]


def test_formatting_does_not_matter(tmp_path):
    package = tmp_path / "bpkit"
    package.mkdir()
    for file in (ROOT / "bpkit").glob("*.py"):
        (package / file.name).write_text("# moved\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    style = ["--isolated", "--line-length", "60", "--config", "format.quote-style='single'"]
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", *style, str(package)], check=True)
    assert (package / "linear.py").read_text() != (ROOT / "bpkit" / "linear.py").read_text()
    trees = read_package(tmp_path)
    for bug in CATALOGUE:
        mutate(trees, bug.function, bug.find, bug.replace)


# --- the bug finder on broken catalogues ----------------------------------------------------------

GOOD = {"symptom": "It is wrong.", "hint": "Mend it.", "chapter": "01_linear_regression", "function": "linear.affine", "find": "X @ W + b"}


def catalogue(tmp_path, *entries):
    lines = []
    for entry in entries:
        lines += ["[[bug]]", *(f"{key} = {json.dumps(value)}" for key, value in {**GOOD, **entry}.items()), ""]
    path = tmp_path / "bugs.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def tried_before(monkeypatch):
    """Leave out the package without a bug, with which every run begins: it passed in the run of the whole catalogue."""
    passed = ({"rung": "", "problem": "", "trains": True}, 1.0)
    monkeypatch.setattr(bugs, "answers", lambda root, catalogue, names, *rest: [passed, *answers(root, catalogue, names[1:], *rest)])


CHATTY = "print('bug-result {}', 'x' * 200_000)"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """What became of bugs of several kinds, in one run."""
    path = catalogue(
        tmp_path_factory.mktemp("catalogue"),
        {"id": "harmless", "replace": "b + X @ W"},
        {"id": "minus", "replace": "X @ W - b"},
        {"id": "chatty", "function": "descent.DivergedError.__init__", "find": "self.history = history", "replace": CHATTY},
        {"id": "broken", "function": "validation.as_float", "find": "value.astype(np.float64)", "replace": "(yield)"},
    )
    return bugs.run_all(ROOT, catalogue=path)


def test_a_survivor_is_listed_and_fails(small, tmp_path, monkeypatch, capsys):
    assert [result.bug.id for result in bugs.survivors(small)] == ["harmless"]
    monkeypatch.setattr(bugs, "run_all", lambda root, only: small[:2])
    target = tmp_path / "bugs.json"
    parser = argparse.ArgumentParser()
    bugs.add_arguments(parser)
    assert bugs.run(parser.parse_args(["--json", str(target)])) == 1
    assert "survivor: harmless in linear.affine" in capsys.readouterr().out
    written = json.loads(target.read_text())
    assert [entry["killed"] for entry in written] == [False, True] and written[1]["rung"]


def test_a_bug_that_changes_nothing_trains(small):
    assert {result.bug.id: result.trains for result in small}["harmless"]


def test_a_bug_that_hangs_is_killed_and_the_next_one_is_tried(tmp_path, tried_before, monkeypatch):
    # The first bug of a worker gets much time, because the worker has to start: with one worker, the one that hangs is its second.
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    hangs = {"id": "hangs", "find": "return X @ W + b", "replace": "while True:\n    pass"}
    minus = {"replace": "X @ W - b"}
    path = catalogue(tmp_path, {"id": "first", **minus}, hangs, {"id": "next", **minus})
    assert [result.rung for result in bugs.run_all(ROOT, catalogue=path, time_limit=2.0)] == ["formula", "time limit", "formula"]


def test_what_a_bug_prints_is_not_taken_for_an_answer(small):
    assert {result.bug.id: result.rung for result in small}["chatty"] == "descent"


def test_a_bug_that_breaks_the_import_is_killed(small):
    assert {result.bug.id: result.killed for result in small}["broken"]


def test_a_bug_that_ends_the_process_is_an_error_that_says_so(tmp_path, tried_before):
    quits = {"id": "quits", "find": "return X @ W + b", "replace": "__import__('os')._exit(3)"}
    with pytest.raises(BookError, match="stopped"):
        bugs.run_all(ROOT, catalogue=catalogue(tmp_path, quits))


def test_code_that_is_not_there_is_an_error(tmp_path, tried_before):
    path = catalogue(tmp_path, {"id": "gone", "find": "X @ V", "replace": "X"}, {"id": "minus", "replace": "X @ W - b"})
    with pytest.raises(CatalogueError, match="'X @ V' occurs 0 times"):
        bugs.run_all(ROOT, catalogue=path)


def test_a_package_that_is_broken_already_is_an_error(tmp_path):
    (tmp_path / "bpkit").mkdir()
    for file in (ROOT / "bpkit").glob("*.py"):
        (tmp_path / "bpkit" / file.name).write_text(
            file.read_text(encoding="utf-8").replace("X @ W + b\n", "X @ W - b\n"), encoding="utf-8"
        )
    with pytest.raises(CatalogueError, match="bpkit itself does not pass the ladder"):
        bugs.run_all(tmp_path, only=["mse-sum"])


def test_bugs_come_chapter_by_chapter_wherever_they_stand_in_the_file(tmp_path):
    places = {"c": "05_b", "a": "04_a", "d": "05_b", "b": "04_a"}
    entries = [{"id": name, "replace": "X", "chapter": chapter} for name, chapter in places.items()]
    assert [bug.id for bug in bugs.load(catalogue(tmp_path, *entries))] == ["a", "b", "c", "d"]


def test_catalogues_with_wrong_entries_are_refused(tmp_path):
    entry = {"id": "a", "replace": "X"}
    with pytest.raises(CatalogueError, match=r"'a'.*more than once"):
        bugs.load(catalogue(tmp_path, entry, entry))
    with pytest.raises(CatalogueError, match="wanted texts for"):
        bugs.load(catalogue(tmp_path, {"id": "a"}))
    with pytest.raises(CatalogueError, match="wanted texts for"):
        bugs.load(catalogue(tmp_path, {**entry, "hint": ""}))
    with pytest.raises(CatalogueError, match="no bug"):
        bugs.load(catalogue(tmp_path))
    (tmp_path / "bugs.toml").write_text("[[bug", encoding="utf-8")
    with pytest.raises(CatalogueError, match="is not TOML"):
        bugs.load(tmp_path / "bugs.toml")
    with pytest.raises(UsageError, match="no bug nonsense"):
        bugs.run_all(ROOT, only=["nonsense"])


# --- the index of bugs ----------------------------------------------------------------------------


class Balanced(HTMLParser):
    """Collects the open tags and counts all of them."""

    def __init__(self):
        super().__init__()
        self.open, self.count, self.ids = [], {}, []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.count[tag] = self.count.get(tag, 0) + 1
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_index_has_one_row_for_each_bug(results):
    html = bugs.bugs_table(ROOT, results)
    page = Balanced()
    page.feed(html)
    assert page.open == []
    assert page.ids == [f"bug-{bug.id}" for bug in CATALOGUE]
    assert page.count["tbody"] == len({bug.chapter for bug in CATALOGUE})
    assert f"{len(results)} of {len(results)} bugs are killed" in html
    assert "(y &lt; 0) | (y &gt; 1)" in html and "survives" not in html
    assert any("`" in bug.hint for bug in CATALOGUE) and "`" not in html
