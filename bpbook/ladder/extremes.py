"""What is special about each operation at the edge: huge values, ties, labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder.report import demand, refuses, same

HUGE = 1e4


def none(bp: Any) -> None:
    """Try nothing more."""


def affine(bp: Any) -> None:
    """Infinity is passed on, and a value that cancels is NaN; neither gives a warning."""
    demand(same(bp.affine(np.array([[np.inf, 1.0]]), np.ones(2), 0.0), np.array([np.inf])), "affine does not pass on infinity")
    demand(same(bp.affine(np.array([[np.inf, -np.inf]]), np.ones(2), 0.0), np.array([np.nan])), "inf - inf is not NaN")
    demand(same(bp.affine(np.full((1, 2), 1e308), np.ones(2), 0.0), np.array([np.inf])), "an overflow is not infinity")
    dX, _, _ = bp.affine_vjp(np.array([np.inf]), np.zeros(1), np.zeros((1, 2)), np.zeros(2), 0.0)
    demand(np.isnan(dX), "inf times 0 is not NaN in affine_vjp")


def mse(bp: Any) -> None:
    """A square that overflows is refused; a perfect guess has loss and gradient 0."""
    with refuses("mse of 1e200", bp.NotFiniteError):
        bp.mse(np.array([1e200]), np.array([-1e200]))
    y = np.array([1.0, -2.0])
    demand(bp.mse(y, y) == 0.0, "mse of a perfect guess is not 0")
    demand(np.array(bp.mse_vjp(1.0, 0.0, y, y)) == 0.0, "mse_vjp of a perfect guess is not 0")
    demand(np.isnan(bp.mse_vjp(np.inf, 0.0, y, y)), "inf times 0 is not NaN in mse_vjp")


def sigmoid(bp: Any) -> None:
    """It saturates at exactly 0 and 1, without a warning, and its derivative there is 0."""
    Z = np.array([-np.inf, -HUGE, 0.0, HUGE, np.inf])
    for dtype in (np.float64, np.float32):
        A = bp.sigmoid(Z.astype(dtype))
        demand(same(A, np.array([0.0, 0.0, 0.5, 1.0, 1.0], dtype)), f"sigmoid of {Z} is {A}")
    demand(
        same(bp.sigmoid_vjp(np.ones(5), A.astype(float), Z)[0], np.array([0.0, 0.0, 0.25, 0.0, 0.0])),
        "sigmoid_vjp is wrong where it saturates",
    )
    demand(np.isnan(bp.sigmoid_vjp(np.array([np.inf]), np.zeros(1), np.array([-HUGE]))[0]), "inf times 0 is not NaN in sigmoid_vjp")
    demand(bp.sigmoid(np.array([-745.0])) > 0, "sigmoid(-745) is 0, wanted the smallest number above 0")


def bce_logits(bp: Any) -> None:
    """At logits of 1e4 the loss is exactly 0 or 1e4 and the gradient exactly 0, 1 or -1; labels are checked."""
    for dtype in (np.float64, np.float32):
        for z, y, loss, slope in ((HUGE, 0, HUGE, 1.0), (HUGE, 1, 0.0, 0.0), (-HUGE, 0, 0.0, 0.0), (-HUGE, 1, HUGE, -1.0)):
            Z, labels = np.array([z], dtype), np.array([y])
            L = bp.bce_logits(Z, labels)
            demand(same(L, dtype(loss)), f"bce_logits({z}, {y}) is {L!r}, wanted {dtype(loss)!r}")
            demand(same(bp.bce_logits_vjp(1.0, L, Z, labels)[0], np.array([slope], dtype)), f"bce_logits_vjp at ({z}, {y}) is not {slope}")
    demand(same(bp.bce_logits(np.array([1e308]), np.array([0])), np.float64(1e308)), "bce_logits(1e308, 0) overflows")
    demand(np.isnan(bp.bce_logits_vjp(np.inf, 0.0, np.array([HUGE]), np.array([1]))[0]), "inf times 0 is not NaN in bce_logits_vjp")
    labels_are_checked(bp)


def labels_are_checked(bp: Any) -> None:
    """Labels of every number type are taken; anything but 0 and 1 is refused, with its value."""
    Z = np.array([0.5, -1.5, 2.0])
    first = bp.bce_logits(Z, np.array([0.0, 1.0, 1.0]))
    for kind in (bool, int, np.uint8, np.float32, float):
        demand(same(bp.bce_logits(Z, np.array([0, 1, 1]).astype(kind)), first), f"labels of type {kind} change the loss")
    for wrong in (2.0, -1.0, 0.5, 1e-300, np.nan, np.inf, -np.inf):
        y = np.array([0.0, wrong, 1.0])
        for name, before in (("bce_logits", (Z,)), ("bce_logits_vjp", (1.0, first, Z))):
            with refuses(f"{name} with the label {wrong}", ValueError, naming="y"):
                getattr(bp, name)(*before, y)
