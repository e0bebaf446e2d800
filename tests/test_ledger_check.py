"""The book's equations: each failure of a small book is found, and a sound small book passes."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from bpbook.ledger.check import count_checked, sources, violations
from bpbook.ledger.pages import equations, references
from bpbook.ledger.perturb import perturb
from bpbook.notebooks import BookError

IMPORTS = "import numpy as np\nfrom bpbook.ledger import NotProved, claim, derive"
CLAIM = 'claim("eq-sum", r"a", lambda rng, n: (lambda a: (a.sum(), a @ np.ones(n)))(rng.normal(size=n)))'
OUTPUT = {"text/plain": "eq-sum: checked", "text/markdown": "$$\na\n$$ (eq-sum)\n"}
TEXT = "# Title\n\n$$\nx = 1\n$$ (def-x)\n\n## Part\n\nBy {eq}`def-x` and {eq}`eq-sum`."


def code(source, tags=("ledger",), output=OUTPUT):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    if output:
        cell.outputs = [nbformat.v4.new_output("execute_result", data=output, execution_count=1)]
    return cell


def book(root: Path, *extra, text=TEXT, page="# Start\n", claim_cell=None) -> Path:
    (root / "chapters").mkdir()
    (root / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n- file: chapters/01_first\n", encoding="utf-8")
    (root / "index.md").write_text(page, encoding="utf-8")
    cells = [nbformat.v4.new_markdown_cell(text), code(IMPORTS, (), None), claim_cell or code(CLAIM), *extra]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "chapters/01_first.ipynb")
    return root


def test_a_sound_book_passes_and_is_counted(tmp_path):
    root = book(tmp_path)
    assert violations(root) == []
    assert count_checked(root) == {"derivations": 0, "claims": 1, "definitions": 1}
    source = sources(root)["eq-sum"]
    assert (source.code, source.notebook, source.section) == (CLAIM, "chapters/01_first.ipynb", "Part")


UNLABELLED = {
    "dollars": "$$\ny = 1\n$$",
    "dollars on one line": "$$y = 1$$",
    "dollars in a paragraph": "so $$y = 1$$ holds",
    "list": "- item\n\n  $$\n  y = 1\n  $$\n",
    "quotation": "> $$y = 1$$\n",
    "math directive": "```{math}\ny = 1\n```",
    "colon fence": ":::{math}\ny = 1\n:::",
    "inside an admonition": "```{note}\n$$\ny = 1\n$$\n```",
    "deep inside": "::::{admonition} A\n:::{tip}\n$$y = 1$$\n:::\n::::",
    "align": "\\begin{align}\ny &= 1\n\\end{align}",
    "equation": "\\begin{equation*}\ny = 1\n\\end{equation*}",
    "brackets": "so \\[y = 1\\] holds",
    "HTML": "<div>\n$$y = 1$$\n</div>",
    "restructured text": "```{eval-rst}\n.. math:: y = 1\n```",
}


@pytest.mark.parametrize("name", UNLABELLED)
def test_an_equation_without_a_label_is_found_in_a_notebook_and_in_a_page(tmp_path, name):
    (problem,) = violations(book(tmp_path, nbformat.v4.new_markdown_cell(UNLABELLED[name])))
    assert "without a label" in problem and "cell 4" in problem
    (tmp_path / "index.md").write_text(f"# Start\n\n{UNLABELLED[name]}\n", encoding="utf-8")
    assert any(line.startswith("index.md: a display equation without") for line in violations(tmp_path))


LABELLED = ["$$\ny = 1\n$$ (def-y)", "$$y = 1$$ (def-y)", "```{math}\n:label: def-y\ny = 1\n```", "```{note}\n$$\ny = 1\n$$ (def-y)\n```"]


@pytest.mark.parametrize("text", LABELLED)
def test_a_definition_with_a_label_passes(tmp_path, text):
    assert violations(book(tmp_path, nbformat.v4.new_markdown_cell(text))) == []


@pytest.mark.parametrize(
    "text", ["`$$y$$`", "```python\n'$$y$$'\n```", "inline $y = 1$ only", "costs \\$\\$ 5", "see \\[1\\]", "`\\[x = 1\\]`"]
)
def test_what_is_no_equation_is_left_alone(text):
    assert list(equations(text)) == []


TYPED = {
    "no check": ("$$y$$ (eq-y)", "no derive or claim checks eq-y"),
    "printed too": ("$$a$$ (eq-sum)", "typed here and printed"),
    "other label": ("$$y$$ (my-label)", "must be 'def-...'"),
    "twice": ("$$y$$ (def-x)", "the label def-x is given 2 times"),
    "dead reference": ("see {eq}`eq-nothing`", "no equation has the label 'eq-nothing'"),
    "dead reference with text": ("see {eq}`that <eq-nothing>` and [x](#eq-none)", "'eq-nothing'"),
    "dead reference in a directive": ("```{note}\nsee {eq}`eq-nothing`\n```", "'eq-nothing'"),
    "dead label in the box": ("```{equation-box}\ndef-x eq-nothing\n```", "'eq-nothing'"),
}


@pytest.mark.parametrize("name", TYPED)
def test_typed_equations_and_references_are_checked(tmp_path, name):
    text, message = TYPED[name]
    problems = violations(book(tmp_path, nbformat.v4.new_markdown_cell(text)))
    assert any(message in problem for problem in problems), problems


CELLS = {
    "no tag": (code(CLAIM.replace("eq-sum", "eq-b"), (), None), "outside a cell with the tag"),
    "no tag, nested": (code(f"def f():\n    return {CLAIM}", (), None), "outside a cell"),
    "no tag, other name": (
        code(f"from bpbook.ledger import claim as proved\n{CLAIM.replace('claim(', 'proved(')}", (), None),
        "outside a cell",
    ),
    "no tag, attribute": (code(f"import bpbook.ledger as led\nled.{CLAIM}", (), None), "outside a cell"),
    "two calls": (code(f"{CLAIM}\n{CLAIM}"), "this one has 2"),
    "no call": (code("1"), "this one has 0"),
    "not last": (code(f"{CLAIM}\nprint(1)"), "last expression"),
    "assigned": (code(f"entry = {CLAIM}"), "last expression"),
    "computed label": (code(CLAIM.replace('"eq-sum"', '"eq-" + "sum"')), "written out"),
    "not run": (code(CLAIM.replace("eq-sum", "eq-b"), output=None), "no stored output"),
    "stale output": (code(CLAIM.replace("eq-sum", "eq-b")), "stored output has the labels"),
    "same label": (code(CLAIM), "the label eq-sum is given 2 times"),
    "displayed formula": (code("x", (), {"text/latex": "$\\displaystyle x$", "text/plain": "x"}), "that no check made"),
    "displayed markdown": (code("x", (), {"text/markdown": "$$x$$", "text/plain": "x"}), "that no check made"),
    "docstring": (code('def f():\n    """.. math:: x"""', (), None), "docstring"),
    "dead label in a docstring": (code('def f():\n    """Equation `eq-nothing`."""', ("tangle:linear",), None), "'eq-nothing'"),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_checked(tmp_path, name):
    cell, message = CELLS[name]
    problems = violations(book(tmp_path, cell))
    assert any(message in problem for problem in problems), problems


def test_a_refusal_may_be_shown_outside_a_ledger_cell(tmp_path):
    shown = f"try:\n    {CLAIM}\nexcept NotProved as refusal:\n    print('refused')"
    assert violations(book(tmp_path, code(shown, (), None))) == []


def test_a_typed_equation_may_stand_for_a_hidden_output_if_it_is_the_same(tmp_path):
    text = f"{TEXT}\n\n$$a$$ (eq-sum)\n"
    assert violations(book(tmp_path, text=text, claim_cell=code(CLAIM, ("ledger", "remove-output")))) == []
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell(text.replace("$$a$$", "$$b$$")),
                code(IMPORTS, (), None),
                code(CLAIM, ("ledger", "remove-output")),
            ]
        ),
        tmp_path / "chapters/01_first.ipynb",
    )
    assert "typed differently" in violations(tmp_path)[0]


def test_a_missing_page_is_an_error(tmp_path):
    root = book(tmp_path)
    (root / "index.md").unlink()
    with pytest.raises(BookError, match="index"):
        violations(root)


def test_references_in_code_do_not_count():
    assert list(references("`` {eq}`eq-a` `` and {eq}`eq-b`\n\n```\n{eq}`eq-c`\n```")) == ["eq-b"]


# --- the dynamic part ------------------------------------------------------------------------------


def test_every_mistake_in_a_sound_book_is_found(tmp_path, capsys):
    assert perturb(book(tmp_path)) == []
    assert capsys.readouterr().out == "1 equations, 2 mistakes put in, 2 found, 0 survived\n"


def test_a_check_that_lets_a_mistake_through_is_reported(tmp_path, monkeypatch, capsys):
    root = book(tmp_path)
    monkeypatch.setattr("bpbook.ledger.perturb.NotProved", AssertionError)
    monkeypatch.setattr("bpbook.ledger.claims.Claim.must_be_able_to_fail", lambda self: None)
    monkeypatch.setattr("bpbook.ledger.claims.Claim._problem", lambda self, left, right: "")
    problems = perturb(root)
    assert len(problems) == 2 and all("eq-sum still passes with a mistake" in problem for problem in problems)
    assert "2 survived" in capsys.readouterr().out


def test_a_stored_equation_that_the_cell_no_longer_prints_is_reported(tmp_path):
    stale = code(CLAIM, output={"text/plain": "eq-sum: checked", "text/markdown": "$$\nb\n$$ (eq-sum)\n"})
    (problem,) = perturb(book(tmp_path, claim_cell=stale))
    assert "is not what the cell prints" in problem


def test_a_cell_that_fails_is_reported_with_its_place(tmp_path):
    with pytest.raises(BookError, match=r"cell 4 fails: ZeroDivisionError"):
        perturb(book(tmp_path, code("1 / 0", (), None)))


# --- the book itself -------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[1]


def test_every_display_equation_of_the_book_is_labelled_and_checked():
    assert violations(ROOT) == []


def test_every_mistake_put_into_an_equation_of_the_book_is_found():
    assert perturb(ROOT) == []
