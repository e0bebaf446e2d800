"""The affine map, in the table of operations."""

from __future__ import annotations

from bpbook.ladder import extremes, formulas, independent
from bpbook.ladder.operation import ND, NDH, Operation, normal

# More rows of X are a larger batch: nothing else fixes n in the forward function.
MORE_ROWS = frozenset({("X", "is twice as long")})

LINEAR = (
    Operation(
        name="affine",
        function="affine",
        arguments=("X", "W", "b"),
        draw=normal(lambda n, d, h: (n, d), lambda n, d, h: (d, h), lambda n, d, h: (h,)),
        sizes=NDH,
        formula=formulas.affine,
        derivatives=formulas.AFFINE_DERIVATIVES,
        points=((0.0, 0.0, 0.0), (1.5, -2.0, 0.25), (-3.0, 0.1, 1e3)),
        independent=independent.affine,
        torch=independent.affine,
        free=MORE_ROWS,
        extremes=extremes.affine,
    ),
    Operation(
        name="affine, one output",
        function="affine",
        arguments=("X", "W", "b"),
        draw=normal(lambda n, d: (n, d), lambda n, d: (d,), lambda n, d: ()),
        sizes=ND,
        formula=formulas.affine,
        derivatives=formulas.AFFINE_DERIVATIVES,
        points=((1.5, -2.0, 0.25), (-3.0, 0.1, 1e3)),
        independent=independent.affine,
        torch=independent.affine,
        free=MORE_ROWS,
    ),
)
