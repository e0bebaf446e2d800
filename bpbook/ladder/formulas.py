"""The formulas of the operations, and their derivatives as bpkit states them.

The arguments are SymPy symbols, or object arrays of them where the formula is about whole arguments;
SymPy is imported only when a formula is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bpbook.ladder.operation import Operation

DIGITS = 700


def by_sympy(*arguments: Any) -> Any:
    """Stand in the table where SymPy differentiates a formula about whole arguments by itself."""
    raise NotImplementedError("there is no stated derivative: use exact_whole")


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


def exact_whole(operation: Operation, point: tuple[Any, ...], dY: Any) -> tuple[Any, list[Any]]:
    """Return the value of a formula about whole arguments, and the gradients of sum(dY * value) that SymPy derives.

    Parameters
    ----------
    operation : Operation
        A row with `whole`.
    point : tuple of array_like
        The arguments.
    dY : ndarray
        Gradient for the value, of its shape.

    Returns
    -------
    value : ndarray
        Float64, computed with many digits.
    gradients : list of (ndarray or None)
        One for each argument, None where the table has no derivative.
    """
    from sympy import Rational, diff

    arrays = [np.asarray(array) for array in point]
    symbols = [_symbols(name, array) for name, array in zip(operation.arguments, arrays, strict=True)]
    fixed = [derivative is None for derivative in operation.derivatives]
    arguments = [_exactly(array) if fix else names for fix, array, names in zip(fixed, arrays, symbols, strict=True)]
    value = np.asarray(operation.formula(*arguments, **operation.options), dtype=object)
    total = sum(Rational(float(weight)) * entry for weight, entry in zip(np.ravel(dY), value.ravel(), strict=True))
    names = {
        name: number
        for array, table in zip(arrays, symbols, strict=True)
        for name, number in zip(table.ravel(), array.ravel(), strict=True)
    }
    slopes = [
        None if fix else _evaluate(np.array([diff(total, name) for name in table.ravel()], object).reshape(table.shape), names)
        for fix, table in zip(fixed, symbols, strict=True)
    ]
    return _evaluate(value, names), slopes


def _exactly(array: Any) -> Any:
    """Return integers as they are, and floats as fractions: SymPy would round them to its own precision."""
    from sympy import Rational

    return array if array.dtype.kind in "iu" else np.vectorize(lambda number: Rational(float(number)), otypes=[object])(array)


def _symbols(name: str, array: Any) -> Any:
    from sympy import Symbol

    table = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        table[index] = Symbol(f"{name}_{'_'.join(map(str, index))}", real=True)
    return table


def _evaluate(expressions: Any, names: dict[Any, Any]) -> Any:
    from mpmath import mp
    from sympy import lambdify

    with mp.workdps(DIGITS):
        numbers = lambdify(list(names), list(expressions.ravel()), "mpmath")(*(mp.mpf(float(number)) for number in names.values()))
        return np.array([float(number) for number in numbers]).reshape(expressions.shape)
