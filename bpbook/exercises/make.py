"""Make the exercise notebooks from their sources: one to fill in and one that is solved."""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import Any

from bpbook.exercises.source import Block, Exercise, SourceError, by_chapter
from bpbook.notebooks import BookError, repository_root

KIND_WORDS = {
    "rebuild": "Rebuild",
    "extend": "Extend",
    "predict": "Predict",
    "repair": "Repair",
}

FILL_IN = """\
# Exercises to chapter {number}

Write your answer into the cell below each task, run it, and run the check after it. The check answers at once: what is
right, what is wrong, and which mistake it looks like. Nothing is counted and you may try as often as you like.

- **Rebuild**: write a function of the chapter again, without looking.
- **Extend**: write something that the chapter did not show.
- **Predict**: say what will happen before you run anything.
- **Repair**: a program runs, trains and is wrong. Find the mistake and mend it.

They belong to the chapter [{title}](../{chapter}.ipynb).
All tasks with their solutions: [solved exercises]({chapter}_solved.ipynb).
"""

SOLVED = """\
# Solved exercises to chapter {number}

Every task of the [exercises]({chapter}.ipynb) to the chapter [{title}](../{chapter}.ipynb), each with a solution that you
can unfold. Try first: a solution that you have read is not one that you have found.
"""

SETUP = "import numpy as np\n\nfrom bpbook.exercises import check"
# The same check, but what the book has solved is not noted as passed by the reader.
SETUP_SOLVED = SETUP.replace("import check", "import verdict as check")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--check` and the chapters."""
    parser.add_argument("--check", action="store_true", help="write nothing; show a diff and fail where a notebook is stale")
    parser.add_argument("chapters", nargs="*", metavar="chapter", help="such as 01_linear_regression; all if none is named")


def run(arguments: argparse.Namespace) -> int:
    """Write the notebooks that are stale, executed and normalised, or show what is stale."""
    root = repository_root()
    stale = 0
    for path, cells in _wanted(root, arguments.chapters):
        diff = _difference(path, cells, root)
        stale += bool(diff)
        if diff and arguments.check:
            print("\n".join(diff))
        elif diff:
            _write(path, cells, root)
    print(f"exercise notebooks: {stale} {'stale' if arguments.check else 'written'}")
    return int(arguments.check and stale > 0)


def _wanted(root: Path, names: list[str]) -> list[tuple[Path, list[dict[str, Any]]]]:
    try:
        chapters = by_chapter()
        unknown = [name for name in names if name not in chapters]
        if unknown:
            raise BookError(f"no exercises for {', '.join(unknown)}, wanted some of {', '.join(chapters)}")
        folder = root / "chapters" / "exercises"
        made = []
        for chapter in names or chapters:
            words = {"chapter": chapter, "number": int(chapter[:2]), "title": chapter_title(root, chapter)}
            made.append((folder / f"{chapter}.ipynb", fill_in_cells(chapters[chapter], words)))
            made.append((folder / f"{chapter}_solved.ipynb", solved_cells(chapters[chapter], words)))
        return made
    except SourceError as error:
        raise BookError(str(error)) from None


def chapter_title(root: Path, chapter: str) -> str:
    """Return the first heading of a chapter."""
    from bpbook.notebooks import cells

    path = root / "chapters" / f"{chapter}.ipynb"
    texts = [cell.source for cell in cells(path, root) if cell.kind == "markdown"] if path.is_file() else []
    headings = re.findall(r"^# +(.+)$", "\n".join(texts), flags=re.M)
    return headings[0].strip() if headings else chapter[3:].replace("_", " ").capitalize()


def fill_in_cells(exercises: list[Exercise], words: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of the notebook that the reader fills in; nothing of a solution is in it.

    Parameters
    ----------
    exercises : list of Exercise
        Those of one chapter.
    words : dict
        The chapter's file, number and title.
    """
    cells = [_markdown(FILL_IN.format(**words)), _code(SETUP)]
    for number, exercise in enumerate(exercises, start=1):
        heading = f"## {number}. {KIND_WORDS[exercise.kind]}: {exercise.title}"
        cells.append(_markdown(f"{heading}\n\n{_task(exercise)}"))
        cells.append(_code(exercise.sections["stub"].code))
        cells.append(_code(_check_call(exercise)))
    return cells


def solved_cells(exercises: list[Exercise], words: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of the solved notebook: numbered exercises, solutions folded away.

    Parameters
    ----------
    exercises : list of Exercise
        Those of one chapter.
    words : dict
        The chapter's file, number and title.
    """
    cells = [_markdown(SOLVED.format(**words)), _code(SETUP_SOLVED)]
    for exercise in exercises:
        label = f"ex-{exercise.id}"
        stub = f"```python\n{exercise.sections['stub'].code}```"
        task = f"`````{{exercise}}\n:label: {label}\n\n{_task(exercise)}\n\n{stub}\n`````"
        cells.append(_markdown(f"## {KIND_WORDS[exercise.kind]}: {exercise.title}\n\n{task}"))
        start = f"```{{solution-start}} {label}\n:class: dropdown\n```\n\n{exercise.sections['solution'].prose}"
        cells += [_markdown(start), _code(exercise.sections["solution"].code), _code(_check_call(exercise))]
        if "show" in exercise.sections:
            cells += _show(exercise.sections["show"])
        cells += [_markdown(_mistakes(exercise)), _markdown("```{solution-end}\n```")]
    return cells


def _show(block: Block) -> list[dict[str, Any]]:
    return [*([_markdown(block.prose)] if block.prose else []), _code(block.code)]


def _task(exercise: Exercise) -> str:
    choices = "\n".join(f"- `{letter}`: {words}" for letter, words in exercise.choices.items())
    return exercise.sections["task"].prose + (f"\n\n{choices}" if choices else "")


def _mistakes(exercise: Exercise) -> str:
    listed = [f"- *{wrong.title}*: {' '.join(wrong.prose.split())}" for wrong in exercise.wrongs]
    return "**Mistakes that the check knows**\n\n" + "\n".join(listed)


def _check_call(exercise: Exercise) -> str:
    return f'check("{exercise.id}", {", ".join(exercise.answers)})'


def _markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.strip()}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source.strip()}


def _notebook(cells: list[dict[str, Any]], root: Path) -> Any:
    from nbformat import from_dict

    from bpbook.normalise import normalise

    return normalise(from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), root)  # type: ignore[no-untyped-call]


def _difference(path: Path, cells: list[dict[str, Any]], root: Path) -> list[str]:
    """Return the diff between the sources and a committed notebook, outputs left out."""
    from bpbook.normalise import to_text
    from bpbook.notebooks import read, relative

    wanted = to_text(_notebook(cells, root)).splitlines()
    present: list[str] = []
    if path.is_file():
        notebook = read(path, root)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        present = to_text(notebook).splitlines()
    name = relative(path, root)
    return list(difflib.unified_diff(present, wanted, f"{name} (committed)", f"{name} (from its sources)", lineterm="", n=1))


def _write(path: Path, cells: list[dict[str, Any]], root: Path) -> None:
    from bpbook.execute import execute
    from bpbook.normalise import normalise, to_text
    from bpbook.tangle import replace_file

    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = execute(_notebook(cells, root), path, root)
    replace_file(path, to_text(normalise(notebook, root)))
    print(path.name)
