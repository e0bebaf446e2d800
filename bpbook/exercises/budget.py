"""A step budget: stops an answer that loops, with `sys.settrace` alone.

Threads and signals do not exist in a browser; a trace function does. Python switches tracing off
when a trace function raises, so an answer with a bare `except:` would swallow the exception and
loop on unseen. Two things switch tracing on again: the exception itself when it is dropped, and a
profile function at the next call or return.
"""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

STEPS = 300_000
DEPTH = 500
# NumPy's own Python code runs dozens of lines for one mean; it does not loop for ever.
LIBRARIES = ("numpy", "bpkit", "matplotlib", "sympy", "scipy", "sklearn")


class BudgetExceeded(BaseException):
    """The answer does not end; not an `Exception`, so that few handlers catch it."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget.spent)
        self.budget = budget

    def __del__(self) -> None:
        self.budget.arm()


class Budget:
    """Let a block execute at most `steps` lines of Python, and call itself at most `DEPTH` deep.

    Parameters
    ----------
    steps : int
        Number of lines and calls; lines of library code are not counted, calls of it are.

    Attributes
    ----------
    spent : str
        Why the block was stopped, 'steps' or 'depth'; '' while it was not.

    Notes
    -----
    A loop inside compiled code (`10**10**10`) cannot be seen. A trace or profile function that was
    set before (coverage, a debugger) is set again at the end, and so is the recursion limit.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps
        self.spent = ""
        self._depth = 0
        self._active = False
        self._outside: FrameType | None = None

    def __enter__(self) -> Budget:
        self._before = sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()
        self._outside = sys._getframe(1)
        self._active = True
        # At the limit Python could not call the trace function and would drop it: count the depth instead.
        sys.setrecursionlimit(max(self._before[2], 5 * DEPTH))
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        self._active = False
        self._outside = None
        sys.setrecursionlimit(self._before[2])
        sys.setprofile(self._before[1])
        sys.settrace(self._before[0])

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename == __file__:
            return None
        if event == "return":
            self._depth -= 1
        elif event != "exception":
            self.left -= 1
            if event == "call":
                return self._enter_frame(frame)
            self._stop_if_spent()
        return self._trace

    def _enter_frame(self, frame: FrameType) -> Any:
        self._stop_if_spent()
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in LIBRARIES:
            return None
        self._depth += 1
        if self._depth > DEPTH:
            self.left = -1
            self._stop_if_spent("depth")
        # Only opcodes show a jump to itself on Python 3.11.
        frame.f_trace_opcodes = _jumps_to_itself(frame.f_code)
        return self._trace

    def _stop_if_spent(self, reason: str = "steps") -> None:
        if self.left < 0 and self._active:
            self.spent = self.spent or reason
            sys.setprofile(self._profile)
            raise BudgetExceeded(self)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        self.arm()

    def arm(self) -> None:
        """Trace again, in every frame of the answer that is running, until the block ends."""
        if not self._active or sys.gettrace() == self._trace:
            return
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame is not self._outside:
            frame.f_trace = self._trace
            frame = frame.f_back
        sys.settrace(self._trace)


@lru_cache(maxsize=1000)
def _jumps_to_itself(code: CodeType) -> bool:
    """Say whether the code holds a loop without a body, `while True: pass`: it gives no line events."""
    return any(step.opcode in dis.hasjrel and step.argval == step.offset for step in dis.get_instructions(code))
