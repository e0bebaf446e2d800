"""The steps of a worksheet in the order of computation."""

from __future__ import annotations

from functools import lru_cache

from bpbook.worksheet import backward, forward
from bpbook.worksheet.step import Step

ACTIVATIONS = ("leaky_relu", "relu", "sigmoid")
LOSSES = ("mse", "bce")
PARAMETERS = ("w11", "w12", "w21", "w22", "b1", "b2", "v1", "v2", "c")


@lru_cache
def steps(activation: str, loss: str, positive: tuple[bool, bool]) -> tuple[Step, ...]:
    """Return the steps in the order of computation; `positive` says which hidden units are above zero."""
    pairs = [(unit, positive[unit - 1]) for unit in (1, 2)]
    first = [forward.into_unit(unit) for unit in (1, 2)]
    first += [forward.activated(unit, activation, above) for unit, above in pairs]
    first += [forward.output(activation), *forward.losses(loss)]
    second = [backward.from_loss(loss), *(backward.second_weight(unit, activation, above) for unit, above in pairs), backward.second_bias()]
    second += [backward.to_unit(unit, activation != "relu" or above) for unit, above in pairs]
    second += [backward.through(unit, activation, above) for unit, above in pairs]
    bent = {unit: activation == "sigmoid" or not above for unit, above in pairs}
    second += [backward.first_weight(source, unit, bent[unit]) for source in (1, 2) for unit in (1, 2)]
    second += [backward.first_bias(unit, bent[unit]) for unit in (1, 2)]
    return (*first, *second, *(backward.new(name) for name in PARAMETERS))
