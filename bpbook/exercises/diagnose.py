"""Say in which way an array is wrong: off by a constant factor, turned round, transposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Pair:
    """One output of one call: what came, what was wanted, and the sizes and numbers of the call."""

    got: NDArray[Any]
    wanted: NDArray[Any]
    quantities: dict[str, float]


def quantities(parameters: Sequence[str], arguments: Sequence[Any], wanted: NDArray[Any]) -> dict[str, float]:
    """Return what a factor could depend on: sizes of the arrays and values of the numbers."""
    found: dict[str, float] = {}
    for name, argument in zip(parameters, arguments, strict=False):
        if isinstance(argument, (int, float, np.number)) and np.isfinite(argument) and argument:
            found[f"`{name}`"] = float(argument)
        elif isinstance(argument, np.ndarray) and argument.ndim:
            found[f"the number of rows of `{name}`"] = float(len(argument))
            found[f"the number of entries of `{name}`"] = float(argument.size)
            if argument.ndim > 1:
                found[f"the number of columns of `{name}`"] = float(argument.shape[1])
    return found


def describe(pairs: Sequence[Pair]) -> str:
    """Return a sentence about what is wrong in all pairs alike, or '' where nothing simple fits.

    Parameters
    ----------
    pairs : sequence of Pair
        The same output of one function in every call that gave an array.
    """
    with np.errstate(all="ignore"):
        return _describe(pairs)


def _describe(pairs: Sequence[Pair]) -> str:
    if _all_transposed(pairs):
        return "it is transposed"
    if any(pair.got.shape != pair.wanted.shape for pair in pairs):
        return ""
    usable = [pair for pair in pairs if np.all(np.isfinite(pair.got)) and np.any(pair.wanted)]
    if sum(pair.wanted.size for pair in usable) < 2:
        # Any two numbers have a ratio; it says nothing.
        return ""
    if not any(np.any(pair.got) for pair in usable):
        return "it is zero everywhere"
    ratios = [_ratio(pair) for pair in usable]
    if not all(ratio is not None and np.isfinite(ratio) and abs(ratio) > 1e-9 for ratio in ratios):
        return ""
    return _name_factor([float(ratio) for ratio in ratios if ratio is not None], usable)


def _all_transposed(pairs: Sequence[Pair]) -> bool:
    flat = [pair for pair in pairs if pair.wanted.ndim == 2]
    right = [pair for pair in flat if _equal(pair.got, pair.wanted)]
    return len(right) < len(flat) and all(_equal(pair.got, pair.wanted.T) for pair in flat)


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4))


def _ratio(pair: Pair) -> float | None:
    """Return the factor between the two arrays, where one factor fits every entry."""
    unit = float(np.max(np.abs(pair.wanted)))
    got, wanted = (np.real(side).astype(np.float64).ravel() / unit for side in (pair.got, pair.wanted))
    ratio = float(got @ wanted / (wanted @ wanted))
    tolerance = TOLERANCE if pair.got.dtype != np.float32 else 1e-3
    fits = np.max(np.abs(got - ratio * wanted)) <= tolerance * max(np.max(np.abs(got)), 1e-300)
    return ratio if fits else None


def _name_factor(ratios: list[float], pairs: Sequence[Pair]) -> str:
    if np.allclose(ratios, ratios[0], rtol=1e-3):
        return _constant(ratios[0])
    shared = [name for name in pairs[0].quantities if all(name in pair.quantities for pair in pairs)]
    for name in shared:
        for power, words in ((1, "times {}"), (-1, "divided by {}"), (2, "times the square of {}"), (-2, "divided by the square of {}")):
            with np.errstate(all="ignore"):
                scaled = [ratio / pair.quantities[name] ** power for ratio, pair in zip(ratios, pairs, strict=True)]
            if np.all(np.isfinite(scaled)) and scaled[0] and np.allclose(scaled, scaled[0], rtol=1e-3):
                return _variable(scaled[0], words.format(name))
    if any(pair.wanted.size == 1 for pair in pairs):
        # Any two numbers have a ratio; it says nothing.
        return ""
    other = next(ratio for ratio in ratios if not np.isclose(ratio, ratios[0], rtol=1e-3))
    return f"it is off by a factor that changes from call to call ({ratios[0]:.6g}, then {other:.6g})"


def _constant(ratio: float) -> str:
    if np.isclose(ratio, 1, rtol=1e-3):
        return ""
    if np.isclose(ratio, -1, rtol=1e-3):
        return "it has the opposite sign everywhere"
    size = f"it is {abs(ratio):.6g} times the right value everywhere"
    if np.isclose(1 / abs(ratio), round(1 / abs(ratio)), rtol=1e-4) and abs(ratio) < 1:
        size = f"it is 1/{round(1 / abs(ratio))} of the right value everywhere"
    return size + (", with the opposite sign" if ratio < 0 else "")


def _variable(constant: float, words: str) -> str:
    sign = ", with the opposite sign" if constant < 0 else ""
    factor = "" if np.isclose(abs(constant), 1, rtol=1e-3) else f"times {abs(constant):.6g} "
    return f"everywhere it is the right value {factor}{words}{sign}"
