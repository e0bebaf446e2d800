"""Grading a filled-in notebook: from the sources' own checks, whatever the notebook does."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from bpbook.__main__ import main
from bpbook.exercises.cells import UnreadableNotebook, exercises_in, plain_python, read_code
from bpbook.exercises.grade import grade
from bpbook.exercises.make import fill_in_cells
from bpbook.exercises.source import by_chapter

CHAPTER = "01_linear_regression"
EXERCISES = by_chapter()[CHAPTER]
SOLUTIONS = [exercise.sections["solution"].code for exercise in EXERCISES]
CHECKS = [f'check("{exercise.id}", {", ".join(exercise.answers)})' for exercise in EXERCISES]


def notebook(path, *sources):
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def statuses(graded):
    return {result.exercise: result.status for result in graded.results}


def test_a_solved_notebook_gets_every_point(tmp_path, capsys):
    path = notebook(tmp_path / "ada.ipynb", "from bpbook.exercises import check", *SOLUTIONS, *CHECKS)
    assert main(["grade", str(path)]) == 0
    assert f"ada: {len(EXERCISES)} of {len(EXERCISES)} exercises passed" in capsys.readouterr().out


def filled_in(chapter, blocks):
    """The code cells of a chapter's notebook with some stubs replaced: id of the exercise -> program."""
    cells = fill_in_cells(by_chapter()[chapter], {"chapter": chapter, "number": 1, "title": "t"})
    stubs = {exercise.sections["stub"].code.strip(): exercise.id for exercise in by_chapter()[chapter]}
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return [blocks.get(stubs.get(source, ""), source) for source in sources]


every_chapter = pytest.mark.parametrize("chapter", sorted(by_chapter()))


@every_chapter
def test_an_untouched_notebook_gets_none_and_says_not_yet(tmp_path, chapter):
    path, data = notebook(tmp_path / "new.ipynb", *filled_in(chapter, {})), tmp_path / "new.json"
    assert main(["grade", str(path), "--json", str(data)]) == 1
    (graded,) = json.loads(data.read_text(encoding="utf-8"))
    assert graded["score"] == 0
    assert {exercise["status"] for exercise in graded["exercises"]} == {"not yet"}
    assert len(graded["exercises"]) == len(by_chapter()[chapter])
    assert graded["notes"] == []


@every_chapter
def test_a_notebook_full_of_wrong_answers_gets_none(tmp_path, chapter):
    blocks = {exercise.id: exercise.wrongs[0].code for exercise in by_chapter()[chapter]}
    graded = grade(notebook(tmp_path / "wrong.ipynb", *filled_in(chapter, blocks)), "wrong")
    assert graded.score == 0, statuses(graded)


@every_chapter
def test_a_notebook_full_of_solutions_gets_every_point(tmp_path, chapter):
    exercises = by_chapter()[chapter]
    blocks = {exercise.id: exercise.sections["solution"].code for exercise in exercises}
    graded = grade(notebook(tmp_path / "right.ipynb", *filled_in(chapter, blocks)), "right")
    assert graded.score == len(exercises), graded.results


WRONG = "def mse_vjp(dL, L, y_hat, y):\n    return y_hat, y"


@pytest.mark.parametrize(
    ("cells", "status", "note"),
    [
        ((WRONG, CHECKS[0], "from bpkit import mse_vjp"), "wrong", ""),
        ((WRONG, CHECKS[0], SOLUTIONS[0]), "wrong", "cell 4 defines `mse_vjp` again"),
        ((SOLUTIONS[0], CHECKS[0], "mse_vjp = None"), "passed", "cell 4 defines `mse_vjp` again"),
        ((WRONG, CHECKS[0], SOLUTIONS[0], CHECKS[0]), "passed", ""),
        ((CHECKS[0], SOLUTIONS[0]), "passed", "cell 2 stopped with NameError"),
        ((SOLUTIONS[0] + CHECKS[0], WRONG), "passed", "cell 3 defines"),
        ((WRONG, "from bpkit import mse_vjp", SOLUTIONS[1]), "wrong", ""),
        (("from bpkit import mse_vjp", SOLUTIONS[1]), "not yet", ""),
        (("from bpkit import mse_vjp", CHECKS[0]), "not yet", ""),
        (("import bpkit", "mse_vjp = bpkit.mse_vjp", CHECKS[0]), "not yet", ""),
    ],
)
def test_an_answer_is_graded_as_it_stands_at_its_check(tmp_path, cells, status, note):
    graded = grade(notebook(tmp_path / "a.ipynb", "from bpbook.exercises import check", *cells), "a")
    assert statuses(graded)["mse-vjp"] == status, graded.results[0]
    assert note in "\n".join(graded.notes)
    assert note or not graded.notes


AWAITS = "import asyncio\nawait asyncio.sleep(0)\n"
CONTINUED = "!echo a \\\n  b\n%timeit -n 1 \\\n  1 + 1\n"


