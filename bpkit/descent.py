# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/02_gradient_descent.ipynb
"""Gradient descent on a vector of parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpkit.validation import Array, NotFiniteError, as_floats, check_shape

__all__ = ["DivergedError", "History", "gradient_descent"]


@dataclass(frozen=True)
class History:
    """What happened on the way down: one entry for each point of the path.

    Attributes
    ----------
    losses : (k + 1,) ndarray
        The loss at each point of the path.
    gradient_norms : (k + 1,) ndarray
        The Euclidean length of the gradient at each point.
    path : (k + 1, ...) ndarray
        The parameters at each point.

    Notes
    -----
    Derived in :doc:`chapter 2 </chapters/02_gradient_descent>`, section :ref:`The code <sec-descent-code>`.
    """

    losses: Array
    gradient_norms: Array
    path: Array


class DivergedError(NotFiniteError):
    """The loss or the gradient is not finite; `history` holds the way there.

    Notes
    -----
    Derived in :doc:`chapter 2 </chapters/02_gradient_descent>`, section :ref:`The code <sec-descent-code>`.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> Any:  # to send it from one process to another
        return type(self), (*self.args, self.history)


def _check_start(loss_and_gradient: Any, parameters: Any, learning_rate: float, steps: int, tolerance: float) -> Array:
    if not callable(loss_and_gradient):
        raise TypeError(f"loss_and_gradient is {loss_and_gradient!r:.60}, wanted a function of the parameters")
    whole = isinstance(steps, (int, np.integer)) and not isinstance(steps, bool)
    if not whole or steps < 0:
        raise ValueError(f"steps is {steps!r}, wanted an integer, 0 or more")
    for name, value, low in (("learning_rate", learning_rate, "above 0"), ("tolerance", tolerance, "0 or more")):
        numbers = (int, float, np.integer, np.floating)
        if isinstance(value, bool) or not isinstance(value, numbers):
            raise TypeError(f"{name} is {value!r:.60}, wanted a number")
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            value = np.inf if value > 0 else -np.inf  # no float can hold it
        if not 0 <= value < np.inf or (name == "learning_rate" and value == 0):
            raise ValueError(f"{name} is {value}, wanted a finite number {low}")
    return np.array(_real("parameters", *as_floats(parameters=parameters)))


def _real(name: str, value: Any) -> Any:
    if value.dtype.kind == "c":
        raise TypeError(f"{name} has dtype {value.dtype}, wanted real numbers: a complex number is neither small nor large")
    return value


def _length(gradient: Array) -> Any:
    largest = np.abs(gradient).max(initial=0)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * np.sqrt(((gradient / largest) ** 2).sum())


def _evaluate(loss_and_gradient: Callable[[Array], tuple[Any, Array]], position: Array) -> tuple[Any, Array, Any]:
    # A copy: whoever writes into it does not change the path.
    answer = loss_and_gradient(position.copy())
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise TypeError(f"loss_and_gradient returned {answer!r:.60}, wanted two values: the loss and the gradient")
    (loss,) = as_floats(loss=answer[0])
    _, gradient = as_floats(parameters=position, gradient=answer[1])
    check_shape("loss", _real("loss", loss), (), "the loss is a scalar")
    check_shape("gradient", _real("gradient", gradient), position.shape, "one entry for each parameter")
    loss, norm = position.dtype.type(loss), _length(gradient)
    if not (np.isfinite(loss) and np.isfinite(norm)):
        raise NotFiniteError(f"the loss is {loss}, the gradient has length {norm}")
    return loss, gradient, norm


def _history(visited: list[tuple[Any, Any, Array]], start: Array) -> History:
    losses, norms = (np.array([point[i] for point in visited], start.dtype) for i in (0, 1))
    path = np.array([point[2] for point in visited], start.dtype)
    return History(losses, norms, path.reshape(len(visited), *start.shape))


def _diverged(step: int, learning_rate: float, history: History) -> DivergedError:
    advice = "look at the start and at the data"
    if step:
        advice = f"try a learning_rate below {learning_rate}"
    reason = f"the loss or the gradient is not finite after {step} steps"
    return DivergedError(f"{reason}: {advice}", history)


@np.errstate(all="ignore")  # what is not finite stops the walk with an error
def gradient_descent(
    loss_and_gradient: Callable[[Array], tuple[Any, Array]], parameters: Array, learning_rate: float, steps: int, tolerance: float = 0.0
) -> tuple[Array, History]:
    """Walk downhill: parameters - learning_rate * gradient, again and again.

    Parameters
    ----------
    loss_and_gradient : callable
        Takes the parameters, returns the loss (a scalar) and its gradient (the
        shape and dtype of the parameters).
    parameters : ndarray
        Where to start, any shape; not changed.
    learning_rate : float
        Step size, positive.
    steps : int
        Number of steps at most.
    tolerance : float, optional
        Stop when the length of the gradient is at most this.

    Returns
    -------
    parameters : ndarray
        Where the walk ended, in the dtype of the start.
    history : History
        Losses, gradient norms and the path, the start included.

    Raises
    ------
    DivergedError
        If the loss or the gradient is no longer finite; its `history` holds the
        way there.
    ValueError, TypeError
        If an argument is out of range, or the loss or the gradient has not the
        shape or dtype it should have.

    Notes
    -----
    Equation `eq-descent-step`; Cauchy (1847).

    Derived in :doc:`chapter 2 </chapters/02_gradient_descent>`, section :ref:`The walk <sec-descent-walk>`.
    """
    position = _check_start(loss_and_gradient, parameters, learning_rate, steps, tolerance)
    visited: list[tuple[Any, Any, Array]] = []
    for step in range(steps + 1):
        try:
            loss, gradient, norm = _evaluate(loss_and_gradient, position)
        except NotFiniteError as error:
            history = _history(visited, position)
            raise _diverged(step, learning_rate, history) from error
        visited.append((loss, norm, position))
        if norm <= tolerance or step == steps:
            break
        position = position - float(learning_rate) * gradient
    return position, _history(visited, position)
