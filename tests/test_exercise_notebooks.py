"""The exercise notebooks are made from their sources, and a stale one is noticed."""

from __future__ import annotations

import json
import shutil

import pytest

from bpbook.__main__ import main
from bpbook.exercises.source import by_chapter
from bpbook.notebooks import repository_root

ROOT = repository_root()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the book's notebooks, as the current folder."""
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "chapters", tmp_path / "chapters")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "chapters" / "exercises"


def edit(path, change):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_the_committed_notebooks_are_those_of_the_sources(copy, capsys):
    assert main(["exercises", "--check"]) == 0, capsys.readouterr().out


def test_outputs_are_no_matter_of_this_check(copy):
    edit(copy / "01_linear_regression.ipynb", lambda cells: [cell.update(outputs=[]) for cell in cells if cell["cell_type"] == "code"])
    assert main(["exercises", "--check"]) == 0


@pytest.mark.parametrize("name", ["01_linear_regression.ipynb", "01_linear_regression_solved.ipynb"])
def test_an_edited_notebook_is_stale_and_shown_as_a_diff(copy, capsys, name):
    def change(cells):
        place = next(place for place, cell in enumerate(cells) if "def mse_vjp" in "".join(cell["source"]) and cell["cell_type"] == "code")
        cells[place]["source"] = "def mse_vjp(dL, L, y_hat, y):\n    return 7"

    edit(copy / name, change)
    before = (copy / name).read_bytes()
    assert main(["exercises", "--check"]) == 1
    printed = capsys.readouterr().out
    assert f"chapters/exercises/{name} (committed)" in printed
    assert "return 7" in printed
    assert (copy / name).read_bytes() == before


def test_a_missing_notebook_is_stale(copy, capsys):
    (copy / "01_linear_regression.ipynb").unlink()
    assert main(["exercises", "--check"]) == 1
    assert "1 stale" in capsys.readouterr().out


def test_a_stale_notebook_is_made_again_and_executed(copy):
    path = copy / "01_linear_regression.ipynb"
    before = path.read_bytes()
    edit(path, lambda cells: cells.pop())
    assert main(["exercises", "01_linear_regression"]) == 0
    assert path.read_bytes() == before


def test_an_unknown_chapter_is_refused(copy, capsys):
    assert main(["exercises", "99_nothing"]) == 1
    assert "no exercises for 99_nothing, wanted some of 01_linear_regression" in capsys.readouterr().err


@pytest.mark.parametrize("chapter", sorted(by_chapter()))
def test_the_notebook_to_fill_in_runs_and_every_check_says_what_is_missing(chapter):
    """As committed: CI compares these outputs with a new run."""
    notebook = json.loads((ROOT / "chapters" / "exercises" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    answers = ["".join(output["data"]["text/plain"]) for output in outputs]
    assert len(answers) == len(by_chapter()[chapter])
    assert all(": not yet. " in answer for answer in answers), answers


@pytest.mark.parametrize("chapter", sorted(by_chapter()))
def test_every_check_of_the_solved_notebook_passed(chapter):
    notebook = json.loads((ROOT / "chapters" / "exercises" / f"{chapter}_solved.ipynb").read_text(encoding="utf-8"))
    checks = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).startswith("check(")]
    answers = ["".join(cell["outputs"][0]["data"]["text/plain"]) for cell in checks]
    assert len(answers) == len(by_chapter()[chapter])
    assert all(": passed" in answer for answer in answers), answers