@pytest.mark.parametrize("start", [AWAITS, CONTINUED])
def test_what_only_a_notebook_understands_costs_no_point(tmp_path, start):
    graded = grade(notebook(tmp_path / "a.ipynb", start + SOLUTIONS[0], "from bpbook.exercises import check\n" + CHECKS[0]), "a")
    assert statuses(graded)["mse-vjp"] == "passed", graded.notes
    assert graded.notes == []


def test_help_warns_that_the_code_of_students_is_executed(capsys):
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "executes the code" in text
    assert "container" in text


def test_a_pipe_that_is_closed_early_is_no_error(tmp_path):
    path = notebook(tmp_path / "a.ipynb", "w_half = 37 / 14")
    command = [sys.executable, "-m", "bpbook", "grade", str(path), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


HOSTILE = [
    "def check(*answers):\n    print('passed')\n    return True",
    "import bpbook.exercises\nbpbook.exercises.check = bpbook.exercises.check.check = check",
    "import numpy as np\nnp.allclose = np.isclose = lambda *a, **k: True",
    "import bpbook.exercises.judge as judge, bpbook.exercises.compare as compare\n"
    "judge.judge = judge.problem = compare.problem = lambda *a: None\ncompare.close = lambda *a: True",
    "def mse_vjp(dL, L, y_hat, y):\n    print('passed')\n    return y_hat, y",
    "check('mse-vjp', mse_vjp)",
    "print('mse-vjp: passed')",
]


def test_a_notebook_cannot_pass_by_its_own_check(tmp_path):
    graded = grade(notebook(tmp_path / "sly.ipynb", *HOSTILE), "sly")
    assert statuses(graded)["mse-vjp"] == "wrong"
    assert graded.score == 0


def test_cells_that_stop_or_ask_do_not_cost_the_other_points(tmp_path):
    cells = [
        "1 / 0",
        "import sys\nsys.exit(1)",
        "name = input('who are you? ')",
        "def broken(:",
        "%matplotlib inline\n!pip install nothing\nfrom bpbook.exercises import check",
        "%%bash\nrm -rf nothing",
        "raise KeyboardInterrupt",
        SOLUTIONS[0],
        "import sys\nsys.stdout = None\nsys.settrace(None)",
        SOLUTIONS[1] + "\n1 / 0",
    ]
    graded = grade(notebook(tmp_path / "a.ipynb", *cells), "a")
    found = statuses(graded)
    assert (found[EXERCISES[0].id], found[EXERCISES[1].id]) == ("passed", "passed")
    assert found[EXERCISES[2].id] == "not yet"
    notes = "\n".join(graded.notes)
    assert "cell 1 stopped with ZeroDivisionError: division by zero" in notes
    assert "cell 2 called exit" in notes
    assert "cell 3 stopped with EOFError" in notes
    assert "cell 4 stopped with SyntaxError" in notes
    assert "cell 5" not in notes
    assert "cell 6" not in notes


def test_cells_and_answers_that_do_not_end_are_left_out(tmp_path):
    endless = "def mse_vjp(*arguments):\n    return sum(iter(int, 1))\n"
    cells = ["while True:\n    pass", "import os\nos._exit(0)", endless, *SOLUTIONS[1:3]]
    graded = grade(notebook(tmp_path / "a.ipynb", *cells), "a", seconds=4.0)
    found = statuses(graded)
    assert found["mse-vjp"] == "wrong"
    assert "took more than 4 seconds" in graded.results[0].message
    assert (found[EXERCISES[1].id], found[EXERCISES[2].id]) == ("passed", "passed")
    assert any("cell 1 took more than 4 seconds and was left out" in note for note in graded.notes)
    assert any("cell 2 stopped Python" in note for note in graded.notes)


def test_an_answer_that_wants_too_much_memory_is_stopped(tmp_path):
    greedy = "import numpy as np\ndef mse_vjp(*arguments):\n    return np.ones((10**5, 10**5)), 0\n"
    graded = grade(notebook(tmp_path / "a.ipynb", greedy, SOLUTIONS[1]), "a")
    assert statuses(graded)["mse-vjp"] == "wrong"
    assert statuses(graded)[EXERCISES[1].id] == "passed"


def test_a_deleted_exercise_counts(tmp_path):
    graded = grade(notebook(tmp_path / "a.ipynb", SOLUTIONS[0], CHECKS[0]), "a")
    assert len(graded.results) == len(EXERCISES)
    assert graded.score == 1
    assert "does not define" in graded.results[1].message


def test_a_class_gives_a_table(tmp_path, capsys):
    good = notebook(tmp_path / "ada.ipynb", *SOLUTIONS)
    bad = notebook(tmp_path / "bob.ipynb", SOLUTIONS[0])
    table, data = tmp_path / "class.csv", tmp_path / "class.json"
    assert main(["grade", str(good), str(bad), "--csv", str(table), "--json", str(data)]) == 1
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [(row["student"], row["score"], row["total"], row["mse-vjp"]) for row in rows] == [
        ("ada", str(len(EXERCISES)), str(len(EXERCISES)), "passed"),
        ("bob", "1", str(len(EXERCISES)), "passed"),
    ]
    assert rows[1]["affine-vjp"] == "not yet"
    found = json.loads(data.read_text(encoding="utf-8"))
    assert [one["score"] for one in found] == [len(EXERCISES), 1]
    assert found[1]["exercises"][0] == {"exercise": "mse-vjp", "status": "passed"} | {
        key: found[1]["exercises"][0][key] for key in ("message", "mistake", "hint", "printed")
    }
    assert f"2 notebooks, {len(EXERCISES) + 1} of {2 * len(EXERCISES)} exercises passed" in capsys.readouterr().out


def test_a_pattern_that_the_shell_left_as_it_is_means_its_files(tmp_path, capsys):
    for name in ("bea", "ada"):
        notebook(tmp_path / f"{name}.ipynb", *SOLUTIONS)
    table = tmp_path / "scores.csv"
    assert main(["grade", str(tmp_path / "*.ipynb"), "--csv", str(table)]) == 0
    assert [row["student"] for row in csv.DictReader(table.open(encoding="utf-8"))] == ["ada", "bea"]
    assert main(["grade", str(tmp_path / "*.nothing")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_two_files_of_one_name_are_two_students(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    paths = [notebook(tmp_path / folder / "work.ipynb", "w_half = 37 / 14") for folder in ("one", "two")]
    table = tmp_path / "class.csv"
    main(["grade", *map(str, paths), "--csv", str(table)])
    assert len({row["student"] for row in csv.DictReader(table.open(encoding="utf-8"))}) == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing.ipynb", None, "there is no such file"),
        ("empty.ipynb", "", "is empty"),
        ("blank.ipynb", " \n", "is empty"),
        ("text.ipynb", "hello", "it is not JSON"),
        ("list.ipynb", "[1, 2]", "holds no list of cells"),
        ("cells.ipynb", '{"cells": 3}', "holds no list of cells"),
        ("old.ipynb", '{"worksheets": [], "nbformat": 3}', "format of 2014"),
        (
            "other.ipynb",
            '{"cells": [{"cell_type": "code", "source": "x = 1"}, 7, {"cell_type": "code"}]}',
            "holds no exercise of this book",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_exit_code_2(tmp_path, capsys, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    assert main(["grade", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_binary_data_and_folders_are_exit_code_2(tmp_path, capsys):
    (tmp_path / "image.ipynb").write_bytes(b"\x89PNG\xff\xfe")
    assert main(["grade", str(tmp_path / "image.ipynb")]) == 2
    assert main(["grade", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_one_bad_file_does_not_stop_the_class(tmp_path, capsys):
    good = notebook(tmp_path / "ada.ipynb", *SOLUTIONS)
    assert main(["grade", str(good), str(tmp_path / "nobody.ipynb")]) == 2
    captured = capsys.readouterr()
    assert "ada: " in captured.out
    assert "nobody.ipynb: there is no such file" in captured.err


def test_results_that_cannot_be_written_are_exit_code_2(tmp_path):
    path = notebook(tmp_path / "a.ipynb", "w_half = 37 / 14")
    assert main(["grade", str(path), "--json", str(tmp_path / "no" / "where.json")]) == 2
    assert main(["grade", str(path), "--seconds", "0"]) == 2


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("x = 7 % 3", "x = 7 % 3"),
        ('text = """\n%matplotlib\n"""', 'text = """\n%matplotlib\n"""'),
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\n    x = 1", "if True:\n    pass\n    x = 1"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("mse_vjp?\nx = 1", "pass\nx = 1"),
        ("?mse_vjp", "pass"),
        ("%%time\nx = 1", "x = 1"),
        ("%%bash\nls", "pass"),
        ("!echo a \\\n  b\nx = 1", "pass\npass\nx = 1"),
        ("%%capture out\n%time x = 1", "pass"),
        ("# why?\n%pylab\nx = 1", "# why?\npass\nx = 1"),
        ("", ""),
    ],
)
def test_magics_are_left_out(cell, plain):
    assert plain_python(cell) == plain


def test_the_chapter_is_found_by_checks_or_by_names(tmp_path):
    ids = [exercise.id for exercise in EXERCISES]
    for source in ("check('mse-vjp', mse_vjp)", "def huber(y_hat, y, delta):\n    ...", "w_half = 3"):
        path = notebook(tmp_path / "a.ipynb", source)
        assert exercises_in(read_code(path), path) == ids
    with pytest.raises(UnreadableNotebook, match="holds no exercise"):
        exercises_in([(1, "check('nothing', 3)")], tmp_path)
