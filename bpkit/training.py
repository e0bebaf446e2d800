# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/10_real_classifier.ipynb
"""The training loop: mini-batches, history, progress and metrics."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpkit.layers import _generator
from bpkit.losses import bce_logits, cross_entropy_logits
from bpkit.optimisers import GradientDescent
from bpkit.validation import Array, NotFiniteError, as_floats, check_batch, check_finite, check_shape, check_whole

__all__ = ["TrainingDivergedError", "TrainingHistory", "accuracy", "predict_classes", "train"]


def _answers(Z: Array) -> Any:
    (Z,) = as_floats(Z=Z)
    check_batch("Z", Z)
    if len(Z.shape) not in (1, 2) or Z.dtype.kind == "c":
        raise ValueError(f"Z has shape {Z.shape} and dtype {Z.dtype}, wanted real scores, (n, k), or one for each sample, (n,)")
    if np.isnan(Z).any():
        raise ValueError("Z holds NaN, wanted numbers: NaN is no answer")
    if len(Z.shape) == 1 or Z.shape[1] == 1:
        return (Z > 0).astype(np.int64)
    return Z.argmax(axis=1)


def _check_classes(y: Array, Z: Array, answers: Array) -> Any:
    (y,) = as_floats(y=y)
    k = 2 if answers.shape == np.shape(Z) else np.shape(Z)[1]
    why = "a class number for each row of Z"
    check_shape("y", y, answers.shape, f"{why}, whose shape is {np.shape(Z)}")
    if y.dtype.kind == "c":
        raise TypeError(f"y has dtype {y.dtype}, wanted whole numbers: {why}")
    wrong = ~((y >= 0) & (y < k) & (y == np.floor(y)))
    if np.any(wrong):
        label = np.extract(wrong, y)[0]
        raise ValueError(f"y holds {label}, wanted whole numbers from 0 to {k - 1}")
    return y


def accuracy(Z: Array, y: Array) -> float:
    """Return the share of right answers.

    Parameters
    ----------
    Z : (n, k) ndarray
        Scores (logits), one row for each sample; the answer is the class with
        the largest. Or, for the two classes 0 and 1, one logit for each sample,
        (n,) or (n, 1): the answer is 1 where it is above 0.
    y : (n,) ndarray
        The true classes, whole numbers from 0 to k - 1. For two classes: 0 and
        1, in the shape of Z.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit, the batch is empty, Z holds NaN, or y holds
        something that is no class.

    Notes
    -----
    Equation `def-accuracy`.

    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`What we count <sec-real-accuracy>`.
    """
    answers = _answers(Z)
    return float((answers == _check_classes(y, Z, answers)).mean())


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """What happened in a training: an entry for each step, or for each epoch.

    Attributes
    ----------
    step_losses : (steps,) ndarray
        The loss of each mini-batch, before its step.
    losses : (epochs,) ndarray
        The mean loss over all samples of an epoch, each taken before the step
        that used it.
    accuracies : (epochs,) ndarray
        The same for the share of right answers; NaN where the loss does not
        belong to classes.
    validation_losses, validation_accuracies : (epochs,) ndarray
        After each epoch, on data that the training does not use; NaN where
        there are none.
    interrupted : bool
        Whether the training was stopped from outside. Only whole epochs have an
        entry; `step_losses` holds every step.

    Notes
    -----
    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The training loop <sec-real-loop>`.
    """

    step_losses: Array
    losses: Array
    accuracies: Array
    validation_losses: Array
    validation_accuracies: Array
    interrupted: bool = False


class _Record:
    """Collects the numbers of a training and shows them on the way."""

    def __init__(self, bar: Any = None) -> None:
        self.bar = bar
        self.step_losses: list[float] = []
        self.epochs: list[list[float]] = []
        self.sums = np.zeros(3)  # loss, right answers and samples of the epoch
        self.interrupted = False

    def add(self, L: Any, share: float, samples: int) -> None:
        self.step_losses.append(float(L))
        self.sums += samples * np.array([L, share, 1.0])
        if self.bar is not None:
            self.bar.step(self)

    def means(self) -> list[float]:
        return [float(value) for value in self.sums[:2] / self.sums[2]]

    def end_epoch(self, validation: list[float]) -> None:
        self.epochs.append([*self.means(), *validation])
        self.sums = np.zeros(3)
        if self.bar is not None:
            self.bar.epoch(self)

    def text(self) -> str:
        names = ("loss", "accuracy", "validation loss", "validation accuracy")
        values = self.means() if self.sums[2] else self.epochs[-1]
        pairs = zip(names, values, strict=False)
        return ", ".join(f"{name} {value:.3f}" for name, value in pairs if not np.isnan(value))

    def history(self) -> TrainingHistory:
        columns = np.array(self.epochs).reshape(-1, 4).T
        return TrainingHistory(np.array(self.step_losses), columns[0], columns[1], columns[2], columns[3], self.interrupted)


def _shown(progress: Any) -> bool:
    if not isinstance(progress, (bool, type(None))):
        raise TypeError(f"progress is {progress!r:.60}, wanted True, False or None")
    if progress is not None or sys.stderr is None or "TQDM_DISABLE" in os.environ:
        return bool(progress)
    return sys.stderr.isatty() or "ipykernel" in type(sys.stderr).__module__


class _Progress:
    """A bar of tqdm; without tqdm a line for each epoch; or silence."""

    def __init__(self, progress: bool | None, steps: int) -> None:
        self.shown, self.bar = _shown(progress), None
        if self.shown:
            with suppress(ImportError):
                from tqdm import tqdm

                self.bar = tqdm(total=steps, unit="step", disable=False)

    def step(self, record: _Record) -> None:
        if self.bar is not None:
            self.bar.set_postfix_str(record.text(), refresh=False)
            self.bar.update()

    def epoch(self, record: _Record) -> None:
        if self.bar is not None:
            self.bar.set_postfix_str(record.text())
        elif self.shown:
            print(f"epoch {len(record.epochs)}: {record.text()}", file=sys.stderr)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


_PARTS = ("theta", "g", "layers", "loss_layer", "forward", "backward")


def _check_network(network: Any, wanted: tuple[str, ...]) -> None:
    missing = [name for name in wanted if not hasattr(network, name)]
    if missing or isinstance(network, type):
        raise TypeError(f"network is {network!r:.60}, wanted a network, such as dense_network(...)")
    if "loss_layer" in wanted and network.loss_layer is None:
        raise ValueError("network has the loss None, wanted one with a loss layer")


def _check_inputs(name: str, X: Any) -> Any:
    (X,) = as_floats(**{name: X})
    check_batch(name, X)
    if len(X.shape) < 2 or X.dtype.kind == "c":
        raise ValueError(f"{name} has shape {X.shape} and dtype {X.dtype}, wanted real numbers, (n, d): one row for each sample")
    if not np.isfinite(X).all():
        raise ValueError(f"{name} holds NaN or infinity, wanted finite numbers")
    return X


def _check_data(network: Any, X: Any, y: Any, prefix: str = "") -> tuple[Any, Any]:
    X = _check_inputs(f"{prefix}X", X)
    if X.dtype != network.theta.dtype:
        raise TypeError(f"{prefix}X is {X.dtype} and network is {network.theta.dtype}, wanted one precision; use .astype")
    as_floats(**{f"{prefix}y": y})  # refuses what does not hold numbers
    y = np.asarray(y)
    columns = next((layer.input_shape for layer in network.layers[:1]), None)
    if columns is not None:
        check_shape(f"{prefix}X", X, (len(X), *columns), "what the network takes")
    if y.shape[:1] != X.shape[:1]:
        raise ValueError(f"{prefix}y has shape {y.shape}, wanted ({len(X)}, ...): one target for each row of {prefix}X")
    Z = network.forward(X[:1])  # a trial, so that no step meets a bad target
    zeros = np.zeros((len(X), *Z.shape[1:]), Z.dtype)
    with suppress(NotFiniteError):  # a loss of probabilities: log of zero
        network.loss_layer.forward(zeros, y)
    return X, y


def _check_all(network: Any, X: Any, y: Any, validation: Any) -> tuple[Any, Any, Any]:
    _check_network(network, _PARTS)
    X, y = _check_data(network, X, y)
    if validation is None:
        return X, y, None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(f"validation is {validation!r:.60}, wanted two arrays, (X, y), or None")
    X_new, y_new = validation
    return X, y, _check_data(network, X_new, y_new, prefix="validation ")


def _check_optimiser(optimiser: Any, learning_rate: Any) -> Any:
    default = GradientDescent(learning_rate)
    if optimiser is None:
        return default
    if isinstance(optimiser, type) or not callable(getattr(optimiser, "step", None)):
        raise TypeError(f"optimiser is {optimiser!r:.60}, wanted an object with step(theta, g), such as GradientDescent(0.1)")
    if default.learning_rate != 0.1:
        raise ValueError(f"learning_rate is {learning_rate} and optimiser is given, wanted one of them: the optimiser has its own")
    return optimiser


def _labels(network: Any, y: Array) -> Any:
    """Return what `accuracy` wants, or None where the loss knows no classes."""
    f = network.loss_layer.f
    if f is cross_entropy_logits:
        return y if len(y.shape) == 1 else y.argmax(axis=1)
    one_logit = len(y.shape) == 1 or y.shape[1:] == (1,)
    return y if f is bce_logits and one_logit else None


def _forward_fault(network: Any, X: Array) -> tuple[str, str]:
    """Return the first layer with NaN or infinity on the way forward, and where."""
    for layer in network.layers:
        for name, value in layer.parameters.items():
            if not np.isfinite(value).all():
                return layer.name, f"the parameter {name}"
        X = layer.forward(X)
        if not np.isfinite(X).all():
            return layer.name, "the output"
    return "loss", "the value"


def _backward_fault(network: Any) -> tuple[str, str]:
    """The same on the way back, where the last layer comes first."""
    for layer in reversed(network.layers):
        for name, value in layer.gradients.items():
            if not np.isfinite(value).all():
                return layer.name, f"the gradient of {name}"
    return "loss", "the gradient"


class TrainingDivergedError(NotFiniteError):
    """The loss, a gradient or a parameter is NaN or infinite.

    Attributes
    ----------
    history : TrainingHistory
        What happened before.
    step : int
        The step that could not be taken, counted from 1.
    layer : str
        The layer in which the first NaN or infinity appeared.

    Notes
    -----
    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The small print <sec-real-small-print>`.
    """

    def __init__(self, message: str, history: TrainingHistory, step: int, layer: str) -> None:
        super().__init__(message)
        self.history, self.step, self.layer = history, step, layer

    def __reduce__(self) -> Any:  # to send it from one process to another
        return type(self), (*self.args, self.history, self.step, self.layer)


def _diverged(record: _Record, what: str, layer: str, where: str) -> Any:
    step = len(record.step_losses) + 1
    message = (
        f"step {step}: {what} is not finite. The first NaN or infinity "
        f"is {where} of {layer}. Try a smaller learning_rate, "
        "and look at the scale of the data"
    )
    return TrainingDivergedError(message, record.history(), step, layer)


def _score(network: Any, X: Array, y: Array) -> tuple[Any, float]:
    Z = network.forward(X)
    L = network.loss_layer.forward(Z, y)
    check_finite("the loss", L)  # the losses of this book have done so
    labels = _labels(network, y)
    return L, np.nan if labels is None else accuracy(Z, labels)


def _batches(rng: np.random.Generator, X: Array, y: Array, size: int) -> Iterator[tuple[Array, Array]]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), size):
        rows = order[start : start + size]
        yield X[rows], y[rows]


def _take_step(network: Any, optimiser: Any) -> None:
    before = network.theta.copy()
    try:
        answer = optimiser.step(network.theta, network.g)
    except BaseException:  # an interrupt in the middle of it, too
        network.theta[...] = before
        raise
    if answer is not None:
        raise TypeError(f"optimiser.step returned {answer!r:.60}, wanted None: it writes the next parameters into theta")


def _step(network: Any, X: Array, y: Array, optimiser: Any, record: _Record) -> None:
    try:
        L, share = _score(network, X, y)
    except NotFiniteError as error:
        fault = _forward_fault(network, X)
        raise _diverged(record, "the loss", *fault) from error
    network.backward()
    if not np.isfinite(network.g).all():
        raise _diverged(record, "the gradient", *_backward_fault(network))
    _take_step(network, optimiser)
    record.add(L, share, len(X))


def _validate(network: Any, X: Array, y: Array, size: int = 1000) -> list[float]:
    record = _Record()
    for start in range(0, len(X), size):
        rows = slice(start, start + size)
        record.add(*_score(network, X[rows], y[rows]), len(X[rows]))
    return record.means()


def _end_epoch(network: Any, X: Array, validation: Any, record: _Record) -> None:
    try:
        if not np.isfinite(network.theta).all():
            raise NotFiniteError("a parameter is not finite")
        scores = [np.nan, np.nan]
        if validation is not None:
            X, y = validation
            scores = _validate(network, X, y)
    except NotFiniteError as error:
        fault = _forward_fault(network, X)
        raise _diverged(record, "what the epoch left", *fault) from error
    record.end_epoch(scores)


def train(
    network: Any,
    X: Array,
    y: Array,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    learning_rate: float = 0.1,
    optimiser: Any = None,
    validation: Any = None,
    seed: Any = 0,
    progress: bool | None = None,
) -> TrainingHistory:
    """Train a network on shuffled mini-batches; the network is changed.

    Parameters
    ----------
    network : Sequential
        A network with a loss, such as `dense_network(...)`. The training goes
        on from the parameters that it has.
    X : (n, d) ndarray
        The inputs, finite, in the precision of the network; not changed.
    y : (n,) or (n, k) ndarray
        The targets, as the loss wants them; not changed.
    epochs : int
        How many times each sample is used.
    batch_size : int
        Samples in a mini-batch. The last one of an epoch holds what is left.
    learning_rate : float
        Of plain gradient descent; only where there is no `optimiser`.
    optimiser : optional
        Anything with `step(theta, g)` that writes the next parameters into
        theta.
    validation : (X, y), optional
        Data that the training does not use, for the history.
    seed : int or Generator
        Decides the order of the samples: the same seed, the same numbers.
    progress : bool, optional
        A progress bar, on stderr. By default in a terminal and in a live
        notebook, unless TQDM_DISABLE is set. Without tqdm a line for each epoch.

    Returns
    -------
    TrainingHistory
        Losses and accuracies. After a KeyboardInterrupt it holds what came
        before, and the network keeps its last whole step.

    Raises
    ------
    TrainingDivergedError
        If the loss, a gradient or a parameter is NaN or infinite: the message
        names the step and the layer where it began.
    ValueError, TypeError
        If an argument does not fit.

    Notes
    -----
    Equations `eq-descent-step`, `eq-real-epoch-mean`.

    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The loop that we keep <sec-real-train>`.
    """
    X, y, validation = _check_all(network, X, y, validation)
    optimiser = _check_optimiser(optimiser, learning_rate)
    epochs = check_whole("epochs", epochs, least=0)
    size, rng = check_whole("batch_size", batch_size, least=1), _generator(seed)
    record = _Record(_Progress(progress, epochs * -(-len(X) // size)))
    try:
        for _ in range(epochs):
            for X_batch, y_batch in _batches(rng, X, y, size):
                _step(network, X_batch, y_batch, optimiser, record)
            _end_epoch(network, X[:1], validation, record)
    except KeyboardInterrupt:
        record.interrupted = True
    finally:
        record.bar.close()
    return record.history()


def predict_classes(network: Any, X: Array, batch_size: int = 1000) -> Any:
    """Return the class that a network gives to each row of X.

    Parameters
    ----------
    network : Sequential
        Anything with `forward(X)` that returns scores as in `accuracy`.
    X : (n, d) ndarray
        The inputs, in the precision of the network.
    batch_size : int
        Rows at a time: it bounds the memory and does not change the answers.

    Returns
    -------
    (n,) ndarray
        Class numbers, int64.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit, or a score is NaN.

    Notes
    -----
    Derived in :doc:`chapter 10 </chapters/10_real_classifier>`, section :ref:`The surest mistakes <sec-real-wrong>`.
    """
    _check_network(network, ("forward",))
    X = _check_inputs("X", X)
    size = check_whole("batch_size", batch_size, least=1)
    blocks = [network.forward(X[i : i + size]) for i in range(0, len(X), size)]
    Z, loss = np.concatenate(blocks), getattr(network, "loss_layer", None)
    one_score = len(Z.shape) == 1 or Z.shape[1] == 1
    if one_score and loss is not None and loss.f is not bce_logits:
        raise ValueError(
            f"network has one output and the loss {loss.name}, wanted the loss bce_logits: only for it does a positive output mean class 1"
        )
    return _answers(Z).reshape(len(Z))
