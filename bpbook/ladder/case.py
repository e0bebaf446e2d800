"""A call with one bad argument, and what no argument may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpbook.ladder.report import RungError, demand


@dataclass(frozen=True)
class Case:
    """A call with one bad argument."""

    function: str
    argument: str
    kind: str
    arguments: tuple[Any, ...]
    names: tuple[str, ...]
    shows: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.function}: {self.argument} {self.kind}"

    def run(self, bp: Any) -> None:
        """Demand a ValueError or TypeError that names the argument, what came and what was wanted."""
        before = deepcopy(self.arguments)
        try:
            result = getattr(bp, self.function)(*self.arguments, **self.options)
        except (ValueError, TypeError) as error:
            self._check(str(error))
        except Exception as error:
            raise RungError(f"{self} raises {type(error).__name__}: {error}") from error
        else:
            raise RungError(f"{self} is accepted, result {result!r:.80}")
        unchanged = [now is then or repr(now) == repr(then) for now, then in zip(self.arguments, before, strict=True)]
        demand(unchanged, f"{self}: an argument was written into")

    def _check(self, message: str) -> None:
        demand(set(self.names) & set(re.findall(r"\w+", message)), f"{self}: the message names none of {self.names}: {message}")
        demand("wanted" in message, f"{self}: the message does not say what was wanted: {message}")
        demand(self.shows in message, f"{self}: the message does not show {self.shows!r}: {message}")


class Sparse:
    """Like a sparse matrix of SciPy: it has a shape and a dtype, and its `**` is the power of a matrix."""

    dtype = np.dtype(np.float64)
    shape = (2, 2)

    def toarray(self) -> Any:
        return np.eye(2)

    def __repr__(self) -> str:
        return "Sparse"


# What no argument may be: (kind, value, what the message must show).
NOT_NUMBERS: tuple[tuple[str, Any, str], ...] = (
    ("is None", None, "None"),
    ("is a string", "abc", "abc"),
    ("is a string of digits", "1.0", "1.0"),
    ("is a dict", {"a": 1}, "dict"),
    ("is a function", len, "len"),
    ("is a list of strings", ["a", "b"], "'a'"),
    ("is a list with None", [1.0, None], "None"),
    ("is a ragged list", [[1.0, 2.0], [3.0]], "unequal length"),
    ("is an array of strings", np.array(["a", "b"]), "<U1"),
    ("is an array of objects", np.array([1.0, None], dtype=object), "object"),
    ("is an array of number objects", np.array([[1.0, 2.0]], dtype=object), "object"),
    ("is an array of dates", np.array(["2020-01-01"], dtype="M8[D]"), "datetime64"),
    ("is float16", np.ones(2, np.float16), "float16"),
    ("is long double", np.ones(2, np.longdouble), str(np.dtype(np.longdouble))),
    ("is masked", np.ma.masked_array([1.0, 2.0], [True, False]), "mask"),
    ("is sparse", Sparse(), "sparse"),
)
