"""Oracles for the training loop: the same numbers as a loop written down independently, and what it promises beside."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from bpbook.ladder.report import demand, distance, refuses, same

FUNCTIONS = ("train", "accuracy", "predict_classes", "GradientDescent")
SIZES = (3, 4, 3)
CASES = ((10, 4), (7, 7), (5, 8), (6, 1), (9, 2))  # samples, and samples in a mini-batch


def data(n: int, seed: int = 0, dtype: Any = np.float64) -> tuple[Any, Any]:
    """Return n rows with three columns, and a class for each."""
    rng = np.random.default_rng((seed, n))
    return rng.normal(size=(n, SIZES[0])).astype(dtype), rng.integers(0, SIZES[-1], size=n)


def _scores(theta: Any, X: Any) -> tuple[Any, Any, Any, Any]:
    d, h, k = SIZES
    W1, b1, W2, b2 = np.split(theta, np.cumsum([d * h, h, h * k]))
    W1, W2 = W1.reshape(d, h), W2.reshape(h, k)
    Z1 = X @ W1 + b1
    return Z1, np.maximum(Z1, 0) @ W2 + b2, W1, W2


def _loss(theta: Any, X: Any, y: Any) -> tuple[float, float]:
    Z = _scores(theta, X)[1]
    each = np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(y)), y]
    return float(each.mean()), float(np.mean([np.argmax(row) == label for row, label in zip(Z, y, strict=True)]))


def _gradient(theta: Any, X: Any, y: Any) -> Any:
    Z1, Z, _, W2 = _scores(theta, X)
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    dZ = P / len(y)
    dZ1 = (dZ @ W2.T) * (Z1 > 0)
    return np.concatenate([(X.T @ dZ1).ravel(), dZ1.sum(axis=0), (np.maximum(Z1, 0).T @ dZ).ravel(), dZ.sum(axis=0)])


def reference(theta: Any, X: Any, y: Any, epochs: int, size: int, rate: float, seed: int, validation: Any) -> dict[str, Any]:
    """Return what `train` must find, computed without bpkit."""
    theta, rng = theta.copy(), np.random.default_rng(seed)
    found: dict[str, Any] = {"step_losses": [], "losses": [], "accuracies": [], "validation_losses": [], "validation_accuracies": []}
    for _ in range(epochs):
        order, samples = rng.permutation(len(X)), []
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            loss, share = _loss(theta, X[rows], y[rows])
            found["step_losses"].append(loss)
            samples += [(loss, share)] * len(rows)
            theta = theta - rate * _gradient(theta, X[rows], y[rows])
        means = (*np.mean(samples, axis=0), *_loss(theta, *validation))
        for name, value in zip(("losses", "accuracies", "validation_losses", "validation_accuracies"), means, strict=True):
            found[name].append(value)
    return {**found, "theta": theta}


def independent(bp: Any) -> None:
    """Parameters and history are those of the loop above; the last mini-batch is used and counts by its size."""
    validation = data(1203, seed=1)  # more rows than are looked at together
    for n, size in CASES:
        X, y = data(n)
        network = bp.dense_network(SIZES, seed=3)
        wanted = reference(network.theta, X, y, 3, size, 0.5, 7, validation)
        history = bp.train(network, X, y, epochs=3, batch_size=size, learning_rate=0.5, seed=7, validation=validation, progress=False)
        what = f"{n} samples in mini-batches of {size}: "
        demand(history.interrupted is False, f"{what}interrupted is {history.interrupted!r}")
        demand(distance(network.theta, wanted.pop("theta")) < 1e-12, f"{what}the parameters are not those of the loop")
        for name, values in wanted.items():
            demand(distance(getattr(history, name), np.array(values)) < 1e-12, f"{what}{name} is {getattr(history, name)}, wanted {values}")


def defaults(bp: Any) -> None:
    """Ten epochs, mini-batches of 32, learning rate 0.1, seed 0."""
    X, y = data(70)
    first, second = (bp.dense_network(SIZES, seed=0) for _ in range(2))
    history = bp.train(first, X, y)
    bp.train(second, X, y, epochs=10, batch_size=32, learning_rate=0.1, seed=0)
    demand(same(first.theta, second.theta), "the defaults are not 10 epochs, mini-batches of 32, learning rate 0.1, seed 0")
    demand(np.isnan(history.validation_losses).all(), "a validation loss without validation data")


class Recorder:
    """Like a network, but it learns nothing and writes down what it is shown."""

    def __init__(self, dtype: Any = np.float64) -> None:
        self.theta, self.g, self.layers = np.zeros(2, dtype), np.ones(2, dtype), ()
        self.seen: list[tuple[Any, Any]] = []
        self.used: list[Any] = []
        self.loss_layer = SimpleNamespace(forward=self.loss, f=None)

    def forward(self, X: Any) -> Any:
        self.X = X
        return X[:, :1]

    def loss(self, Z: Any, y: Any) -> float:
        self.seen.append((self.X, y))
        return 1.0

    def backward(self) -> None:
        self.used.append(self.seen[-1])


def pairs(bp: Any) -> None:
    """Each sample keeps its target, is used once in each epoch, and meets others in the next one."""
    for n, size in CASES:
        X, y = np.arange(3.0 * n).reshape(n, 3), np.arange(n)
        recorder = Recorder()
        bp.train(recorder, X, y, epochs=3, batch_size=size)
        steps = -(-n // size)
        demand(len(recorder.used) == 3 * steps, f"{len(recorder.used)} steps, wanted {3 * steps}")
        orders = []
        for epoch in range(3):
            here = recorder.used[epoch * steps : (epoch + 1) * steps]
            rows, labels = (np.concatenate([pair[part] for pair in here]) for part in (0, 1))
            demand(same(rows, X[labels]), "a sample does not keep its target")
            demand(sorted(labels) == list(range(n)), "not every sample is used exactly once in an epoch")
            demand([len(pair[1]) for pair in here[:-1]] == [size] * (steps - 1), "a mini-batch has the wrong size")
            orders.append(labels.tolist())
        demand(n < 7 or (orders[0] != orders[1] and orders[1] != orders[2]), "the order is the same in each epoch")


def validation(bp: Any) -> None:
    """Validation data are looked at, and neither trained on nor allowed to change the training."""
    X, y = data(9)
    new = (np.full((4, 3), 5.0), np.zeros(4, int))
    recorder = Recorder()
    history = bp.train(recorder, X, y, epochs=2, validation=new)
    demand(not any((rows == 5.0).any() for rows, _ in recorder.used), "a step is taken on validation data")
    demand(same(history.validation_losses, np.ones(2)), "the validation loss is not that of the validation data")
    first, second = (bp.dense_network(SIZES, seed=3) for _ in range(2))
    histories = [bp.train(first, X, y, epochs=3), bp.train(second, X, y, epochs=3, validation=data(5))]
    demand(same(first.theta, second.theta), "validation data change the parameters")
    demand(same(histories[0].losses, histories[1].losses), "validation data change the training loss")


def seeds(bp: Any) -> None:
    """The same seed gives the same bits, another one others; a Generator is taken, and goes on."""
    X, y = data(20)

    def ends(*given: Any) -> Any:
        network = bp.dense_network(SIZES, seed=3)
        return [(bp.train(network, X, y, epochs=1, batch_size=4, seed=seed), network.theta.copy())[1] for seed in given]

    demand(same(ends(5), ends(5)), "the same seed gives other parameters")
    demand(not same(ends(5), ends(6)), "another seed gives the same parameters")
    demand(same(ends(5), ends(np.random.default_rng(5))), "a Generator gives other parameters than its seed")
    rng = np.random.default_rng(5)
    demand(not same(ends(rng, rng)[1], ends(5, 5)[1]), "a Generator begins again in a second training")
    np.random.seed(0)
    first = np.random.random()
    np.random.seed(0)
    ends(5)
    demand(np.random.random() == first, "the global random numbers of NumPy are used")


def purity(bp: Any) -> None:
    """The caller's arrays are not written into; the network is."""
    X, y = data(9)
    new = data(5)
    before = [array.copy() for array in (X, y, *new)]
    for array in (X, y, *new):
        array.flags.writeable = False
    network = bp.dense_network(SIZES, seed=3)
    start, theta = network.theta.copy(), network.theta
    bp.train(network, X, y, epochs=2, batch_size=4, validation=new)
    demand(all(map(same, before, (X, y, *new))), "an array of the caller was changed")
    demand(network.theta is theta and not same(theta, start), "the parameters are not changed in place")


