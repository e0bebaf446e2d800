"""Rung 2: shapes, dtypes and purity. What a function may not do, whatever it computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder.operation import Operation, Sizes
from bpbook.ladder.report import demand, distance, same
from bpbook.ladder.rungs import incoming


def contract(bp: Any, operation: Operation, sizes: Sizes, seed: int = 0) -> None:
    """Rung 2: gradients have the shapes of the arguments, float32 stays float32, nothing is written into."""
    for dtype in (np.float64, np.float32):
        inputs = tuple(array.copy() for array in operation.cast(operation.inputs(sizes, seed), dtype))
        _check_one(bp, operation, inputs, np.dtype(dtype), f"{operation.name}, sizes {sizes}, {np.dtype(dtype)}")
    _check_single_precision(bp, operation, sizes, seed)
    _check_layout(bp, operation, sizes, seed)


def _check_one(bp: Any, operation: Operation, inputs: Any, dtype: Any, where: str) -> None:
    f, vjp = operation.calls(bp)
    Y = _call_twice(f, inputs, where)
    demand(np.asarray(Y).dtype == dtype, f"{where}: the result is {np.asarray(Y).dtype}, wanted {dtype}")
    demand(np.shape(Y) == () or not operation.is_loss, f"{where}: the loss has shape {np.shape(Y)}, wanted ()")
    dY = incoming(operation, Y).astype(dtype)
    gradients = _call_twice(vjp, (dY, np.array(Y), *inputs), f"{where}, vjp")
    _check_gradients(operation, inputs, gradients, dtype, where)
    doubled = vjp(2 * dY, Y, *inputs)
    demand(
        [a is b is None or same(2 * a, b) for a, b in zip(gradients, doubled, strict=True)],
        f"{where}: twice dY does not give twice the gradients",
    )
    if np.shape(Y) == ():
        plain = vjp(float(dY), float(Y), *inputs)
        demand([same(a, b) for a, b in zip(gradients, plain, strict=True)], f"{where}: a Python number as dL changes the gradients")


def _check_gradients(operation: Operation, inputs: Any, gradients: Any, dtype: Any, where: str) -> None:
    demand(isinstance(gradients, tuple), f"{where}: the vjp returns {type(gradients).__name__}, wanted a tuple")
    demand(len(gradients) == len(inputs), f"{where}: the vjp returns {len(gradients)} gradients, wanted {len(inputs)}")
    for name, array, gradient, derivative in zip(operation.arguments, inputs, gradients, operation.derivatives, strict=True):
        if derivative is None:
            demand(gradient is None, f"{where}: d{name} is not None, but {name} has no gradient")
            continue
        demand(gradient is not None, f"{where}: d{name} is None")
        demand(np.shape(gradient) == array.shape, f"{where}: d{name} has shape {np.shape(gradient)}, wanted {array.shape}")
        demand(gradient.dtype == dtype, f"{where}: d{name} is {gradient.dtype}, wanted {dtype}")


def _call_twice(function: Any, arguments: Any, where: str) -> Any:
    before = [array.copy() for array in arguments]
    for array in arguments:
        array.flags.writeable = True
    first = function(*arguments)
    demand([same(now, then) for now, then in zip(arguments, before, strict=True)], f"{where}: an argument was written into")
    for array in arguments:
        array.flags.writeable = False  # a function that only reads does not mind
    second = function(*arguments)
    results = first if isinstance(first, tuple) else (first,)
    again = second if isinstance(second, tuple) else (second,)
    demand([same(a, b) for a, b in zip(results, again, strict=True)], f"{where}: a second call gives another result")
    _own_memory([result for result in results if result is not None], arguments, where)
    _own_memory([result for result in results if result is not None], again, where)
    return first


def _own_memory(results: Any, others: Any, where: str) -> None:
    for place, result in enumerate(results):
        shared = [other for other in (*others, *results[:place]) if other is not None and np.shares_memory(result, other)]
        demand(not shared, f"{where}: a result shares memory with an argument or with another result")


def _check_single_precision(bp: Any, operation: Operation, sizes: Sizes, seed: int) -> None:
    f, vjp = operation.calls(bp)
    double = operation.inputs(sizes, seed)
    single = operation.cast(double, np.float32)
    Y, Y32 = f(*double), f(*single)
    dY = incoming(operation, Y)
    pairs = [(Y, Y32), *zip(vjp(dY, Y, *double), vjp(dY.astype(np.float32), Y32, *single), strict=True)]
    demand([a is None or _close(a, b) for a, b in pairs], f"{operation.name}, sizes {sizes}: float32 is far from float64")
    plain = tuple(array.item() if array.ndim == 0 else array for array in single)
    demand(same(f(*plain), Y32), f"{operation.name}, sizes {sizes}: a Python number as argument changes the result or its dtype")


def _close(double: Any, single: Any) -> bool:
    return distance(np.asarray(single, np.float64), double) < 1e-4


def _check_layout(bp: Any, operation: Operation, sizes: Sizes, seed: int) -> None:
    f, vjp = operation.calls(bp)
    inputs = operation.inputs(sizes, seed)
    strided = tuple(_strided(array) for array in inputs)
    Y, strided_Y = f(*inputs), f(*strided)
    dY = incoming(operation, Y)
    pairs = [(Y, strided_Y), *zip(vjp(dY, Y, *inputs), vjp(_strided(dY), _strided(np.asarray(Y)), *strided), strict=True)]
    demand(
        [a is None or distance(b, a) < 1e-13 for a, b in pairs], f"{operation.name}, sizes {sizes}: the memory layout changes the result"
    )


def _strided(array: Any) -> Any:
    """Return the same values with gaps between them, in Fortran order."""
    wide = np.zeros(tuple(2 * size for size in array.shape), array.dtype, order="F")
    wide[tuple(slice(None, None, 2) for _ in array.shape)] = array
    return wide[tuple(slice(None, None, 2) for _ in array.shape)]
