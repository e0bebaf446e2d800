"""Put a fault into words: what was called, what came, what was wanted, and the pattern behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpbook.exercises.compare import Problem, kind_of, spelled
from bpbook.exercises.diagnose import Pair, describe, quantities
from bpbook.exercises.observe import Observation, Outcome
from bpbook.exercises.references import reference
from bpbook.exercises.result import code
from bpbook.exercises.sandbox import Failure
from bpbook.exercises.source import Exercise
from bpbook.exercises.values import Value

# A difference from the solution: its place in the list of outcomes, the outcome, the problem.
Fault = tuple[int, Outcome, Problem]

FAILURES = {
    "steps": "did not come to an end: it executed too many steps. Is there a loop that never stops?",
    "depth": "called itself too many times. Which call ends the recursion?",
    "exit": "tried to leave Python with an exit call. Let it `return` its result.",
    "interrupt": "was interrupted before it was done. Run the check again when you are ready.",
    "memory": "asked for more memory than there is. Look at the shapes of what it makes.",
}


def explain(exercise: Exercise, seen: Observation, fault: Fault) -> str:
    """Return what is wrong, in Markdown.

    Parameters
    ----------
    exercise : Exercise
        What was asked.
    seen : Observation
        What the answer did.
    fault : tuple
        The first difference from the solution.
    """
    place, outcome, found = fault
    if outcome.name not in exercise.functions:
        return _explain_value(exercise, outcome, found)
    call = _call(exercise, place - len(seen.values))
    if outcome.failure:
        return f"{call} {_explain_failure(outcome.failure)}"
    if found.kind == "failure":
        return f"{call} gives a result, but an error was wanted."
    if found.kind == "changed":
        names = ", ".join(f"`{name}`" for name in outcome.changed)
        return f"{call} changed its argument {names}. Work on a copy: whoever calls you still needs it."
    if found.kind == "repeats":
        return f"{call} gives another result when it is called again with the same arguments."
    return f"In {call}, {_output(exercise, outcome.name, found)} {found.text}{_pattern(exercise, seen, outcome.name, found)}."


def _explain_value(exercise: Exercise, outcome: Outcome, found: Problem) -> str:
    """Say what is wrong with a prediction, but not what would be right."""
    if outcome.failure:
        return f"`{outcome.name}` cannot be read: it {_explain_failure(outcome.failure)}"
    assert outcome.value is not None
    if exercise.choices and spelled(outcome.value, Value("text"), exercise.choices).text not in exercise.choices:
        return f"`{outcome.name}` is {kind_of(outcome.value)}, wanted one of the letters {', '.join(map(repr, exercise.choices))}."
    if found.kind in ("type", "finite"):
        return f"`{outcome.name}` {found.text}."
    return f"`{outcome.name}` is not the right value."


def _explain_failure(failure: Failure) -> str:
    place = f" The line: {code(failure.line)}" if failure.line else ""
    if failure.kind in FAILURES:
        return FAILURES[failure.kind] + place
    reason = code(f"{failure.name}: {failure.text}")
    return f"stopped with an error, {reason}.{place} Errors are normal; this one says where to look."


def _output(exercise: Exercise, name: str, found: Problem) -> str:
    if not found.place:
        return "the result"
    names = exercise.header.get("returns", {}).get(name, [])
    index = found.place[0]
    return f"`{names[index]}`" if index < len(names) else f"output {index + 1}"


def _pattern(exercise: Exercise, seen: Observation, name: str, found: Problem) -> str:
    if found.kind not in ("value", "shape"):
        return ""
    pairs = []
    for (called, arguments), one, two in zip(exercise.probes, seen.calls, reference(exercise.id).calls, strict=True):
        got, wanted = (_array_at(outcome, found.place) for outcome in (one, two))
        if called == name and got is not None and wanted is not None:
            pairs.append(Pair(got, wanted, quantities(exercise.parameters(name), arguments, wanted)))
    pattern = describe(pairs)
    return f"; {pattern}" if pattern else ""


def _array_at(outcome: Outcome, place: tuple[int, ...]) -> NDArray[Any] | None:
    value = outcome.value
    for index in place:
        if value is None or value.kind != "sequence" or len(value.items) <= index:
            return None
        value = value.items[index]
    return value.array if value is not None else None


def _call(exercise: Exercise, place: int) -> str:
    name, arguments = exercise.probes[place]
    parameters = exercise.parameters(name)
    for largest in (6, 2):
        pairs = zip(parameters, arguments, strict=False)
        given = ", ".join(f"{parameter}={_shown(argument, largest)}" for parameter, argument in pairs)
        if len(given) <= 120:
            break
    return f"`{name}({given})`"


def _shown(argument: object, largest: int) -> str:
    if isinstance(argument, (float, np.floating)):
        return f"{float(argument):.4g}"
    if not isinstance(argument, np.ndarray):
        return str(getattr(argument, "__name__", repr(argument)))[:40]
    dtype = "" if argument.dtype == np.float64 else f" {argument.dtype}"
    if argument.size > largest:
        return f"<array {argument.shape}{dtype}>"
    return f"{np.round(argument.astype(np.float64), 4).tolist()}{dtype}"
