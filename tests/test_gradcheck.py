"""The gradient checker: what it says, what it refuses, and that the real one judges a broken copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.bugs.mutate import imported, mutate, read_package
from bpbook.ladder import climb, rungs
from bpbook.ladder.gradcheck import ORACLES, waves, waves_gradient
from bpbook.ladder.report import strict
from bpbook.ledger import gradient as ledger_gradient
from bpbook.notebooks import repository_root

TREES = read_package(repository_root(Path(__file__).parent))
X = np.array([[0.5, -1.0], [2.0, 0.25]])


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


@pytest.mark.parametrize("oracle", ORACLES, ids=[oracle.__name__ for oracle in ORACLES])
def test_the_oracles_pass(oracle):
    oracle(bp)


# --- what it says ---------------------------------------------------------------------------------


def test_the_report_in_words():
    wrong = 2 * X
    wrong[1, 0] = 3.5
    report = bp.check_gradient(lambda x: np.sum(x**2), wrong, X)
    assert str(report).splitlines() == [
        "gradient: FAILED, error 0.108, tolerance 1e-07",
        "  worst entry [1, 0]: found 3.5, measured 4",
        "  wrong: 1 of 4 ([1, 0])",
    ]
    assert repr(report) == str(report)


def test_the_report_names_the_factor_and_the_direction():
    lines = str(bp.check_gradient(lambda x: np.sum(x**2), X, X, directions=2)).splitlines()
    assert lines[0] == "gradient: FAILED, error 0.5, tolerance 1e-07"
    assert lines[1].startswith("  worst direction [")
    assert lines[2] == "  wrong: 2 of 2 ([0], [1])"
    assert lines[3] == "  the gradient found is 0.5 times what was measured"


def test_a_long_list_of_wrong_entries_is_cut():
    report = bp.check_gradient(lambda x: np.sum(x**2), np.zeros(20), np.ones(20))
    assert "20 of 20 ([0], [1], [2], [3], ...)" in str(report) and len(report.wrong) == 20


def test_a_report_that_passed_is_one_line():
    report = bp.check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, X)
    assert report and str(report).startswith("gradient: passed, error ") and "\n" not in str(report)


def test_a_report_cannot_be_changed():
    report = bp.check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, X)
    with pytest.raises(AttributeError):
        report.error = 0.0


def test_vjp_reports_are_named_after_the_arguments():
    def product(*arrays):
        return arrays[0] * arrays[1]

    def product_vjp(dY, Y, *arrays):
        return dY * arrays[1], dY * arrays[0]

    assert [report.name for report in bp.check_vjp(product, product_vjp, X, X + 1)] == ["dargument0", "dargument1"]
    assert next(iter(bp.check_vjp(np.exp, lambda dY, Y, X: (dY * Y,), X))).name.startswith("d")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: bp.check_gradient(np.sum, X, X.astype(np.float32)),
            "x has dtype float32, wanted float64: a gradient is checked in double",
        ),
        (
            lambda: bp.check_gradient(np.exp, X, X),
            r"f returned an array of shape \(2, 2\), wanted a scalar: a gradient belongs to one number",
        ),
        (lambda: bp.check_gradient(np.sum, X[0], X), r"gradient has shape \(2,\), wanted \(2, 2\)"),
        (lambda: bp.numerical_gradient(np.sum, X[:0]), r"x has shape \(0, 2\), wanted at least one entry: there is nothing to check"),
        (lambda: bp.numerical_gradient(np.sum, X, step=1e-30), "step is 1e-30, wanted a larger one"),
        (lambda: bp.numerical_gradient(np.sum, X, "complex"), r"method is 'complex', wanted one of \('central', 'forward'\)"),
        (lambda: bp.gradient_error(X, X * np.nan), r"reference is nan at the index \(0, 0\), wanted finite numbers"),
        (
            lambda: bp.complex_step_gradient(lambda x: np.sum(abs(x)), X),
            "f returned float64 for an x of complex128, wanted complex128: it drops",
        ),
        (lambda: bp.check_vjp(np.exp, lambda dY, Y, x: None, X), r"f_vjp returned None, wanted a tuple: write \(dX,\)"),
    ],
)
def test_messages(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_overflow_between_two_values_is_refused():
    # Each value is finite, their difference is not.
    with np.errstate(over="ignore"), pytest.raises(bp.NotFiniteError, match="measured gradient"):
        bp.numerical_gradient(lambda x: 1.5e308 * np.sign(np.sum(x)), np.zeros(2))


# --- right for all small shapes -------------------------------------------------------------------

shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(shape=shapes, seed=st.integers(0, 50))
def test_right_gradients_pass_and_wrong_ones_fail_for_every_shape(shape, seed):
    rng = np.random.default_rng(seed)
    x = np.asarray(rng.normal(size=shape))
    right = np.asarray(waves_gradient(x))
    place = tuple(rng.integers(0, length) for length in shape)
    wrong = right.copy()
    wrong[place] += 0.01 * (1 + np.linalg.norm(right))
    for options in ({}, {"method": "complex"}, {"directions": 2}, {"method": "forward", "tolerance": 1e-5}):
        assert bp.check_gradient(waves, right, x, **options)
        report = bp.check_gradient(waves, wrong, x, **options)
        assert not report and ("directions" in options or report.index == place)


# --- who judges -----------------------------------------------------------------------------------

BLIND = ("gradcheck.GradientReport.passed", "self.error <= self.tolerance", "True")


def test_a_broken_checker_does_not_judge_itself():
    with imported(mutate(TREES, *BLIND)) as broken:
        assert broken.check_gradient(np.sum, np.zeros(3), np.ones(3)), "this copy lets everything pass"
        assert climb(broken, rungs=["central differences", "complex step"]) is None, "its operations are right"
        assert climb(broken, rungs=["gradient checker"]) is not None
        assert not rungs.check_gradient(np.sum, np.zeros(3), np.ones(3)), "the ladder keeps the real one"


def test_a_broken_operation_is_found_although_its_own_checker_is_blind():
    with imported(mutate(mutate(TREES, *BLIND), "losses.mse_vjp", "2 / y_hat.size", "1 / y_hat.size")) as broken:
        fall = climb(broken, rungs=["central differences"])
    assert fall is not None and "dy_hat is off from central differences by 0.5" in fall.problem


def test_the_ledger_measures_with_the_tools_of_chapter_6():
    assert ledger_gradient.complex_step_gradient is bp.complex_step_gradient
    assert ledger_gradient.numerical_gradient(lambda x: np.sum(x**2), [1, 2]).tolist() == pytest.approx([2.0, 4.0])


# --- functions under test that share arrays, and what they may do to them --------------------------


def test_a_network_with_one_flat_parameter_vector_is_checked_and_left_as_it_was():
    net = np.array([2.0, 3.0])

    def f(v):
        net[...] = v
        return net[0] * net[1]

    for options in ({}, {"directions": 2}, {"method": "forward", "tolerance": 1e-5}):
        assert bp.check_gradient(f, lambda v: v[::-1], net, **options)
        assert net.tolist() == [2.0, 3.0]
    assert bp.numerical_gradient(f, net).tolist() == pytest.approx([3.0, 2.0])
    assert net.tolist() == [2.0, 3.0]


def test_a_gradient_buffer_that_f_overwrites():
    buffer = np.zeros(2)

    def f(v):
        buffer[...] = 2 * v
        return np.sum(v**2)

    f(X[0])
    assert bp.check_gradient(f, buffer, X[0])


def test_an_f_that_is_random_now_and_then():
    calls = []

    def f(v):
        calls.append(1)
        return np.sum(v) + (1e-3 if len(calls) > 2 else 0.0)

    with pytest.raises(ValueError, match="for the same x, wanted one value"):
        bp.numerical_gradient(f, X)


def test_a_vjp_that_writes_is_named():
    def writes(place):
        def vjp(dY, Y, X):
            answer = (dY * Y,)
            (dY, Y, X)[place][...] = 7.0
            return answer

        return vjp

    for place, name in enumerate(("dY", "Y", "X")):
        with pytest.raises(ValueError, match=f"f_vjp wrote into {name}, wanted it left as it was"):
            bp.check_vjp(lambda X: np.exp(X), writes(place), X)

    def f(X):
        X += 1
        return X**2

    with pytest.raises(ValueError, match="f wrote into X"):
        bp.check_vjp(f, lambda dY, Y, X: (2 * dY * (X + 1),), X)


# --- what a step can and cannot resolve -----------------------------------------------------------


def surprise(p):
    return -np.sum(np.log(p))


SMALL_P = np.array([0.01, 0.02, 0.005])


def test_a_right_gradient_on_a_small_scale_passes_with_a_smaller_step():
    for options in ({}, {"directions": 3}):
        assert bp.check_gradient(surprise, lambda p: -1 / p, SMALL_P, **options)
        assert not bp.check_gradient(surprise, lambda p: -1 / p, SMALL_P, step=bp.gradcheck._STEPS["central"], **options)
        assert not bp.check_gradient(surprise, lambda p: -1.00001 / p, SMALL_P, **options)
    assert bp.check_gradient(surprise, lambda p: -1 / p, 1e-4 * SMALL_P), "the first step leaves the domain"


def test_a_step_out_of_the_domain_is_explained():
    with pytest.raises(bp.NotFiniteError, match="x plus or minus the step leaves the domain of f"):
        bp.numerical_gradient(bp.log, np.array(1e-7))
    with pytest.raises(bp.NotFiniteError, match="pass a smaller step, or take the complex step"):
        bp.check_gradient(lambda p: np.sum(bp.log(p)), lambda p: 1 / p, np.array([1e-12]))
    with pytest.raises(bp.NotFiniteError) as caught:
        bp.check_gradient(lambda p: np.sum(bp.log(p)), lambda p: 1 / p, np.array([-1.0]))
    assert "step" not in str(caught.value), "x itself is outside"


def flat(x):
    return 1 + 1e-5 * np.sum(np.sin(x))


def test_rounding_of_f_is_not_blamed_on_the_gradient():
    x = np.linspace(-1, 1, 30)
    for shift in (1e3, 1e4, 1e5):
        report = bp.check_gradient(lambda x, shift=shift: shift + flat(x), 1e-5 * np.cos(x), x)
        assert not report.passed
        assert "cannot be resolved by differences: rounding of f alone gives an error of about" in str(report)
        assert "method='complex'" in str(report) and "FAILED" not in str(report) and "wrong" not in str(report)
    assert bp.check_gradient(flat, 1e-5 * np.cos(x), x, method="complex")
    assert "FAILED" in str(bp.check_gradient(flat, 2e-5 * np.cos(x), x))


def test_an_absolute_comparison_says_so():
    def tiny(x):
        return 1e-9 * np.sum(x**2)

    report = bp.check_gradient(tiny, lambda x: 4e-9 * x, X)
    assert report.passed and "compared absolutely: the measured gradient is shorter than 1e-08" in str(report)
    assert "absolutely" not in str(bp.check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, X))


def test_the_complex_step_does_not_accuse_analytic_code():
    def uneven(x):
        return np.sin(1e3 * x[0]) + np.sum(x[1:] ** 2)

    def slopes(x):
        return np.concatenate([[1e3 * np.cos(1e3 * x[0])], 2 * x[1:]])

    x = np.array([0.3, 1e6, -2.0])
    for options in ({}, {"directions": 2}):
        assert bp.check_gradient(uneven, slopes, x, method="complex", **options)
        assert bp.check_gradient(lambda p: np.sum(bp.log(p)), lambda p: 1 / p, np.array([1e-8, 1.0]), method="complex", **options)
    assert bp.complex_step_gradient(lambda v: np.sum(np.sin(3e5 * v)), np.array([0.1])) == pytest.approx(3e5 * np.cos(3e4))


# --- reports of a whole operation -----------------------------------------------------------------


def half_right(dY, Y, A, B):
    return dY * B, 2 * dY * A


def test_assert_check_vjp_fails_when_one_gradient_is_wrong():
    reports = bp.check_vjp(lambda A, B: A * B, half_right, X, X + 1)
    assert not reports and [report.passed for report in reports] == [True, False]
    assert isinstance(reports, bp.GradientReports) and isinstance(reports, tuple)
    assert str(reports).splitlines()[0].startswith("dA: passed") and "\ndB: FAILED" in str(reports)
    assert bp.check_vjp(bp.multiply, bp.multiply_vjp, X, X + 1)


def test_a_none_that_matters_is_a_failure():
    reports = bp.check_vjp(lambda A, B: A * B, lambda dY, Y, A, B: (dY * B, None), X, X + 1)
    assert not reports and "dB: None, but the result depends on B" in str(reports)
    assert bp.check_vjp(lambda A, B: A + 0 * B, lambda dY, Y, A, B: (dY, None), X, X + 1)
    Z, rows = np.array([[0.3, -1.0, 0.2]]), np.array([[0.5, 0.25, 0.25]])
    assert [report.name for report in bp.check_vjp(bp.cross_entropy_logits, bp.cross_entropy_logits_vjp, Z, rows)] == ["dZ"]
    assert bp.check_vjp(bp.bce_logits, bp.bce_logits_vjp, Z, np.array([[1.0, 0.0, 1.0]]))


def test_options_go_to_both():
    assert bp.check_vjp(bp.sum_over, bp.sum_over_vjp, X, options={"axis": 0})
    with pytest.raises(TypeError, match="options is 3, wanted a dictionary"):
        bp.check_vjp(bp.sum_over, bp.sum_over_vjp, X, options=3)


# --- words ----------------------------------------------------------------------------------------


def test_a_narrow_failure_shows_two_different_numbers():
    text = str(bp.check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x * (1 + 3e-7), X))
    found, measured = text.partition("found ")[2].partition("\n")[0].split(", measured ")
    assert found != measured and "times what" not in text


def test_a_gradient_of_zeros_is_called_zero():
    assert "the gradient found is zero" in str(bp.check_gradient(lambda x: np.sum(x**2), 0 * X, X))


@pytest.mark.parametrize(
    ("vjp", "message"),
    [
        (lambda dY, Y, A, B: (dY,), "f_vjp returned 1 gradient, wanted 2"),
        (lambda dY, Y, A, B: (dY, dY, dY), "f_vjp returned 3 gradients, wanted 2"),
        (lambda dY, Y, A, B: dY, r"f_vjp returned an array, wanted a tuple: write \(dX,\)"),
    ],
)
def test_answers_of_a_vjp(vjp, message):
    with pytest.raises(TypeError, match=message):
        bp.check_vjp(lambda A, B: A * B, vjp, X, X)


def test_what_f_and_the_gradient_returned_is_named():
    with pytest.raises(TypeError, match="what f returned is None"):
        bp.check_gradient(lambda x: None, X, X)
    with pytest.raises(ValueError, match="what f returned is a tuple with rows of unequal length"):
        bp.check_gradient(lambda x: (np.sum(x), 2 * x), X, X)
    with pytest.raises(TypeError, match="gradient is a tuple, wanted an array: a VJP returns a tuple, take one of its entries"):
        bp.check_gradient(lambda x: np.sum(x**2), lambda x: (2 * x,), X)


def test_hints_for_a_kink_and_for_an_argument_that_is_not_used():
    x = np.array([0.7, 0.0, -0.4])
    text = str(bp.check_gradient(lambda v: np.sum(np.maximum(v, 0)), lambda v: (v > 0) * 1.0, x))
    assert "a kink, or too large a step: slope 0 from the left, 1 from the right" in text
    assert "f gives the same value wherever x moves: does it use its argument?" in str(bp.check_gradient(lambda v: 3.0, X, X))
    assert "kink" not in str(bp.check_gradient(lambda v: np.sum(v**2), X, X))


def test_only_functions_and_classes_are_public():
    assert all(callable(getattr(bp.gradcheck, name)) for name in bp.gradcheck.__all__)
