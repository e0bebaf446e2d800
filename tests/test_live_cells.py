"""What a cell needs before it can run alone: found from the text, and true for the cells of the book."""

# mypy: allow-untyped-calls

from __future__ import annotations

import ast
import contextlib
import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from IPython.lib.pretty import pretty
from threadpoolctl import threadpool_limits

from bpbook.notebooks import Cell, notebooks, repository_root
from bpbook.site import live
from bpbook.site.running import in_browser
from bpbook.site.running.plan import Page, units_of
from bpbook.site.running.reader import names_of
from bpbook.site.running.session import Cell as Text
from bpbook.site.running.session import Session, imported

mpl.use("agg")
import matplotlib.pyplot as plt

ROOT = repository_root(Path(__file__).parent)
PAGES = [path for path in notebooks(ROOT) if path.name[:2].isdigit()]


def _page(*sources: str) -> list[Text]:
    return [Text(f"c{number}", source, source) for number, source in enumerate(sources)]


def _before(*sources: str) -> dict[str, str]:
    """Return what the last cell needs, without the empty lines."""
    page = _page(*sources)
    return {cell: text.strip("\n") for cell, text in Session().before(page, page[-1].id)}


def test_only_the_statements_that_a_cell_needs() -> None:
    setup = "import numpy as np\nimport sympy as sp\n"
    assert _before(setup, "a = np.ones(3)\nb = sp.Symbol('b')\nprint(a)", "c = 2", "print(a + c)") == {
        "c0": "import numpy as np",
        "c1": "a = np.ones(3)",
        "c2": "c = 2",
    }


def test_lines_keep_their_numbers() -> None:
    ((_, text),) = Session().before(_page("x = 1\n\ny = 2\n", "print(y)"), "c1")
    assert text.split("\n")[2] == "y = 2"
    assert text.split("\n")[:2] == ["", ""]


@pytest.mark.parametrize(
    "change",
    [
        "a[0] = 5",
        "a += 1",
        "a.sort()",
        "np.add(a, 1, out=a)",
        "last = a.pop()",
        "for one in [a]:\n    one.append(3)",
        "a.part.x = 1",
    ],
)
def test_what_changes_a_value_in_place_is_needed(change: str) -> None:
    assert _before("a = [1]", change, "print(a)") == {"c0": "a = [1]", "c1": change}


@pytest.mark.parametrize("look", ["print(a)", "b = a + 1", "check('x', a)", "m = a.mean()", "assert a", "[a for a in range(3)]"])
def test_what_only_looks_is_not_needed(look: str) -> None:
    assert _before("a = [1]", look, "print(a)") == {"c0": "a = [1]"}


def test_a_function_needs_what_its_body_uses() -> None:
    assert list(_before("def g():\n    return 1", "def f():\n    return g()", "g_x = 1", "f()")) == ["c0", "c1"]


def test_a_function_that_appends_to_a_list_of_the_page_changes_it() -> None:
    append = "def note(x):\n    seen.append(x)"
    assert list(_before("seen = []", append, "note(1)", "print(seen)")) == ["c0", "c1", "c2"]


@pytest.mark.parametrize("call", ["fill(1, a)", "fill(1, x=a)", "b = fill(1, a)"])
def test_a_function_that_changes_its_argument_is_needed(call: str) -> None:
    assert list(_before("a = [1]", "def fill(n, x):\n    x[0] = n", call, "print(a)")) == ["c0", "c1", "c2"]
    assert list(_before("a = [1]", "def fill(n, x):\n    return x + n", call, "print(a)")) == ["c0"]


def test_what_is_added_to_a_class_and_written_to_a_file_is_needed() -> None:
    assert list(_before("class A:\n    pass", "A.x = 1", "print(A.x)")) == ["c0", "c1"]
    assert list(_before("path = 'a'", "save_all(path, 1)", "print(path)")) == ["c0", "c1"]


def test_random_numbers_come_in_the_order_of_the_page() -> None:
    start = "from numpy.random import default_rng\nrng = default_rng(0)"
    assert list(_before(start, "a = rng.normal()", "b = rng.normal()", "print(b)")) == ["c0", "c1", "c2"]


def test_the_style_of_the_figures_belongs_to_pyplot() -> None:
    setup = "import matplotlib.pyplot as plt\nfrom bpbook.figures import use_style\n\nuse_style()"
    assert _before(setup, "plt.plot([1])")["c0"] == setup
    assert _before(setup, "print(1)") == {}


def test_a_branch_may_bind_a_name_or_not() -> None:
    assert list(_before("a = 1", "b = 0", "if b:\n    a = 2", "print(a)")) == ["c0", "c1", "c2"]


def test_names_inside_a_function_are_its_own() -> None:
    body = "def f():\n    try:\n        loss, norm = 1, 2\n    except ValueError as error:\n        print(error)\n    return loss"
    assert list(_before("loss = norm = error = 1", body, "try:\n    f()\nexcept TypeError as error:\n    print(error)")) == ["c1"]


def test_names_of_a_loop_and_of_a_comprehension_are_their_own() -> None:
    assert _before("axis = 1\nx = 2", "for axis in range(3):\n    print(axis)\nprint([x for x in range(2)])") == {}


