"""The way back through broadcasting and sums, for many shapes and against HIPS autograd; NumPy's own rule is the judge."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import bpkit as bp
from bpbook.ladder import RungError, broadcasting
from bpbook.ladder.report import strict

shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)
quiet = settings(derandomize=True, deadline=None, max_examples=150)


@pytest.fixture(autouse=True, scope="module")
def warnings_are_errors():
    with strict():
        yield


@st.composite
def stretched(draw):
    """A shape, and one that broadcasting can stretch to it."""
    long = draw(shapes)
    count = draw(st.integers(0, len(long)))
    tail = long[len(long) - count :]
    return long, tuple(draw(st.sampled_from((1, length))) for length in tail)


@quiet
@given(pair=stretched(), seed=st.integers(0, 2**16))
def test_unbroadcast_is_the_adjoint_of_broadcast_to(pair, seed):
    long, short = pair
    rng = np.random.default_rng(seed)
    dY, x = np.asarray(rng.normal(size=long)), np.asarray(rng.normal(size=short))
    back = bp.unbroadcast(dY, short)
    assert np.shape(back) == short
    assert np.isclose(np.sum(back * x), np.sum(dY * np.broadcast_to(x, long)), rtol=1e-12, atol=1e-12)


@quiet
@given(long=shapes, short=shapes)
def test_unbroadcast_takes_the_shapes_that_broadcast_to_takes(long, short):
    try:
        np.broadcast_to(np.ones(short), long)
    except ValueError:
        with pytest.raises(ValueError, match=r"shape is .*, wanted a shape that broadcasting can stretch"):
            bp.unbroadcast(np.ones(long), short)
    else:
        assert np.shape(bp.unbroadcast(np.ones(long), short)) == short


def is_allowed(one, other):
    """Say it once more: with equal numbers of axes NumPy's rule; with fewer axes, only that array is stretched."""
    try:
        common = np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return len(one) == len(other) or common == max(one, other, key=len)


@quiet
@given(one=shapes, other=shapes)
def test_pairs_of_shapes(one, other):
    A, B = np.ones(one), np.ones(other)
    for f in (bp.add, bp.multiply):
        if is_allowed(one, other):
            assert np.shape(f(A, B)) == np.broadcast_shapes(one, other)
        else:
            with pytest.raises(ValueError, match=r"A has shape .* and B has shape .*, wanted"):
                f(A, B)


@quiet
@given(one=shapes, other=shapes, seed=st.integers(0, 2**16))
def test_add_and_multiply_agree_with_autograd(one, other, seed):
    assume(is_allowed(one, other))
    rng = np.random.default_rng(seed)
    A, B = np.asarray(rng.normal(size=one)), np.asarray(rng.normal(size=other))
    for name in ("add", "multiply"):
        Y = getattr(bp, name)(A, B)
        dY = np.asarray(rng.normal(size=np.shape(Y)))
        pull, _ = make_vjp(getattr(anp, name), argnum=(0, 1))(A, B)
        for ours, theirs in zip(getattr(bp, f"{name}_vjp")(dY, Y, A, B), pull(dY), strict=True):
            assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@quiet
@given(shape=shapes, keepdims=st.booleans(), seed=st.integers(0, 2**16), data=st.data())
def test_sum_over_agrees_with_autograd(shape, keepdims, seed, data):
    rng = np.random.default_rng(seed)
    X = np.asarray(rng.normal(size=shape))
    axis = tuple(data.draw(st.lists(st.sampled_from(range(X.ndim)), unique=True))) if X.ndim else None
    axis = data.draw(st.sampled_from((None, axis, *axis))) if axis else axis
    Y = bp.sum_over(X, axis, keepdims)
    assert np.allclose(Y, X.sum(axis=axis, keepdims=keepdims), rtol=1e-13, atol=1e-13)
    dY = np.asarray(rng.normal(size=np.shape(Y)))
    (dX,) = bp.sum_over_vjp(dY, Y, X, axis, keepdims)
    # autograd has no gradient for a sum over no axes at all.
    theirs = dY if axis == () else make_vjp(lambda X: anp.sum(X, axis=axis, keepdims=keepdims))(X)[0](dY)
    assert np.array_equal(dX, theirs)


def test_a_sum_and_a_stretch_are_each_the_way_back_of_the_other():
    dY = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(bp.unbroadcast(dY, (3,)), bp.sum_over(dY, 0))
    assert np.array_equal(bp.unbroadcast(dY, (2, 1)), bp.sum_over(dY, 1, keepdims=True))
    column = np.ones((2, 1))
    (back,) = bp.sum_over_vjp(column, bp.sum_over(dY, 1, keepdims=True), dY, 1, keepdims=True)
    assert np.array_equal(back, np.broadcast_to(column, dY.shape))


@pytest.mark.parametrize("oracle", broadcasting.ORACLES, ids=lambda oracle: oracle.__name__)
def test_oracles(oracle):
    oracle(bp)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (lambda dY, shape: np.sum(dY).reshape(()) if shape == () else dY, "has shape"),
        (lambda dY, shape: -bp.unbroadcast(dY, shape), "not the way back"),
        (lambda dY, shape: bp.unbroadcast(dY, shape).astype(np.float64), "unbroadcast to"),
        (lambda dY, shape: dY if np.shape(dY) == shape else bp.unbroadcast(dY, shape), "shares memory"),
        (lambda dY, shape: bp.unbroadcast(np.real(dY), shape), "complex"),
        (lambda dY, shape: bp.unbroadcast(np.nan_to_num(dY, nan=0.0), shape), "NaN"),
    ],
)
def test_each_oracle_is_seen_to_fail(wrong, problem):
    package = type("package", (), {"unbroadcast": staticmethod(wrong)})
    with pytest.raises(RungError, match=problem):
        for oracle in broadcasting.ORACLES:
            oracle(package)
