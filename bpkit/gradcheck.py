# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/06_gradient_checking.ipynb
"""Numerical gradients, and checks of a gradient against them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from bpkit.validation import Array, NotFiniteError, as_floats, check_positive, check_shape, check_whole

__all__ = [
    "GradientReport",
    "GradientReports",
    "check_gradient",
    "check_vjp",
    "complex_step_gradient",
    "gradient_error",
    "numerical_gradient",
]


_EPS = float(np.finfo(np.float64).eps)
_METHODS = ("central", "forward", "complex")
_STEPS = {"forward": _EPS ** (1 / 2), "central": _EPS ** (1 / 3), "complex": 1e-30}


def _numbers(name: str, value: Any) -> Array:
    (value,) = as_floats(**{name: value})
    if value.dtype != np.float64:
        raise TypeError(f"{name} has dtype {value.dtype}, wanted float64: a gradient is checked in double precision, real numbers")
    if 0 in value.shape:
        raise ValueError(f"{name} has shape {value.shape}, wanted at least one entry: there is nothing to check")
    bad = np.argwhere(~np.isfinite(value))
    if len(bad):
        index = tuple(map(int, bad[0]))
        raise NotFiniteError(f"{name} is {value[index]} at the index {index}, wanted finite numbers")
    return np.array(value)  # a copy: f may write into the caller's array


def _callable(name: str, value: Any) -> None:
    if not callable(value):
        raise TypeError(f"{name} is {value!r:.60}, wanted a function")


def _scale(x: Array) -> Any:
    # A large entry has large gaps to its neighbours, so it gets a larger step.
    return np.maximum(1, np.abs(x))


def _steps(x: Array, method: Any, step: Any, allowed: tuple[str, ...]) -> tuple[float, Array]:
    if not isinstance(method, str) or method not in allowed:
        raise ValueError(f"method is {method!r:.60}, wanted one of {allowed}")
    if step is not None:
        return check_positive("step", step), np.ones(x.shape)
    scale = np.ones(x.shape) if method == "complex" else _scale(x)
    return _STEPS[method], scale


def _value(f: Callable[[Any], Any], x: Any) -> Any:
    _callable("f", f)
    # A copy: an f that writes into its argument does not spoil the next call.
    (value,) = as_floats(**{"what f returned": f(x.copy())})
    if value.shape != ():
        raise ValueError(f"f returned an array of shape {value.shape}, wanted a scalar: a gradient belongs to one number")
    if value.dtype != x.dtype:
        why = "no rounding"
        if x.dtype.kind == "c":
            why = "it drops the imaginary part, so it is not analytic code"
        raise TypeError(f"f returned {value.dtype} for an x of {x.dtype}, wanted {x.dtype}: {why}")
    if not np.isfinite(value):
        raise NotFiniteError(f"f returned {value}, wanted a finite number")
    return value


def _again(f: Callable[[Any], Any], x: Array, first: Any) -> None:
    second = _value(f, x)
    if abs(first - second) > 1e-12 * max(abs(first), abs(second)):
        raise ValueError(f"f returned {first:.6g} and then {second:.6g} for the same x, wanted one value: draw what is random outside f")


def _start(f: Callable[[Any], Any], x: Array) -> Any:
    first = _value(f, x)
    _again(f, x, first)
    return first


@np.errstate(all="ignore")  # what is not finite is refused by name
def _difference(f: Callable[[Any], Any], x: Array, shift: Array, method: str, start: Any) -> tuple[Any, Array]:
    ahead, behind = x + shift, x - shift if method == "central" else x
    taken = ahead - behind  # x + shift is rounded, so not quite the shift
    if not np.any(taken):
        raise ValueError(f"step is {np.abs(shift).max():.3g}, wanted a larger one: x + step is rounded back to x")
    try:
        low = _value(f, behind) if method == "central" else start
        return _value(f, ahead) - low, taken
    except NotFiniteError as error:
        raise NotFiniteError(
            f"{error}: x plus or minus the step leaves the domain of f; pass a smaller step, or take the complex step"
        ) from None


def _entries(f: Callable[[Any], Any], x: Array, start: Any, method: str, steps: Array) -> Array:
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[index] = steps[index]
        rise, taken = _difference(f, x, shift, method, start)
        gradient[index] = rise / taken[index]
    return _numbers("the measured gradient", gradient)


def numerical_gradient(f: Callable[[Any], Any], x: Array, method: str = "central", step: float | None = None) -> Array:
    """Return the gradient of f at x, measured by differences, entry by entry.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns a scalar, always the same
        for the same x. It gets a copy, so it may write into its argument.
    x : ndarray
        Where to measure, float64, any shape.
    method : {'central', 'forward'}
        Steps to both sides, or to one side only.
    step : float, optional
        The step for every entry. By default eps^(1/3) for central and
        eps^(1/2) for forward differences, times the size of the entry where
        that is above 1.

    Returns
    -------
    ndarray
        The slopes, in the shape of x.

    Raises
    ------
    ValueError
        If x is empty, f does not return a scalar or is not deterministic, a
        value is not finite, the method is unknown, or the step is lost in the
        rounding of x.
    TypeError
        If x or f(x) is not float64, or an argument has a wrong type.

    Notes
    -----
    Equations `def-check-forward`, `def-check-central`, `eq-check-forward-step`,
    `eq-check-central-step`.

    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`Real steps <sec-check-numerical>`.
    """
    x = _numbers("x", x)
    h, scale = _steps(x, method, step, ("central", "forward"))
    start = _start(f, x)
    gradient = _entries(f, x, start, method, h * scale)
    _again(f, x, start)
    return gradient


def _imaginary(f: Callable[[Any], Any], x: Array, direction: Array, h: float) -> Any:
    return np.imag(_value(f, x + 1j * h * direction)) / h


def _shown(*values: float) -> list[str]:
    # What is nothing but rounding, beside the other value, is shown as 0.
    small, texts = 1e-6 * max(map(abs, values)), [""]
    for digits in (5, 9, 17):
        if len(set(texts)) < len(values):
            texts = [f"{0.0 if abs(value) < small else value:.{digits}g}" for value in values]
    return texts


def _coarse(f: Callable[[Any], Any], x: Array, direction: Array, h: float) -> tuple[Any, Any]:
    high, low = (_value(f, x + sign * h * direction) for sign in (1, -1))
    return (high - low) / (2 * h), 1e-14 * max(abs(high), abs(low)) / h


@np.errstate(all="ignore")
def _refuse_not_analytic(f: Callable[[Any], Any], x: Array, direction: Array, slope: Any, size: Any) -> None:
    for h in (1e-6, 1e-8):
        try:
            coarse, rounding = _coarse(f, x, direction, h)
        except NotFiniteError:
            return
        if abs(coarse - slope) <= 1e-4 * (size + abs(coarse)) + rounding + 1e-9:
            return
    both = _shown(float(coarse), float(slope))
    raise ValueError(
        "f has the slope {} by a central difference and {} by "
        "the complex step, wanted analytic code: no abs, max, "
        "conjugate or comparison of the whole number".format(*both)
    )


def complex_step_gradient(f: Callable[[Any], Any], x: Array, step: float = 1e-30) -> Array:
    """Return the gradient of f at x by the complex step, entry by entry.

    Parameters
    ----------
    f : callable
        Analytic code: takes a complex128 array of the shape of x and returns a
        scalar without dropping the imaginary part on the way.
    x : ndarray
        Where to measure, float64, any shape.
    step : float, optional
        The imaginary step. Nothing is subtracted, so it can be tiny.

    Returns
    -------
    ndarray
        The slopes, in the shape of x, without rounding error of the difference.

    Raises
    ------
    ValueError
        As for `numerical_gradient`, and if a coarse central difference
        contradicts: then f is not analytic code.
    TypeError
        If x is not float64, or f returns a real number for a complex argument.

    Notes
    -----
    Equation `eq-check-complex`; Squire and Trapp (1998).

    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`Imaginary steps
    <sec-check-complex-code>`.
    """
    x = _numbers("x", x)
    h, _ = _steps(x, "complex", step, ("complex",))
    start, gradient = _start(f, x), np.empty(x.shape)
    for index in np.ndindex(x.shape):
        direction = np.zeros(x.shape)
        direction[index] = 1
        gradient[index] = _imaginary(f, x, direction, h)
    direction = np.random.default_rng(x.size).normal(size=x.shape) * _scale(x)
    parts = gradient * direction
    _refuse_not_analytic(f, x, direction, np.sum(parts), np.sum(np.abs(parts)))
    _again(f, x, start)
    return _numbers("the measured gradient", gradient)


_SMALL = 1e-8  # a reference shorter than this is compared absolutely


def _length(values: Array) -> float:
    largest = float(np.abs(values).max())
    return largest * float(np.linalg.norm(values / largest)) if largest else 0.0


def _unit(reference: Array) -> float:
    size = _length(reference)
    return 1.0 if size < _SMALL else size


def gradient_error(gradient: Array, reference: Array) -> float:
    """Return how far a gradient is from a reference: one number for the array.

    Parameters
    ----------
    gradient : ndarray
        The gradient in question, float64.
    reference : ndarray
        What it should be, of the same shape.

    Returns
    -------
    float
        The length of the difference, divided by the length of the reference;
        not divided where the reference is shorter than 1e-8.

    Raises
    ------
    ValueError
        If the shapes differ, or an array is empty or not finite.
    TypeError
        If an array is not float64.

    Notes
    -----
    Equation `def-check-error`.

    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`How large is too large? The relative
    error <sec-check-error>`.
    """
    gradient = _numbers("gradient", gradient)
    reference = _numbers("reference", reference)
    check_shape("gradient", gradient, reference.shape, "that of the reference")
    return _length(gradient - reference) / _unit(reference)


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What a gradient check found; it counts as true when the check passed.

    Attributes
    ----------
    name : str
        What was checked.
    error : float
        The error of the whole array, see `gradient_error`.
    tolerance : float
        The largest error allowed.
    index : tuple of int
        The worst entry, or the number of the worst direction.
    found, measured : float
        The gradient in question and the measured one, at the worst entry.
    wrong : tuple of tuple of int
        All entries (or directions) that are too far off by themselves.
    size : int
        The number of entries (or directions) that were compared.
    factor : float or None
        The gradient in question is this multiple of the measured one.
    unit : str
        What was compared: 'entry' or 'direction'.
    absolute : bool
        The measured gradient is shorter than 1e-8, so the error is absolute.
    floor : float
        About the error that rounding of f alone gives, with the step taken.
    hint : str
        What may be the reason for a failure, or nothing.

    Notes
    -----
    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`A report that says where
    <sec-check-report>`.
    """

    name: str
    error: float
    tolerance: float
    index: tuple[int, ...]
    found: float
    measured: float
    wrong: tuple[tuple[int, ...], ...]
    size: int
    factor: float | None
    unit: str
    absolute: bool
    floor: float
    hint: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the error is within the tolerance."""
        return self.error <= self.tolerance

    @property
    def resolved(self) -> bool:
        """Say whether it passed, or the error is well above the floor."""
        return self.passed or self.error > 10 * self.floor

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return "\n  ".join(_lines(self))


def _lines(report: GradientReport) -> Iterator[str]:
    digits, verdict = (1, "passed") if report.passed else (3, "FAILED")
    if not report.resolved:
        verdict = "not resolved"
    yield (f"{report.name}: {verdict}, error {report.error:.{digits}g}, tolerance {report.tolerance:g}")
    if report.passed and report.absolute:
        yield (f"compared absolutely: the measured gradient is shorter than {_SMALL:g}")
    if not report.resolved:
        yield (f"cannot be resolved by differences: rounding of f alone gives an error of about {report.floor:.1g}; use method='complex'")
    elif not report.passed:
        yield from _faults(report)


def _faults(report: GradientReport) -> Iterator[str]:
    found, measured = _shown(report.found, report.measured)
    yield (f"worst {report.unit} {list(report.index)}: found {found}, measured {measured}")
    some = ", ".join(str(list(index)) for index in report.wrong[:4])
    more = ", ..." if len(report.wrong) > 4 else ""
    yield f"wrong: {len(report.wrong)} of {report.size} ({some}{more})"
    if report.factor == 0:
        yield "the gradient found is zero"
    elif report.factor is not None:
        yield f"the gradient found is {report.factor:.5g} times what was measured"
    if report.hint:
        yield report.hint


def _factor(found: Array, measured: Array) -> float | None:
    # One number is always a multiple of another, which says nothing.
    square = float(np.sum(measured * measured))
    if found.size < 2 or square == 0:
        return None
    factor = float(np.sum(found * measured)) / square
    error = _length(found - factor * measured)
    fits = error <= 1e-5 * _length(measured) and abs(factor - 1) >= 1e-3
    return factor if fits else None


def _report(name: str, found: Array, measured: Array, tolerance: float, unit: str, noise: float) -> GradientReport:
    gaps, limit = np.abs(found - measured), tolerance * _unit(measured)
    index = tuple(map(int, np.unravel_index(np.argmax(gaps), gaps.shape)))
    wrong = tuple(tuple(map(int, one)) for one in np.argwhere(gaps > limit))
    error, absolute = gradient_error(found, measured), _length(measured) < _SMALL
    factor = None if error <= tolerance else _factor(found, measured)
    hint = "f gives the same value wherever x moves: does it use its argument?"
    return GradientReport(
        name,
        error,
        tolerance,
        index,
        float(found[index]),
        float(measured[index]),
        wrong,
        gaps.size,
        factor,
        unit,
        absolute,
        noise / _unit(measured),
        "" if np.any(measured) else hint,
    )


@dataclass(frozen=True)
class _Way:
    # How to measure, checked before any gradient is judged.
    method: str
    tolerance: float
    step: float | None
    directions: int | None
    seed: int
    factor: float = 1.0

    def __post_init__(self) -> None:
        self.steps(np.zeros(1))
        check_positive("tolerance", self.tolerance)
        check_whole("seed", self.seed, 0)
        if self.directions is not None:
            check_whole("directions", self.directions, 1)

    def steps(self, x: Array) -> tuple[float, Array]:
        h, scale = _steps(x, self.method, self.step, _METHODS)
        return self.factor * h, scale

    def attempts(self) -> list[_Way]:
        fixed = self.step is not None or self.method == "complex"
        factors = (1.0,) if fixed else (1.0, 1 / 30, 1e-3, 1e-3 / 30, 30.0)
        return [replace(self, factor=factor) for factor in factors]


def _along(f: Callable[[Any], Any], gradient: Array, x: Array, start: Any, direction: Array, way: _Way) -> tuple[float, float]:
    h, scale = way.steps(x)
    if way.method == "complex":
        direction = direction * _scale(x)
        slope = _imaginary(f, x, direction, h)
        _refuse_not_analytic(f, x, direction, slope, abs(slope))
        return float(np.sum(gradient * direction)), float(slope)
    rise, taken = _difference(f, x, h * scale * direction, way.method, start)
    width = 2 * h if way.method == "central" else h
    return float(np.sum(gradient * taken)) / width, float(rise) / width


def _slopes(f: Callable[[Any], Any], gradient: Array, x: Array, start: Any, way: _Way) -> tuple[Array, Array]:
    if way.directions is not None:
        rng, count = np.random.default_rng(way.seed), range(way.directions)
        draws = (rng.normal(size=x.shape) for _ in count)
        pairs = [_along(f, gradient, x, start, one, way) for one in draws]
        found, measured = np.array(pairs).T
        return found, measured
    h, scale = way.steps(x)
    if way.method == "complex":
        return gradient, complex_step_gradient(f, x, h)
    return gradient, _entries(f, x, start, way.method, h * scale)


def _kink(f: Callable[[Any], Any], x: Array, start: Any, report: GradientReport, step: float) -> str:
    shift = np.zeros(x.shape)
    shift[report.index] = step
    sides = (_difference(f, x, sign * shift, "forward", start) for sign in (-1, 1))
    left, right = (0.0 + float(rise / np.sum(taken)) for rise, taken in sides)
    gap = abs(right - left)
    between = abs(left - report.found) + abs(right - report.found) < 1.01 * gap
    if not between or gap < 0.1 * max(1, abs(left), abs(right)):
        return ""
    return f"a kink, or too large a step: slope {left:.3g} from the left, {right:.3g} from the right"


def _attempt(name: str, f: Callable[[Any], Any], gradient: Array, x: Array, start: Any, way: _Way) -> GradientReport:
    found, measured = _slopes(f, gradient, x, start, way)
    h, scale = way.steps(x)
    along = way.directions is not None
    spread = np.sqrt(found.size) if along else _length(1 / scale)
    noise = 0.0 if way.method == "complex" else _EPS * abs(start) / h * spread
    report = _report(name, found, measured, way.tolerance, "direction" if along else "entry", float(noise))
    if along or report.passed or report.hint or way.method != "central":
        return report
    step = h * float(scale[report.index])
    return replace(report, hint=_kink(f, x, start, report, step))


def _doubt(report: GradientReport) -> float:
    return max(report.error, 10 * report.floor)


def _attempts(name: str, f: Callable[[Any], Any], gradient: Array, x: Array, start: Any, way: _Way) -> list[GradientReport]:
    ways, reports = way.attempts(), []
    for one in ways:
        try:
            reports.append(_attempt(name, f, gradient, x, start, one))
        except NotFiniteError:  # a step out of the domain
            if one is ways[-1] and not reports:
                raise
            continue
        if reports[0].passed or _doubt(reports[-1]) <= way.tolerance:
            break
    return reports


def _compare(name: str, f: Callable[[Any], Any], gradient: Any, x: Array, way: _Way) -> GradientReport:
    if isinstance(gradient, tuple):
        raise TypeError(f"{name} is a tuple, wanted an array: a VJP returns a tuple, take one of its entries")
    gradient = _numbers(name, gradient)
    check_shape(name, gradient, x.shape, "a gradient is shaped like its argument")
    start = _start(f, x)
    reports = _attempts(name, f, gradient, x, start, way)
    _again(f, x, start)
    first, best = reports[0], min(reports, key=_doubt)
    return best if _doubt(best) < _doubt(first) / 2 else first


def check_gradient(
    f: Callable[[Any], Any],
    gradient: Any,
    x: Array,
    *,
    method: str = "central",
    tolerance: float = 1e-7,
    step: float | None = None,
    directions: int | None = None,
    seed: int = 0,
) -> GradientReport:
    """Check a gradient of f at x against measured slopes.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns a scalar.
    gradient : callable or ndarray
        The gradient in question: a function of x, or its value at x.
    x : ndarray
        Where to check, float64, any shape.
    method : {'central', 'forward', 'complex'}
        How to measure the slopes.
    tolerance : float
        The largest error allowed, see `gradient_error`.
    step : float, optional
        Measure with this step and no other. By default with that of
        `numerical_gradient`; where it does not confirm the gradient, also with
        three smaller ones and a larger one, and the best one counts.
    directions : int, optional
        Compare the slopes along so many random directions, not all entries.
    seed : int
        Where the random directions start.

    Returns
    -------
    GradientReport
        True when the gradient is right; its text names the worst entry, or
        says that rounding of f is too large to decide by differences.

    Raises
    ------
    ValueError, TypeError
        As for `numerical_gradient`; also if the gradient has not the shape of x
        or is not finite, or an option is out of range.

    Notes
    -----
    Equations `def-check-error`, `eq-check-direction`.

    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`A report that says where
    <sec-check-report>`.
    """
    way = _Way(method, tolerance, step, directions, seed)
    x = _numbers("x", x)
    found = gradient(x.copy()) if callable(gradient) else gradient
    return _compare("gradient", f, found, x, way)


def _names(f: Callable[..., Any], count: int) -> list[str]:
    try:
        known = [name for name, parameter in signature(f).parameters.items() if parameter.kind != parameter.VAR_POSITIONAL]
    except (TypeError, ValueError):  # some functions do not tell
        known = []
    known += [f"argument{i}" for i in range(len(known), count)]
    return known[:count]


def _with_options(f: Any, f_vjp: Any, options: Any) -> list[Any]:
    _callable("f", f)
    _callable("f_vjp", f_vjp)
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f"options is {options!r:.60}, wanted a dictionary")
    return [partial(one, **(options or {})) for one in (f, f_vjp)]


def _incoming(Y: Array, seed: int) -> Array:
    rng = np.random.default_rng(seed)  # no entry of dY is 0 or near it
    return rng.choice([-1.0, 1.0], Y.shape) * rng.uniform(0.5, 1.5, Y.shape)


def _projected(f: Callable[..., Any], dY: Array, arguments: Sequence[Any], place: int) -> Callable[[Any], Any]:
    def total(value: Any) -> Any:
        now = list(deepcopy(arguments))
        now[place] = value
        return np.sum(dY * f(*now))

    return total


def _called(who: str, function: Callable[..., Any], names: Sequence[str], arguments: Sequence[Any]) -> Any:
    copies = deepcopy(arguments)
    result = function(*copies)
    for name, copy, original in zip(names, copies, arguments, strict=True):
        if isinstance(copy, np.ndarray) and copy.tobytes() != original.tobytes():
            raise ValueError(f"{who} wrote into {name}, wanted it left as it was: others still need it")
    return result


def _gradients(answer: Any, count: int) -> Any:
    if not isinstance(answer, (tuple, list)):
        what = "an array" if np.ndim(answer) else f"{answer!r:.60}"
        raise TypeError(f"f_vjp returned {what}, wanted a tuple: write (dX,)")
    if len(answer) != count:
        plural = "" if len(answer) == 1 else "s"
        raise TypeError(f"f_vjp returned {len(answer)} gradient{plural}, wanted {count}: one for each argument, None where there is none")
    if all(gradient is None for gradient in answer):
        raise ValueError("f_vjp returned only None, wanted at least one gradient: there is nothing to check")
    return answer


def _missed(name: str, total: Callable[[Any], Any], x: Any, tolerance: float) -> list[GradientReport]:
    if getattr(x, "dtype", None) != np.float64:
        return []
    moved = x + 1e-3 * np.random.default_rng(0).uniform(1, 2, np.shape(x))
    try:
        slope = np.array([total(moved) - total(x)]) / 1e-3
        report = _report(f"d{name}: None, but the result depends on {name}", np.zeros(1), slope, tolerance, "direction", 0.0)
    except (ValueError, TypeError):  # labels cannot be moved
        return []
    return [] if report.passed else [report]


def _judged(name: str, total: Callable[[Any], Any], gradient: Any, x: Any, way: _Way) -> list[GradientReport]:
    if gradient is None:
        return _missed(name, total, x, way.tolerance)
    return [_compare(f"d{name}", total, gradient, _numbers(name, x), way)]


class GradientReports(tuple[GradientReport, ...]):
    """The reports of `check_vjp`; they count as true when all have passed.

    Notes
    -----
    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`A whole operation at once
    <sec-check-vjp>`.
    """

    __slots__ = ()

    @property
    def passed(self) -> bool:
        """Say whether there are reports and all have passed."""
        return len(self) > 0 and all(self)

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))


def check_vjp(
    f: Callable[..., Any],
    f_vjp: Callable[..., Any],
    *arguments: Any,
    method: str = "central",
    tolerance: float = 1e-7,
    step: float | None = None,
    directions: int | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> GradientReports:
    """Check a vector-Jacobian product against measured slopes of its function.

    Parameters
    ----------
    f : callable
        The function: takes the arguments, returns an array or a scalar.
    f_vjp : callable
        Takes dY, Y and the arguments; returns one gradient for each argument,
        None where there is none.
    *arguments : array_like
        Where to check; those with a gradient are float64.
    method, tolerance, step, directions : optional
        As for `check_gradient`.
    seed : int
        Where the random incoming gradient dY and the directions start.
    options : mapping, optional
        Further arguments by name, for both functions, such as {"axis": 0}.

    Returns
    -------
    GradientReports
        A tuple with one report for each gradient, in the order of the
        arguments; true when all have passed. A None has a report only where
        the result depends on its argument, and this one has failed.

    Raises
    ------
    ValueError, TypeError
        As for `check_gradient`; also if f_vjp does not return one gradient for
        each argument, or None for all of them, or if a function writes into
        what it was given.

    Notes
    -----
    Equation `eq-check-vjp`.

    Derived in :doc:`chapter 6 </chapters/06_gradient_checking>`, section :ref:`A whole operation at once
    <sec-check-vjp>`.
    """
    way = _Way(method, tolerance, step, directions, seed)
    f, f_vjp = _with_options(f, f_vjp, options)
    names, reports = _names(f, len(arguments)), []
    Y = _numbers("the result of f", _called("f", f, names, arguments))
    dY = _incoming(Y, seed)
    answer = _called("f_vjp", f_vjp, ("dY", "Y", *names), (dY, Y, *arguments))
    for place, gradient in enumerate(_gradients(answer, len(arguments))):
        total = _projected(f, dY, arguments, place)
        reports += _judged(names[place], total, gradient, arguments[place], way)
    return GradientReports(reports)
