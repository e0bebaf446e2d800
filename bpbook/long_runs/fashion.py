"""Chapter 10 on the full Fashion-MNIST: baselines first, then two networks with several seeds.

The learning rate is chosen on pictures that no network is trained on. Then the networks are trained
again, on all training pictures, and each sees the test pictures once.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np

from bpbook.datasets import load_small_fashion_mnist
from bpkit import accuracy, cross_entropy_logits, dense_network, softmax, train

SEEDS = tuple(range(5))
NETWORKS = {"784-10-10": (784, 10, 10), "784-128-10": (784, 128, 10)}
LEARNING_RATES = (0.01, 0.03, 0.1, 0.3)
EPOCHS = (8, 2)  # the last ones with a tenth of the learning rate
BATCH_SIZE = 32
HELD_OUT = 10_000
BINS = 10
SAMPLE_STEPS = 20


@cache
def _data() -> Any:
    from bpkit import load_fashion_mnist

    return load_fashion_mnist()


def fit(
    sizes: Sequence[int], X: Any, y: Any, seed: int, learning_rate: float, validation: Any = None
) -> tuple[Any, dict[str, list[float]]]:
    """Train a network by the recipe of the chapter; return it with its learning curves.

    Parameters
    ----------
    sizes : sequence of int
        The inputs, the hidden units, the classes.
    X, y : ndarray
        The pictures and their classes.
    seed : int
        For the weights at the start and for the order of the pictures.
    learning_rate : float
        For the first epochs; the last ones take a tenth of it.
    validation : (X, y), optional
        Pictures for the learning curves only.
    """
    network, curves = dense_network(sizes, seed=seed, dtype=np.float32), []
    rng = np.random.default_rng(seed)
    for epochs, rate in zip(EPOCHS, (learning_rate, learning_rate / 10), strict=True):
        history = train(
            network, X, y, epochs=epochs, batch_size=BATCH_SIZE, learning_rate=rate, validation=validation, seed=rng, progress=False
        )
        curves.append([history.losses, history.accuracies, history.validation_losses, history.validation_accuracies])
    names = ("losses", "accuracies", "validation losses", "validation accuracies")
    return network, {name: _rounded(np.concatenate(parts)) for name, parts in zip(names, zip(*curves, strict=True), strict=True)}


def first_steps(X: Any, y: Any, seed: int = 0) -> list[float]:
    """Return the losses of the first steps of the larger network: what a test repeats."""
    network = dense_network(NETWORKS["784-128-10"], seed=seed, dtype=np.float32)
    few = slice(SAMPLE_STEPS * BATCH_SIZE)
    return _rounded(train(network, X[few], y[few], epochs=1, batch_size=BATCH_SIZE, seed=seed, progress=False).step_losses)


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def choose(task: tuple[float, int]) -> dict[str, list[float]]:
    """Return the learning curves of the larger network for one learning rate and one seed."""
    learning_rate, seed = task
    data, order = _data(), np.random.default_rng(0).permutation(len(_data().X_train))
    rest, held = order[HELD_OUT:], order[:HELD_OUT]
    validation = data.X_train[held], data.y_train[held]
    _, curves = fit(NETWORKS["784-128-10"], data.X_train[rest], data.y_train[rest], seed, learning_rate, validation)
    return curves


def final(task: tuple[str, int, float]) -> dict[str, Any]:
    """Train on all training pictures and look at the test pictures once."""
    from sklearn.metrics import confusion_matrix

    name, seed, learning_rate = task
    data = _data()
    network, _ = fit(NETWORKS[name], data.X_train, data.y_train, seed, learning_rate)
    Z = network.forward(data.X_test)
    return {
        "accuracy": accuracy(Z, data.y_test),
        "training accuracy": accuracy(network.forward(data.X_train), data.y_train),
        "loss": round(float(cross_entropy_logits(Z, data.y_test)), 4),
        "confusion": confusion_matrix(data.y_test, Z.argmax(axis=1)),
        "calibration": calibration(Z, data.y_test),
    }


def calibration(Z: Any, y: Any) -> Any:
    """Return, for each tenth of the confidence: the number of answers, the sum of their confidences, how many are right."""
    P = softmax(Z.astype(np.float64))
    confidence, right = P.max(axis=1), P.argmax(axis=1) == y
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return np.array([np.bincount(place, weights, BINS) for weights in (np.ones(len(y)), confidence, right)])


def baseline(task: tuple[str, int]) -> float:
    """Return the test accuracy of one program of scikit-learn."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    name, seed = task
    models = {
        "most frequent class": lambda: DummyClassifier(strategy="most_frequent"),
        "logistic regression": lambda: LogisticRegression(max_iter=60),
        "MLPClassifier 128": lambda: MLPClassifier((128,), batch_size=BATCH_SIZE, max_iter=sum(EPOCHS), random_state=seed),
    }
    data = _data()
    with warnings.catch_warnings():  # both stop before they have converged: that is asked for
        warnings.simplefilter("ignore")
        model = models[name]().fit(data.X_train, data.y_train)
    return float(model.score(data.X_test, data.y_test))


