"""The training loop does what chapter 10 promises, and its long run can be repeated in part."""

from __future__ import annotations

import _thread
import inspect
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import bpkit as bp
from bpbook.bugs.mutate import imported, mutate, read_package
from bpbook.datasets import load_small_fashion_mnist
from bpbook.ladder.climb import climb
from bpbook.ladder.report import strict
from bpbook.ladder.training import ORACLES, SIZES, data
from bpbook.long_runs import fashion
from bpbook.notebooks import repository_root
from bpbook.results import load_results
from bpkit.validation import check_finite

ROOT = repository_root()


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracle(oracle):
    oracle(bp)


def test_two_steps_by_hand():
    # One weight and one bias, squared error: L = (w x + b - y)**2, g = 2 (w x + b - y) (x, 1).
    network = bp.Sequential(bp.Affine(1, 1), loss=bp.Loss(bp.mse, bp.mse_vjp))
    network.theta[...] = [1.0, 0.0]
    history = bp.train(network, np.array([[2.0]]), np.array([[6.0]]), epochs=2, batch_size=1, learning_rate=0.125)
    # Residual -4: theta = (1, 0) + 0.25 * 4 * (2, 1) = (3, 1); then residual 1: (3, 1) - 0.25 * (2, 1).
    assert network.theta.tolist() == [2.5, 0.75]
    assert history.step_losses.tolist() == [16.0, 1.0] == history.losses.tolist()


@pytest.mark.parametrize("name", ["leaky_relu", "tanh", "sigmoid", "relu"])
def test_every_activation_learns(name):
    X, y = data(60)
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    network = bp.dense_network((3, 16, 3), name, seed=1)
    history = bp.train(network, X, y, epochs=40, batch_size=8, learning_rate=0.3)
    assert history.accuracies[-1] > 0.8 and history.losses[-1] < 0.5 * history.losses[0]


def test_one_gather_for_each_batch():
    class Counting(np.ndarray):
        gathers = 0

        def __getitem__(self, key):
            Counting.gathers += isinstance(key, np.ndarray)
            return super().__getitem__(key).view(np.ndarray)

    X, y = data(20)
    batches = list(inspect.unwrap(sys.modules["bpkit.training"]._batches)(np.random.default_rng(0), X.view(Counting), y, 6))
    assert Counting.gathers == len(batches) == 4


def test_an_interrupt_from_outside_stops_cleanly():
    X, y = data(4000)
    network = bp.dense_network(SIZES, seed=0)
    steps = []

    class Steps(bp.GradientDescent):
        def step(self, theta, g):
            super().step(theta, g)
            steps.append(theta.copy())
            if len(steps) == 50:
                threading.Thread(target=_thread.interrupt_main).start()

    started = time.monotonic()
    history = bp.train(network, X, y, epochs=10_000, batch_size=8, optimiser=Steps(0.1))
    assert history.interrupted and time.monotonic() - started < 60
    assert len(steps) - 1 <= len(history.step_losses) <= len(steps)
    assert any(np.array_equal(network.theta, theta) for theta in steps[-2:])


def test_an_interrupt_in_the_validation_keeps_the_steps():
    X, y = data(12)
    network = bp.dense_network(SIZES, seed=0)
    forward, calls = network.forward, []

    def interrupted(inputs):
        calls.append(len(inputs))
        if len(calls) > 2 and len(inputs) == 5:  # not in the trial before the first step
            raise KeyboardInterrupt
        return forward(inputs)

    network.forward = interrupted
    history = bp.train(network, X, y, batch_size=4, validation=data(5))
    assert history.interrupted and len(history.step_losses) == 3 and len(history.losses) == 0


def test_the_bar_of_tqdm_shows_loss_and_accuracy(capsys):
    X, y = data(12)
    bp.train(bp.dense_network(SIZES, seed=0), X, y, epochs=2, batch_size=4, progress=True, validation=data(5))
    shown = capsys.readouterr()
    assert shown.out == "" and "6/6" in shown.err
    for word in ("loss 1.", "accuracy 0.", "validation loss 1.", "validation accuracy 0."):
        assert word in shown.err


