"""Layers and networks: gradients from outside, memory, speed of thought, and any shape that Hypothesis finds."""

from __future__ import annotations

import ast
import copy
import gc
import inspect
import re
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.ladder import layers as oracles
from bpbook.ladder.bad_layers import layer_cases, made_layer_cases
from bpbook.ladder.report import strict

WIDTHS = st.lists(st.integers(1, 4), min_size=2, max_size=5)
ACTIVATIONS = st.sampled_from(["sigmoid", "tanh", "relu", "leaky_relu"])
LOSSES = st.sampled_from(["mse", "bce", "cross_entropy"])


def problem(widths, loss, n, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, widths[0])).astype(dtype)
    targets = {
        "mse": rng.normal(size=(n, widths[-1])).astype(dtype),
        "bce": rng.integers(0, 2, size=(n, widths[-1])),
        "cross_entropy": rng.integers(0, widths[-1], size=n),
    }
    return X, targets[loss]


def network_at(widths, activation, loss, seed, dtype=np.float64):
    """A network whose biases are not zero, so that no ReLU stands at its kink."""
    network = bp.dense_network(widths, activation, loss, seed, dtype)
    network.theta[...] = np.random.default_rng(seed).normal(size=network.theta.size)
    return network


@pytest.mark.parametrize("oracle", oracles.ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracles(oracle):
    with strict():
        oracle(bp)


@pytest.mark.parametrize("case", [*layer_cases(), *made_layer_cases(bp)], ids=lambda case: re.sub(" at 0x.*", "", str(case)))
def test_bad_input(case):
    with strict():
        case.run(bp)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(widths=WIDTHS, activation=ACTIVATIONS, loss=LOSSES, n=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_gradient_is_the_measured_one_for_any_shape(widths, activation, loss, n, seed):
    network = network_at(widths, activation, loss, seed)
    X, y = problem(widths, loss, n, seed)
    start = network.theta.copy()
    g = network.loss_and_gradient(X, y)[1].copy()

    def value(theta):
        network.theta = theta
        return network.loss(X, y)

    report = bp.check_gradient(value, g, start, tolerance=1e-5)
    # A ReLU whose kink lies within the step cannot be measured.
    kinks = [np.abs(layer.inputs[0]).min() for layer in network.layers if activation.endswith("relu") and not layer.parameters]
    near = min(kinks, default=1.0) < 1e-3
    assert report or near, report


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    d=st.integers(1, 4),
    h=st.integers(1, 4),
    k=st.integers(1, 4),
    n=st.integers(1, 4),
    name=ACTIVATIONS,
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_the_bits_of_chapter_8_for_any_shape(d, h, k, n, name, dtype):
    network = network_at([d, h, k], name, "bce", 0, dtype)
    X, y = problem([d, h, k], "bce", n, 1, dtype)
    L, g = network.loss_and_gradient(X, y)
    f, f_vjp = getattr(bp, name), getattr(bp, f"{name}_vjp")
    parameters = list(network.parameters.values())
    Z1, A1, Z2 = bp.two_layer_forward(X, *parameters, f)
    dZ2, _ = bp.bce_logits_vjp(dtype(1), bp.bce_logits(Z2, y), Z2, y)
    by_hand = bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *parameters, f_vjp)
    assert np.array_equal(g, np.concatenate([gradient.ravel() for gradient in by_hand]))
    assert g.dtype == L.dtype == dtype


def test_pytorch_agrees():
    torch = pytest.importorskip("torch")
    network = network_at([5, 7, 6, 3], "tanh", "cross_entropy", 0)
    X, y = problem([5, 7, 6, 3], "cross_entropy", 9, 0)
    L, g = network.loss_and_gradient(X, y)
    tensors = [torch.tensor(value, requires_grad=True) for value in network.parameters.values()]
    A = torch.tensor(X)
    for W, b in zip(tensors[::2], tensors[1::2], strict=True):
        Z = A @ W + b
        A = torch.tanh(Z)
    loss = torch.nn.functional.cross_entropy(Z, torch.tensor(y))
    loss.backward()
    theirs = np.concatenate([tensor.grad.numpy().ravel() for tensor in tensors])
    assert abs(loss.item() - L) <= 1e-12 and np.linalg.norm(theirs - g) <= 1e-12 * np.linalg.norm(g)


def test_scikit_learn_takes_the_same_steps():
    from sklearn.neural_network import MLPClassifier

    X, y = problem([4, 5, 3], "cross_entropy", 20, 0)
    y[:3] = 0, 1, 2
    network = network_at([4, 5, 3], "tanh", "cross_entropy", 0)
    settings_ = {"activation": "tanh", "solver": "sgd", "alpha": 0.0, "batch_size": 20, "shuffle": False, "momentum": 0.0}
    model = MLPClassifier((5,), learning_rate_init=0.1, learning_rate="constant", **settings_)
    model.partial_fit(X, y, classes=[0, 1, 2])  # makes its arrays; then they get our numbers
    values = [value.copy() for value in network.parameters.values()]
    model.coefs_, model.intercepts_ = values[::2], values[1::2]
    model._optimizer.params = model.coefs_ + model.intercepts_
    model._optimizer.velocities = [np.zeros_like(p) for p in model._optimizer.params]
    for _ in range(100):
        model.partial_fit(X, y)
        _, g = network.loss_and_gradient(X, y)
        network.theta -= 0.1 * g
    ours = list(network.parameters.values())
    for mine, theirs in zip(ours[::2] + ours[1::2], model.coefs_ + model.intercepts_, strict=True):
        assert np.abs(mine - theirs).max() <= 1e-10


def test_the_cache_takes_the_memory_that_was_counted():
    widths, n = [64, 200, 300, 10], 1000
    network = bp.dense_network(widths)
    X = np.zeros((n, 64))
    network.forward(X)
    for layer in network.layers:
        layer.forget()
    gc.collect()
    tracemalloc.start()
    network.forward(X)
    in_use, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert in_use == pytest.approx(8 * n * (2 * (200 + 300) + 10), rel=0.01)


def test_a_step_makes_no_copy_of_the_parameters_or_gradients():
    """What is made on the way are the activations, their gradients, and one gradient of each layer at a time."""
    network = bp.dense_network([500, 400, 10], dtype=np.float32)
    X, y = problem([500, 400, 10], "cross_entropy", 2, 0, np.float32)
    network.loss_and_gradient(X, y)
    tracemalloc.start()
    network.loss_and_gradient(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.2 * network.theta.nbytes


def test_w_and_b_lie_one_behind_the_other():
    network = bp.dense_network([3, 4, 2])
    for d, h in ((3, 4), (4, 2)):
        place = [layer for layer in network.layers if layer.parameters][0 if d == 3 else 1]
        W, b = place.parameters.values()
        start = (W.__array_interface__["data"][0] - network.theta.__array_interface__["data"][0]) // 8
        both = network.theta[start : start + (d + 1) * h].reshape(d + 1, h)
        assert np.array_equal(both[:d], W) and np.array_equal(both[d], b)


def test_networks_do_not_share_anything():
    one, two = bp.dense_network([2, 3, 1]), bp.dense_network([2, 3, 1])
    assert not np.shares_memory(one.theta, two.theta) and not np.shares_memory(one.theta, one.g)
    copied = copy.deepcopy(one)
    one.theta[...] = 0
    assert np.array_equal(copied.theta, two.theta)
    X, y = problem([2, 3, 1], "cross_entropy", 3, 0)
    copied.loss_and_gradient(X, y)
    assert not one.g.any()


def test_a_given_array_is_not_written_into():
    network = network_at([2, 3, 2], "relu", "cross_entropy", 0)
    X, y = problem([2, 3, 2], "cross_entropy", 3, 0)
    for array in (X, y):
        array.flags.writeable = False
    network.loss_and_gradient(X, y)
    dZ = np.ones((3, 2))
    dZ.flags.writeable = False
    network.backward(dZ)
    layer = network.layers[0]
    before = {name: value.copy() for name, value in layer.gradients.items()}
    layer.forward(X)
    assert all(np.array_equal(before[name], value) for name, value in layer.gradients.items())


def test_nan_is_passed_on_and_the_loss_refuses_it():
    network = bp.dense_network([2, 3, 1], loss="bce")
    X = np.array([[np.nan, 1.0]])
    assert np.isnan(network.forward(X)).all()
    with pytest.raises(bp.NotFiniteError, match="bce_logits"):
        network.loss(X, np.array([[1]]))
    with pytest.raises(RuntimeError, match="remembers nothing"):
        network.backward()


def test_parameters_whose_shape_has_changed_are_refused():
    layer = bp.Affine(2, 3)
    layer.forward(np.ones((4, 2)))
    layer.parameters = {"W": np.ones((3, 3)), "b": np.ones(3)}
    with pytest.raises(ValueError, match="W has shape"):
        layer.backward(np.ones((4, 3)))


def test_multiplications_are_those_that_were_counted(monkeypatch):
    """Count the products that NumPy really does, by an array that notices each of them."""
    counts = []

    class Counting(np.ndarray):
        def __matmul__(self, other):
            counts.append(self.shape[0] * self.shape[1] * other.shape[1])
            return np.asarray(self) @ np.asarray(other)

    import bpkit.linear as linear

    original = linear.as_floats
    monkeypatch.setattr(linear, "as_floats", lambda **named: [value.view(Counting) for value in original(**named)])
    widths, n = [5, 4, 3, 2], 7
    network = bp.dense_network(widths)
    X, y = problem(widths, "cross_entropy", n, 0)
    counts.clear()
    network.loss(X, y)
    weights = sum(d * h for d, h in pairwise(widths))
    assert sum(counts) == n * weights
    counts.clear()
    network.backward()
    assert sum(counts) == n * (2 * weights - 5 * 4)


def test_the_code_is_short():
    for item in (bp.Layer, bp.Affine, bp.Loss, bp.Sequential, bp.dense_network):
        for node in ast.walk(ast.parse(inspect.cleandoc("\n" + inspect.getsource(item)))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = {line for part in body for line in range(part.lineno, part.end_lineno + 1)}
                assert len(lines) <= 15, f"{item.__name__}: {node.name} has {len(lines)} lines"