def precision(bp: Any) -> None:
    """float32 stays float32 in the network; the history is float64, with Python's bool and one entry for each."""
    X, y = data(9, dtype=np.float32)
    network = bp.dense_network(SIZES, seed=3, dtype=np.float32)
    history = bp.train(network, X, y, epochs=2, batch_size=4, learning_rate=np.float64(0.1))
    demand(network.theta.dtype == np.float32, "a float32 network does not stay float32")
    names = ("step_losses", "losses", "accuracies", "validation_losses", "validation_accuracies")
    shapes = [(getattr(history, name).dtype.name, getattr(history, name).shape) for name in names]
    demand(shapes == [("float64", (6,)), *[("float64", (2,))] * 4], f"the history has {shapes}")


def again(bp: Any) -> None:
    """No epoch changes nothing; a second training goes on from where the first one ended."""
    X, y = data(9)
    network = bp.dense_network(SIZES, seed=3)
    start = network.theta.copy()
    history = bp.train(network, X, y, epochs=0, validation=(X, y))
    demand(same(network.theta, start) and len(history.losses) == len(history.step_losses) == 0, "0 epochs do something")
    rng, once = np.random.default_rng(4), bp.dense_network(SIZES, seed=3)
    for _ in range(2):
        bp.train(network, X, y, epochs=1, seed=rng)
    bp.train(once, X, y, epochs=2, seed=4)
    demand(same(network.theta, once.theta), "a second training does not go on from the parameters of the first")


