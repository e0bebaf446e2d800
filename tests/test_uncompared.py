"""Outputs are left uncompared only with a reason in one list."""

from __future__ import annotations

from pathlib import Path

import pytest
from minibook import MiniBook, code, text

from bpbook.__main__ import main
from bpbook.notebooks import BookError, cells, repository_root
from bpbook.uncompared import counts, marks, violations


@pytest.fixture
def book(tmp_path: Path) -> MiniBook:
    return MiniBook(tmp_path)


def allow(book: MiniBook, *entries: tuple[str, str], more: str = 'reason = "it shows the time"') -> None:
    lines = [f'[[allowed]]\nnotebook = "{notebook}"\ncell = "{cell}"\n{more}\n' for notebook, cell in entries]
    (book.root / "bpbook" / "uncompared.toml").write_text("\n".join(lines), encoding="utf-8")


MARKED = [
    code("x = 1", "nbval-ignore-output"),
    code("x = 1", "nbval-skip"),
    code("x = 1", "nbval-check-output"),
    code("x = 1", "raises-exception"),
    code("x = 1", "nbval-raises-exception"),
    code("x = 1", "pytest-validate-ignore-output"),
    code("# NBVAL_IGNORE_OUTPUT\nx = 1"),
    code("#NBVAL_SKIP\nx = 1"),
    code("if True:\n    # NBVAL_IGNORE_OUTPUT\n    x = 1"),
    code("## PYTEST_VALIDATE_IGNORE_OUTPUT\nx = 1"),
]


@pytest.mark.parametrize("index", range(len(MARKED)))
def test_marked_cell_needs_a_reason(book: MiniBook, index: int) -> None:
    path = book.chapter("01_first", [text("# T"), MARKED[index]])
    (told,) = violations(book.root)
    assert told.startswith("chapters/01_first.ipynb, cell 2 (") and "gives no reason" in told
    allow(book, ("chapters/01_first.ipynb", "if True:" if "if True" in MARKED[index].source else "x = 1"))
    assert violations(book.root) == []
    allow(book, ("chapters/01_first.ipynb", cells(path, book.root)[1].node.id))
    assert violations(book.root) == []


def test_everything_that_nbval_knows_is_seen(book: MiniBook) -> None:
    plugin = pytest.importorskip("nbval.plugin")
    found = [code("x = 1", tag) for tag in plugin.metadata_tags] + [code(f"# {comment}\nx = 1") for comment in plugin.comment_markers]
    path = book.chapter("01_first", found)
    assert len(found) >= 11
    assert all(marks(cell) for cell in cells(path, book.root))


OTHERS = [code("x = 1"), code("x = 1", "ledger", "hide-input"), code("x = 'NBVAL_SKIP'"), code("# about NBVAL_SKIP here")]


@pytest.mark.parametrize("cell", OTHERS)
def test_other_cells_need_none(book: MiniBook, cell: object) -> None:
    book.chapter("01_first", [cell])
    assert violations(book.root) == []


def test_entry_that_matches_nothing_is_refused(book: MiniBook) -> None:
    book.chapter("01_first", [code("x = 1")])
    allow(book, ("chapters/01_first.ipynb", "x = 1"))
    (told,) = violations(book.root)
    assert "nothing matches notebook = 'chapters/01_first.ipynb', cell = 'x = 1'" in told


def test_entry_of_another_notebook_does_not_count(book: MiniBook) -> None:
    book.chapter("01_first", [code("x = 1", "nbval-skip")])
    book.chapter("02_second", [code("y = 1")])
    allow(book, ("chapters/02_second.ipynb", "x = 1"))
    assert len(violations(book.root)) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "entry 1: has ['cell', 'notebook'], wanted a text for each of ['cell', 'notebook', 'reason']"),
        ('reason = " "', "wanted a text for each"),
        ("reason = 1", "wanted a text for each"),
        ('reason = "a"\nuntil = "b"', "entry 1: has ['cell', 'notebook', 'reason', 'until']"),
        ("reason = ", "uncompared.toml is not TOML"),
        ('reason = "a"\n[other]', "holds other, wanted only [[allowed]] entries"),
    ],
)
def test_list_of_the_wrong_form(book: MiniBook, more: str, message: str) -> None:
    book.chapter("01_first", [code("x = 1", "nbval-skip")])
    allow(book, ("chapters/01_first.ipynb", "x = 1"), more=more)
    with pytest.raises(BookError) as caught:
        violations(book.root)
    assert message in str(caught.value)


def test_entry_that_stands_twice(book: MiniBook) -> None:
    allow(book, ("a.ipynb", "x"), ("a.ipynb", "x"))
    with pytest.raises(BookError, match="entry 2: stands twice"):
        violations(book.root)


def test_exercises_are_looked_at_too(book: MiniBook) -> None:
    book.chapter("exercises_01", [code("x = 1", "nbval-skip")])
    assert len(violations(book.root)) == 1


def test_counts_and_command(book: MiniBook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(book.root)
    book.chapter("01_first", [code("print(1)", printed="1\n"), code("print(2)", "nbval-skip", printed="2\n"), code("x = 1")])
    assert counts(book.root) == (1, 1)
    assert main(["uncompared"]) == 1
    allow(book, ("chapters/01_first.ipynb", "print(2)"))
    assert main(["uncompared"]) == 0
    assert "1 outputs are compared, 1 cells are left out with a reason" in capsys.readouterr().out


def test_the_book_leaves_nothing_out_without_a_reason() -> None:
    assert violations(repository_root(Path(__file__))) == []
