"""The scalar formulas of the operations, and their derivatives as bpkit states them.

The arguments are SymPy symbols; SymPy is imported only when a formula is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpbook.ladder.operations import Operation

DIGITS = 700


def affine(X: Any, W: Any, b: Any) -> Any:
    """Return x w + b."""
    return X * W + b


AFFINE_DERIVATIVES = (lambda X, W, b: W, lambda X, W, b: X, lambda X, W, b: 1)


def mse(y_hat: Any, y: Any) -> Any:
    """Return the square of the residual: the mean over one entry."""
    return (y_hat - y) ** 2


MSE_DERIVATIVES = (lambda y_hat, y: 2 * (y_hat - y), lambda y_hat, y: -2 * (y_hat - y))


def sigmoid(Z: Any) -> Any:
    """Return 1 / (1 + exp(-z))."""
    from sympy import exp

    return 1 / (1 + exp(-Z))


SIGMOID_DERIVATIVES = (lambda Z: sigmoid(Z) * (1 - sigmoid(Z)),)


def bce_logits(Z: Any, y: Any) -> Any:
    """Return -y log p - (1 - y) log(1 - p) with p = sigmoid(z): the definition, not the stable form."""
    from sympy import log

    return -y * log(sigmoid(Z)) - (1 - y) * log(1 - sigmoid(Z))


BCE_DERIVATIVES = (lambda Z, y: sigmoid(Z) - y, None)


@cache
def unproved(operation: Operation) -> list[str]:
    """Return the arguments whose stated derivative SymPy does not find equal to the true one."""
    from sympy import diff, simplify, symbols

    names = [symbols(name, real=True) for name in operation.arguments]
    stated = zip(names, operation.derivatives, strict=True)
    formula = operation.formula(*names)
    return [str(name) for name, derivative in stated if derivative and simplify(diff(formula, name) - derivative(*names)) != 0]


@cache
def exact(operation: Operation, point: tuple[float, ...]) -> tuple[float, list[float | None]]:
    """Return the value and the derivatives of the formula at a point, computed with many digits.

    So many, because the definition of the cross-entropy cancels: 1 - sigmoid(700) is 1e-304.
    """
    from mpmath import mp
    from sympy import lambdify, symbols

    names = [symbols(name, real=True) for name in operation.arguments]

    def evaluate(expression: Any) -> float:
        with mp.workdps(DIGITS):
            return float(lambdify(names, expression, "mpmath")(*map(mp.mpf, point)))

    slopes = [None if derivative is None else evaluate(derivative(*names)) for derivative in operation.derivatives]
    return evaluate(operation.formula(*names)), slopes
