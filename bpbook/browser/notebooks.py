"""Run the notebooks in the browser's Python, under Node, and compare what their cells show with what is committed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from bpbook.allowed import left_over
from bpbook.browser import answers, lite
from bpbook.browser.compare import EXCEPTIONS, exceptions
from bpbook.browser.run import Report, Task, attempt
from bpbook.exercises.source import by_chapter
from bpbook.notebooks import BookError, choose, notebooks, read, relative, repository_root

PROCESSES = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the notebooks and how many run at a time."""
    parser.add_argument(
        "--processes",
        type=int,
        choices=range(1, 65),
        metavar="N",
        default=PROCESSES,
        help=f"how many notebooks run at a time (default: {PROCESSES})",
    )
    parser.add_argument("paths", nargs="*", metavar="notebook", help="all notebooks of the book if none is named")


def run(arguments: argparse.Namespace) -> int:
    """Run the notebooks, print a line for each, and return 1 if one fails or shows something else."""
    root, folder = repository_root(), site()
    paths = choose(root, arguments.paths)
    tasks = [task for path in paths for task in _tasks(path, root)]
    reports = _reports(_groups(tasks), root, folder, arguments.processes)
    unneeded = _unneeded(reports) if set(paths) == set(notebooks(root)) else []
    print("\n".join([*unneeded, _summary(reports)]))
    return int(bool(unneeded) or any(report.problems for report in reports))


def _tasks(path: Path, root: Path) -> Iterator[Task]:
    """Yield what belongs to a notebook: itself, and for exercises that a reader fills in, right and wrong answers to them."""
    yield Task(relative(path, root), read(path, root), path)
    if path.parent.name == "exercises" and path.stem in by_chapter():
        yield Task(f"answers to {path.stem}", answers.notebook(path.stem))


def site() -> Path:
    """Return the built site: BPBOOK_HTML if it is set, else where `make book` puts it.

    Raises
    ------
    BookError
        If the site is not there, or was built without a Python of its own.
    """
    folder = Path(os.environ.get("BPBOOK_HTML") or repository_root() / "_build" / "html").resolve()
    if not (folder / lite.FOLDER / lite.PYODIDE / "pyodide.mjs").is_file():
        raise BookError(f"{folder} has no Python for the browser: run 'make book' first, with the setting bpbook_pyodide: own")
    return folder


def _unneeded(reports: Sequence[Report]) -> list[str]:
    return left_over(EXCEPTIONS, exceptions(), lambda entry: any(entry in report.excused for report in reports))


def _groups(tasks: Sequence[Task]) -> list[list[Task]]:
    """Put what belongs to the exercises of one chapter together: it needs the same packages, and loading them takes longest.

    A chapter gets a Python of its own. The longest come first, so that no process waits for the other at the end: chapters take
    longer than exercises, and later chapters train larger networks.
    """
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        alone = task.path is not None and task.path.parent.name != "exercises"
        chapter = Path(task.name).stem.removeprefix("answers to ").removesuffix("_solved")
        groups.setdefault(task.name if alone else chapter, []).append(task)
    return sorted(reversed(groups.values()), key=len)


def _reports(groups: Sequence[Sequence[Task]], root: Path, folder: Path, processes: int) -> list[Report]:
    found = []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(attempt, group, root, folder) for group in groups]):
            found += future.result()
            print("\n".join(map(_told, future.result())), flush=True)
    return found


def _told(report: Report) -> str:
    count = len(report.problems)
    what = f"{count} problem{'s' * (count > 1)}" if count else "the same"
    slowest = f", {report.slowest}" if report.slowest else ""
    return "\n".join([f"{report.name}: {what}, {report.seconds:.0f} s{slowest}", *(f"  {problem}" for problem in report.problems)])


def _summary(reports: Sequence[Report]) -> str:
    bad = sum(bool(report.problems) for report in reports)
    return f"{len(reports)} notebooks in the browser's Python, {bad} with problems"
