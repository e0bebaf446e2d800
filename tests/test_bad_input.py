"""Bad input is refused with a message that names the argument; unusual but good input is taken."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import bpkit as bp
from bpbook.ladder import RungError
from bpbook.ladder.bad_input import cases
from bpbook.ladder.case import Case
from bpbook.ladder.report import strict

CASES = cases(bp)
GROUPS = sorted({(case.function, case.argument) for case in CASES})


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with strict():
        yield


@pytest.mark.parametrize(("function", "argument"), GROUPS, ids=[" ".join(group) for group in GROUPS])
def test_bad_values_are_refused(function, argument):
    for case in CASES:
        if (case.function, case.argument) == (function, argument):
            case.run(bp)


def test_every_argument_of_every_public_function_has_bad_values():
    functions = [name for name in bp.__all__ if inspect.isfunction(getattr(bp, name))]
    wanted = {(name, argument) for name in functions for argument in inspect.signature(getattr(bp, name)).parameters}
    assert wanted <= set(GROUPS), f"no bad input for {sorted(wanted - set(GROUPS))}"
    assert len(CASES) > 900


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda value: value, "is accepted"),
        (lambda value: {}[1], "raises KeyError"),
        (lambda value: value.shape, "raises AttributeError"),
        (lambda value: (_ for _ in ()).throw(ValueError("shape (2,), wanted ()")), "names none of"),
        (lambda value: (_ for _ in ()).throw(ValueError("x is None")), "what was wanted"),
        (lambda value: (_ for _ in ()).throw(ValueError("x is bad, wanted an array")), "does not show"),
    ],
)
def test_the_check_of_messages_is_seen_to_fail(answer, problem):
    package = type("package", (), {"f": staticmethod(answer)})
    with pytest.raises(RungError, match=problem):
        Case("f", "x", "is None", (None,), ("x",), "None").run(package)


# --- messages, word for word ----------------------------------------------------------------------


def refused(call, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        call()


def test_messages_name_what_came_and_what_was_wanted():
    column, vector = np.ones((3, 1)), np.ones(3)
    refused(lambda: bp.mse(column, vector), "y has shape (3,), wanted (3, 1)")
    refused(lambda: bp.mse(vector, column), "y has shape (3, 1), wanted (3,)")
    refused(lambda: bp.bce_logits(column, vector), "y has shape (3,), wanted (3, 1)")
    refused(lambda: bp.affine(np.ones((4, 2)), vector, 0.0), "W has shape (3,), wanted (2, h) or (2,)")
    refused(lambda: bp.affine(vector, vector, 0.0), "X has shape (3,), wanted (n, d)")
    refused(lambda: bp.affine(np.ones((4, 3)), vector, np.ones(1)), "b has shape (1,), wanted ()")
    refused(lambda: bp.affine_vjp(column, vector, np.ones((3, 2)), np.ones(2), 0.0), "dY has shape (3, 1), wanted (3,)")
    refused(lambda: bp.mse(np.empty(0), np.empty(0)), "y_hat has shape (0,), wanted at least one entry")
    refused(lambda: bp.sigmoid("abc"), "Z is 'abc' of type str, wanted an array of numbers")
    refused(lambda: bp.sigmoid(None), "Z is None of type NoneType, wanted an array of numbers")
    refused(lambda: bp.bce_logits(vector, [0, 1, 2]), "y holds the label 2.0, wanted only 0 and 1")
    refused(lambda: bp.mse(np.ones(3, np.float32), vector), "y_hat is float32 and y is float64, wanted one precision")
    refused(lambda: bp.mse([[1, 2], [3]], vector), "y_hat is a list with rows of unequal length")
    refused(lambda: bp.gradient_descent(lambda w: (0.0, w), vector, -1.0, 3), "learning_rate is -1.0, wanted a finite number above 0")
    refused(lambda: bp.gradient_descent(lambda w: (0.0, w), vector, 0.1, 2.5), "steps is 2.5, wanted an integer, 0 or more")


def test_losses_refuse_what_is_not_finite_and_the_rest_passes_it_on():
    for wrong in (np.nan, np.inf, -np.inf):
        with pytest.raises(bp.NotFiniteError, match="mse is"):
            bp.mse(np.array([wrong, 1.0]), np.ones(2))
        with pytest.raises(bp.NotFiniteError, match="bce_logits is"):
            bp.bce_logits(np.array([wrong, 1.0]), np.ones(2))
    assert np.isnan(bp.affine(np.array([[np.nan]]), np.ones(1), 0.0)).all()
    assert np.isnan(bp.sigmoid(np.array([np.nan]))).all()
    assert np.isnan(bp.mse_vjp(1.0, 0.0, np.array([np.nan]), np.ones(1))[0]).all()
    for words in (bp.affine.__doc__, bp.sigmoid.__doc__):
        assert "passed on" in words


# --- unusual input that is good -------------------------------------------------------------------

X, W, Y_HAT, Y01 = [[1, 2], [3, 4], [5, 6]], [10, 1], [0.5, -1.0, 2.0], [0, 1, 1]


def test_lists_and_tuples():
    assert bp.affine(X, W, 1).tolist() == [13.0, 35.0, 57.0]
    assert bp.affine(tuple(map(tuple, X)), tuple(W), 1.0).tolist() == [13.0, 35.0, 57.0]
    assert bp.mse([1, 2], [1, 4]) == 2.0
    assert bp.sigmoid([0]).tolist() == [0.5]


def test_integers_become_float64():
    for kind in (np.int8, np.int64, np.uint8, bool):
        found = bp.affine(np.ones((2, 1), kind), np.ones(1, kind), np.ones((), kind))
        assert found.dtype == np.float64 and found.tolist() == [2.0, 2.0]
    assert bp.mse(np.array([0], np.uint8), np.array([255], np.uint8)) == 255.0**2  # no wrapping round


def test_python_numbers_and_numpy_numbers():
    assert bp.mse(1, 3.0) == 4.0 and bp.mse(np.float64(1), 3) == 4.0
    assert bp.sigmoid(0) == 0.5 and bp.sigmoid(np.float32(0)).dtype == np.float32
    assert bp.bce_logits(0.0, True) == pytest.approx(np.log(2))
    assert bp.mse_vjp(1, 4.0, 1.0, 3.0) == (-4.0, 4.0)
    assert bp.sigmoid_vjp(1.0, 0.5, 0.0) == (0.25,)
    single = bp.affine(np.ones((2, 1), np.float32), np.ones(1, np.float32), 0.5)
    assert single.dtype == np.float32


@pytest.mark.parametrize("dL", [2, 2.0, np.float32(2), np.array(2, np.float32), True + 1])
def test_every_kind_of_scalar_as_dl_keeps_float32(dL):
    Z, y = np.array(Y_HAT, np.float32), np.array(Y01)
    for dy_hat in (bp.mse_vjp(dL, 0.0, Z, Z - 1)[0], bp.bce_logits_vjp(dL, 0.0, Z, y)[0]):
        assert dy_hat.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_result_of_a_loss_can_be_handed_to_its_vjp(dtype):
    Z, y = np.array(Y_HAT, dtype), np.array(Y01, dtype)
    assert bp.mse_vjp(dtype(1), bp.mse(Z, y), Z, y)[0].dtype == dtype
    assert bp.bce_logits_vjp(dtype(1), bp.bce_logits(Z, y), Z, y)[0].dtype == dtype


@pytest.mark.parametrize("y", [Y01, np.array(Y01), np.array(Y01, bool), np.array(Y01, np.uint8), np.array(Y01, np.float32), [0.0, True, 1]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_of_every_number_type(y, dtype):
    Z = np.array(Y_HAT, dtype)
    assert bp.bce_logits(Z, y) == bp.bce_logits(Z, np.array(Y01, dtype)) and bp.bce_logits(Z, y).dtype == dtype
    dZ, none = bp.bce_logits_vjp(1.0, 0.0, Z, y)
    assert dZ.dtype == dtype and none is None


def test_arrays_without_axes():
    assert bp.mse(np.array(1.0), np.array(3.0)) == 4.0
    assert np.shape(bp.sigmoid(np.array(0.0))) == ()
    assert bp.bce_logits_vjp(1.0, 0.0, np.array(0.0), np.array(1))[0] == -0.5


def test_read_only_and_strided_arrays():
    wide = np.arange(24.0).reshape(4, 6)
    view = wide[::2, 1::2]
    view.flags.writeable = False
    copy = view.copy()
    assert np.array_equal(bp.affine(view, np.ones(3), 0.0), bp.affine(copy, np.ones(3), 0.0))
    assert np.array_equal(bp.sigmoid(view.T), bp.sigmoid(copy).T)
    assert bp.mse(view[:, ::-1], view[:, ::-1]) == 0.0


def test_arrays_in_the_other_byte_order():
    swapped = np.array(Y_HAT).astype(np.dtype(float).newbyteorder())
    assert bp.mse(swapped, np.array(Y_HAT)) == 0.0


def test_complex_numbers_for_checking():
    Z = np.array([1.0, -800.0, 0.0, 800.0]) + 1e-30j
    assert bp.sigmoid(Z).dtype == np.complex128 and np.isfinite(bp.sigmoid(Z)).all()
    slope = bp.bce_logits(Z[:1], [1]).imag / 1e-30
    assert slope == pytest.approx(bp.sigmoid(1.0) - 1, rel=1e-14)


def test_subclasses_of_ndarray_cannot_change_the_arithmetic():
    with pytest.warns(PendingDeprecationWarning):
        square = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    # For np.matrix `**` is the matrix power: mse must not use it.
    assert bp.mse(square, np.zeros((2, 2))) == 7.5
    assert type(bp.sigmoid(square)) is np.ndarray


def test_labelled_columns_are_compared_by_position():
    class Column:
        """Like a column of a data frame: has a dtype and a shape, and turns into an array."""

        dtype, shape = np.dtype(float), (2,)

        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

        def __sub__(self, other):
            raise AssertionError("the column's own arithmetic was used")

        __rsub__ = __sub__

    assert bp.mse(Column(), np.zeros(2)) == 2.5
    assert bp.mse(np.zeros(2), Column()) == 2.5


def test_a_huge_integer_is_named():
    refused(lambda: bp.sigmoid(10**400), "Z is an integer too large for float64")
