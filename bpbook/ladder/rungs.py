"""The rungs that every operation of the table must climb; each raises RungError or returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder import formulas
from bpbook.ladder.operation import Operation, Sizes
from bpbook.ladder.report import demand, distance, refuses
from bpkit.gradcheck import check_gradient

# The checker that judges is the real one: it is imported before a broken copy of bpkit is made.
CENTRAL: dict[str, Any] = {"method": "central", "step": 1e-5}
COMPLEX: dict[str, Any] = {"method": "complex", "step": 1e-30}
EXACT = 4e-15


def formula(bp: Any, operation: Operation) -> None:
    """Rung 1: SymPy proves the derivative, and the code has the values of the formula."""
    if operation.whole:
        _whole_formula(bp, operation)
        return
    missing = formulas.unproved(operation)
    demand(not missing, f"{operation.name}: SymPy does not confirm the derivative for {missing}")
    f, vjp = operation.calls(bp)
    shapes = [np.shape(array) for array in operation.inputs((1,) * len(operation.sizes[0]))]
    for point in operation.points:
        value, slopes = formulas.exact(operation, point)
        arrays = [np.full(shape, number) for shape, number in zip(shapes, point, strict=True)]
        Y = f(*arrays)
        demand(np.abs(Y - value) <= EXACT * abs(value), f"{operation.name} at {point} is {np.ravel(Y)[0]}, wanted {value}")
        for name, found, slope in zip(operation.arguments, vjp(np.ones_like(Y), Y, *arrays), slopes, strict=True):
            if slope is not None:
                close = np.abs(found - slope) <= EXACT * max(1.0, abs(slope))
                demand(close, f"{operation.name}: d{name} at {point} is {np.ravel(found)[0]}, wanted {slope}")


def _whole_formula(bp: Any, operation: Operation) -> None:
    f, vjp = operation.calls(bp)
    for point in operation.points:
        arrays = [np.asarray(array) for array in point]
        Y = f(*arrays)
        dY = 1.0 + np.arange(np.size(Y)).reshape(np.shape(Y)) / 2  # no two entries alike, and exact
        value, slopes = formulas.exact_whole(operation, point, dY)
        found = [
            ("value", Y, value),
            *((f"d{name}", *pair) for name, *pair in zip(operation.arguments, vjp(dY, Y, *arrays), slopes, strict=True)),
        ]
        for name, ours, true in found:
            if true is not None:
                demand(np.shape(ours) == np.shape(true), f"{operation.name}: {name} has shape {np.shape(ours)}, wanted {np.shape(true)}")
                close = np.abs(ours - true) <= EXACT * max(1.0, np.max(np.abs(true)))
                demand(close, f"{operation.name}: {name} at {point} is {np.ravel(ours)}, wanted {np.ravel(true)}")


def incoming(operation: Operation, Y: Any, seed: int = 0) -> Any:
    """Draw a gradient for the result; never 1, so that a VJP that ignores it is seen."""
    return np.asarray(np.random.default_rng(seed + 1).normal(size=np.shape(Y)) + (2.5 if operation.is_loss else 0.0))


def _gradients(bp: Any, operation: Operation, sizes: Sizes, seed: int) -> tuple[tuple[Any, ...], Any, tuple[Any, ...]]:
    f, vjp = operation.calls(bp)
    inputs = operation.inputs(sizes, seed)
    Y = f(*inputs)
    dY = incoming(operation, Y, seed)
    return inputs, dY, vjp(dY, Y, *inputs)


def central(bp: Any, operation: Operation, sizes: Sizes, seed: int = 0) -> None:
    """Rung 3: the gradients agree with central differences in float64."""
    limit = 1e-6 if operation.kinks else 1e-7
    _compare(bp, operation, sizes, seed, "central differences", limit, CENTRAL)


def complex_step(bp: Any, operation: Operation, sizes: Sizes, seed: int = 0) -> None:
    """Rung 4: the gradients agree with the complex step, which has no rounding error."""
    if operation.analytic:
        _compare(bp, operation, sizes, seed, "the complex step", 1e-13, COMPLEX)


def _compare(bp: Any, operation: Operation, sizes: Sizes, seed: int, what: str, limit: float, way: dict[str, Any]) -> None:
    inputs, dY, gradients = _gradients(bp, operation, sizes, seed)
    f, _ = operation.calls(bp)
    for position, (name, found) in enumerate(zip(operation.arguments, gradients, strict=True)):
        if operation.derivatives[position] is None:
            continue

        def phi(array: Any, position: int = position) -> Any:
            return np.sum(dY * f(*inputs[:position], array, *inputs[position + 1 :]))

        report = check_gradient(phi, found, inputs[position], tolerance=limit, **way)
        factor = "" if report.factor is None else f" (it is {report.factor:.6g} times the true gradient)"
        demand(report.passed, f"{operation.name}: d{name} is off from {what} by {report.error:.3g}, sizes {sizes}{factor}")


def autograd(bp: Any, operation: Operation, sizes: Sizes, seed: int = 0) -> None:
    """Rung 5: value and gradients agree with an independent program, differentiated by HIPS autograd."""
    import autograd.numpy as library
    from autograd import make_vjp

    places = [place for place, derivative in enumerate(operation.derivatives) if derivative is not None]
    inputs, dY, gradients = _gradients(bp, operation, sizes, seed)
    pull, value = make_vjp(lambda *arrays: operation.independent(library, *arrays, **operation.options), argnum=places)(*inputs)
    _agree(operation, "autograd", operation.calls(bp)[0](*inputs), value, [gradients[place] for place in places], pull(dY), sizes)


def torch(bp: Any, operation: Operation, sizes: Sizes, seed: int = 0) -> None:
    """Rung 5 where PyTorch is installed: value and gradients agree with it in float64."""
    import torch as library  # type: ignore[import-not-found, unused-ignore]

    places = [place for place, derivative in enumerate(operation.derivatives) if derivative is not None]
    inputs, dY, gradients = _gradients(bp, operation, sizes, seed)
    tensors = [library.tensor(array, requires_grad=place in places) for place, array in enumerate(inputs)]
    value = operation.torch(library, *tensors, **operation.options)
    value.backward(library.tensor(dY))
    true = [tensors[place].grad.numpy() for place in places]
    _agree(
        operation, "PyTorch", operation.calls(bp)[0](*inputs), value.detach().numpy(), [gradients[place] for place in places], true, sizes
    )


def _agree(operation: Operation, other: str, Y: Any, value: Any, gradients: Any, true: Any, sizes: Sizes) -> None:
    found = [("value", Y, value), *zip((f"gradient {place}" for place in range(len(true))), gradients, true, strict=True)]
    for name, ours, theirs in found:
        error = distance(ours, theirs)
        demand(error <= 1e-12, f"{operation.name}: the {name} is off from {other} by {error:.3g}, sizes {sizes}")


def edges(bp: Any, operation: Operation) -> None:
    """Rung 6: what is special about the operation, NaN and infinity, the empty batch."""
    operation.extremes(bp)
    f, vjp = operation.calls(bp)
    for position, name in enumerate(operation.arguments):
        if operation.derivatives[position] is not None:
            for wrong in (np.nan, np.inf, -np.inf):
                _passes_on(bp, operation, position, wrong)
        inputs = list(operation.inputs(operation.sizes[-1]))
        Y = f(*inputs)
        inputs[position] = np.empty((0, *np.shape(inputs[position])[1:]), np.asarray(inputs[position]).dtype)
        with refuses(f"{operation.name}: an empty {name}", ValueError):
            f(*inputs)
        with refuses(f"{operation.name}_vjp: an empty {name}", ValueError):
            vjp(Y, Y, *inputs)
    for axis in range(min(2, len(operation.sizes[-1]))):  # no samples, or samples without entries
        _refuses_empty(bp, operation, axis)


def _refuses_empty(bp: Any, operation: Operation, axis: int) -> None:
    f, vjp = operation.calls(bp)
    full = operation.sizes[-1]
    sizes = tuple(0 if place == axis else size for place, size in enumerate(full))
    inputs = operation.draw(np.random.default_rng(0), *sizes)
    # The sizes of the last entry are all different, so that they tell the axes of the result; a sum leaves axes of length 1.
    shape = np.shape(f(*operation.inputs(full)))
    Y = np.ones(tuple(sizes[full.index(length)] if length in full else length for length in shape))
    with refuses(f"{operation.name} with sizes {sizes}", ValueError):
        f(*inputs)
    with refuses(f"{operation.name}_vjp with sizes {sizes}", ValueError):
        vjp(Y, Y, *inputs)


def _passes_on(bp: Any, operation: Operation, position: int, wrong: float) -> None:
    f, vjp = operation.calls(bp)
    inputs = [np.array(array) for array in operation.inputs(operation.sizes[-1])]
    Y = f(*inputs)
    inputs[position].flat[0] = wrong
    what = f"{operation.name} with {operation.arguments[position]} = {wrong}"
    if operation.is_loss:
        with refuses(what, bp.NotFiniteError):
            f(*inputs)
    elif np.isnan(wrong):
        demand(np.isnan(f(*inputs)).any(), f"{what}: NaN is not passed on")
    else:
        f(*inputs)
    vjp(np.ones_like(Y), Y, *inputs)  # must not warn
