"""Softmax, logsumexp and the cross-entropy against outside answers, and values that anyone can check."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from sklearn.metrics import log_loss

import bpkit as bp
from bpbook.ladder.report import strict

SHAPES = [(1,), (4,), (3, 2), (5, 1), (2, 3, 4), (2, 1, 3, 2)]


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


def logits(shape, scale=5.0):
    return np.random.default_rng(len(shape)).normal(scale=scale, size=shape)


@pytest.mark.parametrize("scale", [1.0, 300.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_against_scipy(shape, scale):
    Z = logits(shape, scale)
    np.testing.assert_allclose(bp.softmax(Z), special.softmax(Z, axis=-1), rtol=1e-12)
    np.testing.assert_allclose(bp.logsumexp(Z), special.logsumexp(Z, axis=-1), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(bp.softmax(Z).sum(axis=-1), 1.0, rtol=1e-15)


def test_infinity_against_scipy():
    for row in ([-np.inf, 1.0, 2.0], [np.inf, 0.0, 1.0], [-np.inf, -np.inf, -np.inf]):
        assert bp.logsumexp(np.array(row)) == special.logsumexp(row)
    with np.errstate(invalid="ignore"):
        for row in ([-np.inf, 1.0, 1.0], [np.inf, 0.0], [0.0, np.inf, -np.inf], [np.inf, np.inf], [-np.inf, -np.inf]):
            np.testing.assert_array_equal(bp.softmax(np.array(row)), special.softmax(row))
    with_infinity = np.array([[np.inf, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(bp.softmax(with_infinity), [[np.nan, np.nan], [0.5, 0.5]])
    np.testing.assert_array_equal(bp.logsumexp(with_infinity), [np.inf, 1 + np.log(2)])


@pytest.mark.parametrize("k", [2, 3, 10])
def test_cross_entropy_against_scikit_learn(k):
    Z, y = logits((50, k)), np.arange(50) % k
    P = special.softmax(Z, axis=-1)
    assert bp.cross_entropy_logits(Z, y) == pytest.approx(log_loss(y, P), rel=1e-12)
    soft = special.softmax(logits((50, k), 1.0)[::-1], axis=-1)
    assert bp.cross_entropy_logits(Z, soft) == pytest.approx(-np.sum(soft * special.log_softmax(Z, axis=-1)) / 50, rel=1e-12)


def test_cross_entropy_is_entropy_plus_divergence():
    Z, y = logits((7, 4)), special.softmax(logits((7, 4), 1.0)[::-1], axis=-1)
    P = special.softmax(Z, axis=-1)
    parts = special.entr(y).sum() + special.rel_entr(y, P).sum()
    assert bp.cross_entropy_logits(Z, y) == pytest.approx(parts / 7, rel=1e-12)
    assert bp.cross_entropy_logits(np.log(y), y) == pytest.approx(special.entr(y).sum() / 7, rel=1e-12)
    dZ, none = bp.cross_entropy_logits_vjp(1.0, 0.0, np.log(y), y)
    assert np.abs(dZ).max() < 1e-16 and none is None


def test_two_classes_are_the_sigmoid_and_the_binary_cross_entropy():
    z = np.linspace(-50, 50, 101)
    y = np.arange(101) % 2
    Z = np.column_stack([np.zeros(101), z])
    np.testing.assert_allclose(bp.softmax(Z)[:, 1], special.expit(z), rtol=1e-14)
    assert bp.cross_entropy_logits(Z, y) == pytest.approx(bp.bce_logits(z, y), rel=1e-14)
    both, one = bp.cross_entropy_logits_vjp(2.0, 0.0, Z, y)[0], bp.bce_logits_vjp(2.0, 0.0, z, y)[0]
    np.testing.assert_allclose(both[:, 1], one, rtol=1e-13, atol=1e-18)
    np.testing.assert_allclose(both.sum(axis=1), 0, atol=1e-17)


# --- values that anyone can check -----------------------------------------------------------------


def test_logits_that_are_logarithms_give_back_the_probabilities():
    p = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(bp.softmax(np.log(p)), p, rtol=1e-15)
    np.testing.assert_allclose(bp.softmax(np.log(p) + 7), p, rtol=1e-14)
    assert bp.logsumexp(np.log(p)) == pytest.approx(0, abs=1e-15)
    assert bp.cross_entropy_logits(np.log(p), 1) == pytest.approx(-np.log(0.3))
    np.testing.assert_allclose(bp.cross_entropy_logits_vjp(1.0, 0.0, np.log(p), 1)[0], [0.5, -0.7, 0.2], rtol=1e-14)


def test_the_rows_of_the_jacobian_on_paper():
    p = np.array([0.5, 0.3, 0.2])
    rows = [bp.softmax_vjp(row, p, np.log(p))[0] for row in np.eye(3)]
    np.testing.assert_allclose(rows, [[0.25, -0.15, -0.1], [-0.15, 0.21, -0.06], [-0.1, -0.06, 0.16]], atol=1e-16)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    for k in (1, 2, 10):
        assert bp.cross_entropy_logits(np.zeros((3, k)), np.zeros(3, int)) == pytest.approx(np.log(k))
        assert bp.logsumexp(np.zeros(k)) == pytest.approx(np.log(k))


@pytest.mark.parametrize(("label", "loss", "slope"), [(0, 0.0, 0.0), (1, 2e4, 1.0)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cross_entropy_is_exact_at_huge_logits(label, loss, slope, dtype):
    Z = np.array([[1e4, -1e4]], dtype)
    for y in (np.array([label]), np.eye(2)[[label]]):
        L = bp.cross_entropy_logits(Z, y)
        assert loss == L and L.dtype == dtype
        dZ, none = bp.cross_entropy_logits_vjp(1.0, L, Z, y)
        assert dZ.tolist() == [[slope, -slope]] and dZ.dtype == dtype and none is None


# --- targets --------------------------------------------------------------------------------------


def test_the_two_forms_of_targets_agree():
    Z, y = logits((2, 3, 4)), np.array([[0, 1, 3], [2, 2, 0]])
    loss = bp.cross_entropy_logits(Z, y)
    for rows in (np.eye(4)[y], np.eye(4, dtype=bool)[y], np.eye(4, dtype=np.uint8)[y], np.eye(4)[y].tolist()):
        assert bp.cross_entropy_logits(Z, rows) == loss


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_may_be_off_by_rounding_only(dtype):
    Z, y, last = np.zeros((1, 3)), np.array([[0.2, 0.3, 0.5]]), np.array([[0.0, 0.0, 1.0]])
    for small in (-9e-5, 9e-5):
        assert bp.cross_entropy_logits(Z, (y + small * last).astype(dtype)) == pytest.approx(np.log(3), rel=1e-14)
    for large in (-2e-4, 2e-4):
        with pytest.raises(ValueError, match=r"y holds a row of sum (1\.000|0\.999)\d+, wanted 1"):
            bp.cross_entropy_logits(Z, (y + large * last).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("off", [-9e-5, 9e-7, 9e-5])
def test_the_gradient_belongs_to_the_loss_where_rows_are_off_by_rounding(off, dtype):
    Z, y = logits((6, 4)), special.softmax(logits((6, 4), 1.0)[::-1], axis=-1)
    y = (y * (1 + off)).astype(dtype)
    dZ, _ = bp.cross_entropy_logits_vjp(1.0, 0.0, Z, y)
    assert bp.gradient_error(dZ, bp.complex_step_gradient(lambda Z: bp.cross_entropy_logits(Z, y), Z)) < 1e-13
    np.testing.assert_allclose(dZ.sum(axis=-1), 0, atol=1e-16)


def test_rows_are_divided_by_their_sum_before_they_are_cast_to_the_precision_of_the_logits():
    Z, y = np.array([[3000.0, 3000.0, 2999.0]], np.float32), np.array([[0.2, 0.3, 0.5]])
    assert bp.cross_entropy_logits(Z, 1.00009 * y) == bp.cross_entropy_logits(Z, y)
    assert bp.cross_entropy_logits(Z, y).dtype == np.float32


def test_a_negative_entry_from_rounding_counts_as_zero():
    Z, y = np.array([[1.0, 2.0, 1e6]]), np.array([[0.25, 0.75 + 9e-7, -9e-7]])
    rounded = np.array([[0.25, 0.75 + 9e-7, 0.0]])
    assert bp.cross_entropy_logits(Z, y) == bp.cross_entropy_logits(Z, rounded / rounded.sum())
    assert bp.cross_entropy_logits_vjp(1.0, 0.0, Z, y)[0][0, 2] == 1.0
    with pytest.raises(ValueError, match=r"y holds the value -2e-06, wanted 0 or more"):
        bp.cross_entropy_logits(Z, np.array([[0.25, 0.75 + 2e-6, -2e-6]]))


def test_messages_name_the_value_and_what_was_wanted():
    Z = np.zeros((2, 3))
    for y, message in (
        ([0, 3], "y holds the label 3, wanted 0 to 2"),
        ([-1, 0], "y holds the label -1, wanted 0 to 2"),
        ([0.0, 1.0], "y has dtype float64, wanted integers"),
        ([True, False], "y has dtype bool, wanted integers"),
        ([[0.5, 0.5, 0.1], [1, 0, 0]], r"y holds a row of sum 1\.1, wanted 1"),
        ([[1.5, -0.5, 0.0], [1, 0, 0]], r"y holds the value -0\.5, wanted 0 or more"),
        ([0, 1, 2], r"y has shape \(3,\), wanted \(2,\)"),
    ):
        for call in (lambda y=y: bp.cross_entropy_logits(Z, y), lambda y=y: bp.cross_entropy_logits_vjp(1.0, 1.0, Z, y)):
            with pytest.raises((ValueError, TypeError), match=message):
                call()


def test_the_loss_refuses_what_is_not_finite_and_the_rest_passes_it_on():
    for wrong in (np.nan, np.inf):
        with pytest.raises(bp.NotFiniteError, match="cross_entropy_logits is"):
            bp.cross_entropy_logits(np.array([[wrong, 0.0]]), [1])
    with pytest.raises(bp.NotFiniteError, match="cross_entropy_logits is inf"):
        bp.cross_entropy_logits(np.array([[-np.inf, 0.0]]), [0])
    assert np.isnan(bp.softmax(np.array([np.nan, 0.0]))).all() and np.isnan(bp.logsumexp(np.array([np.nan, 0.0])))


def test_a_square_batch_does_not_hide_a_wrong_axis():
    Z = np.array([[0.0, 100.0], [1.0, 1.0]])
    np.testing.assert_allclose(bp.softmax(Z)[1], [0.5, 0.5], rtol=1e-15)
    np.testing.assert_allclose(bp.logsumexp(Z), [100.0, 1 + np.log(2)], rtol=1e-15)


# --- arrays that record what is done with them ---------------------------------------------------


class Recording:
    """Knows `.shape` and `.dtype`, passes NumPy's functions on, and has no `.real`."""

    def __init__(self, value):
        self.value, self.shape, self.dtype, self.size = value, value.shape, value.dtype, value.size

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return Recording(getattr(ufunc, method)(*plain(inputs), **options))

    def __array_function__(self, function, types, inputs, options):
        return Recording(np.asarray(function(*plain(inputs), **options)))

    def __getattr__(self, name):
        if name not in {"max", "sum", "mean", "astype", "reshape"}:
            raise AttributeError(name)
        return lambda *inputs, **options: Recording(np.asarray(getattr(self.value, name)(*inputs, **options)))

    def __getitem__(self, place):
        return Recording(self.value[place])


def plain(value):
    if isinstance(value, (tuple, list)):
        return type(value)(plain(one) for one in value)
    return value.value if isinstance(value, Recording) else value


for sign in ("neg", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "ge", "le", "eq"):
    setattr(Recording, f"__{sign}__", getattr(np.lib.mixins.NDArrayOperatorsMixin, f"__{sign}__"))


def test_arrays_that_record_what_is_done_with_them_pass_through():
    Z, y = logits((4, 3)), np.array([0, 2, 1, 1])
    for f in (bp.sigmoid, bp.softmax, bp.logsumexp):
        np.testing.assert_array_equal(f(Recording(Z)).value, f(Z))
    assert bp.cross_entropy_logits(Recording(Z), y).value == bp.cross_entropy_logits(Z, y)
    assert bp.bce_logits(Recording(Z[:, 0]), y > 0).value == bp.bce_logits(Z[:, 0], y > 0)
