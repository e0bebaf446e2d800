# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/10_real_classifier.ipynb
# - chapters/10b_speed.ipynb
"""Optimisers: how a gradient changes the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.validation import Array, check_positive, check_shape

__all__ = ["Adam", "GradientDescent"]


def _check_vectors(theta: Array, g: Array) -> None:
    for name, value in (("theta", theta), ("g", g)):
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            raise TypeError(f"{name} is {value!r:.60} ({type(value).__name__}), wanted an array of real floats")
    check_shape("g", g, theta.shape, "one slope for each parameter")
    if g.dtype != theta.dtype:
        raise TypeError(f"theta is {theta.dtype} and g is {g.dtype}, wanted one precision")
    if not theta.flags.writeable:
        raise ValueError("theta is read-only, wanted an array to write into")


class GradientDescent:
    """Steps of one learning rate against the gradient.

    Parameters
    ----------
    learning_rate : float
        Step size, positive.

    Raises
    ------
    ValueError, TypeError
        If `learning_rate` is not a positive finite number.

    Notes
    -----
    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The training loop <sec-real-loop>`.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = check_positive("learning_rate", learning_rate)

    @np.errstate(all="ignore")  # what is not finite is found by the training
    def step(self, theta: Array, g: Array) -> None:
        """Subtract learning_rate * g from theta, in place.

        Parameters
        ----------
        theta : (p,) ndarray
            The parameters, float64 or float32; overwritten.
        g : (p,) ndarray
            The gradient, of the same shape and dtype; not changed.

        Raises
        ------
        ValueError, TypeError
            If the shapes or dtypes differ, or theta cannot be written into.

        Notes
        -----
        Equation `eq-descent-step`.
        """
        _check_vectors(theta, g)
        theta -= self.learning_rate * g


def _decay(name: str, value: Any) -> float:
    numbers = (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise TypeError(f"{name} is {value!r:.60}, wanted a number")
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value}, wanted a number from 0 to below 1")
    return float(value)


class Adam:
    """Steps of Adam: the gradient, averaged and divided by its usual size.

    Parameters
    ----------
    learning_rate : float
        Step size, positive: about the size of one change of a parameter.
    beta1, beta2 : float
        How much of the two averages is kept in each step, from 0 to below 1.
    epsilon : float
        Keeps the divisor away from zero, positive.

    Attributes
    ----------
    t : int
        The number of steps so far.
    m, v : (p,) ndarray or None
        The averages of g and of g**2; None before the first step.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what it should be.

    Notes
    -----
    Equations `def-speed-adam-averages`, `def-speed-adam-step`: Algorithm 1 of
    Kingma and Ba (2015). An object keeps the averages of one network.

    Derived in :doc:`chapter 10b </chapters/10b_speed>`, section :ref:`The optimiser: Adam <sec-speed-adam>`.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.learning_rate = check_positive("learning_rate", learning_rate)
        self.beta1, self.beta2 = _decay("beta1", beta1), _decay("beta2", beta2)
        self.epsilon = check_positive("epsilon", epsilon)
        self.t = 0
        self.m: Any = None
        self.v: Any = None

    def _begin(self, theta: Array, g: Array) -> None:
        _check_vectors(theta, g)
        if self.m is None:
            self.m, self.v = np.zeros_like(theta), np.zeros_like(theta)
        why = "as in the first step; another network needs an Adam of its own"
        check_shape("theta", theta, self.m.shape, why)
        if theta.dtype != self.m.dtype:
            raise TypeError(f"theta is {theta.dtype}, wanted {self.m.dtype}: {why}")

    @np.errstate(all="ignore")  # what is not finite is found by the training
    def step(self, theta: Array, g: Array) -> None:
        """Write the next parameters into theta.

        Parameters
        ----------
        theta : (p,) ndarray
            The parameters, float64 or float32; overwritten.
        g : (p,) ndarray
            The gradient, of the same shape and dtype; not changed.

        Raises
        ------
        ValueError, TypeError
            If the shapes or dtypes differ from each other or from those of the
            first step, or theta cannot be written into.

        Notes
        -----
        Equations `def-speed-adam-averages`, `def-speed-adam-step`.
        """
        self._begin(theta, g)
        self.t += 1
        self.m *= self.beta1
        self.m += (1 - self.beta1) * g
        self.v *= self.beta2
        self.v += (1 - self.beta2) * g**2
        m_part, v_part = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        size = np.sqrt(self.v / v_part) + self.epsilon
        theta -= self.learning_rate / m_part * self.m / size
