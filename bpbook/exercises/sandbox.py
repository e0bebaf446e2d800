"""Run somebody else's code so that nothing of it leaks out: no traceback, no output, no changed state."""

from __future__ import annotations

import builtins
import io
import linecache
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from bpbook.exercises.budget import STEPS, Budget

OUTPUT = 600


@dataclass(frozen=True)
class Failure:
    """Why a call gave no value: kind is 'exception', 'steps', 'depth', 'exit', 'interrupt' or 'memory'."""

    kind: str
    name: str = ""
    text: str = ""
    line: str = ""


class Capped(io.TextIOBase):
    """A text stream that keeps the first characters and counts the others."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = ""
        self.dropped = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = OUTPUT - len(self.kept)
        self.kept += text[:room]
        self.dropped += max(0, len(text) - room)
        return len(text)

    def shown(self) -> str:
        return self.kept + (f" ... ({self.dropped} more characters)" if self.dropped else "")


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() cannot be answered here; use the arguments")


def _ignore(_: object) -> None:
    """Stay silent about exceptions in destructors."""


@contextmanager
def _restored(holder: Any, **replacements: Any) -> Iterator[None]:
    before = {name: getattr(holder, name) for name in replacements}
    for name, new in replacements.items():
        setattr(holder, name, new)
    try:
        yield
    finally:
        for name, old in before.items():
            setattr(holder, name, old)


@contextmanager
def _same_random_state() -> Iterator[None]:
    states = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


@contextmanager
def isolated(stream: Capped) -> Iterator[list[warnings.WarningMessage]]:
    """Send output to `stream`, collect warnings, and put back every setting at the end."""
    folder = os.getcwd()
    with ExitStack() as stack:
        stack.callback(os.chdir, folder)
        stack.enter_context(_restored(sys, stdout=stream, stderr=stream, stdin=io.StringIO(), unraisablehook=_ignore))
        stack.enter_context(_restored(builtins, input=_no_input))
        stack.enter_context(_same_random_state())
        stack.enter_context(np.errstate())
        stack.enter_context(np.printoptions())
        caught = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        yield caught


def guarded(call: Callable[[], Any], steps: int | None = STEPS) -> tuple[Any, Failure | None]:
    """Call without arguments and return the result, or None and why there is none.

    Parameters
    ----------
    call : callable
        Code that may do anything.
    steps : int or None
        Lines that it may execute; None for code that is trusted to end.
    """
    budget = Budget(STEPS if steps is None else steps)
    try:
        if steps is None:
            return call(), None
        with budget:
            result = call()
    except BaseException as error:
        return None, _explain(error, budget)
    # A destructor may have swallowed the exception.
    return (None, Failure(budget.spent)) if budget.spent else (result, None)


def _explain(error: BaseException, budget: Budget) -> Failure:
    line = _where(error.__traceback__)
    if budget.spent or isinstance(error, RecursionError):
        return Failure(budget.spent or "depth", line=line)
    kinds = {SystemExit: "exit", KeyboardInterrupt: "interrupt", MemoryError: "memory"}
    kind = next((kind for group, kind in kinds.items() if isinstance(error, group)), "exception")
    return Failure(kind, type(error).__name__, message_of(error), line)


def message_of(error: object) -> str:
    """Return the text of an error or a warning; its own methods may misbehave."""
    try:
        with Budget(10_000):
            return str(error)[:300]
    except BaseException:
        return "(its message cannot be shown)"


def _where(traceback: TracebackType | None) -> str:
    """Return the last line of the answer's own code on the way to the error."""
    found = ""
    while traceback is not None:
        file, number = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        package = str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in ("bpbook", "bpkit", "numpy"):
            text = linecache.getline(file, number).strip()
            found = text[:120] or f"line {number}"
        traceback = traceback.tb_next
    return found