class Stop:
    """An optimiser that is interrupted in the middle of one of its steps; `before` is what it found then."""

    def __init__(self, step: int, rate: float = 0.1) -> None:
        self.left, self.rate = step, rate

    def step(self, theta: Any, g: Any) -> None:
        self.left -= 1
        if self.left == 0:
            self.before = theta.copy()
            theta[:5] -= self.rate * g[:5] + 1
            raise KeyboardInterrupt
        theta -= self.rate * g


def interrupt(bp: Any) -> None:
    """After an interrupt: the steps and the whole epochs so far, and the parameters of the last whole step."""
    X, y = data(10)
    for step in (1, 3, 5, 9):
        network, twin = (bp.dense_network(SIZES, seed=3) for _ in range(2))
        optimiser = Stop(step)
        history = bp.train(network, X, y, batch_size=4, optimiser=optimiser, validation=(X, y))
        demand(history.interrupted is True, "interrupted is not True after an interrupt")
        lengths = [len(part) for part in (history.step_losses, history.losses, history.accuracies, history.validation_losses)]
        demand(lengths == [step - 1, *[(step - 1) // 3] * 3], f"interrupted in step {step}, the history has the lengths {lengths}")
        full = bp.train(twin, X, y, batch_size=4, epochs=4)
        demand(same(history.step_losses, full.step_losses[: step - 1]), "the history of an interrupted training is another one")
        demand(same(network.theta, optimiser.before), "an interrupted training leaves half a step")
    with patch.object(network, "backward", side_effect=KeyboardInterrupt):
        history = bp.train(network, X, y)
    demand(history.interrupted and len(history.step_losses) == 0, "an interrupt on the way back is not kept")


class Spoil:
    """An optimiser that writes one value into the parameters in its third step."""

    def __init__(self, place: int, value: float, step: int = 3) -> None:
        self.place, self.value, self.left = place, value, step

    def step(self, theta: Any, g: Any) -> None:
        self.left -= 1
        theta -= 0.1 * g
        if self.left == 0:
            theta[self.place] = self.value


@contextmanager
def _diverges(bp: Any, what: str, layer: str, step: int, where: str = "") -> Iterator[None]:
    try:
        yield
    except bp.TrainingDivergedError as error:
        found = error.layer, error.step, len(error.history.step_losses)
        wanted = layer, step, step - 1
        demand(found == wanted, f"{what}: layer, step and length of the history are {found}, wanted {wanted}")
        known = all(word in str(error) for word in (layer, f"step {step}", where))
        demand(known, f"{what}: the message lacks the layer, the step or the place: {error}")
        demand(not error.history.interrupted, f"{what}: counted as an interrupt")
    else:
        demand(False, f"{what}: no TrainingDivergedError")


def divergence(bp: Any) -> None:
    """NaN and infinity stop the training with the step and the first layer, forward or backward."""
    demand(issubclass(bp.TrainingDivergedError, bp.NotFiniteError), "TrainingDivergedError is no NotFiniteError")
    X, y = data(12)
    for value in (np.nan, np.inf, -np.inf):
        for place, layer, name in ((0, "affine1", "W"), (12, "affine1", "b"), (16, "affine3", "W"), (30, "affine3", "b")):
            # With ReLU and -inf, affine1 may pass on something finite: the parameters are looked at all the same.
            network = bp.dense_network(SIZES, "tanh" if np.isnan(value) else "leaky_relu", seed=3)
            with _diverges(bp, f"{value} in parameter {place}", layer, 4, f"the parameter {name}"):
                bp.train(network, X, y, batch_size=4, optimiser=Spoil(place, value))
    network = bp.dense_network(SIZES, seed=3)
    with _diverges(bp, "weights of 1e200", "affine3", 2, "the output"):
        bp.train(network, X, y, batch_size=4, optimiser=Spoil(slice(None), 1e200, step=1))  # type: ignore[arg-type]
    network = bp.dense_network(SIZES, loss="mse", seed=3)
    with _diverges(bp, "a squared error that overflows", "loss", 2):
        bp.train(network, X, np.zeros((12, 3)), batch_size=4, optimiser=Spoil(slice(None), 1e80, step=1))  # type: ignore[arg-type]
    network = bp.dense_network(SIZES, seed=3)
    with _diverges(bp, "NaN after the last step", "affine1", 4):
        bp.train(network, X, y, epochs=1, batch_size=4, optimiser=Spoil(0, np.nan))


def bad_gradient(bp: Any) -> None:
    """A gradient that is not finite is found before it reaches the parameters; the first layer is the one nearest to the loss."""
    X, y = data(12)
    for wrong in (np.nan, np.inf):

        def spoiled(dA: Any, A: Any, Z: Any, wrong: float = wrong) -> tuple[Any]:
            return (np.full_like(Z, wrong),)

        first, last = bp.Affine(3, 4, seed=0), bp.Affine(4, 3, seed=1)
        loss = bp.Loss(bp.cross_entropy_logits, bp.cross_entropy_logits_vjp)
        network = bp.Sequential(first, bp.Layer(bp.tanh, spoiled), last, loss=loss)
        start = network.theta.copy()
        with _diverges(bp, f"a gradient of {wrong}", "affine1", 1):
            bp.train(network, X, y)
        demand(same(network.theta, start), "a gradient that is not finite has reached the parameters")


def error_travels(bp: Any) -> None:
    """The error can be sent to another process."""
    X, y = data(12)
    try:
        bp.train(bp.dense_network(SIZES, seed=3), X, y, batch_size=4, optimiser=Spoil(0, np.nan))
    except bp.TrainingDivergedError as error:
        kind, arguments = error.__reduce__()
        copy = kind(*arguments)
        demand((copy.step, copy.layer, str(copy)) == (error.step, error.layer, str(error)), "the copy of an error is another one")
        demand(same(copy.history.step_losses, error.history.step_losses), "the copy of an error has another history")
        demand(pickle.loads(pickle.dumps(arguments[2:])) == arguments[2:], "the parts of an error cannot be sent")


def counted(bp: Any) -> None:
    """Which losses have an accuracy: classes, rows of probabilities, one logit; not the squared error."""
    X, y = data(12)
    share = bp.accuracy(bp.dense_network(SIZES, seed=3).forward(X), y)
    still = {"epochs": 1, "batch_size": 12, "learning_rate": 1e-300}
    for targets in (y, np.eye(3)[y], 0.8 * np.eye(3)[y] + 0.2 / 3):
        history = bp.train(bp.dense_network(SIZES, seed=3), X, targets, **still)
        demand(abs(history.accuracies[0] - share) < 1e-12, f"the accuracy with targets of shape {targets.shape} is {history.accuracies[0]}")
    labels = (y > 0).astype(float)[:, None]
    network = bp.dense_network((3, 4, 1), loss="bce", seed=3)
    wanted = np.mean((network.forward(X) > 0) == labels)
    history = bp.train(network, X, labels, **still)
    demand(abs(history.accuracies[0] - wanted) < 1e-12, "the accuracy of one logit is wrong")
    for loss, targets in (("mse", X), ("bce", np.eye(3)[y])):
        history = bp.train(bp.dense_network(SIZES, loss=loss, seed=3), X, targets, **still)
        demand(np.isnan(history.accuracies).all(), f"an accuracy for targets that are no classes ({loss})")


def progress(bp: Any) -> None:
    """Silent unless it is wanted; with tqdm a bar, without tqdm a line for each epoch."""
    X, y = data(12)

    def shown(**options: Any) -> str:
        with redirect_stderr(StringIO()) as stream:
            bp.train(bp.dense_network(SIZES, seed=3), X, y, epochs=3, batch_size=4, **options)
        return stream.getvalue()

    demand(shown() == shown(progress=False) == "", "something is printed although nobody looks")
    with patch.dict(sys.modules, {"tqdm": None}):
        lines = shown(progress=True, validation=(X, y)).splitlines()
        demand(len(lines) == 3, f"without tqdm {len(lines)} lines for 3 epochs")
        demand(all("loss" in line and "accuracy" in line and "validation" in line for line in lines), f"a line lacks something: {lines}")
        with redirect_stderr(None):
            bp.train(bp.dense_network(SIZES, seed=3), X, y)


def answers(bp: Any) -> None:
    """Accuracy and classes by pencil: the first of equal scores, logits above zero, any number of samples."""
    Z = np.array([[2.0, 0.0, -1.0], [0.0, 3.0, 3.0], [-5.0, -4.0, -3.0], [1.0, 1.0, 1.0]])
    for y, share in (([0, 1, 2, 0], 1.0), ([0, 2, 2, 1], 0.5), ([1, 2, 0, 2], 0.0)):
        demand(bp.accuracy(Z, np.array(y)) == share, f"the accuracy for {y} is not {share}")
    for dtype in (bool, float, np.float32, int):
        for column in (False, True):
            logits, labels = np.array([-1.0, 0.0, 2.0, 0.5]), np.array([0, 0, 1, 0], dtype)
            found = bp.accuracy(logits[:, None], labels[:, None]) if column else bp.accuracy(logits, labels)
            demand(found == 0.75 and type(found) is float, f"the accuracy of one logit is {found!r}, wanted 0.75")
    for sizes, loss in (((3, 4, 3), "mse"), ((3, 4, 1), "bce")):
        network, (X, _) = bp.dense_network(sizes, loss=loss, seed=5), data(11)
        scores = network.forward(X)
        wanted = scores.argmax(axis=1) if sizes[-1] > 1 else (scores[:, 0] > 0).astype(int)
        for size in (1, 4, 11, 1000):
            found = bp.predict_classes(network, X, size)
            demand(same(found, wanted.astype(np.int64)), f"the classes in blocks of {size} are {found}, wanted {wanted}")
    demand(0 < wanted.mean() < 1, "the oracle needs both classes")
    regression = bp.dense_network((3, 4, 1), loss="mse")
    with refuses("one output of a regression, read as a class", ValueError, naming="network"):
        bp.predict_classes(regression, X)


def optimiser(bp: Any) -> None:
    """A step of gradient descent is in place, exact, in the precision of the parameters; the gradient is left alone."""
    for dtype in (np.float64, np.float32):
        theta, g = np.array([1.0, -2.0, 4.0], dtype), np.array([2.0, 0.0, -8.0], dtype)
        view, before = theta[1:], g.copy()
        demand(bp.GradientDescent(0.25).step(theta, g) is None, "step returns something")
        demand(same(theta, np.array([0.5, -2.0, 6.0], dtype)), f"a step leads to {theta}, wanted [0.5, -2, 6]")
        demand(same(view, theta[1:]) and same(g, before), "a step is not in place, or writes into the gradient")
    good = np.ones(3)
    bad: tuple[tuple[str, Any, Any], ...] = (
        ("theta", [1.0, 1.0, 1.0], good),
        ("theta", np.ones(3, int), good),
        ("theta", np.ones(3, complex), good),
        ("g", good, None),
        ("g", good, 1.0),
        ("g", good, np.ones((3, 1))),
        ("g", good, np.ones(1)),
        ("g", good, np.ones(3, np.float32)),
        ("theta", np.broadcast_to(1.0, 3), good),
    )
    for name, theta, g in bad:
        with refuses(f"a step with {name} {theta if name == 'theta' else g!r}", naming=name):
            bp.GradientDescent(0.1).step(theta, g)


def late_labels(bp: Any) -> None:
    """A target that the loss refuses is refused before the first step."""
    X, y = data(200)
    network = bp.dense_network(SIZES, seed=3)
    start = network.theta.copy()
    for where in range(0, 200, 40):
        labels = y.copy()
        labels[where] = 3
        with refuses("a class that does not exist", naming="y"):
            bp.train(network, X, labels, batch_size=4)
        demand(same(network.theta, start), "a bad label is found after steps have been taken")


ORACLES: tuple[Callable[[Any], None], ...] = (
    independent,
    defaults,
    pairs,
    validation,
    seeds,
    purity,
    precision,
    again,
    interrupt,
    divergence,
    bad_gradient,
    error_travels,
    counted,
    progress,
    answers,
    optimiser,
    late_labels,
)
