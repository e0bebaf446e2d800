"""Gradient descent does what is known about it on quadratics, and keeps its history."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import bpkit as bp
from bpbook.ladder.descent import ORACLES, START, quadratic
from bpbook.ladder.report import strict


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracle(oracle):
    oracle(bp)


def test_two_steps_by_hand():
    # loss w**2, gradient 2 w, learning rate 1/4: every step halves w
    w, history = bp.gradient_descent(lambda w: (w[0] ** 2, 2 * w), np.array([8.0]), 0.25, 2)
    assert w.tolist() == [2.0]
    assert history.path.tolist() == [[8.0], [4.0], [2.0]]
    assert history.losses.tolist() == [64.0, 16.0, 4.0]
    assert history.gradient_norms.tolist() == [16.0, 8.0, 4.0]


def test_contraction_of_a_rotated_quadratic():
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    eigenvalues = np.array([0.1, 0.5, 1.0, 3.0])
    H, minimum, start = Q @ np.diag(eigenvalues) @ Q.T, rng.normal(size=4), rng.normal(size=4)
    _, history = bp.gradient_descent(lambda w: (0.5 * (w - minimum) @ H @ (w - minimum), H @ (w - minimum)), start, 0.5, 30)
    wanted = (Q.T @ (start - minimum)) * (1 - 0.5 * eigenvalues) ** np.arange(31)[:, None]
    np.testing.assert_allclose((history.path - minimum) @ Q, wanted, atol=1e-13)


def test_linear_regression_reaches_the_least_squares_solution():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)

    def loss_and_gradient(parameters):
        y_hat = bp.affine(X, parameters[:3], parameters[3])
        L = bp.mse(y_hat, y)
        dy_hat, _ = bp.mse_vjp(1.0, L, y_hat, y)
        _, dw, db = bp.affine_vjp(dy_hat, y_hat, X, parameters[:3], parameters[3])
        return L, np.append(dw, db)

    found, history = bp.gradient_descent(loss_and_gradient, np.zeros(4), 0.2, 5000, tolerance=1e-12)
    wanted = np.linalg.lstsq(np.column_stack([X, np.ones(40)]), y, rcond=None)[0]
    np.testing.assert_allclose(found, wanted, atol=1e-11)
    assert len(history.losses) < 5001 and history.gradient_norms[-1] <= 1e-12


def test_a_diverging_regression_stops_without_a_warning():
    X, y = np.array([[1.0], [2.0], [30.0]]), np.array([1.0, 2.0, 3.0])

    def loss_and_gradient(w):
        y_hat = bp.affine(X, w, 0.0)
        L = bp.mse(y_hat, y)
        return L, bp.affine_vjp(bp.mse_vjp(1.0, L, y_hat, y)[0], y_hat, X, w, 0.0)[1]

    with pytest.raises(bp.DivergedError, match=r"not finite after \d+ steps: try a learning_rate below 0.1") as caught:
        bp.gradient_descent(loss_and_gradient, np.zeros(1), 0.1, 10_000)
    history = caught.value.history
    assert len(history.losses) == len(history.path) == len(history.gradient_norms) > 10
    assert np.all(np.isfinite(history.losses)) and np.all(np.diff(history.losses[1:]) > 0)


def test_a_start_that_is_not_finite_is_not_blamed_on_the_learning_rate():
    with pytest.raises(bp.DivergedError, match="after 0 steps") as caught:
        bp.gradient_descent(quadratic, np.full(3, np.nan), 0.1, 5)
    assert "learning_rate" not in str(caught.value)
    assert len(caught.value.history.losses) == 0


def test_the_error_travels_between_processes():
    error = bp.DivergedError("too far", bp.gradient_descent(quadratic, START, 0.1, 2)[1])
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == "too far" and np.array_equal(copy.history.path, error.history.path)


def test_the_number_of_evaluations():
    calls = []
    bp.gradient_descent(lambda w: (calls.append(1), quadratic(w))[1], START, 0.1, 7)
    assert len(calls) == 8


@pytest.mark.parametrize("steps", [np.int64(3), np.int32(3), 3])
def test_steps_of_every_integer_type(steps):
    assert len(bp.gradient_descent(quadratic, START, 0.1, steps)[1].losses) == 4


@pytest.mark.parametrize("learning_rate", [1, np.int64(1), np.float32(1), np.float64(1), 1.0])
def test_learning_rates_of_every_number_type(learning_rate):
    w, _ = bp.gradient_descent(lambda w: ((w**2).sum() / 2, w), START, learning_rate, 1)
    assert w.tolist() == [0.0, 0.0, 0.0] and w.dtype == np.float64


def test_arguments_by_name():
    w, _ = bp.gradient_descent(loss_and_gradient=quadratic, parameters=START, learning_rate=0.1, steps=1, tolerance=0.0)
    assert w.shape == (3,)
