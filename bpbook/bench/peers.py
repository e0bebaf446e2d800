"""What a reader would otherwise use: each makes one step of Adam on the same network, in float32.

A maker takes a Net and returns a Peer, or raises ImportError where the package is not installed, or
NotImplementedError where it cannot do this network. Packages are imported inside the makers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bpbook.bench.nets import Net


@dataclass
class Peer:
    """A program that trains: `step()` returns the loss before the step, `parameters()` arrays in the order W, b, W, b."""

    step: Callable[[], float]
    parameters: Callable[[], list[Any]]
    forward: Callable[[], Any] | None = None
    gradient: Callable[[], Any] | None = None
    steps_at_once: int = 1
    timed: Callable[[], float] | None = None  # what is timed instead of `step`, and how many steps it makes
    timed_steps: int = 1
    plain_epsilon: bool = False  # Adam adds epsilon to the square root of v itself, not of v with its bias corrected


def torch(net: Net) -> Peer:
    """Return PyTorch, eager, with its fused Adam."""
    import torch as pt

    activation = {"relu": pt.nn.ReLU, "tanh": pt.nn.Tanh}[net.activation]
    criterion = {"cross_entropy": pt.nn.CrossEntropyLoss, "bce": pt.nn.BCEWithLogitsLoss}[net.loss]()
    layers = [layer for d, h in pairwise(net.sizes) for layer in (pt.nn.Linear(d, h), activation())]
    model = pt.nn.Sequential(*layers[:-1])
    with pt.no_grad():
        for parameter, value in zip(model.parameters(), net.start(), strict=True):
            parameter.copy_(pt.tensor(value.T))
    optimiser = pt.optim.Adam(model.parameters(), lr=net.learning_rate, fused=True)
    X, y = map(pt.tensor, net.data())

    def step() -> float:
        optimiser.zero_grad()
        L = criterion(model(X), y)
        L.backward()
        optimiser.step()
        return float(L.item())

    return Peer(step, lambda: [value.detach().numpy().T for value in model.parameters()])


def _jax_step(net: Net) -> Any:
    """Return a function from (parameters, m, v, t, X, y) to the same after one step, and the loss."""
    import jax
    import jax.numpy as jnp

    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}[net.activation]

    def loss(parameters: Any, X: Any, y: Any) -> Any:
        *hidden, (W, b) = zip(parameters[::2], parameters[1::2], strict=True)
        for V, c in hidden:
            X = activation(X @ V + c)
        Z = X @ W + b
        if net.loss == "bce":
            return jnp.mean(jnp.logaddexp(0, Z) - y * Z)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], 1))

    def step(parameters: Any, m: Any, v: Any, t: Any, X: Any, y: Any) -> Any:
        L, g = jax.value_and_grad(loss)(parameters, X, y)
        t, each = t + 1, jax.tree_util.tree_map
        m = each(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = each(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate, share = net.learning_rate / (1 - 0.9**t), 1 - 0.999**t
        parameters = each(lambda p, m, v: p - rate * m / (jnp.sqrt(v / share) + 1e-8), parameters, m, v)
        return parameters, m, v, t, L

    return step


def _jax_state(net: Net) -> list[Any]:
    import jax.numpy as jnp

    zeros = [[jnp.zeros_like(value) for value in net.start()] for _ in range(2)]
    return [[jnp.asarray(value) for value in net.start()], *zeros, jnp.float32(0)]


def jax(net: Net) -> Peer:
    """Return JAX with the whole step compiled: one call per step."""
    import jax

    compiled = jax.jit(_jax_step(net), donate_argnums=(0, 1, 2, 3))
    state, (X, y) = _jax_state(net), map(jax.numpy.asarray, net.data())

    def step() -> float:
        *state[:], L = compiled(*state, X, y)
        return float(L)

    return Peer(step, lambda: state[0])


def jax_scan(net: Net, steps: int = 20, timed_steps: int = 1000) -> Peer:
    """Return JAX with a loop of steps compiled as a whole: 20 for the comparison of results, 1000 for the time."""
    import jax

    if net.parameters > 10_000:
        raise NotImplementedError("measured where the calls cost more than the arithmetic")
    one = _jax_step(net)

    def body(state: Any, batch: Any) -> Any:
        *state, L = one(*state, *batch)
        return tuple(state), L

    def loop(state: Any, X: Any, y: Any, length: int) -> Any:
        return jax.lax.scan(lambda state, _: body(state, (X, y)), state, None, length=length)

    compiled = jax.jit(loop, static_argnums=3, donate_argnums=0)
    state, (X, y) = _jax_state(net), map(jax.numpy.asarray, net.data())

    def many(length: int) -> float:
        state[:], L = compiled(tuple(state), X, y, length)
        return float(L[-1])

    return Peer(lambda: many(steps), lambda: state[0], steps_at_once=steps, timed=lambda: many(timed_steps), timed_steps=timed_steps)


def autograd(net: Net) -> Peer:
    """Return HIPS autograd for the gradient and the readable Adam of bpkit for the step."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    from bpkit import Adam

    activation = {"relu": lambda Z: anp.maximum(Z, np.float32(0)), "tanh": anp.tanh}[net.activation]
    (X, y), optimiser = net.data(), Adam(net.learning_rate)
    theta, shapes = np.concatenate([value.ravel() for value in net.start()]), [value.shape for value in net.start()]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    rows = np.arange(net.batch)

    def loss(theta: Any) -> Any:
        values = [theta[end - int(np.prod(shape)) : end].reshape(shape) for end, shape in zip(ends, shapes, strict=True)]
        A = X
        for W, b in zip(values[:-2:2], values[1:-2:2], strict=True):
            A = activation(anp.dot(A, W) + b)
        Z = anp.dot(A, values[-2]) + values[-1]
        if net.loss == "bce":
            return anp.mean(anp.logaddexp(np.float32(0), Z) - y * Z)
        shifted = Z - anp.max(Z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[rows, y])

    both = value_and_grad(loss)

    def step() -> float:
        L, g = both(theta)
        optimiser.step(theta, g)
        return float(L)

    return Peer(step, lambda: [theta])


