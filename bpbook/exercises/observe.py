"""Call the answers at the probes and write down, as plain data, what they do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import FunctionType
from typing import Any

import numpy as np

from bpbook.exercises.budget import STEPS
from bpbook.exercises.compare import kind_of, problem
from bpbook.exercises.sandbox import Capped, Failure, guarded, isolated, message_of
from bpbook.exercises.source import Exercise
from bpbook.exercises.values import Value, freeze


@dataclass(frozen=True)
class Outcome:
    """What one call did: a value or a failure, the arguments it changed, and whether it repeats."""

    name: str
    value: Value | None = None
    failure: Failure | None = None
    changed: tuple[str, ...] = ()
    repeats: bool = True


@dataclass(frozen=True)
class Observation:
    """Everything that the verdict needs; it can be sent from one process to another."""

    values: dict[str, Outcome]
    calls: list[Outcome]
    printed: str = ""
    warned: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the observation as JSON data."""
        values = {name: _to_json(outcome) for name, outcome in self.values.items()}
        return {"values": values, "calls": [_to_json(call) for call in self.calls], "printed": self.printed, "warned": self.warned}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Observation:
        """Return the observation that `to_json` wrote."""
        values = {name: _from_json(outcome) for name, outcome in data["values"].items()}
        return Observation(values, [_from_json(call) for call in data["calls"]], data["printed"], data["warned"])


def _to_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "value": outcome.value.to_json() if outcome.value else None,
        "failure": asdict(outcome.failure) if outcome.failure else None,
        "changed": list(outcome.changed),
        "repeats": outcome.repeats,
    }


def _from_json(data: dict[str, Any]) -> Outcome:
    value = Value.from_json(data["value"]) if data["value"] else None
    failure = Failure(**data["failure"]) if data["failure"] else None
    return Outcome(data["name"], value, failure, tuple(data["changed"]), data["repeats"])


def observe(exercise: Exercise, answers: Mapping[str, Any], steps: int | None = STEPS) -> Observation:
    """Run the answers of one exercise and return what they did.

    Parameters
    ----------
    exercise : Exercise
        Says which answers are functions, and at which arguments to call them.
    answers : mapping
        Name of the answer -> what was given for it.
    steps : int or None
        Lines of Python that one call may execute; None for trusted answers.
    """
    stream = Capped()
    if steps is not None:
        steps = int(exercise.header.get("budget", steps))
    with isolated(stream) as caught:
        values = {name: _value(name, answers[name], steps) for name in answers if name not in exercise.functions}
        calls = _call_all(exercise, answers, steps)
    warned = message_of(caught[0].message) if caught else ""
    return Observation(values, calls, stream.shown(), warned)


def _value(name: str, answer: Any, steps: int | None) -> Outcome:
    value, failure = guarded(lambda: freeze(answer), steps)
    return Outcome(name, value, failure)


def _call_all(exercise: Exercise, answers: Mapping[str, Any], steps: int | None) -> list[Outcome]:
    calls: list[Outcome] = []
    stopped: set[str] = set()
    for name, arguments in exercise.probes:
        if name in stopped:
            calls.append(Outcome(name, failure=Failure("steps")))
            continue
        first = not any(call.name == name for call in calls)
        outcome = _call(exercise, name, answers[name], arguments, steps, first)
        if outcome.failure and outcome.failure.kind in ("steps", "interrupt"):
            stopped.add(name)
        calls.append(outcome)
    return calls


def _call(exercise: Exercise, name: str, answer: Any, arguments: tuple[Any, ...], steps: int | None, first: bool) -> Outcome:
    unfit = _unfit(name, answer, trusted=steps is None)
    if unfit:
        return unfit
    given, again = copy.deepcopy(arguments), copy.deepcopy(arguments)
    value, failure = guarded(_frozen_call(answer, given), steps)
    labels = [*exercise.parameters(name), *(f"argument {place}" for place in range(len(arguments)))]
    changed = tuple(label for label, now, before in zip(labels, given, arguments, strict=False) if not _same(now, before))
    if not first or failure:
        return Outcome(name, value, failure, changed)
    repeated, _ = guarded(_frozen_call(answer, again), steps)
    # Another place in memory may change the last bits of a sum, so a small difference is none.
    return Outcome(name, value, failure, changed, repeated is not None and problem(repeated, value, 1e-9) is None)


def _unfit(name: str, answer: Any, trusted: bool) -> Outcome | None:
    """Return the outcome where there is no function of the reader's own to call."""
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        return Outcome(name, Value("missing"))
    if type(answer) is FunctionType and not trusted and str(answer.__module__).partition(".")[0] == "bpkit":
        return Outcome(name, Value("missing", text="bpkit"))
    if issubclass(type(answer), type):
        return Outcome(name, failure=Failure("uncallable", text="a class"))
    if not callable(answer):
        value, _ = guarded(lambda: freeze(answer))
        return Outcome(name, failure=Failure("uncallable", text=kind_of(value) if value else "an object"))
    return None


def _frozen_call(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[[], Value]:
    def call() -> Value:
        value = freeze(answer(*arguments))
        return Value("none", text="returned") if value.kind == "none" and _has_body(answer) else value

    return call


def _has_body(answer: Any) -> bool:
    """Say whether a function does more than a stub does, so that a None looks like a missing `return`."""
    return type(answer) is FunctionType and len(answer.__code__.co_code) > max(len(stub.__code__.co_code) for stub in (_stub, _passing))


def _stub() -> None: ...


def _passing() -> None:
    pass


def _same(now: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        return bool(now.shape == before.shape and now.dtype == before.dtype and now.tobytes() == before.tobytes())
    return callable(before) or repr(now) == repr(before)
