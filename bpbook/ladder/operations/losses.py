"""Losses, in the table of operations."""

from __future__ import annotations

import numpy as np

from bpbook.ladder import extremes, formulas, independent
from bpbook.ladder.operation import ND, Arrays, Generator, Operation, normal


def _logits_and_labels(rng: Generator, n: int, h: int) -> Arrays:
    # Both labels occur as soon as there are two entries.
    return rng.normal(scale=2.0, size=(n, h)), ((np.arange(n * h) + rng.integers(2)) % 2).reshape(n, h).astype(float)


LOSSES = (
    Operation(
        name="mse",
        function="mse",
        arguments=("y_hat", "y"),
        draw=normal(lambda n: (n,), lambda n: (n,)),
        sizes=((1,), (2,), (7,)),
        formula=formulas.mse,
        derivatives=formulas.MSE_DERIVATIVES,
        points=((0.0, 0.0), (1.5, -0.5), (-1e3, 1e3)),
        independent=independent.mse,
        torch=independent.mse,
        extremes=extremes.mse,
        result="L",
        is_loss=True,
    ),
    Operation(
        name="mse, several outputs",
        function="mse",
        arguments=("y_hat", "y"),
        draw=normal(lambda n, h: (n, h), lambda n, h: (n, h)),
        sizes=ND,
        formula=formulas.mse,
        derivatives=formulas.MSE_DERIVATIVES,
        points=((1.5, -0.5),),
        independent=independent.mse,
        torch=independent.mse,
        result="L",
        is_loss=True,
    ),
    Operation(
        name="bce_logits",
        function="bce_logits",
        arguments=("Z", "y"),
        draw=_logits_and_labels,
        sizes=ND,
        formula=formulas.bce_logits,
        derivatives=formulas.BCE_DERIVATIVES,
        points=tuple((z, y) for z in (-700.0, -40.0, -3.25, -0.5, 0.0, 0.75, 2.5, 40.0, 700.0) for y in (0.0, 1.0)),
        independent=independent.bce_logits,
        torch=independent.bce_logits_torch,
        extremes=extremes.bce_logits,
        result="L",
        is_loss=True,
    ),
)
