"""Labels that no loss may take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpbook.ladder.case import Case


def zero_one_labels() -> Iterator[Case]:
    """Yield calls of the binary cross-entropy with labels that are neither 0 nor 1."""
    Z = np.array([0.5, -1.0])
    for wrong in (2, -1, 0.5, 255, np.nan, np.inf, -np.inf, 1 + 1e-15):
        for kind, y in (("in an array", np.array([1, wrong])), ("in a list", [1, wrong])):
            for function, before in (("bce_logits", ()), ("bce_logits_vjp", (1.0, 0.5))):
                shows = "label" if wrong == 1 + 1e-15 else str(wrong)
                yield Case(function, "y", f"holds {wrong} {kind}", (*before, Z, y), ("y",), shows)
    for function, before in (("bce_logits", ()), ("bce_logits_vjp", (1.0, 0.5))):
        yield Case(function, "y", "is complex", (*before, Z, np.array([1 + 0j, 0])), ("y",), "complex128")
        yield Case(function, "y", "is one wrong number", (*before, 0.5, 2), ("y",), "2")
