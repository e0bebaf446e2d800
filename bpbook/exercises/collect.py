"""Let a worker process run a notebook, within time and memory, and collect what its answers do."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from bpbook.exercises.places import places

MEMORY = 4
START = "the start of Python"
START_SECONDS = 120.0
QUIET = {"MPLBACKEND": "Agg", "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


@dataclass
class Collected:
    """What came out of a notebook.

    Attributes
    ----------
    seen : dict
        Id of the exercise -> the worker's event with the observation, as JSON data.
    stopped : dict
        Id of the exercise -> why it could not be observed.
    notes : list of str
        What happened in the cells.
    """

    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def collect(cells: list[tuple[int, str]], exercises: list[str], seconds: float) -> Collected:
    """Run the cells and observe each exercise; what does not end well is left out of the next try.

    Parameters
    ----------
    cells : list of (int, str)
        Number and source of each code cell.
    exercises : list of str
        Ids to observe.
    seconds : float
        Time limit for each cell and each exercise.
    """
    # Each try ends, or names one more cell or exercise to leave out.
    result, found = Collected(), places(cells, exercises)
    skip: list[str] = []
    for _ in range(len(cells) + len(exercises) + 1):
        left = [name for name in exercises if name not in result.seen and name not in result.stopped]
        result.notes = [note for note in result.notes if "left out" in note]
        job = {"cells": cells, "exercises": left, "after": found.after, "skip": skip, "memory": MEMORY}
        guilty, reason = _one_try(job, seconds, result)
        if guilty:
            _blame(result, guilty, reason, guilty in exercises)
        if guilty in ("", START):
            break
        skip.append(guilty)
    result.notes += found.notes
    return result


def _blame(result: Collected, guilty: str, reason: str, is_exercise: bool) -> None:
    if is_exercise:
        result.stopped[guilty] = reason
    else:
        result.notes.append(f"{guilty} {reason}" + ("" if guilty == START else " and was left out"))


def _one_try(job: dict[str, Any], seconds: float, result: Collected) -> tuple[str, str]:
    """Run one worker; return what it was doing when it had to be ended, and why."""
    doing = START
    with TemporaryDirectory() as folder, _worker(job, folder) as process:
        try:
            for event in _events(process, seconds):
                doing = event.get("start", doing)
                if "note" in event:
                    result.notes.append(str(event["note"]))
                elif "exercise" in event:
                    result.seen[event["exercise"]] = event
                elif "end" in event:
                    return "", ""
        except TimeoutError:
            return doing, f"took more than {seconds:g} seconds"
        finally:
            _end(process)
    return doing, "stopped Python, by an exit call or for want of memory,"


def _worker(job: dict[str, Any], folder: str) -> subprocess.Popen[str]:
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    command = [sys.executable, "-m", "bpbook.exercises.worker"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    return process


def _events(process: subprocess.Popen[str], seconds: float) -> Iterator[dict[str, Any]]:
    """Yield the events of a worker; a pause longer than the limit is a TimeoutError (the start has its own)."""
    limit = max(seconds, START_SECONDS)
    lines: queue.Queue[str] = queue.Queue()
    Thread(target=_pump, args=(process, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=limit)
        except queue.Empty:
            raise TimeoutError from None
        if not line:
            return
        limit = seconds
        event = json.loads(line)
        if isinstance(event, dict):
            yield event


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:
        # The pipe was closed when the worker was ended.
        pass
    lines.put("")


def _end(process: subprocess.Popen[str]) -> None:
    """End a worker and everything that it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
