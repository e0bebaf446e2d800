"""Questions and answers: three sentences each, and links that lead to a cell, a figure or an equation that is there."""

from __future__ import annotations

import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("bs4")

from site_html import ROOT, html

from bpbook.notebooks import Cell, cells
from bpbook.numbers import printed_numbers, stated_numbers
from bpbook.site import audit
from bpbook.site.sources import equation_labels, exported, notebook_pages

__all__ = ["html"]
TEXT = (ROOT / "chapters/appendices/questions.md").read_text(encoding="utf-8")
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?:[^`<]*<)?(?P<target>[^`<>]+)>?`")
SHOWN = {"ref", "numref", "eq"}


def answers(text: str) -> dict[str, str]:
    """Return question -> answer."""
    parts = re.split(r"^### (.*)$", text, flags=re.MULTILINE)[1:]
    return {
        question: re.sub(r"^## .*", "", answer, flags=re.MULTILINE).strip()
        for question, answer in zip(parts[::2], parts[1::2], strict=True)
    }


def plain(answer: str) -> str:
    """Return an answer without its formulas, with the words of its links only."""
    words = re.sub(r"\{[\w:]+\}`([^`<]*)[^`]*`", r"\1", answer)
    return re.sub(r"\$[^$]*\$|`[^`]*`", "x", words)


def sentences(answer: str) -> int:
    """Count the sentences: what ends in a full stop, a question mark or an exclamation mark, formulas and links counted as words."""
    return len(re.findall(r"[.?!][)”\"*]*(?=\s|$)", plain(answer)))


def shown(answer: str) -> list[str]:
    """Return the targets of the links to cells, figures and equations."""
    links = [match["target"] for match in ROLE.finditer(answer) if match["role"] in SHOWN]
    return [target for target in links if target.startswith(("cell-", "code-", "fig-", "eq-", "def-"))]


def _anchors(cell: Cell) -> list[str]:
    """Return the targets that lead to a cell: its name, its figure and its equation."""
    named = [f"cell-{tag.removeprefix('cell:')}" for tag in cell.tags if tag.startswith("cell:")]
    figure = cell.node.metadata.get("mystnb", {}).get("figure", {}).get("name")
    equations = re.findall(r"\"(eq-[\w-]+)\"", cell.source) if "ledger" in cell.tags else []
    return [*named, *([figure] if figure else []), *equations]


@cache
def places() -> dict[str, list[Cell]]:
    """Return target -> the cells that it leads to."""
    found: dict[str, list[Cell]] = {}
    for _, path in notebook_pages(ROOT):
        for cell in cells(path, ROOT):
            for anchor in _anchors(cell):
                found.setdefault(anchor, []).append(cell)
    return found


def targets() -> Counter[str]:
    """Return how many places of the book each target names."""
    named = Counter({anchor: len(found) for anchor, found in places().items() if not anchor.startswith("eq-")})
    return named + Counter(item.anchor for item in exported(ROOT)) + Counter(equation_labels(ROOT))


def unshown(answer: str) -> list[str]:
    """Return the numbers of an answer that none of its links shows."""
    printed = printed_numbers([cell for target in shown(answer) for cell in places().get(target, [])])
    return [number.text for number in stated_numbers(plain(answer)) if not number.is_printed(printed)]


@pytest.mark.parametrize(("question", "answer"), answers(TEXT).items(), ids=answers(TEXT))
def test_an_answer_has_three_sentences_and_shows_what_it_says(question: str, answer: str) -> None:
    assert "\n\n" not in answer, "wanted one paragraph"
    assert sentences(answer) == 3
    assert shown(answer), "wanted a link to a cell, a figure or an equation"
    assert unshown(answer) == []
    assert question.endswith("?")


def test_every_link_of_the_answers_leads_to_one_place() -> None:
    known = targets()
    links = {target for answer in answers(TEXT).values() for target in shown(answer)}
    assert not {target: known[target] for target in links if known[target] != 1}


def test_there_are_many_questions_and_none_twice() -> None:
    questions = re.findall(r"^### (.*)$", TEXT, flags=re.MULTILINE)
    assert len(questions) == len(set(questions)) >= 30


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("One. Two, {ref}`a word. <cell-a>`. Three.", 4),
        ("It is 0.18 kg², not 1.5. No $x. y$, {eq}`eq-a`. See `a.b. c` (there).", 3),
        ("Why? Because (see {numref}`fig-a`).", 2),
    ],
)
def test_sentences_are_counted_without_formulas(answer: str, count: int) -> None:
    assert sentences(answer) == count


def test_an_answer_without_a_link_is_found() -> None:
    assert not shown("See {doc}`cheat_sheet`, {ref}`a section <sec-loss>` and {term}`gradient`.")
    assert shown("See {ref}`this <cell-a>`, {numref}`fig-b` and {eq}`eq-c`.") == ["cell-a", "fig-b", "eq-c"]


def test_a_number_that_no_link_shows_is_found() -> None:
    assert unshown("It is 0.18 ({ref}`three penguins <cell-mse-paper>`).") == []
    assert unshown("It is 0.17 ({ref}`three penguins <cell-mse-paper>`).") == ["0.17"]
    assert unshown("It is 0.18 ({ref}`another cell <cell-rows>`).") == ["0.18"]


def test_links_to_named_cells_land_on_a_cell(html: Path) -> None:
    page = html / "chapters/appendices/questions.html"
    links = [str(link["href"]) for link in audit.soup(page).select('article a[href*="#cell-"]')]
    assert len(links) >= 30
    for link in links:
        path, _, anchor = link.partition("#")
        target = audit.soup((page.parent / path).resolve()).find(id=anchor)
        assert target is not None, link
        assert "cell" in target["class"], link


def test_the_tag_of_a_named_cell_leaves_no_other_trace(html: Path) -> None:
    for page, _ in notebook_pages(ROOT):
        assert "tag_cell:" not in (html / f"{page}.html").read_text(encoding="utf-8")


# --- the extension that makes the anchors -----------------------------------------------------------


def _named(names: list[list[str]], known: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    from docutils import nodes
    from docutils.utils import new_document

    from bpbook.site import named_cells

    warnings: list[str] = []
    monkeypatch.setattr(named_cells.logger, "warning", lambda message, *values, **_: warnings.append(message % values))
    page = new_document("page")
    for tags in names:
        page += nodes.container(classes=["cell", *(f"tag_cell:{name}" for name in tags)])
    environment = SimpleNamespace(docname="page", get_domain=lambda _: SimpleNamespace(anonlabels=known))
    named_cells._name_cells(SimpleNamespace(env=environment), page)  # type: ignore[arg-type]
    return page, warnings


def test_a_named_cell_gets_an_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Any] = {}
    page, warnings = _named([["mse-paper"], []], known, monkeypatch)
    assert warnings == []
    assert known == {"cell-mse-paper": ("page", "cell-mse-paper")}
    assert [cell["ids"] for cell in page.children] == [["cell-mse-paper"], []]
    assert page.children[0]["classes"] == ["cell"]


@pytest.mark.parametrize("names", [[["one"], ["one"]], [["One"]], [["a_b"]], [[""]], [["other"]]])
def test_a_bad_name_or_one_that_is_taken_is_a_warning(names: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    _, warnings = _named(names, {"cell-other": ("elsewhere", "cell-other")}, monkeypatch)
    assert len(warnings) == 1
