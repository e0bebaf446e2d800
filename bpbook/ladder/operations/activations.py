"""Activations, in the table of operations."""

from __future__ import annotations

from functools import partial
from typing import Any

from bpbook.ladder import extremes, extremes_activations, formulas, formulas_activations, independent, independent_activations
from bpbook.ladder.operation import ND, Operation, normal


def _activation(
    name: str, formula: Any, derivatives: tuple[Any, ...], points: tuple[float, ...], more: str = "", **about: Any
) -> Operation:
    return Operation(
        name=name + more,
        function=name,
        arguments=("Z",),
        draw=normal(lambda n, h: (n, h)),
        sizes=ND,
        formula=formula,
        derivatives=derivatives,
        points=tuple((point,) for point in points),
        independent=getattr(independent_activations, name),
        torch=getattr(independent_activations, f"{name}_torch"),
        extremes=getattr(extremes_activations, name),
        result="A",
        **about,
    )


def _leaky(fraction: tuple[int, int], more: str, **about: Any) -> Operation:
    formula = partial(formulas_activations.leaky_relu, fraction=fraction)
    return _activation("leaky_relu", formula, formulas_activations.leaky_derivatives(fraction), BENT, more, kinks=(0.0,), **about)


SMOOTH = (-700.0, -20.0, -3.25, -0.5, -1e-10, 0.0, 1e-10, 0.75, 2.5, 19.0, 700.0)
BENT = (-1e4, -3.25, -0.5, -1e-10, 0.0, 1e-10, 0.75, 2.5, 1e4)

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
    _activation("tanh", formulas_activations.tanh, formulas_activations.TANH_DERIVATIVES, SMOOTH),
    _activation("relu", formulas_activations.relu, formulas_activations.RELU_DERIVATIVES, BENT, kinks=(0.0,)),
    _leaky(formulas_activations.HUNDREDTH, ""),
    _leaky(formulas_activations.QUARTER, ", steeper", options={"slope": 0.25}),
)
