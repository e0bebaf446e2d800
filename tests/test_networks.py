"""Whole networks against outside answers: HIPS autograd, PyTorch, scikit-learn, and the pass by hand.

Nothing in the references below is from bpkit. A gradient has to agree to 1e-12 in float64, relative to its own norm.
"""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import warnings
from itertools import product
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

import bpkit as bp
from bpbook.ladder.report import strict

PRECISION = 1e-12
ACTIVATIONS = {
    "sigmoid": (bp.sigmoid, bp.sigmoid_vjp),
    "tanh": (bp.tanh, bp.tanh_vjp),
    "relu": (bp.relu, bp.relu_vjp),
    "leaky_relu": (bp.leaky_relu, bp.leaky_relu_vjp),
}
LOSSES = {
    "mse": (bp.mse, bp.mse_vjp),
    "bce": (bp.bce_logits, bp.bce_logits_vjp),
    "cross_entropy": (bp.cross_entropy_logits, bp.cross_entropy_logits_vjp),
}
KINDS = list(product(ACTIVATIONS, LOSSES))
SHAPES = [  # the batch and the sizes; 1 where a broadcast would hide a mistake, and no two alike where a transpose would
    (1, (1, 1)),
    (4, (3, 2)),
    (1, (2, 3, 4)),
    (6, (1, 5, 2)),
    (5, (4, 1, 3)),
    (2, (3, 5, 4, 2)),
    (6, (5, 4, 3, 2, 4)),
    (33, (64, 32, 16, 10)),
]
each_kind = pytest.mark.parametrize(("activation", "loss"), KINDS)
each_shape = pytest.mark.parametrize(("n", "sizes"), SHAPES, ids=lambda value: str(value).replace(" ", ""))
many = settings(derandomize=True, deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


def a_network(activation: str, loss: str, sizes: tuple[int, ...], n: int, seed: int = 0, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    """Return a network whose biases are not zero, and a batch with targets that fit its loss."""
    rng = np.random.default_rng(seed)
    network = bp.dense_network(sizes, activation, loss, seed=seed, dtype=dtype)
    network.theta[...] = rng.normal(scale=0.8, size=network.theta.shape)
    X = rng.normal(size=(n, sizes[0])).astype(dtype)
    if loss == "cross_entropy":
        return network, X, rng.integers(sizes[-1], size=n)
    shape = (n, sizes[-1])
    return network, X, (rng.normal(size=shape) if loss == "mse" else rng.integers(2, size=shape)).astype(dtype)


def pairs(network: Any) -> list[tuple[Any, Any]]:
    """Return copies of W and b of each affine layer."""
    arrays = [array.copy() for array in network.parameters.values()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def assert_close(got: Any, wanted: Any, precision: float = PRECISION) -> None:
    """Compare by the norm; where the true gradient is below 1e-8, absolutely."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape and got.dtype == wanted.dtype
    size = np.linalg.norm(wanted)
    error = np.linalg.norm(got - wanted) / (size if size > 1e-8 else 1.0)
    assert error <= precision, f"relative error {error:.1e}"


def assert_gradients(network: Any, wanted: list[tuple[Any, Any]]) -> None:
    arrays = [array for pair in wanted for array in pair]
    assert len(arrays) == len(network.gradients)
    for got, array in zip(network.gradients.values(), arrays, strict=True):
        assert_close(got, array)
    assert_close(network.g, np.concatenate([np.ravel(array) for array in arrays]))


# --- HIPS autograd --------------------------------------------------------------------------------


def autograd_loss(layers: list[tuple[Any, Any]], X: Any, y: Any, activation: str, loss: str) -> Any:
    f = {
        "sigmoid": lambda Z: 1 / (1 + anp.exp(-Z)),
        "tanh": anp.tanh,
        "relu": lambda Z: anp.where(Z > 0, Z, 0.0 * Z),
        "leaky_relu": lambda Z: anp.where(Z > 0, Z, 0.01 * Z),
    }[activation]
    A = X
    for place, (W, b) in enumerate(layers):
        Z = anp.dot(A, W) + b
        A = f(Z) if place < len(layers) - 1 else Z
    if loss == "mse":
        return anp.mean((A - y) ** 2)
    if loss == "bce":
        return anp.mean(anp.logaddexp(0.0, A) - y * A)
    top = anp.max(A, axis=1, keepdims=True)
    log_p = A - top - anp.log(anp.sum(anp.exp(A - top), axis=1, keepdims=True))
    return -anp.mean(log_p[anp.arange(len(y)), y])


sizes_drawn = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)  # one to four affine layers


@each_kind
@many
@given(sizes=sizes_drawn, n=st.integers(1, 6), seed=st.integers(0, 1000))
def test_every_gradient_agrees_with_autograd(activation: str, loss: str, sizes: tuple[int, ...], n: int, seed: int) -> None:
    network, X, y = a_network(activation, loss, sizes, n, seed)
    L, g = network.loss_and_gradient(X, y)
    assert g is network.g
    layers = pairs(network)
    assert_close(L, autograd_loss(layers, X, y, activation, loss))
    assert_gradients(network, grad(autograd_loss)(layers, X, y, activation, loss))


@each_kind
@many
@given(n=st.integers(1, 6), d=st.integers(1, 5), h=st.integers(1, 5), k=st.integers(1, 5), seed=st.integers(0, 1000))
def test_two_layers_by_hand_agree_with_autograd(activation: str, loss: str, n: int, d: int, h: int, k: int, seed: int) -> None:
    network, X, y = a_network(activation, loss, (d, h, k), n, seed)
    layers = pairs(network)
    found = by_hand_two(X, y, layers, activation, loss)
    wanted = [array for pair in grad(autograd_loss)(layers, X, y, activation, loss) for array in pair]
    for got, array in zip(found, wanted, strict=True):
        assert_close(got, array)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@each_kind
def test_every_depth_at_full_width(activation: str, loss: str, depth: int) -> None:
    network, X, y = a_network(activation, loss, (5, *[4] * (depth - 1), 3), 6, seed=depth)
    network.loss_and_gradient(X, y)
    assert_gradients(network, grad(autograd_loss)(pairs(network), X, y, activation, loss))
    assert np.linalg.norm(network.g) > 1e-3  # nothing vanishes, so the comparison says something


# --- PyTorch --------------------------------------------------------------------------------------


def torch_gradients(torch: Any, layers: list[tuple[Any, Any]], X: Any, y: Any, activation: str, loss: str) -> tuple[Any, list[Any]]:
    functional = torch.nn.functional
    f = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "leaky_relu": lambda Z: functional.leaky_relu(Z, 0.01)}[
        activation
    ]
    compare = {"mse": functional.mse_loss, "bce": functional.binary_cross_entropy_with_logits, "cross_entropy": functional.cross_entropy}
    leaves = [tuple(torch.tensor(array, requires_grad=True) for array in pair) for pair in layers]
    A = torch.tensor(X)
    for place, (W, b) in enumerate(leaves):
        Z = A @ W + b
        A = f(Z) if place < len(leaves) - 1 else Z
    L = compare[loss](A, torch.tensor(y))
    L.backward()
    return L.item(), [tuple(leaf.grad.numpy() for leaf in pair) for pair in leaves]


@each_shape
@each_kind
def test_every_gradient_agrees_with_pytorch(activation: str, loss: str, n: int, sizes: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, an optional comparison, is not installed (pip install torch)")
    for seed in range(3):
        network, X, y = a_network(activation, loss, sizes, n, seed)
        L, _ = network.loss_and_gradient(X, y)
        layers = pairs(network)
        wanted, gradients = torch_gradients(torch, layers, X, y, activation, loss)
        assert_close(L, np.float64(wanted))
        assert_gradients(network, gradients)
        if len(sizes) == 3:
            found = by_hand_two(X, y, layers, activation, loss)
            for got, array in zip(found, [array for pair in gradients for array in pair], strict=True):
                assert_close(got, array)


# --- scikit-learn: the same hundred steps -----------------------------------------------------------


def sklearn_problem(kind: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Return the inputs, the targets for scikit-learn and for bpkit, and the settings of the network."""
    load, loss = {
        "classes": (load_digits, "cross_entropy"),
        "two classes": (load_breast_cancer, "bce"),
        "regression": (load_diabetes, "mse"),
    }[kind]
    data = load()
    X = (data.data - data.data.mean(axis=0)) / (data.data.std(axis=0) + 1e-9)
    if kind == "classes":
        return X, data.target, data.target, {"loss": loss, "outputs": 10, "rate": 0.1}
    y = data.target.astype(float) if kind == "two classes" else (data.target - data.target.mean()) / data.target.std()
    return X, data.target if kind == "two classes" else y, y.reshape(-1, 1), {"loss": loss, "outputs": 1, "rate": 0.05}


def sklearn_model(kind: str, hidden: tuple[int, ...], activation: str, rate: float, X: Any, y: Any, network: Any) -> Any:
    """Return scikit-learn's network with plain gradient descent and the weights of ours."""
    # Its squared error is half of ours, so it needs twice the learning rate.
    model = (MLPRegressor if kind == "regression" else MLPClassifier)(
        hidden_layer_sizes=hidden,
        activation={"sigmoid": "logistic"}.get(activation, activation),
        solver="sgd",
        alpha=0.0,
        learning_rate="constant",
        learning_rate_init=2 * rate if kind == "regression" else rate,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        random_state=0,
        batch_size=len(X),
    )
    learn(model, kind, X[:2], y[:2], np.unique(y))  # one step, only to make its arrays
    for i, (W, b) in enumerate(pairs(network)):
        assert model.coefs_[i].dtype == np.float64
        model.coefs_[i][...], model.intercepts_[i][...] = W, b
    return model


def learn(model: Any, kind: str, X: Any, y: Any, classes: Any) -> None:
    model.batch_size = len(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if kind == "regression":
            model.partial_fit(X, y)
        else:
            model.partial_fit(X, y, classes=classes)


@pytest.mark.parametrize("kind", ["classes", "two classes", "regression"])
@pytest.mark.parametrize(("activation", "hidden"), [("sigmoid", (16,)), ("tanh", (12, 8)), ("relu", (16, 12, 8))])
def test_a_hundred_steps_give_the_weights_of_scikit_learn(kind: str, activation: str, hidden: tuple[int, ...]) -> None:
    X, y_sklearn, y, how = sklearn_problem(kind)
    network = bp.dense_network((X.shape[1], *hidden, how["outputs"]), activation, how["loss"], seed=1)
    model = sklearn_model(kind, hidden, activation, how["rate"], X, y_sklearn, network)
    start, optimiser, rng = network.theta.copy(), bp.GradientDescent(how["rate"]), np.random.default_rng(2)
    losses = []
    for _ in range(100):
        rows = rng.choice(len(X), size=32, replace=False)
        L, g = network.loss_and_gradient(X[rows], y[rows])
        optimiser.step(network.theta, g)
        losses.append(L)
        learn(model, kind, X[rows], y_sklearn[rows], np.unique(y_sklearn))
    assert_sklearn(network, model)
    assert np.linalg.norm(network.theta - start) > 0.1 and np.mean(losses[-20:]) < np.mean(losses[:20])


def test_training_gives_the_weights_of_scikit_learn() -> None:
    """The loop of chapter 10 makes 100 steps, the last of each epoch smaller: 800 digits in batches of 33."""
    X, y, _, how = sklearn_problem("classes")
    X, y = X[:800], y[:800]
    network = bp.dense_network((64, 16, 10), "tanh", "cross_entropy", seed=3)
    model = sklearn_model("classes", (16,), "tanh", how["rate"], X, y, network)
    history = bp.train(network, X, y, epochs=4, batch_size=33, learning_rate=how["rate"], seed=5, progress=False)
    rng = np.random.default_rng(5)
    for _ in range(4):
        order = rng.permutation(len(X))
        for first in range(0, len(X), 33):
            rows = order[first : first + 33]
            learn(model, "classes", X[rows], y[rows], np.arange(10))
    assert len(history.step_losses) == 100
    assert_sklearn(network, model)


def assert_sklearn(network: Any, model: Any) -> None:
    arrays = [array for pair in zip(model.coefs_, model.intercepts_, strict=True) for array in pair]
    for got, wanted in zip(network.parameters.values(), arrays, strict=True):
        assert np.abs(got - wanted).max() <= 1e-10


# --- by hand, bit for bit -------------------------------------------------------------------------


def by_hand_two(X: Any, y: Any, layers: list[tuple[Any, Any]], activation: str, loss: str) -> tuple[Any, ...]:
    (W1, b1), (W2, b2) = layers
    f, f_vjp = ACTIVATIONS[activation]
    compare, compare_vjp = LOSSES[loss]
    Z1, A1, Z2 = bp.two_layer_forward(X, W1, b1, W2, b2, f=f)
    L = compare(Z2, y)
    dZ2 = compare_vjp(1.0, L, Z2, y)[0]
    return bp.two_layer_backward(dZ2, Z1, A1, Z2, X, W1, b1, W2, b2, f_vjp=f_vjp)


def by_hand(X: Any, y: Any, layers: list[tuple[Any, Any]], activation: str, loss: str) -> tuple[Any, list[Any]]:
    """Walk forward and back with local lists only: the oracle of the layers."""
    f, f_vjp = ACTIVATIONS[activation]
    compare, compare_vjp = LOSSES[loss]
    inputs, zs, A = [], [], X
    for place, (W, b) in enumerate(layers):
        inputs.append(A)
        zs.append(bp.affine(A, W, b))
        A = f(zs[-1]) if place < len(layers) - 1 else zs[-1]
    L = compare(A, y)
    gradients: list[Any] = []
    dZ = compare_vjp(1.0, L, A, y)[0]
    for place in reversed(range(len(layers))):
        dA, dW, db = bp.affine_vjp(dZ, zs[place], inputs[place], *layers[place])
        gradients = [dW, db, *gradients]
        if place:
            (dZ,) = f_vjp(dA, inputs[place], zs[place - 1])
    return L, gradients


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@each_shape
@each_kind
def test_layers_and_the_pass_by_hand_agree_bit_for_bit(activation: str, loss: str, n: int, sizes: tuple[int, ...], dtype: Any) -> None:
    for seed in range(3):
        network, X, y = a_network(activation, loss, sizes, n, seed, dtype)
        layers = pairs(network)
        L, _ = network.loss_and_gradient(X, y)
        by_itself, gradients = by_hand(X, y, layers, activation, loss)
        assert by_itself == L
        for got, array in zip(network.gradients.values(), gradients, strict=True):
            assert got.dtype == dtype and np.array_equal(got, array)
        if len(sizes) == 3:
            for got, array in zip(by_hand_two(X, y, layers, activation, loss), gradients, strict=True):
                assert np.array_equal(got, array)


def test_second_backward_overwrites_and_a_given_gradient_begins_the_way_back() -> None:
    network, X, y = a_network("tanh", "mse", (3, 4, 2), 5)
    L, first = network.loss_and_gradient(X, y)
    first = first.copy()
    assert np.array_equal(network.loss_and_gradient(X, y)[1], first)
    Z = network.forward(X)
    assert np.array_equal(network.backward(bp.mse_vjp(1.0, L, Z, y)[0]), first)
    network.forward(X)
    assert_close(network.backward(3 * bp.mse_vjp(1.0, L, Z, y)[0]), 3 * first)


# --- depth, dtype, purity, views ------------------------------------------------------------------


def test_a_thousand_layers_need_no_recursion() -> None:
    rng = np.random.default_rng(0)
    layers = [layer for _ in range(500) for layer in (bp.Affine(2, 2, rng), bp.Layer(bp.tanh, bp.tanh_vjp))]
    network = bp.Sequential(*layers, loss=bp.Loss(bp.mse, bp.mse_vjp))
    # Orthogonal weights, so that a gradient comes through at all.
    for layer in network.layers[::2]:
        layer.parameters["W"][...] = np.linalg.qr(rng.normal(size=(2, 2)))[0] * 1.02
    X, y = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 120)
    try:
        L, g = network.loss_and_gradient(X, y)
    finally:
        sys.setrecursionlimit(limit)
    A, passed = X, []
    for layer in network.layers:
        passed.append(A)
        A = layer.f(A, *layer.parameters.values())
    (dA, *_), wanted = bp.mse_vjp(1.0, L, A, y), []
    for layer, inside, outside in zip(reversed(network.layers), reversed(passed), reversed([*passed[1:], A]), strict=True):
        dA, *found = layer.f_vjp(dA, outside, inside, *layer.parameters.values())
        wanted = [*found, *wanted]
    assert len(network.layers) == 1000 and np.array_equal(g, np.concatenate([array.ravel() for array in wanted]))
    assert np.linalg.norm(network.gradients["affine1.W"]) > 0


@each_kind
def test_float32_stays_float32(activation: str, loss: str, tmp_path: Any) -> None:
    network, X, y = a_network(activation, loss, (4, 5, 3), 6, dtype=np.float32)
    Z = network.forward(X)
    L, g = network.loss_and_gradient(X, y)
    bp.GradientDescent(0.1).step(network.theta, g)
    bp.Adam().step(network.theta, g)
    bp.save_parameters(tmp_path / "saved.npz", network)
    bp.load_parameters(tmp_path / "saved.npz", network)
    network.loss_and_gradient(X, y)
    arrays = [Z, L, g, network.theta, *network.parameters.values(), *network.gradients.values()]
    arrays += [layer.output for layer in network.layers] + [value for layer in network.layers for value in layer.inputs]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    with pytest.raises(TypeError, match=r"affine1: .*float64.*float32|affine1: .*float32.*float64"):
        network.forward(X.astype(np.float64))


@each_kind
def test_nothing_that_is_passed_in_is_changed(activation: str, loss: str) -> None:
    network, X, y = a_network(activation, loss, (3, 4, 5, 2), 6)
    theta, kept_X, kept_y = network.theta.copy(), X.copy(), y.copy()
    for array in (X, y):
        array.flags.writeable = False
    network.loss(X, y)
    outputs = [layer.output.copy() for layer in network.layers]
    network.backward()
    assert np.array_equal(X, kept_X) and np.array_equal(y, kept_y) and np.array_equal(network.theta, theta)
    assert all(np.array_equal(layer.output, output) for layer, output in zip(network.layers, outputs, strict=True))
    dY = np.random.default_rng(1).normal(size=(6, 2))
    kept = dY.copy()
    dY.flags.writeable = False
    network.forward(X)
    network.backward(dY)
    assert np.array_equal(dY, kept)
    first = network.loss_and_gradient(X, y)[1].copy()
    assert np.array_equal(network.loss_and_gradient(X, y)[1], first)


def assert_views(network: Any) -> None:
    """Every parameter lies in theta, in order and without gaps, and so do the gradients in g."""
    for vector, named, of_layer in ((network.theta, network.parameters, "parameters"), (network.g, network.gradients, "gradients")):
        assert np.array_equal(vector, np.concatenate([array.ravel() for array in named.values()]))
        before = vector.copy()
        for name, array in named.items():
            layer, _, short = name.partition(".")
            assert np.shares_memory(vector, array) and not array.flags.owndata, name
            own = next(one for one in network.layers if one.name == layer)
            assert np.shares_memory(getattr(own, of_layer)[short], array), name
        # What is written into the vector is read through every view, each number once.
        vector[...] = np.arange(vector.size)
        assert np.array_equal(np.concatenate([array.ravel() for array in named.values()]), np.arange(vector.size))
        vector[...] = before


def _assigned(network: Any) -> None:
    network.theta = np.linspace(-1, 1, network.theta.size)
    network.theta[...] = network.theta * 0.5
    network.theta -= 0.1
    network.g = np.zeros_like(network.g)


def _assigned_by_name(network: Any) -> None:
    network.parameters["affine1.W"] = np.ones((3, 4))
    network.parameters["affine3.b"] += 1.0
    network.layers[0].parameters["W"] *= 2.0
    network.layers[0].parameters["b"] = np.full(4, 0.25)
    network.parameters.update({"affine3.W": np.full((4, 2), 0.5)})
    assert network.theta[:12].tolist() == [2.0] * 12 and network.parameters["affine1.b"].tolist() == [0.25] * 4


def _stepped(network: Any) -> None:
    rng = np.random.default_rng(0)
    for optimiser in (bp.GradientDescent(0.1), bp.Adam()):
        _, g = network.loss_and_gradient(rng.normal(size=(5, 3)), rng.integers(2, size=5))
        before = network.parameters["affine3.W"].copy()
        optimiser.step(network.theta, g)
        assert not np.array_equal(before, network.parameters["affine3.W"])


def _trained(network: Any) -> None:
    rng = np.random.default_rng(0)
    before = network.theta.copy()
    bp.train(network, rng.normal(size=(20, 3)), rng.integers(2, size=20), epochs=2, batch_size=8, progress=False)
    assert not np.array_equal(before, network.theta)


@pytest.mark.parametrize("change", [_assigned, _assigned_by_name, _stepped, _trained], ids=lambda change: change.__name__[1:])
def test_views_stay_views(change: Any) -> None:
    network = bp.dense_network((3, 4, 2), "tanh")
    theta, g = network.theta, network.g
    assert_views(network)
    change(network)
    assert network.theta is theta and network.g is g
    assert_views(network)


def test_views_stay_views_after_loading_copying_and_pickling(tmp_path: Any) -> None:
    network, X, y = a_network("relu", "cross_entropy", (3, 4, 2), 5)
    other = bp.dense_network((3, 4, 2), seed=9)
    theta = other.theta
    bp.save_parameters(tmp_path / "saved.npz", network)
    bp.load_parameters(tmp_path / "saved.npz", other)
    assert other.theta is theta and np.array_equal(theta, network.theta)
    network.loss_and_gradient(X, y)
    for twin in (other, copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert_views(twin)
        assert not np.shares_memory(twin.theta, network.theta)
        assert np.array_equal(twin.loss_and_gradient(X, y)[1], network.g)
        twin.theta[...] = 0.0
        assert not np.array_equal(twin.loss_and_gradient(X, y)[1], network.g)


def test_gradient_is_that_of_the_parameters_as_they_are_now() -> None:
    """No value of an earlier pass is left over: after a change the gradient is that of a fresh network."""
    network, X, y = a_network("sigmoid", "bce", (3, 4, 1), 5, seed=2)
    network.loss_and_gradient(X, y)
    network.theta *= -0.7
    X2, y2 = X[::-1] * 1.5, 1 - y
    found = network.loss_and_gradient(X2, y2)[1].copy()
    fresh = bp.dense_network((3, 4, 1), "sigmoid", "bce")
    fresh.theta = network.theta
    assert np.array_equal(found, fresh.loss_and_gradient(X2, y2)[1])
