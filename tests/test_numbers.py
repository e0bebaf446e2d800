"""Every number in the prose comes out of a cell of its chapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from minibook import MiniBook, code, text

from bpbook.__main__ import main
from bpbook.notebooks import BookError, repository_root
from bpbook.numbers import violations


@pytest.fixture
def book(tmp_path: Path) -> MiniBook:
    return MiniBook(tmp_path)


def missing(book: MiniBook, prose: str, *cells: Any) -> list[str]:
    """Return the numbers of a chapter that no cell prints."""
    book.chapter("01_first", [text("# T"), text(prose), *cells])
    return [told.split(": ")[1].split(" ")[0] for told in violations(book.root)]


def test_message(book: MiniBook) -> None:
    book.chapter("01_first", [text("# T"), text("All is well. The error is 0.73 here! Good.")])
    (told,) = violations(book.root)
    assert told == "chapters/01_first.ipynb, cell 2: 0.73 is printed by no cell of this chapter: 'The error is 0.73 here!'"


FOUND = {
    "There are 333 rows.": ["333"],
    "Up to 4,202 grams.": ["4,202"],
    "About 1e-7 of it.": ["1e-7"],
    "A loss of 3.25.": ["3.25"],
    "It is 93 % of all.": ["93"],
    "Two: 12 and 13, then 14.": ["12", "13", "14"],
    "A 64-bit number.": ["64"],
    "(between 10 and 20)": ["10", "20"],
    "**25** of _26_": ["25", "26"],
    "## 27 heads": ["27"],
    "| a | b |\n|---|---|\n| 28 | x |": ["28"],
    "- a list\n- of 29 things": ["29"],
    "> 31 quoted": ["31"],
    ":::{note}\n:class: wide32\nInside 33.\n:::": ["33"],
    ":::{admonition} Title 34\nText.\n:::": ["34"],
    "```{figure} picture35.png\n---\nname: fig36\n---\nCaption 37\n```": ["37"],
    "::::{note}\n:::{tip}\nInner 38.\n:::\n::::": ["38"],
    "In 1847 he wrote.": ["1847"],
    "line one\n39 on line two": ["39"],
    "In the $x=1$ case 41": ["41"],
}


@pytest.mark.parametrize("prose", FOUND)
def test_number_without_a_cell(book: MiniBook, prose: str) -> None:
    assert missing(book, prose) == FOUND[prose]


NOT_A_RESULT = [
    "Chapter 12, section 4.3, pages 153 to 160, § 17 and Figure 22.",
    "See chapters 10, 11 and 12.",
    "See pp. 101-120 and articles 175 to 179.",
    "Cauchy (1847) and (Rumelhart and others, 1986) and (Linnainmaa, 1970a)",
    "`14` and $x = 15$ and [16](https://example.org/17) and {cite}`key18` and {eq}`eq-19`",
    "$$\nx = 20\n$$ (eq-21)",
    "```python\nx = 22\n```",
    "```{math}\n:label: eq-23\nx = 24\n```",
    "(sec-25)=\n## Title",
    "% a comment 26",
    "<b class='c27'>bold</b>",
    "the 28th of float64, W2, x10 and 3D",
    "nine and 9 and 0",
    "Python 3.11 to 3.13",
    "version 1.4.2",
    "    indented = 29",
    "![alt](picture30.png)",
    ":::{note}\n:width: 400\nInside.\n:::",
    "```{note}\n---\nwidth: 400\n---\nInside.\n```",
    "```{image} 44.png\n```",
]


@pytest.mark.parametrize("prose", NOT_A_RESULT)
def test_not_a_result(book: MiniBook, prose: str) -> None:
    assert missing(book, prose) == []


ROUNDED = [
    ("333", "(333, 8)"),
    ("333", "n=333."),
    ("0.88", "0.877"),
    ("0.877", "0.8770"),
    ("42", "41.7"),
    ("93 %", "0.9298"),
    ("92.98 percent", "0.9298"),
    ("4,202", "4202"),
    ("4202", "4,202"),
    ("4200", "4207.06"),
    ("10000", "10_000"),
    ("1e-7", "1e-07"),
    ("1.2e-3", "0.00123"),
    ("0.5", ".5"),
    ("2.5", "-2.5"),
    ("12", "$12$"),
]


@pytest.mark.parametrize(("stated", "printed"), ROUNDED)
def test_rounding_of_what_is_printed(book: MiniBook, stated: str, printed: str) -> None:
    assert missing(book, f"It is {stated} here.", code("show()", printed=printed)) == []


CHANGED = [
    ("334", "333"),
    ("0.87", "0.877"),
    ("0.8771", "0.877"),
    ("94 %", "0.9298"),
    ("0.93", "93"),
    ("93", "0.93"),
    ("100", "98"),
    ("4300", "4207"),
    ("1e-7", "1e-6"),
]


@pytest.mark.parametrize(("stated", "printed"), CHANGED)
def test_other_number_than_printed(book: MiniBook, stated: str, printed: str) -> None:
    assert missing(book, f"It is {stated} here.", code("show()", printed=printed)) == [stated.split(" ")[0]]


def test_code_is_a_source(book: MiniBook) -> None:
    assert missing(book, "With 500 steps and a rate of 0.05.", code("walk(500, 0.05)")) == []


def test_every_text_output_is_a_source(book: MiniBook) -> None:
    from nbformat.v4 import new_output

    cell = code("show()")
    for kind, value in (("text/plain", "11"), ("text/html", "<td>12</td>"), ("text/markdown", "**13**"), ("image/png", "14")):
        cell.outputs.append(new_output("display_data", data={kind: value}))  # type: ignore[no-untyped-call]
    assert missing(book, "11, 12, 13, 14", cell) == ["14"]


def test_the_places_in_a_drawing_are_no_source(book: MiniBook) -> None:
    from nbformat.v4 import new_output

    cell = code("draw()")
    data = {"text/plain": "x: value 21", "text/html": '<svg><text x="22">21</text></svg>'}
    cell.outputs.append(new_output("display_data", data=data))  # type: ignore[no-untyped-call]
    assert missing(book, "21, 22", cell) == ["22"]


def test_other_chapters_are_no_source(book: MiniBook) -> None:
    book.chapter("02_second", [code("x = 333")])
    assert missing(book, "There are 333 rows.") == ["333"]


def test_markdown_is_no_source(book: MiniBook) -> None:
    assert missing(book, "`333` rows, 333 in all.") == ["333"]


def test_caption_and_description_of_a_figure(book: MiniBook) -> None:
    cell = code("plt.show()", mystnb={"figure": {"caption": "The error, 55."}, "image": {"alt": "It falls to 66."}})
    assert missing(book, "Text.", cell) == ["55", "66"]


def test_colab_cell_is_left_out(book: MiniBook) -> None:
    book.chapter("01_first", [text("On Colab 99.", "colab", "remove-cell")])
    assert violations(book.root) == []


def test_allowed_number_needs_a_reason_and_a_use(book: MiniBook) -> None:
    allowed = book.root / "bpbook" / "numbers.toml"
    allowed.write_text('[[allowed]]\nnotebook = "chapters/01_first.ipynb"\nnumber = "1847"\nreason = "Cauchy"\n', encoding="utf-8")
    assert missing(book, "In 1847 he wrote; in 1848 not.") == ["1848"]
    book.chapter("01_first", [text("Nothing.")])
    (told,) = violations(book.root)
    assert "numbers.toml: nothing matches notebook = 'chapters/01_first.ipynb', number = '1847'" in told
    allowed.write_text('[[allowed]]\nnotebook = "chapters/01_first.ipynb"\nnumber = "1847"\n', encoding="utf-8")
    with pytest.raises(BookError, match="wanted a text for each"):
        violations(book.root)


def test_command(book: MiniBook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(book.root)
    book.chapter("01_first", [text("It is 77."), code("print(77)", printed="77")])
    assert main(["numbers"]) == 0
    book.chapter("01_first", [text("It is 78."), code("print(77)", printed="77")])
    assert main(["numbers"]) == 1
    assert "78 is printed by no cell" in capsys.readouterr().out


def test_numbers_of_the_book() -> None:
    assert violations(repository_root(Path(__file__))) == []
