"""Put a fault into words: what was called, what came, what was wanted, and the pattern behind it."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpbook.exercises.compare import Problem, kind_of, problem, spelled
from bpbook.exercises.diagnose import Pair, describe, quantities
from bpbook.exercises.observe import Observation, Outcome
from bpbook.exercises.references import reference
from bpbook.exercises.result import code
from bpbook.exercises.sandbox import Failure
from bpbook.exercises.source import Exercise
from bpbook.exercises.values import Value

# A difference from the solution: its place in the list of outcomes, the outcome, the problem.
Fault = tuple[int, Outcome, Problem]

# A prediction that differs by less, relatively, is called close.
NEAR = 0.02

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
        return _explain_stop(outcome, outcome.failure, call)
    if found.kind == "failure":
        return f"{call} gives a result, but an error was wanted."
    if found.kind == "changed":
        unchanged = [f"`{name}`" for name in reference(exercise.id).calls[place - len(seen.values)].changed if name not in outcome.changed]
        if unchanged:
            return f"{call} left its argument {', '.join(unchanged)} as it was, but the task wants the result written into it."
        names = ", ".join(f"`{name}`" for name in outcome.changed)
        return f"{call} changed its argument {names}. Work on a copy: whoever calls you still needs it."
    if found.kind == "repeats":
        return f"{call} gives another result when it is called again with the same arguments."
    return f"In {call}, {_explain_output(exercise, seen, outcome.name, found)}."


def _explain_stop(outcome: Outcome, failure: Failure, call: str) -> str:
    if failure.kind == "uncallable":
        return f"You gave {failure.text}, wanted the function itself: `{outcome.name}`, without brackets after it."
    return f"{call} {_explain_failure(failure)}"


def _explain_output(exercise: Exercise, seen: Observation, name: str, found: Problem) -> str:
    pattern = _pattern(exercise, seen, name, found)
    if not pattern and _reordered(exercise, seen, name):
        names = ", ".join(exercise.header["returns"][name])
        return f"every output is right but they come in another order, wanted `({names})`"
    return f"{_output(exercise, name, found)} {found.text}{pattern}"


def missing(exercise: Exercise, seen: Observation, names: list[str]) -> str:
    """Return what is still to be written, in Markdown.

    Parameters
    ----------
    exercise : Exercise
        What was asked.
    seen : Observation
        What the answers did.
    names : list of str
        The answers that are open.
    """
    outcomes = [*seen.values.values(), *seen.calls]
    first = {outcome.name: outcome.value for outcome in reversed(outcomes)}
    special = {name: _missing_part(exercise, name, first[name]) for name in names}
    plain = [f"`{name}`" for name in names if not special[name]]
    verb = "have" if len(plain) > 1 else "has"
    sentences = [f"{' and '.join(plain)} {verb} no result yet."] if plain else []
    return " ".join([*sentences, *filter(None, special.values())])


def _missing_part(exercise: Exercise, name: str, value: Value | None) -> str:
    if value is None:
        return ""
    if value.text == "bpkit":
        return f"`{name}` is the function of bpkit: write one of your own."
    if value.kind == "none" and value.text:
        return f"`{name}` returns None: is there a `return` with the result?"
    holes = [place for place, item in enumerate(value.items) if item.kind == "missing"]
    if not holes or len(holes) == len(value.items):
        return ""
    outputs = " and ".join(_output(exercise, name, Problem("missing", "", (place,))) for place in holes)
    return f"{outputs} {'is' if len(holes) == 1 else 'are'} still open (`...`)."


def _explain_value(exercise: Exercise, outcome: Outcome, found: Problem) -> str:
    """Say what is wrong with a prediction, but not what would be right."""
    if outcome.failure:
        return f"`{outcome.name}` cannot be read: it {_explain_failure(outcome.failure)}"
    assert outcome.value is not None
    if exercise.choices and spelled(outcome.value, Value("text"), exercise.choices).text not in exercise.choices:
        return f"`{outcome.name}` is {kind_of(outcome.value)}, wanted one of the letters {', '.join(map(repr, exercise.choices))}."
    if found.kind == "type" and _decimal_comma(outcome.value):
        return f"`{outcome.name}` is {kind_of(outcome.value)}, wanted a number: write a point, not a comma."
    if found.kind in ("type", "finite", "length"):
        return f"`{outcome.name}` {found.text}."
    if _nearly(exercise, outcome):
        return f"`{outcome.name}` is close, but not precise enough."
    return f"`{outcome.name}` is not the right value{_right_entries(exercise, outcome)}."


def _right_entries(exercise: Exercise, outcome: Outcome) -> str:
    """Say which entries of a predicted tuple are right; the others may be looked for alone."""
    wanted = reference(exercise.id).values[outcome.name].value
    assert outcome.value is not None and wanted is not None
    pairs = zip(spelled(outcome.value, wanted, {}).items, spelled(wanted, wanted, {}).items, strict=False)
    right = [str(place) for place, (one, other) in enumerate(pairs, start=1) if problem(one, other, exercise.tolerance) is None]
    if not right:
        return ""
    return f", though its entry {right[0]} is right" if len(right) == 1 else f", though its entries {' and '.join(right)} are right"


def _decimal_comma(value: Value) -> bool:
    """Say whether this may be a number with a comma: `"0,5"` as text, `0,5` as two whole numbers."""
    whole = [item.array is not None and item.array.shape == () and float(item.array.real).is_integer() for item in value.items]
    return bool(re.fullmatch(r"\s*[-+]?\d+,\d+\s*", value.text)) or (value.text == "tuple" and whole == [True, True])


def _nearly(exercise: Exercise, outcome: Outcome) -> bool:
    wanted = reference(exercise.id).values[outcome.name].value
    assert outcome.value is not None and wanted is not None
    got = spelled(outcome.value, wanted, exercise.choices)
    return wanted.kind in ("number", "array") and problem(got, spelled(wanted, wanted, {}), NEAR) is None


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
        if called == name and (got is None or wanted is None):
            return ""
        if called == name and got is not None and wanted is not None:
            pairs.append(Pair(got, wanted, quantities(exercise.parameters(name), arguments, wanted)))
    pattern = describe(pairs)
    return f"; {pattern}" if pattern else ""


def _reordered(exercise: Exercise, seen: Observation, name: str) -> bool:
    """Say whether the outputs of every call are the wanted ones in one other order."""
    pairs = [(one.value, two.value) for one, two in zip(seen.calls, reference(exercise.id).calls, strict=True) if one.name == name]
    count = len(exercise.header.get("returns", {}).get(name, []))
    if count < 2 or not all(one and two and len(one.items) == len(two.items) == count for one, two in pairs):
        return False
    return any(all(_matches(one, two, order, exercise.tolerance) for one, two in pairs) for order in permutations(range(count)))


def _matches(got: Value | None, wanted: Value | None, order: tuple[int, ...], tolerance: float) -> bool:
    assert got is not None and wanted is not None
    return all(problem(got.items[place], item, tolerance) is None for place, item in zip(order, wanted.items, strict=True))


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
    if isinstance(argument, (list, tuple, dict)):
        return _shown_together(argument, largest)
    if not isinstance(argument, np.ndarray):
        return str(getattr(argument, "__name__", repr(argument)))[:40]
    dtype = "" if argument.dtype == np.float64 else f" {argument.dtype}"
    if argument.size > largest:
        return f"<array {argument.shape}{dtype}>"
    if argument.dtype.kind in "bi":
        return str(argument.tolist())
    return f"{_rounded(argument.astype(np.float64).tolist())}{dtype}"


def _shown_together(arguments: list[Any] | tuple[Any, ...] | dict[Any, Any], largest: int) -> str:
    """Return a list, a tuple or a dictionary of arguments, the first few of them."""
    if isinstance(arguments, dict):
        parts = [f"{name!r}: {_shown(value, largest)}" for name, value in arguments.items()]
    else:
        parts = [_shown(value, largest) for value in arguments]
    brackets = "{}" if isinstance(arguments, dict) else "()" if isinstance(arguments, tuple) else "[]"
    return brackets[0] + ", ".join(parts if len(parts) <= 4 else [*parts[:3], "..."]) + brackets[1]


def _rounded(values: Any) -> Any:
    """Return numbers, in lists as deep as they are, with four significant digits: a tiny one is not zero."""
    return [_rounded(value) for value in values] if isinstance(values, list) else float(f"{values:.4g}")
