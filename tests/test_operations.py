"""Every operation of bpkit climbs the verification ladder; each rung is seen to fail in test_bugs.py."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.ladder import OPERATIONS, RungError, climb, formulas, independent, rungs
from bpbook.ladder.contract import contract
from bpbook.ladder.operation import ND, Operation, normal
from bpbook.ladder.report import strict

OVER_SIZES = {"contract": contract, "central": rungs.central, "complex_step": rungs.complex_step, "autograd": rungs.autograd}
ROWS = {operation.name: operation for operation in OPERATIONS}
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


def test_the_table_has_a_row_for_every_operation_of_the_package():
    others = {"check_vjp", "affine_parameters_vjp"}  # one checks the others, one is a part of affine_vjp
    vjps = {name for name in bp.__all__ if name.endswith("_vjp")} - others
    assert {f"{operation.function}_vjp" for operation in OPERATIONS} == vjps
    assert all(operation.function in bp.__all__ for operation in OPERATIONS)


@each_operation
def test_sizes_hold_one_sample_one_entry_and_unequal_sizes(operation):
    assert (1,) * len(operation.sizes[0]) in operation.sizes
    assert len(set(operation.sizes[-1])) == len(operation.sizes[-1])


@each_operation
def test_formula(operation):
    rungs.formula(bp, operation)


@pytest.mark.parametrize("rung", OVER_SIZES.values(), ids=OVER_SIZES)
@each_operation
def test_every_size(operation, rung):
    for sizes in operation.sizes:
        for seed in range(3):
            rung(bp, operation, sizes, seed)


@each_operation
def test_extremes(operation):
    rungs.edges(bp, operation)


@each_operation
def test_pytorch_agrees_where_it_is_installed(operation):
    pytest.importorskip("torch")
    for sizes in operation.sizes:
        rungs.torch(bp, operation, sizes)


@each_operation
def test_small_shapes(operation):
    count = len(operation.sizes[0])

    @settings(derandomize=True, deadline=None, max_examples=25)
    @given(sizes=st.tuples(*[st.integers(1, 4)] * count), seed=st.integers(0, 2**16))
    def climbs(sizes, seed):
        for rung in OVER_SIZES.values():
            rung(bp, operation, sizes, seed)

    climbs()


def test_the_whole_ladder_holds():
    assert climb(bp) is None


# --- a few values that anyone can check -----------------------------------------------------------


def test_affine_of_two_samples():
    Y = bp.affine(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]), 0.5)
    assert Y.tolist() == [12.5, 34.5]


def test_mse_of_two_guesses():
    assert bp.mse(np.array([1.0, 5.0]), np.array([2.0, 2.0])) == 5.0
    dy_hat, dy = bp.mse_vjp(1.0, 5.0, np.array([1.0, 5.0]), np.array([2.0, 2.0]))
    assert dy_hat.tolist() == [-1.0, 3.0] and dy.tolist() == [1.0, -3.0]


def test_sigmoid_at_zero_and_at_log_three():
    assert bp.sigmoid(np.array([0.0]))[0] == 0.5
    assert bp.sigmoid(np.array([np.log(3.0)]))[0] == pytest.approx(0.75, rel=1e-15)


@pytest.mark.parametrize(("z", "y", "loss", "slope"), [(1e4, 0, 1e4, 1.0), (1e4, 1, 0.0, 0.0), (-1e4, 0, 0.0, 0.0), (-1e4, 1, 1e4, -1.0)])
def test_bce_is_exact_at_huge_logits(z, y, loss, slope):
    assert bp.bce_logits(z, y) == loss
    dZ, dy = bp.bce_logits_vjp(1.0, loss, np.array([z]), np.array([y]))
    assert dZ.tolist() == [slope] and dy is None


def test_bce_against_scipy():
    from scipy.special import log_expit

    Z = np.linspace(-50, 50, 101)
    for label in (0.0, 1.0):
        found = [bp.bce_logits(np.array([z]), np.array([label])) for z in Z]
        np.testing.assert_allclose(found, -log_expit(Z if label else -Z), rtol=1e-15)


def test_sigmoid_against_scipy():
    from scipy.special import expit

    Z = np.linspace(-700, 700, 1401)
    np.testing.assert_allclose(bp.sigmoid(Z), expit(Z), rtol=1e-15)


def test_checks_cost_microseconds_not_copies():
    # Validation hands on the very same arrays: nothing is converted or copied on the hot path.
    from bpkit.validation import as_floats

    X, W = np.ones((3, 2)), np.ones(2)
    checked = as_floats(X=X, W=W)
    assert checked[0] is X and checked[1] is W


def test_what_records_its_operations_is_never_converted():
    from autograd import grad

    slope = grad(lambda w: bp.affine(np.array([[2.0, 3.0]]), w, 0.0)[0])(np.array([1.0, 1.0]))
    assert slope.tolist() == [2.0, 3.0]


# --- the table takes a new operation as one row ---------------------------------------------------


def softplus_package(slope):
    def softplus(Z):
        if 0 in Z.shape:
            raise ValueError("Z is empty, wanted an entry")
        with np.errstate(all="ignore"):
            return np.log1p(np.exp(Z))

    def softplus_vjp(dA, A, Z):
        softplus(Z)
        with np.errstate(all="ignore"):
            return (dA * slope(Z),)

    return SimpleNamespace(softplus=softplus, softplus_vjp=softplus_vjp)


SOFTPLUS = replace(
    ROWS["sigmoid"],
    name="softplus",
    function="softplus",
    formula=lambda Z: __import__("sympy").log(1 + __import__("sympy").exp(Z)),
    derivatives=(formulas.sigmoid,),
    points=((-2.0,), (0.0,), (3.0,)),
    independent=lambda library, Z: library.logaddexp(0.0, Z),
    extremes=lambda bp: None,
)


def climb_one(package, operation):
    rungs.formula(package, operation)
    rungs.edges(package, operation)
    for rung in OVER_SIZES.values():
        for sizes in operation.sizes:
            rung(package, operation, sizes)


def test_a_new_operation_is_one_row():
    climb_one(softplus_package(lambda Z: 1 / (1 + np.exp(-Z))), SOFTPLUS)


def test_a_new_operation_with_a_wrong_derivative_falls():
    wrong = softplus_package(lambda Z: 1 / (1 + np.exp(Z)))
    for rung in (rungs.central, rungs.complex_step, rungs.autograd):
        with pytest.raises(RungError, match="softplus"):
            rung(wrong, SOFTPLUS, (3, 2))
    with pytest.raises(RungError, match="softplus"):
        rungs.formula(wrong, SOFTPLUS)


def test_a_wrong_stated_derivative_is_refused_by_sympy():
    with pytest.raises(RungError, match="does not confirm"):
        rungs.formula(bp, replace(ROWS["sigmoid"], derivatives=(lambda Z: formulas.sigmoid(Z) * (1 + formulas.sigmoid(Z)),)))


RELU = replace(
    ROWS["sigmoid"],
    name="relu",
    function="relu",
    draw=lambda rng, n, h: (np.round(rng.normal(size=(n, h))),),  # many entries are exactly at the kink
    independent=lambda library, Z: library.maximum(Z, 0),
    analytic=False,
    kinks=(0.0,),
)


def test_points_at_a_kink_are_left_out():
    package = SimpleNamespace(relu=lambda Z: np.maximum(Z, 0), relu_vjp=lambda dA, A, Z: (dA * (Z > 0),))
    for sizes in RELU.sizes:
        rungs.central(package, RELU, sizes)
        rungs.complex_step(package, RELU, sizes)  # not analytic: nothing to do
        rungs.autograd(package, RELU, sizes)
    with pytest.raises(RungError, match="central differences"):
        rungs.central(package, replace(RELU, kinks=()), (5, 2))


def weighted_sum_package(slope):
    def weighted_sum(X, axis):
        if 0 in X.shape:
            raise ValueError("X is empty, wanted an entry")
        with np.errstate(all="ignore"):
            return (X**2).sum(axis=axis)

    def weighted_sum_vjp(dY, Y, X, axis):
        weighted_sum(X, axis)
        with np.errstate(all="ignore"):
            return (np.expand_dims(dY, axis) * slope(X),)

    return SimpleNamespace(weighted_sum=weighted_sum, weighted_sum_vjp=weighted_sum_vjp)


WEIGHTED_SUM = Operation(
    name="weighted_sum",
    function="weighted_sum",
    arguments=("X",),
    draw=normal(lambda n, d: (n, d)),
    sizes=ND,
    formula=lambda X, axis: (X**2).sum(axis=axis),
    derivatives=(formulas.by_sympy,),
    points=(([[1.0, 2.0, 0.5], [0.1, -3.0, 1e3]],),),
    independent=lambda library, X, axis: library.einsum("nd,nd->n" if axis else "nd,nd->d", X, X),
    torch=lambda library, X, axis: (X * X).sum(axis),
    whole=True,
    options={"axis": 1},
)


def test_an_operation_on_whole_arguments_with_an_option_is_one_row():
    for axis in (0, 1):
        climb_one(weighted_sum_package(lambda X: 2 * X), replace(WEIGHTED_SUM, options={"axis": axis}))


def test_an_operation_on_whole_arguments_with_a_wrong_derivative_falls():
    wrong = weighted_sum_package(lambda X: X)
    for rung in (rungs.central, rungs.complex_step, rungs.autograd):
        with pytest.raises(RungError, match="weighted_sum"):
            rung(wrong, WEIGHTED_SUM, (3, 3))
    with pytest.raises(RungError, match="weighted_sum: dX at"):
        rungs.formula(wrong, WEIGHTED_SUM)
    with pytest.raises(RungError, match="weighted_sum: value at"):
        rungs.formula(weighted_sum_package(lambda X: 2 * X), replace(WEIGHTED_SUM, formula=lambda X, axis: (X**3).sum(axis=axis)))


def test_the_independent_programs_use_nothing_of_bpkit():
    import inspect

    assert "import bpkit" not in inspect.getsource(independent) and "from bpkit" not in inspect.getsource(independent)


def test_a_warning_is_an_error_on_the_ladder():
    noisy = SimpleNamespace(**{**vars(bp), "affine": lambda X, W, b: warnings.warn("noise", stacklevel=1)})
    fall = climb(noisy)
    assert fall is not None and "noise" in fall.problem
