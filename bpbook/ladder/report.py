"""How a rung says that something is wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class RungError(AssertionError):
    """A function of bpkit does not do what a rung of the verification ladder demands."""


def demand(holds: Any, problem: str) -> None:
    """Raise RungError with the problem unless the condition holds."""
    if not bool(np.all(holds)):
        raise RungError(problem)


def same(left: Any, right: Any) -> bool:
    """Say whether two results are bit for bit the same, dtype included; NaN equals NaN."""
    if left is None or right is None:
        return left is right
    left, right = np.asarray(left), np.asarray(right)
    return bool(left.dtype == right.dtype and np.array_equal(left, right, equal_nan=True))


def distance(found: Any, true: Any) -> float:
    """Return the norm-relative error; the absolute one where the truth is below 1e-8."""
    found, true = np.asarray(found), np.asarray(true)
    demand(found.shape == true.shape, f"shape {found.shape}, wanted {true.shape}")
    error, size = np.linalg.norm((found - true).ravel()), np.linalg.norm(true.ravel())
    return float(error if size < 1e-8 else error / size)


@contextmanager
def strict() -> Iterator[None]:
    """Turn every warning inside the block into an error: a learner must not meet one."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextmanager
def refuses(what: str, *errors: type[BaseException], naming: str = "") -> Iterator[None]:
    """Demand that the block raises one of the errors, with a message that holds the name and 'wanted'."""
    expected = errors or (ValueError, TypeError)
    try:
        yield
    except expected as error:
        words = re.findall(r"\w+", str(error))
        demand(not naming or naming in words, f"{what}: the message does not name {naming}: {error}")
        demand(not naming or "wanted" in words, f"{what}: the message does not say what was wanted: {error}")
    except Exception as error:
        raise RungError(f"{what}: raises {type(error).__name__}: {error}") from error
    else:
        raise RungError(f"{what}: is accepted")
