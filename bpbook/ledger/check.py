"""Check that every display equation has a label, and every result a derivation or claim that can fail."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bpbook.ledger.cells import TAG, Made, aliases_in, calls, made, output_problem, printed, section
from bpbook.ledger.pages import Equation, equations, references
from bpbook.notebooks import BookError, Cell, cells, pages, repository_root

CITED = re.compile(r"`((?:eq|def)-[a-z0-9-]+)`")


@dataclass
class Ledger:
    """Everything that the pages say about equations."""

    typed: list[tuple[str, Equation]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    cited: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option, for the slow part."""
    parser.add_argument(
        "--perturb", action="store_true", help="run the chapters, make every check wrong in several ways, and demand that it fails"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print every problem; with --perturb also every wrong equation that a check let through."""
    root = repository_root()
    problems = violations(root)
    if not problems:
        counts = count_checked(root)
        print(
            ", ".join(f"{count} {what}" for what, count in counts.items()) + ": every display equation has a label and every result a check"
        )
    if arguments.perturb and not problems:
        from bpbook.ledger.perturb import perturb

        problems += perturb(root)
    print("\n".join(problems), end="\n" if problems else "")
    return int(bool(problems))


def read(root: Path) -> Ledger:
    """Return what the pages of the book say about equations."""
    ledger = Ledger()
    for page in pages(root):
        notebook, text = root / f"{page}.ipynb", root / f"{page}.md"
        if notebook.is_file():
            _read_notebook(ledger, cells(notebook, root))
        elif text.is_file():
            _read_text(ledger, f"{page}.md", text.read_text(encoding="utf-8"))
        else:
            raise BookError(f"_toc.yml names a page that is not there: {page}")
    return ledger


def _read_text(ledger: Ledger, where: str, text: str) -> None:
    ledger.typed += [(where, equation) for equation in equations(text)]
    ledger.cited += [(where, label) for label in references(text)]


def _read_notebook(ledger: Ledger, found: list[Cell]) -> None:
    aliases = aliases_in([cell for cell in found if cell.kind == "code"])
    for cell in found:
        if cell.kind == "markdown":
            _read_text(ledger, cell.where, cell.source)
        elif cell.kind == "code":
            ledger.problems += [f"{cell.where}: {problem}" for problem in _read_code(ledger, cell, aliases)]
            ledger.sections |= {one.label: section(found, cell.number) for one in ledger.made if one.cell is cell}


def _read_code(ledger: Ledger, cell: Cell, aliases: dict[str, str]) -> Iterator[str]:
    ledger.cited += [(cell.where, label) for label in CITED.findall(cell.source) if any(tag.startswith("tangle:") for tag in cell.tags)]
    if ".. math::" in cell.source:
        yield "a docstring holds '.. math::', a display equation without a check: name the label of one in the text"
    if TAG not in cell.tags:
        if calls(cell, aliases):
            yield "derive or claim outside a cell with the tag 'ledger' (a refusal is shown in try ... except NotProved, without the tag)"
        yield from (f"the output holds a display equation ({equation.kind}) that no check made" for equation in printed(cell))
        return
    result = made(cell, aliases)
    if isinstance(result, str):
        yield result
        return
    ledger.made.append(result)
    problem = output_problem(result)
    if problem:
        yield problem


def violations(root: Path) -> list[str]:
    """Return a line for every equation without a label or check, doubled label and dead reference."""
    ledger = read(root)
    checked = {one.label: one.cell for one in ledger.made}
    problems = list(ledger.problems)
    for where, equation in ledger.typed:
        problem = _typed_problem(equation, checked)
        if problem:
            problems.append(f"{where}: {problem}")
    labels = [equation.label for _, equation in ledger.typed if equation.label and equation.label not in checked] + [
        one.label for one in ledger.made
    ]
    problems += [f"the label {label} is given {count} times in the book" for label, count in sorted(Counter(labels).items()) if count > 1]
    problems += [f"{where}: no equation has the label {label!r}" for where, label in ledger.cited if label not in labels]
    return problems


def _typed_problem(equation: Equation, checked: dict[str, Cell]) -> str:
    shown = f"{equation.kind} {' '.join(equation.latex.split())[:50]!r}"
    if not equation.label:
        return f"a display equation without a label: {shown}; write $$ ... $$ (def-name), or print it with derive or claim"
    if not re.fullmatch(r"(def|eq)(-[a-z0-9]+)+", equation.label):
        return f"the label {equation.label!r} must be 'def-...' (a definition) or 'eq-...' (a result), in small letters"
    if equation.kind not in ("$$", "{math}"):
        return f"the equation {equation.label} stands inside a paragraph: give it lines of its own"
    if equation.label.startswith("def-"):
        return ""
    if equation.label not in checked:
        return f"no derive or claim checks {equation.label} ({shown}); if it is a definition, call it 'def-...'"
    if not {"remove-output", "remove-cell"} & set(checked[equation.label].tags):
        return f"{equation.label} is typed here and printed by its check ({checked[equation.label].where}): remove the typed one"
    same = any(_squeezed(one.latex) == _squeezed(equation.latex) for one in printed(checked[equation.label]))
    return "" if same else f"{equation.label} is typed differently from what its check prints ({checked[equation.label].where})"


def _squeezed(latex: str) -> str:
    return re.sub(r"\s+", "", latex)


def count_checked(root: Path) -> dict[str, int]:
    """Return how many equations the book has: derived, claimed, defined."""
    ledger = read(root)
    makers = Counter(one.maker for one in ledger.made)
    definitions = sum(equation.label.startswith("def-") for _, equation in ledger.typed)
    return {"derivations": makers["derive"], "claims": makers["claim"], "definitions": definitions}


@dataclass(frozen=True)
class Source:
    """Where an equation is checked: the code, its notebook and its section."""

    code: str
    notebook: str
    section: str


def sources(root: Path) -> dict[str, Source]:
    """Return for each label the code of its check and where it stands."""
    ledger = read(root)
    return {one.label: Source(one.cell.source, one.cell.notebook, ledger.sections.get(one.label, "")) for one in ledger.made}
