"""What an answer is compared with: the solution, the known wrong answers, and the bugs of the catalogue."""

from __future__ import annotations

import ast
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
    return [(Block("", bug["hint"], ""), _observed(exercise, bug)) for bug in bugs_of(exercise)]


def bugs_of(exercise: Exercise) -> list[dict[str, Any]]:
    """Return the entries of the bug catalogue that an answer to this exercise could have."""
    return [bug for bug in _catalogue() if exercise.kind == "rebuild" and bug["function"].partition(".")[2] in exercise.answers]


@lru_cache(maxsize=1)
def _catalogue() -> list[dict[str, Any]]:
    bugs: list[dict[str, Any]] = tomllib.loads((Path(str(files("bpbook"))) / "bugs" / "bugs.toml").read_text(encoding="utf-8"))["bug"]
    return bugs


@lru_cache(maxsize=1)
def _package() -> dict[str, ast.Module]:
    import bpkit
    from bpbook.bugs.mutate import read_package

    return read_package(Path(bpkit.__file__).parent.parent)


def _observed(exercise: Exercise, bug: dict[str, Any]) -> Observation:
    from bpbook.bugs.mutate import imported, mutate

    module, _, function = str(bug["function"]).partition(".")
    trees = mutate(_package(), bug["function"], bug["find"], bug["replace"])
    # The other modules are imported from their files, which is faster than from a tree.
    with imported({f"bpkit.{module}": trees[f"bpkit.{module}"]}) as package:
        answers = {**exercise.solution, function: getattr(package, function)}
        return observe(exercise, {name: answers[name] for name in exercise.answers}, steps=None)
