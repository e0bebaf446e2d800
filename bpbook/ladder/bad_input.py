"""Bad input to every argument of every public function: an error that names the argument, what came and what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from bpbook.ladder.bad_axes import axis_cases, shape_cases
from bpbook.ladder.bad_data import data_cases
from bpbook.ladder.bad_descent import descent_cases
from bpbook.ladder.bad_fast import adam_cases, fast_cases
from bpbook.ladder.bad_gradcheck import gradcheck_cases
from bpbook.ladder.bad_graph import graph_cases
from bpbook.ladder.bad_labels import class_targets, zero_one_labels
from bpbook.ladder.bad_layers import layer_cases, made_layer_cases
from bpbook.ladder.bad_slope import slope_cases
from bpbook.ladder.bad_training import training_cases
from bpbook.ladder.bad_two_layers import two_layer_cases
from bpbook.ladder.case import NOT_NUMBERS, Case
from bpbook.ladder.operations import OPERATIONS, Operation

# Bad calls beyond what the table of operations tells.
SPECIAL: tuple[Callable[[], Iterable[Case]], ...] = (
    zero_one_labels,
    class_targets,
    descent_cases,
    axis_cases,
    shape_cases,
    gradcheck_cases,
    two_layer_cases,
    layer_cases,
    slope_cases,
    data_cases,
    adam_cases,
)

# The same, made with the classes of the package under test.
OF_PACKAGE: tuple[Callable[[Any], Iterable[Case]], ...] = (graph_cases, made_layer_cases, training_cases, fast_cases)


def _calls(operation: Operation, bp: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield both functions of an operation with good arguments by name."""
    f, _ = operation.calls(bp)
    inputs = operation.inputs(operation.sizes[-1])
    by_name = dict(zip(operation.arguments, inputs, strict=True))
    Y = f(*inputs)
    yield operation.function, by_name
    yield f"{operation.function}_vjp", {f"d{operation.result}": np.ones_like(Y), operation.result: Y, **by_name}


def cases(bp: Any, function: str = "") -> list[Case]:
    """Return every bad call, or those of one function, built with results of `bp` itself."""
    found = [
        case
        for operation in OPERATIONS
        if function.removesuffix("_vjp") in ("", operation.function)
        for case in _table_cases(operation, bp)
    ]
    found += [case for special in SPECIAL for case in special()]
    found += [case for special in OF_PACKAGE for case in special(bp)]
    return [case for case in found if function in ("", case.function)]


def _table_cases(operation: Operation, bp: Any) -> Iterator[Case]:
    for function, arguments in _calls(operation, bp):
        labels = {name for name, derivative in zip(operation.arguments, operation.derivatives, strict=True) if derivative is None}
        free = operation.free if function == operation.function else operation.free_vjp
        for name in arguments:
            yield from _bad_values(function, name, arguments, free, operation.options)
        yield from _mixed_precision(function, arguments, labels, operation.options)


def _bad_values(
    function: str, name: str, good: dict[str, Any], free: frozenset[tuple[str, str]], options: Mapping[str, Any]
) -> Iterator[Case]:
    def case(kind: str, value: Any, names: tuple[str, ...], shows: str = "") -> Case:
        return Case(function, name, kind, tuple({**good, name: value}.values()), names, shows, options)

    for kind, value, shows in NOT_NUMBERS:
        yield case(kind, value, (name,), shows)
    if len(good) > 1:
        for kind, value, shows in _wrong_shapes(np.asarray(good[name])):
            if not {(name, kind), (name, "any shape")} & free:
                yield case(kind, value, tuple(good), shows)
    yield case("is empty", np.empty((0, *np.shape(good[name])[1:]), np.asarray(good[name]).dtype), tuple(good), "shape")


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


def _mixed_precision(function: str, good: dict[str, Any], labels: set[str], options: Mapping[str, Any]) -> Iterator[Case]:
    """One argument in another precision than the rest; labels take the precision of the logits."""
    numbers = [name for name in good if name not in labels]
    for name in numbers if len(numbers) > 1 else ():
        for kind, others, own in (
            ("is float32 among float64", np.float64, np.float32),
            ("is float64 among float32", np.float32, np.float64),
        ):
            cast = {key: np.asarray(value).astype(own if key == name else others)[()] for key, value in good.items() if key not in labels}
            yield Case(function, name, kind, tuple({**good, **cast}.values()), (name,), np.dtype(own).name, options)


def refused(bp: Any, function: str) -> None:
    """Rung 8: every bad call of one function is refused with a good message."""
    for case in cases(bp, function):
        case.run(bp)
