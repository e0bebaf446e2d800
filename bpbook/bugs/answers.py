"""Ask worker processes about one bug after the other, and replace one that a bug makes hang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO, Any

from bpbook.notebooks import BookError

START_LIMIT = 120.0  # seconds more for the first answer of a worker, which has to start first
MARK = "bug-result "
HANGS = "time limit"

Answer = dict[str, Any]
Lines = Queue[str | None]


def answers(root: Path, catalogue: Path, names: Sequence[str], time_limit: float, seeds: Sequence[int] = ()) -> list[tuple[Answer, float]]:
    """Return the answer of a worker and the seconds it took, for each name; as many workers as there are processors.

    Parameters
    ----------
    root, catalogue : Path
        The folder with `bpkit/`, and the file with the bugs.
    names : sequence of str
        Ids of bugs; '' stands for the package as it is.
    time_limit : float
        Seconds for one bug; the answer for one that takes longer has the rung 'time limit'.
    seeds : sequence of int
        Where there are any, the answer also says for each what `bpbook.bugs.count.caught` says.
    """
    lanes = min(os.cpu_count() or 1, len(names))
    shares = [list(names[lane::lanes]) for lane in range(lanes)]
    with ThreadPoolExecutor(max(lanes, 1)) as pool:
        found = list(pool.map(lambda share: list(_lane(root, catalogue, share, time_limit, seeds)), shares))
    return [found[place % lanes][place // lanes] for place in range(len(names))]


def _lane(root: Path, catalogue: Path, left: list[str], time_limit: float, seeds: Sequence[int]) -> Iterator[tuple[Answer, float]]:
    while left:
        for answer, seconds in _one_worker(root, catalogue, left, time_limit, seeds):
            yield answer, seconds
            left = left[1:]


def _one_worker(root: Path, catalogue: Path, names: list[str], time_limit: float, seeds: Sequence[int]) -> Iterator[tuple[Answer, float]]:
    with _worker([str(root), str(catalogue), ",".join(map(str, seeds)), *names]) as (lines, errors):
        for place, name in enumerate(names):
            answer, seconds = _next_answer(lines, time_limit if place else time_limit + START_LIMIT)
            if not answer:
                errors.seek(0)
                raise BookError(f"the bug finder stopped at the bug {name!r}: {errors.read().strip()[-2000:]}")
            yield answer, seconds
            if answer.get("rung") == HANGS:
                return


@contextmanager
def _worker(arguments: list[str]) -> Iterator[tuple[Lines, IO[str]]]:
    command = [sys.executable, "-m", "bpbook.bugs.worker", *arguments]
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **one_thread, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    lines: Lines = Queue()
    with (
        TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8", env=environment) as process,
    ):
        reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            yield lines, errors
        finally:
            process.kill()
            reader.join()


def _read(stream: IO[str], lines: Lines) -> None:
    for line in stream:
        if line.startswith(MARK):
            lines.put(line.removeprefix(MARK))
    lines.put(None)


def _next_answer(lines: Lines, time_limit: float) -> tuple[Answer, float]:
    """Wait for the next line of the worker; an empty answer says that there is none any more."""
    start = perf_counter()
    try:
        line = lines.get(timeout=time_limit)
    except Empty:
        return {"rung": HANGS, "problem": f"not finished after {time_limit} seconds", "trains": False}, time_limit
    return json.loads(line) if line is not None else {}, perf_counter() - start
