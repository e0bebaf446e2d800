"""Grade filled-in exercise notebooks: a score for each exercise, and a table for a class."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from bpbook.exercises.cells import UnreadableNotebook, exercises_in, read_code
from bpbook.exercises.collect import Collected, collect
from bpbook.exercises.judge import judge
from bpbook.exercises.observe import Observation
from bpbook.exercises.result import STATES, Result
from bpbook.exercises.source import load_all
from bpbook.notebooks import UsageError

SECONDS = 30.0
WARNING = (
    "Grading executes the code of the notebooks with your rights, so run it in a throw-away account or a container. Each exercise is "
    "graded by its answers as they stand at its last check cell. Outputs cannot tell a learner from someone who imports the solutions."
)


@dataclass(frozen=True)
class Grade:
    """The result of one notebook; `error` says why it could not be read."""

    notebook: str
    student: str
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def score(self) -> int:
        return sum(result.passed for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """Return the grade as JSON data."""
        exercises = [result.to_json() for result in self.results]
        counts = {"score": self.score, "total": len(self.results)}
        return {
            "notebook": self.notebook,
            "student": self.student,
            **counts,
            "error": self.error,
            "exercises": exercises,
            "notes": self.notes,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the notebooks and where to write the results."""
    parser.description = f"{parser.description} {WARNING}"
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help="a filled-in notebook of chapters/exercises/; its name is the student's"
    )
    parser.add_argument("--json", metavar="FILE", help="write everything that was found")
    parser.add_argument("--csv", metavar="FILE", help="write one line for each notebook")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time limit for each cell and each exercise (default: %(default)g)")


def run(arguments: argparse.Namespace) -> int:
    """Grade and print; 0 when everything passed, 1 when not, 2 when a file could not be read."""
    if not arguments.seconds > 0:
        raise UsageError(f"--seconds is {arguments.seconds:g}, wanted more than 0")
    paths = [path for name in arguments.notebooks for path in _matching(name)]
    grades = [grade(path, student, arguments.seconds) for path, student in zip(paths, _students(paths), strict=True)]
    for one in grades:
        print(report(one), file=sys.stderr if one.error else sys.stdout)
    if len(grades) > 1:
        print(f"{len(grades)} notebooks, {sum(one.score for one in grades)} of {sum(len(one.results) for one in grades)} exercises passed")
    _write(arguments, grades)
    if any(one.error for one in grades):
        return 2
    return int(any(one.score < len(one.results) for one in grades))


def _matching(name: str) -> list[Path]:
    """Return the files that a pattern means: not every shell expands `*.ipynb`."""
    found = sorted(glob(name)) if not Path(name).exists() else []
    return [Path(path) for path in found or [name]]


def _students(paths: list[Path]) -> list[str]:
    """Return the file names without suffix, or the whole paths where two are the same."""
    names = [path.stem for path in paths]
    return [name if names.count(name) == 1 else path.as_posix() for name, path in zip(names, paths, strict=True)]


def grade(path: Path, student: str, seconds: float = SECONDS) -> Grade:
    """Return the grade of one notebook.

    Parameters
    ----------
    path : Path
        The notebook. Its own check cells do not count: the checks of the sources do.
    student : str
        Whose it is.
    seconds : float
        Time limit for each cell and each exercise.
    """
    try:
        cells = read_code(path)
        names = exercises_in(cells, path)
    except UnreadableNotebook as error:
        return Grade(str(path), student, error=str(error))
    collected = collect(cells, names, seconds)
    return Grade(str(path), student, [verdict(name, collected) for name in names], collected.notes)


def verdict(name: str, collected: Collected) -> Result:
    """Return the result of one exercise from what the worker sent."""
    if name in collected.stopped:
        return Result(name, "wrong", f"The answer {collected.stopped[name]} so it was ended.")
    event = collected.seen.get(name, {})
    missing = event.get("missing", [])
    if missing:
        return Result(name, "not yet", f"The notebook does not define {', '.join(f'`{answer}`' for answer in missing)}.")
    try:
        return judge(load_all()[name], Observation.from_json(event["seen"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return Result(name, "wrong", "The answer could not be observed.")


def report(graded: Grade) -> str:
    """Return the text for one notebook."""
    if graded.error:
        return graded.error
    width = max(len(result.exercise) for result in graded.results)
    lines = [f"{graded.student}: {graded.score} of {len(graded.results)} exercises passed"]
    for result in graded.results:
        reason = "" if result.passed else f"  {result.message}"
        lines.append(f"  {result.exercise:{width}}  {STATES[result.status]:9}{reason}".rstrip())
        if result.hint:
            title = f"{result.mistake}. " if result.mistake else ""
            lines.append(f"  {'':{width}}  likely mistake: {title}{' '.join(result.hint.split())}")
    return "\n".join([*lines, *(f"  note: {note}" for note in graded.notes)])


def _write(arguments: argparse.Namespace, grades: list[Grade]) -> None:
    try:
        if arguments.json:
            text = json.dumps([one.to_json() for one in grades], indent=1, ensure_ascii=False)
            Path(arguments.json).write_text(text + "\n", encoding="utf-8")
        if arguments.csv:
            _write_csv(Path(arguments.csv), grades)
    except OSError as error:
        raise UsageError(f"cannot write the results: {error}") from None


def _write_csv(path: Path, grades: list[Grade]) -> None:
    columns = list(dict.fromkeys(result.exercise for one in grades for result in one.results))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "score", "total", *columns, "error"])
        for one in grades:
            states = {result.exercise: STATES[result.status] for result in one.results}
            table.writerow([one.student, one.score, len(one.results), *(states.get(column, "") for column in columns), one.error])
