"""The affine map and the matrix product, in the table of operations."""

from __future__ import annotations

from bpbook.ladder import extremes, extremes_arrays, formulas, formulas_arrays, independent, independent_arrays
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
    Operation(
        name="matmul",
        function="matmul",
        arguments=("A", "B"),
        draw=normal(lambda n, d, h: (n, d), lambda n, d, h: (d, h)),
        sizes=NDH,
        formula=formulas_arrays.multiply,
        derivatives=formulas_arrays.MULTIPLY_DERIVATIVES,
        points=((0.0, 0.0), (1.5, -2.0), (-3.0, 0.125)),
        independent=independent_arrays.matmul,
        torch=independent_arrays.matmul,
        extremes=extremes_arrays.matmul,
        free=frozenset({("A", "is twice as long"), ("B", "lacks the last axis"), ("B", "has one column less")}),
    ),
    Operation(
        name="matmul, a matrix and a vector",
        function="matmul",
        arguments=("A", "B"),
        draw=normal(lambda n, d: (n, d), lambda n, d: (d,)),
        sizes=ND,
        formula=formulas_arrays.multiply,
        derivatives=formulas_arrays.MULTIPLY_DERIVATIVES,
        points=((1.5, -2.0),),
        independent=independent_arrays.matmul,
        torch=independent_arrays.matmul,
        free=frozenset({("A", "is twice as long"), ("B", "has one more axis at the end")}),
    ),
)
