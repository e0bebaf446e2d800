"""Activations, in the table of operations."""

from __future__ import annotations

from bpbook.ladder import extremes, formulas, independent
from bpbook.ladder.operation import ND, Operation, normal

ACTIVATIONS = (
    Operation(
        name="sigmoid",
        function="sigmoid",
        arguments=("Z",),
        draw=normal(lambda n, h: (n, h)),
        sizes=ND,
        formula=formulas.sigmoid,
        derivatives=formulas.SIGMOID_DERIVATIVES,
        points=tuple((z,) for z in (-700.0, -40.0, -3.25, -0.5, 0.0, 0.75, 2.5, 40.0)),
        independent=independent.sigmoid,
        torch=independent.sigmoid_torch,
        extremes=extremes.sigmoid,
        result="A",
    ),
)
