"""Bad input to gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case


def _quadratic(w: Any) -> tuple[Any, Any]:
    return (w**2).sum(), 2 * w


def descent_cases() -> Iterator[Case]:
    """Yield calls of `gradient_descent` with one bad argument, or with a function that answers badly."""
    good = {"loss_and_gradient": _quadratic, "parameters": np.ones(2), "learning_rate": 0.1, "steps": 3, "tolerance": 0.0}
    bad: list[tuple[str, Any, str]] = [("parameters", value, shows) for _, value, shows in NOT_NUMBERS]
    bad += [("parameters", np.ones(2, complex), "complex128")]
    bad += [("loss_and_gradient", value, str(value)) for value in (None, 1.0, "abc")]
    for name in ("learning_rate", "tolerance"):
        bad += [(name, value, str(value)) for value in (None, "0.1", [0.1], -0.1, np.nan, np.inf, True, 1j)]
    bad += [("learning_rate", 0, "0"), ("learning_rate", 0.0, "0.0"), ("learning_rate", np.array([0.1, 0.2]), "0.2")]
    bad += [("steps", value, str(value)) for value in (None, "3", -1, 2.0, 2.5, True, np.nan, [3])]
    for name, value, shows in bad:
        yield Case("gradient_descent", name, f"is {value!r:.40}", tuple({**good, name: value}.values()), (name,), shows)
    yield from _wrong_answers(good)


def _wrong_answers(good: dict[str, Any]) -> Iterator[Case]:
    answers: list[tuple[str, str, Any, str]] = [
        ("loss_and_gradient", "returns nothing", None, "None"),
        ("loss_and_gradient", "returns the gradient alone", np.ones(2), "1."),
        ("loss_and_gradient", "returns three values", (0.0, np.ones(2), 1), "1."),
        ("loss", "is a vector", (np.ones(2), np.ones(2)), "(2,)"),
        ("loss", "has shape (1,)", (np.ones(1), np.ones(2)), "(1,)"),
        ("loss", "is None", (None, np.ones(2)), "None"),
        ("loss", "is complex", (1j, np.ones(2)), "complex128"),
        ("gradient", "has shape (2, 1)", (0.0, np.ones((2, 1))), "(2, 1)"),
        ("gradient", "has shape (1,)", (0.0, np.ones(1)), "(1,)"),
        ("gradient", "is a number", (0.0, 1.0), "()"),
        ("gradient", "is None", (0.0, None), "None"),
        ("gradient", "is a string", (0.0, "abc"), "abc"),
        ("gradient", "is complex", (0.0, np.ones(2, complex)), "complex128"),
        ("gradient", "is float32 for float64 parameters", (0.0, np.ones(2, np.float32)), "float32"),
    ]
    for name, kind, answer, shows in answers:
        arguments = {**good, "loss_and_gradient": lambda w, answer=answer: answer}
        yield Case("gradient_descent", name, kind, tuple(arguments.values()), (name,), shows)