def test_nothing_runs_twice_and_what_was_changed_runs_again() -> None:
    session, page = Session(), _page("a = 1", "b = a + 1", "c = 5", "print(b)")
    for cell, text in session.before(page, "c3"):
        session.ran(page, cell, text)
    assert session.before(page, "c3") == []
    changed = [Text("c0", "a = 2", "a = 1"), *page[1:]]
    assert [cell for cell, _ in session.before(changed, "c3")] == ["c0", "c1"]


def test_a_name_that_a_later_cell_has_bound_gets_its_value_back() -> None:
    session, page = Session(), _page("w = 1", "print(w)", "w = 7")
    session.ran(page, "c0", "w = 1")
    session.ran(page, "c2", "w = 7")
    assert [cell for cell, _ in session.before(page, "c1")] == ["c0"]


def test_a_cell_that_counts_up_starts_again_from_the_page() -> None:
    session, page = Session(), _page("w = 1", "w = w + 1")
    session.ran(page, "c0", "w = 1")
    session.ran(page, "c1", "w = w + 1")
    assert [cell for cell, _ in session.before(page, "c1")] == ["c0"]


def test_what_failed_runs_again() -> None:
    session, page = Session(), _page("a = 1", "print(a)")
    session.ran(page, "c0", "a = 1", ended=False)
    assert [cell for cell, _ in session.before(page, "c1")] == ["c0"]


def test_a_text_that_is_not_python_stands_for_what_it_was() -> None:
    page = [Text("c0", "a = (1", "a = 1"), *_page("", "print(a)")[1:]]
    assert Session().before(page, "c1") == [("c0", "a = (1")]
    assert Session().before([*page[:1], Text("c1", "print(a", "print(a)")], "c1") == [("c0", "a = (1")]


def test_lines_for_ipython_alone_are_no_obstacle() -> None:
    assert _before("%matplotlib inline\na = 1", "print(a)") == {"c0": "a = 1"}


def test_the_worker_gets_json() -> None:
    cells = '[{"id": "c0", "source": "a = 1", "original": ""}, {"id": "c1", "source": "print(a)", "original": ""}]'
    assert in_browser.before(cells, "c1") == '[["c0", "a = 1"]]'
    in_browser.ran(cells, "c0", "a = 1", True)
    assert in_browser.before(cells, "c1") == "[]"


def test_imports_are_named_as_they_are_written() -> None:
    assert imported(["import numpy as np\nfrom bpbook.exercises import check", "from __future__ import annotations"]) == [
        "bpbook.exercises",
        "numpy",
    ]
    assert names_of(ast.parse("import a.b").body).binds == {"a"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_matplotlib_is_needed_only_where_something_is_drawn(path: Path) -> None:
    code = live.code_cells(path, ROOT)
    for cell, text in zip(code, live.texts(code), strict=True):
        drawing = any(name.startswith("matplotlib") for name in text["imports"])
        assert not drawing or any(word in cell.source for word in ("plt", "matplotlib", "draw")), f"{cell.where} needs Matplotlib"


def _run(source: str, names: dict[str, Any]) -> tuple[str, str]:
    """Run a cell; return what it printed, and the text of its last expression."""
    body: list[Any] = ast.parse(source).body
    printed = io.StringIO()
    last = body.pop().value if body and isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        value = eval(compile(ast.Expression(last), "cell", "eval"), names) if last is not None else None
    plt.close("all")
    return printed.getvalue(), "" if value is None else pretty(value)


def _stored(cell: Cell) -> tuple[str, str]:
    printed = "".join(output.text for output in cell.node.outputs if output.output_type == "stream")
    return printed, "".join(output.data["text/plain"] for output in cell.node.outputs if output.output_type == "execute_result")


class Reader:
    """Presses the buttons of a page one after the other; a cell finds no name but those that it was found to need."""

    def __init__(self, code: list[Cell]) -> None:
        self.page = [Text(cell.node.id, cell.source) for cell in code]
        self.session, self.names = Session(), {"__name__": "__main__"}

    def problem(self, cell: Cell) -> str:
        """Run a cell after what it needs, and say how its texts differ from those of the notebook."""
        for name, text in self.session.before(self.page, cell.node.id):
            _run(text, self.names)
            self.session.ran(self.page, name, text)
        wanted = {name for units in _needs(self.page, cell.node.id) for name in units} | {"__name__", "__builtins__"}
        hidden = {name: self.names.pop(name) for name in set(self.names) - wanted}
        shown = _run(cell.source, self.names)
        self.names.update({name: value for name, value in hidden.items() if name not in self.names})
        self.session.ran(self.page, cell.node.id, cell.source)
        return "" if shown == _stored(cell) else f"{cell.where}: {shown} instead of {_stored(cell)}"


def _needs(page: list[Text], target: str) -> list[dict[str, tuple[int, ...]]]:
    upto = page[: 1 + next(place for place, cell in enumerate(page) if cell.id == target)]
    found = Page(unit for cell in upto for unit in units_of(cell.id, cell.source))
    return [needs for needs, unit in zip(found.needs, found.units, strict=True) if unit.cell == target]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_figures_and_exercises_run_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing but what was found to be needed, they show the texts that are stored in the notebook."""
    monkeypatch.chdir(path.parent)
    code = live.code_cells(path, ROOT)
    reader = Reader(code)
    wanted = [cell for cell in code if live.kind_of(cell) == "figure" or "exercises" in path.parts]
    with threadpool_limits(1):  # small matrices: a second thread mostly waits
        assert [problem for cell in wanted if (problem := reader.problem(cell))] == []
