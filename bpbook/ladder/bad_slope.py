"""A slope that leaky_relu cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import Case


def slope_cases() -> Iterator[Case]:
    """Yield calls of `leaky_relu` and its VJP with a slope that is no number from 0 to 1."""
    Z = np.array([[-1.0, 2.0]])
    wrong: list[Any] = [None, "0.1", [0.1], np.array(0.1), np.array([0.1]), (), True, 1j, len, {}]
    wrong += [-0.01, 1.5, 100, np.nan, np.inf, -np.inf, np.float32(-1.0), 10**400]
    for value in wrong:
        shows = repr(value)[:20]
        yield Case("leaky_relu", "slope", f"is {shows}", (Z, value), ("slope",), shows)
        yield Case("leaky_relu_vjp", "slope", f"is {shows}", (Z, Z, Z, value), ("slope",), shows)
