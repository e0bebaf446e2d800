"""Softmax, logsumexp and the cross-entropy, in the table of operations."""

from __future__ import annotations

from bpbook.ladder import extremes_softmax, formulas, formulas_softmax, independent_softmax
from bpbook.ladder.operation import ND, Arrays, Generator, Operation, normal

NK = ((1, 1), (1, 3), (3, 1), (2, 2), (3, 3), (5, 3))
POINTS = ([[0.5, -1.25, 3.0], [2.0, 0.75, -0.5]], [[-1.5]], [[40.0, -40.0]], [[0.25, 0.25]])
# A row of Z may have any number of logits as long as the labels are among them.
FEWER_CLASSES = frozenset({("Z", "has one column less")})


def _classes(rng: Generator, n: int, k: int) -> Arrays:
    # The first row is of the first class: infinity as its first logit cannot stay unseen.
    y = rng.integers(0, max(k, 1), size=n)
    y[:1] = 0
    if n > 1:
        y[-1] = k - 1 if k else 0
    return rng.normal(scale=2.0, size=(n, k)), y


def _rows(rng: Generator, n: int, k: int) -> Arrays:
    weights = rng.random(size=(n, k)) + 0.05
    return rng.normal(scale=2.0, size=(n, k)), weights / weights.sum(axis=1, keepdims=True)


SOFTMAX = (
    Operation(
        name="softmax",
        function="softmax",
        arguments=("Z",),
        draw=normal(lambda n, k: (n, k)),
        sizes=ND,
        formula=formulas_softmax.softmax,
        derivatives=(formulas.by_sympy,),
        points=tuple((Z,) for Z in POINTS),
        independent=independent_softmax.softmax,
        torch=independent_softmax.softmax_torch,
        extremes=extremes_softmax.softmax,
        result="P",
        whole=True,
    ),
    Operation(
        name="logsumexp",
        function="logsumexp",
        arguments=("Z",),
        draw=normal(lambda n, k: (n, k)),
        sizes=NK,
        formula=formulas_softmax.logsumexp,
        derivatives=(formulas.by_sympy,),
        points=tuple((Z,) for Z in POINTS),
        independent=independent_softmax.logsumexp,
        torch=independent_softmax.logsumexp_torch,
        extremes=extremes_softmax.logsumexp,
        whole=True,
        free_vjp=FEWER_CLASSES,
    ),
    Operation(
        name="cross_entropy_logits, class numbers",
        function="cross_entropy_logits",
        arguments=("Z", "y"),
        draw=_classes,
        sizes=NK,
        formula=formulas_softmax.cross_entropy_classes,
        derivatives=(formulas.by_sympy, None),
        points=((POINTS[0], [1, 0]), (POINTS[0], [2, 2]), (POINTS[1], [0]), (POINTS[2], [1]), (POINTS[3], [1])),
        independent=independent_softmax.cross_entropy_classes,
        torch=independent_softmax.cross_entropy_torch,
        extremes=extremes_softmax.cross_entropy,
        result="L",
        is_loss=True,
        whole=True,
        labels=("y",),
        free=FEWER_CLASSES,
        free_vjp=FEWER_CLASSES,
    ),
    Operation(
        name="cross_entropy_logits, rows of probabilities",
        function="cross_entropy_logits",
        arguments=("Z", "y"),
        draw=_rows,
        sizes=NK,
        formula=formulas_softmax.cross_entropy_rows,
        derivatives=(formulas.by_sympy, None),
        points=(
            (POINTS[0], [[0.5, 0.25, 0.25], [0.125, 0.875, 0.0]]),
            (POINTS[1], [[1.0]]),
            (POINTS[2], [[0.25, 0.75]]),
            (POINTS[3], [[0.0, 1.0]]),
        ),
        independent=independent_softmax.cross_entropy_rows,
        torch=independent_softmax.cross_entropy_torch,
        extremes=extremes_softmax.cross_entropy,
        result="L",
        is_loss=True,
        whole=True,
    ),
)