def test_the_bar_is_closed_after_an_error(monkeypatch):
    from tqdm import tqdm

    closed = []
    monkeypatch.setattr(tqdm, "close", lambda self: closed.append(1))
    X, y = data(12)

    class Broken(bp.GradientDescent):
        def step(self, theta, g):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        bp.train(bp.dense_network(SIZES, seed=0), X, y, optimiser=Broken(0.1), progress=True)
    assert closed


@pytest.mark.parametrize(("disable", "shown"), [("", True), ("1", False)])
def test_a_live_notebook_has_a_bar_and_a_checked_one_has_none(disable, shown, monkeypatch):
    training = sys.modules["bpkit.training"]
    stream = type("OutStream", (), {"__module__": "ipykernel.iostream", "isatty": lambda self: False})()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if disable:
        monkeypatch.setenv("TQDM_DISABLE", disable)
    assert training._shown(None) is shown
    assert training._shown(True) is True and training._shown(False) is False


def test_neither_tqdm_nor_scikit_learn_is_loaded_before_it_is_needed():
    code = "import sys, bpkit; assert not {'tqdm', 'sklearn', 'pooch', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_an_optimiser_is_anything_with_a_step():
    class Momentum:
        v = 0.0

        def step(self, theta, g):
            self.v = 0.9 * self.v + g
            theta -= 0.05 * self.v

    X, y = data(40)
    history = bp.train(bp.dense_network(SIZES, seed=0), X, y, epochs=20, optimiser=Momentum())
    assert history.losses[-1] < history.losses[0]


def test_the_error_says_what_to_do_and_can_be_pickled():
    X, y = data(12)
    with pytest.raises(
        bp.TrainingDivergedError, match=r"step 2: .* is not finite\. The first NaN or infinity is .* Try a smaller"
    ) as caught:
        bp.train(bp.dense_network(SIZES, seed=0), X, y, learning_rate=1e300)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.step, copy.layer) == (caught.value.step, caught.value.layer) and len(copy.history.step_losses) == 1


def test_a_check_dies_when_the_labels_are_mixed_apart():
    broken = mutate(read_package(ROOT), "training._batches", "yield X[rows], y[rows]", "yield X[rows], y")
    with imported(broken) as package:
        assert climb(package, rungs=["training"]) is not None


# --- the long run ---------------------------------------------------------------------------------


def test_the_first_steps_of_the_long_run_come_out_the_same_again():
    known = load_results("fashion")
    found = fashion.first_steps(*load_small_fashion_mnist()[:2])
    assert len(found) == fashion.SAMPLE_STEPS
    assert np.abs(np.array(found) - known["first steps"]).max() <= 2e-3  # float32 differs a little between machines


def test_the_numbers_of_the_long_run_fit_together():
    known = load_results("fashion")
    assert known["seeds"] == list(fashion.SEEDS) and known["recipe"]["epochs"] == list(fashion.EPOCHS)
    for found in known["networks"].values():
        confusion, tables = np.array(found["confusion"]), np.array(found["calibration"])
        assert len(found["accuracy"]) == 5 and confusion.sum() == 50_000 and (confusion.sum(axis=1) == 5000).all()
        assert abs(np.trace(confusion) / 50_000 - np.mean(found["accuracy"])) < 1e-4
        assert np.allclose(tables[:, 2].sum(axis=1) / 10_000, found["accuracy"], atol=1e-4)
        assert (tables[:, 0].sum(axis=1) == 10_000).all()
    assert min(known["networks"]["784-128-10"]["accuracy"]) >= 0.87
    chosen = max(known["choice"], key=lambda choice: np.mean(choice["validation accuracies"]))
    assert chosen["learning rate"] == known["recipe"]["learning rate"]


