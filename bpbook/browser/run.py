"""Run a notebook in the browser's Python, under Node, and compare what its cells show with what is wanted."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bpbook.allowed import Entry
from bpbook.browser import figures, lite
from bpbook.browser.compare import compare
from bpbook.browser.compile import node
from bpbook.execute import FIXED
from bpbook.notebooks import BookError

PROGRAM = Path(__file__).with_name("run_notebook.mjs")
STARTER = Path("_static") / "live" / "python.mjs"
TIMEOUT = 900


@dataclass(frozen=True)
class Task:
    """A notebook to run, with the outputs that are wanted; `path` is None for one that stands in no file."""

    name: str
    notebook: Any
    path: Path | None = None


@dataclass(frozen=True)
class Report:
    """What came out: how long it took, the slowest cell, a line for each problem, and the exceptions that were needed."""

    name: str
    seconds: float
    slowest: str = ""
    problems: tuple[str, ...] = ()
    excused: tuple[Entry, ...] = ()


def attempt(tasks: Sequence[Task], root: Path, site: Path) -> list[Report]:
    """Run notebooks one after the other in one Python, and return the report on each; a run that fails is a problem like others.

    Parameters
    ----------
    tasks : sequence of Task
        The notebooks.
    root : Path
        The root of the book.
    site : Path
        The built site; its Python and its packages are what readers get.
    """
    try:
        wanted = [figures.with_figures(task.notebook, task.path, root) if task.path else task.notebook for task in tasks]
        results = execute(wanted, site)
    except BookError as error:
        return [Report(task.name, 0.0, problems=(str(error),)) for task in tasks]
    return [_report(task.name, notebook, result) for task, notebook, result in zip(tasks, wanted, results, strict=True)]


def _report(name: str, wanted: Any, result: dict[str, Any]) -> Report:
    problems, excused = compare(name, wanted, result["cells"])
    problems += [f"asked the network for {address}" for address in result["asked"]]
    slowest = max(result["cells"], key=lambda cell: float(cell["seconds"]), default={"number": 0, "seconds": 0.0})
    told = f"slowest is cell {slowest['number']} with {slowest['seconds']:.1f} s"
    return Report(name, result["seconds"], told, tuple(problems), tuple(excused))


def execute(notebooks: Sequence[Any], site: Path) -> list[dict[str, Any]]:
    """Run the code cells of notebooks in the browser's Python.

    Parameters
    ----------
    notebooks : sequence of nbformat nodes
        Not changed.
    site : Path
        The built site.

    Returns
    -------
    list of dict
        For each notebook the `seconds` it took, the addresses that it `asked` for, and its `cells`: for each code cell
        its `number` in the notebook, its `outputs` and its `seconds`.

    Raises
    ------
    BookError
        If Python did not start or did not come to the end.
    """
    told = [figures.has_figures(notebook) for notebook in notebooks]
    results = _under_node([figures.telling(one) if tell else one for one, tell in zip(notebooks, told, strict=True)], site)
    for notebook, tell, result in zip(notebooks, told, results, strict=True):
        numbers = [number for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
        result["cells"] = [{"number": number, **cell} for number, cell in zip(numbers, result["cells"][int(tell) :], strict=True)]
    return results


def _under_node(notebooks: Sequence[Any], site: Path) -> list[dict[str, Any]]:
    with TemporaryDirectory() as temporary:
        target = Path(temporary) / "result.json"
        sources = [Path(temporary) / f"{number}.json" for number, _ in enumerate(notebooks)]
        for source, notebook in zip(sources, notebooks, strict=True):
            source.write_text(json.dumps(notebook), encoding="utf-8")
        _run(map(str, [node(), PROGRAM, site / lite.FOLDER / lite.PYODIDE, site / STARTER, target, *sources]))
        results: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
        return results


def _run(command: Iterable[str]) -> None:
    environment = os.environ | {"BPBOOK_PYTHON_ENVIRONMENT": json.dumps(FIXED)}
    try:
        done = subprocess.run(list(command), check=False, capture_output=True, text=True, env=environment, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise BookError(f"took more than {TIMEOUT} s") from None
    if done.returncode:
        raise BookError(f"the browser's Python did not come to the end:\n{done.stderr.strip()[-2000:]}")
