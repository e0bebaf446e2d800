"""What an answer is compared with: the solution, the known wrong answers, and the bugs of the catalogue."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bpbook.exercises.observe import Observation, observe
from bpbook.exercises.source import Block, Exercise, load_all


@lru_cache(maxsize=200)
def reference(identifier: str, block: str = "") -> Observation:
    """Return what the solution does, or the block of that title (a known wrong answer, or the stub)."""
    exercise = load_all()[identifier]
    if not block:
        return observe(exercise, exercise.solution, steps=None)
    chosen = next(one for one in (exercise.sections["stub"], *exercise.wrongs) if one.title == block)
    # With the same budget as a reader's: a known mistake may be a loop that does not end.
    return observe(exercise, exercise.namespace(chosen))


@lru_cache(maxsize=50)
def catalogued(identifier: str) -> list[tuple[Block, Observation]]:
    """Return what each bug of the catalogue does in a rebuild exercise: its hint (it has no title for readers), its outcomes.

    Parameters
    ----------
    identifier : str
        The id of the exercise. Only those that rebuild a function of bpkit have such bugs.
    """
    exercise = load_all()[identifier]
    bugs = tomllib.loads((Path(str(files("bpbook"))) / "bugs" / "bugs.toml").read_text(encoding="utf-8"))["bug"]
    chosen = [bug for bug in bugs if exercise.kind == "rebuild" and bug["function"].partition(".")[2] in exercise.answers]
    return [(Block("", bug["hint"], ""), _observed(exercise, bug)) for bug in chosen]


def _observed(exercise: Exercise, bug: dict[str, Any]) -> Observation:
    import bpkit
    from bpbook.bugs.mutate import imported, mutate, read_package

    trees = read_package(Path(bpkit.__file__).parent.parent)
    function = str(bug["function"]).partition(".")[2]
    with imported(mutate(trees, bug["function"], bug["find"], bug["replace"])) as package:
        answers = {**exercise.solution, function: getattr(package, function)}
        return observe(exercise, {name: answers[name] for name in exercise.answers}, steps=None)