def test_one_seed_on_the_full_data_comes_out_the_same_again():
    try:
        bp.load_fashion_mnist()
    except FileNotFoundError as error:
        if os.environ.get("BPBOOK_REQUIRE_DATA"):
            raise
        pytest.skip(f"the full data are not on this machine: {str(error).splitlines()[0]}")
    known = load_results("fashion")
    found = fashion.final(("784-10-10", 0, known["recipe"]["learning rate"]))
    assert abs(found["accuracy"] - known["networks"]["784-10-10"]["accuracy"][0]) < 0.01
    full, small = bp.load_fashion_mnist(), load_small_fashion_mnist()
    assert all(np.array_equal(many[: len(few)], few) for many, few in zip(full, small, strict=True))


def test_calibration_by_hand():
    # Two classes, logits 0 and z: the confidence is sigmoid(|z|).
    Z = np.log(np.array([[1.0, 1.0], [1.0, 3.0], [3.0, 1.0], [1.0, 9999.0]]))
    found = fashion.calibration(Z, np.array([0, 1, 1, 1]))
    assert found[0].tolist() == [0, 0, 0, 0, 0, 1, 0, 2, 0, 1]
    assert np.allclose(found[1], [0, 0, 0, 0, 0, 0.5, 0, 1.5, 0, 0.9999])
    assert found[2].tolist() == [0, 0, 0, 0, 0, 1, 0, 1, 0, 1]


def test_a_loss_of_probabilities_is_trained_on():
    """The trial before the first step does not refuse it for the logarithm of zero."""

    def nll(P, y):
        with np.errstate(all="ignore"):
            L = -np.log(P[np.arange(len(y)), y]).mean()
        check_finite("nll", L)
        return L

    def nll_vjp(dL, L, P, y):
        dP = np.zeros_like(P)
        dP[np.arange(len(y)), y] = -1 / P[np.arange(len(y)), y] / len(y)
        return dL * dP, None

    X, y = data(12)
    network = bp.Sequential(bp.Affine(3, 3), bp.Layer(bp.softmax, bp.softmax_vjp), loss=bp.Loss(nll, nll_vjp))
    history = bp.train(network, X, y, epochs=5)
    twin = bp.Sequential(bp.Affine(3, 3), loss=bp.Loss(bp.cross_entropy_logits, bp.cross_entropy_logits_vjp))
    np.testing.assert_allclose(history.losses, bp.train(twin, X, y, epochs=5).losses, rtol=1e-10)


def test_an_optimiser_that_returns_the_parameters_is_refused():
    class Returns:
        def step(self, theta, g):
            return theta - 0.1 * g

    X, y = data(12)
    with pytest.raises(TypeError, match=r"optimiser\.step returned .*wanted None"):
        bp.train(bp.dense_network([3, 4, 3]), X, y, optimiser=Returns())


def test_wrong_columns_are_named():
    X, y = data(12)
    with pytest.raises(ValueError, match=r"^X has shape \(12, 2\), wanted \(12, 3\)"):
        bp.train(bp.dense_network([3, 4, 3]), X[:, :2], y)
    with pytest.raises(ValueError, match=r"^validation X has shape \(12, 2\), wanted \(12, 3\)"):
        bp.train(bp.dense_network([3, 4, 3]), X, y, validation=(X[:, :2], y))


def test_classes_are_not_read_from_outputs_that_are_no_scores():
    X, _ = data(12)
    with pytest.raises(ValueError, match="network has one output and the loss mse, wanted"):
        bp.predict_classes(bp.dense_network([3, 4, 1], loss="mse"), X)


def test_histories_can_be_compared_without_an_error():
    X, y = data(12)
    history = bp.train(bp.dense_network([3, 4, 3]), X, y, epochs=1)
    assert history == history and history != bp.train(bp.dense_network([3, 4, 3]), X, y, epochs=1)
