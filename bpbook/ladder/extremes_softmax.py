"""What is special about the softmax family at the edge: huge logits, ties, one class, rows that must not mix."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder.report import demand, same

HUGE = 1e4
BOTH: tuple[Any, ...] = (np.float64, np.float32)
# Rows so far apart that what is taken from the whole batch instead of the row is seen.
FAR = ((HUGE, HUGE - 1, 0.0), (-HUGE, -HUGE - 1, -HUGE - 2), (0.0, 0.0, 0.0), (HUGE, -HUGE, HUGE))


def softmax(bp: Any) -> None:
    """Each row is on its own; ties share; minus infinity is impossible; one class is certain; any number of axes."""
    for dtype in BOTH:
        Z = np.array(FAR, dtype)
        P = bp.softmax(Z)
        rows = np.array([np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in Z])
        demand(np.abs(P - rows) <= 4 * np.finfo(dtype).eps, f"softmax of {FAR} is {P}")
        demand(same(bp.softmax(Z.reshape(2, 2, 3)), P.reshape(2, 2, 3)), "softmax of a block is not that of its rows")
        demand(same(bp.softmax(Z[0]), P[0]), "softmax of one row is not that row of the batch")
        demand(same(bp.softmax(Z[:, :1]), np.ones((4, 1), dtype)), "a single class is not certain")
        demand(same(bp.softmax(np.array([-np.inf, 3.0, 3.0], dtype)), np.array([0.0, 0.5, 0.5], dtype)), "minus infinity is not impossible")
        demand(same(bp.softmax(np.array([2.0, 1.0, 0.0], dtype) + dtype(HUGE)), bp.softmax(np.array([2.0, 1.0, 0.0], dtype))), "no shift")
    demand(same(bp.softmax(np.array([1e308, -1e308])), np.array([1.0, 0.0])), "softmax of the largest logits overflows")
    P = bp.softmax(np.array([[np.nan, 0.0], [0.0, 0.0]]))
    demand(np.isnan(P[0]).all() and same(P[1], np.array([0.5, 0.5])), f"NaN in one row gives {P}")
    for row in ([np.inf, 0.0], [0.0, np.inf, -np.inf], [-np.inf, -np.inf]):
        demand(np.isnan(bp.softmax(np.array(row))).all(), f"softmax of {row} is not NaN in the whole row")
    demand(same(bp.softmax_vjp(np.ones(3), bp.softmax(np.array(FAR[0])), np.array(FAR[0]))[0].round(15) + 0, np.zeros(3)), "the sum moves")
    demand(np.isnan(bp.softmax_vjp(np.full(2, np.inf), np.array([1.0, 0.0]), np.array([HUGE, -HUGE]))[0]).any(), "inf - inf is not NaN")


def logsumexp(bp: Any) -> None:
    """Exact for huge logits, ln k for k ties, the single entry for one class, any number of axes."""
    for dtype in BOTH:
        Z = np.array(FAR, dtype)
        Y = bp.logsumexp(Z)
        true = np.array([HUGE + np.log1p(np.exp(-1.0)), -HUGE + np.log(1 + np.exp(-1.0) + np.exp(-2.0)), np.log(3.0), HUGE + np.log(2.0)])
        demand(np.abs(Y - true) <= 2 * np.finfo(dtype).eps * np.abs(true), f"logsumexp of {FAR} is {Y}")
        demand(same(bp.logsumexp(Z.reshape(2, 2, 3)), Y.reshape(2, 2)), "logsumexp of a block is not that of its rows")
        demand(same(bp.logsumexp(Z[1]), Y[1]), "logsumexp of one row is not that row of the batch")
        demand(same(bp.logsumexp(Z[:, :1]), Z[:, 0]), "logsumexp of a single class is not its logit")
        for row, wanted in (([np.inf, 0.0], np.inf), ([-np.inf, 5.0], 5.0), ([-np.inf, -np.inf], -np.inf), ([np.nan, 0.0], np.nan)):
            found = bp.logsumexp(np.array(row, dtype))
            demand(same(found, dtype(wanted)), f"logsumexp of {row} is {found}, wanted {wanted}")
    demand(bp.logsumexp(np.array([1e308, -1e308])) == 1e308, "logsumexp of the largest logits overflows")
    dZ = bp.logsumexp_vjp(2.0, HUGE, np.array([HUGE, -HUGE]))[0]
    demand(same(dZ, np.array([2.0, 0.0])), f"logsumexp_vjp at huge logits is {dZ}")


def cross_entropy(bp: Any) -> None:
    """Exact at logits of 1e4, for class numbers and for rows; a common shift changes nothing; one class costs nothing."""
    for dtype in BOTH:
        for z, label, loss, slope in ((HUGE, 0, 0.0, 0.0), (HUGE, 1, 2 * HUGE, 1.0), (-HUGE, 0, 2 * HUGE, -1.0), (-HUGE, 1, 0.0, 0.0)):
            Z = np.array([[z, -z]], dtype)
            for y in (np.array([label]), np.eye(2)[[label]], np.eye(2, dtype=bool)[[label]]):
                L = bp.cross_entropy_logits(Z, y)
                demand(same(L, dtype(loss)), f"cross_entropy_logits({Z}, {y}) is {L!r}, wanted {loss}")
                dZ = bp.cross_entropy_logits_vjp(1.0, L, Z, y)[0]
                demand(same(dZ, np.array([[slope, -slope]], dtype)), f"cross_entropy_logits_vjp at ({Z}, {y}) is {dZ}")
        Z, y = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], dtype), np.array([1, 2])
        for moved in (Z + dtype(HUGE), Z - dtype(HUGE)):
            demand(same(bp.cross_entropy_logits(moved, y), bp.cross_entropy_logits(Z, y)), "a common shift of all logits changes the loss")
        demand(same(bp.cross_entropy_logits(Z[:, :1], np.zeros(2, int)), dtype(0)), "a single class costs something")
        demand(bp.cross_entropy_logits(np.array([HUGE, HUGE], dtype), 1) == dtype(np.log(2.0)), "a tie of huge logits does not cost ln 2")
        demand(bp.cross_entropy_logits(np.array([-np.inf, 0.0], dtype), 1) == 0, "an impossible class that is not true costs something")
    demand(np.isnan(bp.cross_entropy_logits_vjp(np.inf, 0.0, np.array([HUGE, 0.0]), 0)[0]).all(), "inf times 0 is not NaN")
    _targets_are_equal(bp)
    _rounding_is_mended(bp)


def _targets_are_equal(bp: Any) -> None:
    """Class numbers of every integer type, one-hot rows of every number type, and any number of axes say the same."""
    Z, y = np.array(FAR) / HUGE, np.array([0, 2, 1, 1])
    first, slope = bp.cross_entropy_logits(Z, y), bp.cross_entropy_logits_vjp(1.0, 0.5, Z, y)[0]
    targets = [y.astype(kind) for kind in (np.int8, np.uint8, np.int64, np.uint64)] + [y.tolist()]
    targets += [np.eye(3)[y].astype(kind) for kind in (bool, int, np.float32, float)]
    for target in targets:
        demand(same(bp.cross_entropy_logits(Z, target), first), f"the targets {target!r} change the loss")
        demand(same(bp.cross_entropy_logits_vjp(1.0, first, Z, target)[0], slope), f"the targets {target!r} change the gradient")
    block = Z.reshape(2, 2, 3)
    for target in (y.reshape(2, 2), np.eye(3)[y].reshape(2, 2, 3)):
        demand(np.abs(bp.cross_entropy_logits(block, target) - first) < 1e-15, "the loss of a block is not that of its rows")
        dZ = bp.cross_entropy_logits_vjp(1.0, first, block, target)[0]
        demand(dZ.shape == block.shape and np.abs(dZ.reshape(4, 3) - slope).max() < 1e-15, "the gradient of a block is another")
    one, of_row = bp.cross_entropy_logits(Z[1], 2), bp.cross_entropy_logits(Z[1], np.eye(3)[2])
    demand(one == of_row == bp.cross_entropy_logits(Z[1:2], y[1:2]), "one row without a batch has another loss")


def _rounding_is_mended(bp: Any) -> None:
    """Rows that are off by rounding are divided by their sum, so that the gradient belongs to the loss."""
    Z, y = np.array(FAR[:3]) / HUGE, np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [0.7, 0.2, 0.1]])
    exact = bp.cross_entropy_logits_vjp(1.0, 0.5, Z, y)[0]
    for near, limit in ((1.00009 * y, 1e-15), (0.99991 * y, 1e-15), (y.astype(np.float32), 1e-7)):
        dZ = bp.cross_entropy_logits_vjp(1.0, 0.5, Z, near)[0]
        demand(np.abs(dZ - exact).max() < limit, "rows of a sum that is nearly 1 change the gradient")
        demand(np.abs(dZ.sum(axis=1)).max() < 1e-15, "the gradient of a row has not the sum 0")
    L = bp.cross_entropy_logits(np.array([0.0, -HUGE]), np.array([1 + 9e-7, -9e-7]))
    demand(same(L, np.float64(0)), f"a target of -9e-7 beside 1 + 9e-7 gives the loss {L}, wanted 0")
