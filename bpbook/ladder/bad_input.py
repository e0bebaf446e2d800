"""Bad input to every argument of every public function: an error that names the argument, what came and what was wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpbook.ladder.operations import OPERATIONS, Operation
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

    def __str__(self) -> str:
        return f"{self.function}: {self.argument} {self.kind}"

    def run(self, bp: Any) -> None:
        """Demand a ValueError or TypeError that names the argument, what came and what was wanted."""
        before = deepcopy(self.arguments)
        try:
            result = getattr(bp, self.function)(*self.arguments)
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


# More rows of X are a larger batch: nothing else fixes n in the forward function.
FREE = {("affine", "X", "is twice as long")}


def _calls(operation: Operation, bp: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield both functions of an operation with good arguments by name."""
    f, _ = operation.calls(bp)
    inputs = operation.inputs(operation.sizes[-1])
    by_name = dict(zip(operation.arguments, inputs, strict=True))
    Y = f(*inputs)
    result = "L" if operation.is_loss else "A" if operation.function == "sigmoid" else "Y"
    yield operation.function, by_name
    yield f"{operation.function}_vjp", {f"d{result}": np.ones_like(Y), result: Y, **by_name}


def cases(bp: Any) -> list[Case]:
    """Return every bad call of the functions in the table, built with results of `bp` itself."""
    found: list[Case] = []
    for operation in OPERATIONS:
        for function, arguments in _calls(operation, bp):
            labels = {name for name, derivative in zip(operation.arguments, operation.derivatives, strict=True) if derivative is None}
            found += [case for name in arguments for case in _bad_values(function, name, arguments)]
            found += _mixed_precision(function, arguments, labels)
    return found + list(_bad_labels(bp)) + list(_descent_cases())


def _bad_values(function: str, name: str, good: dict[str, Any]) -> Iterator[Case]:
    def case(kind: str, value: Any, names: tuple[str, ...], shows: str = "") -> Case:
        return Case(function, name, kind, tuple({**good, name: value}.values()), names, shows)

    for kind, value, shows in NOT_NUMBERS:
        yield case(kind, value, (name,), shows)
    if len(good) > 1:
        for kind, value, shows in _wrong_shapes(np.asarray(good[name])):
            if (function, name, kind) not in FREE:
                yield case(kind, value, tuple(good), shows)
    yield case("is empty", np.empty((0, *np.shape(good[name])[1:])), tuple(good), "shape")


def _wrong_shapes(array: Any) -> Iterator[tuple[str, Any, str]]:
    yield "has one more axis at the end", array[..., None], "shape"
    yield "has one more axis at the start", array[None], str((1, *array.shape))
    yield "is twice as long", np.concatenate([np.atleast_1d(array)] * 2), str(2 * (len(array) if array.ndim else 1))
    if array.ndim:
        yield "is a number", 1.0, "()"
        yield "is an array without axes", np.array(1.0), "()"
    if array.ndim == 2:
        yield "is transposed", array.T, "shape"
        yield "lacks the last axis", array[:, 0], "shape"
        yield "has no columns", array[:, :0], "shape"
        yield "has one column less", array[:, 1:], "shape"


def _mixed_precision(function: str, good: dict[str, Any], labels: set[str]) -> Iterator[Case]:
    """One argument in another precision than the rest; labels take the precision of the logits."""
    numbers = [name for name in good if name not in labels]
    for name in numbers if len(numbers) > 1 else ():
        for kind, others, own in (
            ("is float32 among float64", np.float64, np.float32),
            ("is float64 among float32", np.float32, np.float64),
        ):
            mixed = {key: np.asarray(value).astype(own if key == name else others)[()] for key, value in good.items()}
            yield Case(function, name, kind, tuple(mixed.values()), (name,), np.dtype(own).name)


def _bad_labels(bp: Any) -> Iterator[Case]:
    Z = np.array([0.5, -1.0])
    for wrong in (2, -1, 0.5, 255, np.nan, np.inf, -np.inf, 1 + 1e-15):
        for kind, y in (("in an array", np.array([1, wrong])), ("in a list", [1, wrong])):
            for function, before in (("bce_logits", ()), ("bce_logits_vjp", (1.0, 0.5))):
                shows = "label" if wrong == 1 + 1e-15 else str(wrong)
                yield Case(function, "y", f"holds {wrong} {kind}", (*before, Z, y), ("y",), shows)
    for function, before in (("bce_logits", ()), ("bce_logits_vjp", (1.0, 0.5))):
        yield Case(function, "y", "is complex", (*before, Z, np.array([1 + 0j, 0])), ("y",), "complex128")
        yield Case(function, "y", "is one wrong number", (*before, 0.5, 2), ("y",), "2")


def _quadratic(w: Any) -> tuple[Any, Any]:
    return (w**2).sum(), 2 * w


def _descent_cases() -> Iterator[Case]:
    good = {"loss_and_gradient": _quadratic, "parameters": np.ones(2), "learning_rate": 0.1, "steps": 3, "tolerance": 0.0}
    bad: list[tuple[str, Any, str]] = [("parameters", value, shows) for _, value, shows in NOT_NUMBERS]
    bad += [("parameters", np.ones(2, complex), "complex128")]
    bad += [("loss_and_gradient", value, str(value)) for value in (None, 1.0, "abc")]
    for name in ("learning_rate", "tolerance"):
        bad += [(name, value, str(value)) for value in (None, "0.1", [0.1], -0.1, np.nan, np.inf, True, 1j)]
    bad += [("learning_rate", 0, "0"), ("learning_rate", 0.0, "0.0"), ("learning_rate", np.array([0.1, 0.2]), "0.2")]
    bad += [("steps", value, str(value)) for value in (None, "3", -1, 2.0, 2.5, True, np.nan, [3])]
    for name, value, shows in bad:
        yield Case("gradient_descent", name, f"is {value!r:.40}", tuple({**good, name: value}.values()), (name,), shows)
    yield from _wrong_answers(good)


def _wrong_answers(good: dict[str, Any]) -> Iterator[Case]:
    answers: list[tuple[str, str, Any, str]] = [
        ("loss_and_gradient", "returns nothing", None, "None"),
        ("loss_and_gradient", "returns the gradient alone", np.ones(2), "1."),
        ("loss_and_gradient", "returns three values", (0.0, np.ones(2), 1), "1."),
        ("loss", "is a vector", (np.ones(2), np.ones(2)), "(2,)"),
        ("loss", "has shape (1,)", (np.ones(1), np.ones(2)), "(1,)"),
        ("loss", "is None", (None, np.ones(2)), "None"),
        ("loss", "is complex", (1j, np.ones(2)), "complex128"),
        ("gradient", "has shape (2, 1)", (0.0, np.ones((2, 1))), "(2, 1)"),
        ("gradient", "has shape (1,)", (0.0, np.ones(1)), "(1,)"),
        ("gradient", "is a number", (0.0, 1.0), "()"),
        ("gradient", "is None", (0.0, None), "None"),
        ("gradient", "is a string", (0.0, "abc"), "abc"),
        ("gradient", "is complex", (0.0, np.ones(2, complex)), "complex128"),
        ("gradient", "is float32 for float64 parameters", (0.0, np.ones(2, np.float32)), "float32"),
    ]
    for name, kind, answer, shows in answers:
        arguments = {**good, "loss_and_gradient": lambda w, answer=answer: answer}
        yield Case("gradient_descent", name, kind, tuple(arguments.values()), (name,), shows)


def refused(bp: Any, function: str) -> None:
    """Rung 8: every bad call of one function is refused with a good message."""
    for case in cases(bp):
        if case.function == function:
            case.run(bp)
