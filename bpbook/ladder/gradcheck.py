"""Oracles for the gradient checker: what it must find on functions whose slopes and whose mistakes are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, refuses, same

EPS = float(np.finfo(np.float64).eps)
POINT = np.array([[0.5, -1.25, 2.0], [0.25, 1.5, -0.75]])


def cube_of_sum(x: Any) -> Any:
    """Return the cube of the sum of all entries: with step h each central difference is exactly 3 s^2 + h^2."""
    return np.sum(x) ** 3


def waves(x: Any) -> Any:
    """Return a smooth function in which each entry has a slope of its own."""
    return np.sum(np.exp(x) * np.cos(x)) + np.sum(x) ** 2


def waves_gradient(x: Any) -> Any:
    """Return its gradient."""
    return np.exp(x) * (np.cos(x) - np.sin(x)) + 2 * np.sum(x)


def _near(found: Any, wanted: Any, limit: float, what: str) -> None:
    demand(np.shape(found) == np.shape(wanted), f"{what}: shape {np.shape(found)}, wanted {np.shape(wanted)}")
    gap = np.abs(np.asarray(found) - wanted).max()
    demand(gap <= limit, f"{what}: off by {gap:.3g}, allowed {limit:.3g}")


def differences(bp: Any) -> None:
    """The differences are the ones of the formulas, also for steps so large that each formula has an error of its own."""
    for point in (POINT, POINT[0], np.array(1.5), 1.5, [1, 2]):
        x = np.asarray(point, float)
        s, h = np.sum(x), 0.125
        for method, wanted in (("central", 3 * s**2 + h**2), ("forward", 3 * s**2 + 3 * s * h + h**2)):
            found = bp.numerical_gradient(cube_of_sum, point, method=method, step=h)
            _near(found, np.full(x.shape, wanted), 1e-11, f"{method} difference of a cube, shape {x.shape}")
        found = bp.complex_step_gradient(cube_of_sum, point, step=1e-4)
        _near(found, np.full(x.shape, 3 * s**2 - 1e-8), 1e-11, f"complex step through a cube, shape {x.shape}")


def default_steps(bp: Any) -> None:
    """The steps are the best ones for functions of size 1, and grow with the entry."""
    x = np.array([0.0, 0.5, -3.0, 1e6])
    for method, power, limit in (("central", 1 / 3, 1e-9), ("forward", 1 / 2, 1e-6)):
        seen: list[Any] = []

        def watch(v: Any, seen: list[Any] = seen) -> Any:
            seen.append(np.array(v))
            return np.sum(np.cos(v / np.maximum(1, np.abs(x))))

        bp.numerical_gradient(watch, x, method=method)
        taken = np.max([np.abs(v - x) for v in seen], axis=0)
        wanted = EPS**power * np.maximum(1, np.abs(x))
        demand((taken > wanted / 4) & (taken < wanted * 4), f"{method} steps are {taken}, wanted about {wanted}")
        error = np.abs(bp.numerical_gradient(waves, POINT, method=method) - waves_gradient(POINT)).max()
        demand(error < limit * 10, f"{method}: error {error:.3g} with the default step")


def real_step(bp: Any) -> None:
    """The difference is divided by the step that was really taken."""
    for method in ("central", "forward"):
        slope = bp.numerical_gradient(lambda x: 3.0 * x, 1.0, method=method, step=1e-10)
        _near(slope, 3.0, 1e-5, f"{method}: slope of 3 x with the step 1e-10")
        report = bp.check_gradient(lambda x: np.sum(x), np.ones(3), np.ones(3), method=method, step=1e-9, directions=2, tolerance=1e-6)
        demand(report.passed, f"{method}: the slope of a sum along a direction is off by {report.error:.3g}")
    _near(bp.numerical_gradient(lambda x: x, 1.0, step=1e-10), 1.0, 1e-14, "slope of x with the step 1e-10")


def complex_step(bp: Any) -> None:
    """All digits are right; code that is not analytic is refused, in all entries and along directions."""
    gap = np.abs(bp.complex_step_gradient(waves, POINT) / waves_gradient(POINT) - 1).max()
    demand(gap < 1e-13, f"the complex step is off by {gap:.3g}")
    for step in (1e-8, 1e-150):
        _near(bp.complex_step_gradient(np.exp, 0.5, step=step), np.exp(0.5), 1e-14, f"complex step {step}")
    wrong: tuple[Callable[[Any], Any], ...] = (
        lambda x: np.sum(np.abs(x)),
        lambda x: np.sum(x * np.conj(x)) if x.dtype.kind == "c" else np.sum(x * x),
        lambda x: np.sum(x.real**2) + 0 * np.sum(x),
        lambda x: np.sum(np.where(x.dtype.kind == "c", 2 * x, x)),
    )
    for number, f in enumerate(wrong):
        with refuses(f"code that is not analytic (number {number})", naming="f"):
            bp.complex_step_gradient(f, POINT)
        with refuses(f"code that is not analytic along a direction (number {number})", naming="f"):
            bp.check_gradient(f, np.ones(POINT.shape), POINT, method="complex", directions=1)


def error_measure(bp: Any) -> None:
    """The error is the length of the difference over the length of the reference, absolute for a tiny reference."""
    reference = np.array([[3.0, 0.0], [0.0, 4.0]])
    for scale in (1.0, 1e-6, 1e6, 1e200):
        shifted = scale * (reference + np.array([[0.03, 0.0], [0.0, -0.04]]))
        _near(bp.gradient_error(shifted, scale * reference), 0.01, 1e-12, f"error of a gradient of size {scale}")
    _near(bp.gradient_error(2 * reference, reference), 1.0, 1e-15, "error of a gradient twice as large")
    _near(bp.gradient_error(reference, 2 * reference), 0.5, 1e-15, "error of a gradient half as large")
    _near(bp.gradient_error(-reference, reference), 2.0, 1e-15, "error of a gradient with the wrong sign")
    for tiny in (0.0, 1e-9, 1e-200):
        _near(bp.gradient_error([0.0, 0.5], [tiny, 0.0]), 0.5, 1e-8, f"error beside a reference of size {tiny}")
    _near(bp.gradient_error([3e-8, 0.0], [2e-8, 0.0]), 0.5, 1e-12, "error beside a reference of size 2e-8")
    demand(bp.gradient_error(5e-9, 4e-9) <= 1e-9, "a reference of size 4e-9 is compared relatively")
    demand(isinstance(bp.gradient_error(1, 1), float), "the error is not a float")


def verdicts(bp: Any) -> None:
    """Right gradients pass and wrong ones fail, with every way to measure; the tolerance is the border."""
    right = waves_gradient(POINT)
    for method in ("central", "forward", "complex"):
        for directions in (None, 3):
            options = {"method": method, "directions": directions, "tolerance": 1e-6 if method == "forward" else 1e-8}
            demand(bool(bp.check_gradient(waves, waves_gradient, POINT, **options)), f"a right gradient fails: {options}")
            for wrong in (-right, right / 2, right + 1e-4, np.roll(right, 1), 0 * right):
                report = bp.check_gradient(waves, wrong, POINT, **options)
                demand(not report and not report.passed, f"a wrong gradient passes: {options}")
    for wrong, border in ((1.01 * right, 0.01), (right - 0.03 * right, 0.03)):
        for tolerance, passes in ((0.999 * border, False), (1.001 * border, True)):
            report = bp.check_gradient(waves, wrong, POINT, tolerance=tolerance)
            demand(report.passed is passes, f"error {border} and tolerance {tolerance}: passed is {report.passed}")
            demand(report.tolerance == tolerance, "the report does not hold the tolerance")
            _near(report.error, border, 1e-6, "the error in the report")
    demand(not bp.check_gradient(waves, right * (1 + 3e-7), POINT), "an error of 3e-7 passes with the default tolerance")
    demand(bp.check_gradient(waves, right * (1 + 3e-8), POINT), "an error of 3e-8 fails with the default tolerance")


def steps_passed_on(bp: Any) -> None:
    """The step of the caller is used: with a large step each way to measure has its own known error."""
    s, h, x = np.sum(POINT), 0.125, POINT
    for method, wanted in (("central", 3 * s**2 + h**2), ("forward", 3 * s**2 + 3 * s * h + h**2)):
        report = bp.check_gradient(cube_of_sum, np.full(x.shape, wanted), x, method=method, step=h, tolerance=1e-12)
        demand(bool(report), f"check_gradient does not use the step with the method {method}")
        vjp = partial(_constant_vjp, wanted)
        (report,) = bp.check_vjp(cube_of_sum, vjp, x, method=method, step=h)
        demand(bool(report), f"check_vjp does not use the step with the method {method}")
    report = bp.check_gradient(cube_of_sum, np.full(x.shape, 3 * s**2 - 1e-6), x, method="complex", step=1e-3, tolerance=1e-12)
    demand(bool(report), "check_gradient does not use the step with the complex step")


def _constant_vjp(slope: Any, dL: Any, L: Any, x: Any) -> tuple[Any]:
    return (dL * np.full(x.shape, slope),)


def report_contents(bp: Any) -> None:
    """The report names the worst entry, all wrong entries, and the factor if there is one."""
    right = waves_gradient(POINT)
    wrong = right.copy()
    wrong[1, 0] += 0.5
    wrong[0, 2] -= 1.0
    report = bp.check_gradient(waves, wrong, POINT)
    demand(report.index == (0, 2), f"the worst entry is {report.index}, wanted (0, 2)")
    _near(report.found, wrong[0, 2], 0, "the value found")
    _near(report.measured, right[0, 2], 1e-8, "the value measured")
    demand(report.wrong == ((0, 2), (1, 0)) and report.size == 6, f"wrong entries: {report.wrong} of {report.size}")
    demand(report.factor is None, f"a factor {report.factor} for a gradient that is no multiple")
    text = f"{report!r} {report}"
    for word in ("gradient", "FAILED", "[0, 2]", "[1, 0]", f"{wrong[0, 2]:.5g}", f"{right[0, 2]:.5g}", "2 of 6"):
        demand(word in text, f"the text of the report does not say {word!r}: {report}")
    for factor in (-1.0, 0.5, 6.0):
        report = bp.check_gradient(waves, factor * right, POINT)
        demand(report.factor is not None and abs(report.factor - factor) < 1e-6, f"factor {report.factor}, wanted {factor}")
        demand(f"{factor:.5g} times" in str(report), f"the text does not name the factor {factor}: {report}")
    report = bp.check_gradient(waves, right, POINT)
    demand("passed" in str(report) and not report.wrong and report.factor is None, f"the report of a right gradient: {report}")
    one = bp.check_gradient(lambda x: x**2, lambda x: 4 * x, 3.0)
    demand(one.index == () and one.factor is None and not one, f"the report for a single number: {one}")


def directions(bp: Any) -> None:
    """Random directions: as many as asked for, Gaussian, the same for one seed, and they see a single wrong entry."""
    x, slopes = np.zeros(400), np.linspace(-1, 1, 400)
    wrong = slopes.copy()
    wrong[123] += 0.01
    seen: list[Any] = []

    def linear(v: Any) -> Any:
        seen.append(np.array(v))
        return np.sum(slopes * v)

    for method in ("central", "forward", "complex"):
        demand(bp.check_gradient(linear, slopes, x, method=method, directions=2).passed, f"{method}: a right gradient fails")
        report = bp.check_gradient(linear, wrong, x, method=method, directions=3)
        demand(not report and report.size == 3, f"{method}: three directions miss a wrong entry")
        demand(len(report.index) == 1 and "direction" in str(report), f"the report does not name the direction: {report}")
    for seed, other in ((0, 1), (5, 6)):
        reports = [bp.check_gradient(linear, wrong, x, directions=2, seed=number) for number in (seed, seed, other)]
        demand(reports[0].found == reports[1].found, "one seed gives two directions")
        demand(reports[0].found != reports[2].found, "two seeds give one direction")
    seen.clear()
    bp.check_gradient(linear, slopes, x, directions=4)
    moves = np.unique([v for v in seen if np.any(v)], axis=0)
    demand(len(moves) == 8, f"four central differences use {len(moves)} points beside x, wanted 8")
    spread = moves / np.sqrt(np.mean(moves**2, axis=1, keepdims=True))
    demand(np.mean(np.abs(spread)) < 0.9 and np.mean(spread**4) > 2, "the directions are not Gaussian")


def no_writing(bp: Any) -> None:
    """Nothing that is passed in is changed, and a function that writes into its argument does no harm."""

    def scribbles(x: Any) -> Any:
        value = waves(x)
        x[...] = 7.0
        return value

    def gradient_that_scribbles(x: Any) -> Any:
        value = waves_gradient(x)
        x[...] = 7.0
        return value

    x, fixed, right = POINT.copy(), POINT.copy(), waves_gradient(POINT)
    fixed.flags.writeable = False
    for method in ("central", "forward"):
        found = bp.numerical_gradient(scribbles, x, method=method)
        demand(same(x, POINT), f"{method}: x was changed")
        demand(same(found, bp.numerical_gradient(waves, fixed, method=method)), f"{method}: a function that writes spoils the gradient")
    found = bp.complex_step_gradient(scribbles, x)
    demand(same(x, POINT) and same(found, bp.complex_step_gradient(waves, fixed)), "a function that writes spoils the complex step")
    demand(bp.check_gradient(scribbles, gradient_that_scribbles, x).passed and same(x, POINT), "a gradient that writes spoils the check")
    bp.gradient_error(right, fixed)
    demand(same(right, waves_gradient(POINT)), "the gradient was changed")

    def vjp_that_scribbles(dY: Any, Y: Any, x: Any) -> Any:
        answer = (dY * np.exp(x),)
        for array in (dY, Y, x):
            array[...] = 7.0
        return answer

    with refuses("a VJP that writes into its arguments", ValueError, naming="f_vjp"):
        bp.check_vjp(np.exp, vjp_that_scribbles, x)
    demand(same(x, POINT), "a VJP that writes into its arguments changes the data of the caller")


def shared_arrays(bp: Any) -> None:
    """A function that keeps its parameters, or its gradient, in an array of the caller is checked, and left as it was."""
    net, buffer = np.array([2.0, 3.0]), np.zeros(3)

    def product(v: Any) -> Any:
        net[...] = v
        return net[0] * net[1]

    def squares(v: Any) -> Any:
        buffer[...] = 2 * v
        return np.sum(v**2)

    for chosen in (None, 2):
        demand(bp.check_gradient(product, lambda v: v[::-1], net, directions=chosen), "a right gradient of shared parameters fails")
        demand(same(net, np.array([2.0, 3.0])), f"the parameters are left at {net}")
    squares(POINT[0])
    demand(bp.check_gradient(squares, buffer, POINT[0]), "a right gradient in a shared array fails")
    with refuses("a gradient in a tuple", TypeError, naming="tuple"):
        bp.check_gradient(squares, (2 * POINT[0],), POINT[0])


def further_steps(bp: Any) -> None:
    """Where the function varies on a small scale, a smaller step decides; a step of the caller stays alone."""
    p, step = np.array([0.01, 0.02, 0.005]), EPS ** (1 / 3)
    for point in (p, p / 1000):
        for chosen in (None, 3):
            options = {"directions": chosen}
            demand(bp.check_gradient(_surprise, lambda v: -1 / v, point, **options), f"a right gradient at {point} fails")
            demand(not bp.check_gradient(_surprise, lambda v: -1.00001 / v, point, **options), f"a wrong gradient at {point} passes")
            demand(point is not p or not bp.check_gradient(_surprise, lambda v: -1 / v, p, step=step, **options), "the step was not kept")
    with refuses("a function that is not finite beside x", bp.NotFiniteError):
        bp.check_gradient(lambda v: np.where(np.any(v != 1.0), np.nan, 1.0), np.zeros(2), np.ones(2))


def _surprise(p: Any) -> Any:
    with np.errstate(all="ignore"):
        return -np.sum(np.log(p))


def rounding(bp: Any) -> None:
    """Where rounding of f alone gives such an error, the report says so and blames nobody; an absolute comparison is named."""
    x = np.linspace(-1, 1, 30)
    for options in ({}, {"directions": 3}):
        report = bp.check_gradient(lambda v: 1e4 + 1e-5 * np.sum(np.sin(v)), 1e-5 * np.cos(x), x, **options)
        demand(not report and not report.resolved and "rounding of f alone" in str(report), f"rounding is not named: {report}")
        report = bp.check_gradient(lambda v: 1 + 1e-5 * np.sum(np.sin(v)), 2e-5 * np.cos(x), x, **options)
        demand(not report and report.resolved and "FAILED" in str(report), f"a mistake is called rounding: {report}")
        report = bp.check_gradient(lambda v: 1e-10 * np.sum(np.sin(v)), 2e-10 * np.cos(x), x, **options)
        demand(report.passed and "absolutely" in str(report), f"an absolute comparison is not named: {report}")


def hints(bp: Any) -> None:
    """A kink, an argument that is not used, and a gradient of zeros are called by their names."""
    x = np.array([0.7, 0.0, -0.4])
    text = str(bp.check_gradient(lambda v: np.sum(np.maximum(v, 0)), lambda v: (v > 0) * 1.0, x))
    demand("slope 0 from the left, 1 from the right" in text, f"the kink is not named: {text}")
    demand("kink" not in str(bp.check_gradient(waves, waves_gradient(POINT) + 0.1, POINT)), "a wrong gradient is called a kink")
    text = str(bp.check_gradient(lambda v: 3.0, x, x))
    demand("does it use its argument" in text, f"f is constant, and the report does not say so: {text}")
    text = str(bp.check_gradient(waves, 0 * POINT, POINT))
    demand("is zero" in text, f"the gradient is zero, and the report does not say so: {text}")
    text = str(bp.check_gradient(waves, waves_gradient(POINT) * (1 + 3e-7), POINT))
    found, measured = text.partition("found ")[2].partition("\n")[0].split(", measured ")
    demand(found != measured and "times what" not in text, f"two numbers that differ look the same: {text}")


def uneven_entries(bp: Any) -> None:
    """The complex step does not accuse analytic code whose entries have different sizes, or a domain with an end."""
    x = np.array([0.3, 1e6, -2.0])

    def uneven(v: Any) -> Any:
        return np.sin(1e3 * v[0]) + np.sum(v[1:] ** 2)

    right = np.array([1e3 * np.cos(300.0), 2e6, -4.0])
    for chosen in (None, 2):
        report = bp.check_gradient(uneven, right, x, method="complex", directions=chosen)
        demand(report.passed, f"a right gradient with uneven entries fails: {report}")
        near = bp.check_gradient(_surprise, lambda p: -1 / p, np.array([1e-8, 1.0]), method="complex", directions=chosen)
        demand(near.passed, f"a right gradient near the end of the domain fails: {near}")
    fast = bp.complex_step_gradient(lambda v: np.sum(np.sin(3e5 * v)), [0.1])
    _near(fast, np.array([3e5 * np.cos(3e4)]), 1e-5, "the complex step of a fast wave")


def noise(bp: Any) -> None:
    """A function that is not the same twice is noticed."""
    rng = np.random.default_rng(0)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: bp.numerical_gradient(lambda x: np.sum(x) * rng.normal(), POINT),
        lambda: bp.complex_step_gradient(lambda x: np.sum(x) * rng.normal(), POINT),
        lambda: bp.check_gradient(lambda x: np.sum(x * (rng.random(x.shape) < 0.5)), np.ones(POINT.shape), POINT, directions=1),
    )
    for call in calls:
        with refuses("a function that draws random numbers", ValueError, naming="f"):
            call()


def not_finite(bp: Any) -> None:
    """Values and gradients that are NaN or infinite are refused, not compared."""
    for wrong in (np.nan, np.inf):
        for method in ("central", "forward"):
            with refuses(f"a function that returns {wrong}", bp.NotFiniteError, naming="f"):
                bp.numerical_gradient(lambda x, wrong=wrong: wrong, POINT, method=method)
        for arguments in ((np.full(3, wrong), np.ones(3)), (np.ones(3), np.full(3, wrong))):
            with refuses("a gradient that is not finite", bp.NotFiniteError):
                bp.gradient_error(*arguments)
        with refuses("a gradient that is not finite", bp.NotFiniteError, naming="gradient"):
            bp.check_gradient(np.sum, np.array([1.0, wrong]), np.ones(2))
        with refuses("an x that is not finite", bp.NotFiniteError, naming="x"):
            bp.numerical_gradient(np.sum, np.array([1.0, wrong]))


def _outer(a: Any, b: Any) -> Any:
    return a[:, None] * np.sin(b)


def _outer_vjp(dY: Any, Y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    return (dY * np.sin(b)).sum(axis=1), (dY * a[:, None] * np.cos(b)).sum(axis=0)


def _power(x: Any, exponent: int = 2) -> Any:
    return x**exponent


def _power_vjp(dY: Any, Y: Any, x: Any, exponent: int = 2) -> tuple[Any]:
    return (dY * exponent * x ** (exponent - 1),)


def products(bp: Any) -> None:
    """Vector-Jacobian products: one report for each gradient, with its name; a VJP that ignores dY, Y or an argument is seen."""
    a, b = np.array([0.5, -1.5, 2.0]), np.array([0.3, 0.9])
    for method, chosen in (("central", None), ("complex", None), ("central", 3)):
        reports = bp.check_vjp(_outer, _outer_vjp, a, b, method=method, directions=chosen)
        demand(isinstance(reports, tuple) and [report.name for report in reports] == ["da", "db"], f"reports: {reports}")
        demand(all(reports), f"a right VJP fails: {reports}")
    demand(bool(bp.check_vjp(_power, _power_vjp, a, options={"exponent": 3})), "options are not passed on")
    wrong: tuple[tuple[Callable[..., Any], list[bool]], ...] = (
        (lambda dY, Y, a, b: (2 * _outer_vjp(dY, Y, a, b)[0], _outer_vjp(dY, Y, a, b)[1]), [False, True]),
        (lambda dY, Y, a, b: _outer_vjp(np.ones_like(dY), Y, a, b), [False, False]),
        (lambda dY, Y, a, b: _outer_vjp(np.sign(dY), Y, a, b), [False, False]),
        (lambda dY, Y, a, b: _outer_vjp(np.abs(dY), Y, a, b), [False, False]),
    )
    for number, (vjp, passes) in enumerate(wrong):
        found = [report.passed for report in bp.check_vjp(_outer, vjp, a, b)]
        demand(found == passes, f"wrong VJP number {number}: passed is {found}, wanted {passes}")
        reports = bp.check_vjp(_outer, vjp, a, b)
        demand(not reports and not reports.passed, f"wrong VJP number {number}: the reports together count as true")
    (report,) = bp.check_vjp(lambda x, y: np.exp(x) * y, lambda dY, Y, x, y: (dY * Y, None), a, np.array([1, 0, 2]))
    demand(report.passed and report.name == "dx", f"an argument without a gradient: {report}")
    reports = bp.check_vjp(_outer, lambda dY, Y, a, b: (None, _outer_vjp(dY, Y, a, b)[1]), a, b)
    demand(not reports and "da: None, but the result depends on a" in str(reports), f"a None that matters: {reports}")
    demand(bp.check_vjp(lambda a, b: np.exp(a), lambda dY, Y, a, b: (dY * Y, None), a, b), "a None that does not matter fails")
    row = np.array([0.5, 0.25, 0.25])
    reports = bp.check_vjp(bp.cross_entropy_logits, bp.cross_entropy_logits_vjp, a, row)
    demand(reports and len(reports) == 1, f"labels without a gradient: {reports}")
    (report,) = bp.check_vjp(lambda x: np.sum(x**2), lambda dL, L, x: (2 * dL * x,), a)
    demand(report.passed, f"a scalar function: {report}")
    seen = [bp.check_vjp(_outer, _outer_vjp, a, 2 * b, seed=seed)[0].found for seed in (0, 0, 1)]
    demand(seen[0] == seen[1] != seen[2], "the incoming gradient does not depend on the seed alone")


FUNCTIONS = ("check_gradient", "check_vjp", "numerical_gradient", "complex_step_gradient", "gradient_error")
ORACLES = (
    differences,
    default_steps,
    real_step,
    complex_step,
    error_measure,
    verdicts,
    steps_passed_on,
    report_contents,
    directions,
    no_writing,
    shared_arrays,
    further_steps,
    rounding,
    hints,
    uneven_entries,
    noise,
    not_finite,
    products,
)
