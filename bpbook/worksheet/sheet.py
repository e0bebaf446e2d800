"""The numbers of a worksheet: chosen from a seed, friendly, and telling for every usual mistake."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np

from bpbook.worksheet.step import SLOPES, Step, evaluate
from bpbook.worksheet.steps import ACTIVATIONS, LOSSES, PARAMETERS, steps
from bpkit import (
    affine_vjp,
    bce_logits,
    bce_logits_vjp,
    leaky_relu,
    leaky_relu_vjp,
    mse,
    mse_vjp,
    sigmoid,
    sigmoid_vjp,
    two_layer_backward,
    two_layer_forward,
)

LARGEST_SEED = 999_999
DIGITS = 3  # after the point
TOLERANCE = 0.006  # what rounding to three digits in between can change
APART = 0.0125  # of a mistake from what is right: more than twice the tolerance


@dataclass(frozen=True)
class Sheet:
    """A 2-2-1 network with one sample, in friendly numbers.

    Attributes
    ----------
    seed : int
        Where the numbers come from.
    activation, loss : str
        What the hidden units do, and what is minimised.
    given : dict of float
        x1, x2, y, eta (the learning rate) and the nine parameters.
    """

    seed: int
    activation: str
    loss: str
    given: dict[str, float]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps in the order of computation."""
        return steps(self.activation, self.loss, (self._input(1) > 0, self._input(2) > 0))

    def _input(self, unit: int) -> float:
        return evaluate(f"x1*w1{unit} + x2*w2{unit} + b{unit}", self.given, self.activation)

    def arrays(self) -> dict[str, Any]:
        """Return X, y and the parameters in the shapes of `two_layer_forward`."""
        g = self.given
        return {
            "X": np.array([[g["x1"], g["x2"]]]),
            "W1": np.array([[g["w11"], g["w12"]], [g["w21"], g["w22"]]]),
            "b1": np.array([g["b1"], g["b2"]]),
            "W2": np.array([[g["v1"]], [g["v2"]]]),
            "b2": np.array([g["c"]]),
            "y": np.array([[g["y"]]]),
        }

    @cached_property
    def answers(self) -> dict[str, float]:
        """The right value of every step, from the functions of bpkit."""
        return _answers(self)

    def new_loss(self, values: dict[str, float]) -> float:
        """Return the loss with the new parameters in `values`."""
        after = Sheet(self.seed, self.activation, self.loss, self.given | {name: values[f"new_{name}"] for name in PARAMETERS})
        return float(_forward(after)["L"])


def work(sheet: Sheet, entries: Mapping[str, float]) -> dict[str, float]:
    """Return the value of every step, each from the entry of an earlier step where there is one."""
    values, worked = dict(sheet.given), {}
    for step in sheet.steps:
        worked[step.name] = evaluate(step.formula, values, sheet.activation)
        values[step.name] = entries.get(step.name, worked[step.name])
    return worked


def _functions(sheet: Sheet) -> tuple[Callable[..., Any], ...]:
    """Return the activation and the loss, each with its VJP."""
    slope = SLOPES.get(sheet.activation)
    hidden = (sigmoid, sigmoid_vjp) if slope is None else (partial(leaky_relu, slope=slope), partial(leaky_relu_vjp, slope=slope))
    return *hidden, *((mse, mse_vjp) if sheet.loss == "mse" else (bce_logits, bce_logits_vjp))


def _split(sheet: Sheet) -> tuple[dict[str, Any], Any]:
    """Return the arguments of the network, and y, which only the loss takes."""
    arrays = sheet.arrays()
    return {name: array for name, array in arrays.items() if name != "y"}, arrays["y"]


def _forward(sheet: Sheet) -> dict[str, Any]:
    arrays, y = _split(sheet)
    f, _, loss, _ = _functions(sheet)
    Z1, A1, Z2 = two_layer_forward(**arrays, f=f)
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "L": float(loss(Z2, y))}


