"""Labels and targets that no loss may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def class_targets() -> Iterator[Case]:
    """Yield calls of the cross-entropy with class numbers that are none, and with rows that are no probabilities."""
    Z = np.array([[0.5, -1.0, 2.0], [0.0, 1.0, -0.5]])
    bad: list[tuple[str, Any, str]] = [
        ("is one too large", np.array([0, 3]), "3"),
        ("counts from 1", [1, 3], "3"),
        ("is negative", np.array([-1, 0]), "-1"),
        ("is the largest uint8", np.array([0, 255], np.uint8), "255"),
        ("is huge", np.array([2**62, 0]), str(2**62)),
        ("holds whole floats", np.array([0.0, 2.0]), "float64"),
        ("holds a fraction", np.array([0.0, 0.5]), "float64"),
        ("holds NaN", np.array([np.nan, 0.0]), "float64"),
        ("holds float32", np.array([0, 1], np.float32), "float32"),
        ("holds booleans", np.array([True, False]), "bool"),
        ("holds complex numbers", np.array([0j, 1]), "complex128"),
        ("is a row of complex numbers", np.array([[1 + 0j, 0, 0]] * 2), "complex128"),
        ("has a negative probability", np.array([[1.5, -0.5, 0], [1, 0, 0]]), "-0.5"),
        ("has a row of sum 0.9", np.array([[1, 0, 0], [0.3, 0.3, 0.3]]), "0.9"),
        ("has a row of sum 2", np.array([[1, 0, 1], [0, 1, 0]]), "2"),
        ("has an empty row", np.zeros((2, 3)), "0"),
        ("has a row that is a little off", np.array([[1, 0, 2e-4], [0, 1, 0]]), "1.0002"),
        ("has a probability that is a little negative", np.array([[1, 0, -1e-5], [0, 1, 0]]), "-1e-05"),
        ("has a float32 row that is off", np.array([[1, 0, 1e-3], [0, 1, 0]], np.float32), "1.001"),
        ("has NaN in a row", np.array([[np.nan, 0, 1], [0, 1, 0]]), "nan"),
        ("has infinity in a row", np.array([[np.inf, 0, 0], [0, 1, 0]]), "inf"),
        ("has scores instead of probabilities", Z, "-1.0"),
        ("is a column", np.array([[0], [1]]), "(2, 1)"),
        ("has columns instead of rows", np.eye(3)[:, :2], "(3, 2)"),
    ]
    for function, before in (("cross_entropy_logits", ()), ("cross_entropy_logits_vjp", (1.0, 0.5))):
        for kind, y, shows in bad:
            yield Case(function, "y", kind, (*before, Z, y), ("y",), shows)
        yield Case(function, "y", "is one wrong number", (*before, Z[0], 3), ("y",), "3")
    for name, before in (("softmax", ()), ("logsumexp", ()), ("softmax_vjp", (1.0, 1.0)), ("logsumexp_vjp", (1.0, 1.0))):
        yield Case(name, "Z", "is a number", (*before, 1.0), ("Z",), "()")
    for name, before in (("cross_entropy_logits", ()), ("cross_entropy_logits_vjp", (1.0, 1.0))):
        yield Case(name, "Z", "is a number", (*before, 1.0, 0), ("Z",), "()")
