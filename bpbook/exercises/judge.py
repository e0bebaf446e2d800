"""Compare what an answer did with the solution and with every known wrong answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpbook.exercises.compare import ZERO, Problem, problem, spelled
from bpbook.exercises.explain import NEAR, Fault, explain, missing
from bpbook.exercises.observe import Observation, Outcome
from bpbook.exercises.references import catalogued, reference
from bpbook.exercises.result import Result, code
from bpbook.exercises.source import Block, Exercise
from bpbook.exercises.values import Value

# A known wrong prediction is recognised if it differs by less, relatively: 0.17 is meant to be 1/6.
ROUNDED = 0.03


def judge(exercise: Exercise, seen: Observation) -> Result:
    """Return the verdict on what an answer did.

    Parameters
    ----------
    exercise : Exercise
        What was asked.
    seen : Observation
        What the answer did at the probes.
    """
    with np.errstate(all="ignore"):
        return _judge(exercise, seen)


def _judge(exercise: Exercise, seen: Observation) -> Result:
    faults = list(_faults(exercise, seen))
    if not faults:
        return _passed(exercise, seen)
    open_names = _open(exercise, seen)
    if open_names:
        return Result(exercise.id, "not yet", missing(exercise, seen, open_names), printed=seen.printed)
    stub = _same(exercise, seen, reference(exercise.id, "stub"))
    if stub:
        text = exercise.sections["stub"].prose or "The program still does what it did when it was given to you."
        return Result(exercise.id, "not yet", text, printed=seen.printed)
    wrong = _recognised(exercise, seen, faults[0])
    message = explain(exercise, seen, faults[0])
    if wrong is None:
        return Result(exercise.id, "wrong", message, printed=seen.printed)
    return Result(exercise.id, "wrong", message, wrong.title, wrong.prose, seen.printed)


def _passed(exercise: Exercise, seen: Observation) -> Result:
    if not exercise.functions:
        return Result(exercise.id, "passed", printed=seen.printed)
    count = len(exercise.probes)
    warned = f" NumPy or Python warned: {code(seen.warned)}" if seen.warned else ""
    return Result(exercise.id, "passed", f"{count} calls agree with the solution.{warned}", printed=seen.printed)


# --- differences between what was seen and a reference ----------------------------------------------


def _outcomes(seen: Observation) -> list[Outcome]:
    return [*seen.values.values(), *seen.calls]


def _faults(exercise: Exercise, seen: Observation) -> Iterator[Fault]:
    """Yield every difference from the solution: place in the list of outcomes, outcome, problem."""
    wanted = reference(exercise.id)
    for place, (one, other) in enumerate(zip(_outcomes(seen), _outcomes(wanted), strict=True)):
        found = _difference(exercise, one, other, ZERO)
        if found:
            yield place, one, found


def _difference(exercise: Exercise, got: Outcome, wanted: Outcome, zero: float, tolerance: float = 0.0) -> Problem | None:
    if got.failure or wanted.failure:
        same = got.failure and wanted.failure and (got.failure.kind, got.failure.name) == (wanted.failure.kind, wanted.failure.name)
        return None if same else Problem("failure", "")
    assert got.value is not None and wanted.value is not None
    value, target = got.value, wanted.value
    if got.name not in exercise.functions:
        value, target = (spelled(side, reference(exercise.id).values[got.name].value or side, exercise.choices) for side in (value, target))
    found = problem(value, target, max(exercise.tolerance, tolerance), zero)
    if found:
        return found
    if got.changed != wanted.changed:
        return Problem("changed", "")
    return Problem("repeats", "") if got.repeats != wanted.repeats else None


def _same(exercise: Exercise, seen: Observation, other: Observation) -> bool:
    """Say whether two answers do the same at every probe; where one gives 0, a tiny number is not the same."""
    return all(_difference(exercise, one, two, 0.0) is None for one, two in zip(_outcomes(seen), _outcomes(other), strict=True))


def _open(exercise: Exercise, seen: Observation) -> list[str]:
    """Return the answers that are still to be written, however the stub was made."""
    names = []
    for name in exercise.answers:
        outcomes = [outcome for outcome in _outcomes(seen) if outcome.name == name]
        if outcomes and all(_is_open(outcome) for outcome in outcomes):
            names.append(name)
    return names


def _is_open(outcome: Outcome) -> bool:
    if outcome.failure:
        return outcome.failure.name == "NotImplementedError"
    return outcome.value is not None and _is_empty(outcome.value)


def _is_empty(value: Value) -> bool:
    if value.kind == "sequence":
        return bool(value.items) and any(item.kind == "missing" for item in value.items)
    return value.kind in ("missing", "none")


def _recognised(exercise: Exercise, seen: Observation, fault: Fault) -> Block | None:
    """Return the known wrong answer that does the same: at every probe, or else in the output at fault."""
    for wrong in exercise.wrongs:
        if _same(exercise, seen, reference(exercise.id, wrong.title)):
            return wrong
    # A wrong dtype has many causes, and its message says all that is known.
    for bug, outcomes in catalogued(exercise.id) if fault[2].kind != "dtype" else ():
        if _same(exercise, seen, outcomes):
            return bug
    for wrong in exercise.wrongs:
        if _same_output(exercise, seen, reference(exercise.id, wrong.title), fault):
            return wrong
    return _recognised_roughly(exercise, seen)


def _recognised_roughly(exercise: Exercise, seen: Observation) -> Block | None:
    """Return the known wrong prediction that was rounded: a mistake need not be made to all its digits."""
    if exercise.functions or _near(exercise, seen, reference(exercise.id), NEAR):
        return None
    return next((wrong for wrong in exercise.wrongs if _near(exercise, seen, reference(exercise.id, wrong.title), ROUNDED)), None)


def _near(exercise: Exercise, seen: Observation, other: Observation, tolerance: float) -> bool:
    pairs = zip(_outcomes(seen), _outcomes(other), strict=True)
    return all(_difference(exercise, one, two, 0.0, tolerance) is None for one, two in pairs)


def _same_output(exercise: Exercise, seen: Observation, other: Observation, fault: Fault) -> bool:
    """Say whether two answers give the same wrong output at every call of the function at fault."""
    _, outcome, found = fault
    if not found.place or found.kind != "value":
        return False
    pairs = [pair for pair in zip(seen.calls, other.calls, reference(exercise.id).calls, strict=True) if pair[0].name == outcome.name]
    parts = [tuple(_part(one, found.place[0]) for one in pair) for pair in pairs]
    if not all(part is not None for trio in parts for part in trio):
        return False
    same = all(problem(one, two, exercise.tolerance, 0.0) is None for one, two, _ in parts if one and two)
    return same and any(problem(two, right, exercise.tolerance) is not None for _, two, right in parts if two and right)


def _part(outcome: Outcome, place: int) -> Value | None:
    value = outcome.value
    return value.items[place] if value and value.kind == "sequence" and len(value.items) > place else None