def _answers(sheet: Sheet) -> dict[str, float]:
    (arrays, y), passed = _split(sheet), _forward(sheet)
    _, f_vjp, _, loss_vjp = _functions(sheet)
    Z1, A1, Z2, L = passed.values()
    dZ2 = loss_vjp(1.0, L, Z2, y)[0]
    dW1, db1, dW2, db2 = two_layer_backward(dZ2, Z1, A1, Z2, **arrays, f_vjp=f_vjp)
    dA1 = affine_vjp(dZ2, Z2, A1, arrays["W2"], arrays["b2"])[0]
    (dZ1,) = f_vjp(dA1, A1, Z1)
    named = dict(zip(("z1", "z2", "a1", "a2"), [*Z1[0], *A1[0]], strict=True))
    named |= {"z3": Z2[0, 0], "p": sigmoid(Z2)[0, 0], "L": L, "dz3": dZ2[0, 0]}
    named |= dict(zip(("da1", "da2", "dz1", "dz2"), [*dA1[0], *dZ1[0]], strict=True))
    gradients = dict(zip(PARAMETERS, [*dW1.ravel(), *db1, *dW2.ravel(), *db2], strict=True))
    named |= {f"d{name}": gradient for name, gradient in gradients.items()}
    named |= {f"new_{name}": sheet.given[name] - sheet.given["eta"] * gradient for name, gradient in gradients.items()}
    return {step.name: float(named[step.name]) for step in sheet.steps}


# --- the choice -----------------------------------------------------------------------------------


def check_choice(seed: Any, activation: Any, loss: Any) -> tuple[int, str, str]:
    """Return seed, activation and loss, or raise an error that names what is wrong."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed is {seed!r:.60}, wanted a whole number from 0 to {LARGEST_SEED}")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed is {int(seed)}, wanted a whole number from 0 to {LARGEST_SEED}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r:.60}, wanted one of {', '.join(ACTIVATIONS)}")
    if loss is None:
        loss = default_loss(activation)
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r:.60}, wanted one of {', '.join(LOSSES)}")
    return int(seed), activation, loss


def default_loss(activation: str) -> str:
    """Return the loss that goes with an activation where none is asked for."""
    return "bce" if activation == "sigmoid" else "mse"


def make_sheet(seed: Any, activation: Any = "leaky_relu", loss: Any = None) -> Sheet:
    """Return the worksheet of a seed.

    Parameters
    ----------
    seed : int
        From 0 to 999999. The same seed always gives the same numbers.
    activation : {'leaky_relu', 'relu', 'sigmoid'}
        What the hidden units do.
    loss : {'mse', 'bce'}, optional
        The squared error, or the binary cross-entropy of the logit; by default the cross-entropy with the sigmoid, else
        the squared error.

    Raises
    ------
    ValueError, TypeError
        If there is no such worksheet.
    """
    return _made(*check_choice(seed, activation, loss))


@lru_cache(maxsize=64)
def _made(seed: int, activation: str, loss: str) -> Sheet:
    # Only `random()` of a generator seeded with a text is promised to be the same in every version of Python.
    pick = _Picker(f"{seed} {activation} {loss}")
    for _ in range(50_000):  # the hardest kind takes some hundreds
        hidden = _hidden(pick, activation)
        if not _is_clear(Sheet(seed, activation, loss, hidden)):
            continue
        for _ in range(60):
            sheet = Sheet(seed, activation, loss, hidden | _output(pick, activation, loss, hidden))
            if _is_good(sheet):
                return sheet
    raise RuntimeError(f"no friendly numbers found for seed {seed}, {activation} and {loss}; please report it")


class _Picker:
    """Picks one of several numbers, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._draw = random.Random(seed).random

    def __call__(self, *choices: float) -> float:
        return float(choices[int(self._draw() * len(choices))])


