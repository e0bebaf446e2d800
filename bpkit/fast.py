# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/10b_speed.ipynb
"""A network as a list of calls on fixed arrays: the same numbers in less time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite, sqrt
from typing import Any

import numpy as np

from bpkit.activations import leaky_relu, leaky_relu_vjp, relu, relu_vjp, sigmoid, sigmoid_vjp, tanh, tanh_vjp
from bpkit.layers import Affine, Layer, Loss
from bpkit.losses import bce_logits, bce_logits_vjp, cross_entropy_logits, cross_entropy_logits_vjp, mse, mse_vjp
from bpkit.network import Sequential
from bpkit.optimisers import Adam
from bpkit.validation import Array, check_finite, check_shape, check_whole

__all__ = ["FastAdam", "FastNetwork"]


_Calls = list[Callable[[], Any]]


def _number(value: float, like: Array) -> Any:
    # NumPy is quicker with an array of shape () than with a Python number.
    return np.array(value, like.dtype)


def _positive_calls(Z: Array) -> _Calls:
    # Into Z: 1 where it was positive, 0 elsewhere.
    positive = np.empty(Z.shape, bool)
    return [
        partial(np.greater, Z, _number(0, Z), positive),
        partial(np.copyto, Z, positive),
    ]


def _relu_calls(Z: Array, A: Array, dA: Array) -> tuple[_Calls, _Calls]:
    forward: _Calls = [partial(np.maximum, Z, np.zeros_like(Z), out=A)]
    return forward, [*_positive_calls(Z), partial(np.multiply, dA, Z, dA)]


def _leaky_relu_calls(Z: Array, A: Array, dA: Array, slope: float = 0.01) -> tuple[_Calls, _Calls]:
    slopes = np.full_like(Z, slope)
    forward: _Calls = [
        partial(np.multiply, Z, slopes, A),
        partial(np.maximum, Z, A, out=A),
    ]
    backward: _Calls = [
        *_positive_calls(Z),
        partial(np.maximum, Z, slopes, out=Z),
        partial(np.multiply, dA, Z, dA),
    ]
    return forward, backward


def _tanh_calls(Z: Array, A: Array, dA: Array) -> tuple[_Calls, _Calls]:
    forward: _Calls = [partial(np.tanh, Z, A)]
    backward: _Calls = [
        partial(np.multiply, A, A, Z),
        partial(np.subtract, _number(1, Z), Z, Z),
        partial(np.multiply, dA, Z, dA),
    ]
    return forward, backward


def _sigmoid_calls(Z: Array, A: Array, dA: Array) -> tuple[_Calls, _Calls]:
    half = _number(0.5, Z)
    forward: _Calls = [
        partial(np.multiply, Z, half, Z),
        partial(np.tanh, Z, A),
        partial(np.multiply, A, half, A),
        partial(np.add, A, half, A),
    ]
    backward: _Calls = [
        partial(np.subtract, _number(1, Z), A, Z),
        partial(np.multiply, A, Z, Z),
        partial(np.multiply, dA, Z, dA),
    ]
    return forward, backward


_ACTIVATION_CALLS: dict[Any, Callable[..., tuple[_Calls, _Calls]]] = {
    (relu, relu_vjp): _relu_calls,
    (leaky_relu, leaky_relu_vjp): _leaky_relu_calls,
    (tanh, tanh_vjp): _tanh_calls,
    (sigmoid, sigmoid_vjp): _sigmoid_calls,
}


class _LossCalls:
    # `targets` writes y where the calls find it; `backward` leaves dZ.
    forward: _Calls
    backward: _Calls

    def targets(self, y: Array) -> None:
        raise NotImplementedError

    def value(self) -> float:
        raise NotImplementedError


class _MseCalls(_LossCalls):
    def __init__(self, Z: Array, dZ: Array) -> None:
        self.Y, self.errors = np.empty_like(Z), dZ.reshape(-1)
        self.forward = [partial(np.subtract, Z, self.Y, dZ)]
        self.backward = [partial(np.multiply, dZ, _number(2 / Z.size, Z), dZ)]

    def targets(self, y: Array) -> None:
        check_shape("y", y, self.Y.shape, "one target for each output")
        dtype = np.dtype(float) if y.dtype.kind in "iub" else y.dtype
        if dtype != self.Y.dtype:
            both = f"y is {y.dtype} and the network is {self.Y.dtype}"
            raise TypeError(f"{both}, wanted one precision; use .astype")
        np.copyto(self.Y, y)

    def value(self) -> float:
        return float(self.errors.dot(self.errors)) / self.errors.size


class _BceCalls(_LossCalls):
    def __init__(self, Z: Array, dZ: Array) -> None:
        self.signs, self.dZ, losses = np.empty_like(Z), dZ, np.empty_like(Z)
        self.each, self.ones = losses.reshape(-1), np.ones(Z.size, Z.dtype)
        self.one, self.minus_two = _number(1, Z), _number(-2, Z)
        self.forward = [
            partial(np.multiply, Z, self.signs, Z),
            partial(np.logaddexp, Z, _number(0, Z), losses),
        ]
        self.backward = [
            partial(np.subtract, Z, losses, dZ),
            partial(np.exp, dZ, dZ),
            partial(np.multiply, dZ, self.signs, dZ),
            partial(np.divide, dZ, _number(Z.size, Z), dZ),
        ]

    def targets(self, y: Array) -> None:
        check_shape("y", y, self.signs.shape, "one label for each logit")
        if y.dtype.kind not in "biuf":
            raise TypeError(f"y has dtype {y.dtype}, wanted the labels 0 and 1")
        np.multiply(y, self.minus_two, self.signs, casting="same_kind")
        np.add(self.signs, self.one, self.signs)  # +1 for label 0, -1 for 1
        np.multiply(self.signs, self.signs, self.dZ)
        if not (self.dZ == self.one).all():
            wrong = np.extract((y != 0) & (y != 1), y)[0]
            raise ValueError(f"y holds the label {wrong}, wanted only 0 and 1")

    def value(self) -> float:
        return float(self.each.dot(self.ones)) / self.each.size


class _CrossEntropyCalls(_LossCalls):
    def __init__(self, Z: Array, dZ: Array) -> None:
        n, k = Z.shape
        self.Y, self.rows = np.empty_like(Z), np.eye(k, dtype=Z.dtype)
        total, ones = np.empty((n, 1), Z.dtype), np.ones((k, 1), Z.dtype)
        self.logs, self.ones = np.empty(n, Z.dtype), np.ones(n, Z.dtype)
        self.shifted, self.label = Z.reshape(-1), self.Y.reshape(-1)
        self.forward = [
            partial(np.maximum.reduce, Z, 1, None, total, True),
            partial(np.subtract, Z, total, Z),
            partial(np.exp, Z, dZ),
            partial(np.dot, dZ, ones, total),  # the sum of each row
            partial(np.log, total.reshape(-1), self.logs),
        ]
        self.backward = [
            partial(np.divide, dZ, total, dZ),
            partial(np.subtract, dZ, self.Y, dZ),
            partial(np.divide, dZ, _number(n, Z), dZ),
        ]

    def targets(self, y: Array) -> None:
        check_shape("y", y, self.ones.shape, "a class for each row of X")
        if y.dtype.kind not in "iu":
            raise TypeError(f"y has dtype {y.dtype}, wanted integers: class numbers")
        k = len(self.rows)
        if y.min() < 0 or y.max() >= k:
            wrong = np.extract((y < 0) | (y >= k), y)[0]
            raise ValueError(f"y holds the label {wrong}, wanted 0 to {k - 1}")
        self.rows.take(y, 0, self.Y, "clip")

    def value(self) -> float:
        chosen = float(self.label.dot(self.shifted))
        return (float(self.logs.dot(self.ones)) - chosen) / self.ones.size


_LOSS_CALLS: dict[Any, Callable[[Array, Array], _LossCalls]] = {
    (mse, mse_vjp): _MseCalls,
    (bce_logits, bce_logits_vjp): _BceCalls,
    (cross_entropy_logits, cross_entropy_logits_vjp): _CrossEntropyCalls,
}


def _with_bias(vector: Array, layers: tuple[Any, ...]) -> list[Array]:
    # b follows W in the vector, so [W; b] is one matrix: a view, no copy.
    views, start = [], 0
    for layer in layers:
        d, h = layer.parameters["W"].shape
        stop = start + (d + 1) * h
        views.append(vector[start:stop].reshape(d + 1, h))
        start = stop
    return views


def _checked_optimiser(optimiser: Any) -> Any:
    has_step = callable(getattr(optimiser, "step", None))
    if optimiser is not None and (isinstance(optimiser, type) or not has_step):
        wanted = "wanted an object with step(theta, g), such as FastAdam()"
        raise TypeError(f"optimiser is {optimiser!r:.60}, {wanted}")
    return optimiser


def _names(table: dict[Any, Any]) -> str:
    return ", ".join(f.__name__ for f, _ in table)


def _check_layer(layer: Any, place: int, last: bool) -> None:
    # Affine, activation, Affine, ...; a subclass may do anything.
    known = type(layer) is Layer and (layer.f, layer.f_vjp) in _ACTIVATION_CALLS
    if type(layer) is not Affine if place % 2 == 0 else last or not known:
        where = f"network has {layer.name} in place {place + 1}"
        functions = f"one of {_names(_ACTIVATION_CALLS)} (with its own VJP)"
        raise ValueError(f"{where}, wanted Affine layers with {functions} between them")


def _check_parts(network: Any) -> str:
    if not isinstance(network, Sequential):
        raise TypeError(f"network is {network!r:.60}, wanted a Sequential")
    for place, layer in enumerate(network.layers):
        _check_layer(layer, place, last=layer is network.layers[-1])
    loss = network.loss_layer
    key = (loss.f, loss.f_vjp) if type(loss) is Loss and not loss.options else None
    if key not in _LOSS_CALLS:
        name = "None" if loss is None else f"{type(loss).__name__} {loss.f.__name__}"
        wanted = f"wanted a Loss of {_names(_LOSS_CALLS)}, with its own VJP"
        raise ValueError(f"network has the loss {name}, {wanted}")
    return str(key[0].__name__) if key else ""


def _parts(Wb: Array) -> tuple[Array, Array]:
    return Wb[:-1], Wb[-1]


class _Plan:
    # All calls of a step, for batches of n rows.
    def __init__(self, network: Sequential, n: int) -> None:
        affine = network.layers[::2]
        Wb, dWb = _with_bias(network.theta, affine), _with_bias(network.g, affine)
        (self.W, self.b), (self.dW, self.db) = _parts(Wb[0]), _parts(dWb[0])
        self.ones = np.ones(n, network.theta.dtype)
        self.forward_calls: _Calls = []
        self.backward_calls: _Calls = []
        self.Z = np.empty((n, self.W.shape[1]), self.W.dtype)
        self.dZ = np.empty_like(self.Z)
        Z, dZ = self.Z, self.dZ
        after = zip(network.layers[1::2], Wb[1:], dWb[1:], strict=True)
        for activation, *weights in after:
            Z, dZ = self._add(Z, dZ, activation, *weights)
        loss: Any = network.loss_layer
        self.loss = _LOSS_CALLS[loss.f, loss.f_vjp](Z, dZ)
        self.forward_calls += self.loss.forward
        self.backward_calls = self.loss.backward + self.backward_calls

    def _add(self, Z: Array, dZ: Array, layer: Any, Wb: Array, dWb: Array) -> tuple[Array, Array]:
        # An activation and the affine layer after it; dZ holds dA first.
        A1 = np.ones((len(Z), len(Wb)), Z.dtype)  # [A 1]
        calls = _ACTIVATION_CALLS[layer.f, layer.f_vjp]
        forward, backward = calls(Z, A1[:, :-1], dZ, **layer.options)
        Y = np.empty((len(Z), Wb.shape[1]), Z.dtype)
        dY = np.empty_like(Y)
        self.forward_calls += [*forward, partial(np.dot, A1, Wb, Y)]
        to_weights = partial(np.dot, A1.T, dY, dWb)
        to_inputs = partial(np.dot, dY, Wb[:-1].T, dZ)
        before: _Calls = [to_weights, to_inputs, *backward]
        self.backward_calls = before + self.backward_calls
        return Y, dY

    def forward(self, X: Array, y: Array) -> float:
        self.loss.targets(y)
        np.dot(X, self.W, self.Z)
        np.add(self.Z, self.b, self.Z)
        for call in self.forward_calls:
            call()
        return self.loss.value()

    def backward(self, X: Array) -> None:
        for call in self.backward_calls:
            call()
        np.dot(X.T, self.dZ, self.dW)
        np.dot(self.ones, self.dZ, self.db)


_PLAIN = (np.ndarray, np.memmap)  # others, such as masked arrays, mean more


class FastNetwork:
    """A network of affine layers whose step is a list of calls on fixed arrays.

    It shares `theta` and `g` with the network that it is made from: what one of
    them trains, the other has learned. The numbers are the same up to rounding.

    Parameters
    ----------
    network : Sequential
        Affine layers with sigmoid, tanh, relu or leaky_relu between them, and
        mse, bce_logits or cross_entropy_logits as the loss.
    batch_size : int
        The largest number of rows in a batch, 1 or more. Smaller batches may
        come, such as the last one of an epoch.
    optimiser : optional
        Anything with `step(theta, g)`; only `step` needs it.

    Attributes
    ----------
    network : Sequential
        The network that was given.
    theta, g : (p,) ndarray
        Its vectors.

    Raises
    ------
    ValueError, TypeError
        If there is a layer or a loss that has no fast calls here, or another
        argument is not what it should be.

    Notes
    -----
    Equations `eq-speed-ones-forward`, `eq-speed-ones-backward`,
    `eq-speed-signs`, `eq-speed-signs-slope`.

    Derived in :doc:`chapter 10b </chapters/10b_speed>`, section :ref:`The fast network <sec-speed-network>`.
    """

    def __init__(self, network: Sequential, batch_size: int, optimiser: Any = None) -> None:
        self._loss_name = _check_parts(network)
        self.network, self.optimiser = network, _checked_optimiser(optimiser)
        self.batch_size = check_whole("batch_size", batch_size, 1)
        self.theta, self.g = network.theta, network.g
        self._plans: dict[tuple[int, ...], _Plan] = {}

    def __reduce__(self) -> Any:  # a copy makes plans for arrays of its own
        return type(self), (self.network, self.batch_size, self.optimiser)

    def _plan(self, X: Array, y: Array) -> _Plan:
        if type(X) not in _PLAIN or type(y) not in _PLAIN:
            name, value = ("y", y) if type(X) in _PLAIN else ("X", X)
            kind = type(value).__name__
            raise TypeError(f"{name} is {value!r:.60} ({kind}), wanted a plain array")
        if X.dtype != self.theta.dtype:
            both = f"X is {X.dtype} and the network is {self.theta.dtype}"
            raise TypeError(f"{both}, wanted one precision; use .astype")
        return self._plans.get(X.shape) or self._new_plan(X)

    def _new_plan(self, X: Array) -> _Plan:
        d = len(self.network.layers[0].parameters["W"])
        if X.shape[1:] != (d,) or not 1 <= len(X) <= self.batch_size:
            wanted = f"wanted (n, {d}) with n from 1 to {self.batch_size}"
            raise ValueError(f"X has shape {X.shape}, {wanted}")
        return self._plans.setdefault(X.shape, _Plan(self.network, len(X)))

    def _forward(self, X: Array, y: Array) -> tuple[_Plan, float]:
        plan = self._plan(X, y)
        L = plan.forward(X, y)
        if not isfinite(L):
            check_finite(self._loss_name, L)
        return plan, L

    @np.errstate(all="ignore")  # a loss that is not finite is refused
    def loss(self, X: Array, y: Array) -> float:
        """Return the loss of the network on X against y, without a gradient."""
        return self._forward(X, y)[1]

    @np.errstate(all="ignore")  # a loss that is not finite is refused
    def loss_and_gradient(self, X: Array, y: Array) -> tuple[float, Array]:
        """Return the loss and `g`, the vector of the network: copy it to keep it.

        Parameters
        ----------
        X : (n, d) ndarray
            The inputs, in the precision of the network.
        y : ndarray
            The targets: (n,) class numbers for cross_entropy_logits, else in
            the shape of the outputs.

        Returns
        -------
        tuple
            L, a Python float, and g.

        Raises
        ------
        ValueError, TypeError
            If the shapes or dtypes do not fit, or a label is not one.
        NotFiniteError
            If the loss is NaN or infinite.
        """
        plan, L = self._forward(X, y)
        plan.backward(X)
        return L, self.g

    def step(self, X: Array, y: Array) -> float:
        """Return the loss, after one step of the optimiser on X and y."""
        if self.optimiser is None:
            wanted = "wanted FastNetwork(..., optimiser=FastAdam())"
            raise RuntimeError(f"there is no optimiser, {wanted}")
        L, g = self.loss_and_gradient(X, y)
        self.optimiser.step(self.theta, g)
        return L


class FastAdam(Adam):
    """Adam as a list of calls on fixed arrays: the same steps up to rounding.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon : float
        As for `Adam`.

    Attributes
    ----------
    t : int
        The number of steps so far.
    m, v : (p,) ndarray or None
        The averages of `Adam`, divided by 1 - beta1 and by 1 - beta2.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what it should be.

    Notes
    -----
    Equations `eq-speed-adam-sum`, `eq-speed-adam-scaled`. Long vectors are
    worked on in blocks, which fit into the fast memory of a processor. v is up
    to 1000 times as large as in `Adam`: in float32, entries of g should stay
    below 1e17. beta1 and beta2 cannot change after the first step.

    Derived in :doc:`chapter 10b </chapters/10b_speed>`, section :ref:`A fast Adam <sec-speed-fast-adam>`.
    """

    block = 65536
    _vectors: tuple[Any, Any] = (None, None)
    _betas: tuple[float, float] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # The calls hold views of arrays that a copy of the object does not share.
        bound = ("_vectors", "_calls", "_rate", "_tiny")
        return {k: value for k, value in self.__dict__.items() if k not in bound}

    def _prepare(self, theta: Array, g: Array) -> None:
        self._begin(theta, g)
        betas = (self.beta1, self.beta2)
        if self._betas not in (None, betas):
            wanted = f"wanted {self._betas} as in the first step: m and v are scaled by them"
            raise ValueError(f"beta1 and beta2 are {betas}, {wanted}")
        self._betas = betas
        self._vectors, self._calls = (theta, g), []
        self._rate, self._tiny = np.empty((2, 1), theta.dtype)
        room = np.empty(self.block, theta.dtype)
        for start in range(0, theta.size, self.block):
            part = slice(start, start + self.block)
            arrays = [array[part] for array in (theta, g, self.m, self.v)]
            self._calls += self._block_calls(room[: arrays[0].size], *arrays)

    def _block_calls(self, room: Array, *arrays: Array) -> _Calls:
        theta, g, m, v = arrays
        return [
            partial(np.multiply, m, _number(self.beta1, m), m),
            partial(np.add, m, g, m),
            partial(np.multiply, v, _number(self.beta2, v), v),
            partial(np.multiply, g, g, room),
            partial(np.add, v, room, v),
            partial(np.sqrt, v, room),
            partial(np.add, room, self._tiny, room),
            partial(np.divide, m, room, room),
            partial(np.multiply, room, self._rate, room),
            partial(np.subtract, theta, room, theta),
        ]

    @np.errstate(all="ignore")  # what is not finite is found by the training
    def step(self, theta: Array, g: Array) -> None:
        """Write the next parameters into theta, see `Adam.step`."""
        same = theta is self._vectors[0] and g is self._vectors[1]
        if not same or (self.beta1, self.beta2) != self._betas:
            self._prepare(theta, g)
        self.t += 1
        m_part, v_part = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        root = sqrt((1 - self.beta2) / v_part)
        self._rate[0] = self.learning_rate * (1 - self.beta1) / m_part / root
        self._tiny[0] = self.epsilon / root
        for call in self._calls:
            call()
