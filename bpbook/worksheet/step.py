"""One step of a worksheet: a formula that can be worked out, and the formulas of its usual mistakes."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

SLOPES = {"leaky_relu": 0.1, "relu": 0.0}  # below zero
OTHER = {1: 2, 2: 1}
FUNCTIONS = ("f", "slope", "sigmoid", "log")


@dataclass(frozen=True)
class Step:
    """One number to be worked out.

    Attributes
    ----------
    name : str
        What it is called on the sheet and in the notebook cell.
    part : {'forward', 'backward', 'update'}
        Where it stands on the sheet.
    formula : str
        A Python expression in the given numbers and earlier steps.
    rule : str
        Key of the rule in the box.
    mistakes : tuple of (str, str)
        The formulas of usual mistakes, each with the sentence that a learner needs.
    """

    name: str
    part: str
    formula: str
    rule: str
    mistakes: tuple[tuple[str, str], ...]

    @property
    def needs(self) -> list[str]:
        """Name what the step is worked out from, each once, in the order of the formula."""
        found = [node for node in ast.walk(ast.parse(self.formula, mode="eval")) if isinstance(node, ast.Name)]
        found.sort(key=lambda node: node.col_offset)
        return list(dict.fromkeys(node.id for node in found if node.id not in FUNCTIONS))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


@lru_cache(maxsize=2000)
def _compiled(formula: str) -> CodeType:
    return compile(formula, "<worksheet>", "eval")


@lru_cache
def _functions(activation: str) -> dict[str, Any]:
    below = SLOPES.get(activation, 0.0)
    return {
        "f": _sigmoid if activation == "sigmoid" else lambda z: z if z > 0 else below * z,
        "slope": lambda z: 1.0 if z > 0 else below,
        "sigmoid": _sigmoid,
        "log": math.log,
    }


def evaluate(formula: str, values: Mapping[str, float], activation: str) -> float:
    """Return what a formula gives for these numbers; NaN where it has no value."""
    try:
        return float(eval(_compiled(formula), {"__builtins__": {}}, _functions(activation) | dict(values)))
    except (ValueError, OverflowError):  # the logarithm of what an entry has made negative, or too large
        return math.nan
