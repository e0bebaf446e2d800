"""Oracles for gradient descent: what it must do on problems whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, refuses, same

EIGENVALUES = np.array([0.5, 1.0, 4.0])
START = np.array([3.0, -2.0, 1.0])


def quadratic(w: Any) -> tuple[Any, Any]:
    """Return half the sum of lambda w**2 and its gradient lambda w; the minimum is 0 at 0."""
    eigenvalues = EIGENVALUES.astype(w.dtype)
    return 0.5 * (eigenvalues * w**2).sum(), eigenvalues * w


def contraction(bp: Any) -> None:
    """Along each eigenvector the distance shrinks by 1 - learning_rate * eigenvalue in each step."""
    for learning_rate in (0.1, 0.4, 0.25):
        w, history = bp.gradient_descent(quadratic, START, learning_rate, 20)
        wanted = START * (1 - learning_rate * EIGENVALUES) ** np.arange(21)[:, None]
        demand(np.abs(history.path - wanted) <= 1e-14 * np.abs(START), f"the path is not the closed form at learning rate {learning_rate}")
        demand(same(w, history.path[-1]), "the result is not the end of the path")


def stability(bp: Any) -> None:
    """It converges just below the bound 2 / lambda_max and diverges just above it."""
    bound = 2 / EIGENVALUES.max()
    _, history = bp.gradient_descent(quadratic, START, 0.99 * bound, 2000)
    demand(history.losses[-1] < 1e-12, "does not converge at 0.99 of the stability bound")
    _, history = bp.gradient_descent(quadratic, START, 1.01 * bound, 500)
    demand(history.losses[-1] > 1e3 * history.losses[0], "does not diverge at 1.01 of the stability bound")


def history_contents(bp: Any) -> None:
    """Loss and gradient norm number k belong to point number k; the start and the end are in."""
    for steps in (0, 1, 7):
        w, history = bp.gradient_descent(quadratic, START, 0.1, steps)
        lengths = [len(part) for part in (history.losses, history.gradient_norms, history.path)]
        demand(lengths == [steps + 1] * 3, f"{steps} steps give a history of lengths {lengths}, wanted {steps + 1}")
        demand(same(history.path[0], START), "the path does not begin at the start")
        demand(same(history.path[-1], w), "the path does not end at the result")
        for point, loss, norm in zip(history.path, history.losses, history.gradient_norms, strict=True):
            demand(loss == quadratic(point)[0], "a loss in the history is not the loss at its point of the path")
            demand(abs(norm - np.linalg.norm(quadratic(point)[1])) <= 1e-14 * norm, "a gradient norm in the history is wrong")


def tolerance(bp: Any) -> None:
    """It stops at the first point where the gradient is at most the tolerance, and not before."""
    _, full = bp.gradient_descent(quadratic, START, 0.1, 100)
    for limit in (0.3, float(full.gradient_norms[40])):
        _, history = bp.gradient_descent(quadratic, START, 0.1, 100, tolerance=limit)
        norms = history.gradient_norms
        demand(
            norms[-1] <= limit and np.all(norms[:-1] > limit),
            f"tolerance {limit}: stopped at gradient norm {norms[-1]} after {len(norms) - 1} steps",
        )
    _, history = bp.gradient_descent(quadratic, np.zeros(3), 0.1, 5)
    demand(len(history.losses) == 1, "does not stop where the gradient is 0")
    _, small = bp.gradient_descent(quadratic, 1e-9 * START, 0.1, 5)
    demand(len(small.losses) == 6, "stops at a small gradient although the tolerance is 0")


def dtypes(bp: Any) -> None:
    """float32 stays float32, with every kind of learning rate; integers become float64."""
    for learning_rate in (0.125, np.float64(0.125), np.float32(0.125)):
        w, history = bp.gradient_descent(quadratic, START.astype(np.float32), learning_rate, 3)
        demand(w.dtype == np.float32 and history.path.dtype == np.float32, f"a float32 start ends as {w.dtype}")
        demand(
            history.losses.dtype == np.float32 and history.gradient_norms.dtype == np.float32,
            "the history of a float32 walk is not float32",
        )
    for start in (START.astype(int), START.astype(int).tolist()):
        w, _ = bp.gradient_descent(quadratic, start, 1, 1)
        demand(same(w, START - EIGENVALUES * START), "an integer start is not walked in float64")
    with refuses("a float64 gradient for float32 parameters", TypeError, naming="gradient"):
        bp.gradient_descent(lambda w: (0.0, w.astype(np.float64)), START.astype(np.float32), 0.1, 3)


def purity(bp: Any) -> None:
    """The start is not written into, and what the loss function does to its argument is its own affair."""
    for steps in (0, 5):
        start = START.copy()
        w, history = bp.gradient_descent(quadratic, start, 0.1, steps)
        demand(same(start, START), "the start was changed")
        shared = [np.shares_memory(w, other) for other in (start, history.path)]
        demand(not any(shared), "the result shares memory with the start or with the path")
    fixed = START.copy()
    fixed.flags.writeable = False
    first, second = (bp.gradient_descent(quadratic, fixed, 0.1, 5)[1].path for _ in range(2))
    demand(same(first, second), "a second call gives another path")
    demand(
        same(bp.gradient_descent(_scribbles, START, 0.1, 5)[1].path, first),
        "a loss function that writes into its argument changes the path",
    )
    demand(
        same(bp.gradient_descent(_reuses(), START, 0.1, 5)[1].path, first),
        "a loss function that reuses its gradient array changes the path",
    )


def _scribbles(w: Any) -> tuple[Any, Any]:
    answer = quadratic(w)
    w[:] = np.nan
    return answer


def _reuses() -> Callable[[Any], tuple[Any, Any]]:
    buffer = np.empty(3)

    def loss_and_gradient(w: Any) -> tuple[Any, Any]:
        loss, buffer[:] = quadratic(w)
        return loss, buffer

    return loss_and_gradient


def shapes(bp: Any) -> None:
    """Matrices and single numbers are walked like vectors; lists and ints as gradient are taken."""
    matrix = np.arange(6.0).reshape(2, 3)
    w, history = bp.gradient_descent(lambda M: ((M**2).sum(), 2 * M), matrix, 0.25, 4)
    demand(same(w, matrix / 16), "a matrix of parameters is not walked right")
    demand(history.path.shape == (5, 2, 3) and history.gradient_norms.shape == (5,), f"the path of a matrix has shape {history.path.shape}")
    demand(abs(history.gradient_norms[0] - 2 * np.linalg.norm(matrix)) < 1e-12, "the gradient norm of a matrix is not its Euclidean length")
    w, history = bp.gradient_descent(lambda x: (float(x) ** 2, 2 * float(x)), 3.0, 0.25, 2)
    demand(w == 0.75 and history.path.shape == (3,), "a single number is not walked right")
    w, _ = bp.gradient_descent(lambda w: (0, [1, 2, 3]), START, 0.5, 1)
    demand(same(w, START - 0.5 * np.array([1, 2, 3])), "a gradient given as a list is not used right")


def divergence(bp: Any) -> None:
    """A loss or gradient that is not finite stops the walk with an error that keeps the history."""
    demand(
        issubclass(bp.DivergedError, bp.NotFiniteError) and issubclass(bp.NotFiniteError, ValueError),
        "the errors are not of the right kind",
    )
    for wrong in (np.nan, np.inf, -np.inf):
        for place, answer in (("loss", (wrong, START)), ("gradient", (0.0, np.full(3, wrong)))):
            _diverges(bp, f"a {place} of {wrong}", _always(answer))

    def refuses_to_go_on(w: Any) -> Any:
        raise bp.NotFiniteError("the loss is not finite")

    _diverges(bp, "a loss function that raises NotFiniteError", refuses_to_go_on)
    with refuses("a start that is NaN", bp.DivergedError):
        bp.gradient_descent(quadratic, np.full(3, np.nan), 0.1, 5)


def _always(answer: Any) -> Callable[[Any], Any]:
    return lambda w: answer


def _diverges(bp: Any, what: str, wrong: Callable[[Any], Any]) -> None:
    calls: list[int] = []

    def loss_and_gradient(w: Any) -> Any:
        calls.append(len(calls))
        return quadratic(w) if len(calls) <= 4 else wrong(w)

    _, full = bp.gradient_descent(quadratic, START, 0.1, 3)
    try:
        bp.gradient_descent(loss_and_gradient, START, 0.1, 50)
    except bp.DivergedError as error:
        demand(len(calls) == 5, f"{what}: goes on after it")
        demand(
            same(error.history.path, full.path) and same(error.history.losses, full.losses), f"{what}: the history up to there is not kept"
        )
        demand(len(error.args) == 1 and isinstance(error.args[0], str), f"{what}: the error holds {error.args}, wanted a message")
        demand("4" in str(error) and "0.1" in str(error), f"{what}: the message does not name the step and the learning rate: {error}")
    else:
        demand(False, f"{what}: no DivergedError")


def overflow(bp: Any) -> None:
    """Far above the stability bound the loss overflows: an error, no warning."""
    with refuses("a learning rate far above the bound", bp.DivergedError):
        bp.gradient_descent(quadratic, START, 100.0, 10_000)


def lengths(bp: Any) -> None:
    """The length of a gradient is right where the squares of its entries overflow or vanish."""
    for scale in (1e200, 1e-200):
        _, history = bp.gradient_descent(lambda w, scale=scale: (w.sum(), scale * np.array([3.0, 4.0])), np.zeros(2), 1.0, 1)
        demand(len(history.losses) == 2, f"stops at a gradient of length {5 * scale}")
        demand(np.abs(history.gradient_norms / scale - 5) < 1e-14, f"the length of a gradient of size {scale} is wrong")


def records(bp: Any) -> None:
    """The record has the precision of the walk, its own numbers, and the right shape also when it is empty."""
    _, history = bp.gradient_descent(lambda w: (0.5, w), START.astype(np.float32), 0.1, 2)
    demand(history.losses.dtype == np.float32, "a Python float as loss makes the losses of a float32 walk float64")
    buffer = np.empty(())

    def refills(w: Any) -> tuple[Any, Any]:
        buffer[...], gradient = quadratic(w)
        return buffer, gradient

    _, history = bp.gradient_descent(refills, START, 0.1, 3)
    demand(len(set(history.losses)) == 4, "a loss function that refills its array changes the losses of the record")
    try:
        bp.gradient_descent(quadratic, np.full(3, np.nan), 0.1, 5)
    except bp.DivergedError as error:
        demand(error.history.path.shape == (0, 3), f"an empty path has shape {error.history.path.shape}, wanted (0, 3)")
        demand(isinstance(error.__cause__, bp.NotFiniteError), "the error does not say what caused it")


def other_errors(bp: Any) -> None:
    """An error of the loss function that is not about finite numbers is not swallowed."""

    def broken(w: Any) -> Any:
        raise KeyError("broken")

    try:
        bp.gradient_descent(broken, START, 0.1, 3)
    except KeyError:
        return
    demand(False, "an error of the loss function is swallowed")


ORACLES = (
    contraction,
    stability,
    history_contents,
    tolerance,
    dtypes,
    purity,
    shapes,
    divergence,
    overflow,
    lengths,
    records,
    other_errors,
)
