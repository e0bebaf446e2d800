"""The index of bugs as HTML, from the catalogue and from what the bug finder measured."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from bpbook.bugs import Result, hidden

HEAD = ("Function and edit", "What one sees", "Hint", "Killed by")


def table(root: Path, results: Sequence[Result]) -> str:
    """Return one table, with a group of rows for each chapter; it scrolls sideways where it is too wide."""
    groups = "\n".join(_group(root, chapter, list(found)) for chapter, found in groupby(results, key=lambda result: result.bug.chapter))
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    return (
        '<div class="bug-table" role="region" aria-label="Index of bugs" tabindex="0" style="overflow-x: auto">\n'
        f'<table class="table">\n<caption>{_caption(results)}</caption>\n<thead><tr>{head}</tr></thead>\n{groups}\n</table>\n</div>\n'
    )


def _caption(results: Sequence[Result]) -> str:
    killed = sum(result.killed for result in results)
    return f"{killed} of {len(results)} bugs are killed by a check; {hidden(results)}."


def _group(root: Path, chapter: str, results: Sequence[Result]) -> str:
    rows = "\n".join(map(_row, results))
    return f'<tbody>\n<tr><th colspan="{len(HEAD)}" scope="rowgroup">{escape(_title(root, chapter))}</th></tr>\n{rows}\n</tbody>'


def _title(root: Path, chapter: str) -> str:
    """Return the first heading of the chapter, or its file name where the file is not there."""
    path = root / "chapters" / f"{chapter}.ipynb"
    if path.is_file():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for line in "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else ():
                if line.startswith("# "):
                    return line[2:].strip()
    return chapter


def _text(words: str) -> str:
    """Return words as HTML, with code between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _row(result: Result) -> str:
    bug = result.bug
    edit = f"<pre><del>{escape(bug.find.strip())}</del>\n<ins>{escape(bug.replace.strip())}</ins></pre>"
    symptom = _text(bug.symptom) + (" <strong>The loss goes down all the same.</strong>" if result.trains else "")
    killer = escape(result.rung) or "<strong>survives</strong>"
    # A telephone shows the cells below each other, each with the name of its column.
    cells = "".join(
        f'<td data-column="{name}">{content}</td>' for name, content in zip(HEAD[1:], (symptom, _text(bug.hint), killer), strict=True)
    )
    return f'<tr id="bug-{bug.id}"><td><code>{escape(bug.function)}</code>{edit}</td>{cells}</tr>'
