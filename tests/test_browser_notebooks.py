"""The comparison of notebooks with the browser's Python finds what differs, and lets rounding pass."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from site_html import html  # noqa: F401

from bpbook.browser import answers, compare, figures, notebooks
from bpbook.browser.drawn import drawn
from bpbook.browser.outputs import BORDER, differences, same_but_for_rounding
from bpbook.browser.run import Report, Task, attempt
from bpbook.exercises.source import by_chapter, load_all
from bpbook.notebooks import repository_root

ROOT = repository_root(Path(__file__).parent)


def printed(*texts, name="stdout"):
    return [new_output("stream", name=name, text=text) for text in texts]


def shown(**data):
    return [new_output("display_data", data={kind.replace("_", "/"): content for kind, content in data.items()})]


def png(width, height):
    from base64 import b64encode
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, "png")
    return b64encode(file.getvalue()).decode()


# --- texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("loss 0.193245", "loss 0.193246"),
        ("loss 0.5", "loss 0.499999"),
        ("1e-05 is small", "9.99e-06 is small"),
        ("-0.00, twice 0.10", "0.00, twice 0.11"),
        ("the end is 0.25.", "the end is 0.26."),
        ("M12.3,4.5", "M12.4,4.5"),
        ("\u22120.31", "\u22120.32"),
    ],
)
def test_rounding_passes(one, other):
    assert same_but_for_rounding(one, other)
    assert not differences(printed(one), printed(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("loss 0.193245", "loss 0.193247"),
        ("loss 0.193245", "loss 0.203245"),
        ("0.5", "-0.5"),
        ("3 of 5", "4 of 5"),
        ("int64", "int32"),
        ("0.5", "0.52"),
        ("1e-05", "3e-05"),
        ("[1. 0.]", "[2. 0.]"),
        ("12", "12.0"),
        ("True", "False"),
        ("a\nb 0.1\n", "a\nb 0.1"),
        ("version 1.2.3", "version 1.2.4"),
        ("nan", "0.0"),
    ],
)
def test_a_changed_number_or_word_is_found(one, other):
    assert not same_but_for_rounding(one, other)
    (line,) = differences(printed(one), printed(other))
    assert "wanted" in line
    assert differences(shown(text_markdown=one), shown(text_markdown=other))
    assert differences(shown(text_html=f"<b>{one}</b>"), shown(text_html=f"<b>{other}</b>"))


def test_the_place_of_the_difference_is_shown_and_not_that_of_rounding():
    (line,) = differences(printed("0.10 " + "x" * 200 + " it is 3 here"), printed("0.11 " + "x" * 200 + " it is 4 here"))
    assert "it is 4 here" in line
    assert "it is 3 here" in line
    assert "0.1" not in line


def test_pieces_of_one_stream_are_one_text():
    assert not differences(printed("a 1\nb 2\n"), printed("a 1\n", "b", " 2\n"))
    assert not differences([{"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}], printed("a\nb\n"))


@pytest.mark.parametrize(
    ("committed", "browser", "words"),
    [
        (printed("a"), [], "shows nothing, wanted stdout"),
        ([], printed("a warning", name="stderr"), "shows stderr, wanted nothing"),
        (printed("a"), printed("a", name="stderr"), "shows stderr, wanted stdout"),
        (shown(image_png="", text_plain="<Figure>"), [], "shows nothing, wanted display data of image/png, text/plain"),
        (shown(text_plain="1"), shown(text_plain="1", text_html="1"), "text/html"),
        (shown(text_plain="1"), [new_output("execute_result", data={"text/plain": "1"})], "execute result"),
        (printed("a"), [*printed("a"), new_output("error", ename="ValueError", evalue="no")], "ValueError: no"),
    ],
)
def test_a_missing_output_another_kind_and_an_error_are_found(committed, browser, words):
    (line,) = differences(committed, browser)
    assert words in line


# --- pictures --------------------------------------------------------------------------------------------


@cache
def figure(change=lambda axes: None, size=11.0):
    """Return what is drawn in a figure after a change, with letters of some size."""
    with plt.rc_context({"font.size": size, "figure.constrained_layout.use": True}):
        one, axes = plt.subplots()
        x = np.linspace(0, 3, 100)
        axes.plot(x, np.exp(-x), "C0-", label="falls")
        axes.plot(x, x / 3, "C1--", label="rises")
        axes.scatter([1, 2, 3], [0.2, 0.4, 0.6], color="C2")
        axes.quiver([1, 2], [0.5, 0.5], [0.1, 0.2], [0.3, 0.1], color="C5")
        axes.bar([0.5, 1.5], [0.1, 0.3], color="C3")
        axes.clabel(axes.contour(x, x / 3, np.add.outer(x, x), levels=[1.0, 2.0]))
        axes.imshow(np.arange(6.0).reshape(2, 3), extent=(0, 1, 0, 0.2), aspect="auto")
        axes.set(xlabel="step", ylabel="loss", xlim=(0, 3), ylim=(0, 1))
        axes.legend()
        change(axes)
        text = drawn(one)
        plt.close(one)
    return text


@pytest.fixture(autouse=True, scope="module")
def without_windows():
    matplotlib.use("agg")


def test_letters_of_another_size_are_the_same_picture():
    assert same_but_for_rounding(figure(), figure(size=12.0))


def test_a_curve_that_is_off_by_rounding_is_the_same_picture():
    assert same_but_for_rounding(figure(), figure(lambda axes: axes.lines[0].set_ydata(axes.lines[0].get_ydata() * (1 + 1e-9))))


CHANGES = {
    "a curve is wrong by half a percent": lambda axes: axes.lines[0].set_ydata(axes.lines[0].get_ydata() * 1.005),
    "a curve has the opposite sign": lambda axes: axes.lines[1].set_ydata(-axes.lines[1].get_ydata()),
    "a curve is missing": lambda axes: axes.lines[1].remove(),
    "one point is elsewhere": lambda axes: axes.collections[0].set_offsets([[1, 0.2], [2, 0.5], [3, 0.6]]),
    "an arrow points elsewhere": lambda axes: axes.collections[1].set_UVC([0.1, 0.2], [0.3, 0.2]),
    "a bar is higher": lambda axes: axes.patches[1].set_height(0.31),
    "the contours are missing": lambda axes: axes.collections[2].remove(),
    "the image is turned round": lambda axes: axes.images[0].set_data(np.arange(6.0)[::-1].reshape(2, 3)),
    "the image is elsewhere": lambda axes: axes.images[0].set_extent((0, 1, 0, 0.21)),
    "another colour": lambda axes: axes.lines[0].set_color("C4"),
    "another axis": lambda axes: axes.set_yscale("symlog"),
    "other limits": lambda axes: axes.set_xlim(0, 4),
    "another word at an axis": lambda axes: axes.set_xlabel("steps"),
    "another word in the legend": lambda axes: axes.legend(["falls", "climbs"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_picture_is_found(change):
    one, other = figure(), figure(change)
    (line,) = differences(shown(**{figures.KIND: one}), shown(**{figures.KIND: other}))
    assert line.startswith("the picture shows")


def test_the_size_of_a_picture_may_change_by_some_dots_only():
    near = shown(image_png=png(100 + BORDER, 80 - BORDER))
    assert not differences(shown(image_png=png(100, 80)), near)
    (line,) = differences(shown(image_png=png(100, 80)), shown(image_png=png(101 + BORDER, 80)))
    assert f"{101 + BORDER} x 80 dots, wanted 100 x 80" in line


def test_the_first_cell_leaves_no_name_in_the_notebook():
    names = {}
    exec(figures.telling(new_notebook()).cells[0].source, names)
    assert set(names) <= {"__builtins__"}
    del matplotlib.figure.Figure._repr_mimebundle_


def test_what_is_drawn_is_kept_for_a_picture_and_its_code(tmp_path, monkeypatch):
    runs = []

    def execute(notebook, path, root):
        runs.append(path)
        for cell in notebook.cells[1:]:
            cell.outputs = shown(image_png=png(30, 20), **{figures.KIND: "axes 0: a line"})
        return notebook

    monkeypatch.setattr(figures, "execute", execute)
    notebook = new_notebook(cells=[new_code_cell("draw()", outputs=shown(image_png=png(30, 20)))])
    for _ in range(2):
        (output,) = figures.with_figures(notebook, tmp_path / "a.ipynb", tmp_path).cells[0].outputs
        assert output["data"][figures.KIND] == "axes 0: a line"
    assert len(runs) == 1
    assert figures.KIND not in notebook.cells[0].outputs[0]["data"]
    for source, size in (("draw(1)", 30), ("draw()", 31)):
        changed = new_notebook(cells=[new_code_cell(source, outputs=shown(image_png=png(size, 20)))])
        figures.with_figures(changed, tmp_path / "a.ipynb", tmp_path)
    assert len(runs) == 3, "another program or another picture"


def test_a_notebook_without_pictures_is_not_executed(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "execute", lambda *_: pytest.fail("executed"))
    notebook = new_notebook(cells=[new_code_cell("1", outputs=printed("1"))])
    assert figures.with_figures(notebook, tmp_path / "a.ipynb", tmp_path) == notebook


# --- exceptions ------------------------------------------------------------------------------------------


def compared(output, monkeypatch, entry="memory()"):
    monkeypatch.setattr(compare, "exceptions", lambda: ({"notebook": "a.ipynb", "cell": entry, "reason": "no memory there"},))
    wanted = new_notebook(cells=[new_code_cell("memory()", outputs=printed("12 MB"))])
    return compare.compare("a.ipynb", wanted, [{"number": 1, "outputs": output, "seconds": 0.0}])


def test_a_declared_exception_is_excused_but_no_error(monkeypatch):
    assert compared(printed("not here"), monkeypatch) == ([], [compare.exceptions()[0]])
    problems, excused = compared([new_output("error", ename="OSError", evalue="no")], monkeypatch)
    assert problems == ["cell 1 ('memory()'): OSError: no"]
    assert not excused
    problems, _ = compared(printed("not here"), monkeypatch, entry="other()")
    assert len(problems) == 1
    assert compared(printed("12 MB"), monkeypatch) == ([], [])


# --- answers ---------------------------------------------------------------------------------------------


def test_every_answer_to_every_exercise_is_tried():
    found = {cell.source: cell.outputs[0].text for chapter in by_chapter() for cell in answers.notebook(chapter).cells[1:]}
    for exercise in load_all().values():
        lines = found[f"say({exercise.id!r})"].splitlines()
        assert len(lines) == 2 + len(exercise.rights) + len(exercise.wrongs)
        assert lines[-1] == f"{exercise.wrongs[-1].title}: wrong with the hint {exercise.wrongs[-1].title!r}"
    assert sum("while True" in source for source in found) == len(by_chapter())


def test_exercises_share_a_python_and_chapters_have_one_of_their_own():
    names = ["01_a.ipynb", "02_b.ipynb", "exercises/05_chain_rule.ipynb", "exercises/05_chain_rule_solved.ipynb"]
    tasks = [Task(f"chapters/{name}", None, ROOT / "chapters" / name) for name in names]
    tasks.insert(3, Task("answers to 05_chain_rule", None))
    first, second, third = notebooks._groups(tasks)
    assert [[task.name for task in group] for group in (first, second)] == [["chapters/02_b.ipynb"], ["chapters/01_a.ipynb"]]
    assert third == tasks[2:]


# --- the browser's Python --------------------------------------------------------------------------------

CELLS = [
    ("import sys\nprint(sys.platform)", "emscripten\n"),
    ("import numpy as np\nprint(np.intp(0).dtype)\n0.1 + 0.2", "int64\n"),
    ("raise ValueError('seen')", ""),
    ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", ""),
    ("from pyodide.http import pyfetch\ntry:\n    await pyfetch('https://example.org/')\nexcept OSError:\n    pass", ""),
]
TOLD = [
    ("cell 2 ('import numpy as np'): shows", "execute result"),
    ("cell 3 (\"raise ValueError('seen')\"): ValueError: seen", ""),
    ("cell 4 ('import matplotlib.pyplot as plt'): shows", "image/png"),
    ("asked the network for https://example.org/", ""),
]


def test_what_differs_fails_or_asks_the_network_there_is_told(html):  # noqa: F811
    first = new_notebook(cells=[new_code_cell(source, outputs=printed(text) if text else []) for source, text in CELLS])
    second = new_notebook(cells=[new_code_cell("print('plt' in globals())", outputs=printed("False\n"))])
    reports = attempt([Task("a.ipynb", first), Task("b.ipynb", second)], ROOT, html)
    assert len(reports[0].problems) == len(TOLD), reports[0].problems
    for problem, (start, word) in zip(reports[0].problems, TOLD, strict=True):
        assert problem.startswith(start)
        assert word in problem
    assert not reports[1].problems, "each notebook starts with no names"


def test_a_run_that_does_not_end_well_is_told(tmp_path):
    (report,) = attempt([Task("a.ipynb", new_notebook())], ROOT, tmp_path)
    assert "the browser's Python did not come to the end" in report.problems[0]


def test_an_exception_that_nothing_needs_is_told(monkeypatch):
    entry = {"notebook": "a.ipynb", "cell": "memory()", "reason": "no memory there"}
    monkeypatch.setattr(notebooks, "exceptions", lambda: (entry,))
    assert "take the entry away" in notebooks._unneeded([Report("a.ipynb", 1.0)])[0]
    assert not notebooks._unneeded([Report("a.ipynb", 1.0, excused=(entry,))])
