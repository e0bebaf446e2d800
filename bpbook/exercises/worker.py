"""Run the cells of a filled-in notebook and observe its answers, in a process of its own.

Started by `collect`; reads a job from its standard input and writes one JSON line for each event to
its standard output. Nothing here decides whether an answer is right: the other process does.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import json
import linecache
import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, TextIO

from bpbook.exercises.cells import plain_python
from bpbook.exercises.observe import Observation, observe
from bpbook.exercises.sandbox import message_of
from bpbook.exercises.source import load_all

GIBIBYTE = 2**30


def main() -> None:
    """Do one job: `cells`, `exercises`, `after` (which cell) and `skip` (events that did not end well before)."""
    job = json.load(sys.stdin)
    channel = _private_channel()
    _limit_memory(int(job["memory"]))
    for name in job["exercises"]:
        # Made before any cell runs, so that no cell can change what is asked.
        _ = load_all()[name].probes, load_all()[name].functions
    say = _announcer(channel)
    say({"ready": True})
    _run_cells(job, say)
    say({"end": True})
    # Threads of the answers must not keep the process alive.
    os._exit(0)


def _private_channel() -> TextIO:
    """Return a stream that only this module knows; whatever the cells print goes nowhere."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = io.StringIO()
    return channel


def _limit_memory(gibibytes: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (gibibytes * GIBIBYTE, gibibytes * GIBIBYTE))
    except (ImportError, AttributeError, ValueError, OSError):
        # Windows has no such limit; the time limit holds there too.
        return


def _announcer(channel: TextIO) -> Callable[[dict[str, Any]], None]:
    dumps = json.dumps

    def say(event: dict[str, Any]) -> None:
        channel.write(dumps(event) + "\n")
        channel.flush()

    return say


def _run_cells(job: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    """Run every cell; observe each exercise right after its own, before a later cell changes a name."""
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *_, **__: None, "get_ipython": lambda: _Nothing()}
    for number, source in job["cells"]:
        event = f"cell {number}"
        if event not in job["skip"]:
            say({"start": event})
            error = _run_cell(event, plain_python(source), names)
            if error:
                say({"note": f"{event} {error}"})
        _observe_all(job, number, names, say)
    _observe_all(job, None, {}, say)


def _observe_all(job: dict[str, Any], number: int | None, names: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    for name in job["exercises"]:
        if job["after"][name] == number and name not in job["skip"]:
            say({"start": name})
            say(_observed(name, names))


class _Nothing:
    """Stands for IPython's shell: every attribute is a function that does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def _run_cell(event: str, source: str, names: dict[str, Any]) -> str:
    file = f"<{event}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        _execute(compile(source, file, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    except SystemExit:
        return "called exit"
    except BaseException as error:
        return f"stopped with {type(error).__name__}: {message_of(error)}"
    return ""


def _execute(program: CodeType, names: dict[str, Any]) -> None:
    """Run a program; one that awaits something, as cells may, gets an event loop."""
    result = eval(program, names)
    if program.co_flags & inspect.CO_COROUTINE:
        asyncio.run(result)


def _observed(name: str, names: dict[str, Any]) -> dict[str, Any]:
    exercise = load_all()[name]
    missing = [answer for answer in exercise.answers if answer not in names]
    try:
        seen = observe(exercise, {answer: names.get(answer, ...) for answer in exercise.answers})
    except Exception as error:
        return {"exercise": name, "missing": missing, "broken": type(error).__name__}
    return {"exercise": name, "missing": missing, "seen": Observation.to_json(seen)}


if __name__ == "__main__":
    main()