def _hidden(pick: _Picker, activation: str) -> dict[str, float]:
    """Return the inputs and the weights of the hidden units; the biases follow from the places that are wanted."""
    given = {"x1": pick(1, 2, 3, -1, -2), "x2": pick(1, 2, 3, -1, -2)}
    given |= {f"w{source}{unit}": pick(1, 2, -1, -2, 3, -3) for source in (1, 2) for unit in (1, 2)}
    places = _places(pick, activation)
    return given | {f"b{unit}": places[unit - 1] - given["x1"] * given[f"w1{unit}"] - given["x2"] * given[f"w2{unit}"] for unit in (1, 2)}


def _output(pick: _Picker, activation: str, loss: str, hidden: dict[str, float]) -> dict[str, float]:
    given = {name: pick(1, 2, -1, -2, 0.5, -0.5, 1.5, -1.5) for name in ("v1", "v2", "c")}
    given["eta"] = 0.1 if activation != "sigmoid" and loss == "mse" else 0.5
    return given | {"y": _target(pick, activation, loss, hidden | given)}


def _places(pick: _Picker, activation: str) -> tuple[float, float]:
    """Return z1 and z2: one above zero and one below, or two places on the sigmoid."""
    if activation == "sigmoid":
        return pick(1, 1.5, 2, 2.5, 0.5) * pick(1, -1), pick(1, 1.5, 2, 2.5, 0.5) * pick(1, -1)
    above, below = pick(1, 2, 3, 0.5, 1.5), pick(-1, -2, -3)
    return (above, below) if pick(0, 1) else (below, above)


def _target(pick: _Picker, activation: str, loss: str, given: dict[str, float]) -> float:
    if loss == "bce":
        return pick(0, 1)
    if activation == "sigmoid":
        return pick(0, 1, 2, -1)
    z3: float = _forward(Sheet(0, activation, loss, given | {"y": 0.0}))["Z2"].item()
    return round(z3 - pick(0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 2.5, -2.5), DIGITS)


def _is_clear(sheet: Sheet) -> bool:
    """Say whether the hidden units have small numbers, and whether every usual mistake in them shows."""
    given = sheet.given
    if abs(given["x1"]) == abs(given["x2"]) or given["w11"] == given["w12"] or given["w21"] == given["w22"]:
        return False
    if any(not 0 < abs(given[f"b{unit}"]) <= 3 for unit in (1, 2)):
        return False
    return all(_is_telling(sheet, step, given) for step in sheet.steps[:2])


def _is_good(sheet: Sheet) -> bool:
    """Say whether the numbers are short, the loss falls, and every usual mistake shows."""
    worked = work(sheet, {})
    if not (_is_on_table(worked["z3"]) if sheet.loss == "bce" else _is_short(sheet, worked)) or max(map(abs, worked.values())) > 9:
        return False
    values = sheet.given | worked
    if not all(_is_telling(sheet, step, values) for step in sheet.steps):
        return False
    return sheet.new_loss(sheet.answers) < 0.8 * sheet.answers["L"]


def _is_on_table(z: float) -> bool:
    """Say whether z is, nearly, on the table, which has a step of 0.1 and ends at 3."""
    return 0.05 < abs(z) < 3 and abs(z - round(z, 1)) < TOLERANCE / 2


def _is_short(sheet: Sheet, worked: Mapping[str, float]) -> bool:
    """Say whether no number has to be rounded; with the sigmoid all have."""
    if sheet.activation == "sigmoid":
        return True
    digits = {step.name: 3 if step.part == "update" else 2 for step in sheet.steps} | {"z3": 1}
    return all(abs(value - round(value, digits[name])) < 1e-9 for name, value in worked.items())


def _is_telling(sheet: Sheet, step: Step, values: Mapping[str, float]) -> bool:
    """Say whether no usual mistake gives, by accident, the right value."""
    right = evaluate(step.formula, values, sheet.activation)
    if abs(right) < APART or (step.part == "update" and values[step.name.replace("new_", "d")] == 0):
        return sheet.activation == "relu"  # what hangs on a unit that is off is zero, and so are some mistakes
    return all(not abs(evaluate(wrong, values, sheet.activation) - right) < APART for wrong, _ in step.mistakes)