def duplicates() -> dict[str, int]:
    """Count the pictures that occur more than once, byte by byte."""
    data = _data()
    train_set = {row.tobytes() for row in data.X_train}
    return {
        "in the training part": len(data.X_train) - len(train_set),
        "in both parts": sum(row.tobytes() in train_set for row in data.X_test),
    }


def run() -> dict[str, Any]:
    """Return all results; two processes with one thread each share the work."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        tasks = [(rate, seed) for rate in LEARNING_RATES for seed in SEEDS]
        curves = dict(zip(tasks, pool.map(choose, tasks), strict=True))
        scores = {rate: [curves[rate, seed]["validation accuracies"][-1] for seed in SEEDS] for rate in LEARNING_RATES}
        best = max(LEARNING_RATES, key=lambda rate: float(np.mean(scores[rate])))
        ends = [(name, seed, best) for name in NETWORKS for seed in SEEDS]
        found = dict(zip(ends, pool.map(final, ends), strict=True))
        scikit = [("most frequent class", 0), ("logistic regression", 0), *(("MLPClassifier 128", seed) for seed in SEEDS[:3])]
        known = dict(zip(scikit, pool.map(baseline, scikit), strict=True))
    return {
        "seeds": list(SEEDS),
        "recipe": {"epochs": list(EPOCHS), "batch size": BATCH_SIZE, "learning rate": best, "held out": HELD_OUT},
        "choice": [{"learning rate": rate, "validation accuracies": scores[rate]} for rate in LEARNING_RATES],
        "curves": dict(_over_seeds([curves[best, seed] for seed in SEEDS])),
        "baselines": {name: [known[task] for task in scikit if task[0] == name] for name, _ in scikit},
        "networks": {name: _together([found[name, seed, best] for seed in SEEDS]) for name in NETWORKS},
        "duplicates": duplicates(),
        "first steps": first_steps(*load_small_fashion_mnist()[:2]),
    }


def _over_seeds(curves: Sequence[dict[str, list[float]]]) -> Iterator[tuple[str, dict[str, list[float]]]]:
    for name in curves[0]:
        values = np.array([curve[name] for curve in curves])
        yield name, {"mean": _rounded(values.mean(axis=0)), "lowest": _rounded(values.min(axis=0)), "highest": _rounded(values.max(axis=0))}


def _together(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Keep the scores of each seed, and the sums of the tables."""
    scores = {name: _rounded(result[name] for result in results) for name in ("accuracy", "training accuracy", "loss")}
    confusion = sum(result["confusion"] for result in results)
    tables = [[_rounded(row) for row in result["calibration"]] for result in results]
    return {**scores, "confusion": confusion.tolist(), "calibration": tables}
