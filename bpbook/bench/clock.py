"""Time several programs fairly: in turns, in short blocks, and report medians."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping
from itertools import repeat
from statistics import median
from time import perf_counter, process_time

BLOCK = 4e-3  # seconds of one program before the next has its turn
CLOCKS = {"wall": perf_counter, "processor": process_time}  # the second does not count the time of other programs
LONGEST_BLOCK = 200  # steps: so that no network trains to the end


def seconds_for(step: Callable[[], object], steps: int, clock: str = "wall") -> float:
    """Return the seconds that each of several steps took, on average."""
    now = CLOCKS[clock]
    began = now()
    for _ in repeat(None, steps):
        step()
    return (now() - began) / steps


def medians(steps: Mapping[str, Callable[[], object]], seconds: float, clock: str = "wall") -> dict[str, float]:
    """Time the programs in turns for about the given seconds; return the median seconds of one step of each.

    Each round gives every program one block; the order turns from round to round, since what ran before
    has filled the caches.
    """
    first = {name: (seconds_for(step, 1), seconds_for(step, 2))[1] for name, step in steps.items()}
    lengths = {name: max(1, min(LONGEST_BLOCK, math.ceil(BLOCK / first[name]))) for name in steps}
    a_round = sum(first[name] * (lengths[name] + 1) for name in steps)
    rounds = max(3, min(41, int(seconds / a_round)))
    found: dict[str, list[float]] = {name: [] for name in steps}
    gc.collect()
    gc.freeze()  # what the libraries made at their import is not looked at again and again
    for turn in range(rounds):
        for name in _turned(list(steps), turn):
            steps[name]()  # warms the caches
            found[name].append(seconds_for(steps[name], lengths[name], clock))
    gc.unfreeze()
    return {name: median(times) for name, times in found.items()}


def _turned(names: list[str], turn: int) -> list[str]:
    """Begin with another name in each round; every other time backwards, since neighbours matter, too."""
    start = turn % len(names)
    order = names[start:] + names[:start]
    return order if turn // len(names) % 2 == 0 else order[::-1]
