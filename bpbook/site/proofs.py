"""What has been checked, counted from the sources of the book when it is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bpbook import uncompared
from bpbook.bugs import hidden
from bpbook.exercises.source import load_all
from bpbook.site.bug_results import bug_results
from bpbook.site.sources import check_summaries, notebook_pages


@dataclass(frozen=True)
class Proof:
    """One line of the counts: a number, what it counts, and what was done with it."""

    count: int
    what: str
    how: str
    page: str = ""


def proofs(root: Path) -> list[Proof]:
    """Return the counts for the landing page.

    Parameters
    ----------
    root : Path
        The folder with `_toc.yml`.

    Returns
    -------
    list of Proof
        Equations, outputs, bugs, exercises.
    """
    equations = sum(len(check_summaries(path, root)) for _, path in notebook_pages(root))
    outputs, _ = uncompared.counts(root)
    bugs = bug_results(root)
    total, killed = len(bugs), sum(result.killed for result in bugs)
    exercises = load_all().values()
    right = sum(1 + len(exercise.rights) for exercise in exercises)
    wrong = sum(len(exercise.wrongs) for exercise in exercises)
    found = "each found by a check" if killed == total else f"of {total} found by a check"
    mistakes = f"mistakes put into the code, {found}; {hidden(bugs)}"
    answers = f"whose checks know {right} right and {wrong} wrong answers, with a hint for each mistake"
    return [
        Proof(equations, "equations checked", "proved by SymPy, or tried at random points"),
        Proof(outputs, "outputs compared", "the cell runs again, the output is compared with the page"),
        Proof(killed, "bugs killed", mistakes, "chapters/appendices/bugs.html"),
        Proof(len(exercises), "exercises", answers),
    ]