def sklearn(net: Net) -> Peer:
    """Return scikit-learn's MLPClassifier, one `partial_fit` per step, with the given starting weights."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(net.sizes[1:-1], activation=net.activation, alpha=0.0, batch_size=net.batch, shuffle=False)
    model.set_params(learning_rate_init=net.learning_rate)
    X, y = net.data()
    labels = y.ravel().astype(int)
    model.partial_fit(X, labels, classes=np.arange(max(2, net.sizes[-1])))  # makes the arrays; then all starts anew
    values = [value for pair in zip(model.coefs_, model.intercepts_, strict=True) for value in pair]
    for value, start in zip(values, net.start(), strict=True):
        value[...] = start
    optimiser = model._optimizer
    optimiser.t, optimiser.ms, optimiser.vs = 0, *([np.zeros_like(value) for value in optimiser.ms] for _ in range(2))

    def step() -> float:
        model.partial_fit(X, labels)
        return float(model.loss_)

    return Peer(step, lambda: values, plain_epsilon=True)


def _micrograd_operations() -> tuple[Any, Any]:
    """Return tanh and softplus for micrograd, which has neither, written as its own operations are."""
    from math import exp, log1p, tanh

    from micrograd.engine import Value

    def operation(z: Any, data: float, slope: float, name: str) -> Any:
        out = Value(data, (z,), name)

        def _backward() -> None:
            z.grad += slope * out.grad

        out._backward = _backward
        return out

    def hyperbolic(z: Any) -> Any:
        a = tanh(z.data)
        return operation(z, a, 1 - a * a, "tanh")

    def softplus(z: Any) -> Any:
        return operation(z, max(z.data, 0) + log1p(exp(-abs(z.data))), 1 / (1 + exp(-z.data)), "softplus")

    return hyperbolic, softplus


def micrograd(net: Net) -> Peer:
    """Return micrograd, one Python object for each number, with Adam in a loop; on the network for XOR only."""
    from micrograd.engine import Value

    if net.parameters > 1000:
        raise NotImplementedError("micrograd makes one object for each number")
    hyperbolic, softplus = _micrograd_operations()
    values = [[Value(float(number)) for number in array.ravel()] for array in net.start()]
    flat, (X, y) = [value for array in values for value in array], net.data()
    shapes, t = [array.shape for array in net.start()], 0
    m, v = [0.0] * len(flat), [0.0] * len(flat)

    def output(inputs: list[Any]) -> Any:
        for layer in range(0, len(values), 2):
            d, h = shapes[layer]
            W, b = values[layer], values[layer + 1]
            inputs = [sum((inputs[i] * W[i * h + j] for i in range(d)), b[j]) for j in range(h)]
            inputs = inputs if layer == len(values) - 2 else [hyperbolic(z) for z in inputs]
        return inputs[0]

    def step() -> float:
        nonlocal t
        logits = [output([Value(float(x)) for x in row]) for row in X]
        L = sum((softplus(z) - z * float(label) for z, label in zip(logits, y.ravel(), strict=True)), Value(0.0)) * (1 / len(X))
        for value in flat:
            value.grad = 0.0
        L.backward()
        t += 1
        for i, value in enumerate(flat):
            m[i] = 0.9 * m[i] + 0.1 * value.grad
            v[i] = 0.999 * v[i] + 0.001 * value.grad**2
            value.data -= net.learning_rate * (m[i] / (1 - 0.9**t)) / ((v[i] / (1 - 0.999**t)) ** 0.5 + 1e-8)
        return float(L.data)

    return Peer(step, lambda: [np.array([value.data for value in flat])])


PEERS: dict[str, Callable[[Net], Peer]] = {
    "PyTorch": torch,
    "JAX jit": jax,
    "JAX scan": jax_scan,
    "autograd": autograd,
    "scikit-learn": sklearn,
    "micrograd": micrograd,
}
